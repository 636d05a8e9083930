"""A broker that is away costs nobody any time: the job waits in the database, its creator does not wait at all."""

import os
import socket
import subprocess
import sys
import threading
import time
from queue import Empty

import pytest
from kombu import Connection

import jobs.embedded_broker  # noqa: F401 (gives the scheme ``files`` its transport)
from tests.support.jobs import ROOT

pytestmark = pytest.mark.slow

ANNOUNCE = "from jobs import tasks; tasks.announce('short'); print('announced')"


class Closing:
    """A server that takes connections and closes them at once, as a broker does that is just going; it counts them."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.count = 0
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.count += 1
            connection.close()


def test_a_job_is_announced_once_and_then_left_to_the_keeper(tmp_path):
    """Trying again and again held the creator of each job for six seconds."""
    broker = Closing()
    env = {**os.environ, "DISTILLER_DATA": str(tmp_path), "REDIS_URL": f"redis://127.0.0.1:{broker.port}/0"}
    env["DJANGO_SETTINGS_MODULE"] = "gateway.settings"
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", ANNOUNCE],
        cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    broker.socket.close()
    assert done.stdout == "announced\n", done.stderr
    assert "the keeper will announce the job" in done.stderr
    assert 1 <= broker.count <= 2


@pytest.fixture
def embedded(tmp_path):
    """Channels of the broker in a folder, as each process has one."""
    folders = {"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    options = {option: str(tmp_path / name) for option, name in folders.items()}
    connections = []

    def channel():
        connections.append(Connection("files://localhost//", transport_options=options))
        return connections[-1].channel()

    yield channel
    for connection in connections:
        connection.release()


def test_messages_of_many_processes_arrive_once_and_whole(embedded):
    """The worker ended where it looked at a message that was just being written."""
    number, senders = 300, 3
    taken: list[str] = []
    faults: list[BaseException] = []

    def send(who: int) -> None:
        channel = embedded()
        for n in range(number):
            channel._queue_bind(f"exchange-{n}", "", "", f"queue-{who}")
            channel._put("short", {"body": f"{who}-{n}"})

    def take() -> None:
        channel, until = embedded(), time.monotonic() + 60
        while len(taken) < number * senders and time.monotonic() < until and not faults:
            try:
                taken.append(channel._get("short")["body"])
            except Empty:
                channel.get_table(f"exchange-{len(taken) % number}")
            except Exception as fault:
                faults.append(fault)
                raise

    threads = [threading.Thread(target=send, args=(who,)) for who in range(senders)]
    threads += [threading.Thread(target=take) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert sorted(taken) == sorted(f"{who}-{n}" for who in range(senders) for n in range(number))
    table = {one.queue for one in embedded().get_table("exchange-0")}
    assert table == {f"queue-{who}" for who in range(senders)}


def test_half_a_message_is_dropped_and_the_next_one_is_read(embedded, tmp_path):
    (tmp_path / "queue" / "0_broken.short.msg").write_text('{"body": "hal')
    channel = embedded()
    channel._put("short", {"body": "whole"})
    assert channel._get("short") == {"body": "whole"}
    with pytest.raises(Empty):
        channel._get("short")
    assert os.listdir(tmp_path / "queue") == []


def test_half_a_table_is_written_anew_by_the_next_worker(embedded):
    """It had kept every worker from starting."""
    channel = embedded()
    channel._queue_bind("jobs", "", "", "short")
    channel._exchange_file("jobs").write_text('[["", "", "sh')
    assert channel.get_table("jobs") == []
    channel._queue_bind("jobs", "", "", "short")
    assert [one.queue for one in embedded().get_table("jobs")] == ["short"]


def test_messages_are_read_where_no_other_folder_can_be_written(embedded, monkeypatch):
    """They had gone through the machine's folder for temporary files, which may be full."""
    channel = embedded()
    channel._put("short", {"body": "whole"})
    monkeypatch.setattr("tempfile.tempdir", "/proc/nothing")
    assert channel._get("short") == {"body": "whole"}
