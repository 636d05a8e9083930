"""The cart survives sessions and sign-in, shows only what one may see, and becomes a script without secrets."""

import re
import subprocess

import pytest

from search.archive.models import Product
from search.portal import cart_views
from search.portal.models import CartItem

DID = "ivo://distiller.example/arc?test.run-{}"


def test_a_visitors_cart_becomes_the_users_at_sign_in(client_of, archive, cast) -> None:
    client = client_of("anonymous")
    client.post("/cart/", {"ID": [DID.format(1), DID.format(5)]})
    assert "2 products" in client.get("/cart/").content.decode()
    client.force_login(cast.alice, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/cart/", {"ID": [DID.format(4)]})
    assert "3 products" in client.get("/cart/").content.decode()
    assert "3 products" in client_of("alice").get("/cart/").content.decode()


@pytest.mark.parametrize(("name", "held"), [("anonymous", 2), ("charlie", 2), ("bob", 3), ("alice", 3), ("dana", 3)])
def test_hidden_products_cannot_be_put_in(client_of, archive, name: str, held: int) -> None:
    Product.objects.update(access_url="https://files.example/run")
    client = client_of(name)
    client.post("/cart/", {"ID": [DID.format(n) for n in (1, 4, 6)]})
    page = client.get("/cart/").content.decode()
    assert f"{held} products" in page
    script = client.get("/cart/script?kind=curl").content.decode()
    assert ("test.run-6" in script) == (held == 3)


@pytest.mark.parametrize("kind", ["curl", "wget", "pyvo"])
def test_scripts_are_programs_that_name_no_secret(client_of, archive, kind: str, tmp_path) -> None:
    Product.objects.update(access_url="https://files.example/run")
    archive.crab[0].refresh_from_db()
    archive.crab[0].file_name = "it's $(rm -rf) `x`.fits"
    archive.crab[0].sha256 = "0" * 64
    archive.crab[0].save()
    client = client_of("alice")
    client.post("/cart/", {"ID": [DID.format(1), DID.format(2)]})
    answer = client.get(f"/cart/script?kind={kind}")
    path = tmp_path / "script"
    path.write_bytes(answer.content)
    if kind == "pyvo":
        compile(path.read_text(), "script", "exec")
    else:
        assert subprocess.run(["sh", "-n", str(path)], check=False).returncode == 0
    assert "TOKEN" in path.read_text()
    assert "sessionid" not in path.read_text()


def test_taking_out_and_emptying(client_of, archive) -> None:
    client = client_of("charlie")
    client.post("/cart/", {"ID": [DID.format(1), DID.format(2)]})
    client.post("/cart/", {"drop": ["test.run-1"]})
    assert "1 product" in client.get("/cart/").content.decode()
    client.post("/cart/", {"empty": "1"})
    assert "Nothing is in the cart" in client.get("/cart/").content.decode()


def test_the_way_back_never_leads_elsewhere(client_of, archive) -> None:
    answer = client_of("charlie").post("/cart/", {"ID": DID.format(1), "next": "https://evil.example/"})
    assert answer.url == "/cart/"


def test_searches_belong_to_their_owner(client_of, archive) -> None:
    from search.portal.models import SavedSearch

    alice = client_of("alice")
    alice.post("/searches/", {"address": "cut_set=loose&page=3", "name": "Loose ones"})
    own = SavedSearch.objects.get()
    assert own.address == "cut_set=loose"
    assert own.adql.splitlines()[-2] == "WHERE cut_set = 'loose'"
    assert "Loose ones" in alice.get("/searches/").content.decode()
    assert "Loose ones" not in client_of("bob").get("/searches/").content.decode()
    assert client_of("bob").post(f"/searches/{own.pk}/", {"delete": "1"}).status_code == 404
    assert "Loose ones" not in client_of("anonymous").get("/searches/").content.decode()
    assert client_of("anonymous").post("/searches/", {"forget": "1"}).status_code == 302
    alice.post(f"/searches/{own.pk}/", {"name": "Renamed", "notify": "on"})
    own.refresh_from_db()
    assert (own.name, own.notify) == ("Renamed", True)
    alice.post(f"/searches/{own.pk}/", {"delete": "1"})
    assert not SavedSearch.objects.exists()


@pytest.mark.parametrize(
    ("name", "packed"), [("anonymous", None), ("charlie", 1), ("bob", 2), ("alice", 2), ("dana", 2)]
)
def test_the_cart_becomes_one_zip_by_a_job(client_of, archive, name: str, packed: int | None) -> None:
    from jobs.models import Job

    for row in (archive.crab[0], archive.pks[1]):
        row.storage_key, row.file_name = f"test/{row.key}.fits", f"{row.key}.fits"
        row.save()
    client = client_of(name)
    # Run 2 is a record without a file: it is left out and stops nothing.
    client.post("/cart/", {"ID": [DID.format(n) for n in (1, 2, 6)]})
    answer = client.post("/cart/zip")
    assert answer.status_code == 302
    if packed is None:
        assert answer.url.startswith("/accounts/login/")
        assert not Job.objects.exists()
        return
    job = Job.objects.get()
    assert answer.url == f"/jobs/{job.pk}/"
    assert (job.type, job.phase, len(job.parameters["observations"])) == ("package", "QUEUED", packed)


def test_a_cart_without_open_files_says_why_there_is_no_zip(client_of, archive) -> None:
    client = client_of("charlie")
    client.post("/cart/", {"ID": [DID.format(6)]})
    page = client.post("/cart/zip", follow=True).content.decode()
    assert "no file of it is open to you" in page
    assert client.get("/cart/zip").status_code == 405


def test_the_cart_is_cited_once_for_each_collection(client_of, archive, django_assert_max_num_queries) -> None:
    from search.archive.models import Collection

    Product.objects.update(access_url="https://files.example/run")
    Collection.objects.filter(name="test").update(citation="Everybody et al. 2024", bibtex="@misc{everybody}")
    client = client_of("anonymous")
    client.post("/cart/", {"ID": [DID.format(n) for n in (1, 2, 3, 5)]})
    archive.crab[1].refresh_from_db()
    archive.crab[1].size, archive.crab[1].access_estsize = None, 500
    archive.crab[1].save()
    with django_assert_max_num_queries(12):
        page = client.get("/cart/").content.decode()
    assert page.count("Everybody et al. 2024") == 1
    assert page.count("@misc{everybody}") == 1
    assert "3.5 MB" in page, "ObsCore's estimate, in kbyte, stands in where the size is not known"
    assert page.count(f'name="ID" value="{DID.format(1)}"') == 2


def test_the_cart_offers_only_what_takes_its_products(client_of, archive) -> None:
    client = client_of("anonymous")
    client.post("/cart/", {"ID": [DID.format(1)]})
    assert "/jobs/new/spectrum" in client.get("/cart/").content.decode()
    archive.crab[0].dataproduct_type = "image"
    archive.crab[0].save()
    page = client.get("/cart/").content.decode()
    assert "/jobs/new/spectrum" not in page
    assert "/jobs/new/sleep" not in page


def test_a_cart_too_long_for_an_address_goes_to_the_form_of_a_job(client_of, archive, monkeypatch) -> None:
    client = client_of("alice")
    client.post("/cart/", {"ID": [DID.format(1), DID.format(2)]})
    assert 'method="get" action="/jobs/new/"' in client.get("/cart/").content.decode()
    monkeypatch.setattr(cart_views, "LONGEST", 50)
    page = client.get("/cart/").content.decode()
    form = page.partition('method="post" action="/jobs/new/"')[2].partition("</form>")[0]
    fields = dict(re.findall(r'name="(fill|ID)" value="([^"]+)"', form))
    assert fields["fill"] == "1"
    assert "csrfmiddlewaretoken" in form
    filled = client.post("/jobs/new/counts_map", fields)
    assert (filled.status_code, fields["ID"] in filled.content.decode()) == (200, True)


@pytest.mark.parametrize("kind", ["curl", "wget", "pyvo"])
def test_scripts_leave_out_records_without_a_file_and_name_them(client_of, archive, kind: str) -> None:
    archive.crab[0].storage_key = "test/1.fits"
    archive.crab[0].save()
    archive.pks[0].access_url = "https://other.example/5.fits"
    archive.pks[0].save()
    client = client_of("anonymous")
    client.post("/cart/", {"ID": [DID.format(n) for n in (1, 2, 5)]})
    script = client.get(f"/cart/script?kind={kind}").content.decode()
    assert [f"/data/test.run-{n}" in script for n in (1, 2, 5)] == [True, False, True]
    assert "Downloads 2 files" in script
    assert "no file belongs to them: test.run-2." in script
    page = client.get("/cart/").content.decode()
    assert "1 record has no file" in page


def test_a_cart_without_any_file_gives_no_empty_script(client_of, archive) -> None:
    client = client_of("anonymous")
    client.post("/cart/", {"ID": [DID.format(2)]})
    answer = client.get("/cart/script?kind=curl", follow=True)
    assert answer.redirect_chain[-1][0] == "/cart/"
    assert "nothing to download" in answer.content.decode()


def _served(content: bytes):
    """A local server of one file, which counts the requests; Range as static servers do it."""
    import http.server
    import threading

    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            given = self.headers.get("Range", "")
            asked.append(given)
            start = int(given.removeprefix("bytes=").rstrip("-")) if given else 0
            if start >= len(content):
                self.send_error(416)
                return
            self.send_response(206 if given else 200)
            if given:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start:])

        def log_message(self, *_args: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server, asked


@pytest.mark.parametrize("known", [True, False], ids=["with checksum", "without"])
@pytest.mark.parametrize("kind", ["curl", "wget", "pyvo"])
def test_scripts_resume_check_and_do_not_fetch_twice(tmp_path, kind: str, known: bool) -> None:
    import hashlib
    import shutil
    import sys

    from search.portal import scripts

    if kind != "pyvo" and shutil.which(kind) is None:
        pytest.fail(f"{kind} is missing")
    content = bytes(range(256)) * 40
    sha256 = hashlib.sha256(content).hexdigest() if known else ""
    server, asked = _served(content)
    site = f"http://127.0.0.1:{server.server_port}"
    text = scripts.script(kind, [Product(key="a", file_name="a.fits", storage_key="a", sha256=sha256)], site)
    (tmp_path / "script").write_text(text)
    (tmp_path / "a.fits.part").write_bytes(content[:100])
    command = [sys.executable if kind == "pyvo" else "sh", "script"]
    for _round in range(2):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "a.fits").read_bytes() == content
    server.shutdown()
    server.server_close()
    assert asked == ["bytes=100-"], "resumed once, and not asked again for what is there"


@pytest.mark.parametrize("kind", ["curl", "wget", "pyvo"])
def test_scripts_get_rid_of_damage_and_say_what_is_missing(tmp_path, kind: str) -> None:
    import hashlib
    import sys

    from search.portal import scripts

    content = bytes(range(256)) * 40
    server, _asked = _served(content)
    site = f"http://127.0.0.1:{server.server_port}"
    sha256 = hashlib.sha256(content).hexdigest()
    text = scripts.script(kind, [Product(key="a", file_name="a.fits", storage_key="a", sha256=sha256)], site)
    (tmp_path / "script").write_text(text)
    (tmp_path / "a.fits.part").write_bytes(content[::-1])
    command = [sys.executable if kind == "pyvo" else "sh", "script"]
    first, second = (
        subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False) for _round in range(2)
    )
    assert first.returncode == 1
    assert "checksum differs" in first.stderr
    assert second.returncode == 0, second.stderr
    assert (tmp_path / "a.fits").read_bytes() == content
    server.shutdown()
    server.server_close()
    (tmp_path / "a.fits").unlink()
    lost = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert lost.returncode == 1
    assert "a.fits" in lost.stderr
    assert ("set TOKEN" in lost.stderr) == (kind != "pyvo")


def test_the_datalink_table_of_the_cart_opens_for_whoever_is_signed_in(cast, archive) -> None:
    import re

    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.alice, backend="django.contrib.auth.backends.ModelBackend")
    CartItem.objects.create(owner=cast.alice, key=archive.crab[0].key)
    page = client.get("/cart/").content.decode()
    form = re.search(r'<form method="post" action="/datalink/links".*?</form>', page, re.S)
    assert form
    fields = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[0]))
    answer = client.post("/datalink/links", fields, headers={"accept": "text/html"})
    assert answer.status_code == 200
    assert b"<VOTABLE" in b"".join(answer)
    assert answer["Content-Disposition"].endswith('filename="datalink.vot"')
