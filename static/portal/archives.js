// The tabs of other archives: asked once the page stands, looked at until each has answered or failed.
import { csrf } from "../js/distiller.js";
import { reach, relieved, trouble } from "../js/reach.js";

const list = document.querySelector("[data-archives]");
const fixed = [...list.children].filter((item) => "own" in item.dataset);
const [OFTEN, SELDOM] = [1000, 4000];
let shown = []; // the tabs as they came: one that did not change keeps its focus and its open note
let next;

async function look() {
  const part = document.createElement("template");
  part.innerHTML = await (await reach(`/search/archives?${list.dataset.archives}`)).text();
  const old = [...list.children].slice(fixed.length);
  const fresh = [...part.content.children];
  const texts = fresh.map((item) => item.outerHTML);
  fresh.forEach((item, at) => {
    if (!old[at]) list.append(item); else if (texts[at] !== shown[at]) old[at].replaceWith(item);
  });
  for (const item of old.slice(fresh.length)) item.remove();
  shown = texts;
}

async function round() {
  clearTimeout(next);
  let pause = OFTEN;
  try {
    await look();
    relieved(list);
  } catch (error) {
    trouble(list, error, round, { put: "after", byItself: true });
    pause = SELDOM;
  }
  if (list.querySelector("[data-waiting]")) next = setTimeout(round, pause);
}

async function begin() {
  if (list.querySelector("[data-unasked]")) {
    try {
      const body = new URLSearchParams({ address: list.dataset.archives });
      await reach("/search/archives", { method: "POST", body, headers: { "X-CSRFToken": csrf(), "X-Requested-With": "fetch" } });
    } catch (error) {
      trouble(list, error, begin, { put: "after" });
      return;
    }
  }
  if (list.querySelector("[data-waiting]")) round();
}

begin();
