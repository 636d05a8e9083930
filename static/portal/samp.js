// SAMP from the page: registers on a click, never at load; sends tables, data and positions to all programs or to one,
// each by a message that the program subscribes to; marks rows that another program marks, and the other way round.
// What the page says stands in it, translated (data-samp-words).
import { post, toast } from "../js/distiller.js";
import { connect, connection, listeners, notify, call, reason, Refusal, words } from "./samp-hub.js";

const MOST = 20;
const KEPT = "samp:table";
// What was sent last: { url, table_id, rows, search }; rows are identifiers in the order of the VOTable. Kept while
// the tab lives, since pages of results are pages of the browser too.
let table = null;
try { table = JSON.parse(sessionStorage.getItem(KEPT)); } catch { /* private window */ }

function searchHere() {
  const search = new URLSearchParams(location.search);
  for (const name of ["page", "size", "columns"]) search.delete(name);
  search.sort();
  return `${location.pathname}?${search}`;
}

// Messages that carry a product, the best first; a program gets the first of them that it subscribes to. Where the row
// names only a DataLink, the file is taken for FITS until the server, with the link to send, says what it is.
const named = ({ format }) => (/content=datalink/.test(format || "") ? "" : format || "");
const SPECTRUM = ["spectrum.load.ssa-generic", "spectrum-id"];
const carriers = ({ type, format }) => {
  const isVotable = /votable/.test(format);
  const asTable = isVotable ? ["table.load.votable", "table-id"] : ["table.load.fits", "table-id"];
  if (type === "spectrum") return [SPECTRUM, asTable];
  return ["image", "cube"].includes(type) && !isVotable ? [["image.load.fits", "image-id"]] : [asTable];
};
const sendable = (format) => !format || /fits|votable/.test(format);

function parcelOf(one, format = named(one)) {
  if (!sendable(format)) return [];
  const made = carriers({ type: one.type, format }).map(([mtype, id]) => ({
    mtype,
    params: (url) => ({
      url, [id]: one.key, name: one.name,
      ...(mtype === SPECTRUM[0] ? { meta: { "Access.Reference": url, "Access.Format": format || "application/fits" } } : {}),
    }),
  }));
  return Object.assign(made, { one });
}

/** The chosen rows, those of other pages of these results too. */
function chosenProducts() {
  const list = [];
  document.dispatchEvent(new CustomEvent("distiller:chosen", { detail: list }));
  return list;
}

/** What a button sends: alternatives of each thing, the best first. No address is made yet. */
function parcels(button) {
  const { samp: kind, ra, dec } = button.dataset;
  if (kind === "position") return [[{ mtype: "coord.pointAt.sky", params: () => ({ ra, dec }) }]];
  if (kind === "table") return [[{ mtype: "table.load.votable", params: () => ({ url: table.url, "table-id": table.table_id, name: table.name }) }]];
  const products = kind === "product" ? [button.dataset] : chosenProducts();
  return products.slice(0, MOST).map((one) => parcelOf(one)).filter((parcel) => parcel.length);
}

const bestFor = (client, alternatives) => alternatives.find((one) => client.takes(one.mtype));

async function signed(address, fields) {
  try {
    const response = await post(address, fields);
    if (response.ok) return await response.json();
  } catch { /* the network is down */ }
  throw new Refusal(words("nolink"));
}

/** The link that the parcel needs, made by the server at the moment of sending: it dies in minutes; and the parcel. */
async function linkFor(button, parcel) {
  if (button.dataset.samp === "position") return { url: "", parcel };
  if (button.dataset.samp === "table") {
    const made = await signed(button.dataset.sign || "/search/sign", { address: location.search.slice(1) });
    const name = document.querySelector("h1")?.textContent.trim() || "Distiller";
    table = { ...made, name, search: searchHere() };
    try { sessionStorage.setItem(KEPT, JSON.stringify(table)); } catch { /* private window */ }
    return { url: table.url, parcel };
  }
  const { url, format } = await signed(`/products/${encodeURIComponent(parcel.one.key)}/signed`);
  return { url, parcel: format === "application/octet-stream" ? parcel : parcelOf(parcel.one, format) };
}

function answered(client, reply) {
  const good = reply["samp.status"] === "samp.ok";
  // What the program says may quote the link, which is of no use to a reader.
  const why = good ? "" : ` ${(reply["samp.error"]?.["samp.errortxt"] ?? "").replace(/https?:\/\/\S+/g, "…")}`;
  toast(`${client.name}: ${words(good ? "taken" : "failed")}${why}`, { seconds: good ? 6 : 15 });
}

/** Sends to one client or to all that take it; resolves to the names of those that were sent something. */
async function send(button, clients) {
  const reached = new Set();
  for (const offered of parcels(button)) {
    if (!clients.some((client) => bestFor(client, offered))) continue;
    const { url, parcel } = await linkFor(button, offered);
    for (const client of clients.filter((one) => bestFor(one, parcel))) {
      const { mtype, params } = bestFor(client, parcel);
      await call(client, mtype, params(url), (reply) => answered(client, reply));
      reached.add(client.name);
    }
  }
  return [...reached];
}

/** Under each thing that can be sent, the programs that take it. */
function listClients(menu, clients) {
  for (const old of menu.querySelectorAll("[data-samp-client]")) old.parentElement.remove();
  for (const model of menu.querySelectorAll("[data-samp]:not([data-samp=find])")) {
    const offered = parcels(model);
    for (const client of clients.filter((one) => offered.some((parcel) => bestFor(one, parcel))).reverse()) {
      const item = document.createElement("li");
      const button = model.cloneNode();
      button.dataset.sampClient = client.id;
      button.classList.add("d-samp-client");
      button.textContent = words("to").replace("%s", client.name);
      item.append(button);
      model.closest("li").after(item);
    }
  }
  const finder = menu.querySelector("[data-samp-found]");
  finder.hidden = menu.querySelector("[data-samp-client]") !== null;
  finder.querySelector("[data-samp-none]").hidden = false;
}

async function refresh(menu) {
  if (connection()) listClients(menu, await listeners());
}

function fold(button) {
  const toggle = button.closest(".dropdown")?.querySelector("[data-bs-toggle=dropdown]");
  if (toggle) { window.bootstrap?.Dropdown.getOrCreateInstance(toggle).hide(); toggle.focus(); }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-samp]");
  if (!button) return;
  try {
    if (button.dataset.samp !== "find") fold(button);
    await connect(handlers);
    const clients = await listeners();
    if (button.dataset.samp === "find") { listClients(button.closest(".dropdown-menu"), clients); return; }
    const asked = button.dataset.sampClient;
    const reached = await send(button, asked ? clients.filter((one) => one.id === asked) : clients);
    toast(reached.length ? words("sent").replace("%s", reached.join(", ")) : words("nobody"));
    if (button.dataset.samp === "selection" && chosenProducts().length > MOST) toast(words("most").replace("%s", MOST), { seconds: 15 });
  } catch (error) {
    toast(error instanceof Refusal ? error.message : await reason(error), { seconds: 15 });
  }
});
document.addEventListener("show.bs.dropdown", (event) => {
  const menu = event.target.parentElement?.querySelector("[data-samp-list]");
  if (menu) refresh(menu).catch(() => {});
});

// What the other programs say. A row of another page of these results is named with the way to it.
const ours = (given) => table && (given["table-id"] ? given["table-id"] === table.table_id : given.url === table.url);
const didAt = (row) => (/^\d{1,6}$/.test(row) ? table.rows[Number(row)] : undefined);
const here = () => table && table.search === searchHere();

function mark(given) {
  const did = ours(given) && didAt(given.row);
  if (!did) return;
  const place = Number(given.row);
  if ([...document.querySelectorAll("tr[data-did]")].some((row) => row.dataset.did === did)) {
    document.dispatchEvent(new CustomEvent("distiller:mark", { detail: { did } }));
  } else if (here() && document.querySelector("[data-results]")) {
    const address = new URL(location.href);
    address.searchParams.set("page", Math.floor(place / Number(document.querySelector("#size")?.value || 25)) + 1);
    toast(words("otherpage").replace("%s", place + 1), { link: [address.href, words("show")] });
  }
}

function choose(given) {
  if (!ours(given)) return;
  const dids = (given["row-list"] || []).map(didAt).filter(Boolean);
  document.dispatchEvent(new CustomEvent("distiller:choose", { detail: { dids } }));
}

const handlers = {
  "table.highlight.row": mark,
  "table.select.rowList": choose,
  "coord.pointAt.sky": ({ ra, dec }) => {
    document.dispatchEvent(new CustomEvent("distiller:point", { detail: { ra: Number(ra), dec: Number(dec) } }));
  },
};

// What is marked or chosen here is marked in the other programs too, once a table has been sent to them.
document.addEventListener("distiller:highlight", (event) => {
  const row = table?.rows.indexOf(event.detail.did) ?? -1;
  if (row >= 0) notify("table.highlight.row", { "table-id": table.table_id, url: table.url, row: String(row) });
});
document.addEventListener("distiller:selection", (event) => {
  if (!table) return;
  const list = event.detail.dids.map((did) => table.rows.indexOf(did)).filter((row) => row >= 0).map(String);
  notify("table.select.rowList", { "table-id": table.table_id, url: table.url, "row-list": list });
});
