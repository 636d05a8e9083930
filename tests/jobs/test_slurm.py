"""Jobs on a cluster, with a real Slurm: they run there, come home, and survive whatever is restarted or breaks."""

import json

import pytest

from tests.support.jobs import JobGateway, until
from tests.support.slurm import Slurm

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("slurm")]
PATIENCE = 90

# What a run does is its script's business; the words tell it.
TRIAL = {
    "name": "trial", "title": "Trial", "version": "1", "text": "For trials", "queue": "long", "duration": 100,
    "max_duration": 3600, "memory": 2**28,
    "parameters": [
        {"name": "seconds", "datatype": "double", "default": 0.0, "text": "For trials"},
        {"name": "what", "datatype": "char", "default": "write", "text": "For trials"},
    ],
    "outputs": [{"name": "result", "text": "For trials", "content_type": "text/plain", "file": "result.txt"}],
    "command": {"argv": ["/bin/sh", "{script}"], "script": """
echo begun
echo careful >&2
case $what in
  write) sleep "$seconds"; echo "done on $(hostname)" > result.txt ;;
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
CREATE = """
from gateway.access.rights import viewer_of
from gateway.accounts.models import User
from jobs import service
viewer = viewer_of(User.objects.get(username="alice"))
for number in range({count}):
    print(service.create("trial", viewer, {values!r}, run=True, duration={duration!r}).pk)
"""
ACT = """
from gateway.access.rights import viewer_of
from gateway.accounts.models import User
from jobs import service
from jobs.models import Job
viewer = viewer_of(User.objects.get(username="alice"))
service.{act}(Job.objects.get(pk="{job}"), viewer)
"""


@pytest.fixture(scope="module")
def slurm():
    slurm = Slurm()
    yield slurm
    slurm.end()


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    folder = tmp_path_factory.mktemp("template") / "gateway"
    gateway = JobGateway(folder)
    gateway.manage("shell", "-v0", "-c", PUBLISH.format(document=json.dumps(TRIAL)))
    return folder


class ClusterGateway(JobGateway):
    """A gateway that gives its long jobs to Slurm."""

    def create(self, count: int = 1, duration: int | None = None, **values: object) -> list[str]:
        texts = {name: [str(value)] for name, value in values.items()}
        code = CREATE.format(count=count, values=texts, duration=duration)
        return self.manage("shell", "-v0", "-c", code).stdout.split()

    def act(self, act: str, job: str) -> None:
        self.manage("shell", "-v0", "-c", ACT.format(act=act, job=job))

    def start_executor(self) -> None:
        import sys

        self.start("slurm", sys.executable, "manage.py", "slurm")

    def one(self, sql: str) -> object:
        return self.query(sql)[0][0]

    def runs(self, count: int = 1) -> None:
        until(lambda: self.phases()["EXECUTING"] == count, PATIENCE, f"{count} run: {self.phases()}")

    def all_end(self, count: int, phase: str = "COMPLETED") -> None:
        until(lambda: self.ended() >= count, PATIENCE, f"all end: {self.phases()} {self.log()}")
        assert self.phases() == {phase: count}, self.log()

    def log(self) -> str:
        return (self.data / "slurm.log").read_text()[-3000:]


@pytest.fixture
def gateway(slurm, tmp_path, template):
    env = {**slurm.env, "DISTILLER_SLURM_CLASSES": "long", "DISTILLER_SLURM_POLL": "1"}
    gateway = ClusterGateway(tmp_path / "gateway", template=template, env=env)
    yield gateway
    gateway.end()
    slurm("scancel", "--quiet", "--state=RUNNING", "--user=root")


def test_a_job_runs_on_the_cluster_and_comes_home(gateway, slurm):
    gateway.start_executor()
    gateway.create(3, seconds=0)
    gateway.all_end(3)
    assert gateway.query("SELECT count(*) FROM jobs_jobresult WHERE name = 'result.txt'") == [(3,)]
    assert gateway.query("SELECT count(*) FROM jobs_jobresult WHERE name = 'stdout' AND size = 6") == [(3,)]
    assert gateway.one("SELECT text FROM jobs_joblog WHERE stream = 'stderr' LIMIT 1") == "careful\n"
    assert str(gateway.one("SELECT worker FROM jobs_job LIMIT 1")).endswith("on node1")
    environment = json.loads(str(gateway.one("SELECT environment FROM provenance_outcome LIMIT 1")))
    assert environment["node"] == "node1"
    assert environment["slurm_job"].isdigit()
    until(lambda: gateway.scratch() == [], 20, "nothing is left in scratch")
