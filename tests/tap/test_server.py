"""The whole service as clients meet it: STILTS, pyvo and curl against a running gateway."""

import csv
import io
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
import pyvo
import requests
from astropy.table import Table

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("tap-server")]


@pytest.fixture(scope="module")
def service(gateway) -> pyvo.dal.TAPService:
    return pyvo.dal.TAPService(f"{gateway.url}/tap")


def stilts(*arguments: str) -> str:
    done = subprocess.run(["stilts", *arguments], capture_output=True, text=True, timeout=250, check=False)
    return done.stdout + done.stderr


def test_taplint_finds_no_error_and_no_warning(gateway):
    stages = "TMV TME TMS TMC CPV CAP AVV QGE QPO QAS UWS MDQ OBS UPL EXA"
    said = stilts("taplint", f"tapurl={gateway.url}/tap", f"stages={stages}", "report=EWF", "interface=tap1.1")
    assert "Errors: 0; Warnings: 0" in said, said


@pytest.mark.parametrize("form", ["votable", "votable/b2", "votable/binary"])
def test_votlint_finds_nothing(gateway, tmp_path, form):
    path = tmp_path / "result.vot"
    query = "SELECT TOP 20 * FROM ivoa.obscore"
    subprocess.run(
        [
            "curl",
            "-sS",
            "-o",
            path,
            "--data-urlencode",
            f"QUERY={query}",
            "-d",
            f"LANG=ADQL&RESPONSEFORMAT={form}",
            f"{gateway.url}/tap/sync",
        ],
        check=True,
    )
    said = stilts("votlint", f"votable={path}", "version=1.4")
    assert said.strip() == "", said


def test_pyvo_searches_by_sync(service):
    found = service.search("SELECT obs_id, s_ra FROM ivoa.obscore ORDER BY obs_id", maxrec=5)
    assert len(found) == 5
    assert found.fielddescs[1].unit == "deg"


def test_pyvo_reads_tables_capabilities_and_examples(service):
    assert "ivoa.obscore" in service.tables
    assert len(service.tables["ivoa.obscore"].columns) >= 60
    assert service.maxrec
    assert service.hardlimit
    assert service.get_tap_capability().get_adql().get_udf("ivo_healpix_index")
    names = [example["QUERY"] for example in service.examples]
    assert len(names) >= 10
    for query in names:
        service.search(query)


def test_pyvo_runs_async_and_the_job_can_be_deleted(service):
    job = service.submit_job("SELECT obs_id FROM ivoa.obscore", maxrec=3)
    job.run().wait(phases=["COMPLETED", "ERROR"], timeout=60)
    assert job.phase == "COMPLETED"
    assert len(job.fetch_result()) == 3
    job.delete()


def test_a_failing_job_says_why(service):
    job = service.submit_job("SELECT nothing FROM ivoa.obscore")
    job.run()
    job.wait(timeout=60)
    with pytest.raises(pyvo.dal.DALQueryError, match="nothing"):
        job.raise_if_error()
    job.delete()


@pytest.mark.parametrize("run", ["run_sync", "run_async"])
def test_pyvo_uploads_a_table_and_joins_it(service, run):
    mine = Table({"name": ["crab"], "ra": [83.633], "dec": [22.014]})
    query = (
        "SELECT m.name, COUNT(*) AS n FROM TAP_UPLOAD.mine AS m JOIN ivoa.obscore AS o"
        " ON DISTANCE(m.ra, m.dec, o.s_ra, o.s_dec) < 2 GROUP BY m.name"
    )
    found = getattr(service, run)(query, uploads={"mine": mine})
    assert found["name"][0] == "crab"
    assert found["n"][0] > 0


def test_curl_gets_csv(gateway):
    done = subprocess.run(
        [
            "curl",
            "-sS",
            f"{gateway.url}/tap/sync?LANG=ADQL&RESPONSEFORMAT=csv&QUERY=SELECT+COUNT(*)+AS+n+FROM+ivoa.obscore",
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    rows = list(csv.reader(io.StringIO(done.stdout)))
    assert rows[0] == ["n"]
    assert int(rows[1][0]) > 0


def test_a_signed_in_client_sees_its_own_and_tap_auth_always_asks(gateway):
    token = gateway.manage("create_token", "alice", "--scopes", "read:tap,write:jobs").stdout.strip()
    refused = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", f"{gateway.url}/tap-auth/sync"],
                             capture_output=True, text=True, check=False).stdout  # fmt: skip
    assert refused == "401"
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {token}"
    own = pyvo.dal.TAPService(f"{gateway.url}/tap-auth", session=session)
    query = "SELECT COUNT(*) AS n FROM ivoa.obscore"
    anonymous = pyvo.dal.TAPService(f"{gateway.url}/tap")
    assert own.search(query)["n"][0] >= anonymous.search(query)["n"][0]
    assert own.run_async(query)["n"][0] == own.search(query)["n"][0]


def test_clients_that_went_away_stop_their_queries_and_free_their_places(gateway):
    query = "SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns AS t{i}" for i in range(6))

    def leave(_):
        with pytest.raises(requests.Timeout):
            requests.post(f"{gateway.url}/tap/sync", {"LANG": "ADQL", "QUERY": query}, timeout=1)

    # More than both web processes have places for; the limit of time would free them after a minute.
    with ThreadPoolExecutor(10) as threads:
        list(threads.map(leave, range(20)))
    for _ in range(6):
        words = {"LANG": "ADQL", "QUERY": "SELECT 1 AS x FROM tap_schema.keys"}
        assert requests.post(f"{gateway.url}/tap/sync", words, timeout=30).status_code == 200
