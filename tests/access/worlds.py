"""Two archives that differ in one thing: in the second the hidden data were never ingested.

What is hidden is full of snares: numbers that overflow, divide by zero or are no numbers at all, texts that cannot be
cast, regions that cannot be read. A condition that the database tries on a hidden row before the viewer's rights
would fail there, or come out otherwise, and so tell of it.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import dj_database_url
from django.core.management import call_command
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper

from gateway.access.models import Metadata, Policy, PolicyMember, Rights, Role
from gateway.accounts.models import User
from provenance import capture
from provenance.records import (
    ActivityDescriptionRecord,
    ActivityRecord,
    AgentRecord,
    EntityRecord,
    GeneratedRecord,
    ParameterRecord,
    UsedRecord,
)
from search.archive.models import Product, Proposal
from search.tap.database import engines
from tests.support.gadf import Run, make_store
from tests.tap.conftest import make_product

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SECRET = "nightshade"
"""the word by which everything hidden can be told"""
LONGEST = 2**63 - 1
SNARES: tuple[dict[str, Any], ...] = (
    {"access_estsize": -LONGEST - 1, "t_xel": 0, "s_ra": 0.0, "s_dec": 90.0, "t_min": 0.0, "em_min": 0.0},
    {"access_estsize": LONGEST, "t_xel": LONGEST, "s_ra": 1e-320, "s_dec": -90.0, "t_min": 1e308, "em_min": -1.0},
    {"s_ra": 1e300, "s_dec": 91.0, "s_region": f"no region {SECRET}", "t_min": -1e308, "em_min": 1e-308},
    {"s_region": "Polygon ICRS 1 2", "target_name": f"{SECRET}%_'\"", "obs_release_date": "not a date", "em_max": 5e-324},
    {"s_region": "Circle ICRS 10 10 -5", "target_name": "1e999", "obs_title": "9" * 40, "t_xel": -1, "calib_level": 0},
    {"s_ra": None, "s_dec": None, "s_region": None, "target_name": None, "t_min": None, "proposal_id": None},
    {"s_ra": 83.6, "s_dec": 22.0, "target_name": "Crab Nebula", "calib_level": 4, "access_estsize": 1, "simulated": 1},
)  # fmt: skip
PLAIN: tuple[dict[str, Any], ...] = (
    {"s_ra": 0.2, "s_dec": 0.1, "target_name": "PKS 2155-304", "access_estsize": 12, "t_xel": 3, "em_min": 1e-18},
    {"s_ra": 359.8, "s_dec": -0.1, "target_name": "1e3", "access_estsize": 0, "t_xel": 0, "em_min": 2e-18},
    {"s_ra": 83.7, "s_dec": 22.1, "target_name": "Crab Nebula", "calib_level": 3, "access_estsize": None, "t_xel": 7},
    {"s_ra": 200.0, "s_dec": 89.9, "target_name": "", "calib_level": 1, "s_region": None, "obs_title": "42"},
    {"s_ra": None, "s_dec": None, "s_region": None, "target_name": None, "t_min": None, "calib_level": 0},
    {"s_ra": 266.4, "s_dec": -29.0, "target_name": "Sgr A*", "obs_release_date": "2020-01-01T00:00:00", "em_max": 3e-19},
)  # fmt: skip


@contextmanager
def using(wrapper: Any) -> Iterator[None]:
    """Everything that asks for the default database gets this one."""
    before = connections["default"]
    connections["default"] = wrapper
    engines.clear()
    try:
        yield
    finally:
        connections["default"] = before
        engines.clear()


def opened(path: Path) -> Any:
    """A further SQLite connection, with the settings of the default one but for its file."""
    wrapper: Any = connections.create_connection("default")
    wrapper.settings_dict = {**wrapper.settings_dict, "NAME": str(path)}
    return wrapper


def opened_postgresql(url: str) -> Any:
    """A connection to a PostgreSQL database in place of the default one."""
    defaults = connections["default"].settings_dict
    return DatabaseWrapper({**defaults, "OPTIONS": {}, **dj_database_url.parse(url)}, alias="default")


def stores(folder: Path) -> dict[str, Path]:
    """Folders of runs to ingest; the same files for both archives."""
    return {
        "before": make_store(folder / "before", [Run(700 + n, target=f"{SECRET} {n}") for n in range(2)]),
        "open": make_store(folder / "open", [Run(1), Run(2, target="Mrk 421", ra_obj=166.1, dec_obj=38.2)]),
        "closed": make_store(folder / "closed", [Run(3, n_events=210)]),
        "after": make_store(folder / "after", [Run(800, target=f"{SECRET} after", n_events=220)]),
    }


def fill(folders: dict[str, Path], *, hidden: bool) -> None:
    """The archive; ``hidden`` False: the one into which the hidden data never came."""
    with patch("django.utils.timezone.now", return_value=NOW):
        names = ("charlie", "bob", "alice", "dana")
        users = [_user(number, name) for number, name in enumerate(names, 1)]
        people = SimpleNamespace(**dict(zip(names, users, strict=True)))
        policies = _policies(people, hidden)
        if hidden:
            _ingest(folders["before"], "hidden")
            _history(policies["hidden"], f"{SECRET}-first", "1")
        _ingest(folders["open"], "")
        _history(policies["open"], "plain-first", "1")
        _ingest(folders["closed"], "public")
        for number, values in enumerate(PLAIN):
            make_product(policies["embargoed" if number % 3 == 2 else "open"], f"plain-{number}", **_of("P-1", values))
            if hidden:
                snare = SNARES[number % len(SNARES)]
                _snare(policies["hidden"], f"{SECRET}-{number}", snare)
        if hidden:
            _snare(policies["hidden"], f"{SECRET}-last", SNARES[-1])
            Proposal.objects.create(proposal_id=f"{SECRET}-1", title=SECRET, policy=policies["hidden"])
            _ingest(folders["after"], "hidden")
            _history(policies["hidden"], f"{SECRET}-second", "2")
        Proposal.objects.create(proposal_id="P-1", title="Open sky", policy=policies["open"])
        _history(policies["embargoed"], "plain-second", "2")


def _of(proposal: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"proposal_id": proposal, "t_min": 53343.0, **values}


def _snare(policy: Policy, name: str, values: dict[str, Any]) -> None:
    """Ingest would refuse most of these values; a database that was written to by others may hold them."""
    made = make_product(policy, name, proposal_id=f"{SECRET}-1")
    Product.objects.filter(pk=made.pk).update(**values)


def _user(number: int, name: str) -> User:
    key = f"{number:08d}-0000-4000-8000-000000000000"
    return User.objects.create_user(
        name, f"{name}@demo.example", id=key, agent_key=f"agent-{number:016d}", is_staff=name == "dana"
    )


def _policies(people: SimpleNamespace, hidden: bool) -> dict[str, Policy]:
    later = NOW + timedelta(days=40_000)
    made = {}
    if hidden:
        made["hidden"] = Policy.objects.create(
            name=SECRET, rights=Rights.PROPRIETARY, metadata=Metadata.HIDDEN, release_date=later, proposal_id=SECRET
        )
        PolicyMember.objects.create(policy=made["hidden"], user=people.alice, role=Role.PI)
    made["open"] = Policy.objects.create(name="open sky")
    made["embargoed"] = Policy.objects.create(name="embargoed", rights=Rights.PROPRIETARY, release_date=later)
    PolicyMember.objects.create(policy=made["embargoed"], user=people.alice, role=Role.PI)
    return made


def _ingest(folder: Path, metadata: str) -> None:
    """``metadata`` empty: open data; else proprietary ones whose existence is public or hidden."""
    options: dict[str, Any] = {"collection": SECRET if metadata == "hidden" else f"c-{folder.name}"}
    if metadata:
        proposal = f"{SECRET}-2" if metadata == "hidden" else "P-2"
        options |= {"rights": "proprietary", "release_date": "2126-06-30", "proposal": proposal, "metadata": metadata}
        options["pi"] = "alice"
    call_command("ingest_dl3", str(folder), stdout=io.StringIO(), stderr=io.StringIO(), **options)


def _history(policy: Policy, name: str, version: str) -> None:
    """Two runs with parameters, input and output: one of a kind that every archive knows, one of a kind of its own.
    What the common kind is said to be, a hidden run says differently."""
    person = AgentRecord(id=f"agent-of-{name}", name=f"{name} person")
    raw = EntityRecord(id=f"{name}.raw", policy_id=policy.pk, size=LONGEST if SECRET in name else 5, type="raw data")
    made = EntityRecord(id=f"{name}.made", policy_id=policy.pk, comment=name, attributed_to=((person, "Owner"),))
    words = SECRET if SECRET in name else "as everyone does"
    shared = ActivityDescriptionRecord(name="calibrate", version=version, description=words, type=words, docurl=words)
    own = ActivityDescriptionRecord(name=f"{name} kind", version=version, description=name, subtype=name)
    parameters = (ParameterRecord(name="gain", value=f"{name} 1e999"), ParameterRecord(name="n", value="7"))
    capture.record(
        ActivityRecord(
            id=f"{name}.run",
            name=f"run of {name}",
            description=shared,
            start=NOW,
            end=NOW + timedelta(hours=1),
            comment=name,
            parameters=parameters,
            config_files=(("run.yaml", f"/conf/{name}", "text/yaml"),),
            used=(UsedRecord(entity=raw, role="input"),),
            generated=(GeneratedRecord(entity=made, role="output"),),
            agents=((person, "Operator"),),
            software=(("gammapy", version),),
            policy_id=policy.pk,
        )
    )
    secret = EntityRecord(id=f"{name}.own", policy_id=policy.pk, type=f"{name} type", content_type=f"x/{name}")
    capture.record(
        ActivityRecord(
            id=f"{name}.second",
            name=f"second run of {name}",
            description=own,
            parameters=(*parameters, ParameterRecord(name=f"{name} setting", value="1", default="0", unit="deg")),
            config_files=((f"{name}.yaml", f"/conf/{name}", f"text/{name}"),),
            used=(UsedRecord(entity=f"{name}.made", role=f"{name} input"),),
            generated=(GeneratedRecord(entity=secret, role=f"{name} output"),),
            policy_id=policy.pk,
        )
    )


def tables_of_secrets() -> int:
    """How many products an archive holds of what must stay unknown (a guard for the tests themselves)."""
    return Product.objects.filter(policy__metadata=Metadata.HIDDEN).count()
