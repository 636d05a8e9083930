// What every page has: theme menu, keys, copy buttons, toasts, the phone's menu. No framework.
import { relieved, trouble } from "./reach.js";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

export function toast(text, { undo = null, link = null, seconds = 6 } = {}) {
  const box = document.createElement("div");
  box.className = "d-toast";
  box.setAttribute("role", "status");
  box.textContent = text;
  if (undo) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm btn-outline ms-2";
    button.textContent = document.body.dataset.undo || "Undo";
    button.addEventListener("click", () => { undo(); box.remove(); });
    box.append(button);
  }
  if (link) {
    const anchor = document.createElement("a");
    anchor.className = "ms-2";
    [anchor.href, anchor.textContent] = link;
    box.append(anchor);
  }
  $("#toasts").append(box);
  setTimeout(() => box.remove(), seconds * 1000);
}

export function csrf() {
  return document.body.dataset.csrf || "";
}

/** POST fields to an own address, with the CSRF token; resolves to the Response. */
export function post(url, fields = {}) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    for (const item of Array.isArray(value) ? value : [value]) body.append(name, item);
  }
  return fetch(url, { method: "POST", body, headers: { "X-CSRFToken": csrf(), "X-Requested-With": "fetch" } });
}

function markTheme() {
  const theme = document.documentElement.dataset.theme;
  for (const item of $$("[data-theme-choice]")) {
    const active = item.dataset.themeChoice === theme;
    item.classList.toggle("active", active);
    item.setAttribute("aria-pressed", String(active));
  }
}

async function copy(button) {
  const source = button.dataset.copyFrom ? $(button.dataset.copyFrom) : null;
  const text = button.dataset.copy ?? source?.dataset.full ?? source?.value ?? source?.textContent ?? "";
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  toast(button.dataset.copied || document.body.dataset.copied || "Copied");
}

function typing(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-theme-choice], [data-copy], [data-copy-from], [data-toggle-menu], [data-print]");
  if (!target) return;
  if (target.dataset.themeChoice) { window.distillerTheme(target.dataset.themeChoice); markTheme(); }
  else if ("toggleMenu" in target.dataset) {
    const open = $("#bar-fold").classList.toggle("d-open");
    target.setAttribute("aria-expanded", String(open));
  } else if ("print" in target.dataset) window.print();
  else { event.preventDefault(); copy(target); }
});

document.addEventListener("keydown", (event) => {
  const bare = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey;
  // No name begins so: whoever presses it where one is awaited means the shortcut.
  if (bare && event.target.name === "target" && event.target.value === "") event.preventDefault();
  if (bare && !typing(event.target)) {
    const box = $("[data-quick-search]");
    if (box) { event.preventDefault(); $("#bar-fold")?.classList.add("d-open"); box.focus(); box.select(); }
  }
});

// A select or checkbox marked so sends its form at once; without JavaScript the form's own button does.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit]")) event.target.form.requestSubmit();
});

document.addEventListener("submit", (event) => {
  const words = event.submitter?.dataset.confirm || event.target.dataset.confirm;
  if (words && !window.confirm(words)) event.preventDefault();
});

// A part of the page that htmx could not fetch. An error page never takes the place of a part.
const wanting = ({ ctx }, error) => trouble(ctx.target, error, () => {
  relieved(ctx.target);
  window.htmx.ajax("GET", ctx.request.action, { target: ctx.target, swap: ctx.swap });
}, { old: !ctx.target.querySelector(".d-sky-wait") });
document.addEventListener("htmx:error", ({ detail }) => { if (detail.ctx?.target && !detail.ctx.response) wanting(detail, detail.error); });
document.addEventListener("htmx:response:error", ({ detail }) => {
  const { status } = detail.ctx.response;
  if (status < 500 && status !== 429 && !/^\s*<!doctype/i.test(detail.ctx.text)) return;
  const { swap } = detail.ctx;
  detail.ctx.swap = "none";
  wanting({ ctx: { ...detail.ctx, swap } }, { status });
});

// What was typed before the scripts had come, or was put back by the browser, counts as typed: once htmx listens, which
// it does in a task of its own that may come after the page's load, and again at the load for what came in between.
const heeded = new WeakMap();
function heedWhatStandsThere() {
  for (const field of $$("[hx-get] input, input[hx-get]")) {
    if (!["text", "search"].includes(field.type) || field.value === (heeded.get(field) ?? field.defaultValue)) continue;
    heeded.set(field, field.value);
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
}
function heedFromNowOn() {
  heedWhatStandsThere();
  if (document.readyState !== "complete") addEventListener("load", heedWhatStandsThere);
}
if ($("[data-htmx-powered]")) heedFromNowOn();
else document.addEventListener("htmx:after:process", heedFromNowOn, { once: true });

markTheme();
document.documentElement.classList.add("d-js");
