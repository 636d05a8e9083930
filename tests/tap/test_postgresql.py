"""The same service on PostgreSQL: the same answers, the same validator, and a login that can do nothing else."""

import contextlib
import io
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
import requests
from astropy.io.votable import parse
from astropy.table import Table

from tests.support.commands import manage
from tests.support.gateway import ROOT, RunningGateway, free_port
from tests.support.jobs import all_processes
from tests.support.postgresql import Cluster
from tests.vo.schemas import check

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("postgresql")]


@pytest.fixture(scope="module")
def cluster():
    with Cluster(port=free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def on_postgresql(cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("postgresql")
    running = RunningGateway(folder / "data", folder / "log.txt", DATABASE_URL=cluster.create("gateway"))
    *_made, role = manage(
        running.env, ["migrate", "-v0"], ["createcachetable"], ["make_demo", "--runs", "6"], ["tap_role"]
    )
    running.env["TAP_DATABASE_URL"] = role.split()[-1]
    running.env["PUBLIC_URL"] = running.url
    running.env["TAP_ANONYMOUS_RUNNING"] = "2"
    running.start("serve")
    yield running
    running.stop()


def test_taplint_finds_no_error_and_no_warning(on_postgresql):
    stages = "TMV TME TMS TMC CPV CAP AVV QGE QPO QAS UWS MDQ OBS UPL EXA"
    said = subprocess.run(
        ["stilts", "taplint", f"tapurl={on_postgresql.url}/tap", f"stages={stages}", "report=EWF", "interface=tap1.1"],
        capture_output=True, text=True, timeout=250, check=False,
    ).stdout  # fmt: skip
    assert "Errors: 0; Warnings: 0" in said, said


def test_a_site_in_production_is_prepared_as_the_documentation_tells(cluster, tmp_path):
    """From an empty database whose owner is no superuser; the login of queries is made, then given a new password."""
    with cluster.connect() as connection:
        connection.autocommit = True
        connection.execute("CREATE ROLE observatory LOGIN CREATEROLE")
        connection.execute("CREATE DATABASE observatory OWNER observatory")
    known = {name: os.environ[name] for name in ("PATH", "HOME", "NODE_MODULES") if name in os.environ}
    env = known | {
        "DISTILLER_MODE": "production",
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "PUBLIC_URL": "https://gateway.observatory.org",
        "DISTILLER_AUTHORITY": "observatory.org",
        "DISTILLER_DATA": str(tmp_path),
        "EMAIL_HOST": "mail.observatory.org",
        "DATABASE_URL": cluster.url("observatory", "observatory"),
    }

    def run(*words):
        return subprocess.run(
            [sys.executable, "manage.py", *words], cwd=ROOT, env=env, capture_output=True, text=True, check=False
        )

    assert run("migrate", "-v0").returncode == 0
    for _time in range(2):
        made = run("tap_role", "--name", "observatory_queries")
        assert made.returncode == 0, made.stderr
    env["TAP_DATABASE_URL"] = made.stdout.strip()
    with psycopg.connect(env["TAP_DATABASE_URL"]) as connection:
        assert connection.execute("SELECT count(*) FROM archive_product").fetchone() == (0,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT * FROM accounts_user")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT password FROM accounts_user",
        "SELECT * FROM django_session",
        "SELECT passwd FROM pg_shadow",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT * FROM pg_ls_dir('/')",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "INSERT INTO archive_proposal DEFAULT VALUES",
        "UPDATE archive_product SET policy_id = NULL",
        "DELETE FROM archive_product",
        "CREATE TABLE x (y int)",
        "SET ROLE postgres",
        "SELECT lo_import('/etc/passwd')",
        "CREATE EXTENSION dblink",
    ],
)
def test_the_login_of_queries_can_read_the_published_tables_and_nothing_else(on_postgresql, statement):
    with psycopg.connect(on_postgresql.env["TAP_DATABASE_URL"], autocommit=True) as connection:
        connection.execute("SELECT count(*) FROM archive_product")
        with pytest.raises(psycopg.Error):
            connection.execute(statement)


ENDLESS_COUNT = "SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns AS t{i}" for i in range(6))


def comes_to(cluster, wanted):
    """Does the number of queries at work in the database become this one, before the limit of a query ends it?"""
    running = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tap' AND state = 'active'"
    with cluster.connect() as connection:
        for _ in range(180):
            if connection.execute(running).fetchone() == (wanted,):
                return True
            connection.execute("SELECT pg_sleep(0.25)")
    return False


def test_a_query_whose_client_went_away_is_stopped_in_the_database(on_postgresql, cluster):
    with pytest.raises(requests.Timeout):
        requests.post(f"{on_postgresql.url}/tap/sync", {"LANG": "ADQL", "QUERY": ENDLESS_COUNT}, timeout=2)
    assert comes_to(cluster, 0)


@pytest.mark.parametrize("end", ["abort", "deadline"])
def test_an_aborted_job_ends_in_the_database(on_postgresql, cluster, end):
    words = {"LANG": "ADQL", "QUERY": ENDLESS_COUNT, "EXECUTIONDURATION": "3" if end == "deadline" else "60"}
    job = requests.post(f"{on_postgresql.url}/tap/async", words, timeout=20).url
    requests.post(f"{job}/phase", {"PHASE": "RUN"}, timeout=20)
    assert comes_to(cluster, 1)
    if end == "abort":
        requests.post(f"{job}/phase", {"PHASE": "ABORT"}, timeout=20)
    assert until(lambda: requests.get(f"{job}/phase", timeout=20).text == "ABORTED")
    assert comes_to(cluster, 0)


def test_a_restart_of_the_database_is_not_seen_by_the_next_query(on_postgresql, cluster):
    """What kept idle connections loses them all; the next query of each process opens a new one."""
    parameters = {"LANG": "ADQL", "QUERY": "SELECT TOP 1 obs_id FROM ivoa.obscore"}
    ask = lambda: requests.post(f"{on_postgresql.url}/tap/sync", parameters, timeout=20).status_code  # noqa: E731
    assert {ask() for _ in range(8)} == {200}
    with cluster.connect() as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tap'")
        connection.execute("SELECT pg_sleep(0.3)")
    assert {ask() for _ in range(8)} == {200}


RUNAWAY = "SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns AS t{i}" for i in range(6))
ENDLESS = "SELECT a.*, b.* FROM tap_schema.columns AS a, tap_schema.columns AS b, tap_schema.columns AS c"
ACTIVE = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tap' AND state = 'active'"


def ask(gateway, query="SELECT TOP 1 obs_id FROM ivoa.obscore", place="tap", **more):
    data = {"LANG": "ADQL", "QUERY": query, **more.pop("data", {})}
    return requests.post(f"{gateway.url}/{place}/sync", data, timeout=more.pop("timeout", 40), **more)


def active(cluster) -> int:
    with cluster.connect() as connection:
        return connection.execute(ACTIVE).fetchone()[0]


def until(condition, patience: float = 30) -> bool:
    """True as soon as the condition holds."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True


def web_processes(gateway) -> set[int]:
    known = all_processes()
    family = [gateway.process.pid]
    for member in family:
        family += [pid for pid, (parent, _) in known.items() if parent == member]
    return {pid for pid in family if "gunicorn" in known[pid][1]}


def refused(response) -> bool:
    """503 with a valid error document and when to come back."""
    assert response.status_code == 503, response.text
    assert response.headers["Retry-After"]
    assert "Traceback" not in response.text
    check(response.content)
    assert 'name="QUERY_STATUS" value="ERROR"' in response.text
    return True


def test_a_crash_of_the_database_is_an_error_document_and_over_when_it_is_back(on_postgresql, cluster):
    token = on_postgresql.manage("create_token", "alice", "--scopes", "read:tap").stdout.strip()
    signed_in = {"Authorization": f"Bearer {token}"}
    before = web_processes(on_postgresql)
    assert before
    with ThreadPoolExecutor(4) as threads:
        cut = ask(on_postgresql, ENDLESS, data={"MAXREC": "5000000"}, headers=signed_in, stream=True)
        pieces = cut.iter_content(2**16)
        first = next(pieces)
        running = [threads.submit(ask, on_postgresql, RUNAWAY) for _ in range(2)]
        assert until(lambda: active(cluster) >= 2)
        cluster.stop()
        try:
            assert all(refused(one.result()) for one in running)
            rest = first + b"".join(pieces)
            assert rest.rindex(b'name="QUERY_STATUS" value="ERROR"') > rest.index(b"</TABLE>")
            assert rest.endswith(b"</VOTABLE>\n")
            assert refused(ask(on_postgresql))
            assert refused(ask(on_postgresql, headers=signed_in))
            assert refused(requests.get(f"{on_postgresql.url}/datalink/links?ID=x", timeout=20))
            assert refused(requests.get(f"{on_postgresql.url}/tap/tables", timeout=20))
            availability = requests.get(f"{on_postgresql.url}/tap/availability", timeout=20)
            assert (availability.status_code, b">false<" in availability.content) == (200, True)
            check(availability.content)
            page = requests.get(f"{on_postgresql.url}/search/results/", headers={"Accept": "text/html"}, timeout=20)
            assert (page.status_code, "Try again in a minute" in page.text) == (503, True)
        finally:
            cluster.start()
    assert {ask(on_postgresql).status_code for _ in range(20)} == {200}
    assert {ask(on_postgresql, headers=signed_in).status_code for _ in range(10)} == {200}
    assert {requests.get(f"{on_postgresql.url}/", timeout=20).status_code for _ in range(10)} == {200}
    assert web_processes(on_postgresql) == before


def test_a_job_outlives_a_restart_of_the_database(on_postgresql, cluster):
    made = requests.post(f"{on_postgresql.url}/tap/async", {"LANG": "ADQL", "QUERY": "SELECT 1 AS x FROM tap_schema.keys"},
                         allow_redirects=False, timeout=20)  # fmt: skip
    job = made.headers["Location"]
    # Not at once: the cluster of the tests does not sync what it was told.
    cluster.stop("fast")
    cluster.start()
    assert until(lambda: requests.post(f"{job}/phase", {"PHASE": "RUN"}, timeout=20).status_code < 400)
    assert until(lambda: requests.get(f"{job}/phase", timeout=20).text == "COMPLETED", 90)


def test_anonymous_queries_without_end_leave_signed_in_users_their_places(on_postgresql, cluster):
    token = on_postgresql.manage("create_token", "alice", "--scopes", "read:tap").stdout.strip()

    def endless():
        with contextlib.suppress(requests.Timeout):
            return ask(on_postgresql, RUNAWAY, timeout=15)

    with ThreadPoolExecutor(24) as threads:
        asked = [threads.submit(endless) for _ in range(24)]
        assert until(lambda: active(cluster) >= 3)
        for _ in range(6):
            own = ask(on_postgresql, headers={"Authorization": f"Bearer {token}"}, timeout=10)
            assert own.status_code == 200
        assert active(cluster) <= 4
        turned_away = [response for response in (one.result() for one in asked) if response is not None]
    assert len(turned_away) >= 12
    assert all(refused(response) for response in turned_away)
    # Those whose clients went away hold no place any more.
    assert until(lambda: active(cluster) == 0)
    assert ask(on_postgresql).status_code == 200


def test_a_database_that_is_gone_at_the_start_is_waited_for(on_postgresql, cluster, tmp_path):
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "gateway.wsgi", f"--bind=127.0.0.1:{port}", "--worker-class=gthread"]
    url = f"http://127.0.0.1:{port}"
    cluster.stop()
    with (tmp_path / "log").open("wb") as log:
        web = subprocess.Popen([*command, "--workers=1", "--threads=4"], cwd=ROOT, env=on_postgresql.env, stderr=log)
    try:

        def status(**more):
            with contextlib.suppress(requests.ConnectionError):
                return requests.get(f"{url}/tap/sync", {"LANG": "ADQL", "QUERY": "SELECT 1 AS x FROM tap_schema.keys"},
                                    timeout=30, **more).status_code  # fmt: skip

        assert until(lambda: status() == 503, 60)
        cluster.start()
        assert until(lambda: status() == 200)
    finally:
        with contextlib.suppress(RuntimeError):
            cluster.start()
        web.terminate()
        web.wait(30)


FORMS = {"votable": "vot", "fits": "fits", "csv": "csv", "parquet": "parquet"}


@pytest.fixture(scope="module")
def catalogues(on_postgresql, tmp_path_factory):
    """One catalogue from a file of each form, published; gone in the end, and known no more."""
    table = Table(
        {"name": ["Crab", "M 87", "none"], "ra": [83.633, 187.706, float("nan")], "dec": [22.014, 12.391, 0.0]}
    )
    table["ra"].unit = table["dec"].unit = "deg"
    folder = tmp_path_factory.mktemp("catalogues")
    paths = [folder / f"my_{form}.{ending}" for form, ending in FORMS.items()]
    for form, path in zip(FORMS, paths, strict=True):
        table.write(path, format="ascii.csv" if form == "csv" else form)
    said = ["--ra=ra", "--dec=dec", "--description=bright ones"]
    manage(on_postgresql.env, *(["publish_table", str(path), *said] for path in paths))
    yield
    manage(on_postgresql.env, *(["publish_table", str(path), "--withdraw"] for path in paths))
    assert {ask(on_postgresql, f"SELECT name FROM catalogs.my_{form}").status_code for form in FORMS} == {400}


@pytest.mark.parametrize("form", FORMS)
def test_an_operator_publishes_a_catalogue_by_one_command(on_postgresql, catalogues, form):
    name = f"catalogs.my_{form}"
    near = ask(on_postgresql, f"SELECT name, ra FROM {name} WHERE DISTANCE(ra, dec, 83.6, 22.0) < 1")
    found = parse(io.BytesIO(near.content)).get_first_table()
    assert found.array["name"].tolist() == ["Crab"]
    assert (str(found.fields[1].unit), found.fields[1].ucd) == ("deg", "pos.eq.ra;meta.main")
    words = {"RESPONSEFORMAT": "csv"}
    described = ask(on_postgresql, f"SELECT description FROM tap_schema.tables WHERE table_name = '{name}'", data=words)
    assert described.text.split() == ["description", "bright", "ones"]
    listed = requests.get(f"{on_postgresql.url}/tap/tables/{name}", timeout=20).content
    assert [column.findtext("name") for column in check(listed).iter("column")] == ["name", "ra", "dec"]
