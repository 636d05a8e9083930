"""The one way out goes only where a gateway may go, and takes no more than it asked for."""

import gzip
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from gateway.vo import http, xmlguard


class Peer(BaseHTTPRequestHandler):
    """A server on loopback: each path is one kind of misbehaviour."""

    def log_message(self, *args: object) -> None:
        pass

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        kind, _, argument = self.path[1:].partition("?")
        if kind == "redirect":
            self._answer(302, Location=argument)
        elif kind == "loop":
            self._answer(302, Location="/loop")
        elif kind == "big":
            self._answer(200, b"x" * 200_000)
        elif kind == "endless":
            self.send_response(200)
            self.end_headers()
            try:
                while True:
                    self.wfile.write(b"x" * 65536)
            except OSError:
                pass
        elif kind == "bomb":
            self._answer(200, gzip.compress(b"\0" * 50_000_000), Content_Encoding="gzip")
        elif kind in ("trickle", "trickle-head"):
            try:
                if kind == "trickle":
                    self.send_response(200)
                    self.end_headers()
                for _ in range(600):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    if self.server.stop.wait(0.05):
                        return
            except OSError:
                pass
        elif kind == "votable":
            self._answer(200, self.server.document)
        else:
            self._answer(200, b"hello", X_Host=self.headers["Host"])


@pytest.fixture
def peer() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Peer)
    server.daemon_threads = True
    server.stop = threading.Event()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}"
    yield server
    server.stop.set()
    server.shutdown()
    server.server_close()


@pytest.fixture
def closed(settings) -> None:
    """As in production: loopback is no public address."""
    settings.ALLOW_LOOPBACK = False


def test_a_public_service_is_called(peer) -> None:
    assert http.Session().get(f"{peer.url}/").text == "hello"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0",
        "169.254.169.254", "10.0.0.1", "192.168.1.1", "172.16.0.1", "100.64.0.1", "[fe80::1]", "[fd00::1]", "224.0.0.1",
        "255.255.255.255", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[::]", "[::127.0.0.1]",
    ],
)  # fmt: skip
def test_addresses_inside_the_network_are_refused(host: str, closed: None) -> None:
    with pytest.raises(http.AddressRefused, match="inside this network"):
        http.Session().get(f"http://{host}:9/")


@pytest.mark.parametrize("host", ["169.254.169.254", "10.0.0.1", "[::ffff:10.0.0.1]"])
def test_a_test_setting_opens_loopback_and_nothing_else(host: str) -> None:
    with pytest.raises(http.AddressRefused):
        http.Session().get(f"http://{host}:9/")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://example.org/", "ftp://example.org/", "data:,x"])
def test_only_http_and_https(url: str) -> None:
    with pytest.raises(http.AddressRefused, match="only http and https"):
        http.Session().get(url)


@pytest.mark.parametrize(
    "url", ["not a url", "http://", "http:///x", "http://[::1", "http://exa mple.org/", "http://\x00/"]
)
def test_nonsense_is_an_ordinary_error(url: str) -> None:
    with pytest.raises(requests.RequestException):
        http.Session().get(url)


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest/", "http://10.0.0.1/", "file:///etc/hostname", "gopher://127.0.0.1/"]
)
def test_each_redirect_is_checked_again(peer, target: str) -> None:
    with pytest.raises(http.AddressRefused):
        http.Session().get(f"{peer.url}/redirect?{target}")


def test_redirects_end(peer) -> None:
    with pytest.raises(requests.TooManyRedirects):
        http.Session().get(f"{peer.url}/loop")


def test_a_name_that_answers_differently_the_second_time_gains_nothing(peer, monkeypatch, settings) -> None:
    """DNS rebinding: the address that was checked is the address that is called."""
    asked = []

    def rebinding(host, port, *args, **kwargs):
        asked.append(host)
        address = "127.0.0.1" if len(asked) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    answer = http.Session().get(f"http://rebind.example:{peer.server_port}/")
    assert (answer.text, asked) == ("hello", ["rebind.example"])
    assert answer.headers["X-Host"].startswith("rebind.example")


def test_a_name_with_one_inner_address_is_refused_as_a_whole(monkeypatch, closed: None) -> None:
    def mixed(host, port, *args, **kwargs):
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port)) for a in ("93.184.216.34", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", mixed)
    with pytest.raises(http.AddressRefused):
        http.Session().get("http://mixed.example/")


def test_the_environment_names_no_proxy(peer, monkeypatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert http.Session().get(f"{peer.url}/").text == "hello"
    assert http.Session().get(f"{peer.url}/", proxies={"http": "http://127.0.0.1:9"}).text == "hello"


@pytest.mark.parametrize("path", ["big", "endless", "bomb"])
def test_an_answer_that_is_too_large_is_broken_off(peer, path: str) -> None:
    with pytest.raises(http.TooLarge):
        http.Session(max_bytes=100_000).get(f"{peer.url}/{path}")


def test_an_answer_of_just_the_size_is_taken(peer) -> None:
    assert len(http.Session(max_bytes=200_000).get(f"{peer.url}/big").content) == 200_000


@pytest.mark.parametrize("path", ["trickle", "trickle-head"])
def test_an_answer_that_never_ends_is_broken_off(peer, path: str) -> None:
    with pytest.raises(http.TooSlow):
        http.Session(total_seconds=0.5).get(f"{peer.url}/{path}")


def test_a_stream_is_watched_while_it_is_read(peer) -> None:
    answer = http.Session(max_bytes=150_000).get(f"{peer.url}/endless", stream=True)
    with pytest.raises(http.TooLarge):
        answer.raw.read(decode_content=True)
    answer = http.Session(max_bytes=150_000).get(f"{peer.url}/endless", stream=True)
    with pytest.raises(http.TooLarge):
        sum(len(block) for block in iter(lambda: answer.raw.read(4096, decode_content=True), b""))


GOOD = b'<?xml version="1.0"?><VOTABLE version="1.4"><RESOURCE><TABLE><DATA><BINARY2><STREAM encoding="base64">AA==</STREAM></BINARY2></DATA></TABLE></RESOURCE></VOTABLE>'
BAD = {
    "file": GOOD.replace(b"<STREAM ", b'<STREAM href="file:///etc/hostname" '),
    "http": GOOD.replace(b"<STREAM ", b'<STREAM HREF="http://127.0.0.1/" '),
    "prefix": GOOD.replace(b"<STREAM ", b'<v:STREAM v:href="x" ').replace(b"</STREAM>", b"</v:STREAM>"),
    "doctype": b'<!DOCTYPE a [<!ENTITY b "c">]>' + GOOD[21:],
    "utf-16": GOOD[21:].replace(b"<STREAM ", b'<STREAM href="file:///x" ').decode().encode("utf-16"),
    "odd encoding": GOOD.replace(b'"1.0"', b'"1.0" encoding="cp037"'),
    "broken": GOOD[:60],
    "gzip twice": gzip.compress(GOOD),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_dangerous_votable_is_broken_off(peer, kind: str) -> None:
    peer.document = BAD[kind]
    with pytest.raises(http.UnsafeAnswer):
        http.Session(votable=True).get(f"{peer.url}/votable")
    assert http.Session().get(f"{peer.url}/votable").content == BAD[kind]


@pytest.mark.parametrize("document", [GOOD, b"", b"Sorry, the service is down", b" \n", b"<a/>"])
def test_other_answers_pass_unchanged(peer, document: bytes) -> None:
    peer.document = document
    assert http.Session(votable=True).get(f"{peer.url}/votable").content == document


def test_the_scanner_finds_it_however_the_bytes_arrive() -> None:
    scanner = xmlguard.Scanner()
    with pytest.raises(xmlguard.UnsafeDocument):
        [scanner.feed(bytes([byte])) for byte in BAD["file"]]


def certificate(name: str, folder: Path) -> Path:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


def test_the_certificate_must_be_that_of_the_name(peer, monkeypatch, tmp_path: Path) -> None:
    """A connection to a pinned address still asks for the certificate of the host."""
    path = certificate("right.example", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    peer.socket = context.wrap_socket(peer.socket, server_side=True, do_handshake_on_connect=False)
    address = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", peer.server_port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: address)
    assert http.Session().get("https://right.example/", verify=str(path)).text == "hello"
    with pytest.raises(requests.exceptions.SSLError):
        http.Session().get("https://wrong.example/", verify=str(path))
    with pytest.raises(requests.exceptions.SSLError):
        http.Session().get("https://right.example/")
    with pytest.raises(http.TooSlow):
        http.Session(total_seconds=0.5).get("https://right.example/trickle", verify=str(path))
