"""UWS 1.1, line by line: what a client may rely on. The numbers are those of the checklist of the standard's rules."""

import json
import re
import time
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from jobs import keeper, past
from jobs.models import Job
from jobs.phases import Phase
from tests.support.uws import NIL, UWS, XLINK, ids, one, xml

# --- resources ----------------------------------------------------------------------------------------------------------


def test_01_each_container_gives_its_element(uws):
    path = uws.create(seconds=1)
    assert xml(uws.get("/uws/sleep")).tag == f"{UWS}jobs"
    assert xml(uws.get(path)).tag == f"{UWS}job"
    assert xml(uws.get(f"{path}/results")).tag == f"{UWS}results"
    assert xml(uws.get(f"{path}/parameters")).tag == f"{UWS}parameters"


def test_02_the_quote_of_a_queued_job_comes_from_past_runs(uws, work):
    """Nothing is known of the first; what comes after it is."""
    first = uws.create(seconds=0, PHASE="RUN")
    assert uws.get(f"{first}/quote").content == b""
    work()
    past._known.clear()
    path = uws.create(seconds=0, PHASE="RUN")
    quote = uws.get(f"{path}/quote").content.decode()
    assert quote > xml(uws.get(path)).findtext(f"{UWS}creationTime")
    assert xml(uws.get(path)).findtext(f"{UWS}quote") == quote


def test_02_atoms_are_plain_text_and_empty_where_there_is_nothing(uws):
    path = uws.create(seconds=1)
    for child in ("phase", "executionduration", "destruction", "quote", "owner"):
        response = uws.get(f"{path}/{child}")
        assert response["Content-Type"].startswith("text/plain")
    assert uws.get(f"{path}/quote").content == b""
    assert uws.get(f"{path}/owner").content == b"alice"
    Job.objects.update(destruction=None)
    assert uws.get(f"{path}/destruction").content == b""


@pytest.mark.parametrize("accept", ["", "*/*", "application/xml", "text/xml, application/xml", "text/plain"])
def test_03_xml_is_preferred_unless_html_is_asked_for(uws, accept):
    path = uws.create(seconds=1)
    headers = {"accept": accept} if accept else {}
    assert uws.client.get(path, headers=headers)["Content-Type"] == "application/xml"
    page = uws.client.get(path, headers={"accept": "text/html,application/xml;q=0.9,*/*;q=0.8"})
    assert page.status_code == 302
    assert page["Location"] == f"/jobs/{path.rsplit('/', 1)[1]}/"


def test_03_json_for_who_asks(uws):
    path = uws.create(seconds=1, RUNID="mine")
    job = uws.client.get(path, headers={"accept": "application/json"}).json()
    assert (job["phase"], job["runId"], job["parameters"][0]["id"]) == ("PENDING", "mine", "seconds")
    jobs = uws.client.get("/uws/sleep", headers={"accept": "application/json"}).json()["jobs"]
    assert [j["id"] for j in jobs] == [job["jobId"]]
    error = uws.client.post("/uws/sleep", {"seconds": "x"}, headers={"accept": "application/json"})
    assert error.json()["parameter"] == "seconds"


def test_04_version_stands_on_list_and_job(uws):
    path = uws.create(seconds=1)
    assert xml(uws.get("/uws/sleep")).get("version") == "1.1"
    assert xml(uws.get(path)).get("version") == "1.1"


def test_05_order_of_elements_and_nil(uws):
    path = uws.create(seconds=1)
    job = xml(uws.get(path))
    assert [child.tag.removeprefix(UWS) for child in job] == [
        "jobId", "ownerId", "phase", "quote", "creationTime", "startTime", "endTime", "executionDuration",
        "destruction", "parameters", "results", "jobInfo",
    ]  # fmt: skip
    nil = {child.tag.removeprefix(UWS) for child in job if child.get(NIL) == "true"}
    assert nil == {"quote", "startTime", "endTime"}


def test_06_07_times_are_utc_with_t_and_z(uws, work):
    path = uws.create(seconds=0, PHASE="RUN")
    work()
    job = xml(uws.get(path))
    for name in ("creationTime", "startTime", "endTime", "destruction"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", job.find(f"{UWS}{name}").text), name


def test_08_the_service_says_that_it_is_uws_1_1(uws):
    document = xml(uws.get("/uws/capabilities"))
    capability = document.find("capability[@standardID='ivo://ivoa.net/std/UWS#rest-1.1']")
    assert capability.find("interface/accessURL").text.startswith("http://testserver/uws/")
    assert xml(uws.get("/uws/availability")) is not None


# --- create ---------------------------------------------------------------------------------------------------------------


def test_09_10_a_post_makes_a_pending_job(uws):
    response = uws.client.post("/uws/sleep", {"seconds": "2"})
    assert response.status_code == 303
    path = response["Location"].removeprefix("http://testserver")
    assert re.fullmatch(r"/uws/sleep/[0-9a-f-]{36}", path)
    assert uws.phase(path) == "PENDING"


def test_11_over_quota_is_403(uws, limit):
    limit(active=1)
    uws.create(seconds=1, PHASE="RUN")
    response = uws.client.post("/uws/sleep", {"seconds": "1", "PHASE": "RUN"})
    assert response.status_code == 403
    assert b"1 active jobs, the limit" in response.content
    assert Job.objects.count() == 1


def test_12_run_at_creation(uws, work):
    path = uws.create(seconds=0, PHASE="RUN")
    assert uws.phase(path) == "QUEUED"
    assert work() == 1
    assert uws.phase(path) == "COMPLETED"


def test_13_run_id_comes_back_untouched_and_need_not_be_unique(uws):
    label = "Crab & <M1> “été” \u2603"
    paths = [uws.create(seconds=1, RUNID=label) for _ in range(2)]
    for path in paths:
        assert xml(uws.get(path)).find(f"{UWS}runId").text == label
    assert {ref.find(f"{UWS}runId").text for ref in xml(uws.get("/uws/sleep"))} == {label}


def test_14_16_limits_at_creation_and_by_default(uws):
    path = uws.create(seconds=1, EXECUTIONDURATION=7, DESTRUCTION="2026-12-01T00:00:00Z", runid="lower case")
    job = one(path)
    assert job.execution_duration == 7
    assert job.run_id == "lower case"
    default = one(uws.create(seconds=1))
    assert default.execution_duration > 0
    assert timedelta(days=29) < default.destruction - default.created <= timedelta(days=30)


def test_15_an_upload_is_a_parameter_by_reference(uws, work):
    file = SimpleUploadedFile("notes.txt", b"bytes of mine\x00\xff", "application/x-thing")
    path = uws.create(seconds=0, attachment=file)
    parameter = next(p for p in xml(uws.get(path)).iter(f"{UWS}parameter") if p.get("id") == "attachment")
    assert parameter.get("byReference") == "true"
    assert parameter.text == f"http://testserver{path}/parameters/attachment"
    stored = uws.get(f"{path}/parameters/attachment")
    assert b"".join(stored.streaming_content) == b"bytes of mine\x00\xff"
    uws.client.post(f"{path}/phase", {"PHASE": "RUN"})
    work()
    assert b"".join(uws.get(f"{path}/results/attachment").streaming_content) == b"bytes of mine\x00\xff"


def test_15_an_inline_part_is_referred_to_by_param(uws):
    file = SimpleUploadedFile("x", b"abc")
    path = uws.create(seconds=0, attachment="param:part1", part1=file)
    assert b"".join(uws.get(f"{path}/parameters/attachment").streaming_content) == b"abc"


def test_15_each_of_several_files_has_an_address_of_its_own(uws):
    path = uws.create(seconds=1)
    job = one(path)
    job.parameters["attachment"] = ["param:attachment", "param:attachment-2"]
    job.save()
    for part in ("attachment", "attachment-2"):
        key = default_storage.save(f"uploads/{part}", ContentFile(part.encode()))
        job.uploads.create(name=part, file_name="x", content_type="text/plain", size=9, sha256="0", storage_key=key)
    hrefs = [p.text for p in xml(uws.get(path)).iter(f"{UWS}parameter") if p.get("byReference") == "true"]
    contents = [b"".join(uws.get(href.removeprefix("http://testserver")).streaming_content) for href in hrefs]
    assert contents == [b"attachment", b"attachment-2"]


# --- phase ----------------------------------------------------------------------------------------------------------------


def test_17_no_other_phase_exists():
    assert set(Phase.values) == {
        "PENDING", "QUEUED", "EXECUTING", "COMPLETED", "ERROR", "ABORTED", "HELD", "SUSPENDED", "UNKNOWN", "ARCHIVED",
    }  # fmt: skip


def test_18_run(uws):
    path = uws.create(seconds=1)
    response = uws.client.post(f"{path}/phase", {"PHASE": "RUN"})
    assert (response.status_code, response["Location"]) == (303, f"http://testserver{path}")
    assert uws.phase(path) in ("QUEUED", "EXECUTING")


def test_19_a_held_job_takes_a_new_run(uws):
    path = uws.create(seconds=1)
    Job.objects.update(phase=Phase.HELD)
    assert uws.client.post(f"{path}/phase", {"PHASE": "RUN"}).status_code == 303
    assert uws.phase(path) == "QUEUED"


@pytest.mark.parametrize("phase", ["PENDING", "QUEUED", "HELD"])
def test_20_abort_sets_the_end_time(uws, phase):
    path = uws.create(seconds=1)
    Job.objects.update(phase=phase)
    response = uws.client.post(f"{path}/phase", {"PHASE": "ABORT"})
    assert (response.status_code, response["Location"]) == (303, f"http://testserver{path}")
    job = one(path)
    assert (job.phase, job.ended is not None) == ("ABORTED", True)


def test_20_an_aborted_job_says_so_where_clients_look_for_the_reason(uws):
    path = uws.create(seconds=1)
    uws.client.post(f"{path}/phase", {"PHASE": "ABORT"})
    summary = xml(uws.get(path)).find(f"{UWS}errorSummary")
    assert (summary.get("type"), summary.findtext(f"{UWS}message")) == ("transient", "The job was aborted by alice.")
    assert uws.get(f"{path}/error").content == b"The job was aborted by alice.\n"


@pytest.mark.parametrize("phase", ["COMPLETED", "ERROR", "ABORTED", "ARCHIVED"])
@pytest.mark.parametrize("word", ["RUN", "ABORT"])
def test_21_22_a_finished_job_stays_as_it_is(uws, phase, word):
    path = uws.create(seconds=1)
    Job.objects.update(phase=phase)
    assert uws.client.post(f"{path}/phase", {"PHASE": word}).status_code == 403
    assert uws.phase(path) == phase


@pytest.mark.parametrize("phase", ["QUEUED", "EXECUTING"])
def test_22_run_twice_is_403(uws, phase):
    path = uws.create(seconds=1)
    Job.objects.update(phase=phase)
    assert uws.client.post(f"{path}/phase", {"PHASE": "RUN"}).status_code == 403


@pytest.mark.parametrize("word", ["", "STOP", "COMPLETED", "RUN;ABORT"])
def test_22_an_unknown_phase_is_400(uws, word):
    path = uws.create(seconds=1)
    assert uws.client.post(f"{path}/phase", {"PHASE": word}).status_code == 400
    assert uws.phase(path) == "PENDING"


# --- limits ---------------------------------------------------------------------------------------------------------------


def test_23_execution_duration_is_clipped_and_shown(uws):
    path = uws.create(seconds=1)
    response = uws.client.post(f"{path}/executionduration", {"EXECUTIONDURATION": "10000000"})
    assert (response.status_code, response["Location"]) == (303, f"http://testserver{path}")
    longest = int(uws.get(f"{path}/executionduration").content)
    assert 0 < longest < 10000000
    uws.client.post(f"{path}/executionduration", {"EXECUTIONDURATION": "5"})
    assert uws.get(f"{path}/executionduration").content == b"5"
    uws.client.post(f"{path}/executionduration", {"EXECUTIONDURATION": "0"})
    assert int(uws.get(f"{path}/executionduration").content) == longest


@pytest.mark.parametrize("text", ["-1", "ten", "1e3", "1.5", "99999999999999999999"])
def test_23_a_bad_duration_is_400(uws, text):
    path = uws.create(seconds=1)
    assert uws.client.post(f"{path}/executionduration", {"EXECUTIONDURATION": text}).status_code == 400


def test_24_an_overrun_is_aborted_with_what_it_had(uws, work):
    path = uws.create(seconds=30, EXECUTIONDURATION=1, PHASE="RUN")
    work()
    job = one(path)
    assert job.phase == "ABORTED"
    assert (job.ended - job.started).total_seconds() < 10
    assert "time limit of 1 s" in job.history.last().why
    assert "time limit of 1 s" in xml(uws.get(path)).findtext(f".//{UWS}errorSummary/{UWS}message")
    assert b"time limit of 1 s" in uws.get(f"{path}/error").content


def test_25_destruction_may_be_clipped(uws):
    path = uws.create(seconds=1)
    response = uws.client.post(f"{path}/destruction", {"DESTRUCTION": "2026-12-24T18:00:00"})
    assert (response.status_code, response["Location"]) == (303, f"http://testserver{path}")
    assert uws.get(f"{path}/destruction").content == b"2026-12-24T18:00:00.000Z"
    uws.client.post(f"{path}/destruction", {"DESTRUCTION": "9999-01-01"})
    assert one(path).destruction < timezone.now() + timedelta(days=366)
    uws.client.post(f"{path}/destruction", {"DESTRUCTION": "1999-01-01"})
    assert one(path).destruction > timezone.now() - timedelta(minutes=1)


@pytest.mark.parametrize("text", ["tomorrow", "2026-13-01", "2026-12-24T18:00:00+02:00", "'; DROP TABLE jobs_job"])
def test_25_a_bad_time_is_400(uws, text):
    path = uws.create(seconds=1)
    assert uws.client.post(f"{path}/destruction", {"DESTRUCTION": text}).status_code == 400


def test_26_past_destruction_the_record_stays_and_the_results_go(uws, work):
    path = uws.create(seconds=0, PHASE="RUN")
    work()
    Job.objects.update(destruction=timezone.now() - timedelta(seconds=1))
    keeper.destroy()
    assert uws.phase(path) == "ARCHIVED"
    assert ids(uws.get("/uws/sleep")) == []
    assert len(ids(uws.get("/uws/sleep", PHASE="ARCHIVED"))) == 1
    assert uws.get(f"{path}/results/result").status_code == 404
    assert xml(uws.get(path)).find(f"{UWS}results").getchildren() == []


@pytest.mark.parametrize("phase", ["PENDING", "QUEUED"])
def test_26_a_job_that_has_not_ended_is_ended_first(uws, phase):
    path = uws.create(seconds=1)
    Job.objects.update(phase=phase, destruction=timezone.now() - timedelta(seconds=1))
    keeper.destroy()
    job = one(path)
    assert (job.phase, job.ended is not None) == ("ARCHIVED", True)
    assert [event.what for event in job.history.all()][-2:] == ["aborted", "archived"]


def test_27_delete(uws, work):
    path = uws.create(seconds=0, PHASE="RUN")
    work()
    response = uws.client.delete(path)
    assert (response.status_code, response["Location"]) == (303, "http://testserver/uws/sleep")
    assert uws.get(path).status_code == 404
    assert uws.get(f"{path}/results/result").status_code == 404


def test_28_action_delete(uws):
    path = uws.create(seconds=1)
    response = uws.client.post(path, {"ACTION": "DELETE"})
    assert (response.status_code, response["Location"]) == (303, "http://testserver/uws/sleep")
    assert uws.get(path).status_code == 404
    other = uws.create(seconds=1)
    assert uws.client.post(other, {"ACTION": "EXPLODE"}).status_code == 400


CHILDREN = ("phase", "executionduration", "destruction", "quote", "owner", "error", "parameters", "results",
            "parameters/seconds", "results/result")  # fmt: skip


@pytest.mark.parametrize("child", CHILDREN)
def test_29_nothing_else_takes_delete(uws, child):
    path = uws.create(seconds=1)
    assert uws.client.delete(f"{path}/{child}").status_code == 405
    assert uws.client.delete("/uws/sleep").status_code == 405
    assert uws.phase(path) == "PENDING"


# --- parameters, results, errors -------------------------------------------------------------------------------------------


def test_30_parameters_change_while_pending(uws):
    path = uws.create(seconds=1)
    for answer in (
        uws.client.post(path, {"seconds": "2"}),
        uws.client.post(f"{path}/parameters", {"SECONDS": "3"}),
        uws.client.put(f"{path}/parameters/seconds", "4", content_type="text/plain"),
    ):
        assert (answer.status_code, answer["Location"]) == (303, f"http://testserver{path}")
    assert uws.get(f"{path}/parameters/seconds").content == b"4"


@pytest.mark.parametrize("phase", ["QUEUED", "EXECUTING", "COMPLETED", "ERROR", "ABORTED"])
def test_30_and_not_after(uws, phase):
    path = uws.create(seconds=1)
    Job.objects.update(phase=phase)
    assert uws.client.post(path, {"seconds": "2"}).status_code == 403
    assert uws.client.post(f"{path}/parameters", {"note": "new"}).status_code == 403
    assert uws.client.put(f"{path}/parameters/seconds", "4", content_type="text/plain").status_code == 403
    assert one(path).parameters == {"seconds": ["1"]}


def test_31_results_have_unique_ids_href_size_and_type(uws, work):
    path = uws.create(seconds=0, PHASE="RUN")
    work()
    results = list(xml(uws.get(f"{path}/results")))
    names = [r.get("id") for r in results]
    assert len(names) == len(set(names))
    main = results[names.index("result")]
    content = b"".join(uws.get(main.get(f"{XLINK}href").removeprefix("http://testserver")).streaming_content)
    assert (int(main.get("size")), main.get("mime-type")) == (len(content), "text/plain")
    assert {"stdout", "stderr", "provenance.json", "provenance.xml", "provenance.provn", "provenance.svg"} < set(names)
    for method in (uws.client.post, uws.client.put):
        assert method(f"{path}/results/result", {"x": 1}).status_code == 405


def test_32_a_failing_job_says_why(uws, work):
    path = uws.create(seconds=0, fail="true", PHASE="RUN")
    work()
    response = uws.get(path)
    assert response.status_code == 200
    summary = xml(response).find(f"{UWS}errorSummary")
    assert (summary.get("type"), summary.get("hasDetail")) == ("fatal", "true")
    assert "asked to fail" in summary.find(f"{UWS}message").text
    assert b"asked to fail" in uws.get(f"{path}/error").content
    assert uws.phase(path) == "ERROR"


def test_32_what_another_try_may_mend_is_transient(uws):
    path = uws.create(seconds=1)
    Job.objects.update(phase="ERROR", error_type="transient", error_message="The worker was lost.", error_detail="")
    summary = xml(uws.get(path)).find(f"{UWS}errorSummary")
    assert (summary.get("type"), summary.get("hasDetail")) == ("transient", "true")
    assert uws.get(f"{path}/error").content == b"The worker was lost.\n"


def test_32_no_error_no_error_document(uws):
    assert uws.get(f"{uws.create(seconds=1)}/error").status_code == 404


def test_33_job_info_carries_extras(uws, work):
    path = uws.create(seconds=0, PHASE="RUN")
    work()
    info = xml(uws.get(path)).find(f"{UWS}jobInfo/info")
    told = {child.tag: child.text for child in info}
    assert (told["type"], told["progress"], told["page"]) == (
        "sleep", "1.000", f"http://testserver/jobs/{one(path).pk}/",
    )  # fmt: skip
    # Extras only: what the standard has an element for stands there and nowhere else.
    assert not set(told) & {"phase", "quote", "runId", "ownerId", "creationTime", "startTime", "endTime", "parameters"}


@pytest.mark.parametrize("owned", [True, False], ids=["owned", "nobody's"])
@pytest.mark.parametrize("phase", sorted(Phase.values))
def test_05_valid_in_every_phase_with_and_without_owner(uws, phase, owned):
    """The schema is asked of the job, of its containers and of the list."""
    path = uws.create(seconds=1, note="<&>\"'", RUNID="a <b> & c")
    job = one(path)
    now = timezone.now()
    ended = now if phase in ("COMPLETED", "ERROR", "ABORTED", "ARCHIVED") else None
    started = now if ended or phase in ("EXECUTING", "SUSPENDED") else None
    error = {"error_type": "transient", "error_message": "lost <&>"} if phase == "ERROR" else {}
    owner = {} if owned else {"owner": None}
    Job.objects.filter(pk=job.pk).update(phase=phase, started=started, ended=ended, quote=now, **error, **owner)
    document = xml(uws.get(path))
    assert document.findtext(f"{UWS}phase") == phase
    assert (document.find(f"{UWS}ownerId").get(NIL) == "true") is not owned
    assert xml(uws.get(f"{path}/parameters")).find(f"{UWS}parameter") is not None
    assert xml(uws.get(f"{path}/results")).tag == f"{UWS}results"
    assert len(ids(uws.get("/uws/sleep", PHASE=phase))) == int(owned)


# --- wait (more with a real server in test_wait) ----------------------------------------------------------------------------


def test_40_wait_belongs_to_the_job_alone(uws):
    path = uws.create(seconds=1)
    start = time.monotonic()
    uws.get("/uws/sleep", WAIT=20)
    uws.get(f"{path}/phase", WAIT=20)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("phase", ["COMPLETED", "ERROR", "ABORTED", "HELD", "SUSPENDED", "UNKNOWN", "ARCHIVED"])
def test_42_other_phases_are_answered_at_once(uws, phase):
    path = uws.create(seconds=1)
    Job.objects.update(phase=phase)
    start = time.monotonic()
    assert uws.get(path, WAIT=20).status_code == 200
    assert time.monotonic() - start < 10


def test_43_a_stale_phase_is_answered_at_once(uws):
    path = uws.create(seconds=1)
    start = time.monotonic()
    assert uws.get(path, WAIT=20, PHASE="QUEUED").status_code == 200
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("value", ["", "soon", "1.5", "1e1"])
def test_44_a_bad_wait_is_refused(uws, value):
    assert uws.get(uws.create(seconds=1), WAIT=value).status_code == 400


# --- security (the matrix of all children is in test_matrix) ------------------------------------------------------------------


def test_47_48_owner_and_stranger(uws, uws_of):
    path = uws.create(seconds=1)
    assert xml(uws.get(path)).find(f"{UWS}ownerId").text == "alice"
    assert uws_of("charlie").get(path).status_code == 403
    assert uws_of("anonymous").get(path).status_code == 401


@pytest.mark.parametrize("path", ["/uws/sleep/nothing", "/uws/sleep/00000000-0000-0000-0000-000000000000", "/uws/no"])
def test_49_what_is_missing_is_404(uws, path):
    for address in (path, f"{path}/phase", f"{path}/results/x", f"{path}/parameters/x"):
        assert uws.get(address).status_code == 404


def test_49_a_job_is_found_only_under_its_type(uws):
    job_id = uws.create(seconds=1).rsplit("/", 1)[1]
    assert uws.get(f"/uws/counts_map/{job_id}").status_code == 404


def test_50_a_new_job_is_seen_at_once(uws):
    for number in range(5):
        path = uws.create(seconds=1)
        assert uws.get(path).status_code == 200
        assert len(ids(uws.get("/uws/sleep"))) == number + 1


def test_no_final_slash_is_asked_for(uws):
    assert uws.client.post("/uws/sleep", {"seconds": 1}).status_code == 303


def test_a_final_slash_is_taken_as_it_was_meant(uws):
    """By clients that join addresses: nothing is lost on the way, and what we print has none."""
    made = uws.client.post("/uws/sleep/", {"seconds": 1})
    assert made.status_code == 303
    path = made["Location"].removeprefix("http://testserver")
    assert not path.endswith("/")
    for child in ("", "/phase", "/parameters", "/parameters/seconds", "/results", "/owner", "/quote", "/destruction"):
        assert uws.get(f"{path}{child}/").content == uws.get(f"{path}{child}").content, child
    assert ids(uws.get("/uws/sleep/")) == ids(uws.get("/uws/sleep"))
    assert uws.client.post(f"{path}/parameters/", {"seconds": 2}).status_code == 303
    assert uws.get(f"{path}/parameters/seconds").content == b"2"
    assert uws.client.post(f"{path}/phase/", {"PHASE": "ABORT"}).status_code == 303
    assert uws.phase(path) == "ABORTED"
    assert uws.client.delete(f"{path}/").status_code == 303
    assert uws.get(path).status_code == 404


@pytest.mark.parametrize(("child", "methods"), [("", "GET, HEAD, POST, DELETE"), ("/phase", "GET, HEAD, POST"),
                                                ("/owner", "GET, HEAD")], ids=["job", "phase", "owner"])  # fmt: skip
def test_the_methods_of_a_resource_can_be_asked_for(uws, child, methods):
    answer = uws.client.options(f"{uws.create(seconds=1)}{child}")
    assert (answer.status_code, answer["Allow"], answer.content) == (204, f"{methods}, OPTIONS", b"")


def test_every_result_can_be_fetched_and_none_is_promised_that_is_not_there(uws, work):
    """A run that was aborted a moment ago, or lost with its worker, has left no history."""
    path = uws.create(seconds=0, PHASE="RUN")
    work()
    links = [result.get(f"{XLINK}href") for result in xml(uws.get(path)).iter(f"{UWS}result")]
    assert any(link.endswith("provenance.json") for link in links)
    assert {uws.get(link.removeprefix("http://testserver")).status_code for link in links} == {200}
    lost = uws.create(seconds=0)
    Job.objects.filter(pk=one(lost).pk).update(phase=Phase.ERROR, started=timezone.now(), error_type="transient")
    assert list(xml(uws.get(lost)).iter(f"{UWS}result")) == []


def test_the_types_are_listed(uws):
    types = json.loads(uws.get("/uws").content)["types"]
    assert {"sleep", "counts_map"} <= {t["name"] for t in types}
