// What a visitor searched for stays in this browser alone: noted by the results, listed under "My searches".
const STORE = "past";
const KEPT = 50;
const load = () => {
  try {
    const kept = JSON.parse(localStorage.getItem(STORE) || "[]");
    return Array.isArray(kept) ? kept.filter((one) => typeof one?.address === "string" && typeof one.words === "string") : [];
  } catch { return []; }
};
const save = (kept) => { try { localStorage.setItem(STORE, JSON.stringify(kept.slice(0, KEPT))); } catch { /* private window, or full */ } };

const note = document.querySelector("[data-past]");
if (note) {
  const address = new URLSearchParams(location.search);
  address.delete("page");
  const one = { address: String(address), words: note.dataset.past, byHand: "byHand" in note.dataset, asked: new Date().toISOString() };
  save([one, ...load().filter((other) => other.words !== one.words || other.byHand !== one.byHand)]);
}

const place = document.querySelector("[data-past-list]");
function list() {
  const kept = load();
  place.hidden = kept.length === 0;
  document.querySelector("[data-past-none]").hidden = kept.length > 0;
  document.querySelector("[data-past-forget]").hidden = kept.length === 0;
  const pattern = document.querySelector("[data-past-row]");
  place.querySelector("tbody").replaceChildren(...kept.map((one) => {
    const row = pattern.content.cloneNode(true);
    const asked = new Date(one.asked);
    row.querySelector("td").textContent = Number.isNaN(asked.getTime()) ? "" : asked.toISOString().slice(0, 16).replace("T", " ");
    const link = row.querySelector("a");
    link.href = `/search/results/?${one.address}`;
    link.textContent = one.words;
    row.querySelector("[data-by-hand]").hidden = !one.byHand;
    row.querySelector("[name=address]").value = one.address;
    row.querySelector("[name=name]").value = one.words.slice(0, 80);
    return row;
  }));
}
if (place) {
  document.querySelector("[data-past-forget]").addEventListener("click", () => { save([]); list(); });
  list();
}
