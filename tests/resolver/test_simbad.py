"""What SIMBAD knows of an object, from a local server that speaks its TAP, with its failures."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest
from django.core.cache import cache

from search.resolver import simbad

HEAD = '<VOTABLE version="1.3" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
NUMBERS = {"rvz_redshift", "plx_value", "plx_err", "dist"}
BASIC = {
    "main_id": "BL Lac <script>", "otype_txt": "BLL", "sp_type": "", "rvz_redshift": "0.116", "rvz_bibcode": "1993A&amp;AS...98..393S",
    "plx_value": "-0.01", "plx_err": "0.05", "ids": "NAME Alias|QSO B2155-304|  PKS 2155-304",
}  # fmt: skip
FAR = {"dist": "477.5", "unit": "Mpc", "bibcode": "2000ApJ...532..816U"}


def document(row: dict[str, str], rows: int = 1) -> str:
    text, number = 'datatype="char" arraysize="*"', 'datatype="double"'
    fields = "".join(f'<FIELD name="{name}" {number if name in NUMBERS else text}/>' for name in row)
    cells = "".join(f"<TD>{value.replace('<', '&lt;')}</TD>" for value in row.values())
    body = f"<TR>{cells}</TR>" * rows
    return f"{HEAD}<TABLE>{fields}<DATA><TABLEDATA>{body}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        mode = self.path.split("/")[1]
        query = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())["QUERY"][0]
        self.server.queries.append(query)
        if mode == "silent":
            self.server.released.wait(20)
            return
        row = FAR if "mesDistance" in query else BASIC
        body = {
            "unknown": document(row, 0),
            "html": "<html>Down</html>",
            "doctype": "<!DOCTYPE x>" + document(row),
            "nulls": document(dict.fromkeys(row, "")),
            "broken": "",
        }.get(mode, document(row))
        self.send_response(500 if mode == "broken" else 200)
        self.send_header("Content-Type", "application/x-votable+xml")
        self.send_header("Content-Length", str(len(body) * (1000 if mode == "liar" else 1)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *arguments: object) -> None:
        pass


@pytest.fixture
def server(settings, db):
    settings.ALLOW_LOOPBACK = True
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.queries, server.released = [], threading.Event()
    server.use = lambda mode: setattr(settings, "SIMBAD_TAP", f"http://127.0.0.1:{server.server_address[1]}/{mode}")
    threading.Thread(target=server.serve_forever, daemon=True).start()
    cache.clear()
    yield server
    server.released.set()
    server.shutdown()
    server.server_close()
    cache.clear()


def test_type_names_redshift_and_distance_are_told(server, client) -> None:
    server.use("good")
    page = client.get("/search/object/remote", {"name": "PKS 2155-304"}).content.decode()
    for words in ("BLL", "0.116", "477.5 Mpc", "QSO B2155-304", "−0.01 ± 0.05 mas", "2000ApJ...532..816U"):
        assert words in page
    assert "<script>" not in page
    client.get("/search/object/remote", {"name": "pks  2155-304"})
    assert len(server.queries) == 2, "the second time it is known"


def test_a_quote_in_a_name_stays_in_the_literal(server, client) -> None:
    server.use("unknown")
    answer = client.get("/search/object/remote", {"name": "Barnard's' OR 1=1 --"})
    assert "knows no object" in answer.content.decode()
    assert "WHERE n.id = 'Barnard''s'' OR 1=1 --'" in server.queries[0]


@pytest.mark.parametrize("mode", ["html", "doctype", "broken", "liar", "silent"])
def test_its_failures_leave_a_sentence_and_a_pause(server, client, monkeypatch, mode: str) -> None:
    monkeypatch.setattr(simbad, "TOTAL_SECONDS", 1.0)
    server.use(mode)
    for _time in range(2):
        answer = client.get("/search/object/remote", {"name": "Crab"})
        assert answer.status_code == 200
        assert "cannot be reached" in answer.content.decode()
    assert len(server.queries) == 1, "a service that fails is left alone for a while"


def test_nothing_known_of_a_known_object(server, client) -> None:
    server.use("nulls")
    assert "Redshift" not in client.get("/search/object/remote", {"name": "Crab"}).content.decode()


def test_the_page_itself_never_asks(server, client) -> None:
    server.use("silent")
    page = client.get("/search/object", {"name": "Crab Nebula"}).content.decode()
    assert 'hx-get="/search/object/remote?name=Crab%20Nebula"' in page
    assert server.queries == []


def test_astroquery_goes_only_where_the_gateway_may_go(server, client, settings) -> None:
    server.use("good")
    settings.ALLOW_LOOPBACK = False
    assert "cannot be reached" in client.get("/search/object/remote", {"name": "Crab"}).content.decode()
    assert server.queries == [], "an address inside the network is refused before anything is sent"
