// Sets the theme before the first paint. Loaded without defer in <head>.
(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try { return localStorage.getItem("theme") || "system"; } catch { return "system"; }
  };
  const apply = () => {
    const theme = chosen();
    document.documentElement.dataset.theme = theme;
    document.documentElement.dataset.bsTheme = theme === "system" ? (dark.matches ? "dark" : "light") : theme;
    document.dispatchEvent(new CustomEvent("distiller:theme"));
  };
  dark.addEventListener("change", apply);
  window.distillerTheme = (theme) => {
    try { localStorage.setItem("theme", theme); } catch { /* private window: the choice lasts for this page */ }
    apply();
  };
  apply();
})();
