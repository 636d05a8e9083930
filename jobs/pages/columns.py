"""The columns of the list of jobs, and its order by one of them."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from jobs.models import Job

SORTS = {"created": "created", "type": "type", "label": "run_id", "owner": "owner__username", "phase": "phase",
         "ended": "ended", "destruction": "destruction"}  # fmt: skip


def heads(sort: str, *, with_owner: bool) -> list[dict[str, Any]]:
    """The columns of the list; a click on the sorted one turns its order round, times begin with the newest."""
    now, falling = sort.lstrip("-"), sort.startswith("-")
    columns = [
        ("type", _("Job"), ""),
        ("label", _("Label"), ""),
        *([("owner", _("Owner"), "")] if with_owner else []),
        ("phase", _("Phase"), ""),
        ("created", _("Created"), "UTC"),
        ("", _("Took"), ""),
        ("destruction", _("Destroyed"), "UTC"),
    ]
    return [
        {
            "sort": name,
            "label": label,
            "unit": unit,
            "numeric": not name,
            "order": ("descending" if falling else "ascending") if name == now else "",
            "next": f"-{name}" if (not falling if name == now else name == "created") else name,
        }
        for name, label, unit in columns
    ]


def in_order(jobs: "QuerySet[Job]", request: HttpRequest) -> "QuerySet[Job]":
    sort = request.GET.get("sort", "-created")
    column = SORTS.get(sort.lstrip("-"), "created")
    return jobs.order_by(f"-{column}" if sort.startswith("-") else column, "id")
