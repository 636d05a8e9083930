"""A broker that is away costs nobody any time: the job waits in the database, its creator does not wait at all."""

import os
import socket
import subprocess
import sys
import threading

import pytest

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
