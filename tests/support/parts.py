"""Real parts that tests drive: one that is not here fails the test with the command that installs it."""

import shutil

import pytest


def program(name: str, package: str) -> str:
    """The path of a program of a Debian package."""
    found = shutil.which(name)
    if found is None:
        pytest.fail(f"{name} is missing: apt-get install {package}")
    return found
