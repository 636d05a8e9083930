// Results: selection kept over pages, keys, the table and the sky linked both ways, filters without a full reload.
import { toast } from "../js/distiller.js";
import { reach, relieved, trouble } from "../js/reach.js";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
// One selection a search: what another search chose must never go along unseen. Pages and sorting keep it.
const VIEW = ["page", "size", "sort", "columns", "column", "target", "filters"];
function place() {
  const search = new URLSearchParams(location.search);
  for (const name of VIEW) search.delete(name);
  search.sort();
  return `selection:${location.pathname}?${search}`;
}
let store = place();
const size = (bytes) => {
  for (const [unit, scale] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) if (bytes >= scale) return `${(bytes / scale).toFixed(1)} ${unit}`;
  return `${bytes} B`;
};

const load = () => {
  try { return new Map(JSON.parse(sessionStorage.getItem(store) || "[]").filter(([, one]) => one?.key)); } catch { return new Map(); }
};
let chosen = load(); // identifier → what is known of the row: size, key, type, format, name
const save = () => { try { sessionStorage.setItem(store, JSON.stringify([...chosen])); } catch { /* private window */ } };

const rows = () => $$("tr[data-did]");
const shapeOf = (did) => $$("[data-sky] [data-did]").find((shape) => shape.dataset.did === did);

function show() {
  const bar = $("[data-selection-bar]");
  for (const row of rows()) {
    const on = chosen.has(row.dataset.did);
    const tick = $(".d-tick", row); // rows of a query written by hand may have none
    if (tick) tick.checked = on;
    shapeOf(row.dataset.did)?.classList.toggle("d-on", on);
  }
  const all = $("[data-all]");
  if (all) {
    const here = rows().filter((row) => chosen.has(row.dataset.did)).length;
    all.checked = here > 0 && here === rows().length;
    all.indeterminate = here > 0 && here < rows().length;
  }
  if (!bar) return;
  bar.hidden = chosen.size === 0;
  const each = $("[data-each]", bar);
  if (each) {
    each.hidden = chosen.size < 2;
    if (each.hidden) $("input", each).checked = false;
  }
  const kinds = new Set(rows().filter((row) => chosen.has(row.dataset.did)).map((row) => row.dataset.type));
  for (const button of $$("[data-needs]", bar)) button.parentElement.hidden = !kinds.has(button.dataset.needs);
  $("[data-selected-count]").textContent = chosen.size;
  for (const button of $$("[data-for-one]", bar)) button.hidden = chosen.size !== 1;
  const bytes = [...chosen.values()].reduce((sum, one) => sum + one.size, 0);
  $("[data-selected-size]").textContent = bytes ? size(bytes) : "";
}

const known = (row) => ({
  size: Number(row.dataset.size), key: row.dataset.key, type: row.dataset.type, format: row.dataset.format,
  name: $("th", row)?.textContent.trim().replace(/\s+/g, " ") || row.dataset.key,
});

function choose(row, on) {
  if (on) chosen.set(row.dataset.did, known(row)); else chosen.delete(row.dataset.did);
}

// Rows on other pages take part in whatever is sent.
function complete(form) {
  for (const extra of $$("[data-elsewhere]", form)) extra.remove();
  const here = new Set(rows().map((row) => row.dataset.did));
  for (const did of chosen.keys()) {
    if (here.has(did)) continue;
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name: "ID", value: did });
    input.dataset.elsewhere = "";
    form.append(input);
  }
  const token = $("[name=csrfmiddlewaretoken]", form);
  if (token) token.disabled = false;
}

// Servers take addresses of some 8,000 letters: a selection that is longer goes to the form of a job by POST.
const LONGEST = 6000;
function unaddressed(form, button) {
  if (!new URL(button?.formAction || form.action).pathname.startsWith("/jobs/new/")) return;
  if (new URLSearchParams(new FormData(form)).toString().length < LONGEST) return;
  const fill = document.createElement("input");
  Object.assign(fill, { type: "hidden", name: "fill", value: "1" });
  fill.dataset.elsewhere = "";
  form.append(fill);
  const token = $("[name=csrfmiddlewaretoken]", form);
  if (token) token.disabled = false;
  const before = form.getAttribute("method");
  form.method = "post";
  // Back on this page, the next selection may be a short one.
  setTimeout(() => { form.method = before; fill.remove(); });
}

document.addEventListener("change", (event) => {
  if (event.target.matches(".d-tick")) { choose(event.target.closest("tr"), event.target.checked); save(); show(); tell(); }
  if (event.target.matches("[data-all]")) { for (const row of rows()) choose(row, event.target.checked); save(); show(); tell(); }
});
document.addEventListener("submit", (event) => {
  if (event.target.matches("[data-selection]")) {
    complete(event.target);
    const method = event.submitter?.formMethod || event.target.method;
    const token = $("[name=csrfmiddlewaretoken]", event.target);
    if (token) token.disabled = method === "get";
    if (method === "get") unaddressed(event.target, event.submitter);
  }
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-clear]")) {
    const before = new Map(chosen);
    chosen.clear();
    save();
    show();
    toast(event.target.closest("[data-clear]").dataset.cleared, { undo: () => { chosen = before; save(); show(); } });
  }
  const shape = event.target.closest("[data-sky] [data-did]");
  if (shape) {
    const row = rows().find((one) => one.dataset.did === shape.dataset.did);
    if (row) { choose(row, !chosen.has(row.dataset.did)); save(); show(); row.scrollIntoView({ block: "nearest" }); }
  }
});
document.addEventListener("mouseover", (event) => {
  const did = event.target.closest("tr[data-did], [data-sky] [data-did]")?.dataset.did;
  for (const shape of $$(".d-shape.d-hover")) shape.classList.remove("d-hover");
  for (const row of $$("tr.d-pointed")) row.classList.remove("d-pointed");
  if (!did) return;
  const shape = shapeOf(did);
  if (shape) { shape.classList.add("d-hover"); shape.parentNode.append(shape); }
  if (event.target.closest("[data-sky]")) rows().find((row) => row.dataset.did === did)?.classList.add("d-pointed");
});

// Other programs (SAMP) and the sky view hear of the selection and of the row in hand, and mark rows here.
const tell = () => document.dispatchEvent(new CustomEvent("distiller:selection", { detail: { dids: [...chosen.keys()] } }));
document.addEventListener("click", (event) => {
  const row = event.target.closest("tr[data-did]");
  if (row && !event.target.closest("a, input")) {
    for (const one of rows()) one.classList.toggle("d-here", one === row);
    document.dispatchEvent(new CustomEvent("distiller:highlight", { detail: { did: row.dataset.did } }));
  }
});
document.addEventListener("distiller:mark", (event) => {
  const row = rows().find((one) => one.dataset.did === event.detail.did);
  for (const one of rows()) one.classList.toggle("d-here", one === row);
  for (const shape of $$(".d-shape.d-hover")) shape.classList.remove("d-hover");
  shapeOf(event.detail.did)?.classList.add("d-hover");
  row?.scrollIntoView({ block: "nearest" });
});
document.addEventListener("distiller:toggle", (event) => {
  const row = rows().find((one) => one.dataset.did === event.detail.did);
  if (row) { choose(row, !chosen.has(row.dataset.did)); save(); show(); tell(); row.scrollIntoView({ block: "nearest" }); }
});
document.addEventListener("distiller:choose", (event) => {
  const here = new Map(rows().map((row) => [row.dataset.did, known(row)]));
  const key = (did) => did.split("?").pop();
  chosen = new Map(event.detail.dids.map((did) => [did, here.get(did) ?? chosen.get(did) ?? { size: 0, key: key(did), name: key(did) }]));
  save();
  show();
});

// Own jobs beside the rows: while one of them runs, its column follows.
const FOLLOW = 8000;
let next;
async function follow() {
  clearTimeout(next);
  if (!$("[data-active-job]")) return;
  const table = $("[data-results]");
  try {
    const page = new DOMParser().parseFromString(await (await reach(location.href, { headers: { Accept: "text/html" } })).text(), "text/html");
    for (const row of $$("tr[data-did]", page)) {
      const here = rows().find((one) => one.dataset.did === row.dataset.did);
      const [fresh, old] = [row, here].map((one) => one && $("[data-row-jobs]", one));
      if (fresh && old && fresh.innerHTML !== old.innerHTML) old.replaceChildren(...document.adoptNode(fresh).childNodes);
    }
    relieved(table);
  } catch (error) { trouble(table, error, follow, { put: "before", byItself: true }); }
  next = setTimeout(follow, FOLLOW);
}
next = setTimeout(follow, FOLLOW);

let at = -1;
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input:not(.d-tick), select, textarea")) return;
  const list = rows();
  const key = event.key.toLowerCase();
  if (key === "j" || key === "k") {
    at = Math.max(0, Math.min(list.length - 1, at + (key === "j" ? 1 : -1)));
    for (const row of list) row.classList.remove("d-here");
    list[at]?.classList.add("d-here");
    $("th a", list[at])?.focus({ preventScroll: true });
    list[at]?.scrollIntoView({ block: "nearest" });
    if (list[at]) document.dispatchEvent(new CustomEvent("distiller:highlight", { detail: { did: list[at].dataset.did } }));
  } else if (key === "x" && list[at]) { choose(list[at], !chosen.has(list[at].dataset.did)); save(); show(); }
});

// Other rows in the table: a new page, order or filter. The sky beside follows, unless someone moves in it.
document.addEventListener("distiller:rows", () => {
  if (place() !== store) { store = place(); chosen = load(); tell(); }
  at = -1;
  show();
  const beside = $("[data-beside]");
  if (beside && !$(".d-aladin", beside)) window.htmx?.ajax("GET", `/search/results/beside${location.search}`, { target: beside, swap: "innerHTML" });
});
document.addEventListener("htmx:after:swap", show);
document.addEventListener("htmx:after:settle", show);
show();
document.addEventListener("distiller:chosen", (event) => event.detail.push(...chosen.values()));
