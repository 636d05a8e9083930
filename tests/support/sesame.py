"""A Sesame server on loopback with canned answers, and every way in which a real one fails.

The first part of the path chooses the behaviour: ``http://127.0.0.1:PORT/good/-oxI/SNV?NAME``.
"""

import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

RESOLVER = """<Resolver name="{database}"><INFO>from cache</INFO><otype>{kind}</otype>
<jpos>made up</jpos><jradeg>{ra}</jradeg><jdedeg>{dec}</jdedeg><errPosMas>1</errPosMas>
<oname>{name}</oname><alias>NAME {name} other</alias><alias>X {name}</alias></Resolver>"""
DOCUMENT = """<?xml version="1.0" encoding="UTF-8"?>
<Sesame xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><Target option="SNV"><name>{asked}</name>
{body}</Target></Sesame>
<!--- ====Done (2026-Nov-21,10:00:00z)==== -->
"""
NOTHING = "<INFO>*** Nothing found ***</INFO>"


def answer(mode: str, asked: str) -> tuple[int, bytes]:
    known = RESOLVER.format(database="S=Simbad (via url)", kind="SNR", ra="10.25", dec="-0.5", name="Made &amp; up")
    bodies = {
        "good": known,
        "unknown": NOTHING,
        "nowhere": '<Resolver name="N=NED"><otype>G</otype><oname>No place</oname></Resolver>',
        "ambiguous": known + RESOLVER.format(database="N=NED", kind="G", ra="200.5", dec="45", name="Other"),
        "twice": known + RESOLVER.format(database="V=VizieR", kind="G", ra="10.2501", dec="-0.5001", name="Same"),
        "infinite": known.replace("10.25", "nan"),
    }
    if mode == "doctype":
        bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
        return 200, DOCUMENT.format(asked="x", body=known).replace("<Sesame", bomb + "<Sesame", 1).encode()
    if mode == "broken":
        return 500, b"<html>Internal error</html>"
    if mode == "garbage":
        return 200, b"\xff\xfe\x00 not XML at all" * 100
    if mode == "html":
        return 200, b"<html><body><p>Down for maintenance</p></body></html>"
    if mode == "empty":
        return 200, b""
    return 200, DOCUMENT.format(asked=asked.replace("&", "&amp;").replace("<", "&lt;"), body=bodies[mode]).encode()


class Handler(BaseHTTPRequestHandler):
    server: "SesameServer"

    def do_GET(self) -> None:
        mode = self.path.split("/")[1]
        asked = unquote(self.path.partition("?")[2])
        self.server.asked.append((mode, asked))
        if mode == "silent":
            self.server.released.wait(20)
            return
        if mode == "slow":
            self.send_response(200)
            self.end_headers()
            while not self.server.released.is_set():
                try:
                    self.wfile.write(b" ")
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.05)
            return
        status, body = answer(mode, asked)
        self.send_response(status)
        self.send_header("Content-Type", "text/xml")
        length = 10**9 if mode == "liar" else len(body)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: object) -> None:
        pass


class SesameServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[tuple[str, str]] = []
        self.released = threading.Event()
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def url(self, mode: str) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/{mode}/"

    def stop(self) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()
