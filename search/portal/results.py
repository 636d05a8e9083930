"""One page of results: the rows of a search, or of a query written by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import conditional_escape, escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from gateway.access.rights import Viewer, visible
from gateway.vo.tables import Column
from search.archive.models import Product
from search.portal import asking, columns, row_jobs, show
from search.portal.builder import MAX_ROWS, Query
from search.portal.columns import Order, TableColumn
from search.portal.row_jobs import RowJob

DATA = (
    ("did", "obs_publisher_did"), ("key", "key"), ("type", "dataproduct_type"), ("size", "size"),
    ("ra", "s_ra"), ("dec", "s_dec"), ("fov", "s_fov"),
)  # fmt: skip
NO_DATA = {"size": 0}
FIELDS = frozenset(field.attname for field in Product._meta.concrete_fields)
ALWAYS = (
    "policy", "obs_publisher_did", "key", "dataproduct_type", "dataproduct_level", "access_format", "storage_key",
    "file_name", "size", "s_ra", "s_dec", "s_fov", "obs_id", "obs_title", "job_id", "simulated", "suspect",
)  # fmt: skip
SIZES = (5, 10, 25, 100)
DEFAULT_SIZE = 25


@dataclass
class Row:
    """``cells`` are (column, what to show); ``product`` is None for rows that are no products of ours."""

    cells: list[tuple[TableColumn | Column, str | SafeString]]
    product: Product | None = None
    jobs: Sequence[RowJob] = ()

    @property
    def data(self) -> SafeString:
        """Attributes of the row for scripts: its identifier, its file, its place."""
        values = ((name, getattr(self.product, column)) for name, column in DATA)
        texts = (f' data-{name}="{NO_DATA.get(name, "") if one is None else escape(one)}"' for name, one in values)
        form = f' data-format="{escape(show.file_format(self.product))}"' if self.product is not None else ""
        return mark_safe("".join(texts) + form)  # noqa: S308 - escaped above

    @property
    def opening(self) -> SafeString:
        """The row of a product up to its name: attributes for scripts, the box in front of it, the link to its page."""
        assert self.product is not None
        named = str(self.cells[0][1])
        did, words = escape(self.product.obs_publisher_did), escape(_("Select %(name)s") % {"name": named})
        tick = '<input type="checkbox" class="form-check-input d-tick" name="ID"'
        link = f'<a href="/products/{escape(self.product.key)}/">{escape(named)}</a>'
        return mark_safe(  # noqa: S308 - every value is escaped above
            f'<tr{self.data}><td class="d-tick-cell">{tick} value="{did}" aria-label="{words}"></td>'
            f'<th scope="row">{link}'
        )

    @property
    def parts(self) -> list[tuple[str, SafeString]]:
        """The cells behind the first as HTML, (kind, HTML): a cell of a kind is open, for the template to fill.

        Plain cells are joined here: of all that a page does, a template's loop over each of them costs most.
        """
        made: list[tuple[str, list[str]]] = [("", [])]
        for column, text in self.cells[1:]:
            assert isinstance(column, TableColumn)
            if column.kind:
                made.append((column.kind, [column.opening]))
            else:
                if made[-1][0]:
                    made.append(("", []))
                made[-1][1].append(f"{column.opening}{conditional_escape(text)}</td>")
        return [(kind, mark_safe("".join(html))) for kind, html in made]  # noqa: S308 - escaped above


@dataclass
class Page:
    """``first`` counts from 1. ``more``: there are rows behind this page."""

    rows: list[Row] = field(default_factory=list)
    number: int = 1
    size: int = DEFAULT_SIZE
    more: bool = False
    seconds: float = 0.0
    columns: Sequence[Column] = ()
    total: int | None = None

    @property
    def first(self) -> int:
        return (self.number - 1) * self.size + 1

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1


def paging(parameters: Mapping[str, str]) -> tuple[int, int]:
    """Page number and size of a request; nonsense gives the first page, the last page ends at row 10,000."""
    wanted = parameters.get("size", "")
    size = int(wanted) if wanted.isdecimal() and int(wanted[:6]) in SIZES else DEFAULT_SIZE
    text = parameters.get("page", "")
    number = int(text[:6]) if text.isdecimal() and text.isascii() else 1
    return max(1, min(number, -(-MAX_ROWS // size))), size


def products(identifiers: Sequence[str], viewer: Viewer, columns_: Sequence[TableColumn] = ()) -> dict[str, Product]:
    """The products of these identifiers that the viewer may see, with their policies.

    Only what these columns, the row itself and the sky beside it show is read of the 128 fields of a product.
    """
    rows = Product.objects.filter(visible(viewer), obs_publisher_did__in=list(identifiers)).select_related("policy")
    shown = {name for column in columns_ for name in column.fields if name in FIELDS}
    return {row.obs_publisher_did: row for row in rows.only(*ALWAYS, *sorted(shown))}


@dataclass(frozen=True)
class View:
    """How a search is looked at: columns, order, page."""

    columns: Sequence[TableColumn]
    orders: list[Order]
    number: int = 1
    size: int = DEFAULT_SIZE


def search(query: Query, viewer: Viewer, view: View) -> Page:
    """The page of a search made by the form; raises asking.AskError."""
    order, tables = columns.order_adql(view.orders)
    number, size = view.number, view.size
    adql = f"SELECT TOP {size + 1} obs_publisher_did FROM {query.source(tables)}{query.where()}\nORDER BY {order}" + (
        f" OFFSET {(number - 1) * size}" if number > 1 else ""
    )
    answer = asking.ask(adql, viewer, size + 1)
    identifiers = [str(row[0]) for row in answer.rows]
    found = products(identifiers[:size], viewer, view.columns)
    rows = [
        Row([(column, show.text(column.cell(found[did]))) for column in view.columns], found[did])
        for did in identifiers[:size]
        if did in found
    ]
    return Page(rows, number, size, len(identifiers) > size, answer.seconds)


def add_jobs(page: Page, viewer: Viewer) -> None:
    """Gives the rows the viewer's jobs that used them."""
    found = row_jobs.of([row.product for row in page.rows if row.product is not None], viewer)
    for row in page.rows:
        row.jobs = found.get(row.product.key, ()) if row.product is not None else ()


def by_hand(adql: str, viewer: Viewer, number: int, size: int) -> Page:
    """The page of a query written by hand: whatever columns it has; links where it names our products."""
    answer = asking.ask(adql, viewer, MAX_ROWS)
    start = (number - 1) * size
    part = answer.rows[start : start + size]
    place = next((i for i, column in enumerate(answer.columns) if column.name == "obs_publisher_did"), None)
    found = products([str(row[place]) for row in part], viewer) if place is not None else {}
    rows = [
        Row(
            [(column, show.raw(value)) for column, value in zip(answer.columns, row, strict=True)],
            found.get(str(row[place])) if place is not None else None,
        )
        for row in part
    ]
    total = None if answer.overflow else len(answer.rows)
    return Page(rows, number, size, len(answer.rows) > start + size, answer.seconds, answer.columns, total)


def pages(page: Page, total: int | None) -> list[dict[str, Any]]:
    """Links of the pager: first, those around, last."""
    known = min(total if total is not None else MAX_ROWS, MAX_ROWS)
    last = max(1, -(-known // page.size))
    wanted = sorted({1, last, *range(max(1, page.number - 2), min(last, page.number + 2) + 1)})
    made: list[dict[str, Any]] = []
    for before, number in zip([0, *wanted], wanted, strict=False):
        if number - before > 1:
            made.append({"gap": True})
        made.append({"number": number, "here": number == page.number})
    return made
