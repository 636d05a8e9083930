// The column chooser: order by buttons, and choices kept under a name (of visitors in the browser, else on the server).
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
document.addEventListener("distiller:rows", list);
list();
