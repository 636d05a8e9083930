"""docs/security.md says by which test each trap and each threat is held off: the tests are there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/security.md").read_text()
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table under a heading."""
    part = TEXT.split(f"### {heading}\n")[1].split("\n### ")[0]
    lines = [line for line in part.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


@cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED.findall(TEXT))))
def test_the_test_is_there(path: str, name: str) -> None:
    assert name in functions(path)
    assert name.startswith("test_")


def test_each_of_the_fourteen_traps_has_a_test() -> None:
    found = rows("Traps of federated login")
    assert [int(row[0].split(" ")[0]) for row in found] == list(range(1, 15))
    assert all(NAMED.search(row[-1]) for row in found)


def test_each_threat_has_a_test() -> None:
    found = rows("Threats")
    assert len(found) >= 20
    assert all(NAMED.search(row[-1]) for row in found)
