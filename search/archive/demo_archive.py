"""The demo archive: simulated runs taken in like any others, with people, proposals, embargoes and histories."""

import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction

from gateway.access.models import Role
from search.archive import curation, demo_history, ingest
from search.archive.demo.simulate import COLLECTION, simulate
from search.archive.gadf import Observation, read_store
from search.archive.models import Product

TITLE = "Simulated observations of the demo"
TERMS = "Simulated data, made on the spot by this gateway. They are no measurement: do not publish them as one."
GROUP = "demo-collaboration"
PEOPLE = (
    ("alice", "Alice", "Moreau", "Demo University"),
    ("bob", "Bob", "Lindqvist", "Demo University"),
    ("charlie", "Charlie", "Novak", "Elsewhere Institute"),
    ("dana", "Dana", "Whitfield", "Demo Observatory"),
)
COLLABORATION = ("alice", "bob")
SHARE_OF_SIMULATION = 0.6
"""of the time that making the archive takes"""


class NotHere(Exception):
    """The demo may not be made on this site; the text says why."""


@dataclass(frozen=True)
class Made:
    """What there is now."""

    runs: int
    new: bool


def marker() -> Path:
    return Path(settings.DATA_DIR) / "demo.json"


def make(seed: int, runs: int, progress: Callable[[float, str], None]) -> Made:
    """Makes the demo archive, or finds that it is there already."""
    if settings.PRODUCTION:
        raise NotHere("The demo archive is not for production: its accounts have known passwords.")
    if is_loopback_site():
        make_accounts()
    wanted = {"seed": seed, "runs": runs}
    if _is_made(wanted):
        return Made(runs, new=False)
    with tempfile.TemporaryDirectory(prefix="demo-", dir=settings.DATA_DIR) as folder:
        records = simulate(
            Path(folder),
            seed=seed,
            runs=runs,
            progress=lambda share, text: progress(share * SHARE_OF_SIMULATION, text),
        )
        _take_in(Path(folder), records, seed, progress)
    marker().write_text(json.dumps(wanted))
    return Made(runs, new=True)


def _is_made(wanted: Mapping[str, int]) -> bool:
    try:
        made = json.loads(marker().read_text())
    except (OSError, ValueError):
        return False
    there = Product.objects.offered().filter(obs_collection=COLLECTION).count()
    return bool(made == wanted and there >= wanted["runs"])


def is_loopback_site() -> bool:
    """Accounts with known passwords exist only where nobody else can reach them."""
    host = urlsplit(settings.PUBLIC_URL).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@transaction.atomic
def make_accounts() -> None:
    """Alice the PI, Bob her collaborator, Charlie the stranger, Dana of the staff; those that exist are left alone."""
    users = get_user_model()
    group, _ = Group.objects.get_or_create(name=GROUP)
    for name, first, last, organisation in PEOPLE:
        if users.objects.filter(username=name).exists():
            continue
        user = users.objects.create_user(
            username=name,
            email=f"{name}@demo.example",
            password=f"{name}-demo",
            first_name=first,
            last_name=last,
            organisation=organisation,
            is_staff=name == "dana",
            is_superuser=name == "dana",
        )
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        if name in COLLABORATION:
            user.groups.add(group)


def _take_in(folder: Path, records: list[dict[str, Any]], seed: int, progress: Callable[[float, str], None]) -> None:
    store = read_store(folder)
    by_run = {record["obs_id"]: record for record in records}
    curation.register_collection(
        curation.Curation(COLLECTION, title=TITLE, terms=TERMS, simulated=True),
        description="Runs of about 28 minutes on well-known sources, drawn from known spectra and responses.",
        facility="CTAO (simulated)",
    )
    total, done = len(store.observations), 0

    def step(name: str, word: str) -> None:
        nonlocal done
        done += 1
        progress(SHARE_OF_SIMULATION + (1 - SHARE_OF_SIMULATION) * done / total, f"run {name}: {word}")

    steps = ingest.steps_of(store.observations, lambda run: facts(run, by_run[run.obs_id], seed))
    outcome = ingest.take_all(steps, step)
    if outcome.refused:
        name, reason = next(iter(outcome.refused.items()))
        raise NotHere(f"run {name} of the demo was not taken in: {reason}")


def facts(observation: Observation, record: Mapping[str, Any], seed: int) -> ingest.Facts:
    """What ``runs.json`` says of a run: rights, people, configuration, history."""
    proposal = record["proposal"]
    said = curation.Curation(
        collection=COLLECTION,
        rights=record["data_rights"],
        release=datetime.fromisoformat(record["release_date"]).replace(tzinfo=UTC),
        metadata=record["metadata"],
        pi=record["pi_name"],
        proposal=proposal["id"],
        members=tuple(
            [(proposal["username"], Role.PI.value)] * bool(proposal["username"])
            + [(name, Role.COLLABORATOR.value) for name in proposal["collaborators"]]
        ),
        terms=TERMS,
        simulated=True,
    )
    policy = said.policy()
    details = {name: proposal[name] for name in ("title", "keywords", "abstract")}
    curation.register_proposal(said, policy, **details)
    return ingest.Facts(
        curation=said,
        columns={**record["obsconfig"], "policy": policy},
        history=lambda product: demo_history.write(product, record, seed),
    )
