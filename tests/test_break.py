"""What ``tests/break.py`` breaks is still there to be broken."""

import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CASES = importlib.import_module("tests.break").CASES


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_text_to_break_stands_in_its_file_once(case) -> None:
    assert (ROOT / case.file).read_text().count(case.old) == 1
    assert all((ROOT / name).is_file() for name in case.tests)
