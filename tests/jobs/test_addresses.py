"""Inputs that are given by address: only those that are allowed, through the guard, and known to provenance."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from jobs import addresses, sleep
from jobs.description import Input
from jobs.errors import Refused
from jobs.models import Job
from jobs.parameters import Parameter, parameters_of
from provenance.models import Entity, Used, WasDerivedFrom

CONTENT = b"SIMPLE  =                    T" + b"\x00" * 5000
ATTACHMENT = next(p for p in parameters_of(sleep.TYPE.description) if p.name == "attachment")


class Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path.startswith("/gone"):
            self.send_error(404)
            return
        if self.path.startswith("/away"):
            self.send_response(302)
            self.send_header("Location", "http://10.0.0.1/inside")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Type", "application/fits; version=1")
        self.end_headers()
        self.wfile.write(CONTENT)

    def log_message(self, *args) -> None:
        return None


@pytest.fixture(scope="module")
def elsewhere():
    server = HTTPServer(("127.0.0.1", 0), Elsewhere)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def allowed(settings, elsewhere) -> str:
    settings.INPUT_URLS = [f"{elsewhere}/dl3/", f"{elsewhere}/gone/", f"{elsewhere}/away/"]
    return elsewhere


def result(uws, path: str, name: str) -> bytes:
    return b"".join(uws.get(f"{path}/results/{name}").streaming_content)


def test_an_allowed_address_is_fetched_and_its_history_kept(uws, work, allowed):
    address = f"{allowed}/dl3/run%201.fits"
    path = uws.create(seconds=0, attachment=address, PHASE="RUN")
    work()
    assert uws.phase(path) == "COMPLETED", Job.objects.get().error_message
    assert result(uws, path, "attachment") == CONTENT
    entity = Entity.objects.get(location=address)
    assert entity.pk.startswith("x-")
    digest = hashlib.sha256(CONTENT).hexdigest()
    assert (entity.name, entity.sha256, entity.content_type) == ("run 1.fits", digest, "application/fits")
    assert Used.objects.filter(entity=entity, role="attachment").count() == 1
    assert WasDerivedFrom.objects.filter(used_entity=entity).exists()


def test_the_same_address_with_the_same_bytes_is_one_entity(uws, work, allowed):
    for _ in range(2):
        uws.create(seconds=0, attachment=f"{allowed}/dl3/a.fits", PHASE="RUN")
    work()
    assert Entity.objects.filter(location=f"{allowed}/dl3/a.fits").count() == 1
    assert len({job.fingerprint for job in Job.objects.all()}) == 1


@pytest.mark.parametrize(
    "address",
    ["{0}/other/a.fits", "{0}/dl3/../other/a", "{0}/dl3/%2e%2e/other/a", "{0}/dl3x/a", "{0}.evil.example/dl3/a",
     "http://user@{1}/dl3/a", "http://{1}@evil.example/dl3/a", "https://{1}/dl3/a", "http://169.254.169.254/dl3/a",
     "HTTP://evil.example/dl3/a", "http://[::1/dl3/a", "http://{1}:99999/dl3/a"],
    ids=["folder", "dots", "coded-dots", "beginning", "longer-host", "user", "host-as-user", "scheme", "metadata",
         "capitals", "broken", "port"],
)  # fmt: skip
def test_other_addresses_are_refused_before_there_is_a_job(uws, allowed, address):
    address = address.format(allowed, allowed.removeprefix("http://"))
    response = uws.client.post("/uws/sleep", {"seconds": 0, "attachment": address})
    assert response.status_code == 400
    assert b"attachment=" in response.content
    assert b"addresses are taken only from" in response.content
    assert Job.objects.count() == 0


def test_where_nothing_is_allowed_the_refusal_says_what_to_do(uws, settings):
    settings.INPUT_URLS = []
    response = uws.client.post("/uws/sleep", {"attachment": "https://example.org/a.fits"})
    assert response.status_code == 400
    assert b"upload the file" in response.content


@pytest.mark.parametrize(("name", "words"), [("gone", "it answers 404"), ("away", "inside this network")])
def test_what_cannot_be_fetched_fails_the_job_in_words(uws, work, allowed, name, words):
    path = uws.create(seconds=0, attachment=f"{allowed}/{name}/a.fits", PHASE="RUN")
    work()
    job = Job.objects.get()
    assert (job.phase, job.error_type) == ("ERROR", "fatal")
    assert words in job.error_message
    assert words in uws.get(f"{path}/error").content.decode()


def test_a_file_larger_than_allowed_fails_the_job(uws, work, allowed, limit):
    limit(input_size=1000)
    uws.create(seconds=0, attachment=f"{allowed}/dl3/a.fits", PHASE="RUN")
    work()
    assert "larger than 1,000 bytes" in Job.objects.get().error_message


def test_an_address_that_is_no_longer_allowed_is_not_fetched(uws, work, allowed, settings):
    uws.create(seconds=0, attachment=f"{allowed}/dl3/a.fits", PHASE="RUN")
    settings.INPUT_URLS = []
    work()
    assert Job.objects.get().phase == "ERROR"


def test_a_template_makes_an_address_of_an_identifier():
    meta = Input(text="An event list", url="https://archive.example/get?id=$ID")
    parameter = Parameter("events", "char", True, True, None, meta)
    assert addresses.address_of(parameter, "run 5&x=/../") == "https://archive.example/get?id=run%205%26x%3D%2F..%2F"
    assert addresses.address_of(parameter, "https://archive.example/get?id=7") == "https://archive.example/get?id=7"
    with pytest.raises(Refused):
        addresses.address_of(parameter, "https://archive.example/other?id=7")
    assert addresses.address_of(ATTACHMENT, "run 5") == ""


def test_the_address_of_an_own_product_is_that_product(settings):
    assert addresses.own_key(f"{settings.PUBLIC_URL}/products/a.run-1/") == "a.run-1"
    assert addresses.own_key(f"{settings.PUBLIC_URL}/data/a.run-1") == "a.run-1"
    assert addresses.own_key("https://example.org/data/a.run-1") == ""


def test_several_files_of_one_name_are_several_inputs(cast, tmp_path: Path):
    import io

    from jobs.uploads import Upload, numbered

    files = [Upload("observations", f"{n}.fits", "", 1, io.BytesIO(b"x")) for n in range(3)]
    assert [upload.name for upload in numbered(files)] == ["observations", "observations-2", "observations-3"]


def test_two_files_for_an_input_that_takes_one_are_refused(uws):
    from django.core.files.uploadedfile import SimpleUploadedFile

    files = [SimpleUploadedFile(f"{n}", b"x") for n in range(2)]
    response = uws.client.post("/uws/sleep", {"seconds": 0, "attachment": files})
    assert response.status_code == 400
    assert b"at most 1 times" in response.content
    assert Job.objects.count() == 0
