"""Machines die; jobs do not. Real workers and brokers are killed, stopped and starved with 200 jobs in flight.

After each fault: every job has ended in the phase that is its own, none is lost, none has its results twice, nothing of
a finished job is alive, and none stays EXECUTING without a worker beyond its lease.
"""

import os
import shutil
import signal
import sqlite3
import threading
import time
import urllib.request
import uuid
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.support.jobs import LEASE, JobGateway, all_processes, until

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]
COUNT = 200
"""jobs that wait or run at the moment of the fault; more are created, for some end before it"""
AGAIN = 40
"""the same, where the same fault meets the other broker"""
DONE = 5
EARLY = 30
"""jobs that may have ended when a fault comes"""
FAILING = 10
PATIENCE = 300


def gateway_of(broker: str, folder: Path, template: Path) -> JobGateway:
    if broker == "redis" and shutil.which("redis-server") is None:
        pytest.fail("redis-server is not installed")
    return JobGateway(folder, redis=broker == "redis", template=template)


def ended(gateway: JobGateway) -> None:
    gateway.end()
    until(lambda: not [c for _, c in all_processes().values() if str(gateway.data) in c], 20, "no process is left")


@pytest.fixture(scope="module", params=["filesystem", "redis"])
def at_work(request, tmp_path_factory, template):
    """Keeper and worker run; a test that breaks one leaves the gateway whole again, and is the next one's ground."""
    gateway = gateway_of(request.param, tmp_path_factory.mktemp("faults") / "gateway", template)
    gateway.start_worker()
    gateway.start_keeper()
    yield gateway
    ended(gateway)


@pytest.fixture
def gateway(at_work):
    at_work.revived()
    at_work.hold_runner()
    return at_work


@pytest.fixture(params=["filesystem"])
def alone(request, tmp_path, template):
    """Nothing runs yet, and no other test sees it."""
    gateway = gateway_of(request.param, tmp_path / "gateway", template)
    yield gateway
    ended(gateway)


def all_is_well(gateway: JobGateway) -> None:
    """Of all jobs that this gateway ever had."""
    orphans = Orphans(gateway)
    until(lambda: gateway.revived() or orphans.none_stay(), PATIENCE, f"all jobs ended: {gateway.phases()}", 0.4)
    assert gateway.phases() == +gateway.due
    # One history and one ending for each, and one result of each name.
    assert gateway.query("SELECT count(*) FROM provenance_activity WHERE identifier LIKE 'job-%'") == [
        (gateway.due.total(),)
    ]
    endings = (
        "SELECT job_id FROM jobs_jobevent WHERE what IN ('completed', 'error') GROUP BY job_id HAVING count(*) > 1"
    )
    assert gateway.query(endings) == []
    completed = gateway.due["COMPLETED"]
    assert gateway.query("SELECT count(*) FROM jobs_jobresult WHERE name = 'result'") == [(completed,)]
    assert gateway.query("SELECT job_id FROM jobs_jobresult GROUP BY job_id, name HAVING count(*) > 1") == []
    assert gateway.query("SELECT count(*) FROM jobs_job WHERE claim <> '' OR lease IS NOT NULL") == [(0,)]
    assert gateway.query("SELECT count(*) FROM jobs_job WHERE phase = 'ERROR' AND error_type <> 'fatal'") == [(0,)]
    assert sum(1 for _ in (gateway.data / "archive" / "jobs").rglob("result")) == completed
    folder = f"{gateway.data}/scratch/"
    until(lambda: not [p for p in all_processes() if where(p).startswith(folder)], 20, "nothing of a run is alive")


class Orphans:
    """Runs whose lease is over and that still stand as EXECUTING."""

    def __init__(self, gateway: JobGateway) -> None:
        self.gateway = gateway
        self.seen: dict[object, float] = {}

    def none_stay(self) -> bool:
        """Whether all jobs have ended. Fails for a run that was seen so for longer than a lease: the keeper needs a
        moment to find it."""
        now, clock = datetime.now(UTC).replace(tzinfo=None), time.monotonic()
        late = f"SELECT claim FROM jobs_job WHERE phase = 'EXECUTING' AND lease < '{now}'"
        self.seen = {claim: self.seen.get(claim, clock) for (claim,) in self.gateway.query(late)}
        assert all(clock - since <= LEASE for since in self.seen.values())
        return self.gateway.ended() == self.gateway.due.total()


def started(gateway: JobGateway, count: int = 0) -> None:
    """Some jobs are done, and so many are in flight."""
    count = count or (AGAIN if gateway.redis_port else COUNT)
    before = gateway.ended()
    gateway.create(count + EARLY, failing=FAILING)
    until(lambda: gateway.ended() >= before + DONE, PATIENCE, "some jobs are done")
    assert in_flight(gateway) >= count


def in_flight(gateway: JobGateway) -> int:
    return gateway.phases()["QUEUED"] + gateway.phases()["EXECUTING"]


def test_kill_9_of_a_pool_process(gateway):
    started(gateway)
    worker, runner = gateway.processes["worker"].pid, gateway.runner()
    pool = [pid for pid, (parent, _) in all_processes().items() if parent == worker and pid != runner]
    assert len(pool) == 2
    for child in pool:
        os.kill(child, signal.SIGKILL)
    all_is_well(gateway)


@pytest.mark.parametrize("at_work", ["filesystem"], indirect=True)
def test_kill_9_of_the_fork_server(gateway, tmp_path):
    """The runs that came from it die with it and are tried again; the next one is there when it is needed."""
    at_the_gate(gateway, tmp_path / "gate")
    first = gateway.runner()
    lost = "SELECT * FROM jobs_jobevent WHERE why = 'The runner was lost.'"
    before = len(gateway.query(lost))
    os.kill(first, signal.SIGKILL)
    until(lambda: len(gateway.query(lost)) == before + 2, PATIENCE, "the worker noticed")
    (tmp_path / "gate").touch()
    all_is_well(gateway)
    assert gateway.runner() not in (0, first)


@pytest.mark.parametrize("at_work", ["filesystem"], indirect=True)
def test_kill_9_of_a_command(gateway, tmp_path):
    at_the_gate(gateway, tmp_path / "gate")
    again = "SELECT count(*) FROM jobs_job WHERE attempts = 2"
    ((before,),) = gateway.query(again)
    for pid in runs(gateway, "script"):
        os.kill(pid, signal.SIGKILL)
    (tmp_path / "gate").touch()
    all_is_well(gateway)
    assert gateway.query(again) == [(int(str(before)) + 2,)]


def at_the_gate(gateway: JobGateway, gate: Path) -> None:
    """Two commands run until ``gate`` exists, and as many jobs as a fault needs wait behind them."""
    naps = COUNT // 4
    gateway.create_all(
        {"name": "nap", "count": 2, "gate": gate},
        {"name": "sleep", "count": COUNT - naps, "failing": FAILING},
        {"name": "nap", "count": naps, "failing": FAILING},
    )
    until(lambda: len(runs(gateway, "script")) == 2, PATIENCE, "two wait at the gate", 0.2)
    assert in_flight(gateway) >= COUNT


@pytest.mark.parametrize("at_work", ["filesystem"], indirect=True)
def test_kill_9_of_a_light_job(gateway):
    again = "SELECT count(*) FROM jobs_job WHERE attempts = 2"
    ((before,),) = gateway.query(again)
    gateway.create(COUNT, failing=FAILING, slow=2)
    until(lambda: len(runs(gateway)) == 2, PATIENCE, "two run", 0.2)
    for pid in runs(gateway):
        os.kill(pid, signal.SIGKILL)
    assert in_flight(gateway) == COUNT
    all_is_well(gateway)
    assert gateway.query(again) == [(int(str(before)) + 2,)]


def runs(gateway: JobGateway, words: str = "") -> list[int]:
    """Processes at work in the folder of a run, whose command line holds these words."""
    folders = {str(folder) for folder in gateway.scratch()}
    return [pid for pid, (_, command) in all_processes().items() if words in command and where(pid) in folders]


def where(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return ""


def start_worker_without_room(gateway: JobGateway, attempts: int) -> Path:
    """A worker whose scratch is a full disk; removing the file that fills it makes room."""
    gateway.env["DISTILLER_JOBS_ATTEMPTS"] = str(attempts)
    scratch = gateway.data / "scratch"
    scratch.mkdir(exist_ok=True)
    mount = 'mount -t tmpfs -o size=512k none "$0" && head -c 600000 /dev/zero > "$0/filler"; exec "$@"'
    private = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    gateway.start_worker(within=[*private, "sh", "-c", mount, str(scratch)])
    gateway.start_keeper()
    return Path(f"/proc/{gateway.processes['worker'].pid}/root{scratch}/filler")


def test_the_disk_of_scratch_is_full_and_has_room_again(alone):
    """Jobs wait for room instead of failing, while their tries last."""
    alone.create(COUNT, failing=FAILING)
    filler = start_worker_without_room(alone, attempts=12)
    full = "SELECT DISTINCT job_id FROM jobs_jobevent WHERE why = 'The disk of the worker is full.'"
    until(lambda: len(alone.query(full)) >= AGAIN, PATIENCE, f"many were tried: {alone.phases()}")
    assert alone.phases()["ERROR"] == 0
    filler.unlink()
    all_is_well(alone)


def test_the_disk_of_scratch_stays_full(alone):
    alone.create(AGAIN)
    start_worker_without_room(alone, attempts=2)
    until(lambda: alone.ended() == AGAIN, PATIENCE, f"all ended: {alone.phases()}")
    assert alone.query("SELECT DISTINCT phase, error_type, error_message, attempts FROM jobs_job") == [
        ("ERROR", "transient", "The disk of the worker is full.", 2)
    ]


def test_kill_9_of_the_whole_worker(gateway):
    started(gateway)
    gateway.kill("worker")
    gateway.start_worker()
    all_is_well(gateway)


def test_kill_9_of_the_keeper(gateway):
    started(gateway)
    gateway.kill("keeper")
    gateway.kill("worker")
    gateway.start_worker()
    time.sleep(1)
    gateway.start_keeper()
    all_is_well(gateway)


def test_sigterm_in_the_middle(gateway):
    lost = "SELECT count(*) FROM jobs_jobevent WHERE why LIKE '%lost%'"
    before = gateway.query(lost)
    started(gateway)
    gateway.kill("worker", signal.SIGTERM)
    # It put its jobs back itself: nobody has to wait for a lease.
    assert gateway.phases()["EXECUTING"] == 0
    gateway.start_worker()
    all_is_well(gateway)
    assert gateway.query(lost) == before


def test_a_worker_stopped_beyond_its_lease_and_continued(gateway):
    started(gateway)
    family = gateway.tree("worker")
    for pid in family:
        os.kill(pid, signal.SIGSTOP)
    gateway.start_worker("other")
    time.sleep(LEASE + 2)
    for pid in family:
        try:
            os.kill(pid, signal.SIGCONT)
        except ProcessLookupError:
            continue
    all_is_well(gateway)
    gateway.kill("other", signal.SIGTERM)


def test_the_database_is_locked_for_ten_seconds(gateway):
    started(gateway)
    connection = sqlite3.connect(gateway.data / "db.sqlite3", timeout=20, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    time.sleep(10)
    connection.rollback()
    connection.close()
    all_is_well(gateway)


@pytest.mark.parametrize("at_work", ["redis"], indirect=True)
def test_kill_9_of_redis_and_its_restart(gateway):
    """Redis comes back empty: every message is lost, no job is."""
    started(gateway, COUNT)
    gateway.kill("redis")
    time.sleep(2)
    gateway.start_redis()
    all_is_well(gateway)


@pytest.mark.parametrize("at_work", ["redis"], indirect=True)
def test_jobs_created_while_redis_is_away_are_carried_out(gateway):
    gateway.kill("redis")
    gateway.create(AGAIN, failing=FAILING)
    gateway.start_redis()
    all_is_well(gateway)


@pytest.mark.parametrize("at_work", ["filesystem"], indirect=True)
def test_every_message_is_lost(gateway):
    gateway.kill("worker", signal.SIGTERM)
    gateway.create(COUNT, failing=FAILING)
    messages = list((gateway.data / "broker" / "queue").glob("*.msg"))
    assert len(messages) >= COUNT
    for message in messages:
        message.unlink()
    gateway.start_worker()
    all_is_well(gateway)


@pytest.mark.parametrize("at_work", ["filesystem"], indirect=True)
def test_kill_9_of_the_web_server(gateway):
    """What it said yes to is done."""
    url = gateway.start_web()
    accepted: list[str] = []
    clients = [threading.Thread(target=ask, args=(url, gateway.token, accepted)) for _ in range(4)]
    for client in clients:
        client.start()
    until(lambda: len(accepted) >= 10, 60, "jobs are accepted")
    started(gateway)
    os.killpg(gateway.processes["web"].pid, signal.SIGKILL)
    gateway.processes["web"].wait()
    for client in clients:
        client.join()
    known = {str(uuid.UUID(str(key))) for (key,) in gateway.query("SELECT id FROM jobs_job WHERE run_id = 'web'")}
    assert set(accepted) <= known
    gateway.due += Counter(COMPLETED=len(known))
    all_is_well(gateway)


def ask(url: str, token: str, accepted: list[str]) -> None:
    """Creates one job after the other, until the server is gone."""
    headers = {"Authorization": f"Bearer {token}"}
    request = urllib.request.Request(f"{url}/uws/sleep", b"seconds=0&RUNID=web&PHASE=RUN", headers)
    while True:
        try:
            urllib.request.build_opener(NoRedirect).open(request, timeout=60)
        except urllib.error.HTTPError as answer:
            accepted.append(answer.headers["Location"].rpartition("/")[2])
        except OSError:
            return


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


def test_nothing_lives_on_after_the_worker(alone):
    """A long job dies with its worker, and its lease is the longest that it stays EXECUTING."""
    alone.create(2, seconds=3000)
    alone.start_worker()
    alone.start_keeper()
    until(lambda: alone.phases()["EXECUTING"] == 2, 60, "both run")
    # The fork server is the host's, not the worker's: it ends by itself when no worker holds it.
    family = [pid for pid in alone.tree("worker") if pid != alone.runner()]
    alone.kill("worker")
    until(lambda: not [pid for pid in family if pid in all_processes()], 10, "the worker's family is gone")
    until(lambda: alone.phases()["EXECUTING"] == 0, LEASE + 6, "no job executes without a worker")
