// The interactive sky: Aladin Lite over the server's drawing, which stays as picture where WebGL or the library is not.
// Fetched only when someone asks for it, since the library is large.
const LIBRARY = "/static/npm/aladin/aladin.js";
let library;

let tries = 0;

export async function aladin() {
  // A module that did not come is remembered as such under its address.
  library ??= import(tries ? `${LIBRARY}?again=${tries}` : LIBRARY).then((module) => module.default ?? module.A);
  const A = await library.catch((error) => { library = undefined; tries += 1; throw error; });
  await A.init;
  return A;
}

export const survey = () => `${location.origin}/hips`;

export function options(extra) {
  return {
    backgroundColor: "#10161f", survey: survey(), cooFrame: "ICRS", log: false, showReticle: false, showProjectionControl: false,
    showFrame: false, showCooLocation: false, showFov: false, showCooGrid: false, showSimbadPointerControl: false, showShareControl: false, showSettingsControl: false,
    showLayersControl: false, showStackLayerControl: false, showFullscreenControl: true, showCooGridControl: false,
    expandLayersControl: false, showContextMenu: false, showZoomControl: true, showStatusBar: false, ...extra,
  };
}

/** A place for the viewer: it sets its own position and size, so it gets a frame around it. */
export function frame(box) {
  const outer = document.createElement("div");
  outer.className = "d-aladin";
  const holder = document.createElement("div");
  holder.style.cssText = "width: 100%; height: 100%";
  outer.append(holder);
  box.append(outer);
  return holder;
}

/** Puts the sky with the footprints of the table in place of the server's drawing. */
export async function open(box) {
  const A = await aladin();
  const listed = () => [...document.querySelectorAll("tr[data-did][data-ra]")].filter((row) => row.dataset.ra);
  const holder = frame(box);
  const centre = `${box.dataset.ra} ${box.dataset.dec}`;
  const view = A.aladin(holder, options({ target: centre, fov: Math.min(Number(box.dataset.size), 180) }));
  const colour = (row) => (row.querySelector(".d-tick")?.checked ? "#7cbcf5" : row.querySelector(".d-sim") ? "#c6a6f4" : "#9fb6cc");
  // Circle → identifier, for the way from the sky to the table.
  const known = new Map();
  let hovered = "";
  const layer = A.graphicOverlay({ name: "fields", lineWidth: 1.5 });
  view.addOverlay(layer);
  const searched = JSON.parse(document.getElementById("sky-searched")?.textContent || "[]");
  if (searched.length) {
    const place = A.graphicOverlay({ name: "searched", color: "#efbb62", lineWidth: 1.5 });
    view.addOverlay(place);
    place.add(A.polygon(searched));
  }
  box.view = view;
  const draw = () => {
    layer.removeAll();
    known.clear();
    for (const row of listed()) {
      const here = row.dataset.did === hovered;
      const circle = A.circle(Number(row.dataset.ra), Number(row.dataset.dec), (Number(row.dataset.fov) || 1) / 2, { color: here ? "#ffffff" : colour(row), lineWidth: here ? 3 : 1.5 });
      known.set(circle, row.dataset.did);
      layer.add(circle);
    }
  };
  draw();
  document.addEventListener("mouseover", (event) => {
    const did = event.target.closest("tr[data-did]")?.dataset.did || "";
    if (did !== hovered) { hovered = did; draw(); }
  });
  const told = (name) => (found) => { const did = known.get(found?.shape ?? found); if (did) document.dispatchEvent(new CustomEvent(name, { detail: { did } })); };
  view.on("footprintHovered", told("distiller:mark"));
  view.on("footprintClicked", told("distiller:toggle"));
  document.addEventListener("distiller:selection", draw);
  document.addEventListener("distiller:rows", draw);
  document.addEventListener("distiller:point", (event) => view.gotoRaDec(event.detail.ra, event.detail.dec));
  document.addEventListener("distiller:highlight", (event) => {
    const row = listed().find((one) => one.dataset.did === event.detail.did);
    if (row) view.gotoRaDec(Number(row.dataset.ra), Number(row.dataset.dec));
  });
  box.querySelector("svg")?.setAttribute("hidden", "");
  return view;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-sky-open]");
  if (!button) return;
  const box = document.querySelector("[data-sky]");
  button.disabled = true;
  try { await open(box); button.remove(); } catch (error) {
    box.querySelector(".d-aladin")?.remove();
    button.disabled = false;
    button.textContent = button.dataset.failed;
  }
});
