"""A client that knows UWS 1.1 and nothing of this gateway: documents, redirects and a token, against real processes.

It reads only what the standard promises, so what it can do any UWS client can.
"""

import os
import re
import subprocess
import sys
import threading
import time
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from tests.support.jobs import ROOT, JobGateway
from tests.vo.schemas import check

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("uws-client")]

UWS = "{http://www.ivoa.net/xml/UWS/v1.0}"
HREF = "{http://www.w3.org/1999/xlink}href"
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
FORM = "application/x-www-form-urlencoded"


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


@dataclass
class Answer:
    status: int
    headers: Any
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def xml(self) -> etree._Element:
        assert self.status == 200, self.text
        assert self.headers["Content-Type"].split(";")[0] in ("application/xml", "text/xml")
        return check(self.body)


@dataclass
class AnyUws:
    """One job list of any service."""

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, url: str, body: bytes | None = None, kind: str = FORM) -> Answer:
        headers = {**self.headers, **({"Content-Type": kind} if body is not None else {})}
        request = urllib.request.Request(url, body, headers, method=method)
        try:
            answer = urllib.request.build_opener(_Stay).open(request, timeout=90)
        except urllib.error.HTTPError as refusal:
            answer = refusal
        with answer:
            return Answer(answer.status, answer.headers, answer.read())

    def get(self, url: str, *query: tuple[str, object]) -> Answer:
        return self.ask("GET", f"{url}?{urllib.parse.urlencode(query)}" if query else url)

    def post(self, url: str, *values: tuple[str, object]) -> Answer:
        return self.ask("POST", url, urllib.parse.urlencode(values).encode())

    def create(self, *values: tuple[str, object]) -> str:
        answer = self.post(self.url, *values)
        assert answer.status == 303, answer.text
        return str(answer.headers["Location"])

    def job(self, url: str, *query: tuple[str, object]) -> etree._Element:
        return self.get(url, *query).xml

    def phase(self, url: str) -> str:
        return self.get(f"{url}/phase").text

    def wait(self, url: str, *phases: str) -> etree._Element:
        """The job once it has left each of these phases."""
        job = self.job(url)
        while (phase := job.findtext(f"{UWS}phase")) in phases:
            job = self.job(url, ("WAIT", 20), ("PHASE", phase))
        return job

    def list(self, *query: tuple[str, object]) -> list[dict[str, str]]:
        """What the list says of each job."""
        refs = self.get(self.url, *query).xml.findall(f"{UWS}jobref")
        return [
            {"id": r.get("id"), "href": r.get(HREF), **{c.tag.removeprefix(UWS): c.text or "" for c in r}} for r in refs
        ]


class Elsewhere(BaseHTTPRequestHandler):
    """A page of another site; its scripts are run by the test."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 204)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Elsewhere</title>" if self.path == "/" else b"")

    def log_message(self, *args) -> None:
        return None


@pytest.fixture(scope="module")
def elsewhere():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def service(tmp_path_factory, elsewhere, template):
    gateway = JobGateway(tmp_path_factory.mktemp("client") / "gateway", lease=30, template=template)
    gateway.env["DISTILLER_EMBED_ORIGINS"] = f"https://portal.example.org,{elsewhere}"
    url = gateway.start_web()
    gateway.start_worker(slots=2)
    gateway.start_keeper()
    yield AnyUws(f"{url}/uws/sleep", {"Authorization": f"Bearer {gateway.token}"})
    gateway.end()


def test_a_job_from_its_creation_to_its_end(service):
    """Each answer is the one the standard prints, and every href leads somewhere with the same token."""
    job = service.create(("seconds", 1), ("note", "hello & goodbye"), ("RUNID", "mine"))
    assert job.startswith(f"{service.url}/")
    made = service.job(job)
    assert made.get("version") == "1.1"
    assert made.findtext(f"{UWS}jobId") == job.rsplit("/", 1)[1]
    assert (made.findtext(f"{UWS}phase"), made.findtext(f"{UWS}runId")) == ("PENDING", "mine")
    for name in ("startTime", "endTime"):
        assert made.find(f"{UWS}{name}").get(NIL) == "true"
    run = service.post(f"{job}/phase", ("PHASE", "RUN"))
    assert (run.status, run.headers["Location"]) == (303, job)
    ended = service.wait(job, "QUEUED", "EXECUTING")
    assert ended.findtext(f"{UWS}phase") == service.phase(job) == "COMPLETED"
    times = [ended.findtext(f"{UWS}{name}") for name in ("creationTime", "startTime", "endTime", "destruction")]
    assert times == sorted(times)
    results = {r.get("id"): r for r in service.get(f"{job}/results").xml.findall(f"{UWS}result")}
    assert "hello & goodbye" in service.get(results["result"].get(HREF)).text
    for name, result in results.items():
        fetched = service.get(result.get(HREF))
        assert fetched.status == 200, name
        assert fetched.headers["Content-Type"].split(";")[0] == result.get("mime-type"), name
        if result.get("size"):
            assert len(fetched.body) == int(result.get("size")), name


def test_seen_in_every_way_of_the_list(service):
    jobs = [service.create(("seconds", 0), ("RUNID", f"list-{n}")) for n in range(3)]
    service.post(f"{jobs[1]}/phase", ("PHASE", "ABORT"))
    listed = service.list()
    assert [ref["href"] for ref in listed[:3]] == jobs[::-1]
    assert [ref["runId"] for ref in listed[:3]] == ["list-2", "list-1", "list-0"]
    assert all(service.phase(ref["href"]) == ref["phase"] for ref in listed)
    first = service.job(jobs[0]).findtext(f"{UWS}creationTime")
    after = [ref["href"] for ref in service.list(("AFTER", first))]
    assert after == jobs[:0:-1]
    assert [ref["href"] for ref in service.list(("PHASE", "PENDING"), ("LAST", 1))] == [jobs[2]]
    both = service.list(("PHASE", "PENDING"), ("PHASE", "ABORTED"), ("AFTER", first), ("LAST", 2))
    assert [ref["href"] for ref in both] == jobs[:0:-1]
    assert service.list(("PHASE", "SUSPENDED")) == []


@pytest.mark.parametrize(
    "query",
    [("PHASE", "DONE"), ("LAST", "0"), ("LAST", "-3"), ("LAST", "few"), ("LAST", "9" * 5000),
     ("AFTER", "soon"), ("AFTER", "2026-01-01T00:00:00+01:00"), ("AFTER", "9" * 5000)],
    ids=["phase", "last-0", "last-negative", "last-text", "last-long", "after-text", "after-offset", "after-long"],
)  # fmt: skip
def test_a_filter_that_makes_no_sense_is_refused(service, query):
    # The web server itself refuses an address of 5,000 letters.
    assert service.get(service.url, query).status in (400, 414)


@pytest.mark.parametrize("number", ["9" * 400, "9" * 4299, "9" * 5000, "-" + "9" * 5000, "1" * 19, "٣", "1_0", "0x10"],
                         ids=["400", "4299", "5000", "minus-5000", "19", "arabic", "underscore", "hex"])  # fmt: skip
def test_numbers_that_no_machine_holds_are_refused_in_words(service, number):
    job = service.create(("seconds", 0))
    for answer in (
        service.post(f"{job}/executionduration", ("EXECUTIONDURATION", number)),
        service.post(job, ("EXECUTIONDURATION", number)),
        service.post(service.url, ("EXECUTIONDURATION", number)),
        service.post(service.url, ("seconds", number)),
        service.get(job, ("WAIT", number)),
    ):
        assert answer.status in (400, 414), answer.status
        assert len(answer.text) < 500
    assert service.phase(job) == "PENDING"


def test_limits_are_changed_by_post_and_read_back(service):
    job = service.create(("seconds", 0), ("DESTRUCTION", "2026-12-24"), ("executionduration", 11))
    assert service.get(f"{job}/executionduration").text == "11"
    for spelling in ("EXECUTIONDURATION", "executionduration", "ExecutionDuration"):
        answer = service.post(f"{job}/executionduration", (spelling, 7))
        assert (answer.status, answer.headers["Location"]) == (303, job)
    assert service.get(f"{job}/executionduration").text == service.job(job).findtext(f"{UWS}executionDuration") == "7"
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86400))
    answer = service.post(f"{job}/destruction", ("DESTRUCTION", soon))
    assert (answer.status, answer.headers["Location"]) == (303, job)
    assert service.get(f"{job}/destruction").text.startswith(soon[:-1])
    assert service.job(job).findtext(f"{UWS}destruction").startswith(soon[:-1])
    assert service.post(job, ("DESTRUCTION", soon), ("EXECUTIONDURATION", 9)).status == 303
    for child in ("executionduration", "destruction", "phase", "quote", "owner"):
        assert service.get(f"{job}/{child}").headers["Content-Type"].startswith("text/plain")
    assert service.get(f"{job}/owner").text == service.job(job).findtext(f"{UWS}ownerId") == "alice"


def test_values_are_set_in_every_way_while_pending_and_then_no_more(service):
    job = service.create(("seconds", 3))
    ways = (
        lambda value: service.post(job, ("seconds", value)),
        lambda value: service.post(f"{job}/parameters", ("SECONDS", value)),
        lambda value: service.post(f"{job}/parameters/seconds", ("seconds", value)),
        lambda value: service.post(f"{job}/parameters/seconds", ("VALUE", value)),
        lambda value: service.ask("PUT", f"{job}/parameters/seconds", value.encode(), "text/plain"),
        lambda value: service.ask("PUT", f"{job}/parameters/seconds", f"seconds={value}".encode()),
    )
    for number, way in enumerate(ways):
        answer = way(f"{number}.5")
        assert (answer.status, answer.headers["Location"]) == (303, job), number
        assert service.get(f"{job}/parameters/seconds").text == f"{number}.5"
        listed = service.get(f"{job}/parameters").xml.find(f"{UWS}parameter[@id='seconds']")
        assert listed.text == f"{number}.5"
    service.post(f"{job}/phase", ("PHASE", "ABORT"))
    assert {way("9").status for way in ways} == {403}
    assert service.get(f"{job}/parameters/seconds").text == "5.5"


def test_a_run_is_aborted_and_nothing_goes_on(service):
    job = service.create(("seconds", 40), ("PHASE", "RUN"))
    running = service.wait(job, "QUEUED")
    assert running.findtext(f"{UWS}phase") == "EXECUTING"
    answer = service.post(f"{job}/phase", ("PHASE", "ABORT"))
    assert (answer.status, answer.headers["Location"]) == (303, job)
    ended = service.job(job)
    assert ended.findtext(f"{UWS}phase") == "ABORTED"
    assert ended.findtext(f"{UWS}endTime")
    for word in ("RUN", "ABORT"):
        assert service.post(f"{job}/phase", ("PHASE", word)).status == 403
    assert service.phase(job) == "ABORTED"


def test_over_its_time_it_is_aborted(service):
    job = service.create(("seconds", 40), ("EXECUTIONDURATION", 1), ("PHASE", "RUN"))
    assert service.wait(job, "QUEUED", "EXECUTING").findtext(f"{UWS}phase") == "ABORTED"


def test_a_failure_is_the_jobs_and_not_the_services(service):
    job = service.create(("seconds", 0), ("fail", "true"), ("PHASE", "RUN"))
    ended = service.wait(job, "QUEUED", "EXECUTING")
    assert ended.findtext(f"{UWS}phase") == "ERROR"
    summary = ended.find(f"{UWS}errorSummary")
    assert (summary.get("type"), summary.get("hasDetail")) == ("fatal", "true")
    assert summary.findtext(f"{UWS}message") in service.get(f"{job}/error").text


@pytest.mark.parametrize("how", ["DELETE", "ACTION", "action", "query"])
def test_deleted_in_every_way(service, how):
    job = service.create(("seconds", 30), ("PHASE", "RUN"))
    answer = {
        "DELETE": lambda: service.ask("DELETE", job),
        "ACTION": lambda: service.post(job, ("ACTION", "DELETE")),
        "action": lambda: service.post(job, ("action", "delete")),
        "query": lambda: service.ask("POST", f"{job}?ACTION=DELETE", b""),
    }[how]()
    assert (answer.status, answer.headers["Location"]) == (303, service.url)
    for child in ("", "/phase", "/results", "/parameters", "/error"):
        assert service.get(f"{job}{child}").status == 404
    assert job not in [ref["href"] for ref in service.list()]
    assert service.ask("DELETE", job).status == 404


def test_waiting_ends_with_the_phase_and_not_before(service):
    job = service.create(("seconds", 1))
    start = time.monotonic()
    assert service.job(job, ("WAIT", 2)).findtext(f"{UWS}phase") == "PENDING"
    assert time.monotonic() - start >= 2
    for query in ((("WAIT", 60), ("PHASE", "EXECUTING")), (("WAIT", 0),), (("wait", 0), ("phase", "PENDING"))):
        assert service.job(job, *query).findtext(f"{UWS}phase") == "PENDING"
    service.post(job, ("PHASE", "RUN"))
    assert service.job(job, ("WAIT", "-1"), ("PHASE", "QUEUED")).findtext(f"{UWS}phase") in ("EXECUTING", "COMPLETED")
    assert service.wait(job, "QUEUED", "EXECUTING").findtext(f"{UWS}phase") == "COMPLETED"
    assert service.job(job, ("WAIT", 60)).findtext(f"{UWS}phase") == "COMPLETED"


def test_a_queued_job_says_when_it_may_be_done_once_there_are_past_runs(service):
    done = service.create(("seconds", 0), ("PHASE", "RUN"))
    service.wait(done, "QUEUED", "EXECUTING")
    job = service.create(("seconds", 0), ("PHASE", "RUN"))
    shown = service.get(f"{job}/quote").text
    quote = service.job(job).find(f"{UWS}quote")
    assert (quote.text or "") == shown
    assert shown == "" or shown > service.job(job).findtext(f"{UWS}creationTime")


def test_strangers_of_the_protocol_are_told_so(service):
    """Missing things are 404, a wrong method is 405, no credentials are 401."""
    job = service.create(("seconds", 0))
    nobody = AnyUws(service.url)
    for child in ("", "/phase", "/parameters", "/results", "/destruction", "/owner"):
        assert nobody.get(job + child).status == 401
    assert nobody.post(service.url, ("seconds", 0)).status == 401
    assert nobody.list() == []
    for path in ("/nothing", "/00000000-0000-0000-0000-000000000000", "/%00", "/..%2f..", "/" + "a" * 3000):
        assert service.get(service.url + path).status == 404, path
    assert service.get(f"{job}/parameters/nothing").status == 404
    assert service.get(f"{job}/results/nothing").status == 404
    assert service.get(f"{job}/error").status == 404
    for child in ("/phase", "/owner", "/quote", "/results", "/parameters", "/destruction", "/executionduration"):
        assert service.ask("DELETE", job + child).status == 405
    assert service.ask("PUT", job, b"x", "text/plain").status == 405
    assert service.phase(job) == "PENDING"


PRINTED = re.findall(r"^```(sh|python)\n(.*?)^```", (ROOT / "docs" / "jobs.md").read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("number", range(len(PRINTED)))
def test_the_commands_of_the_documentation_work_as_they_are_printed(service, tmp_path, number):
    """curl, and pyvo as a client that was not written for this gateway."""
    language, text = PRINTED[number]
    text = text.replace("http://127.0.0.1:8000", service.url.removesuffix("/uws/sleep"))
    token = service.headers["Authorization"].removeprefix("Bearer ")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    command = [sys.executable, "-c", text] if language == "python" else ["bash", "-eo", "pipefail", "-c", text]
    env = {**os.environ, "TOKEN": token, "PATH": path}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "COMPLETED" in done.stdout
    assert "ERROR" not in done.stdout


def test_every_way_of_the_documentation_is_tried():
    assert [language for language, _text in PRINTED] == ["sh", "sh", "python"]


RUN_ALL = """async ([module, url, token]) => {
  const { UwsService, UwsJob, UwsError } = await import(module);
  const service = new UwsService(url, { headers: { Authorization: `Bearer ${token}` } });
  const job = await service.create({ seconds: 30, note: ["from elsewhere"] }, { runId: "elsewhere" });
  await job.setParameters({ seconds: 1 });
  await job.setDuration(50);
  await job.setDestruction("2026-12-24");
  const seen = [(await job.read()).phase];
  await job.run();
  for await (const state of job.phases({ wait: 10 })) if (state.phase !== seen.at(-1)) seen.push(state.phase);
  const state = await new UwsJob(job.url, service.options).read();
  const text = await (await fetch(state.results.find((r) => r.id === "result").href, { headers: service.options.headers })).text();
  const listed = (await service.list({ PHASE: ["COMPLETED", "ERROR"], LAST: 1 })).map((r) => [r.href === job.url, r.runId]);
  let refused = null;
  try { await service.create({ seconds: "x" }); } catch (error) { refused = [error instanceof UwsError, error.status, error.message]; }
  const stopped = await service.create({ seconds: 40 }, { run: true });
  await stopped.abort();
  const aborted = (await stopped.read()).phase;
  await stopped.remove();
  let gone = 0;
  try { await stopped.read(); } catch (error) { gone = error.status; }
  return { seen, state, text, listed, refused, aborted, gone };
}"""


@pytest.mark.browser
def test_a_page_of_a_listed_origin_runs_jobs_with_the_documented_module(service, elsewhere, chromium):
    site = service.url.removesuffix("/uws/sleep")
    token = service.headers["Authorization"].removeprefix("Bearer ")
    page = chromium.new_page()
    page.goto(elsewhere)
    done = page.evaluate(RUN_ALL, [f"{site}/static/jobs/uws.js", service.url, token])
    assert (done["seen"][0], done["seen"][-1]) == ("PENDING", "COMPLETED")
    state = done["state"]
    assert (state["runId"], state["duration"], state["destruction"][:10]) == ("elsewhere", 50, "2026-12-24")
    assert {"id": "seconds", "value": "1", "byReference": False} in state["parameters"]
    assert "from elsewhere" in done["text"]
    assert done["listed"] == [[True, "elsewhere"]]
    assert done["refused"] == [True, 400, "seconds=x: must be a finite number"]
    assert (done["aborted"], done["gone"]) == ("ABORTED", 404)
    page.close()


@pytest.mark.browser
def test_pages_of_other_origins_are_not_let_in(service, elsewhere, chromium):
    token = service.headers["Authorization"].removeprefix("Bearer ")
    page = chromium.new_page()
    page.goto(elsewhere.replace("127.0.0.1", "localhost"))
    asked = (
        "([url, token]) => fetch(url, {headers: {Authorization: `Bearer ${token}`}}).then(r => r.status, e => e.name)"
    )
    assert page.evaluate(asked, [service.url, token]) == "TypeError"
    page.goto(elsewhere)
    assert page.evaluate(asked, [service.url, token]) == 200
    # A refusal can be read too, or the page could not say what is wrong.
    assert page.evaluate(asked, [service.url, "gwp_wrong"]) == 401
    page.close()


def test_answers_name_the_origin_and_never_a_cookie(service, elsewhere):
    def headers(origin: str, method: str = "GET") -> Any:
        other = AnyUws(service.url, {**service.headers, "Origin": origin, "Access-Control-Request-Method": "DELETE"})
        return other.ask(method, service.url)

    answer = headers(elsewhere, "OPTIONS")
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == elsewhere
    assert "DELETE" in answer.headers["Access-Control-Allow-Methods"]
    for origin in ("https://evil.example", "null", f"{elsewhere}.evil.example", "https://PORTAL.example.org"):
        answer = headers(origin)
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, None)
        assert "Origin" in answer.headers["Vary"]
    assert headers(elsewhere).headers["Access-Control-Allow-Credentials"] is None
