"""A web process that has just started has already done what the first visitors would all have waited for."""

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
def test_a_process_is_warm_before_its_first_visitor_and_can_be_forked(gateway, tmp_path):
    """Where the database is ready, and where it is not yet."""
    env = {**gateway.env, "DJANGO_SETTINGS_MODULE": "gateway.settings"}
    for folder in (gateway.data, tmp_path):
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT],
            cwd=ROOT, env={**env, "DISTILLER_DATA": str(folder)}, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert dict(line.split(" ", 1) for line in done.stdout.splitlines()) == {
            "parser": "1",
            "templates": "True",
            "connections": "[]",
            "threads": "1",
            "gammapy": "False",
        }, done.stderr[-2000:]
