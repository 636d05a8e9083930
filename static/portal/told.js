// What could not be fetched is said where it would have stood, with a way to try again; what was there stays.

/** A note before `place`, one at most; `again` is what the button does. Without words the note goes. */
export function tell(place, words = "", again = null) {
  let note = place.previousElementSibling;
  if (!note?.matches("[data-told]")) note = null;
  if (!words) { note?.remove(); return; }
  if (!note) {
    note = document.createElement("div");
    note.className = "d-note d-note-danger";
    note.setAttribute("role", "alert");
    note.dataset.told = "";
    place.before(note);
  }
  const text = document.createElement("div");
  text.textContent = words;
  note.replaceChildren(text);
  if (!again) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm btn-outline ms-2";
  button.textContent = document.body.dataset.again;
  button.addEventListener("click", () => { note.remove(); again(); });
  text.append(" ", button);
}
