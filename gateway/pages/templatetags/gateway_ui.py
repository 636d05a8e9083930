"""What every template may use: icons, badges, numbers. ``{% load gateway_ui %}``."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from django import template
from django.conf import settings
from django.template.base import FilterExpression, Node, NodeList, Parser, Token
from django.template.context import Context
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from gateway.access import rights
from gateway.access.models import Policy
from gateway.access.request import viewer as viewer_of_request
from gateway.access.state import Access, describe
from gateway.vo import readable as numbers

register = template.Library()

# phase → (words, icon, tone); the icon moves only while something happens
PHASES: dict[str, tuple[Promise, str, str]] = {
    "PENDING": (gettext_lazy("Pending"), "circle", ""),
    "QUEUED": (gettext_lazy("Queued"), "clock", ""),
    "EXECUTING": (gettext_lazy("Executing"), "arrow-repeat", "primary"),
    "COMPLETED": (gettext_lazy("Completed"), "check-circle-fill", "success"),
    "ERROR": (gettext_lazy("Error"), "x-octagon-fill", "danger"),
    "ABORTED": (gettext_lazy("Aborted"), "slash-circle", "warning"),
    "HELD": (gettext_lazy("Held"), "pause-circle", "warning"),
    "SUSPENDED": (gettext_lazy("Suspended"), "pause-circle", "warning"),
    "ARCHIVED": (gettext_lazy("Archived"), "archive", ""),
    "UNKNOWN": (gettext_lazy("Unknown"), "question-circle", ""),
}
PRODUCT_TYPES: dict[str, tuple[Promise, str]] = {
    "event": (gettext_lazy("Event list"), "grid-3x3-gap"),
    "image": (gettext_lazy("Map"), "image"),
    "cube": (gettext_lazy("Cube"), "box"),
    "spectrum": (gettext_lazy("Spectrum"), "graph-down"),
    "sed": (gettext_lazy("Spectral energy distribution"), "graph-down"),
    "timeseries": (gettext_lazy("Light curve"), "activity"),
    "measurements": (gettext_lazy("Catalogue"), "table"),
    "visibility": (gettext_lazy("Visibility"), "broadcast-pin"),
}


@lru_cache(maxsize=256)
def _svg_body(name: str) -> str:
    """The drawing inside a Bootstrap icon; empty where npm packages are not installed."""
    if not re.fullmatch(r"[a-z0-9-]+", name):
        return ""
    path = settings.NODE_MODULES / "bootstrap-icons" / "icons" / f"{name}.svg"
    if not path.is_file():
        return ""
    return re.sub(r"\s+", " ", re.sub(r"^.*?<svg[^>]*>|</svg>.*$", "", path.read_text(), flags=re.DOTALL)).strip()


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """An icon beside words: hidden from screen readers."""
    return _svg(str(name), str(extra))


@lru_cache(maxsize=1024)
def _svg(name: str, extra: str) -> SafeString:
    body = mark_safe(_svg_body(name))  # noqa: S308 - a file of the installed icon package
    return format_html('<svg class="i {}" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', extra, body)


@register.simple_tag
def phase(name: str) -> SafeString:
    """A UWS phase as a pill."""
    words, symbol, tone = PHASES.get(str(name), PHASES["UNKNOWN"])
    tone_class = f" d-pill-{tone}" if tone else ""
    spin = "d-spin" if name == "EXECUTING" else ""
    return format_html('<span class="d-pill{}">{} {}</span>', tone_class, icon(symbol, spin), words)


@register.simple_tag
def simulated(flag: object = True) -> SafeString | str:
    """The word that follows the name of everything simulated."""
    return format_html('<span class="d-sim">{}</span>', _("simulated")) if flag else ""


@register.simple_tag
def level(name: object) -> SafeString | str:
    return format_html('<span class="d-level">{}</span>', name) if name else numbers.MISSING


@register.simple_tag
def product_type(name: object, extra: str = "") -> SafeString | str:
    """An ObsCore dataproduct_type in plain words, with its icon."""
    return _product_type(str(name), extra, get_language() or "")


@lru_cache(maxsize=256)
def _product_type(name: str, extra: str, language: str) -> SafeString:
    words, symbol = PRODUCT_TYPES.get(name, (_("Other"), "file-earmark"))
    return format_html('<span class="d-nowrap {}">{} {}</span>', extra, icon(symbol), words)


def access_of(context: Context, policy: Policy) -> Access:
    """The policy as this request's viewer stands to it; the viewer's policies are read once per request."""
    return _access(context.get("request"), policy)


def _access(request: Any, policy: Policy) -> Access:
    known: Any = getattr(request, "_fetchable", None)
    if known is None:
        viewer = rights.ANONYMOUS if request is None else viewer_of_request(request)
        known = (viewer, rights.policy_ids(viewer, "fetch"), timezone.now())
        if request is not None:
            request._fetchable = known
    viewer, fetchable, now = known
    return describe(policy, viewer, fetchable, now)


@register.simple_tag(takes_context=True)
def access(context: Context, thing: Any, pill: bool = False) -> SafeString | str:
    """Who may have it: ``{% access product %}`` for anything with a ``policy``; ``pill=True`` in page heads."""
    policy = getattr(thing, "policy", thing)
    if not isinstance(policy, Policy):
        return numbers.MISSING
    return badge(context.get("request"), policy, pill)


def badge(request: Any, policy: Policy, pill: bool = False) -> SafeString:
    """Who may have what stands under this policy; made once a request, as a table repeats it row by row."""
    made: dict[tuple[Any, bool], SafeString] = request.__dict__.setdefault("_badges", {}) if request else {}
    name = (policy.pk, pill)
    if name not in made:
        made[name] = access_badge(_access(request, policy), pill)
    return made[name]


@register.simple_tag(takes_context=True)
def cells(context: Context, parts: Iterable[tuple[str, SafeString]], product: Any) -> SafeString:
    """The cells of a product's row: HTML as it stands, behind which a kind asks for the tag of that name.

    A table has hundreds of cells, and a template's loop over them would cost most of its page.
    """
    made: list[str] = []
    for kind, html in parts:
        made.append(html)
        if kind == "type":
            made.append(product_type(product.dataproduct_type))
        elif kind == "level":
            made.append(level(product.dataproduct_level))
        elif kind == "access":
            made.append(access(context, product))
        if kind:
            made.append("</td>")
    return mark_safe("".join(made))  # noqa: S308 - every part is escaped where it is made


@register.tag
def kept(parser: Parser, token: Token) -> "KeptNode":
    """``{% kept one two %} … {% endkept %}``: drawn once for each language and value of its words, then remembered.

    For parts that depend on nothing else: never on who looks, on a token or on the address.
    """
    words = [parser.compile_filter(word) for word in token.split_contents()[1:]]
    body = parser.parse(("endkept",))
    parser.delete_first_token()
    return KeptNode(words, body)


class KeptNode(Node):
    MOST = 200

    def __init__(self, words: Sequence[FilterExpression], nodelist: NodeList) -> None:
        self.words, self.nodelist = words, nodelist
        self.made: dict[tuple[object, ...], SafeString] = {}

    def render(self, context: Context) -> SafeString:
        name = (get_language(), *(word.resolve(context) for word in self.words))
        known = self.made.get(name)
        if known is None:
            known = self.nodelist.render(context)
            if len(self.made) >= self.MOST:
                self.made.clear()
            self.made[name] = known
        return known


@register.simple_tag
def access_badge(state: Access, pill: bool = False) -> SafeString:
    hidden = ""
    if state.open and state.kind == "embargo":
        hidden = format_html('<span class="visually-hidden">, {}</span>', _("open to you"))
    tone = state.tone or ("success" if pill else "none")
    name = f"d-pill d-pill-{tone}" if pill else f"d-access d-access-{tone}"
    return format_html('<span class="{}">{} {}{}</span>', name, icon(state.icon), state.label, hidden)


@register.inclusion_tag("components/field.html")
def field(bound: Any, unit: str = "", glossary: str = "", span: int = 12) -> dict[str, Any]:
    """A form field in the look's order: label, control with its unit, help or error."""
    return {"field": bound, "unit": unit, "glossary": glossary, "span": span}


@register.simple_tag(takes_context=True)
def query(context: Context, **changes: object) -> str:
    """The present address's query with some parameters replaced (None or empty drops one): sort, page, tabs."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        if value is None or value == "":
            parameters.pop(name, None)
        else:
            parameters[name] = str(value)
    return f"?{parameters.urlencode()}" if parameters else "?"


@register.filter(name="bytes")
def bytes_filter(value: object) -> str:
    return numbers.size(value)


@register.filter
def number(value: object, places: int = 2) -> str:
    return numbers.fixed(value, int(places))


@register.filter
def short(value: object, digits: int = 3) -> str:
    return numbers.short(value, int(digits))


@register.filter
def whole(value: object) -> str:
    return numbers.whole(value)


@register.filter
def position(ra: object, dec: object) -> str:
    """``{{ product.s_ra|position:product.s_dec }}``"""
    return numbers.position(ra, dec)


@register.filter
def sexagesimal(ra: object, dec: object) -> str:
    return numbers.sexagesimal(ra, dec)


@register.filter
def utc(value: datetime | float | None, precision: str = "minute") -> str:
    """A datetime or an MJD; precision day, minute or second."""
    return numbers.moment(value, precision)


@register.filter
def tev(low: object, high: object = "") -> str:
    """``{{ product.energy_min|tev:product.energy_max }}``: eV to a range in TeV."""
    return numbers.energy(low) if high == "" else numbers.energy_range(low, high)


@register.filter
def seconds(value: object) -> str:
    return numbers.duration(value)


@register.filter
def minutes(value: object) -> str:
    """Seconds as a number of minutes."""
    number_ = numbers.finite(value)
    return numbers.fixed(None if number_ is None else number_ / 60, 1)


@register.filter
def spoken(text: object) -> str:
    """What a description declares, in the reader's language where it was translated."""
    return _(str(text)) if text else ""


@register.filter
def or_dash(value: object) -> object:
    return numbers.MISSING if value in (None, "") else value


@register.filter
def member(mapping: Any, key: object) -> Any:
    """``{{ mapping|member:key }}``"""
    return mapping.get(key) if hasattr(mapping, "get") else None


_ADQL = re.compile(r"('(?:[^']|'')*')|(--[^\n]*)|(\b\d+(?:\.\d*)?(?:[eE][+-]?\d+)?\b)|\b([A-Z_]{2,}\d*)\b")
_ADQL_WORDS = frozenset(
    re.findall(
        r"\w+",
        "SELECT TOP FROM WHERE AND OR NOT ORDER BY GROUP HAVING AS JOIN NATURAL LEFT INNER ON IN IS NULL LIKE BETWEEN"
        " DESC ASC DISTINCT OFFSET COUNT UNION INTERSECTS CONTAINS CIRCLE POINT POLYGON BOX DISTANCE LOWER UPPER EXISTS"
        " WITH ALL",
    )
)


@register.filter
def adql(text: object) -> SafeString:
    """ADQL with its words, texts and numbers marked; everything escaped."""
    parts, end, source = [], 0, str(text)
    for match in _ADQL.finditer(source):
        parts.append(escape(source[end : match.start()]))
        tag = "i" if match[1] else "s" if match[2] else "u" if match[3] else "b" if match[4] in _ADQL_WORDS else ""
        parts.append(format_html("<{0}>{1}</{0}>", tag, match[0]) if tag and tag != "s" else escape(match[0]))
        end = match.end()
    return mark_safe("".join([*parts, escape(source[end:])]))  # noqa: S308 - every part is escaped above


@register.filter
def divided(value: float, by: float) -> float:
    return value / by
