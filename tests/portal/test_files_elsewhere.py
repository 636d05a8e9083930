"""Files of other archives: into the cart, its scripts and its ZIP, and to analyses where the operators allow it."""

import json
import subprocess
import zipfile
from io import BytesIO

import pytest

from jobs import addresses
from jobs.errors import Refused
from jobs.models import Job
from jobs.worker import work_once
from tests.portal.test_elsewhere import ask, own_cache, tap  # noqa: F401 - other archives, as there


@pytest.fixture
def answered(client_of, archive, tap, settings):  # noqa: F811
    """``answered(name)``: a client that has asked an archive whose rows name files, and the address of its rows."""
    settings.INPUT_URLS = [tap.url("good")]

    def make(name: str):
        client = client_of(name)
        ask(client, tap, "files")
        return client, f"/search/archives/{Job.objects.get(type='archive_query').pk}/"

    return make


@pytest.mark.parametrize("name", ["anonymous", "alice"])
def test_files_of_other_archives_go_into_the_cart(answered, name: str) -> None:
    client, rows = answered(name)
    page = client.post(f"{rows}cart", {"row": ["0", "1"], "ID": ["3", "4", "77", "x"]}, follow=True).content.decode()
    assert "2 files were added to the cart." in page
    assert "2 rows name no file." in page
    assert (
        "These files are in the cart already." in client.post(f"{rows}cart", {"row": "1"}, follow=True).content.decode()
    )
    assert client.get("/").content.decode().count("data-cart-count>2<") == 1
    cart = client.get("/cart/").content.decode()
    assert "2 products, 2.0 MB" in cart
    assert 'href="https://files.example/run-b.fits"' in cart
    assert "let jobs take no files from files.example" in cart
    assert "javascript" not in cart
    key = cart.split('name="drop" value="')[1].split('"')[0]
    client.post("/cart/", {"drop": key})
    assert "1 product" in client.get("/cart/").content.decode()
    client.post("/cart/", {"empty": "1"})
    assert "Nothing is in the cart" in client.get("/cart/").content.decode()


@pytest.mark.parametrize("name", ["anonymous", "alice"])
def test_what_does_not_go_along_is_told(answered, settings, monkeypatch, name: str) -> None:
    client, rows = answered(name)
    monkeypatch.setattr("search.portal.cart.MOST_AWAY", 1)
    page = client.post(f"{rows}cart", {"row": ["0", "1"]}, follow=True).content.decode()
    assert "1 file was added to the cart." in page
    assert "The cart is full: it holds at most 1 files of other archives." in page
    monkeypatch.setattr("search.portal.elsewhere.views.MOST_REFUSALS", 0)
    asked = {"row": ["0", "1"], "type": "counts_map"}
    client.post(f"{rows}analyse", asked)
    assert "Of 1 more files the same holds." in client.get(rows).content.decode()
    settings.INPUT_URLS.append("https://files.example")
    monkeypatch.setattr("search.portal.elsewhere.views.MOST_INPUTS", 1)
    assert client.post(f"{rows}analyse", asked)["Location"].count("ID=") == 1
    assert "Only the first 1 of these files were taken." in client.get(rows).content.decode()


def test_a_visitors_files_become_the_users_at_sign_in(answered, cast) -> None:
    client, rows = answered("anonymous")
    client.post(f"{rows}cart", {"row": ["0", "1"]})
    client.force_login(cast.alice, backend="django.contrib.auth.backends.ModelBackend")
    assert "run-b.fits" in client.get("/cart/").content.decode()


@pytest.mark.parametrize("kind", ["curl", "wget", "pyvo"])
def test_a_script_gives_the_token_to_this_gateway_alone(answered, settings, kind: str, tmp_path) -> None:
    client, rows = answered("alice")
    client.post(f"{rows}cart", {"row": ["0", "1"]})
    text = client.get(f"/cart/script?kind={kind}").content.decode()
    assert "run-a.fits" in text
    assert "run-b.fits" in text
    if kind == "pyvo":
        assert f"url.startswith('{settings.PUBLIC_URL}' + \"/\")" in text
        compile(text, "script", "exec")
        return
    ask_for = text[text.index("token()") : text.index("same()")]
    for address, given in ((f"{settings.PUBLIC_URL}/data/x", True), ("https://files.example/x", False)):
        done = subprocess.run(["sh", "-c", f'{ask_for}\ntoken "{address}"'], env={"TOKEN": "secret"}, check=False)
        assert (done.returncode == 0) == given


@pytest.mark.slow
def test_a_zip_takes_what_the_operators_allow_and_follows_datalink(answered) -> None:
    client, rows = answered("alice")
    client.post(f"{rows}cart", {"row": ["0", "1", "2"]})
    client.post("/cart/zip")
    while work_once(("io",), lambda: False):
        pass
    job = Job.objects.get(type="package")
    assert job.phase == "COMPLETED", job.error_message
    packed = b"".join(client.get(f"/uws/package/{job.pk}/results/package.zip", follow=True))
    with zipfile.ZipFile(BytesIO(packed)) as archive:
        assert {"data/run-a.fits", "data/run-c.fits"} <= set(archive.namelist())
        assert len(json.loads(archive.read("manifest.json"))["products"]) == 2


@pytest.mark.parametrize(
    ("link", "words"), [("outside", "leads to an address that is not allowed"), ("none", "names no file")]
)
def test_a_datalink_table_that_leads_astray_is_refused(tap, settings, tmp_path, link: str, words: str) -> None:  # noqa: F811
    settings.INPUT_URLS = [tap.url("good")]
    with pytest.raises(Refused, match=words):
        addresses.fetch(Job(), "observations", f"{tap.url('good')}/links?ID={link}", tmp_path / "input")


def test_an_analysis_is_filled_in_with_the_files_that_may_be_fetched(answered, tap) -> None:  # noqa: F811
    client, rows = answered("alice")
    answer = client.post(f"{rows}analyse", {"type": "counts_map", "row": ["0", "1", "2"]})
    address = tap.url("good") + "/run-a.fits"
    assert answer["Location"].startswith("/jobs/new/counts_map?ID=http")
    assert answer["Location"].count("&ID=") == 1, "the DataLink table is followed by the job"
    page = client.get(answer["Location"]).content.decode()
    assert address in page
    assert "b: this gateway&#x27;s operators let jobs take no files from files.example." in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"type": "counts_map"}, "Tick the rows first."),
        ({"type": "counts_map", "row": "1"}, "operators let jobs take no files from files.example"),
        ({"type": "counts_map", "row": "4"}, "1 row names no file."),
    ],
)
def test_what_cannot_be_analysed_is_said_in_words(answered, fields: dict[str, str], words: str) -> None:
    client, rows = answered("anonymous")
    answer = client.post(f"{rows}analyse", fields)
    assert answer["Location"] == rows
    assert words in client.get(rows).content.decode()


def test_an_unknown_analysis_and_strangers_are_refused(answered, client_of) -> None:
    client, rows = answered("alice")
    assert client.post(f"{rows}analyse", {"type": "<b>", "row": "0"}).status_code == 400
    for action in ("cart", "analyse"):
        assert client_of("charlie").post(f"{rows}{action}", {"type": "counts_map", "row": "0"}).status_code == 404
        assert client.get(f"{rows}{action}").status_code == 405
