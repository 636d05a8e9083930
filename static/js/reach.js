// What could not be fetched is told where it is missing, with a way to try again.

/** An answer that refuses; `status` is its HTTP status. */
export class Refused extends Error {
  constructor(status) { super(`HTTP ${status}`); this.status = status; }
}

/** fetch, but an answer that is not good is an error too. */
export async function reach(address, init) {
  const answer = await fetch(address, init);
  if (!answer.ok) throw new Refused(answer.status);
  return answer;
}

const pattern = document.querySelector("[data-trouble]");
const notes = new WeakMap(); // place → the note that stands there

/** What happened, in the words of the page, unless the error has its own (`words`). */
export function saying({ status, words }) {
  if (words) return words;
  if (!status) return pattern.dataset.unreached;
  return (status < 500 && status !== 429 ? pattern.dataset.refused : pattern.dataset.erred).replace("%s", status);
}

/**
 * Puts a note at the place (`put`: a method of elements) and offers `again`. Said once, however often it fails;
 * `byItself` where the page goes on trying, `old` where what stood there before still stands.
 */
export function trouble(place, error, again, { put = "prepend", byItself = false, old = byItself } = {}) {
  const text = [saying(error), old && pattern.dataset.old, byItself && pattern.dataset.byItself].filter(Boolean).join(" ");
  let note = notes.get(place);
  if (!note?.isConnected) {
    note = pattern.content.firstElementChild.cloneNode(true);
    notes.set(place, note);
    place[put](note);
  }
  const words = note.querySelector("[data-trouble-text]");
  if (words.textContent !== text) words.textContent = text;
  note.querySelector("button").onclick = () => { note.remove(); again(); };
}

/** It could be fetched: what was said about it is over. */
export function relieved(place) { notes.get(place)?.remove(); }
