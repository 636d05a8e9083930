// A job's page: follows phase, progress and log while it runs; draws the plot when it has one.
import { UwsJob, FINISHED } from "./uws.js";

const live = document.querySelector("#job-live");
const log = document.querySelector("#job-log");
let lastPiece = Math.max(0, ...[...document.querySelectorAll("#job-log [data-id]")].map((e) => Number(e.dataset.id)));

async function refreshLive() {
  const response = await fetch(live.dataset.live, { headers: { "X-Requested-With": "fetch" } });
  if (!response.ok) return live.dataset.phase;
  live.innerHTML = await response.text();
  return response.headers.get("X-Phase");
}

async function refreshLog() {
  if (!log) return;
  const response = await fetch(`${live.dataset.log}?after=${lastPiece}`, { headers: { "X-Requested-With": "fetch" } });
  if (!response.ok) return;
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

async function follow() {
  // One long WAIT tells of the end at once; the short rounds show progress in between.
  const job = new UwsJob(live.dataset.uws);
  const ended = (async () => {
    try {
      for await (const state of job.phases({ wait: 30 })) {
        if (FINISHED.has(state.phase)) { location.reload(); return; }
        if (state.phase !== live.dataset.phase) { location.reload(); return; }
      }
    } catch { setTimeout(() => location.reload(), 5000); }
  })();
  const round = async () => {
    try {
      if (live.dataset.phase === "EXECUTING") { await refreshLive(); await refreshLog(); }
      else if (live.dataset.phase === "QUEUED") await refreshLive();
    } catch { /* the next round tries again */ }
    setTimeout(round, document.hidden ? 5000 : 1000);
  };
  setTimeout(round, 700);
  await ended;
}

function colour(name) { return getComputedStyle(document.documentElement).getPropertyValue(name).trim(); }

const DRAWN = new Set(["scatter", "bar", "pie"]);

function showPicture(box) {
  const image = document.createElement("img");
  image.className = "j-preview";
  image.src = box.dataset.picture;
  image.alt = box.dataset.title;
  box.replaceWith(image);
}

async function draw(box) {
  const figure = await (await fetch(box.dataset.plot)).json();
  // The plot library of these pages draws curves and bars; an image is shown as the picture that the run made.
  if (!figure.data.every((trace) => DRAWN.has(trace.type ?? "scatter"))) { showPicture(box); return; }
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

if (live.dataset.finished !== "true") follow();
for (const box of document.querySelectorAll("[data-plot]")) {
  if (window.Plotly) draw(box); else window.addEventListener("load", () => draw(box));
}
