// The form: names looked up as one types, pickers that tell what is chosen, one-click fixes, files read into the list.
import { csrf } from "../js/distiller.js";
import { saying } from "../js/reach.js";

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const form = $("#search-form");

const text = (value, tag = "span", className = "") => {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.textContent = value;
  return element;
};
const changed = () => form.dispatchEvent(new Event("change", { bubbles: true }));

function hold(position) {
  $("#f-ra").value = position ? position.ra : "";
  $("#f-dec").value = position ? position.dec : "";
}

function showPosition(answer) {
  const box = $("[data-resolved]");
  const number = (value, sign) => `${value < 0 ? "−" : sign ? "+" : ""}${Math.abs(value).toFixed(4)}°`;
  box.replaceChildren(
    text(`${number(answer.ra)}, ${number(answer.dec, true)}`, "strong"),
    text(` · ${answer.source}${answer.type ? `, ${answer.type}` : ""}`),
  );
  const words = $("#f-target").dataset;
  if (!answer.aliases) return;
  const others = [answer.name, ...answer.aliases].filter((one) => one.toLowerCase() !== $("#f-target").value.trim().toLowerCase());
  if (answer.type && others.length) box.append(text(`; ${words.wordAlias} ${others.slice(0, 4).join(", ")}`));
  if (!answer.type) return;
  const link = text(words.wordKnown, "a");
  link.href = `/search/object?name=${encodeURIComponent(answer.name)}`;
  box.append(" · ", link);
}

// What may be meant instead stands as a list under the field; from the field one key takes the marked one.
const offers = () => $$("[data-offers] li");
const marked = () => offers().find((item) => item.classList.contains("d-on"));
function markOffer(item) {
  for (const one of offers()) one.classList.toggle("d-on", one === item);
}
function showOffers(list) {
  const place = $("[data-offers]");
  place.replaceChildren();
  if (list?.length) {
    const shown = text("", "ol", "d-offers");
    for (const one of list) {
      const item = text("", "li");
      Object.assign(item.dataset, { name: one.name }, one.ra === undefined ? {} : { ra: one.ra, dec: one.dec });
      const button = text(one.name, "button", "d-linkish");
      button.type = "button";
      item.append(button);
      if (one.ra !== undefined) item.append(text(` ${one.ra.toFixed(4)}°, ${one.dec.toFixed(4)}°${one.type ? `, ${one.type}` : ""}, ${one.source}`, "span", "d-muted d-small"));
      shown.append(item);
    }
    place.append(shown);
  }
  readyOffers();
}
function readyOffers() {
  const input = $("#f-target");
  const some = offers().length > 0;
  $("[data-offers-help]").hidden = !some;
  $("[data-offers-more]").hidden = offers().length < 2;
  if (some) { input.removeAttribute("list"); markOffer(offers()[0]); } else input.setAttribute("list", "names");
}
function takeOffer(item) {
  const { name, ra, dec } = item.dataset;
  clearTimeout(timer);
  asked += 1;
  $("#f-target").value = name;
  $("#f-target").focus();
  showOffers([]);
  if (ra === undefined) { lookUp(); return; }
  hold({ ra, dec });
  $("[data-resolved]").replaceChildren(text($("span", item)?.textContent.trim() || ""));
  changed();
}
$("[data-offers]").addEventListener("click", (event) => {
  const item = event.target.closest("li");
  if (!item || !event.target.closest("a, button")) return;
  event.preventDefault();
  takeOffer(item);
});
$("#f-target").addEventListener("keydown", (event) => {
  const all = offers();
  if (!all.length || event.isComposing) return;
  if (event.key === "Enter") { event.preventDefault(); takeOffer(marked() || all[0]); }
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    markOffer(all[(all.indexOf(marked()) + (event.key === "ArrowDown" ? 1 : all.length - 1)) % all.length]);
  }
});

function showFailure(answer) {
  const box = $("[data-resolved]");
  box.replaceChildren(text(answer.error || "", "span", "d-danger"));
  if (!answer.choices?.length && answer.suggestions?.length) box.append(text(` ${$("#f-target").dataset.wordMean}`));
  showOffers(answer.choices?.length ? answer.choices : (answer.suggestions || []).map((name) => ({ name })));
}

let timer;
let asked = 0;
async function lookUp() {
  const input = $("#f-target");
  const name = input.value.trim();
  const mine = ++asked;
  hold(null);
  input.classList.remove("is-invalid");
  input.removeAttribute("aria-invalid");
  showOffers([]);
  if (!name) { $("[data-resolved]").replaceChildren(); changed(); return; }
  const box = $("[data-resolved]");
  box.replaceChildren(text(input.dataset.wordLooking));
  let answer;
  try {
    const response = await fetch(`/search/resolve?quiet=1&name=${encodeURIComponent(name)}`);
    answer = await response.json();
  } catch { if (mine === asked) { box.replaceChildren(text(input.dataset.wordCut)); changed(); } return; }
  if (mine !== asked) return;
  if (answer.error === undefined) { hold(answer); showPosition(answer); } else showFailure(answer);
  changed();
}

async function suggest(value) {
  let suggestions = [];
  try { ({ suggestions } = await (await fetch(`/search/suggest?q=${encodeURIComponent(value)}`)).json()); } catch { return; }
  $("#names").replaceChildren(...suggestions.map((one) => {
    const option = document.createElement("option");
    option.value = one.name;
    option.label = one.type;
    return option;
  }));
}

$("#f-target").addEventListener("input", (event) => {
  event.stopPropagation();
  clearTimeout(timer);
  hold(null);
  showOffers([]);
  const value = event.target.value;
  timer = setTimeout(() => { lookUp(); if (value.trim().length > 1) suggest(value); }, 450);
});

// After a search for a name that nobody knows, or that several have: the next key is the answer.
readyOffers();
if (offers().length) $("#f-target").focus();

for (const picker of $$(".d-picker")) {
  const label = $("[data-picked]", picker);
  const empty = label.dataset.empty || label.textContent;
  picker.addEventListener("change", () => {
    const words = $$("input:checked", picker).map((box) => box.labels[0].textContent.trim().replace(/\s+/g, " "));
    label.textContent = words.length ? words.join(", ") : empty;
  });
}
document.addEventListener("click", (event) => {
  for (const open of $$(".d-picker[open]")) if (!open.contains(event.target)) open.open = false;
});
document.addEventListener("keydown", (event) => {
  const told = event.key === "Escape" && event.target.closest?.(".d-field")?.querySelector(".d-meaning[open]");
  if (told) { told.open = false; $("summary", told).focus(); return; }
  if (event.key === "Escape") for (const open of $$(".d-picker[open]")) { open.open = false; $("summary", open).focus(); }
});

// What the count complains of is marked in the form too, and what is mended no longer.
function mark() {
  const wrong = new Set($$("#preview [data-problem]").map((note) => note.dataset.problem));
  for (const input of $$("input[name]:not([type=checkbox]), textarea[name]", form)) {
    if (input.name === "target") continue;
    input.classList.toggle("is-invalid", wrong.has(input.name));
    if (wrong.has(input.name)) input.setAttribute("aria-invalid", "true"); else input.removeAttribute("aria-invalid");
  }
  for (const error of $$(".d-error", form)) {
    const field = error.closest(".d-field, .d-fold-in");
    error.hidden = Boolean(field) && !$(".is-invalid", field);
  }
}
new MutationObserver(mark).observe($("#preview"), { childList: true });

form.addEventListener("click", (event) => {
  const fix = event.target.closest("[data-fix]");
  if (!fix) return;
  for (const [name, value] of new URLSearchParams(fix.dataset.fix)) form.elements[name].value = value;
  const field = fix.closest(".d-field");
  $$(".is-invalid", field).forEach((input) => input.classList.remove("is-invalid"));
  fix.closest(".d-error").remove();
  changed();
});

// A file with targets is read by the server (VOTable, CSV, plain lines), which gives back one a line.
for (const input of $$("[data-read-into]")) {
  input.addEventListener("change", async () => {
    if (!input.files[0]) return;
    const problem = $("[data-file-problem]");
    const body = new FormData();
    body.append("file", input.files[0]);
    problem.hidden = true;
    try {
      const response = await fetch("/search/targets", { method: "POST", body, headers: { "X-CSRFToken": csrf() } });
      const { lines, error } = response.ok || response.status === 400 ? await response.json() : {};
      if (!lines) throw { words: error, status: response.status };
      $(input.dataset.readInto).value = lines.join("\n");
      changed();
    } catch (error) {
      problem.textContent = `${input.files[0].name}: ${saying(error)}`;
      problem.hidden = false;
    }
    input.value = "";
  });
}

// An address has its limits: what is longer is not sent but told, and stays as it was typed.
const MOST = 6000;
function tooLong() {
  const given = [...new FormData(form)].filter(([, value]) => value);
  const long = new URLSearchParams(given).toString().length > MOST;
  const [name] = given.reduce((most, one) => (one[1].length > most[1].length ? one : most), ["", ""]);
  const note = $("[data-too-long]");
  note.hidden = !long;
  if (long) $("[data-too-long-field]", note).textContent = form.elements[name].labels?.[0]?.textContent.trim() || form.elements[name].ariaLabel || name;
  return long;
}
form.addEventListener("htmx:config:request", (event) => { if (event.target === form && tooLong()) event.preventDefault(); });
form.addEventListener("submit", (event) => {
  if (!tooLong()) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  $("[data-too-long]").scrollIntoView({ block: "center" });
});

// Empty fields do not belong into the address.
form.addEventListener("submit", () => {
  for (const input of $$("input, select, textarea", form)) {
    const idle = { radius_unit: "deg", energy_unit: "TeV", exposure_unit: "s", match: "footprint" };
    const partner = { energy_unit: "energy_min", exposure_unit: "exposure_min" }[input.name];
    const unplaced = input.name === "radius" && input.value === "0.1" && !form.elements.target.value && !form.elements.targets.value.trim();
    if (!input.value || unplaced || (input.name in idle && input.value === idle[input.name]) || (partner && !form.elements[partner].value && !form.elements.energy_max.value)) input.disabled = true;
  }
});
addEventListener("pageshow", () => { for (const input of $$(":disabled", form)) input.disabled = false; });
