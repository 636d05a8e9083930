// The results table in place: DataTables sorts, filters and pages it on the server, through the very addresses that
// the table's own links have. Each draw fetches the page of its address and takes its parts, so there is one template,
// the address always says what is shown, and without this script everything works by links.
import { Refused, relieved, trouble } from "../js/reach.js";
import DataTable from "/static/npm/datatables/dataTables.min.mjs";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const element = $("[data-results]");
const heads = $$("thead tr:first-child th", element);
const keys = heads.map((head) => head.dataset.key || "");
const TYPING = 450;
let address = new URL(location.href);
let running;

/** The address that this state of the table has: order, page and filters over the search's own parameters. */
function wanted(state) {
  const made = new URL(address);
  const sort = state.order.map(({ column, dir }) => (dir === "desc" ? "-" : "") + keys[column]).join(",");
  const page = Math.floor(state.start / state.length) + 1;
  const set = (name, value) => { if (value) made.searchParams.set(name, value); else made.searchParams.delete(name); };
  set("sort", sort === "start" && !made.searchParams.has("sort") ? "" : sort);
  set("page", page > 1 ? String(page) : "");
  for (const input of $$("#filter-row [name]")) set(input.name, input.value.trim());
  set("filters", $("#filter-row").hidden ? "" : "1");
  return made;
}

/** Parts of the page outside the table: counts, facets, chips, pager, the query. The tools keep their open menus. */
function take(page) {
  for (const part of $$("[data-part]")) {
    const fresh = $(`[data-part="${part.dataset.part}"]`, page);
    if (!fresh) continue;
    fresh.classList.toggle("d-open", part.classList.contains("d-open"));
    part.replaceWith(document.adoptNode(fresh));
  }
  for (const input of $$("#filter-row input")) {
    const fresh = $(`#filter-row [name="${input.name}"]`, page);
    const box = input.parentElement;
    $(".d-error", box)?.remove();
    input.classList.toggle("is-invalid", Boolean(fresh?.classList.contains("is-invalid")));
    const fault = fresh && $(".d-error", fresh.parentElement);
    if (fault) box.append(document.adoptNode(fault));
  }
  const kept = $("#filters", page);
  if (kept) $("#filters").replaceWith(document.adoptNode(kept));
  document.title = page.title;
}

async function fetchRows(state, done) {
  running?.abort();
  running = new AbortController();
  const to = wanted(state);
  element.setAttribute("aria-busy", "true");
  const wrap = element.closest(".d-results-wrap");
  let page;
  try {
    const answer = await fetch(to, { signal: running.signal, headers: { Accept: "text/html" } });
    if (answer.status >= 500) throw new Refused(answer.status);
    page = new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch (error) {
    if (error.name === "AbortError") return;
    element.removeAttribute("aria-busy");
    trouble(wrap, error, () => fetchRows(state, done), { put: "before", old: true });
    return;
  }
  relieved(wrap);
  const fresh = $("[data-results]", page);
  if (!fresh) { location.assign(to); return; }
  if (to.href !== address.href) history.pushState({}, "", to);
  address = to;
  take(page);
  const rows = $$("tbody tr[data-did]", fresh).map((row) => ({ row, cells: [...row.cells].map((cell) => cell.innerHTML) }));
  done({ draw: state.draw, recordsTotal: Number(fresh.dataset.results), recordsFiltered: Number(fresh.dataset.results), data: rows });
  const empty = $("tbody .d-empty td", fresh);
  if (empty && $("td.dt-empty", element)) $("td.dt-empty", element).replaceChildren(...empty.childNodes);
  element.removeAttribute("aria-busy");
  document.dispatchEvent(new CustomEvent("distiller:rows"));
}

/** Row and cells as the server wrote them. */
function dress(row, { row: source }) {
  if (!source) return;
  for (const { name, value } of source.attributes) row.setAttribute(name, value);
  [...row.cells].forEach((cell, index) => { cell.className = source.cells[index].className; });
}

/** Reads and, for the rows that came with the page, stores a cell of a row's record. */
const cell = (index) => (record, type, value) => {
  record.cells ??= [];
  if (type === "set") record.cells[index] = value;
  return record.cells[index] ?? "";
};

const order = heads
  .map((head, index) => ({ index, place: Number(head.dataset.place || 0), way: head.ariaSort === "descending" ? "desc" : "asc" }))
  .filter((one) => one.place).sort((a, b) => a.place - b.place).map((one) => [one.index, one.way]);
// The links serve those without this script; DataTables makes buttons of the heads.
for (const head of heads) {
  $(".d-sort", head)?.remove();
  const link = $("a", head);
  link?.replaceWith(...link.childNodes);
  head.removeAttribute("aria-sort");
}
const sized = Number(element.dataset.size);
const table = new DataTable(element, {
  serverSide: true, deferLoading: Number(element.dataset.results), displayStart: Number(element.dataset.first) - 1, pageLength: sized,
  ajax: fetchRows, createdRow: dress, order, titleRow: 0, autoWidth: false, searching: false, processing: false,
  language: { aria: { orderable: element.dataset.wordSort, orderableReverse: element.dataset.wordSort, orderableRemove: element.dataset.wordUnsort }, emptyTable: "", zeroRecords: "" },
  layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null },
  columns: keys.map((key, index) => ({ data: cell(index), orderable: heads[index].dataset.sorts !== undefined, cellType: key === "product" ? "th" : "td", type: "html" })),
});
const draw = () => table.draw();

/** The number of a head among several that sort. */
function number() {
  const sorted = table.order();
  for (const mark of $$(".dt-column-order", element)) delete mark.dataset.place;
  if (sorted.length > 1) sorted.forEach(([index], place) => { $(".dt-column-order", heads[index]).dataset.place = place + 1; });
}
table.on("order", number);
number();

let pause;
document.addEventListener("input", (event) => {
  if (!event.target.matches("#filter-row input")) return;
  clearTimeout(pause);
  pause = setTimeout(draw, TYPING);
});
document.addEventListener("change", (event) => { if (event.target.matches("#filter-row select")) draw(); });
document.addEventListener("submit", (event) => {
  if (event.target.id !== "filters") return;
  event.preventDefault();
  clearTimeout(pause);
  draw();
});
document.addEventListener("click", (event) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return;
  const page = event.target.closest("[data-part=pager] .d-pages a");
  if (page) {
    event.preventDefault();
    table.page(Number(new URL(page.href).searchParams.get("page") || 1) - 1).draw("page");
    return;
  }
  const toggle = event.target.closest("[data-filter-row]");
  if (!toggle || $$("#filter-row [name]").some((input) => input.name.startsWith("f_") && input.value)) return;
  event.preventDefault();
  const row = $("#filter-row");
  row.hidden = !row.hidden;
  toggle.setAttribute("aria-expanded", String(!row.hidden));
  $("#facets").classList.toggle("d-open", !row.hidden);
  if (!row.hidden) $("[name]", row).focus();
});
addEventListener("popstate", () => location.reload());
