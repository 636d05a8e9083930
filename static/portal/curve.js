// Points with errors and limits: the figure stands in the page as JSON; colours follow the theme.
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function draw(box) {
  const figure = JSON.parse(document.getElementById(box.dataset.curve).textContent);
  const render = () => {
    const axis = { gridcolor: colour("--d-border"), linecolor: colour("--d-control"), zeroline: false, automargin: true };
    const { xaxis, yaxis, ...rest } = figure.layout;
    const series = ["--d-primary", "--d-series-2", "--d-series-3", "--d-series-4", "--d-series-5"].map(colour);
    // Points and limits of one spectrum have one colour.
    const data = figure.data.map(({ series: own, ...trace }) => (own === undefined ? trace : { ...trace, marker: { ...trace.marker, color: series[own] } }));
    window.Plotly.react(box, data, {
      ...rest, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true, height: 380,
      font: { family: "IBM Plex Sans Variable, sans-serif", size: 12, color: colour("--d-text") },
      colorway: series,
      legend: { orientation: "h", y: 1.02, yanchor: "bottom" }, margin: { l: 70, r: 20, t: 30, b: 50 },
      xaxis: { ...axis, ...xaxis }, yaxis: { ...axis, ...yaxis },
    }, { responsive: true, displaylogo: false });
  };
  render();
  document.addEventListener("distiller:theme", render);
}

for (const box of document.querySelectorAll("[data-curve]")) {
  if (window.Plotly) draw(box); else window.addEventListener("load", () => draw(box));
}
