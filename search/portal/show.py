"""How the values of a product are shown, as text or safe HTML."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from gateway.vo.readable import MISSING, duration, energy_range, fixed, moment, position, size, whole
from search.archive.hooks import content_type
from search.archive.models import Product
from search.archive.previews import has_preview

__all__ = ["duration", "energy_range", "fixed", "moment", "position", "size", "whole"]


def text(value: Any) -> str:
    return MISSING if value in (None, "") else str(value)


def leaf(path: str | None) -> str:
    """The last word of a class path."""
    return text((path or "").rsplit("/", 1)[-1])


def raw(value: Any) -> str:
    """A value of the table as it stands, shortened only by ``repr``'s rules for floats."""
    return MISSING if value is None else f"{value:.10g}" if isinstance(value, float) else str(value)


def minutes(seconds: float | None) -> str:
    return fixed(None if seconds is None else seconds / 60, 1)


def name(product: Product) -> str:
    """What people call it: the run by its number, a result by its title."""
    if product.dataproduct_type == "event" and product.job_id is None and product.obs_id:
        return _("Run %(id)s") % {"id": product.obs_id}
    return product.obs_title or product.key


def file_format(product: Product) -> str:
    """Media type of the file itself; ``access_format`` is that of the list of its files where there is one."""
    if product.storage_key:
        return content_type(product)
    given = product.access_format or ""
    return "" if "content=datalink" in given.replace(" ", "") else given


def energies(product: Product) -> str:
    return energy_range(product.energy_min, product.energy_max)


def release(product: Product) -> str:
    return text((product.obs_release_date or "")[:10])


def pipeline(product: Product) -> str:
    return text(" ".join(part for part in (product.pipeline_name, product.pipeline_version) if part))


def preview(product: Product) -> SafeString | str:
    if not has_preview(product):
        return MISSING
    return format_html(
        '<a href="/previews/{0}"><img src="/previews/{0}" alt="{1}" loading="lazy" height="40"></a>',
        product.key,
        _("Quick look of %(name)s") % {"name": name(product)},
    )
