"""Descriptions written on the site: proposed, reviewed, published, run as external commands, kept by version."""

import json
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from jobs.formats import document, votable, wadl
from jobs.models import Job, JobDescription

EXAMPLES = Path(__file__).parents[2] / "static" / "jobs" / "examples"
JOIN = {
    "name": "join_words",
    "title": "Join words",
    "version": "1.0",
    "text": "Writes words into a file.",
    "parameters": [
        {"name": "word", "datatype": "char", "required": True, "text": "A word", "max_length": 100},
        {"name": "times", "datatype": "int", "default": 1, "min": 1, "max": 5, "text": "How often"},
        {"name": "target", "datatype": "char", "default": "words.txt", "text": "Name of the file"},
    ],
    "outputs": [{"name": "target", "text": "The words", "content_type": "text/plain"}],
    "test_values": {"word": "hello"},
}
COMMAND = {
    "argv": ["/bin/sh", "{script}", "word={word}", "{target}"],
    "script": 'printf "%s %s" "$1" "$times" > "$2"\n',
}


@pytest.fixture
def author(client_of):
    return client_of("bob")


@pytest.fixture
def staff(client_of):
    return client_of("dana")


def save(client, described, address="/jobs/types/new/"):
    return client.post(address, {"document": json.dumps(described)})


@pytest.fixture
def published(staff):
    assert save(staff, {**JOIN, "command": COMMAND}).status_code == 302
    assert staff.post("/jobs/types/join_words/1.0/publish").status_code == 302


def state(version="1.0") -> str:
    return JobDescription.objects.get(name="join_words", version=version).state


def test_propose_review_publish(author, staff, client_of, db):
    assert save(author, JOIN)["Location"] == "/jobs/types/join_words/1.0/"
    assert client_of("charlie").get("/jobs/types/join_words/1.0/").status_code == 404, "a draft is its author's"
    assert author.post("/jobs/types/join_words/1.0/publish").status_code == 403
    author.post("/jobs/types/join_words/1.0/propose")
    assert state() == "proposed"
    assert save(author, JOIN, "/jobs/types/join_words/1.0/edit").status_code == 403, "it is under review"
    staff.post("/jobs/types/join_words/1.0/return", {"remark": "Which shell?"})
    assert "Which shell?" in author.get("/jobs/types/join_words/1.0/").content.decode()
    author.post("/jobs/types/join_words/1.0/propose")
    assert staff.post("/jobs/types/join_words/1.0/publish").status_code == 400, "nobody wrote its command"
    save(staff, {**JOIN, "command": COMMAND}, "/jobs/types/join_words/1.0/edit")
    assert staff.post("/jobs/types/join_words/1.0/publish").status_code == 302
    assert state() == "published"
    assert "Join words" in client_of("charlie").get("/jobs/types/").content.decode()


def test_only_staff_write_commands(author, client_of, db):
    response = save(author, {**JOIN, "command": COMMAND})
    assert response.status_code == 403
    assert "only staff write commands" in response.content.decode()
    assert client_of("anonymous").get("/jobs/types/new/").status_code == 401
    assert save(client_of("anonymous"), JOIN).status_code == 401
    assert JobDescription.objects.count() == 0


def test_names_of_the_gateway_and_versions_that_exist_are_refused(author, staff, published):
    assert save(author, {**JOIN, "name": "spectrum"}).status_code == 409
    response = save(author, JOIN)
    assert response.status_code == 409
    assert "give the new version another word" in response.content.decode()
    response = save(author, {**JOIN, "version": "2", "parameters": [{"name": "a b", "text": "x"}]})
    assert response.status_code == 400
    assert "a b" in response.content.decode(), "what was typed stays"


def test_a_published_command_is_a_job_with_form_checks_results_and_history(published, uws_of, api, work, client_of):
    page = client_of("alice").get("/jobs/new/join_words").content.decode()
    assert "How often" in page
    uws = uws_of("alice", "/uws/join_words")
    assert uws.client.post("/uws/join_words", {"word": "x", "times": "9"}).status_code == 400
    path = uws.create(word="$(id); -rf 'a\"", times=2, PHASE="RUN")
    work()
    assert uws.phase(path) == "COMPLETED", Job.objects.get().error_message
    assert uws.get(f"{path}/results/words.txt").getvalue().decode() == "word=$(id); -rf 'a\" 2"
    assert api("charlie").get(path).status_code == 403
    assert "The words" in client_of("alice").get(f"/jobs/{Job.objects.get().id}/?tab=files").content.decode()


def test_a_result_that_was_not_written_is_an_error(published, uws_of, work):
    uws = uws_of("alice", "/uws/join_words")
    path = uws.create(word="x", target="missing/words.txt", PHASE="RUN")
    work()
    assert uws.phase(path) == "ERROR"


def test_a_job_keeps_the_version_it_was_made_with(published, staff, uws_of, work):
    uws = uws_of("alice", "/uws/join_words")
    path = uws.create(word="old")
    newer = {**JOIN, "version": "2.0", "command": {**COMMAND, "script": 'printf new > "$2"\n'}}
    save(staff, newer)
    staff.post("/jobs/types/join_words/2.0/publish")
    assert (state("1.0"), state("2.0")) == ("superseded", "published")
    uws.client.post(f"{path}/phase", {"PHASE": "RUN"})
    work()
    assert uws.get(f"{path}/results/words.txt").getvalue().decode() == "word=old 1"
    fresh = uws.create(word="old", PHASE="RUN")
    work()
    assert uws.get(f"{fresh}/results/words.txt").getvalue().decode() == "new"


def test_what_was_withdrawn_starts_no_more_jobs_and_old_ones_stay(published, staff, uws_of, work):
    uws = uws_of("alice", "/uws/join_words")
    path, waiting = uws.create(word="x", PHASE="RUN"), uws.create(word="y")
    work()
    staff.post("/jobs/types/join_words/1.0/withdraw")
    assert uws.client.post("/uws/join_words", {"word": "x"}).status_code == 404
    assert uws.client.post(f"{waiting}/phase", {"PHASE": "RUN"}).status_code == 403
    assert uws.get(f"{path}/results/words.txt").getvalue().decode() == "word=x 1"


@pytest.mark.parametrize("suffix", ["json", "xml", "wadl"])
def test_the_example_ships_in_three_forms_that_say_the_same(suffix, staff, db):
    content = (EXAMPLES / f"ctbin.{suffix}").read_bytes()
    whole = json.loads((EXAMPLES / "ctbin.json").read_text())
    readers = {"json": json.loads, "xml": votable.read, "wadl": wadl.read}
    assert readers[suffix](content) == whole
    response = staff.post("/jobs/types/new/", {"file": SimpleUploadedFile(f"ctbin.{suffix}", content)})
    assert response["Location"] == "/jobs/types/ctbin/1.0/"
    stored = JobDescription.objects.get().document
    assert document.canonical(stored) == document.canonical(whole)


def test_a_description_begins_from_another_by_name_or_address(author, staff, published, live_server, settings):
    settings.ALLOW_LOOPBACK = True
    assert "Writes words" in author.get("/jobs/types/new/?from=join_words").content.decode()
    assert "argv" not in author.get("/jobs/types/new/?from=join_words").content.decode()
    assert "argv" in staff.get("/jobs/types/new/?from=join_words").content.decode()
    address = f"{live_server.url}/jobs/types/join_words.xml"
    assert "Writes words" in author.get("/jobs/types/new/", {"from": address}).content.decode()
    assert author.get("/jobs/types/new/?from=nothing").status_code == 404
    settings.ALLOW_LOOPBACK = False
    assert author.get("/jobs/types/new/", {"from": address}).status_code == 400


@pytest.mark.parametrize(
    "content",
    [b"{", b"[" * 100_000, b"{}", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', b"x" * (10 * 2**20), b"\xff\x00", b""],
)
def test_hostile_documents_are_refused_in_words(author, db, content):
    response = author.post("/jobs/types/new/", {"file": SimpleUploadedFile("x.xml", content)})
    assert response.status_code == 400
    assert "Traceback" not in response.content.decode()
