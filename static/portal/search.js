// The form: names looked up as one types, pickers that tell what is chosen, one-click fixes, files read into the list.
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

function showFailure(answer) {
  const box = $("[data-resolved]");
  box.replaceChildren(text(answer.error || "", "span", "d-danger"));
  if (!answer.choices?.length && answer.suggestions?.length) box.append(text(` ${$("#f-target").dataset.wordMean}`));
  const offers = answer.choices?.length ? answer.choices : (answer.suggestions || []).map((name) => ({ name }));
  for (const offer of offers) {
    const button = text(offer.name, "button", "d-linkish ms-1");
    button.type = "button";
    button.addEventListener("click", () => {
      $("#f-target").value = offer.name;
      if (offer.ra !== undefined) { hold(offer); showPosition(offer); changed(); } else lookUp();
    });
    box.append(" ", button);
  }
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
  if (!name) { $("[data-resolved]").replaceChildren(); changed(); return; }
  let answer;
  let status;
  try {
    const response = await fetch(`/search/resolve?name=${encodeURIComponent(name)}`);
    status = response.status;
    answer = await response.json();
  } catch { return; }
  if (mine !== asked) return;
  if (status === 200) { hold(answer); showPosition(answer); } else showFailure(answer);
  changed();
}

async function suggest(value) {
  const response = await fetch(`/search/suggest?q=${encodeURIComponent(value)}`);
  const { suggestions } = await response.json();
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
  const value = event.target.value;
  timer = setTimeout(() => { lookUp(); if (value.trim().length > 1) suggest(value); }, 450);
});

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

for (const input of $$("[data-read-into]")) {
  input.addEventListener("change", async () => {
    if (input.files[0]) { $(input.dataset.readInto).value = (await input.files[0].text()).slice(0, 20000); changed(); }
  });
}

// Empty fields do not belong into the address.
form.addEventListener("submit", () => {
  for (const input of $$("input, select, textarea", form)) {
    const idle = { radius_unit: "deg", energy_unit: "TeV", exposure_unit: "s", match: "footprint" };
    const partner = { energy_unit: "energy_min", exposure_unit: "exposure_min" }[input.name];
    if (!input.value || (input.name in idle && input.value === idle[input.name]) || (partner && !form.elements[partner].value && !form.elements.energy_max.value)) input.disabled = true;
  }
});
addEventListener("pageshow", () => { for (const input of $$(":disabled", form)) input.disabled = false; });
