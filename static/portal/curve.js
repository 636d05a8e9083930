// Points with errors and limits: the figure stands in the page as JSON; colours follow the theme.
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** The colour as the band of an error has it. */
const fade = (hex) => (/^#[0-9a-f]{6}$/i.test(hex) ? `rgba(${[1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))},0.18)` : hex);

function draw(box) {
  const figure = JSON.parse(document.getElementById(box.dataset.curve).textContent);
  const render = () => {
    const axis = { gridcolor: colour("--d-border"), linecolor: colour("--d-control"), zeroline: false, automargin: true };
    const { xaxis, yaxis, yaxis2, ...rest } = figure.layout;
    const series = ["--d-primary", "--d-series-2", "--d-series-3", "--d-series-4", "--d-series-5"].map(colour);
    // Points and limits of one spectrum have one colour.
    const paint = ({ series: own, band, model, ...trace }) => {
      if (own !== undefined) return { ...trace, marker: { ...trace.marker, color: series[own] } };
      if (band) return { ...trace, fillcolor: fade(series[0]) };
      if (model) return { ...trace, line: { ...trace.line, color: series[0], width: 1.6 } };
      // Points over a model are drawn in the colour of text.
      return figure.data.some((one) => one.model) && trace.mode === "markers" ? { ...trace, marker: { ...trace.marker, color: colour("--d-text") } } : trace;
    };
    const data = figure.data.map(paint);
    window.Plotly.react(box, data, {
      ...rest, paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", autosize: true, height: 380,
      font: { family: "IBM Plex Sans Variable, sans-serif", size: 12, color: colour("--d-text") },
      colorway: series,
      legend: { orientation: "h", y: 1.02, yanchor: "bottom" }, margin: { l: 70, r: 20, t: 30, b: 50 },
      xaxis: { ...axis, ...xaxis }, yaxis: { ...axis, ...yaxis },
      ...(yaxis2 ? { yaxis2: { ...axis, ...yaxis2, showgrid: false } } : {}),
    }, { responsive: true, displaylogo: false });
  };
  render();
  document.addEventListener("distiller:theme", render);
}

/** The plot, or the word that there is none: the table below holds the same. */
function attempt(box) {
  try {
    draw(box);
  } catch {
    const words = document.createElement("p");
    words.className = "d-error p-3 mb-0";
    words.setAttribute("role", "alert");
    words.textContent = box.dataset.failed;
    box.replaceChildren(words);
    box.style.minHeight = "0";
    box.parentElement.querySelector("details").open = true;
  }
}

for (const box of document.querySelectorAll("[data-curve]")) {
  if (window.Plotly || document.readyState === "complete") attempt(box); else window.addEventListener("load", () => attempt(box));
}
