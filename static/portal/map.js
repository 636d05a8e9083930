// A FITS image on the sky: colour map, stretch, cuts, read-out under the pointer and statistics of a circle.
import { aladin, frame, options } from "./sky.js";

const box = document.querySelector("[data-map]");
const tools = document.querySelector("[data-map-tools]");

async function show() {
  const A = await aladin();
  const holder = frame(box);
  const view = A.aladin(holder, options({ fov: 10 }));
  const image = A.image(new URL(box.dataset.map, location.href).href, {
    name: "map", colormap: "inferno", stretch: "sqrt",
    successCallback: (ra, dec, fov) => { view.gotoRaDec(ra, dec); view.setFoV(fov * 1.15); },
  });
  view.setOverlayImageLayer(image, "map");
  box.querySelector("[data-map-fallback]")?.remove();
  tools.hidden = false;
  const apply = () => {
    image.setColormap(tools.querySelector("[name=colormap]").value, { stretch: tools.querySelector("[name=stretch]").value, reversed: tools.querySelector("[name=reversed]").checked });
  };
  tools.addEventListener("change", apply);
  const readout = document.querySelector("[data-map-readout]");
  holder.addEventListener("pointermove", (event) => {
    const frame = holder.getBoundingClientRect();
    const place = view.pix2world(event.clientX - frame.left, event.clientY - frame.top);
    if (!place) return;
    const [ra, dec] = place;
    readout.textContent = `${ra.toFixed(4)}°, ${dec < 0 ? "−" : "+"}${Math.abs(dec).toFixed(4)}°`;
  });
}

show().catch(() => { document.querySelector("[data-map-readout]").textContent = box.dataset.failed; });
