"""Jobs on a cluster, with a real Slurm: they run there, come home, and survive whatever is restarted or breaks."""

import json
import os
import shlex
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from tests.support.gadf import Run, make_store
from tests.support.jobs import FINISHED, JobGateway, all_processes, until
from tests.support.slurm import Slurm
from tests.support.ssh import Ssh

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm")]
PATIENCE = 60

# What a run does is its script's business; the words tell it.
TRIAL = {
    "name": "trial", "title": "Trial", "version": "1", "text": "For trials", "queue": "long", "duration": 100,
    "max_duration": 3600, "memory": 2**28,
    "parameters": [
        {"name": "gate", "datatype": "char", "default": "/", "text": "It waits until this file exists"},
        {"name": "what", "datatype": "char", "default": "write", "text": "For trials"},
    ],
    "outputs": [{"name": "result", "text": "For trials", "content_type": "text/plain", "file": "result.txt"}],
    "command": {"argv": ["/bin/sh", "{script}"], "script": """
echo begun
echo careful >&2
case $what in
  write) until [ -e "$gate" ]; do sleep 0.1; done; echo "done on $(hostname)" > result.txt ;;
  fail) exit 3 ;;
  link) ln -s /etc/passwd result.txt ;;
  pipe) mkfifo result.txt ;;
  stray) setsid sleep 4321 & sleep 4321 ;;
  die) kill -9 $$ ;;
esac
"""},
}  # fmt: skip
PUBLISH = """
import json
from jobs.models import JobDescription
JobDescription.objects.create(name="trial", version="1", state="published", document=json.loads({document!r}))
"""
STRAY = "sleep 4321"


@pytest.fixture(scope="module")
def slurm():
    slurm = Slurm()
    yield slurm
    slurm.end()


@pytest.fixture
def gates(tmp_path):
    """``gates[n]``: the file that lets the n-th job go on."""
    paths = [tmp_path / f"gate-{number}" for number in range(3)]
    yield paths
    for path in paths:
        path.touch()


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args):
        return None


class ClusterGateway(JobGateway):
    """A gateway that gives its long jobs, and cut-outs, to Slurm."""

    url = ""

    def start_executor(self) -> None:
        self.start("slurm", sys.executable, "manage.py", "slurm")

    def post(self, path: str, **values: object) -> str:
        """Where the answer leads."""
        request = urllib.request.Request(
            self.url + path, urllib.parse.urlencode(values).encode(), {"Authorization": f"Bearer {self.token}"}
        )
        with pytest.raises(urllib.error.HTTPError) as answer:
            urllib.request.build_opener(NoRedirect).open(request, timeout=30)
        assert answer.value.code == 303, answer.value.read()
        return answer.value.headers["Location"].rpartition("/")[2]

    def run(self, name: str = "trial", **values: object) -> "Running":
        return Running(self, self.post(f"/uws/{name}", PHASE="RUN", **values), name)

    def health(self, component: str) -> str:
        with urllib.request.urlopen(f"{self.url}/health", timeout=30) as answer:
            return str(json.load(answer)["components"][component])

    def log(self) -> str:
        return (self.data / "slurm.log").read_text()[-3000:]


class Running:
    """A job of the gateway's, as its rows tell."""

    def __init__(self, gateway: ClusterGateway, number: str, name: str) -> None:
        self.gateway, self.path, self.hex = gateway, f"/uws/{name}/{number}", number.replace("-", "")

    def row(self, column: str) -> object:
        return self.gateway.query(f"SELECT {column} FROM jobs_job WHERE id = '{self.hex}'")[0][0]

    def rows(self, table: str, column: str, where: str = "") -> list[object]:
        sql = f"SELECT {column} FROM jobs_{table} WHERE job_id = '{self.hex}' {where} ORDER BY id"
        return [row[0] for row in self.gateway.query(sql)]

    def until(self, *phases: str) -> "Running":
        until(lambda: self.row("phase") in phases, PATIENCE, f"{phases}, {self.row('phase')}: {self.gateway.log()}")
        return self

    def ends(self, phase: str = "COMPLETED") -> "Running":
        self.until(*FINISHED)
        assert self.row("phase") == phase, self.rows("jobevent", "what || ': ' || why")
        until(lambda: self.row("claim") == "", PATIENCE, "its run is over")
        return self

    @property
    def results(self) -> list[object]:
        return self.rows("jobresult", "name")

    @property
    def why(self) -> object:
        return self.rows("jobevent", "why")[-1]

    def there(self, slurm: Slurm) -> tuple[str, str]:
        """Slurm's number and state of it."""
        token = str(self.row("claim"))
        return next(
            ((number, state) for number, name, state in slurm.jobs() if token and name.endswith(token)), ("", "")
        )


@pytest.fixture(scope="module")
def cluster_gateway(slurm, tmp_path_factory, template):
    env = {**slurm.env, "DISTILLER_SLURM_CLASSES": "long", "DISTILLER_SLURM_TYPES": "event_cutout",
           "DISTILLER_SLURM_POLL": "1"}  # fmt: skip
    folder = tmp_path_factory.mktemp("cluster")
    gateway = ClusterGateway(folder / "gateway", env=env, template=template)
    gateway.manage("shell", "-v0", "-c", PUBLISH.format(document=json.dumps(TRIAL)))
    gateway.url = gateway.start_web()
    gateway.start_keeper()
    gateway.start_executor()
    yield gateway
    gateway.end()


@pytest.fixture
def gateway(cluster_gateway, slurm):
    """Whatever a test broke is whole again for the next."""
    yield cluster_gateway
    if "slurmctld" not in slurm.processes:
        slurm.start_controller()
    slurm("scontrol", "update", "nodename=node1", "state=resume")
    if cluster_gateway.processes["slurm"].poll() is not None:
        cluster_gateway.start_executor()


def strays() -> list[str]:
    return [words for _, words in all_processes().values() if words.strip() == STRAY]


# --- a run ---------------------------------------------------------------------------------------------------------------


def test_a_job_runs_on_the_cluster_and_comes_home(gateway):
    job = gateway.run().ends()
    assert job.results == ["result.txt", "stdout", "stderr"]
    assert job.rows("joblog", "stream || ': ' || text") == ["stdout: begun\n", "stderr: careful\n"]
    assert str(job.row("worker")).startswith("slurm ")
    assert str(job.row("worker")).endswith(" on node1")
    number = str(job.row("id"))
    sql = f"SELECT environment FROM provenance_outcome WHERE replace(activity_id, '-', '') = 'job{number}'"
    environment = json.loads(str(gateway.query(sql)[0][0]))
    assert environment["node"] == "node1"
    assert environment["slurm_job"] == str(job.row("worker")).split()[1]
    until(lambda: cluster_folders(gateway) == [], 20, "nothing is left in scratch")


def cluster_folders(gateway) -> list[Path]:
    return [path for path in (gateway.data / "scratch" / "slurm").iterdir() if len(path.name) == 32]


def test_an_analysis_runs_on_the_cluster_with_its_inputs(gateway, tmp_path):
    gateway.manage("ingest_dl3", str(make_store(tmp_path / "open", [Run(1)])))
    job = gateway.run("event_cutout", observations="open.run-1", ra=83.63, dec=22.01, radius=1).ends()
    assert "summary" in job.results
    assert job.rows("jobresult", "product_key", "AND main") == [f"event-cutout-{job.hex[:12]}"]
    software = gateway.query(f"SELECT software FROM provenance_outcome WHERE activity_id LIKE 'job-{job.hex[:8]}%'")
    assert "gammapy" in str(software)


def test_it_is_queued_while_it_waits_there_and_executing_when_it_runs(gateway, slurm, gates):
    slurm("scontrol", "update", "nodename=node1", "state=drain", "reason=trial")
    job = gateway.run(gate=gates[0])
    until(lambda: job.there(slurm)[1] == "PENDING", PATIENCE, "Slurm has it")
    assert (job.row("phase"), job.row("started")) == ("QUEUED", None)
    until(lambda: job.row("step"), PATIENCE, "Slurm's reason is told")
    slurm("scontrol", "update", "nodename=node1", "state=resume")
    job.until("EXECUTING")
    assert job.row("step") == ""
    until(lambda: job.rows("joblog", "text"), PATIENCE, "its words are read while it runs")
    assert job.row("phase") == "EXECUTING"
    gates[0].touch()
    job.ends()


@pytest.mark.parametrize("what", ["link", "pipe"])
def test_what_is_no_plain_file_does_not_come_home(gateway, what):
    job = gateway.run(what=what).ends()
    assert job.results == ["stdout", "stderr"]
    assert "result.txt" in str(job.row("warnings"))


def test_a_job_that_fails_there_fails_here_with_its_log(gateway):
    job = gateway.run(what="fail").ends("ERROR")
    assert (job.row("error_type"), job.row("exit_code")) == ("fatal", 3)
    assert job.rows("joblog", "text", "AND stream = 'stdout'") == ["begun\n"]


# --- it is ended ---------------------------------------------------------------------------------------------------------


def test_an_abort_ends_every_process_there_and_keeps_the_log(gateway, slurm):
    job = gateway.run(what="stray").until("EXECUTING")
    until(lambda: len(strays()) == 2, PATIENCE, "it has children")
    number, _state = job.there(slurm)
    gateway.post(f"{job.path}/phase", PHASE="ABORT")
    assert job.row("phase") == "ABORTED"
    job.ends("ABORTED")
    until(lambda: not strays(), PATIENCE, "its processes are gone")
    assert (number, "CANCELLED") in [(n, state) for n, _, state in slurm.jobs()]
    until(lambda: job.results == ["stdout", "stderr"], PATIENCE, "the log is home")


def test_a_deleted_job_is_cancelled_there(gateway, slurm):
    job = gateway.run(what="stray").until("EXECUTING")
    gateway.post(job.path, ACTION="DELETE")
    until(lambda: not strays(), PATIENCE, "its processes are gone")
    assert gateway.query(f"SELECT * FROM jobs_job WHERE id = '{job.hex}'") == []


def test_an_overrun_is_ended_by_the_gateways_own_clock(gateway):
    job = gateway.run(what="stray", EXECUTIONDURATION=2).ends("ABORTED")
    assert job.why == "The job reached its time limit of 2 s."
    until(lambda: not strays(), PATIENCE, "its processes are gone")


def test_cancelled_by_the_operators_of_the_cluster_it_is_aborted_and_not_tried_again(gateway, slurm):
    job = gateway.run(what="stray").until("EXECUTING")
    slurm("scancel", job.there(slurm)[0])
    job.ends("ABORTED")
    assert (job.why, job.row("attempts")) == ("The job was cancelled on the cluster.", 1)


def test_a_process_that_is_killed_there_is_tried_again_with_a_limit(gateway):
    job = gateway.run(what="die").ends("ERROR")
    assert (job.row("error_type"), job.row("attempts")) == ("transient", 3)
    assert job.rows("joblog", "text", "AND stream = 'stdout'") == ["begun\n"]


# --- something breaks ----------------------------------------------------------------------------------------------------


def test_the_gateway_is_killed_and_started_again_while_jobs_run(gateway, slurm, gates):
    """One ends while nobody looks, one runs on, one waits there: none is lost, run twice, or read twice."""
    jobs = [gateway.run(gate=gate).until("EXECUTING") for gate in gates[:2]]
    until(lambda: all(job.rows("joblog", "text") for job in jobs), PATIENCE, "their logs have begun")
    slurm("scontrol", "update", "nodename=node1", "state=drain", "reason=trial")
    jobs.append(gateway.run())
    until(lambda: jobs[2].there(slurm)[1] == "PENDING", PATIENCE, "Slurm has the third")
    numbers = [job.there(slurm)[0] for job in jobs]
    gateway.kill("slurm", signal.SIGKILL)
    gates[0].touch()
    until(lambda: jobs[0].there(slurm)[1] == "COMPLETED", PATIENCE, "the first is over")
    # The keeper, which goes on, takes none of them for lost.
    assert [job.row("phase") for job in jobs] == ["EXECUTING", "EXECUTING", "QUEUED"]
    gateway.start_executor()
    jobs[0].ends()
    gates[1].touch()
    slurm("scontrol", "update", "nodename=node1", "state=resume")
    for job, number in zip(jobs, numbers, strict=True):
        assert job.ends().results == ["result.txt", "stdout", "stderr"]
        assert job.row("worker") == f"slurm {number} on node1"
        assert (job.row("attempts"), job.rows("joblog", "text", "AND stream = 'stdout'")) == (1, ["begun\n"])


def test_the_controller_is_away_for_a_while(gateway, slurm, gates):
    """Nothing is decided meanwhile but what is certain: a run that wrote its end has ended."""
    running = [gateway.run(gate=gate).until("EXECUTING") for gate in gates[:2]]
    slurm.stop("slurmctld")
    waits = gateway.run()
    gates[0].touch()
    running[0].ends()
    until(lambda: "does not answer" in gateway.log(), PATIENCE, "it is said")
    assert (running[1].row("phase"), waits.row("phase")) == ("EXECUTING", "QUEUED")
    slurm.start_controller()
    gates[1].touch()
    for job in (running[1], waits):
        assert job.ends().row("attempts") == 1


def test_the_node_fails_and_the_job_is_tried_again(gateway, slurm, gates):
    job = gateway.run(gate=gates[0]).until("EXECUTING")
    first = job.there(slurm)[0]
    slurm("scontrol", "update", "nodename=node1", "state=down", "reason=trial")
    until(lambda: job.row("phase") == "QUEUED", PATIENCE, "it was given up")
    gates[0].touch()
    slurm("scontrol", "update", "nodename=node1", "state=resume")
    job.ends()
    assert "The node of the cluster failed." in job.rows("jobevent", "why")
    assert job.results == ["result.txt", "stdout", "stderr"]
    assert not str(job.row("worker")).startswith(f"slurm {first} ")


def test_a_cluster_that_refuses_is_an_error_in_its_own_words(gateway):
    gateway.kill("slurm", signal.SIGTERM)
    gateway.env["DISTILLER_SLURM_OPTIONS"] = "--partition=nowhere"
    gateway.start_executor()
    try:
        job = gateway.run().ends("ERROR")
        assert job.row("error_type") == "transient"
        assert "invalid partition" in str(job.row("error_message"))
    finally:
        gateway.kill("slurm", signal.SIGTERM)
        del gateway.env["DISTILLER_SLURM_OPTIONS"]
        gateway.start_executor()


# --- no shared file system -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def login_node(cluster_gateway, slurm, tmp_path_factory):
    """The executor reaches the cluster by ssh alone, and (where a mount is allowed) the data folder is not there."""
    gateway, folder = cluster_gateway, tmp_path_factory.mktemp("login")
    far = folder / "far"
    far.mkdir()
    blind = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"', str(gateway.data)]
    ssh = Ssh(folder / "ssh", blind if os.geteuid() == 0 else (), SLURM_CONF=slurm.env["SLURM_CONF"])
    ssh.start()
    settings = {"DISTILLER_SLURM_SHELL": shlex.join(ssh.words), "DISTILLER_SLURM_NODE_SCRATCH": str(far)}
    gateway.kill("slurm", signal.SIGTERM)
    gateway.env |= settings
    gateway.start_executor()
    ssh.far = far
    yield ssh
    gateway.kill("slurm", signal.SIGTERM)
    ssh.stop()
    for name in settings:
        del gateway.env[name]


def test_over_ssh_folders_go_there_and_back(gateway, login_node, gates):
    job = gateway.run(gate=gates[0]).until("EXECUTING")
    until(lambda: job.rows("joblog", "text"), PATIENCE, "its words come while it runs")
    assert (login_node.far / str(job.row("claim")) / "run" / "request.json").exists()
    gates[0].touch()
    assert job.ends().results == ["result.txt", "stdout", "stderr"]
    assert gateway.run(what="link").ends("ERROR").results == ["stdout", "stderr"]
    until(lambda: list(login_node.far.iterdir()) == [], 20, "nothing is left there")
    until(lambda: cluster_folders(gateway) == [], 20, "nor here")


def test_over_ssh_an_abort_ends_every_process_there(gateway, login_node, slurm):
    job = gateway.run(what="stray").until("EXECUTING")
    until(lambda: len(strays()) == 2, PATIENCE, "it has children")
    number, _state = job.there(slurm)
    gateway.post(f"{job.path}/phase", PHASE="ABORT")
    job.ends("ABORTED")
    until(lambda: not strays(), PATIENCE, "its processes are gone")
    assert (number, "CANCELLED") in [(n, state) for n, _, state in slurm.jobs()]
    assert job.results == ["stdout", "stderr"]


def test_the_way_to_the_cluster_is_cut_for_a_while(gateway, login_node, gates):
    """It is told; what runs there runs on and comes home, what waits here waits, and nothing is done twice."""
    runs = gateway.run(gate=gates[0]).until("EXECUTING")
    login_node.stop()
    waits = gateway.run()
    gates[0].touch()
    until(lambda: "does not answer" in gateway.health("slurm"), PATIENCE, "operators are told")
    assert (runs.row("phase"), waits.row("phase")) == ("EXECUTING", "QUEUED")
    login_node.start()
    for job in (runs, waits):
        assert job.ends().results == ["result.txt", "stdout", "stderr"]
        assert (job.row("attempts"), job.rows("joblog", "text", "AND stream = 'stdout'")) == (1, ["begun\n"])
    until(lambda: list(login_node.far.iterdir()) == [], 20, "nothing is left there")
