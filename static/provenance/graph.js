// Draws the picture that the page carries. The list view says the same in words.
import cytoscape from "../npm/cytoscape/cytoscape.esm.min.mjs";
import dagre from "../npm/cytoscape-dagre/cytoscape-dagre.min.mjs";
import { reach, trouble } from "../js/reach.js";

cytoscape.use(dagre);
const box = document.getElementById("prov-graph");
const data = JSON.parse(document.getElementById("prov-elements").textContent);

/** Agents are drawn beside each thing that names them: one shared node would pull everything together. */
function elements() {
  const agents = new Map(data.nodes.filter((n) => n.kind === "agent" && !n.asked).map((n) => [n.id, n]));
  const out = data.nodes.filter((n) => !agents.has(n.id)).map((n) => ({ data: n }));
  const drawn = new Set();
  data.edges.forEach((edge, number) => {
    let { from, to } = edge;
    for (const [end, other] of [["to", "from"], ["from", "to"]]) {
      if (agents.has(edge[end])) {
        const copy = `${edge[end]}-of-${edge[other]}`;
        if (!drawn.has(copy)) { drawn.add(copy); out.push({ data: { ...agents.get(edge[end]), id: copy } }); }
        if (end === "to") to = copy; else from = copy;
      }
    }
    out.push({ data: { id: `e${number}`, source: from, target: to, role: edge.role, who: to.includes("-of-") ? 1 : 0 } });
  });
  for (const node of data.nodes.filter((n) => n.bundle && !agents.has(n.id))) {
    out.push({ data: { ...node, id: `${node.id}-behind`, label: "", behind: node.id }, selectable: false });
  }
  return out;
}

const READABLE = 0.65; // labels of 8 pixels
const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--d-${name}`).trim();
const wrap = (text) => text.length < 16 ? text : text.replace(/(.{8,16}?)([\s_.-])/g, "$1$2\n");

function style() {
  const fill = (kind, shape) => ({
    "background-color": token(kind), "border-color": token(`${kind}-line`), shape,
  });
  const font = getComputedStyle(document.body).fontFamily;
  return [
    { selector: "node", style: { label: (n) => wrap(n.data("label")), "text-wrap": "wrap", "text-valign": "center", color: token("text"),
      "font-family": font, "font-size": 12, width: 132, height: 44, "border-width": 1.5, "text-max-width": 122 } },
    { selector: "node[kind='entity']", style: fill("entity", "ellipse") },
    { selector: "node[kind='activity']", style: fill("activity", "rectangle") },
    { selector: "node[kind='agent']", style: { ...fill("agent", "polygon"), width: 112, height: 48,
      "shape-polygon-points": "-1 1 -1 -0.35 0 -1 1 -0.35 1 1" } },
    { selector: "node[?opaque]", style: { ...fill("opaque", "ellipse"), "border-style": "dashed", color: token("muted") } },
    { selector: "node[?asked]", style: { "border-width": 3, "font-weight": 600 } },
    { selector: "node[behind]", style: { "z-index": 0, events: "no" } },
    { selector: "node:selected", style: { "outline-width": 2, "outline-color": token("primary"), "outline-offset": 3 } },
    { selector: "edge", style: { width: 1.2, "line-color": token("control"), "target-arrow-color": token("control"),
      "target-arrow-shape": "triangle", "arrow-scale": 0.9, "curve-style": "bezier" } },
    { selector: "edge[who = 1]", style: { "line-style": "dashed", "line-color": token("agent-line"), "target-arrow-color": token("agent-line") } },
  ];
}

async function choose(node) {
  const ref = node.data("ref");
  if (node.data("bundle") && node.data("id").startsWith("bundle-")) {
    const address = new URL(location.href);
    address.searchParams.append("open", node.data("id"));
    location.assign(address);
    return;
  }
  if (!ref) return;
  const card = document.getElementById("card");
  try {
    card.innerHTML = await (await reach(`/provenance/${ref.split("/").map(encodeURIComponent).join("/")}/card`)).text();
  } catch (error) { trouble(card, error, () => choose(node)); }
}

function expand(node) {
  const ref = node.data("ref");
  if (!ref) return;
  const address = new URL(location.href);
  address.searchParams.append("expand", ref.replace("/", ":"));
  location.assign(address);
}

/** All of it where its labels can then be read, else the node that was asked for and what lies about it. */
function look(cy) {
  cy.fit(undefined, 24);
  if (cy.zoom() > 1.1) { cy.zoom(1.1); cy.center(); }
  const asked = cy.nodes("[?asked]");
  if (cy.zoom() >= READABLE || asked.empty()) return;
  cy.zoom(READABLE);
  cy.center(asked);
  const around = asked.closedNeighborhood().renderedBoundingBox();
  cy.panBy({ x: Math.max(24 - around.x1, 0) || Math.min(box.clientWidth - 24 - around.x2, 0), y: 0 });
}

async function draw() {
  await document.fonts.ready;
  const cy = cytoscape({
    container: box, elements: elements(), style: style(), pixelRatio: 2, minZoom: 0.1, maxZoom: 2.5,
    userZoomingEnabled: false,
  });
  const flow = cy.elements().not("[behind]");
  flow.layout({ name: "dagre", rankDir: "RL", nodeSep: 14, rankSep: 46, fit: false, animate: false }).run();
  cy.nodes("[behind]").forEach((twin) => {
    const front = cy.getElementById(twin.data("behind"));
    twin.position({ x: front.position("x") + 6, y: front.position("y") + 6 });
    front.style("z-index", 10);
  });
  look(cy);
  cy.on("tap", "node", (event) => choose(event.target));
  cy.on("dbltap", "node", (event) => expand(event.target));
  const zoom = (factor) => cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: box.clientWidth / 2, y: box.clientHeight / 2 } });
  const tools = { in: () => zoom(1.25), out: () => zoom(0.8), fit: () => cy.fit(undefined, 24) };
  for (const [name, act] of Object.entries(tools)) {
    document.querySelector(`[data-prov="${name}"]`).addEventListener("click", act);
  }
  document.addEventListener("distiller:theme", () => cy.style(style()));
  const asked = cy.nodes("[?asked]");
  // Where it lies in the canvas, for programs that steer a browser.
  if (asked.nonempty()) box.dataset.asked = Object.values(asked.renderedPosition()).map(Math.round).join(" ");
  box.dataset.drawn = String(cy.nodes().length);
}

draw();
