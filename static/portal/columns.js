// The column chooser: order by drag or by buttons, and choices kept under a name (of visitors in the browser, else on the server).
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const STORE = "columns";
const load = () => { try { return JSON.parse(localStorage.getItem(STORE) || "{}"); } catch { return {}; } };
const save = (kept) => { try { localStorage.setItem(STORE, JSON.stringify(kept)); } catch { /* private window */ } };
const chosen = () => $$("#columns input[name=column]:checked").map((box) => box.value);

function show(keys) {
  const address = new URL(location.href);
  address.searchParams.set("columns", keys);
  address.searchParams.delete("page");
  location.assign(address);
}

/** A visitor's own choices, below the given ones. */
function list() {
  const place = $("[data-presets]");
  if (!place) return;
  place.replaceChildren(...Object.entries(load()).map(([name, keys]) => {
    const row = document.createElement("div");
    row.className = "d-row d-preset";
    const link = document.createElement("a");
    const address = new URL(location.href);
    address.searchParams.set("columns", keys);
    Object.assign(link, { className: "dropdown-item", href: address.href, textContent: name });
    const drop = document.createElement("button");
    Object.assign(drop, { type: "button", className: "btn btn-sm btn-link", textContent: "×" });
    drop.setAttribute("aria-label", `${place.dataset.delete} ${name}`);
    drop.addEventListener("click", () => { const kept = load(); delete kept[name]; save(kept); list(); });
    row.append(link, drop);
    return row;
  }));
}

document.addEventListener("submit", (event) => {
  if (event.target.id === "columns") { event.preventDefault(); show(chosen().join(",")); }
  if (event.target.id !== "keep-columns" || event.submitter?.name === "drop") return;
  if (!("keep" in event.target.dataset)) {
    for (const input of $$("[name=column]", event.target)) input.remove();
    for (const key of chosen()) event.target.append(Object.assign(document.createElement("input"), { type: "hidden", name: "column", value: key }));
    return;
  }
  event.preventDefault();
  const kept = load();
  kept[$("#preset-name").value.trim().slice(0, 60)] = chosen().join(",");
  save(kept);
  show(chosen().join(","));
});
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move]");
  if (!button) return;
  const row = button.closest(".form-check");
  const next = Number(button.dataset.move) < 0 ? row.previousElementSibling : row.nextElementSibling;
  if (!next?.matches(".form-check")) return;
  if (Number(button.dataset.move) < 0) next.before(row); else next.after(row);
  button.focus();
});
// By drag too: the row in hand stands where it would fall. Buttons and keys do the same.
const movable = () => $$(".d-columns-list [data-column]");
for (const row of movable()) row.draggable = true;
let held = null;
document.addEventListener("dragstart", (event) => {
  held = event.target.closest?.("[data-column]") ?? null;
  if (!held) return;
  event.dataTransfer.effectAllowed = "move";
  event.dataTransfer.setData("text/plain", $("input", held).value);
  held.classList.add("d-held");
});
document.addEventListener("dragover", (event) => {
  const row = held && event.target.closest?.("[data-column]");
  if (!row) return;
  event.preventDefault();
  if (row === held) return;
  const edge = row.getBoundingClientRect();
  if (event.clientY < edge.top + edge.height / 2) row.before(held); else row.after(held);
});
document.addEventListener("drop", (event) => { if (held) event.preventDefault(); });
document.addEventListener("dragend", () => { held?.classList.remove("d-held"); held = null; });
document.addEventListener("distiller:rows", list);
list();
