"""A web process that has just started has already done what the first visitors would all have waited for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = """
import sys, threading
import gateway.wsgi
from django.db import connections
from django.template import engines
from search.adql import parser
loaded = engines["django"].engine.template_loaders[0].get_template_cache
print("parser", parser._made.cache_info().currsize)
print("templates", {"portal/results.html", "pages/home.html", "jobs/form.html"} <= set(loaded))
print("connections", [c.alias for c in connections.all() if c.connection is not None])
print("threads", threading.active_count())
print("gammapy", "gammapy" in sys.modules)
"""


@pytest.mark.slow
@pytest.mark.parametrize("ready", [True, False], ids=["ready", "without-tables"])
def test_a_process_is_warm_before_its_first_visitor_and_can_be_forked(tmp_path, ready):
    env = {**os.environ, "DISTILLER_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "gateway.settings"}
    for name in ("DATABASE_URL", "PUBLIC_URL"):
        env.pop(name, None)
    if ready:
        subprocess.run([sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=env, check=True)
    done = subprocess.run([sys.executable, "-c", SCRIPT], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert dict(line.split(" ", 1) for line in done.stdout.splitlines()) == {
        "parser": "1",
        "templates": "True",
        "connections": "[]",
        "threads": "1",
        "gammapy": "False",
    }, done.stderr[-2000:]
