// A job's page: follows phase, progress and log while it runs; draws the plot when it has one.
import { reach, relieved, trouble } from "../js/reach.js";
import { UwsJob } from "./uws.js";

const live = document.querySelector("#job-live");
const log = document.querySelector("#job-log");
let lastPiece = Math.max(0, ...[...document.querySelectorAll("#job-log [data-id]")].map((e) => Number(e.dataset.id)));

async function refreshLive() {
  const response = await reach(live.dataset.live, { headers: { "X-Requested-With": "fetch" } });
  live.innerHTML = await response.text();
}

async function refreshLog() {
  if (!log) return;
  const response = await reach(`${live.dataset.log}?after=${lastPiece}`, { headers: { "X-Requested-With": "fetch" } });
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 40;
  for (const piece of (await response.json()).pieces) {
    const span = document.createElement("span");
    span.className = `j-${piece.stream}`;
    span.textContent = piece.text;
    log.append(span);
    lastPiece = piece.id;
  }
  if (atEnd) log.scrollTop = log.scrollHeight;
}

const SELDOM = 5000;
const missed = (error, again) => trouble(live, error, again, { put: "before", byItself: true });

// One long WAIT tells of the end at once; the short rounds show progress in between.
async function watch() {
  try {
    for await (const state of new UwsJob(live.dataset.uws).phases({ wait: 30 })) {
      relieved(live);
      if (state.phase !== live.dataset.phase) { location.reload(); return; }
    }
  } catch (error) {
    // A job that is gone, or is no longer ours to see: the page itself says so.
    if (error.status >= 400 && error.status < 500 && error.status !== 429) { setTimeout(() => location.reload(), SELDOM); return; }
    missed(error, round);
    setTimeout(watch, SELDOM);
  }
}

let next;
async function round() {
  clearTimeout(next);
  let pause = document.hidden ? SELDOM : 1000;
  try {
    if (["QUEUED", "EXECUTING"].includes(live.dataset.phase)) {
      await refreshLive();
      if (live.dataset.phase === "EXECUTING") await refreshLog();
      relieved(live);
    }
  } catch (error) {
    missed(error, round);
    pause = SELDOM;
  }
  next = setTimeout(round, pause);
}

function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

const DRAWN = new Set(["scatter", "bar", "pie"]);

function showPicture(box) {
  if (!box.dataset.picture) return;
  const image = document.createElement("img");
  image.className = "j-preview";
  image.src = box.dataset.picture;
  image.alt = box.dataset.title;
  box.replaceWith(image);
}

async function draw(box) {
  let figure;
  try {
    figure = await (await reach(box.dataset.plot)).json();
  } catch (error) { trouble(box, error, () => draw(box), { put: "before" }); return; }
  // The plot library of these pages draws curves and bars; an image is shown as the picture that the run made.
  if (!window.Plotly || !figure.data.every((trace) => DRAWN.has(trace.type ?? "scatter"))) { showPicture(box); return; }
  const render = () => {
    const axis = { gridcolor: colour("--d-border"), linecolor: colour("--d-control"), zerolinecolor: colour("--d-border"), automargin: true };
    const layout = { ...figure.layout, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true,
      font: { family: "IBM Plex Sans Variable, sans-serif", size: 12, color: colour("--d-text") },
      colorway: ["--d-primary", "--d-series-2", "--d-series-3", "--d-series-4", "--d-series-5"].map(colour),
      margin: { l: 70, r: 20, t: 40, b: 55, ...figure.layout?.margin } };
    for (const name of Object.keys(layout)) if (/^[xy]axis\d*$/.test(name)) layout[name] = { ...axis, ...layout[name] };
    layout.xaxis = { ...axis, ...layout.xaxis }; layout.yaxis = { ...axis, ...layout.yaxis };
    window.Plotly.react(box, figure.data, layout, { responsive: true, displaylogo: false });
  };
  render();
  new MutationObserver(render).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
}

if (live.dataset.finished !== "true") {
  watch();
  next = setTimeout(round, 700);
}
for (const box of document.querySelectorAll("[data-plot]")) {
  if (window.Plotly || document.readyState === "complete") draw(box); else window.addEventListener("load", () => draw(box));
}
