// SAMP from the page: registers on a click, never at load; sends tables, data and positions to all or one client;
// marks rows that another program marks. The words of the three failures stand in the page (data-samp-words).
import { post, toast } from "../js/distiller.js";

const NAME = "Distiller";
const PATIENCE = 65_000;
const words = (key) => document.querySelector("[data-samp-words]")?.dataset[key] ?? key;
const status = document.querySelector("[data-samp-status]");
let connector;
let tracker;
let table = null; // { url, table_id, rows } of the table that was sent last
let tag = 0;

function load() {
  if (window.samp) return Promise.resolve(window.samp);
  window.module = { exports: {} }; // the library ends with a CommonJS export
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = document.querySelector("[data-samp-words]").dataset.library;
    script.onload = () => { delete window.module; resolve(window.samp); };
    script.onerror = () => reject(new Error("library"));
    document.head.append(script);
  });
}

function say(text) {
  if (status) { status.hidden = false; status.querySelector("[data-samp-text]").textContent = text; }
}

async function reason(error) {
  if (error?.faultString !== undefined) return words("refused");
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname);
  if (!window.isSecureContext && !local) return words("insecure");
  for (const name of ["local-network-access", "loopback-network"]) {
    try {
      if ((await navigator.permissions.query({ name })).state === "denied") return words("permission");
    } catch { /* this browser does not ask */ }
  }
  return words("nohub");
}

function makeTracker(samp) {
  tracker = new samp.ClientTracker();
  tracker.onchange = listClients;
  const params = (message) => message["samp.params"] || {};
  const ours = (given) => table && (given["table-id"] ? given["table-id"] === table.table_id : given.url === table.url);
  tracker.callHandler["samp.app.ping"] = () => ({});
  tracker.callHandler["table.highlight.row"] = (_sender, message) => {
    const given = params(message);
    const did = ours(given) && table.rows[Number(given.row)];
    if (did) document.dispatchEvent(new CustomEvent("distiller:mark", { detail: { did } }));
    return {};
  };
  tracker.callHandler["table.select.rowList"] = (_sender, message) => {
    const given = params(message);
    if (!ours(given)) return {};
    const dids = (given["row-list"] || []).map((row) => table.rows[Number(row)]).filter(Boolean);
    document.dispatchEvent(new CustomEvent("distiller:choose", { detail: { dids } }));
    return {};
  };
  tracker.callHandler["coord.pointAt.sky"] = (_sender, message) => {
    const { ra, dec } = params(message);
    document.dispatchEvent(new CustomEvent("distiller:point", { detail: { ra: Number(ra), dec: Number(dec) } }));
    return {};
  };
}

async function connect() {
  const samp = await load();
  if (!connector) {
    makeTracker(samp);
    const icon = new URL(document.querySelector("link[rel=icon]").href).href;
    const meta = { "samp.name": NAME, "samp.description.text": document.title, "samp.icon.url": icon };
    connector = new samp.Connector(NAME, meta, tracker, tracker.calculateSubscriptions());
    connector.onunreg = () => say(words("off"));
  }
  if (connector.connection) return connector.connection;
  say(words("asking"));
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("timeout")), PATIENCE);
    connector.runWithConnection(
      (connection) => { clearTimeout(timer); say(words("on")); resolve(connection); },
      (error) => { clearTimeout(timer); reject(error); },
    );
  });
}

function listens(id, mtype) {
  const known = tracker.subs[id] || {};
  return Object.keys(known).some((one) => one === mtype || one === "*" || (one.endsWith(".*") && mtype.startsWith(one.slice(0, -1))));
}

function listClients() {
  for (const menu of document.querySelectorAll("[data-samp-list]")) {
    for (const old of menu.querySelectorAll("[data-samp-client]")) old.parentElement.remove();
    const model = menu.querySelector("[data-samp]");
    for (const id of Object.keys(tracker.ids)) {
      if (!listens(id, menu.dataset.sampList)) continue;
      const item = document.createElement("li");
      const button = model.cloneNode();
      button.dataset.sampClient = id;
      button.textContent = words("to").replace("%s", tracker.getName(id));
      item.append(button);
      model.parentElement.after(item);
    }
  }
}

function send(connection, mtype, params, client) {
  const message = new window.samp.Message(mtype, params);
  const name = `distiller-${++tag}`;
  tracker.replyHandler[name] = (responder, _tag, response) => {
    const good = response["samp.status"] === "samp.ok";
    const detail = good ? "" : ` ${response["samp.error"]?.["samp.errortxt"] ?? ""}`;
    toast(`${tracker.getName(responder)}: ${words(good ? "taken" : "failed")}${detail}`);
  };
  return new Promise((resolve, reject) => {
    if (client) connection.call([client, name, message], () => resolve(1), reject);
    else connection.callAll([name, message], (receivers) => resolve(Object.keys(receivers || {}).length), reject);
  });
}

async function json(response) {
  if (!response.ok) throw new Error(words("nolink"));
  return response.json();
}

const isMap = (type) => ["image", "cube"].includes(type);

async function messages(button) {
  const kind = button.dataset.samp;
  if (kind === "position") return [["coord.pointAt.sky", { ra: button.dataset.ra, dec: button.dataset.dec }]];
  if (kind === "table") {
    table = await json(await post("/search/sign", { address: location.search.slice(1) }));
    const name = document.querySelector("h1")?.textContent.trim() || NAME;
    return [["table.load.votable", { url: table.url, "table-id": table.table_id, name }]];
  }
  const chosen = kind === "product"
    ? [{ key: button.dataset.key, type: button.dataset.type, name: button.dataset.name }]
    : [...document.querySelectorAll("tr[data-key]:has(.d-tick:checked)")].map((row) => ({ key: row.dataset.key, type: row.dataset.type, name: row.querySelector("th").textContent.trim() }));
  const made = [];
  for (const one of chosen.slice(0, 20)) {
    const { url } = await json(await post(`/products/${encodeURIComponent(one.key)}/signed`));
    made.push(isMap(one.type)
      ? ["image.load.fits", { url, "image-id": one.key, name: one.name }]
      : ["table.load.fits", { url, "table-id": one.key, name: one.name }]);
  }
  return made;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-samp]");
  if (!button) return;
  try {
    const connection = await connect();
    let receivers = 0;
    for (const [mtype, params] of await messages(button)) receivers += await send(connection, mtype, params, button.dataset.sampClient);
    toast(receivers ? words("sent").replace("%s", receivers) : words("nobody"));
  } catch (error) {
    const text = error?.message === words("nolink") ? error.message : await reason(error);
    say(words("off"));
    toast(text, { seconds: 15 });
  }
});

// What is marked or chosen here is marked in the other programs too, once a table has been sent to them.
document.addEventListener("distiller:highlight", (event) => {
  const row = table?.rows.indexOf(event.detail.did) ?? -1;
  if (row >= 0 && connector?.connection) {
    connector.connection.notifyAll([new window.samp.Message("table.highlight.row", { "table-id": table.table_id, url: table.url, row: String(row) })]);
  }
});
document.addEventListener("distiller:selection", (event) => {
  if (!table || !connector?.connection) return;
  const list = event.detail.dids.map((did) => table.rows.indexOf(did)).filter((row) => row >= 0).map(String);
  connector.connection.notifyAll([new window.samp.Message("table.select.rowList", { "table-id": table.table_id, url: table.url, "row-list": list })]);
});
addEventListener("pagehide", () => connector?.connection?.close());
