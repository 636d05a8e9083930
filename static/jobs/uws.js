/**
 * A client for any UWS 1.1 service (IVOA REC 2016-10-24), without dependencies.
 *
 *   import { UwsService, FINISHED } from "./uws.js";
 *   const service = new UwsService("https://example.org/uws/sleep", { headers: { Authorization: "Bearer …" } });
 *   const job = await service.create({ seconds: 5 }, { run: true });
 *   for await (const state of job.phases()) console.log(state.phase);
 *   console.log((await job.read()).results);
 *
 * `options.headers` go with every request; `options.csrf` with those that change something. Pages of another origin
 * import it where the gateway lists them (DISTILLER_EMBED_ORIGINS); every call is described in docs/jobs.md.
 */
const UWS = "http://www.ivoa.net/xml/UWS/v1.0";
const XLINK = "http://www.w3.org/1999/xlink";
export const FINISHED = new Set(["COMPLETED", "ERROR", "ABORTED", "ARCHIVED"]);
export const WAITABLE = new Set(["PENDING", "QUEUED", "EXECUTING"]);

export class UwsError extends Error {
  constructor(status, text) { super(text || `HTTP ${status}`); this.status = status; }
}

async function ask(url, options, init = {}) {
  const headers = { Accept: "application/xml", ...options.headers, ...init.headers };
  if (init.method && init.method !== "GET" && options.csrf) headers["X-CSRFToken"] = options.csrf;
  const response = await fetch(url, { ...init, headers });
  if (!response.ok) throw new UwsError(response.status, (await response.text()).trim());
  return response;
}

function form(values) {
  const body = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    for (const item of Array.isArray(value) ? value : [value]) body.append(name, item);
  }
  return body;
}

const text = (parent, name) => parent.getElementsByTagNameNS(UWS, name)[0]?.textContent || null;

/** A job document as a plain object. */
export function parseJob(xml) {
  const root = new DOMParser().parseFromString(xml, "application/xml").documentElement;
  if (root.localName !== "job") throw new Error("not a UWS job document");
  const all = (name) => [...root.getElementsByTagNameNS(UWS, name)];
  return {
    id: text(root, "jobId"), runId: text(root, "runId"), owner: text(root, "ownerId"), phase: text(root, "phase"),
    created: text(root, "creationTime"), started: text(root, "startTime"), ended: text(root, "endTime"),
    duration: Number(text(root, "executionDuration")), destruction: text(root, "destruction"),
    error: text(root, "message"),
    parameters: all("parameter").map((p) => ({ id: p.id || p.getAttribute("id"), value: p.textContent, byReference: p.getAttribute("byReference") === "true" })),
    results: all("result").map((r) => ({ id: r.getAttribute("id"), href: r.getAttributeNS(XLINK, "href"), type: r.getAttribute("mime-type"), size: Number(r.getAttribute("size")) || null })),
  };
}

export class UwsJob {
  constructor(url, options = {}) { this.url = url.replace(/\/$/, ""); this.options = options; }

  /** The job; with `wait` (s) the service answers when the phase is no longer `phase`, or when the time is up. */
  async read({ wait = null, phase = null, signal = undefined } = {}) {
    const query = wait === null ? "" : `?${form({ WAIT: wait, ...(phase ? { PHASE: phase } : {}) })}`;
    return parseJob(await (await ask(this.url + query, this.options, { signal })).text());
  }

  /** The job at each change of its phase, until it has ended. */
  async *phases({ wait = 30, signal = undefined } = {}) {
    let state = await this.read({ signal });
    yield state;
    while (!FINISHED.has(state.phase)) {
      const before = state.phase;
      const asked = Date.now();
      state = await this.read(WAITABLE.has(before) ? { wait, phase: before, signal } : { signal });
      if (state.phase !== before) yield state;
      // A service that does not block must not be asked without end.
      else if (Date.now() - asked < 1000) await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }

  post(child, values) { return ask(`${this.url}${child}`, this.options, { method: "POST", body: form(values) }); }
  run() { return this.post("/phase", { PHASE: "RUN" }); }
  abort() { return this.post("/phase", { PHASE: "ABORT" }); }
  setParameters(values) { return this.post("/parameters", values); }
  setDestruction(time) { return this.post("/destruction", { DESTRUCTION: time }); }
  setDuration(seconds) { return this.post("/executionduration", { EXECUTIONDURATION: seconds }); }
  remove() { return this.post("", { ACTION: "DELETE" }); }
}

export class UwsService {
  constructor(url, options = {}) { this.url = url.replace(/\/$/, ""); this.options = options; }

  async create(values, { run = false, runId = null } = {}) {
    const fields = { ...values, ...(runId ? { RUNID: runId } : {}), ...(run ? { PHASE: "RUN" } : {}) };
    const response = await ask(this.url, this.options, { method: "POST", body: form(fields) });
    return new UwsJob(response.url, this.options);
  }

  /** References to jobs, newest first; `filters`: PHASE (one or more), AFTER, LAST. */
  async list(filters = {}) {
    const query = form(filters).toString();
    const xml = await (await ask(query ? `${this.url}?${query}` : this.url, this.options)).text();
    const root = new DOMParser().parseFromString(xml, "application/xml").documentElement;
    return [...root.getElementsByTagNameNS(UWS, "jobref")].map((ref) => ({
      id: ref.getAttribute("id"), href: ref.getAttributeNS(XLINK, "href"), phase: text(ref, "phase"),
      runId: text(ref, "runId"), owner: text(ref, "ownerId"), created: text(ref, "creationTime"),
    }));
  }
}
