"""Records that are sent in: who may tell what, descriptions once and then runs, bodies without end."""

import json

import pytest

from gateway.access.rights import ANONYMOUS
from provenance import capture
from provenance.errors import Conflict, Unknown
from provenance.importers.reading import import_document
from provenance.lookup import find
from provenance.models import Activity, Entity
from tests.provenance.builders import entity
from tests.provenance.logs import document
from tests.provenance.test_capture import everything

pytestmark = pytest.mark.django_db


def test_nobody_tells_the_origin_of_what_is_not_theirs(sender):
    capture.record_entity(entity("product"))
    before = everything()
    with pytest.raises(Conflict, match="not yours"):
        import_document(
            document(
                activity={"x:fake": {}},
                entity={"arc:product": {}},
                wasGeneratedBy={"_:1": {"prov:entity": "arc:product", "prov:activity": "x:fake"}},
            ).replace(b'"prefix": {', b'"prefix": {"arc": "ivo://distiller.example/arc?", '),
            sender("charlie"),
        )
    assert {**everything()} == before


def test_a_stranger_uses_what_is_open_and_names_nothing_of_the_archive(sender):
    capture.record_entity(entity("product"))
    prefix = {"prefix": {"x": "http://x.example/", "arc": "ivo://distiller.example/arc?"}}
    content = {
        **prefix,
        "activity": {"x:mine": {}},
        "entity": {"x:out": {}},
        "used": {"_:1": {"prov:activity": "x:mine", "prov:entity": "arc:product"}},
        "wasGeneratedBy": {"_:2": {"prov:entity": "x:out", "prov:activity": "x:mine"}},
    }
    report = import_document(json.dumps(content).encode(), sender("charlie"))
    assert report.activities == 1
    assert find("http://x.example/out", ANONYMOUS) is None
    assert find("http://x.example/out", sender("charlie").viewer) is not None
    with pytest.raises(Unknown):
        import_document(json.dumps({**prefix, "entity": {"arc:job-123": {}}}).encode(), sender("charlie"))


def test_a_hidden_name_answers_a_sender_as_an_unknown_one(sender, cast):
    capture.record_entity(entity("secret", policy_id=sender("alice").policy.pk))
    told = []
    for name in ("secret", "never-was"):
        content = {
            "prefix": {"x": "http://x.example/", "arc": "ivo://distiller.example/arc?"},
            "activity": {"x:a": {}},
            "used": {"_:1": {"prov:activity": "x:a", "prov:entity": f"arc:{name}"}},
        }
        with pytest.raises(Unknown) as refusal:
            import_document(json.dumps(content).encode(), sender("charlie"))
        told.append(str(refusal.value).replace(name, "…"))
    assert told[0] == told[1]


DESCRIPTION = {
    "name": "train", "version": "1", "description": "Trains a model", "type": "Reconstruction",
    "parameters": [{"name": "trees", "datatype": "int", "default": 100}],
    "contacts": [{"name": "Carol", "role": "Coordinator"}],
}  # fmt: skip
RUN = {
    "id": "http://dirac.example/jobs/7", "activity": "train", "version": "1",
    "start": "2026-01-01T10:00:00Z", "end": "2026-01-01T11:00:00Z", "parameters": {"trees": 200},
    "used": [{"location": "/grid/in.h5", "role": "events"}],
    "generated": [{"location": "/grid/model.pkl", "role": "model", "sha256": "ab" * 32, "size": 5}],
    "agents": [{"name": "Dave"}], "software": {"ctapipe": "0.28"}, "succeeded": True, "values": {"score": 0.9},
}  # fmt: skip


def post(client, body, **headers):
    return client.post("/provenance/records", json.dumps(body), content_type="application/json", headers=headers)


def test_descriptions_once_then_runs(client, token_of):
    headers = token_of("alice", "write:provenance")
    assert post(client, {"runs": [RUN]}, **headers).status_code == 404
    for _ in range(2):
        assert post(client, {"descriptions": [DESCRIPTION]}, **headers).status_code == 201
        answer = post(client, {"runs": [RUN]}, **headers)
        assert answer.status_code == 201, answer.content
    identifier = answer.json()["names"][RUN["id"]]
    made = Activity.objects.get(pk=identifier)
    assert Activity.objects.count() == 1
    assert made.parameters.get().description.default == "100"
    assert {a.role for a in made.was_associated_with.all()} == {"Operator", "Coordinator"}
    assert {g.role for g in made.generated.all()} == {"model", "score"}
    changed = {**DESCRIPTION, "description": "Something else"}
    assert post(client, {"descriptions": [changed]}, **headers).status_code == 409


@pytest.mark.parametrize(
    ("scopes", "status"), [(("write:provenance",), 201), (("read:tap",), 403), (("write:jobs",), 403)]
)
def test_the_token_must_have_the_scope(client, token_of, scopes, status):
    body = {"descriptions": [DESCRIPTION]}
    assert post(client, body, **token_of("alice", *scopes)).status_code == status


def test_anonymous_and_wrong_methods(client):
    assert post(client, {}).status_code == 401
    assert client.get("/provenance/records").status_code == 405


@pytest.mark.parametrize(
    "body", [{"runs": 3}, {"runs": [{}]}, {"runs": [{"activity": "train", "id": "x", "used": [{}]}]}, [], {"x": 1}, "{"]
)
def test_a_broken_body_is_refused_in_words(client, token_of, body):
    answer = post(client, body, **token_of("alice", "write:provenance"))
    assert answer.status_code in (400, 404)
    assert "Traceback" not in answer.content.decode()


class Endless:
    """A body that never ends; ``taken`` is how much of it was read."""

    taken = 0

    def read(self, size: int = -1) -> bytes:
        size = min(size, 2**16) if size > 0 else 2**16
        self.taken += size
        return b" " * size

    readline = read


@pytest.mark.parametrize("said", [100 * 2**20, 10**30, 20 * 2**20 + 1])
def test_a_body_of_a_hundred_megabytes_is_refused_without_being_read(client, token_of, said):
    body = Endless()
    headers = {"HTTP_AUTHORIZATION": token_of("alice", "write:provenance")["authorization"]}
    environment = {**client._base_environ(), **headers, "REQUEST_METHOD": "POST", "PATH_INFO": "/provenance/records",
                   "CONTENT_LENGTH": str(said), "CONTENT_TYPE": "application/json", "wsgi.input": body}  # fmt: skip
    answer = client.request(**environment)
    assert answer.status_code == 413
    assert "20,971,520" in answer.content.decode()
    assert body.taken <= 20 * 2**20 + 2**17
    assert Entity.objects.count() == 0
