// The job list refreshes its rows while one of them is on its way, unless somebody is choosing.
import { reach, relieved, trouble } from "../js/reach.js";

const [OFTEN, SELDOM] = [2000, 5000];
let next;
const rows = document.querySelector("#job-rows");

function busy() {
  return rows.querySelector('[data-phase="QUEUED"], [data-phase="EXECUTING"]') !== null;
}

async function refresh() {
  clearTimeout(next);
  let pause = OFTEN;
  if (!document.hidden && busy() && !rows.querySelector(".d-tick:checked") && !rows.contains(document.activeElement)) {
    try {
      rows.innerHTML = await (await reach(rows.dataset.refresh, { headers: { "HX-Request": "true" } })).text();
      relieved(rows);
    } catch (error) {
      trouble(rows, error, refresh, { put: "before", byItself: true });
      pause = SELDOM;
    }
  }
  next = setTimeout(refresh, pause);
}

rows.addEventListener("change", (event) => {
  if (!event.target.matches("[data-choose-all]")) return;
  for (const box of rows.querySelectorAll(".d-tick")) box.checked = event.target.checked;
});

next = setTimeout(refresh, OFTEN);
