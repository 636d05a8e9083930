// A FITS image on the sky: colour map, stretch, cuts, read-out under the pointer and statistics of a circle.
import { aladin, frame, options } from "./sky.js";
import { extremes, opened, places } from "./fits.js";
import { relieved, trouble } from "../js/reach.js";

const box = document.querySelector("[data-map]");
const tools = document.querySelector("[data-map-tools]");

const planes = document.querySelector("[data-map-planes]");
const here = () => new URL(box.dataset.map, location.href).href;

/** The bytes of an address; rejected, with the words of the server where it has some, where there are none to be had. */
async function bytes(url) {
  const answer = await fetch(url).catch(() => null);
  if (answer?.ok) return answer.arrayBuffer();
  const words = answer?.headers.get("Content-Type") === "application/json" ? (await answer.json()).problem : "";
  throw Object.assign(new Error(String(answer?.status)), { words: words || box.dataset.failedImage });
}

const readout = document.querySelector("[data-map-readout]");
/** The picture of the server comes back where the viewer has nothing to show. */
async function failed(words) {
  box.querySelector(".d-aladin")?.remove();
  tools.hidden = true;
  const picture = box.querySelector("[data-map-fallback]");
  if (picture) picture.hidden = false;
  await picture?.decode().catch(() => picture.remove());
  if (words) trouble(box, { words }, () => location.reload(), { put: "before" });
  else readout.textContent = picture?.isConnected ? box.dataset.failed : box.dataset.failedAlone;
}

async function show() {
  let data;
  const asked = bytes(here());
  asked.catch(() => {}); // awaited below, once the viewer is there
  const A = await aladin();
  try { data = await asked; } catch (error) { await failed(error.words); return; }
  const holder = frame(box);
  const view = A.aladin(holder, options({ fov: 10 }));
  const choice = (name) => tools.querySelector(`[name=${name}]`);
  const [low, high] = [choice("low"), choice("high")];
  let image;
  const cut = () => { if (Number(high.value) > Number(low.value)) image.setCuts(Number(low.value), Number(high.value)); };
  const apply = () => {
    cut();
    image.setColormap(choice("colormap").value, { stretch: choice("stretch").value, reversed: choice("reversed").checked });
  };
  // Aladin cuts where nearly all pixels are below; in a map of counts that is at one, and the source is as bright as the field.
  function adjust(found) {
    if (!found) { low.value = ""; high.value = ""; return; }
    let { least, most } = found;
    if (least < 0 && -least > most / 4) {
      // Excess and deficit of like size, as in a map of significance: nought is white, red is above it.
      most = Math.max(-least, most);
      least = -most;
      choice("colormap").value = "rdbu";
      choice("stretch").value = "linear";
      choice("reversed").checked = true;
    }
    [low.value, high.value] = [least, most].map((value) => Number(value.toPrecision(4)));
  }
  /** A FITS file in the viewer. It gets the bytes, not the address: what it cannot fetch it would ask a proxy for. */
  const put = (content, moves) => new Promise((resolve, reject) => {
    const url = URL.createObjectURL(new Blob([content]));
    const made = A.image(url, {
      name: "map", imgFormat: "fits", colormap: choice("colormap").value, stretch: choice("stretch").value, errorCallback: reject,
      successCallback: (ra, dec, fov) => {
        image = made;
        URL.revokeObjectURL(url);
        if (moves) { view.gotoRaDec(ra, dec); view.setFoV(fov * 1.15); }
        resolve();
      },
    });
    view.setOverlayImageLayer(made, "map");
  });
  // Throws where there is no whole image, which the viewer would ask elsewhere for.
  let found = opened(data);
  await put(data, true);
  const picture = box.querySelector("[data-map-fallback]");
  if (picture) picture.hidden = true;
  tools.hidden = false;
  tools.addEventListener("change", apply);
  adjust(extremes(found));
  apply();
  holder.addEventListener("pointermove", (event) => {
    const frame = holder.getBoundingClientRect();
    const place = view.pix2world(event.clientX - frame.left, event.clientY - frame.top);
    if (!place) return;
    const [ra, dec] = place;
    readout.textContent = [`${ra.toFixed(4)}°, ${dec < 0 ? "−" : "+"}${Math.abs(dec).toFixed(4)}° ICRS`, ...under(found, ra, dec)].join(" · ");
  });
  circles(A, view, holder);
  let shown = planes?.elements.plane.value;
  planes?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const select = planes.elements.plane;
    const wanted = select.value;
    box.setAttribute("aria-busy", "true");
    try {
      const content = await bytes(new URL(`${planes.dataset.mapPlanes}?plane=${wanted}`, location.href).href);
      if (wanted !== select.value) return;
      const other = opened(content);
      await put(content, false);
      found = other;
      adjust(extremes(found));
      apply();
      relieved(box);
      shown = wanted;
      chosen(select);
    } catch (error) {
      select.value = shown;
      trouble(box, { words: error.words ?? box.dataset.failedAlone }, () => { select.value = wanted; planes.requestSubmit(); }, { put: "before" });
    }
    box.removeAttribute("aria-busy");
  });
}

/** Pixel and value under the pointer, in words: none off the image, or where its projection is not known here. */
function under(image, ra, dec) {
  const [x, y] = (places(image)?.(ra, dec) ?? []).map(Math.round);
  const [width, height] = image.axes;
  if (!(x >= 1 && x <= width && y >= 1 && y <= height)) return [];
  const value = image.value((y - 1) * width + x - 1);
  const words = Number.isFinite(value) ? `${Number(value.toPrecision(5))} ${image.cards.BUNIT ?? ""}`.trim().replaceAll("-", "−") : "NaN";
  return [`${box.dataset.pixel} ${x}, ${y}`, words];
}

/** The plane that is shown now: in the address, in the words and in what is measured. */
function chosen(select) {
  const address = new URL(location.href);
  if (select.value === "sum") address.searchParams.delete("plane"); else address.searchParams.set("plane", select.value);
  history.replaceState(null, "", address);
  for (const place of document.querySelectorAll("[data-plane-words]")) place.textContent = select.selectedOptions[0].textContent;
  const form = document.querySelector("[data-measure]");
  if (!form) return;
  form.elements.plane.value = select.value;
  if (document.querySelector("[data-measured]").childElementCount) form.requestSubmit();
}

const radians = (degrees) => degrees * Math.PI / 180;
/** Angle between two places, in degrees (haversine). */
function apart([a, d], [b, e]) {
  const h = Math.sin(radians(e - d) / 2) ** 2 + Math.cos(radians(d)) * Math.cos(radians(e)) * Math.sin(radians(b - a) / 2) ** 2;
  return 2 * Math.asin(Math.sqrt(h)) * 180 / Math.PI;
}

// A circle, typed or drawn from its centre outwards; the server measures it from the file itself.
function circles(A, view, holder) {
  const form = document.querySelector("[data-measure]");
  const draw = document.querySelector("[data-map-draw]");
  if (!form) return;
  const layer = A.graphicOverlay({ name: "circle", lineWidth: 2 });
  view.addOverlay(layer);
  const field = (name) => form.elements[name];
  const show = () => {
    layer.removeAll();
    const [ra, dec, radius] = ["ra", "dec", "radius"].map((name) => Number(field(name).value));
    if (radius > 0) layer.add(A.circle(ra, dec, radius, { color: "#7cbcf5" }));
  };
  const place = (event) => {
    const edge = holder.getBoundingClientRect();
    return view.pix2world(event.clientX - edge.left, event.clientY - edge.top);
  };
  let centre = null;
  const drawing = () => draw.getAttribute("aria-pressed") === "true";
  const mode = (on) => { draw.setAttribute("aria-pressed", String(on)); draw.classList.toggle("active", on); holder.style.cursor = on ? "crosshair" : ""; };
  draw.hidden = false;
  draw.addEventListener("click", () => mode(!drawing()));
  const on = (kinds, act) => { for (const kind of kinds) holder.addEventListener(kind, (event) => {
    if (!drawing()) return;
    event.stopPropagation();
    event.preventDefault();
    act(event);
  }, { capture: true }); };
  on(["mousedown", "mousemove", "mouseup", "touchstart", "touchmove", "touchend"], () => {});
  on(["pointerdown"], (event) => {
    centre = place(event);
    if (!centre) return;
    holder.setPointerCapture?.(event.pointerId);
    field("ra").value = centre[0].toFixed(5);
    field("dec").value = centre[1].toFixed(5);
  });
  on(["pointermove"], (event) => {
    const here = centre && place(event);
    if (!here) return;
    field("radius").value = apart(centre, here).toFixed(4);
    show();
  });
  on(["pointerup"], () => {
    if (!centre) return;
    centre = null;
    mode(false);
    if (Number(field("radius").value) > 0) form.requestSubmit();
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    show();
    const said = document.querySelector("[data-measured]");
    said.setAttribute("aria-busy", "true");
    said.replaceChildren(await measured(form));
    said.removeAttribute("aria-busy");
    const address = new URL(location.href);
    for (const name of ["ra", "dec", "radius"]) address.searchParams.set(name, field(name).value);
    history.replaceState(null, "", address);
  });
  if (new URLSearchParams(location.search).has("radius")) show();
}

/** What the server says of the circle, or that it says nothing. */
async function measured(form) {
  let found;
  try {
    const answer = await fetch(`${form.dataset.measure}?${new URLSearchParams(new FormData(form))}`);
    found = await answer.json();
    if (!found.problem && !found.rows) throw new Error(String(answer.status));
  } catch {
    found = { problem: form.dataset.failed };
  }
  const list = document.createElement(found.problem ? "p" : "dl");
  list.className = found.problem ? "d-error mb-0" : "d-keys";
  if (found.problem) list.textContent = found.problem;
  for (const [name, value] of found.rows ?? []) {
    const term = document.createElement("dt"), text = document.createElement("dd");
    term.textContent = name;
    text.textContent = value;
    list.append(term, text);
  }
  return list;
}

show().catch(() => failed(""));
