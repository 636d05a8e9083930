"""Analyses of the two reference cases, each run once a session."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.activity import StagedInput
from search.archive.demo.simulate import simulate
from tests.analysis.running import Ran, run, staged
from tests.conftest import TEST_DATA


class Case:
    """One case of the reference results with its observations."""

    def __init__(self, name: str, hess: Path, folder: Path) -> None:
        self.reference = json.loads((TEST_DATA / "reference_results.json").read_text())["cases"][name]
        self.inputs = [
            staged(hess / "data" / f"hess_dl3_dr1_obs_id_{obs_id:06d}.fits.gz", key=f"hess-dl3-dr1.run-{obs_id}")
            for obs_id in self.reference["obs_ids"]
        ]
        self.name, self.folder = name, folder
        self._ran: dict[str, Ran] = {}

    def run(self, activity: str, **parameters: object) -> Ran:
        label = f"{activity}-{sorted(parameters.items())}"
        if label not in self._ran:
            target = {"ra": self.reference["ra_deg"], "dec": self.reference["dec_deg"]}
            folder = self.folder / self.name / str(len(self._ran))
            self._ran[label] = run(folder, activity, self.inputs, **{**target, **parameters})
        return self._ran[label]


@pytest.fixture(scope="session")
def case(hess: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Case]:
    cases: dict[str, Case] = {}

    def get(name: str) -> Case:
        if name not in cases:
            cases[name] = Case(name, hess, tmp_path_factory.mktemp("analysis"))
        return cases[name]

    return get


class Simulated:
    """The demo archive: observations with a known truth, so that analyses are checked without any real data."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runs = simulate(folder / "store", seed=1, runs=40)
        self._ran: dict[str, Ran] = {}

    def of(self, target: str) -> list[dict[str, Any]]:
        return [run for run in self.runs if run["target_name"] == target]

    def inputs(self, target: str) -> list[StagedInput]:
        return [
            staged(
                self.folder / "store" / record["file"], key=f"demo.run-{record['obs_id']}", simulated=1,
                target_name=target, **record["obsconfig"],
            )
            for record in self.of(target)
        ]  # fmt: skip

    def run(self, activity: str, target: str, **parameters: object) -> Ran:
        label = f"{activity}-{target}-{sorted(parameters.items())}"
        if label not in self._ran:
            first = self.of(target)[0]
            place = {"ra": first["target_ra"], "dec": first["target_dec"]}
            folder = self.folder / "jobs" / str(len(self._ran))
            self._ran[label] = run(folder, activity, self.inputs(target), **{**place, **parameters})
        return self._ran[label]


@pytest.fixture(scope="session")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return Simulated(tmp_path_factory.mktemp("simulated"))
