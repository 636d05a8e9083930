// The query editor: insertion and completion of names, the place of an error, a draft that survives reload.
const editor = document.querySelector("[data-editor]");
const list = document.querySelector("#complete");
const names = [...new Set([...document.querySelectorAll("[data-insert]")].map((button) => button.dataset.insert))];
const words = ["SELECT", "TOP", "FROM", "WHERE", "AND", "ORDER BY", "GROUP BY", "NATURAL JOIN", "INTERSECTS", "CONTAINS", "CIRCLE", "POINT", "DISTANCE", "COUNT"];

const DRAFT = "adql-draft";
const given = editor.defaultValue;
const state = document.querySelector("[data-state]");

// What was typed and taken back again is the form's query once more.
const [asGiven, classGiven] = [state?.innerHTML, state?.className];
// What is typed survives a reload of the same query, and nothing else.
try {
  const draft = JSON.parse(sessionStorage.getItem(DRAFT) || "null");
  if (draft?.given === given && draft.text !== given && !editor.dataset.line) { editor.value = draft.text; mark(); }
} catch { /* private window, or not ours */ }
function mark() {
  if (!state) return;
  if (editor.value === given) { state.innerHTML = asGiven; state.className = classGiven; return; }
  state.textContent = state.dataset.hand;
  state.className = "d-pill d-pill-warning";
}
editor.addEventListener("input", () => {
  mark();
  try { sessionStorage.setItem(DRAFT, JSON.stringify({ given, text: editor.value })); } catch { /* private window */ }
});

// The schema browser: only the columns that contain what is typed, their tables open.
const find = document.querySelector("[data-find]");
if (find) {
  find.hidden = false;
  find.addEventListener("input", () => {
    const word = find.value.trim().toLowerCase();
    for (const table of document.querySelectorAll(".d-schema details")) {
      let hits = 0;
      for (const item of table.querySelectorAll("li")) {
        item.hidden = word !== "" && !`${item.textContent} ${item.title}`.toLowerCase().includes(word);
        hits += item.hidden ? 0 : 1;
      }
      table.hidden = hits === 0;
      if (word) table.open = true;
    }
  });
}

function insert(text, from = editor.selectionStart, to = editor.selectionEnd) {
  editor.focus();
  editor.setRangeText(text, from, to, "end");
  editor.dispatchEvent(new Event("input"));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-insert]");
  if (!button) return;
  event.preventDefault();
  const before = editor.value.slice(0, editor.selectionStart);
  insert((before && !/[\s(,.]$/.test(before) ? " " : "") + button.dataset.insert);
});

const wordBefore = () => /[A-Za-z_.][A-Za-z0-9_.]*$/.exec(editor.value.slice(0, editor.selectionStart))?.[0] ?? "";

function close() { list.hidden = true; list.replaceChildren(); }

// Behind "o." of "ivoa.obscore AS o" stand the columns of that table, or of all where the query does not tell yet.
function behindAlias(word) {
  const [alias, begun] = word.split(".");
  const table = new RegExp(`([a-z_]+\\.[a-z_]+)\\s+(?:AS\\s+)?${alias}\\b`, "i").exec(editor.value)?.[1].toLowerCase();
  const within = [...document.querySelectorAll(".d-schema details")].find((one) => one.querySelector("[data-insert]").dataset.insert.toLowerCase() === table);
  const columns = within ? [...within.querySelectorAll("li [data-insert]")].map((button) => button.dataset.insert) : names.filter((name) => !name.includes("."));
  return columns.filter((name) => name.toLowerCase().startsWith(begun)).slice(0, 12).map((name) => `${wordBefore().split(".")[0]}.${name}`);
}

function complete() {
  const word = wordBefore().toLowerCase();
  let found = [...names, ...words].filter((name) => name.toLowerCase().startsWith(word) && name.toLowerCase() !== word).slice(0, 12);
  if (!found.length && /^[a-z_]\w*\.\w*$/.test(word)) found = behindAlias(word);
  if (!found.length) { close(); return; }
  list.replaceChildren(...found.map((name, index) => {
    const item = document.createElement("li");
    item.setAttribute("role", "option");
    item.setAttribute("aria-selected", String(index === 0));
    item.textContent = name;
    item.addEventListener("mousedown", (event) => { event.preventDefault(); take(name); });
    return item;
  }));
  list.hidden = false;
}

function take(name) {
  const end = editor.selectionStart;
  insert(name, end - wordBefore().length, end);
  close();
}

editor.addEventListener("keydown", (event) => {
  if (event.key === " " && event.ctrlKey) { event.preventDefault(); complete(); return; }
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { editor.form.requestSubmit(); return; }
  if (list.hidden) return;
  const items = [...list.children];
  const at = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  if (event.key === "Escape") { event.preventDefault(); close(); }
  else if (event.key === "Enter" || event.key === "Tab") { event.preventDefault(); take(items[at].textContent); }
  else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const next = (at + (event.key === "ArrowDown" ? 1 : items.length - 1)) % items.length;
    items.forEach((item, index) => item.setAttribute("aria-selected", String(index === next)));
  }
});
editor.form.addEventListener("submit", (event) => {
  const empty = !editor.value.trim();
  editor.setCustomValidity(empty ? editor.dataset.empty : "");
  if (empty) { event.preventDefault(); editor.reportValidity(); }
});
editor.addEventListener("input", () => editor.setCustomValidity(""));
editor.addEventListener("input", () => { if (!list.hidden || wordBefore().length > 2) complete(); });
// Not at once: a list that vanished under the mouse would move the button that is being pressed.
editor.addEventListener("blur", () => setTimeout(() => { if (document.activeElement !== editor) close(); }, 400));

if (editor.dataset.line) {
  const lines = editor.value.split("\n");
  const start = lines.slice(0, editor.dataset.line - 1).reduce((sum, line) => sum + line.length + 1, 0) + Number(editor.dataset.column) - 1;
  const length = /^[A-Za-z0-9_.]+/.exec(editor.value.slice(start))?.[0].length || 1;
  editor.focus();
  editor.setSelectionRange(start, start + length);
}
