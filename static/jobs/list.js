// The job list refreshes its rows while one of them is on its way, unless somebody is choosing.
const rows = document.querySelector("#job-rows");

function busy() {
  return rows.querySelector('[data-phase="QUEUED"], [data-phase="EXECUTING"]') !== null;
}

async function refresh() {
  if (!document.hidden && busy() && !rows.querySelector(".d-tick:checked") && !rows.contains(document.activeElement)) {
    const response = await fetch(rows.dataset.refresh, { headers: { "HX-Request": "true" } });
    if (response.ok) rows.innerHTML = await response.text();
  }
  setTimeout(refresh, 2000);
}

rows.addEventListener("change", (event) => {
  if (!event.target.matches("[data-choose-all]")) return;
  for (const box of rows.querySelectorAll(".d-tick")) box.checked = event.target.checked;
});

setTimeout(refresh, 2000);
