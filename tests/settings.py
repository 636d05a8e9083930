"""The site's settings with the environment of a test run, which must stand before they are read."""

import os
import tempfile

# Tests keep their state in a folder of their own.
if "DISTILLER_DATA" not in os.environ:
    os.environ["DISTILLER_DATA"] = tempfile.mkdtemp(prefix="distiller-test-")
os.environ.setdefault("DISTILLER_ALLOW_LOOPBACK", "True")

from gateway.settings import *
