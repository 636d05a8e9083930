"""The same service on PostgreSQL: the same answers, the same validator, and a login that can do nothing else."""

import subprocess

import psycopg
import pytest
import requests

from tests.support.gateway import RunningGateway, free_port
from tests.support.postgresql import Cluster

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster():
    with Cluster(port=free_port()) as running:
        yield running


@pytest.fixture(scope="module")
def on_postgresql(cluster, tmp_path_factory):
    folder = tmp_path_factory.mktemp("postgresql")
    running = RunningGateway(folder / "data", folder / "log.txt", DATABASE_URL=cluster.create("gateway"))
    for command in (["migrate", "-v0"], ["createcachetable"], ["make_demo", "--runs", "6"]):
        running.manage(*command)
    running.env["TAP_DATABASE_URL"] = running.manage("tap_role").stdout.split()[-1]
    running.env["PUBLIC_URL"] = running.url
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


def test_a_query_without_end_is_stopped_in_the_database(on_postgresql, cluster):
    query = "SELECT COUNT(*) AS n FROM " + ", ".join(f"tap_schema.columns AS t{i}" for i in range(6))
    with pytest.raises(requests.Timeout):
        requests.post(f"{on_postgresql.url}/tap/sync", {"LANG": "ADQL", "QUERY": query}, timeout=2)
    with cluster.connect() as connection:
        for _ in range(20):
            running = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'tap' AND state = 'active'"
            ).fetchone()
            if running == (0,):
                break
            connection.execute("SELECT pg_sleep(0.5)")
    assert running == (0,)


def test_a_restart_of_the_database_is_not_seen_by_the_next_query(on_postgresql, cluster):
    """What kept idle connections loses them all; the next query of each process opens a new one."""
    parameters = {"LANG": "ADQL", "QUERY": "SELECT TOP 1 obs_id FROM ivoa.obscore"}
    ask = lambda: requests.post(f"{on_postgresql.url}/tap/sync", parameters, timeout=20).status_code  # noqa: E731
    assert {ask() for _ in range(8)} == {200}
    with cluster.connect() as connection:
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tap'")
        connection.execute("SELECT pg_sleep(0.3)")
    assert {ask() for _ in range(8)} == {200}
