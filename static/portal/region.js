// A region drawn on the sky, on the server's drawing or in the viewer: it is written where one could type it.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const SVG = "http://www.w3.org/2000/svg";
const rad = Math.PI / 180;
const STEPS = 48;
const NEAR = { mouse: 8, pen: 12, touch: 24 }; // pixels within which a press hits the first corner
let shape = "";
let corners = [];
let last = { shape: "", corners: [] }; // what was drawn or typed: drawn anew where the sky moves

/** Angle between two places in degrees. */
function apart([a, d], [b, e]) {
  const h = Math.sin((e - d) * rad / 2) ** 2 + Math.cos(d * rad) * Math.cos(e * rad) * Math.sin((b - a) * rad / 2) ** 2;
  return 2 * Math.asin(Math.min(1, Math.sqrt(h))) / rad;
}

/** The picture as a pair of maps between pixels of its box and degrees (ICRS); null outside the sky. */
function surface(box) {
  if (box.view) {
    return {
      world: ([x, y]) => box.view.pix2world(x, y),
      pixel: ([ra, dec]) => box.view.world2pix(ra, dec),
    };
  }
  // Gnomonic about the middle of a drawing 300 units wide, as the server made it.
  const [ra0, dec0, size] = ["ra", "dec", "size"].map((name) => Number(box.dataset[name]));
  const scale = 300 / (2 * Math.tan(Math.min(size / 2, 80) * rad));
  const group = $("svg:not(.d-draw) g", box);
  const frame = box.getBoundingClientRect();
  const d0 = dec0 * rad;
  return {
    world: ([x, y]) => {
      const at = new DOMPoint(x + frame.left, y + frame.top).matrixTransform(group.getScreenCTM().inverse());
      const [u, v] = [(150 - at.x) / scale, (150 - at.y) / scale];
      const rho = Math.hypot(u, v);
      if (rho === 0) return [ra0, dec0];
      const c = Math.atan(rho);
      const dec = Math.asin(Math.cos(c) * Math.sin(d0) + v * Math.sin(c) * Math.cos(d0) / rho);
      const turn = Math.atan2(u * Math.sin(c), rho * Math.cos(d0) * Math.cos(c) - v * Math.sin(d0) * Math.sin(c));
      return [(ra0 + turn / rad + 360) % 360, dec / rad];
    },
    pixel: ([ra, dec]) => {
      const [a, d] = [(ra - ra0) * rad, dec * rad];
      const cosine = Math.sin(d0) * Math.sin(d) + Math.cos(d0) * Math.cos(d) * Math.cos(a);
      if (cosine < 0.05) return null;
      const u = Math.cos(d) * Math.sin(a) / cosine;
      const v = (Math.cos(d0) * Math.sin(d) - Math.sin(d0) * Math.cos(d) * Math.cos(a)) / cosine;
      const at = new DOMPoint(150 - u * scale, 150 - v * scale).matrixTransform(group.getScreenCTM());
      return [at.x - frame.left, at.y - frame.top];
    },
  };
}

/** Places of the ring about a centre. */
const ring = ([ra, dec], radius) => Array.from({ length: STEPS }, (_, step) => {
  const angle = 2 * Math.PI * step / STEPS;
  const [d, r] = [dec * rad, radius * rad];
  const sine = Math.sin(d) * Math.cos(r) + Math.cos(d) * Math.sin(r) * Math.cos(angle);
  return [ra + Math.atan2(Math.sin(angle) * Math.sin(r) * Math.cos(d), Math.cos(r) - Math.sin(d) * sine) / rad, Math.asin(sine) / rad];
});

/** Centre and sides of the piece of longitude and latitude between two corners. */
function sides([a, d], [b, e]) {
  const width = ((b - a + 540) % 360) - 180;
  return { ra: (a + width / 2 + 360) % 360, dec: (d + e) / 2, width: Math.abs(width), height: Math.abs(e - d) };
}

function edges(one) {
  const made = [];
  const [w, e, s, n] = [one.ra - one.width / 2, one.ra + one.width / 2, one.dec - one.height / 2, one.dec + one.height / 2];
  for (const [from, to] of [[[w, s], [e, s]], [[e, s], [e, n]], [[e, n], [w, n]], [[w, n], [w, s]]]) {
    for (let step = 0; step < 8; step += 1) made.push([from[0] + (to[0] - from[0]) * step / 8, from[1] + (to[1] - from[1]) * step / 8]);
  }
  return made;
}

const short = (value) => String(Number(value.toFixed(4)));
/** What is drawn so far: its text (empty where it is nothing yet) and its outline. */
function drawn(places, kind = shape) {
  if (places.length < 2) return { text: "", outline: places };
  if (kind === "circle") {
    const radius = apart(...places);
    return { text: radius > 0.0005 ? `CIRCLE ${[...places[0], radius].map(short).join(" ")}` : "", outline: ring(places[0], radius) };
  }
  if (kind === "box") {
    const one = sides(...places);
    const good = one.width > 0.0005 && one.height > 0.0005;
    return { text: good ? `BOX ${[one.ra, one.dec, one.width, one.height].map(short).join(" ")}` : "", outline: edges(one) };
  }
  return { text: places.length > 2 ? `POLYGON ${places.flat().map(short).join(" ")}` : "", outline: places };
}

function paint(sheet, on, places, kind = shape) {
  const points = drawn(places, kind).outline.map(on.pixel).filter(Boolean).map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
  $("polygon", sheet).setAttribute("points", points.join(" "));
}

/** Places that draw a region as it is typed (ICRS degrees); none for another text. */
function placesOf(text) {
  const [word, ...rest] = text.trim().split(/[\s,]+/);
  const kind = word.toLowerCase();
  const n = rest.map(Number);
  if (!n.length || n.some(Number.isNaN)) return { shape: "", corners: [] };
  if (kind === "circle" && n.length === 3) return { shape: kind, corners: [[n[0], n[1]], ring([n[0], n[1]], n[2])[0]] };
  if (kind === "box" && n.length === 4) return { shape: kind, corners: [[n[0] - n[2] / 2, n[1] - n[3] / 2], [n[0] + n[2] / 2, n[1] + n[3] / 2]] };
  if (kind === "polygon" && n.length > 5 && n.length % 2 === 0) return { shape: kind, corners: n.flatMap((lon, at) => (at % 2 ? [] : [[lon, n[at + 1]]])) };
  return { shape: "", corners: [] };
}

function repaint() {
  const box = $("[data-sky]");
  const sheet = $(".d-draw", box);
  if (!sheet || shape) return;
  if (last.shape) paint(sheet, surface(box), last.corners, last.shape); else $("polygon", sheet).setAttribute("points", "");
}

/** The outline of the region as typed, and how it follows the interactive sky. */
export function show(text) {
  last = placesOf(text);
  layer($("[data-sky]"));
  repaint();
}

export function follow(view) {
  for (const name of ["positionChanged", "zoomChanged"]) view.on(name, repaint);
  repaint();
}

function stop(words = "") {
  for (const button of $$("[data-draw]")) button.setAttribute("aria-pressed", "false");
  $(".d-draw")?.classList.remove("d-drawing");
  shape = "";
  corners = [];
  if (words) $("#region-help").textContent = words;
}

function finish() {
  const form = $("[data-region]");
  const { text } = drawn(corners);
  if (!text) { stop(); return; }
  const field = $("[name=region]", form);
  field.value = text;
  last = { shape, corners };
  stop(form.dataset.hintDone);
  ($("button:not([type])", form) || field).focus({ preventScroll: true });
  form.dispatchEvent(new CustomEvent("distiller:drawn", { bubbles: true, detail: { text } }));
}

function layer(box) {
  let sheet = $(".d-draw", box);
  if (sheet) return sheet;
  sheet = document.createElementNS(SVG, "svg");
  sheet.setAttribute("class", "d-draw");
  sheet.setAttribute("aria-hidden", "true");
  sheet.append(document.createElementNS(SVG, "polygon"));
  box.append(sheet);
  listen(box, sheet);
  return sheet;
}

function start(kind) {
  const sheet = layer($("[data-sky]"));
  $("polygon", sheet).setAttribute("points", "");
  const again = shape === kind;
  stop();
  if (again) return;
  shape = kind;
  sheet.classList.add("d-drawing");
  $(`[data-draw="${kind}"]`).setAttribute("aria-pressed", "true");
  $("#region-help").textContent = $("[data-region]").dataset[`hint${kind[0].toUpperCase()}${kind.slice(1)}`];
}

function listen(box, sheet) {
  const spot = (event) => { const frame = box.getBoundingClientRect(); return [event.clientX - frame.left, event.clientY - frame.top]; };
  sheet.addEventListener("pointerdown", (event) => {
    const on = surface(box);
    const here = on.world(spot(event));
    if (!here) return;
    event.preventDefault();
    if (shape !== "polygon") { sheet.setPointerCapture(event.pointerId); corners = [here]; return; }
    const first = corners.length > 2 && on.pixel(corners[0]);
    if (first && Math.hypot(first[0] - spot(event)[0], first[1] - spot(event)[1]) < (NEAR[event.pointerType] || 8)) { finish(); return; }
    corners.push(here);
    paint(sheet, on, corners);
  });
  sheet.addEventListener("pointermove", (event) => {
    if (!corners.length) return;
    const on = surface(box);
    const here = on.world(spot(event));
    if (!here) return;
    if (shape === "polygon") paint(sheet, on, [...corners, here]);
    else { corners = [corners[0], here]; paint(sheet, on, corners); }
  });
  sheet.addEventListener("pointerup", () => { if (shape && shape !== "polygon") finish(); });
  sheet.addEventListener("dblclick", () => { if (shape === "polygon") { corners.pop(); finish(); } });
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-draw]");
  if (button) start(button.dataset.draw);
});
document.addEventListener("keydown", (event) => {
  if (!shape) return;
  if (event.key === "Escape") { event.preventDefault(); stop(); repaint(); }
  if (event.key === "Enter" && shape === "polygon" && corners.length > 2) { event.preventDefault(); finish(); }
});
const offer = () => { for (const tools of $$("[data-region-tools]")) tools.hidden = false; };
document.addEventListener("htmx:after:swap", offer);
document.addEventListener("htmx:after:settle", offer);
offer();
