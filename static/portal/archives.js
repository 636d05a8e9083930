// The tabs of other archives: asked once the page stands, looked at until each has answered or failed.
import { post } from "../js/distiller.js";

const list = document.querySelector("[data-archives]");
const fixed = [...list.children].filter((item) => "own" in item.dataset);
let last = "";

async function look() {
  const response = await fetch(`/search/archives?${list.dataset.archives}`);
  if (!response.ok) return;
  const html = await response.text();
  if (html !== last) {
    last = html;
    const part = document.createElement("template");
    part.innerHTML = html;
    list.replaceChildren(...fixed, part.content);
  }
}

async function round() {
  try { await look(); } catch { /* the next look may succeed */ }
  if (list.querySelector("[data-waiting]")) setTimeout(round, 1000);
}

if (list.querySelector("[data-unasked]")) await post("/search/archives", { address: list.dataset.archives }).catch(() => {});
if (list.querySelector("[data-waiting]")) round();
