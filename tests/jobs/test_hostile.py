"""Hostile values are refused with the rule, or arrive as plain text; they never become anything else."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs import parameters, sleep
from jobs.errors import Refused
from jobs.models import Job

HOSTILE = ["; id", "$(id)", "`id`", "a\nb", "-rf", "--help", "../../etc/passwd", "' OR 1=1 --", "<script>alert(1)</script>",
           "%s%n{0}", "\u202eevil", "😀" * 100]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE)
def test_text_arrives_as_plain_text(uws, work, value):
    path = uws.create(seconds=0, note=value, PHASE="RUN")
    assert uws.get(f"{path}/parameters/note").content.decode() == value
    assert uws.get(path).status_code == 200
    work()
    assert b"".join(uws.get(f"{path}/results/result").streaming_content).decode() == f"slept 0 s\n{value}"


@pytest.mark.parametrize("value", [*HOSTILE, "1e999", "nan", "inf", "0x10", "1_0", "١", "1,5", "1 2", "--1"])
def test_a_number_is_a_number(uws, value):
    response = uws.client.post("/uws/sleep", {"seconds": value})
    assert response.status_code == 400
    assert b"seconds=" in response.content
    assert b"must be" in response.content
    assert Job.objects.count() == 0


@pytest.mark.parametrize(
    ("values", "parameter", "rule"),
    [
        ({"seconds": "-1"}, "seconds", "must be at least 0 s"),
        ({"seconds": "3601"}, "seconds", "must be at most 3600 s"),
        ({"fail": "perhaps"}, "fail", "must be true or false"),
        ({"colour": "red"}, "colour", "sleep has no such parameter"),
        ({"seconds": ["1", "2"]}, "seconds", "may be given only once"),
        ({"note": "a\x00b"}, "note", "control characters"),
        ({"note": "a\x1bb"}, "note", "control characters"),
        ({"note": "x" * 10_001}, "note", "at most 10000 characters"),
        ({"attachment": "../../etc/passwd"}, "attachment", "no such product"),
        ({"attachment": "file:///etc/passwd"}, "attachment", "no such product"),
        ({"attachment": "param:nothing"}, "nothing", "no file part"),
        ({"seconds": "1", "RUNID": "x" * 256}, "RUNID", "at most 255"),
        ({"seconds": "1", "PHASE": "ABORT"}, "PHASE", "only RUN"),
    ],
)
def test_a_refusal_names_parameter_value_and_rule(uws, values, parameter, rule):
    response = uws.client.post("/uws/sleep", values)
    assert response.status_code == 400
    words = response.content.decode()
    assert parameter in words
    assert rule in words
    assert Job.objects.count() == 0


def test_ten_megabytes_are_refused_and_the_answer_is_short(uws):
    response = uws.client.post(
        "/uws/sleep", {"note": "x" * 10_000_000}, content_type="application/x-www-form-urlencoded"
    )
    assert response.status_code in (400, 413)
    assert len(response.content) < 1000
    body = "note=" + "x" * 10_000_000
    response = uws.client.generic("POST", "/uws/sleep", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 413
    assert "settings" not in response.content.decode()
    assert Job.objects.count() == 0


@pytest.mark.parametrize("kind", ["application/json", "application/xml", "text/plain", "application/octet-stream"])
def test_a_body_that_is_no_form_is_refused_instead_of_passed_over(uws, kind):
    response = uws.client.generic("POST", "/uws/sleep", '{"seconds": 10}', content_type=kind)
    assert response.status_code == 415
    assert "application/x-www-form-urlencoded" in response.content.decode()
    assert Job.objects.count() == 0
    path = uws.create(seconds=1)
    assert uws.client.generic("POST", f"{path}/phase", "PHASE=RUN", content_type=kind).status_code == 415
    assert uws.phase(path) == "PENDING"
    # Without a body there is nothing to misunderstand.
    assert uws.client.generic("POST", "/uws/sleep", "", content_type=kind).status_code == 303


def test_a_reference_to_a_file_that_did_not_come_names_its_parameter(uws):
    response = uws.client.post("/uws/sleep", {"attachment": "param:elsewhere"})
    assert response.status_code == 400
    assert response.content.decode().startswith("attachment=param:elsewhere: ")


def test_thousands_of_parameters_are_refused(uws):
    body = "&".join(f"p{n}=1" for n in range(5000))
    response = uws.client.generic("POST", "/uws/sleep", body, content_type="application/x-www-form-urlencoded")
    assert response.status_code in (400, 413)


@pytest.mark.parametrize("body", [b"\xff\xfe", b"--x\r\nnothing", b""])
def test_a_broken_multipart_body_is_400(uws, body):
    response = uws.client.generic("POST", "/uws/sleep", body, content_type="multipart/form-data; boundary=x")
    assert response.status_code in (303, 400)


def test_an_upload_over_the_limit_is_refused(uws, limit):
    limit(upload_size=1000)
    response = uws.client.post("/uws/sleep", {"attachment": SimpleUploadedFile("x", b"x" * 1001)})
    assert response.status_code == 413
    assert Job.objects.count() == 0


def test_uploads_count_against_the_room_of_their_owner(uws, limit):
    limit(disk=2500)
    three = {f"attachment{end}": SimpleUploadedFile("x", b"x" * 1000) for end in ("", "-2", "-3")}
    assert uws.client.post("/uws/sleep", three).status_code == 413
    assert uws.client.post("/uws/sleep", {"attachment": SimpleUploadedFile("x", b"x" * 2000)}).status_code == 303
    refused = uws.client.post("/uws/sleep", {"attachment": SimpleUploadedFile("x", b"x" * 600)})
    assert refused.status_code == 413
    assert "delete some jobs first" in refused.content.decode()
    assert Job.objects.count() == 1


@pytest.mark.parametrize("name", ["other", "../x", "result", "a b", "x\x00"])
def test_a_file_under_a_name_that_is_no_input_is_refused(uws, name):
    response = uws.client.post("/uws/sleep", {name: SimpleUploadedFile("x", b"x")})
    assert response.status_code in (303, 400)
    assert not Job.objects.filter(uploads__isnull=False).exists()


@pytest.mark.parametrize(
    "name", ["../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "events.jsonl", "request.json", "in/x"]
)
def test_only_results_are_served(uws, work, name):
    path = uws.create(seconds=0, PHASE="RUN")
    work()
    assert uws.get(f"{path}/results/{name}").status_code == 404


@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(st.dictionaries(st.text(max_size=20), st.lists(st.text(max_size=50), max_size=3), max_size=4))
def test_any_values_are_taken_or_refused(values):
    refusal = None
    try:
        clean = parameters.check(sleep.TYPE.description, values)
        parameters.complete(sleep.TYPE.description, clean)
    except Refused as refused:
        refusal = refused
    assert refusal is None or (refusal.status == 400 and str(refusal).isprintable())


@settings(deadline=None, max_examples=50, suppress_health_check=list(HealthCheck))
@given(st.floats(0, 3600), st.booleans(), st.text(alphabet=st.characters(exclude_categories=["C", "Z"]), min_size=1))
def test_values_come_back_as_they_were(seconds, fail, note):
    given_values = {"seconds": [repr(seconds)], "fail": [str(fail).lower()], "note": [note]}
    params = parameters.complete(sleep.TYPE.description, parameters.check(sleep.TYPE.description, given_values))
    assert (params.seconds, params.fail, params.note) == (seconds, fail, note)
