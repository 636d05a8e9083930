"""The site's settings with the environment of a test run, which must stand before they are read."""

import os
import tempfile

# Tests keep their state in a folder of their own.
if "DISTILLER_DATA" not in os.environ:
    os.environ["DISTILLER_DATA"] = tempfile.mkdtemp(prefix="distiller-test-")
os.environ.setdefault("DISTILLER_ALLOW_LOOPBACK", "True")

from gateway.settings import *

# A slow hash is what production wants; the cast is made anew for each test.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
# No test asks the world; those of the services set an address of their own.
SIMBAD_TAP = ""
