// Tells, where a script or a style sheet of the page could not be loaded. Loaded without defer in <head>, before them.
(() => {
  let told = false;
  const tell = () => {
    const note = document.querySelector("[data-trouble]").content.cloneNode(true);
    note.querySelector("[data-trouble-text]").textContent = document.querySelector("[data-trouble]").dataset.part;
    note.querySelector("button").addEventListener("click", () => location.reload());
    document.querySelector("main").prepend(note);
  };
  addEventListener("error", (event) => {
    if (told || !(event.target instanceof HTMLScriptElement || event.target instanceof HTMLLinkElement)) return;
    told = true;
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", tell); else tell();
  }, true);
})();
