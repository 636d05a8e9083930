"""Analyses of the two reference cases, each run once a session."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

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
