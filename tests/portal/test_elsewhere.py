"""Other archives asked beside the own one: good, dead and hostile services, each on its own."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from jobs.models import Job

HEAD = '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
STREAM = '<BINARY><STREAM href="file:///etc/passwd"/></BINARY>'
FILES = [
    ["obs_id", "access_url", "access_format", "access_estsize"],
    ["a", "HERE/good/run-a.fits", "application/fits", "2000"],
    ["b", "https://files.example/run-b.fits", "application/fits", ""],
    ["c", "HERE/good/links?ID=c", "application/x-votable+xml;content=datalink", "1"],
    ["d", "javascript:alert(1)", "text/html", "-5"],
    ["e", "", "", ""],
]
LINKED = {"c": "HERE/good/run-c.fits", "outside": "https://files.example/run-c.fits", "none": ""}
PLACES = [
    ["obs_id", "s_ra", "s_dec", "s_fov", "t_min", "t_max"],
    ["a", "83.6", "22.0", "5", "53000.0", "53000.5"], ["b", "84", "21", "-3", "", ""], ["c", "999", "22", "5", "1", "2"],
    ["d", "nan", "inf", "5", "1", "2"], ["e", "", "", "", "", ""], ["f", "here", "there", "x", "y", "z"],
]  # fmt: skip
COLUMNS = [
    "obs_id",
    "obs_publisher_did",
    "dataproduct_type",
    "calib_level",
    "target_name",
    "s_ra",
    "s_dec",
    "s_region",
    "t_min",
    "t_max",
    "em_min",
    "em_max",
]


def document(names, rows, infos=""):
    fields = "".join(f'<FIELD name="{name}" datatype="char" arraysize="*"/>' for name in names)
    body = "".join("<TR>" + "".join(f"<TD>{cell}</TD>" for cell in row) + "</TR>" for row in rows)
    return f"{HEAD}{infos}<TABLE>{fields}<DATA><TABLEDATA>{body}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"


def answer(mode: str, adql: str) -> tuple[int, str, str]:
    xml = "application/x-votable+xml"
    if "TAP_SCHEMA.tables" in adql:
        return 200, xml, document(["table_name", "utype"], [["ivoa.ObsCore", ""]] if mode != "tableless" else [])
    if "TAP_SCHEMA.columns" in adql:
        units = {"em_min": "nm" if mode == "units" else "m", "em_max": "m", "s_ra": "deg", "s_dec": "deg"}
        return 200, xml, document(["table_name", "column_name", "unit"], [["ivoa.ObsCore", n, units.get(n, "")] for n in COLUMNS])  # fmt: skip
    row = ["x"] * len(COLUMNS)
    refusal = f'{HEAD}<INFO name="QUERY_STATUS" value="ERROR">no INTERSECTS here</INFO></RESOURCE></VOTABLE>'
    if mode == "pointings" and "INTERSECTS" in adql:
        return 400, xml, refusal
    outside = document(["a"], []).replace("<TABLEDATA></TABLEDATA>", STREAM)
    return {
        "html": (200, "text/html", "<html>Down for maintenance</html>"),
        "doctype": (200, xml, "<!DOCTYPE x>" + document(COLUMNS, [row])),
        "stream": (200, xml, outside),
        "error": (400, xml, refusal),
        "broken": (500, "text/plain", ""),
        "million": (200, xml, document(["obs_id"], [["x"]] * 20_000)),
        "nulls": (200, xml, document(COLUMNS, [[""] * len(COLUMNS)] * 3)),
        "placed": (200, xml, document(PLACES[0], PLACES[1:])),
        "files": (200, xml, document(FILES[0], FILES[1:])),
        "link": (200, xml, document(["access_url"], [["javascript:alert(1)"], ["https://ok.example/f"]])),
    }.get(mode, (200, xml, document(COLUMNS, [row, row])))


def uws(mode: str) -> str:
    """The job as it stands after RUN."""
    phase = "ERROR" if mode == "asyncerror" else "COMPLETED"
    result = "" if mode == "asyncempty" else f'<uws:result id="result" xlink:href="/{mode}/async/1/results/result"/>'
    error = (
        '<uws:errorSummary type="fatal" hasDetail="false"><uws:message>too many tables</uws:message></uws:errorSummary>'
    )
    return (
        '<uws:job xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1">'
        f"<uws:jobId>1</uws:jobId><uws:phase>{phase}</uws:phase><uws:parameters/><uws:results>{result}</uws:results>"
        f"{error if phase == 'ERROR' else ''}</uws:job>"
    )


@pytest.fixture(autouse=True)
def own_cache(settings) -> None:
    """The run's process inherits the open transaction of a test, on which it must not write; a worker has none."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


class Handler(BaseHTTPRequestHandler):
    """A TAP service whose first part of the path says how it behaves; ``async`` has one job, which ends at once."""

    def do_POST(self) -> None:
        self.server.paths.append(self.path)
        mode = self.path.split("/")[1]
        if "/async" in self.path:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            if mode == "dead":
                self.server.released.wait(30)
                return
            self.send_response(303)
            self.send_header("Location", f"/{mode}/async/1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        adql = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["QUERY"][0]
        if mode == "dead":
            self.server.released.wait(30)
            return
        self.server.queries.append(adql)
        status, kind, body = answer(mode, adql)
        body = body.replace("HERE", f"http://{self.headers['Host']}")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) * (9 if mode == "liar" else 1)))
        self.end_headers()
        self.wfile.write(body.encode())

    def do_GET(self) -> None:
        mode = self.path.split("/")[1]
        if self.path.endswith("/error"):
            status, kind, body = 200, "text/plain", "too many tables"
        elif self.path.endswith("/results/result"):
            status, kind, body = (404, "text/plain", "gone") if mode == "asynclost" else answer("good", "")
        elif "/links" in self.path:
            kind = "application/x-votable+xml;content=datalink"
            place = self.path.rpartition("=")[2]
            rows = [["#preview", "HERE/good/run-c.png"], ["#this", LINKED[place]]] if LINKED[place] else []
            status, body = 200, document(["semantics", "access_url"], rows)
            body = body.replace("HERE", f"http://{self.headers['Host']}")
        else:
            status, kind, body = 200, "text/xml", uws(mode)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    do_DELETE = do_GET

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def tap(settings, tmp_path):
    settings.ALLOW_LOOPBACK = True
    settings.SCRATCH_DIR = tmp_path / "scratch"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.queries, server.paths, server.released = [], [], threading.Event()
    server.url = lambda mode: f"http://127.0.0.1:{server.server_address[1]}/{mode}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()


def ask(client, tap, *modes: str, search: str = "ra=83.6331&dec=22.0145&radius=0.1") -> str:
    from jobs.worker import work_once

    address = search + "".join(f"&service={tap.url(mode)}" for mode in modes)
    assert client.post("/search/archives", {"address": address}).status_code == 302
    while work_once(("io",), lambda: False):
        pass
    return client.get(f"/search/results/?{address}").content.decode()


@pytest.mark.parametrize("name", ["anonymous", "alice"])
def test_another_archive_answers_beside_the_own_one(client_of, archive, tap, name: str) -> None:
    client = client_of(name)
    page = ask(client, tap, "good")
    job = Job.objects.get()
    assert job.phase == "COMPLETED", job.error_message
    assert f'href="/search/archives/{job.pk}/"' in page
    assert "CIRCLE('ICRS', 83.6331, 22.0145, 0.1)" in tap.queries[-1]
    assert client.get(f"/search/archives/{job.pk}/").content.decode().count("data-row=") == 2
    exported = b"".join(client.post(f"/search/archives/{job.pk}/export", {"row": ["1"], "format": "csv"}))
    assert len(exported.splitlines()) == 2
    if name == "alice":
        assert client_of("charlie").get(f"/search/archives/{job.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("html", "web page"), ("doctype", "DOCTYPE"), ("stream", "STREAM"), ("error", "no INTERSECTS here"),
        ("broken", "status 500"), ("liar", "broke off"), ("tableless", "names no ObsCore table"),
    ],
)  # fmt: skip
def test_a_bad_service_is_told_in_words_and_the_own_rows_stay(client_of, archive, tap, mode: str, words: str) -> None:
    page = ask(client_of("anonymous"), tap, mode)
    assert words in Job.objects.get().error_message
    assert page.count('data-key="test.run-') == 3
    assert "Ask it again" in page


def test_a_million_rows_are_cut_and_said_so(client_of, archive, tap) -> None:
    ask(client_of("anonymous"), tap, "million")
    summary = Job.objects.get().summary
    assert summary["rows"] == 1000
    assert summary["overflow"]


def test_what_an_archive_does_not_know_is_left_out_and_named(client_of, archive, tap) -> None:
    client = client_of("anonymous")
    page = ask(client, tap, "units", search="ra=83.6&dec=22&radius=1&cut_set=loose&energy_min=1")
    job = Job.objects.get()
    assert job.summary["left_out"] == ["cut_set"]
    assert job.summary["units"] == ["energy_min"]
    assert "part of the search" in page
    assert "cut set, energy" in client.get(f"/search/archives/{job.pk}/").content.decode()


def test_an_archive_that_cannot_compare_footprints_is_asked_by_pointings(client_of, archive, tap) -> None:
    ask(client_of("anonymous"), tap, "pointings")
    assert Job.objects.get().summary["pointings"]


def test_nulls_and_odd_links_are_shown_as_text(client_of, archive, tap) -> None:
    client = client_of("anonymous")
    ask(client, tap, "nulls", "link")
    for job in Job.objects.all():
        page = client.get(f"/search/archives/{job.pk}/").content.decode()
        assert 'href="javascript:' not in page


@pytest.mark.parametrize("service", ["ftp://x/tap", "nobody", "http://[", "https://x/tap bad;table", "cadc", "x" * 900])
def test_what_cannot_be_asked_says_why(client_of, archive, service: str) -> None:
    page = client_of("anonymous").get("/search/results/", {"cut_set": "loose", "service": service})
    assert page.status_code == 200
    assert "no answer" in page.content.decode()


def test_rows_of_another_archive_go_to_other_programs_by_a_link_that_dies(client_of, archive, tap, monkeypatch) -> None:
    client = client_of("alice")
    ask(client, tap, "good")
    job = Job.objects.get()
    made = client.post(f"/search/archives/{job.pk}/sign").json()
    assert made["rows"] == ["0", "1"]
    path = made["url"].partition("8000")[2]
    answer = client_of("anonymous").get(path)
    assert answer["Content-Type"].startswith("application/x-votable+xml")
    assert b"".join(answer).count(b"<TR>") == 2
    assert client_of("charlie").post(f"/search/archives/{job.pk}/sign").status_code == 404
    assert client.get("/search/archives/signed/forged/results.vot").status_code == 403
    monkeypatch.setattr("search.portal.elsewhere.views.LIFETIME", -1)
    assert client.get(path).status_code == 403


def test_rows_of_another_archive_stand_on_the_sky_and_lead_to_simultaneous_data(client_of, archive, tap) -> None:
    client = client_of("anonymous")
    ask(client, tap, "placed")
    page = client.get(f"/search/archives/{Job.objects.get().pk}/").content.decode()
    assert page.count('<path class="d-shape') == 2, "places out of range or without numbers are left out"
    assert 'href="/search/simultaneous?ra=83.6&amp;dec=22.0&amp;t_min=53000.0&amp;t_max=53000.5"' in page


@pytest.mark.parametrize("maxrec", [10, 9000])
def test_many_rows_are_asked_for_asynchronously(archive, tap, maxrec: int) -> None:
    from search.portal.elsewhere.client import Client

    table = Client(tap.url("good"), 20).ask("SELECT 1 FROM ivoa.obscore", maxrec)
    assert len(table.rows) == 2
    assert ("/good/async" in tap.paths) == (maxrec > 5000)


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("asyncerror", "too many tables"),
        ("asyncempty", "without a result"),
        ("asynclost", "404"),
        ("dead", "time allowed"),
    ],
)
def test_an_asynchronous_query_that_goes_wrong_is_told_in_words(archive, tap, mode: str, words: str) -> None:
    from search.portal.elsewhere.client import Client, Failed

    with pytest.raises(Failed, match=words):
        Client(tap.url(mode), 3).ask("SELECT 1 FROM ivoa.obscore", 9000)


def test_simultaneous_data_are_asked_of_every_archive(client_of, archive) -> None:
    from search.portal.models import Service

    Service.objects.all().update(enabled=False)
    for name in ("one", "two"):
        Service.objects.create(name=name, title=name, url=f"https://{name}.example/tap", enabled=True)
    client = client_of("anonymous")
    did = archive.crab[0].obs_publisher_did
    target = client.get("/search/simultaneous", {"ID": did})["Location"]
    assert "service=one&service=two" in target
    assert "t_min=53001.000000&t_max=53001.020000" in target
    assert "radius=1" in target
    assert client.get(target).content.decode().count('data-key="test.run-') == 1
    assert client.get("/search/simultaneous", {"ID": archive.secret.obs_publisher_did}).status_code == 404
    assert client.get("/search/simultaneous", {"ID": [did, archive.crab[1].obs_publisher_did]}).status_code == 400
    assert client.get("/search/simultaneous", {"ra": "x"}).status_code == 400
