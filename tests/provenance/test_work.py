"""What one does with a history: search, compare, follow it down, mark and tell, take it home."""

import hashlib
import io
import json
import subprocess
import sys
import time
import zipfile

import pytest
from django.core import mail

from gateway.access.models import Policy
from gateway.access.rights import ANONYMOUS, viewer_of
from provenance import capture, comparison, hooks, impact
from provenance.hooks import read_bytes
from provenance.models import Doubt, Entity
from provenance.records import ActivityDescriptionRecord
from tests.provenance.builders import chain, entity, run, setting

pytestmark = pytest.mark.django_db
TEXT = b"the bytes of a product"


@pytest.fixture
def bytes_of(monkeypatch):
    files: dict[str, bytes] = {}

    def read(key):
        return iter([files[key]])

    monkeypatch.setattr(read_bytes, "_function", read)
    return files


@pytest.fixture
def hidden(cast):
    return Policy.objects.create(name="mine", rights="proprietary", metadata="hidden", owner=cast.alice)


# --- search ----------------------------------------------------------------------------------------------------------


def names(client, query: str) -> set[str]:
    page = client.get(f"/provenance/?{query}").content.decode()
    import re

    return set(re.findall(r'<th scope="row"><a href="/provenance/\w+/([^/]+)/"', page))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("activity=counts", {"cal", "sky", "plot"}),
        ("version=1.2", {"cal", "sky", "plot"}),
        ("software=gammapy 2.1", {"sky", "plot"}),
        ("parameter=width&value=2.0", {"sky", "plot"}),
        ("parameter=width&value=9", set()),
        ("agent=alice", {"cal", "sky", "plot"}),
        ("agent=user-1&name=SKY", {"sky"}),
        ("level=DL3", {"dl3"}),
        ("method=ImPACT", {"dl3"}),
        ("cuts=loose", {"dl3"}),
        ("version=0.28", {"dl3"}),
        ("since=2026-11-21", set()),
        ("outcome=failed", {"broken"}),
        ("error=too many", {"broken"}),
        ("exit_code=3", {"broken"}),
        ("outcome=succeeded", {"analyse"}),
    ],
)
def test_products_are_found_by_what_made_them(client, query, found):
    chain()
    reco = ActivityDescriptionRecord(name="reconstruct", type="Reconstruction")
    capture.record(
        run("reco", [], [entity("dl3", level="DL3")], description=reco, software=(("ctapipe", "0.28"),), agents=(),
            parameters=(setting("reconstruction_method", "ImPACT"), setting("cuts", "loose")))
    )  # fmt: skip
    capture.record(run("broken", [], [], succeeded=False, exit_code=3, error="too many stars", agents=()))
    assert names(client, query) == found


@pytest.mark.parametrize("query", ["since=yesterday", "outcome=maybe", "exit_code=x"])
def test_a_filter_that_cannot_be_is_said_at_its_field(client, query):
    answer = client.get(f"/provenance/?{query}")
    assert answer.status_code == 400
    assert "d-error" in answer.content.decode() or "outcome" in query


def test_an_identifier_leads_to_its_page(client):
    chain()
    assert client.get("/provenance/?id=arc:sky").url == "/provenance/entity/sky/"
    assert client.get("/provenance/?id=analyse").url == "/provenance/activity/analyse/"
    assert "Nothing called" in client.get("/provenance/?id=no").content.decode()


@pytest.mark.parametrize(
    ("who", "sees"), [("anonymous", False), ("charlie", False), ("bob", False), ("alice", True), ("dana", True)]
)
def test_search_shows_nobody_what_is_hidden(cast, client_of, hidden, who, sees):
    chain({"sky": hidden.pk, "analyse": hidden.pk}.get)
    for query in ("name=SKY", "parameter=width", "software=gammapy", "outcome=succeeded", "agent=Alice&name=sky"):
        assert bool(names(client_of(who), query) & {"sky", "analyse"}) is sees, query


# --- compare ---------------------------------------------------------------------------------------------------------


def two_maps(**second) -> None:
    capture.record_entity(entity("run-1"))
    capture.record_entity(entity("run-2"))
    capture.record(
        run("first", ["run-1"], ["map-1"], parameters=(setting("width", "2.0"),), software=(("gammapy", "2.0"),))
    )
    facts = {"parameters": (setting("width", "2"),), "software": (("gammapy", "2.0"),), **second}
    capture.record(run("second", ["run-1", *second.pop("extra", [])], ["map-2"], **facts))


def compared():
    return comparison.compare(*(Entity.objects.get(pk=f"map-{n}") for n in (1, 2)), ANONYMOUS)


def test_the_same_work_is_found_the_same():
    two_maps()
    assert compared().same


def test_what_differs_is_named():
    two_maps(parameters=(setting("width", "3.0"),), software=(("gammapy", "2.1"),))
    capture.record_entity(entity("map-2", derived_from=("run-2",)))
    found = compared()
    assert found.steps[0].differences == [("software", "gammapy", "2.0", "2.1"), ("parameter", "width", "2.0", "3.0")]
    assert [node.id for node in found.only_right] == ["run-2"]
    assert found.common == 1


def fits(values, **header) -> bytes:
    import numpy as np
    from astropy.io import fits as f

    hdu = f.PrimaryHDU(np.array(values, dtype=float))
    hdu.header.update(header)
    target = io.BytesIO()
    f.HDUList([hdu]).writeto(target, checksum=True)
    return target.getvalue()


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (fits([1, 2, 3], DATE="2026-01-02"), "identical data"),
        (fits([1, 2, 4], DATE="2026-01-02"), "data differ: 1 values"),
        (fits([1, 2], DATE="2026-01-02"), "differ"),
    ],
)
def test_files_are_compared_by_hdu_and_value(client, bytes_of, second, words):
    two_maps()
    bytes_of.update({"map-1": fits([1, 2, 3], DATE="2026-01-01"), "map-2": second})
    for key, content in bytes_of.items():
        capture.record_entity(entity(key, size=len(content), sha256=hashlib.sha256(content).hexdigest()))
    page = client.get("/provenance/compare?a=map-1&b=map-2").content.decode()
    assert words in page


def test_comparing_with_what_one_may_not_see_is_comparing_with_nothing(client_of, cast, hidden):
    two_maps()
    capture.set_policy("map-2", hidden.pk)
    for who, status in (("anonymous", 404), ("charlie", 404), ("alice", 200)):
        assert client_of(who).get("/provenance/compare?a=map-1&b=map-2").status_code == status
    assert client_of("charlie").get("/provenance/compare?a=map-2").status_code == 404
    assert client_of("charlie").get("/provenance/compare?a=map-1").status_code == 200


# --- what depends on this --------------------------------------------------------------------------------------------


def test_everything_downstream_is_listed(client):
    chain()
    page = client.get("/provenance/entity/table/dependents/").content.decode()
    for key in ("cal", "sky", "plot"):
        assert f"/provenance/entity/{key}/" in page
    assert "/provenance/entity/raw/" not in page
    assert "obs_publisher_did" in page


def test_staff_mark_and_owners_are_told(client_of, cast, hidden, django_capture_on_commit_callbacks, monkeypatch):
    told = []
    monkeypatch.setattr(hooks.suspects, "_members", {"test": lambda keys, reason: told.append((sorted(keys), reason))})
    chain({"sky": hidden.pk, "analyse": hidden.pk}.get)
    form = {"key": ["cal", "sky"], "reason": "bad calibration", "next": "/provenance/"}
    for who in ("anonymous", "charlie", "bob", "alice"):
        assert client_of(who).post("/provenance/suspects", form).status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        client_of("dana").post("/provenance/suspects", form)
    assert {d.entity_id for d in Doubt.objects.all()} == {"cal", "sky"}
    assert [m.to for m in mail.outbox] == [["alice@demo.example"]]
    assert "bad calibration" in mail.outbox[0].body
    assert told == [(["cal", "sky"], "bad calibration")]
    assert "bad calibration" in client_of("anonymous").get("/provenance/entity/cal/").content.decode()
    assert impact.mark(["cal"], "bad calibration", viewer_of(cast.dana)) == 0
    client_of("dana").post("/provenance/suspects", {**form, "withdraw": "1", "next": "https://evil.example/"})
    assert not Doubt.objects.filter(withdrawn=None).exists()


def test_a_mark_needs_a_reason_and_never_leads_away(client_of):
    chain()
    answer = client_of("dana").post("/provenance/suspects", {"key": "cal", "next": "https://evil.example/"})
    assert answer.url == "/provenance/"
    assert not Doubt.objects.exists()


def test_what_bad_products_share_and_good_ones_do_not(client):
    capture.record_entity(entity("fine"))
    capture.record_entity(entity("culprit"))
    for n, inputs in enumerate((["culprit", "fine"], ["culprit", "fine"], ["fine"])):
        capture.record(run(f"r{n}", inputs, [f"p{n}"]))
    page = client.get("/provenance/common?bad=p0+p1&good=p2").content.decode()
    assert page.index("entity/culprit/") < page.index("entity/fine/")


# --- research objects ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tampered", "status"), [(False, 0), (True, 1)])
def test_a_crate_can_be_verified_anywhere(client, bytes_of, tmp_path, tampered, status):
    chain()
    bytes_of["sky"] = TEXT + (b"!" if tampered else b"")
    capture.record_entity(entity("sky", sha256=hashlib.sha256(TEXT).hexdigest(), size=len(TEXT)))
    answer = client.get("/provenance/entity/sky/crate.zip")
    with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
        archive.extractall(tmp_path)
    graph = json.loads((tmp_path / "ro-crate-metadata.json").read_text())["@graph"]
    root = next(item for item in graph if item["@id"] == "./")
    assert {part["@id"] for part in root["hasPart"]} == {
        "provenance.json", "provenance-ivoa.json", "provenance.provn", "verify.py", "data/sky.fits",
    }  # fmt: skip
    assert "ivo://distiller.example/arc?raw" in {item["@id"] for item in root["isBasedOn"]}
    done = subprocess.run([sys.executable, tmp_path / "verify.py"], capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout


def test_asked_again_later_a_crate_is_the_same_file(client, bytes_of, monkeypatch):
    chain()

    def asked() -> bytes:
        return b"".join(client.get("/provenance/entity/sky/crate.zip").streaming_content)

    first = asked()
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    assert asked() == first


def test_a_crate_holds_no_bytes_that_one_may_not_have(client_of, cast, bytes_of):
    policy = Policy.objects.create(name="embargo", rights="proprietary", metadata="public", owner=cast.alice)
    capture.record_entity(entity("sky", policy_id=policy.pk, sha256=hashlib.sha256(TEXT).hexdigest(), size=len(TEXT)))
    bytes_of["sky"] = TEXT
    for who, has in (("anonymous", False), ("charlie", False), ("alice", True)):
        answer = client_of(who).get("/provenance/entity/sky/crate.zip")
        with zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content))) as archive:
            assert ("data/sky.fits" in archive.namelist()) is has


@pytest.mark.parametrize(
    "address", ["entity/sky/dependents/", "activity/analyse/dependents/", "entity/sky/crate.zip", "compare?a=sky"]
)
def test_hidden_things_answer_as_unknown_ones(client_of, cast, hidden, address):
    chain({"sky": hidden.pk, "analyse": hidden.pk}.get)
    for who, status in (("anonymous", 404), ("charlie", 404), ("bob", 404), ("alice", 200), ("dana", 200)):
        assert client_of(who).get(f"/provenance/{address}").status_code == status


# --- repeat ----------------------------------------------------------------------------------------------------------


def archive_of(**members: bytes) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def png(pixels: bytes, text: bytes = b"") -> bytes:
    import struct
    import zlib

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"tEXt", text) + chunk(b"IDAT", zlib.compress(pixels))


JOB = "spectrum-0123456789ab", "spectrum-ba9876543210"


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        (fits([1, 2], DATE="2026-01-01"), fits([1, 2], DATE="2026-02-01"), True),
        (fits([1], CREATED="2026-01-01"), fits([1], CREATED="2026-02-01"), True),
        (fits([1, 2]), fits([1, 3]), False),
        (fits([1, 2], OBS_ID="1"), fits([1, 2], OBS_ID="2"), False),
        (archive_of(a=fits([1])), archive_of(a=fits([1], DATE="2026-02-01")), True),
        (archive_of(a=fits([1])), archive_of(a=fits([2])), False),
        (archive_of(a=b"1"), archive_of(b=b"1"), False),
        (png(b"\0abc", b"made\0today"), png(b"\0abc", b"made\0yesterday"), True),
        (png(b"\0abc"), png(b"\0abd"), False),
        (b"# %ECSV 1.0\n# made: today\nx\n1\n", b"# %ECSV 1.0\n# made: later\nx\n1\n", True),
        (b"# %ECSV 1.0\nx\n1\n", b"# %ECSV 1.0\nx\n2\n", False),
        (f'{{"n": [1, {{"p": "{JOB[0]}"}}]}}'.encode(), f'{{"n": [1, {{"p": "{JOB[1]}"}}]}}'.encode(), True),
        (b'{"n": 1.5}', b'{"n": 1.6}', False),
        (b"any text", b"any text ", False),
    ],
)
def test_data_are_compared_and_dates_are_not(left, right, same):
    from provenance import contents

    assert all(finding.same for finding in contents.differences(left, right)) is same


@pytest.mark.parametrize(
    "content",
    [fits([1])[:100], archive_of(a=b"1")[:20], png(b"\0abc")[:-40] + b"xx", b"{", b""],
    ids=["FITS", "zip", "PNG", "JSON", "nothing"],
)
def test_what_cannot_be_read_is_said_not_to_be_compared(client, bytes_of, content):
    two_runs(bytes_of, content, content + b" ")
    page = client.get("/provenance/compare?a=first&b=second")
    assert page.status_code == 200
    assert "Identical data" not in page.content.decode()


def two_runs(bytes_of, *contents: bytes, **second) -> None:
    two_maps(**second)
    for n, content in enumerate(contents, 1):
        bytes_of[f"map-{n}"] = content
        digest = hashlib.sha256(content).hexdigest()
        capture.record_entity(entity(f"map-{n}", size=len(content), sha256=digest))


def test_a_run_and_its_repetition_are_told_identical(client, bytes_of):
    two_runs(bytes_of, fits([1, 2], DATE="2026-01-01"), fits([1, 2], DATE="2026-02-01"))
    assert 'data-same="true"' in client.get("/provenance/compare/verdict?a=first&b=second").content.decode()
    assert "Identical data." in client.get("/provenance/compare?a=first&b=second").content.decode()


def test_a_run_and_its_repetition_with_other_software_are_told_apart(client, bytes_of):
    two_runs(bytes_of, fits([1, 2]), fits([1, 5]), software=(("gammapy", "2.2"),))
    page = client.get("/provenance/compare/verdict?a=first&b=second").content.decode()
    assert 'data-same="false"' in page
    assert "gammapy: 2.0 → 2.2" in page
    assert "data differ: 1 values" in client.get("/provenance/compare?a=first&b=second").content.decode()


@pytest.mark.parametrize(
    ("who", "status"), [("anonymous", 404), ("charlie", 404), ("bob", 404), ("alice", 200), ("dana", 200)]
)
def test_a_hidden_run_is_compared_for_nobody_else(client_of, cast, hidden, bytes_of, who, status):
    two_runs(bytes_of, fits([1]), fits([1]), policy_id=hidden.pk)
    assert client_of(who).get("/provenance/compare/verdict?a=first&b=second").status_code == status


def test_a_whole_run_is_marked_with_all_that_came_of_it(client_of):
    from search.archive.models import Product

    chain()
    answer = client_of("dana").post("/provenance/suspects", {"all_of": "calibrate", "reason": "wrong flat field"})
    assert answer.status_code == 302
    assert Doubt.objects.filter(activity="calibrate").exists()
    assert {d.entity_id for d in Doubt.objects.exclude(entity=None)} == {"cal", "sky", "plot"}
    assert "wrong flat field" in client_of("anonymous").get("/provenance/activity/calibrate/").content.decode()
    client_of("dana").post("/provenance/suspects", {"all_of": "calibrate", "withdraw": "1"})
    assert not Doubt.objects.filter(withdrawn=None).exists()
    assert Product.objects.count() == 0


def test_a_suspect_product_says_so_on_its_page_and_in_results(client_of, cast):
    from search.archive.models import Product

    policy = capture.public_policy()
    Product.objects.create(
        key="sky", obs_publisher_did="ivo://distiller.example/arc?sky", policy=policy, obs_id="1", obs_title="Sky map",
        obs_collection="tests", dataproduct_type="image", calib_level=4, s_ra=83.6, s_dec=22.0, data_rights="public",
    )  # fmt: skip
    chain()
    client_of("dana").post("/provenance/suspects", {"key": "sky", "reason": "bad weather"})
    visitor = client_of("anonymous")
    assert "bad weather" in visitor.get("/products/sky/").content.decode()
    assert "bad weather" in visitor.get("/search/results/?obs_collection=tests").content.decode()
    client_of("dana").post("/provenance/suspects", {"key": "sky", "withdraw": "1"})
    assert "bad weather" not in visitor.get("/products/sky/").content.decode()


# --- from what depends on it to a search -----------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["anonymous", "charlie", "bob", "alice", "dana"])
def test_ticked_dependents_go_to_a_search_without_what_is_hidden(cast, client_of, hidden, who):
    chain({"sky": hidden.pk, "analyse": hidden.pk}.get)
    client = client_of(who)
    assert 'name="key" value="cal"' in client.get("/provenance/entity/raw/dependents/").content.decode()
    answer = client.post("/provenance/select", {"key": ["cal", "sky", "no'such"], "next": "/provenance/"})
    assert answer.url.startswith("/search/results/?adql=")
    assert "arc%3Fcal%27" in answer.url
    assert ("arc%3Fsky%27" in answer.url) is (who in ("alice", "dana"))
    assert "such" not in answer.url
    assert client.get(answer.url).status_code == 200


def test_nothing_ticked_leads_back_with_words(client):
    chain()
    address = "/provenance/entity/raw/dependents/"
    answer = client.post("/provenance/select", {"next": address}, follow=True)
    assert answer.request["PATH_INFO"] == address
    assert "Tick what the search is to show." in answer.content.decode()
