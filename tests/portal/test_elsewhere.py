"""Other archives asked beside the own one: good, dead and hostile services, each on its own."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from jobs.models import Job

HEAD = '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
STREAM = '<BINARY><STREAM href="file:///etc/passwd"/></BINARY>'
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
        "link": (200, xml, document(["access_url"], [["javascript:alert(1)"], ["https://ok.example/f"]])),
    }.get(mode, (200, xml, document(COLUMNS, [row, row])))


@pytest.fixture(autouse=True)
def own_cache(settings) -> None:
    """The run's process inherits the open transaction of a test, on which it must not write; a worker has none."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        mode = self.path.split("/")[1]
        adql = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["QUERY"][0]
        if mode == "dead":
            self.server.released.wait(30)
            return
        self.server.queries.append(adql)
        status, kind, body = answer(mode, adql)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) * (9 if mode == "liar" else 1)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def tap(settings, tmp_path):
    settings.ALLOW_LOOPBACK = True
    settings.SCRATCH_DIR = tmp_path / "scratch"
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.queries, server.released = [], threading.Event()
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
