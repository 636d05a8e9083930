"""The worker says now and then that it lives; its pool's processes are forked whenever one of them died."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCRIPT = """
import os, threading
import django
django.setup()
from django.core.cache import cache
from django.core.management import call_command
from django.db import connections, transaction
from jobs import health, tasks

call_command("createcachetable", verbosity=0)
connections.close_all()
writes, forked = threading.Event(), threading.Event()

def say_alive(name, words):
    with transaction.atomic():
        cache.set("alive", name)
        writes.set()
        forked.wait(2)

health.say_alive = say_alive
threading.Thread(target=tasks._beat, args=(["short"],), daemon=True).start()
writes.wait()
child = os.fork()
if child == 0:
    from django.db import connection
    connection.settings_dict["OPTIONS"]["timeout"] = 5
    cache.set("from", "the pool")
    os._exit(0)
forked.set()
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), cache.get("from"))
"""


def test_a_pool_process_that_is_forked_during_a_beat_can_write(tmp_path):
    """It once found the database locked for as long as it lived: one of two slots did nothing any more."""
    env = {**os.environ, "DISTILLER_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "gateway.settings"}
    for name in ("DATABASE_URL", "REDIS_URL"):
        env.pop(name, None)
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "0 the pool\n", done.stderr[-2000:]
