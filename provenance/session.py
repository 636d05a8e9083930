"""One piece of writing: what was looked up is not looked up again, and rows go to the database many at a time.

A session lasts for one record or for one document of many. What it knows of the store it asks for beforehand
(``expect``); what it writes it keeps until the end, when origins are checked and histories made anew, all at once:
everything in one transaction, or nothing.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet

from provenance import history
from provenance.cycles import refuse_cycles
from provenance.models import (
    Activity,
    Agent,
    Alternate,
    ConfigFile,
    Entity,
    HadMember,
    Outcome,
    Parameter,
    Used,
    WasAssociatedWith,
    WasAttributedTo,
    WasConfiguredBy,
    WasDerivedFrom,
    WasGeneratedBy,
    WasInformedBy,
)
from provenance.present import known

T = TypeVar("T")
CHUNK = 500
# in this order a row comes after those that it needs
KEYED: tuple[type[Model], ...] = (
    Agent, Entity, Activity, WasGeneratedBy, Parameter, ConfigFile, WasConfiguredBy, Outcome, Alternate,
)  # fmt: skip
# said twice they are one
LINKS: tuple[type[Model], ...] = (Used, WasDerivedFrom, WasInformedBy, HadMember, WasAssociatedWith, WasAttributedTo)


@dataclass
class Session:
    """``known``: what was looked up, by kind and name; None where there is nothing of that name."""

    known: dict[Hashable, Any] = field(default_factory=dict)
    rows: dict[type[Model], list[Model]] = field(default_factory=lambda: defaultdict(list))
    made_anew: dict[str, bool] = field(default_factory=dict)
    """runs whose products' histories are to be told again; True: and of what was made from these"""
    runs: dict[str, history.Run] = field(default_factory=dict)
    """new runs of which all is known that their products' histories tell"""
    entities: set[str] = field(default_factory=set)
    activities: set[str] = field(default_factory=set)
    """entities and runs that may have become their own origin"""

    def expect(
        self,
        *,
        entities: Iterable[str] = (),
        activities: Iterable[str] = (),
        agents: Iterable[str] = (),
        alternates: Iterable[tuple[str, str]] = (),
    ) -> None:
        """Looks up at once what will be asked for; ``alternates`` as (kind, name)."""
        self._load("entity", entities, Entity.objects.select_related("policy", "description"))
        self._load("activity", activities, Activity.objects.select_related("policy", "description"))
        self._load("agent", agents, Agent.objects.select_related("policy"))
        wanted = {("alternate", *pair) for pair in alternates if ("alternate", *pair) not in self.known}
        self.known.update(dict.fromkeys(wanted))
        for part in _parts(sorted({name for _, _, name in wanted})):
            for kind, name, other in Alternate.objects.filter(name__in=part).values_list("kind", "name", "identifier"):
                self.known[("alternate", kind, name)] = other

    def _load(self, kind: str, names: Iterable[str], rows: "QuerySet[Any]") -> None:
        wanted = [name for name in dict.fromkeys(names) if (kind, name) not in self.known]
        for part in _parts(wanted):
            there = known(rows.model, part)
            found = rows.in_bulk(there) if there else {}
            self.known.update({(kind, name): found.get(name) for name in part})

    def entity(self, name: str) -> Entity | None:
        self.expect(entities=[name])
        row: Entity | None = self.known[("entity", name)]
        return row

    def activity(self, name: str) -> Activity | None:
        self.expect(activities=[name])
        row: Activity | None = self.known[("activity", name)]
        return row

    def agent(self, name: str) -> Agent | None:
        self.expect(agents=[name])
        row: Agent | None = self.known[("agent", name)]
        return row

    def alternate(self, kind: str, name: str) -> str | None:
        """The identifier that has this further name."""
        self.expect(alternates=[(kind, name)])
        other: str | None = self.known[("alternate", kind, name)]
        return other

    def makers(self, entities: Iterable[str]) -> None:
        """Looks up at once which run made each of these."""
        unasked = (name for name in dict.fromkeys(entities) if ("maker", name) not in self.known)
        # What is known not to be there was made by nothing.
        wanted = [name for name in unasked if self.known.get(("entity", name), self) is not None]
        for part in _parts(wanted):
            self.known.update({("maker", name): None for name in part})
            for made in WasGeneratedBy.objects.filter(entity__in=part):
                self.known[("maker", made.entity_id)] = made

    def maker(self, entity: str) -> WasGeneratedBy | None:
        self.makers([entity])
        made: WasGeneratedBy | None = self.known.get(("maker", entity))
        return made

    def add(self, row: Model) -> None:
        self.rows[type(row)].append(row)
        if isinstance(row, Entity | Activity | Agent):
            self.known[(type(row).__name__.lower(), row.pk)] = row
        if isinstance(row, Entity):
            self.known[("maker", row.pk)] = None
        elif isinstance(row, WasGeneratedBy):
            self.known[("maker", row.entity_id)] = row
        elif isinstance(row, Alternate):
            self.known[("alternate", row.kind, row.name)] = row.identifier

    def flush(self) -> None:
        for model in (*KEYED, *LINKS):
            if self.rows[model]:
                kept = self.rows.pop(model)
                model._default_manager.bulk_create(kept, batch_size=CHUNK, ignore_conflicts=model in LINKS)

    def forget_runs(self) -> None:
        """After rows were changed by SQL."""
        self.runs.clear()
        self.known = {key: row for key, row in self.known.items() if not isinstance(row, Activity)}

    def finish(self) -> None:
        self.flush()
        refuse_cycles(entities=self.entities, activities=self.activities)
        fresh = [name for name, onward in self.made_anew.items() if not onward]
        if all(name in self.runs for name in fresh):
            history.write({name: self.runs[name] for name in fresh})
        else:
            history.refresh(fresh, onward=False)
        history.refresh([name for name, onward in self.made_anew.items() if onward])


_current: ContextVar[Session | None] = ContextVar("provenance session", default=None)


@contextmanager
def opened() -> Iterator[Session]:
    """The session that is going on, else a new one, which ends with this block."""
    active = _current.get()
    if active is not None:
        yield active
        return
    active = Session()
    token = _current.set(active)
    try:
        with transaction.atomic():
            yield active
            active.finish()
    finally:
        _current.reset(token)


def once(key: Hashable, make: Callable[[], T]) -> T:
    """What was made under this key in this session, else what ``make`` makes."""
    active = _current.get()
    if active is None:
        return make()
    if key not in active.known:
        active.known[key] = make()
    found: T = active.known[key]
    return found


def _parts(names: list[str]) -> Iterator[list[str]]:
    return (names[at : at + CHUNK] for at in range(0, len(names), CHUNK))
