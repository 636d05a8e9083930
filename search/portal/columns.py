"""The columns of the results table: what they show, how they sort, and the presets."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from search.archive.fields import catalogue
from search.archive.models import Product
from search.portal import builder, filters, form, show
from search.portal.builder import Query
from search.portal.criteria import Criteria
from search.portal.filters import HEA, NUMERIC, OBSCONFIG, OBSCORE

Cell = Callable[[Product], object]


@dataclass(frozen=True)
class TableColumn:
    """``order``: the ADQL column it sorts by, of ``table``; empty: it does not sort."""

    key: str
    label: str | Promise
    cell: Cell
    unit: str = ""
    order: str = ""
    table: str = OBSCORE
    numeric: bool = False
    phone: bool = False
    """is it part of the short list on phones?"""
    kind: str = ""
    """cells that the template draws: product, type, level, access"""
    needs: tuple[str, ...] = ()
    """fields of a product that its cell reads; empty: the one it sorts by"""

    @property
    def fields(self) -> tuple[str, ...]:
        return self.needs or (self.order,)

    @cached_property
    def opening(self) -> str:
        """The start tag of its cells."""
        numeric, hidden = "d-num" if self.numeric else "", "" if self.phone else " d-hide-phone"
        return f'<td class="{numeric}{hidden} d-cell-{self.key}">'


def _plain(name: str) -> Cell:
    return lambda product: show.text(getattr(product, name))


def _number(name: str, places: int) -> Cell:
    return lambda product: show.fixed(getattr(product, name), places)


MAIN: tuple[TableColumn, ...] = (
    TableColumn("product", _("Product"), show.name, order="obs_id", phone=True, kind="product"),
    TableColumn("type", _("Type"), _plain("dataproduct_type"), order="dataproduct_type", phone=True, kind="type"),
    TableColumn(
        "level", _("Level"), _plain("dataproduct_level"), "", "dataproduct_level", OBSCONFIG, phone=True, kind="level"
    ),
    TableColumn("start", _("Start"), lambda p: show.moment(p.t_min), "UTC", order="t_min", phone=True),
    TableColumn(
        "livetime", _("Livetime"), lambda p: show.minutes(p.t_exptime), "min", "t_exptime", numeric=True, phone=True
    ),
    TableColumn("zenith", _("Zenith"), _number("zenith", 1), "°", "zenith", OBSCONFIG, numeric=True),
    TableColumn("offset", _("Offset"), _number("target_offset", 2), "°", "target_offset", OBSCONFIG, numeric=True),
    TableColumn("energy", _("Energy"), show.energies, "TeV", "energy_min", HEA, numeric=True, phone=True,
                needs=("energy_min", "energy_max")),
)  # fmt: skip
OPTIONAL: tuple[TableColumn, ...] = (
    TableColumn("target", _("Target"), _plain("target_name"), order="target_name"),
    TableColumn("class", _("Class"), lambda p: show.leaf(p.target_class), order="target_class"),
    TableColumn("collection", _("Collection"), _plain("obs_collection"), order="obs_collection"),
    TableColumn("end", _("End"), lambda p: show.moment(p.t_max), "UTC", order="t_max"),
    TableColumn("ra", _("Pointing RA"), _number("s_ra", 4), "°", "s_ra", numeric=True),
    TableColumn("dec", _("Pointing Dec"), _number("s_dec", 4), "°", "s_dec", numeric=True),
    TableColumn("fov", _("Field of view"), _number("s_fov", 1), "°", "s_fov", numeric=True),
    TableColumn("events", _("Events"), lambda p: show.whole(p.ev_xel), "", "ev_xel", HEA, numeric=True),
    TableColumn("facility", _("Facility"), _plain("facility_name"), order="facility_name"),
    TableColumn("sub_array", _("Sub-array"), _plain("sub_array_name"), "", "sub_array_name", OBSCONFIG),
    TableColumn("tels", _("Telescopes"), lambda p: show.whole(p.n_tels), "", "n_tels", OBSCONFIG, numeric=True),
    TableColumn("obs_mode", _("Observing mode"), _plain("obs_mode"), "", "obs_mode", OBSCONFIG),
    TableColumn("pointing_mode", _("Pointing mode"), _plain("pointing_mode"), "", "pointing_mode", OBSCONFIG),
    TableColumn("quality", _("Quality"), lambda p: show.whole(p.quality), "", "quality", OBSCONFIG, numeric=True),
    TableColumn("proposal", _("Proposal"), _plain("proposal_id"), "", "proposal_id"),
    TableColumn("pi", _("PI"), _plain("pi_name"), "", "pi_name", OBSCONFIG),
    TableColumn("release", _("Public from"), show.release, "", "obs_release_date"),
    TableColumn("pipeline", _("Pipeline"), show.pipeline, "", "pipeline_version", OBSCONFIG,
                needs=("pipeline_name", "pipeline_version")),
    TableColumn(
        "reconstruction", _("Reconstruction"), _plain("reconstruction_method"), "", "reconstruction_method", OBSCONFIG
    ),
    TableColumn("cuts", _("Cuts"), _plain("cut_set"), "", "cut_set", OBSCONFIG),
    TableColumn("calibration", _("Calibration"), _plain("calib_version"), "", "calib_version", OBSCONFIG),
    TableColumn("size", _("Size"), lambda p: show.size(p.size), "", "access_estsize", numeric=True, needs=("size",)),
    TableColumn("preview", _("Quick look"), show.preview, needs=("storage_key", "size", "file_name")),
)  # fmt: skip
ACCESS = TableColumn(
    "access", _("Access"), _plain("data_rights"), order="obs_release_date", phone=True, kind="access",
    needs=("data_rights",),
)  # fmt: skip


def _obscore() -> tuple[TableColumn, ...]:
    """Every ObsCore column under its own name and unit."""

    def raw(name: str) -> Cell:
        return lambda product: show.raw(getattr(product, name, None))

    return tuple(
        TableColumn(one.name, one.name, raw(one.name), one.unit, one.name, numeric=one.datatype in NUMERIC)
        for one in catalogue.OBSCORE
        if one.name not in ("access_url",)
    )


STANDARD = _obscore()
ALL: dict[str, TableColumn] = {column.key: column for column in (*MAIN, *OPTIONAL, ACCESS, *STANDARD)}
DEFAULT = (*(column.key for column in MAIN), "access")
PRESETS: dict[str, tuple[Promise, tuple[str, ...]]] = {
    "usual": (_("Usual"), DEFAULT),
    "observing": (
        _("How it was observed"),
        ("product", "target", "start", "livetime", "zenith", "offset", "sub_array", "tels", "obs_mode", "pointing_mode",
         "quality", "access"),
    ),
    "history": (
        _("How it was made"),
        ("product", "type", "level", "pipeline", "reconstruction", "cuts", "calibration", "collection", "access"),
    ),
    "obscore": (_("ObsCore fields"), ("product", *(column.key for column in STANDARD), "access")),
}  # fmt: skip


def boxes(shown: Iterable[TableColumn]) -> SafeString:
    """A box for each column that is not shown."""
    return _boxes(frozenset(column.key for column in shown), get_language() or "")


@lru_cache(maxsize=64)
def _boxes(shown: frozenset[str], language: str) -> SafeString:
    box = (
        '<div class="form-check"><input class="form-check-input" type="checkbox" name="column" value="{0}" id="c-{0}">'
        '<label class="form-check-label" for="c-{0}">{1}</label></div>'
    )
    return format_html_join("", box, ((one.key, one.label) for one in ALL.values() if one.key not in shown))


UNNAMED = ("product", "target", *(key for key in DEFAULT if key not in ("product", "offset")))


def chosen(text: str, named: bool = True) -> list[TableColumn]:
    """The columns named in the address: a preset, or keys with commas; the product always comes first.

    Where nobody chose and the search is not for a target by name, each row says what its target is, in the place of
    the offset from it.
    """
    preset = PRESETS.get(text)
    keys = preset[1] if preset else [key for key in text.split(",") if key in ALL]
    usual = DEFAULT if named else UNNAMED
    keys = list(dict.fromkeys(["product", *keys])) if keys else list(usual)
    return [ALL[key] for key in keys]


@dataclass(frozen=True)
class Order:
    key: str
    descending: bool


def order(text: str) -> list[Order]:
    """``level,-start`` as it stands in the address."""
    wanted = [Order(part.lstrip("-"), part.startswith("-")) for part in text.split(",") if part]
    return [one for one in wanted if one.key in ALL and ALL[one.key].order][:3]


LAST_ORDER = ", obs_publisher_did"


def order_adql(orders: list[Order]) -> tuple[str, set[str]]:
    """The ORDER BY list and the tables it needs; LAST_ORDER makes paging stable."""
    used = orders or [Order("start", False)]
    parts = [ALL[one.key].order + (" DESC" if one.descending else "") for one in used]
    tables = {ALL[one.key].table for one in used} - {OBSCORE}
    return ", ".join(parts) + LAST_ORDER, tables


def query_text(query: Query, sort: str) -> str:
    """The search as one ADQL text in the order of the page: what is shown, copied and handed on."""
    ordering, tables = order_adql(order(sort))
    return builder.text(query, ordering.removesuffix(LAST_ORDER), extra=tables)


def next_order(orders: list[Order], key: str) -> str:
    """What a click on a head asks for: ascending, then descending, then the usual order."""
    present = next((one for one in orders if one.key == key), None)
    if present is None:
        return key
    return "" if present.descending else f"-{key}"


def heads(columns: list[TableColumn], orders: list[Order], criteria: Criteria) -> list[dict[str, Any]]:
    """The header cells with their state of order and their filters."""
    made = []
    used = orders or [Order("start", False)]
    for column in columns:
        place = next((index for index, one in enumerate(used, 1) if one.key == column.key), 0)
        down = bool(place) and used[place - 1].descending
        made.append(
            {
                "column": column,
                "sort": next_order(orders, column.key) if column.order else None,
                "place": place if len(used) > 1 else "",
                "arrow": format_html("{}", "▼" if down else "▲") if place else "",
                "aria": ("descending" if down else "ascending") if place else "",
                "filter": _filter(column, criteria),
            }
        )
    return made


@dataclass(frozen=True)
class HeadFilter:
    """The control under a head: a list where there are ``options`` (value, words), else a text."""

    name: str
    value: str
    options: tuple[tuple[str, str], ...] = ()
    problem: str = ""
    hint: str = ""


# Columns whose filter is a parameter of the search itself.
LISTED: dict[str, tuple[str, tuple[tuple[str, Promise], ...]]] = {
    "type": ("dataproduct_type", form.TYPES),
    "level": ("dataproduct_level", form.LEVELS),
    "access": ("data_rights", form.RIGHTS),
}
HINTS: dict[str, Promise | str] = {
    "text": _("contains"),
    "number": "20..40",
    "time": "2023-12..2024",
    "stamp": "<2024",
    "range": ">50",
}


def _filter(column: TableColumn, criteria: Criteria) -> HeadFilter | None:
    if column.key in LISTED:
        name, options = LISTED[column.key]
        made = [(value, value if column.key == "level" else str(words).capitalize()) for value, words in options]
        value = ",".join(criteria.lists.get(name, []))
        if value and value not in dict(made):
            made.append((value, gettext("several")))
        return HeadFilter(name, value, tuple(made))
    one = filters.COLUMNS.get(column.key)
    if one is None:
        return None
    name = filters.PREFIX + column.key
    problem = criteria.filter_problems.get(column.key, "")
    hint = ">1 (MB)" if column.key == "size" else str(HINTS[one.kind])
    return HeadFilter(name, criteria.first(name), problem=problem, hint=hint)


def sorts(heads_: list[dict[str, Any]]) -> list[tuple[str, str, bool]]:
    """What a list on phones offers, where no head can be touched: (value of ``sort``, words, is it so now)."""
    made = []
    for head in heads_:
        if head["sort"] is not None:
            column = head["column"]
            for sign, words, aria in (
                ("", gettext("ascending"), "ascending"),
                ("-", gettext("descending"), "descending"),
            ):
                made.append((sign + column.key, f"{column.label}, {words}", head["aria"] == aria))
    return made


def is_filter(name: str) -> bool:
    """Is it a parameter that the row of filters writes?"""
    return name.startswith(filters.PREFIX)
