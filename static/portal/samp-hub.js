// The connection of this page to a SAMP hub (Web Profile): made on a click, closed with the page; who is there and
// what each listens to; why it cannot be made, in the page's words.
const NAME = "Distiller";
const PATIENCE = 65_000; // someone may have to answer the hub's question
const place = document.querySelector("[data-samp-words]");
const status = document.querySelector("[data-samp-status]");
let connector;
let client;
let tag = 0;

export const words = (key) => place?.dataset[key] ?? key;

/** A failure whose message is for the user. */
export class Refusal extends Error {}

export const connection = () => connector?.connection;

function load() {
  if (window.samp) return Promise.resolve(window.samp);
  window.module = { exports: {} }; // the library ends with a CommonJS export
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = place.dataset.sampjs;
    script.onload = () => { delete window.module; resolve(window.samp); };
    script.onerror = () => reject(new Refusal(words("nolibrary")));
    document.head.append(script);
  });
}

function say(text) {
  if (status) { status.hidden = false; status.querySelector("[data-samp-text]").textContent = text; }
}

/** Why the hub did not do what was asked, for the user. */
export async function reason(error) {
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

function makeConnector(samp, handlers) {
  client = new samp.ClientTracker();
  client.callHandler["samp.app.ping"] = () => ({});
  for (const [mtype, handle] of Object.entries(handlers)) {
    client.callHandler[mtype] = (_sender, message) => { handle(message["samp.params"] || {}); return {}; };
  }
  const icon = new URL(document.querySelector("link[rel=icon]").href).href;
  const meta = { "samp.name": NAME, "samp.description.text": document.title, "samp.icon.url": icon };
  connector = new samp.Connector(NAME, ascii(meta));
  // The connector's own way to say what is listened to fails where the hub leaves in the middle of it.
  connector.onreg = (made) => {
    client.init(made);
    made.setCallable(client, () => {
      if (connector.connection === made) made.declareSubscriptions([client.calculateSubscriptions()]);
    });
  };
  connector.onunreg = () => say(words("off"));
}

/** Registers with the hub unless the page is registered; what others send goes to `handlers` (mtype → function). */
export async function connect(handlers) {
  const samp = await load();
  if (!connector) makeConnector(samp, handlers);
  if (connector.connection) return;
  say(words("asking"));
  try {
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error("timeout")), PATIENCE);
      connector.runWithConnection(
        () => { clearTimeout(timer); resolve(); },
        (error) => { clearTimeout(timer); reject(error); },
      );
    });
    say(words("on"));
  } catch (error) {
    say(words("off"));
    throw new Refusal(await reason(error));
  }
}

// SAMP strings are ASCII (SAMP 1.3, section 3.3); a hub refuses what holds anything else.
const SIGNS = { "−": "-", "–": "-", "—": "-", "·": "-", "…": "...", "“": '"', "”": '"', "’": "'", "×": "x", "µ": "u", "γ": "gamma", "α": "alpha", "β": "beta", "°": " deg" };
export function ascii(value) {
  if (typeof value === "string") {
    return value.replace(/./gu, (sign) => SIGNS[sign] ?? sign).normalize("NFKD").replace(/[\u0300-\u036f]/g, "").replace(/[^\t\n\r -~]/gu, "?");
  }
  if (Array.isArray(value)) return value.map(ascii);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, ascii(one)]));
}

const ask = (method, ...values) => new Promise((resolve, reject) => connector.connection[method](values, resolve, reject));

/** The programs that are registered now: [{ id, name, takes(mtype) }]. */
export async function listeners() {
  const ids = await ask("getRegisteredClients");
  const all = await Promise.all(ids.map(async (id) => {
    const [meta, subscriptions] = await Promise.all([ask("getMetadata", id), ask("getSubscriptions", id)]);
    return { id, name: meta["samp.name"] || id, takes: (mtype) => window.samp.isSubscribed(subscriptions, mtype) };
  }).map((one) => one.catch(() => null))); // a program may leave while it is asked
  return all.filter(Boolean);
}

/** Sends a message; `replied` is called with the program's answer, which may come much later. */
export async function call(receiver, mtype, params, replied) {
  const name = `distiller-${++tag}`;
  client.replyHandler[name] = (_responder, _tag, reply) => replied(reply);
  await ask("call", receiver.id, name, new window.samp.Message(mtype, ascii(params))).catch((error) => {
    throw new Refusal(`${receiver.name}: ${words("failed")} ${error?.faultString ?? ""}`);
  });
}

/** Tells all who listen; nothing happens while the page is not connected. */
export function notify(mtype, params) {
  if (connection()) connection().notifyAll([new window.samp.Message(mtype, ascii(params))]);
}

addEventListener("pagehide", () => connection()?.close());
