// The sky in the search form: opened on demand about what was typed; a region drawn there is written into its field.
import { aladin, frame, options } from "./sky.js";
import { follow, show } from "./region.js";

const $ = (selector, root = document) => root.querySelector(selector);
const form = $("#search-form");
const part = $("[data-region]", form);
const box = $("[data-sky]", part);
const field = $("[name=region]", part);
const target = $("#f-target");
const changed = () => form.dispatchEvent(new Event("change", { bubbles: true }));

/** Where the sky opens: at the position that is held, at the region that is typed, else at the centre of the Galaxy. */
function place() {
  const held = [$("#f-ra").value, $("#f-dec").value];
  const unit = { deg: 1, arcmin: 1 / 60, arcsec: 1 / 3600 }[form.elements.radius_unit.value] || 1;
  if (held[0]) return { ra: Number(held[0]), dec: Number(held[1]), size: Math.min(60, Math.max(3, 4 * unit * (Number(form.elements.radius.value) || 0))) };
  const typed = /^(circle|box|polygon)\s+([\d.]+)[\s,]+([+-]?[\d.]+)/i.exec(field.value.trim());
  if (typed) return { ra: Number(typed[2]), dec: Number(typed[3]), size: 8 };
  return { ra: 266.405, dec: -28.936, size: 30 };
}

function centre() {
  const at = place();
  Object.assign(box.dataset, { ra: at.ra, dec: at.dec, size: at.size });
  $("[data-sky-words]", box).textContent = `${at.ra.toFixed(2)}°, ${at.dec < 0 ? "−" : "+"}${Math.abs(at.dec).toFixed(2)}° ICRS · ${at.size.toFixed(1)}°`;
  if (box.view) { box.view.gotoRaDec(at.ra, at.dec); box.view.setFoV(at.size); }
  show(field.value);
}

async function interactive() {
  try {
    const A = await aladin();
    const at = place();
    const view = A.aladin(frame(box), options({ target: `${at.ra} ${at.dec}`, fov: at.size, showFullscreenControl: false }));
    box.view = view;
    $("svg:not(.d-draw)", box).setAttribute("hidden", "");
    follow(view);
  } catch { part.querySelector("[data-sky-plain]").hidden = false; }
}

/** On a phone the count lies over the foot of the page: the sky to draw on moves out from under it. */
function uncovered() {
  const low = box.getBoundingClientRect().bottom;
  const cover = innerWidth < 992 ? $("#preview > .d-panel").getBoundingClientRect().top : innerHeight;
  if (low > cover) $("[data-sky-tools]", part).scrollIntoView({ block: "start", behavior: "instant" });
}

const opener = $("[data-sky-draw]", part);
opener.addEventListener("click", () => {
  const tools = $("[data-sky-tools]", part);
  tools.hidden = !tools.hidden;
  opener.setAttribute("aria-expanded", String(!tools.hidden));
  if (tools.hidden) return;
  centre();
  uncovered();
  if (!box.view) interactive();
});
part.addEventListener("click", (event) => { if (event.target.closest("[data-draw]")) uncovered(); });
opener.hidden = false;

// A region that was drawn takes the place of the position; one press puts that back.
part.addEventListener("distiller:drawn", () => {
  const back = $("[data-put-back]", part);
  if (target.value.trim()) {
    back.dataset.target = target.value;
    back.hidden = false;
    $("[data-put-name]", back).textContent = target.value;
    target.value = "";
    for (const name of ["ra", "dec"]) $(`#f-${name}`).value = "";
    $("[data-resolved]").replaceChildren();
  }
  changed();
});
$("[data-put-back] button", part).addEventListener("click", () => {
  const back = $("[data-put-back]", part);
  target.value = back.dataset.target;
  target.dispatchEvent(new Event("input", { bubbles: true }));
  back.hidden = true;
  target.focus();
});
field.addEventListener("input", () => { if (box.querySelector(".d-draw")) show(field.value); });
// A name found while the sky is open moves it there.
form.addEventListener("change", (event) => { if (event.target === form && opener.getAttribute("aria-expanded") === "true" && $("#f-ra").value && $("#f-ra").value !== box.dataset.ra) centre(); });
