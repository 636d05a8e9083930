"""Provenance search: products by what made them, and runs by how they went. Every filter is SQL, under the one rule."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Left
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gateway.access.rights import Viewer, visible
from provenance.models import Activity, Entity, Parameter, WasAssociatedWith, WasAttributedTo

PAGE = 50
LAST_PAGE = 200
FIELDS = (
    ("activity", gettext_lazy("Step"), gettext_lazy("name of the activity, or a part of it")),
    ("version", gettext_lazy("Version"), gettext_lazy("of the step or of the pipeline")),
    ("software", gettext_lazy("Software"), gettext_lazy("package and version, or a part: ctapipe 0.28")),
    ("method", gettext_lazy("Reconstruction method"), ""),
    ("cuts", gettext_lazy("Cuts"), gettext_lazy("loose, standard, hard …")),
    ("calibration", gettext_lazy("Calibration version"), ""),
    ("parameter", gettext_lazy("Parameter"), gettext_lazy("its whole name")),
    ("value", gettext_lazy("Value of the parameter"), ""),
    ("agent", gettext_lazy("Who"), gettext_lazy("person, organisation or software")),
    ("since", gettext_lazy("Made since"), gettext_lazy("2026-11-20")),
    ("until", gettext_lazy("Made until"), gettext_lazy("2026-11-21")),
    ("level", gettext_lazy("Data level"), gettext_lazy("DL0 to DL6")),
    ("name", gettext_lazy("Name or identifier"), ""),
    ("error", gettext_lazy("Error text"), gettext_lazy("of runs that failed")),
    ("exit_code", gettext_lazy("Exit code"), ""),
)
OUTCOMES = ("", "failed", "succeeded")
RUNS_ONLY = {"error", "exit_code", "outcome"}


class BadFilter(ValueError):
    """A filter has a value that it cannot have; ``field`` is its name."""

    def __init__(self, field: str, text: str) -> None:
        super().__init__(text)
        self.field = field


@dataclass(frozen=True)
class Filters:
    values: dict[str, str]
    outcome: str = ""
    page: int = 1

    @classmethod
    def of(cls, query: QueryDict) -> "Filters":
        """Raises BadFilter."""
        values = {name: query.get(name, "").strip()[:300].replace("\0", "") for name, _label, _help in FIELDS}
        outcome = query.get("outcome", "")
        if outcome not in OUTCOMES:
            raise BadFilter("outcome", _("failed or succeeded"))
        for name in ("since", "until"):
            _day(name, values[name])
        if values["exit_code"] and not values["exit_code"].lstrip("-").isdigit():
            raise BadFilter("exit_code", _("a whole number"))
        page = query.get("page", "1")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
        return cls(values, outcome, min(max(number, 1), LAST_PAGE))

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    @property
    def any(self) -> bool:
        return bool(self.outcome) or any(self.values.values())

    @property
    def of_runs(self) -> bool:
        return bool(self.outcome or self["error"] or self["exit_code"])


@dataclass(frozen=True)
class Found:
    rows: list[Any]
    runs: bool
    page: int
    more: bool


def search(filters: Filters, viewer: Viewer) -> Found:
    rows: QuerySet[Any] = _runs(filters, viewer) if filters.of_runs else _products(filters, viewer)
    start = (filters.page - 1) * PAGE
    page = list(rows[start : start + PAGE + 1])
    return Found(page[:PAGE], filters.of_runs, filters.page, len(page) > PAGE)


def _day(name: str, text: str) -> datetime | None:
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise BadFilter(name, _("a date such as 2026-11-20")) from None


def _products(f: Filters, viewer: Viewer) -> "QuerySet[Entity]":
    """What a history says of an entity is in its own row, under its own policy."""
    rule = visible(viewer)
    rows = Entity.objects.filter(rule).select_related("history", "policy")
    for name, lookup in (
        ("activity", "history__activity_name__icontains"),
        ("software", "history__software__icontains"),
        ("method", "history__reconstruction_method__iexact"),
        ("cuts", "history__cut_set__iexact"),
        ("calibration", "history__calib_version__iexact"),
        ("level", "level__iexact"),
    ):
        if f[name]:
            rows = rows.filter(**{lookup: f[name]})
    if f["version"]:
        rows = rows.filter(Q(history__activity_version=f["version"]) | Q(history__pipeline_version=f["version"]))
    if f["name"]:
        rows = rows.filter(Q(name__icontains=f["name"]) | Q(pk=f["name"]))
    made = Activity.objects.filter(rule, generated__entity=OuterRef("pk"))
    if f["parameter"] or f["value"]:
        rows = rows.filter(Exists(made.filter(Exists(_parameters(f)))))
    if f["agent"]:
        credited = WasAttributedTo.objects.filter(_who(f), entity=OuterRef("pk"))
        rows = rows.filter(Exists(made.filter(Exists(_associated(f)))) | Exists(credited))
    return _dates(rows, f, "generated_at_time").order_by("-generated_at_time", "pk")


def _runs(f: Filters, viewer: Viewer) -> "QuerySet[Activity]":
    rows = Activity.objects.filter(visible(viewer)).select_related("description", "outcome", "policy")
    if f.outcome:
        rows = rows.filter(outcome__succeeded=f.outcome == "succeeded")
    if f["error"]:
        rows = rows.filter(outcome__error__icontains=f["error"])
    if f["exit_code"]:
        rows = rows.filter(outcome__exit_code=int(f["exit_code"][:9]))
    if f["activity"]:
        rows = rows.filter(Q(description__name__icontains=f["activity"]) | Q(name__icontains=f["activity"]))
    if f["version"]:
        rows = rows.filter(description__version=f["version"])
    if f["name"]:
        rows = rows.filter(Q(name__icontains=f["name"]) | Q(pk=f["name"]))
    if f["parameter"] or f["value"]:
        rows = rows.filter(Exists(_parameters(f)))
    if f["agent"]:
        rows = rows.filter(Exists(_associated(f)))
    return _dates(rows, f, "end_time").order_by("-end_time", "pk")


def _parameters(f: Filters) -> "QuerySet[Parameter]":
    """Through the index on name and the first letters of the value."""
    rows = Parameter.objects.filter(activity=OuterRef("pk"))
    if f["parameter"]:
        rows = rows.filter(name=f["parameter"])
    if f["value"]:
        rows = rows.annotate(head=Left("value", 100)).filter(head=f["value"][:100])
    return rows


def _who(f: Filters) -> Q:
    return Q(agent__name__icontains=f["agent"]) | Q(agent=f["agent"])


def _associated(f: Filters) -> "QuerySet[WasAssociatedWith]":
    return WasAssociatedWith.objects.filter(_who(f), activity=OuterRef("pk"))


def _dates(rows: "QuerySet[Any]", f: Filters, column: str) -> "QuerySet[Any]":
    since, until = _day("since", f["since"]), _day("until", f["until"])
    if since:
        rows = rows.filter(**{f"{column}__gte": since})
    if until:
        rows = rows.filter(**{f"{column}__lt": until + timedelta(days=1)})
    return rows
