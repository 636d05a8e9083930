"""From what was typed to a position, and how we know.

The chain: coordinates; our own table of sources; names of our own archive that the viewer may see; our own cache of
Sesame's answers; a name that carries its position to an arcminute; Sesame; a coarser position carried by the name.
What is known exactly nearby comes before what is derived from digits of a name (and before where telescopes happened
to point), and everything local before the network.
"""

from dataclasses import dataclass
from datetime import datetime

from django.core.cache import cache
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from gateway.access import rights
from gateway.access.rights import ANONYMOUS, Viewer
from search.archive.models import Product
from search.resolver import moving, positions, sesame, sources
from search.resolver.models import CachedName

MAX_NAME = 200
SAME_OBJECT = 1 / 60
"""Answers closer than this (degrees) are one object."""
FINE = 0.6 / 60
NAMES_KEPT = 600
"""seconds"""
MAX_ROWS = 500
PLACEHOLDERS = frozenset({"custom", "off", "none", "unknown", "test", "dark", "survey"})
"""what observers write where there is no target"""


@dataclass(frozen=True)
class Resolved:
    """``ra`` and ``dec`` in degrees, ICRS; ``source`` is how we know, in words."""

    name: str
    ra: float
    dec: float
    source: str
    kind: str = ""
    aliases: tuple[str, ...] = ()
    precision: float = 0.0
    known_since: datetime | None = None


class ResolveError(Exception):
    """The text has no position; the words are for the user. ``choices`` and ``suggestions`` may help on."""

    def __init__(self, reason: str, choices: tuple[Resolved, ...] = (), suggestions: tuple[str, ...] = ()) -> None:
        super().__init__(reason)
        self.reason, self.choices, self.suggestions = reason, choices, suggestions


class Refused(ResolveError):
    """The text cannot be looked up at all: empty, too long, an impossible position, a moving body."""


class Ambiguous(ResolveError):
    """Several objects go by the name."""


class Unknown(ResolveError):
    """Nobody knows it."""


class NotAsked(Unknown):
    """Nobody nearby knows it, and nobody else was asked yet."""


def resolve(name: str, viewer: Viewer = ANONYMOUS, *, remote: bool = True) -> Resolved:
    """The position meant by the text; raises Refused, Ambiguous or Unknown. At most about 4 s if ``remote``."""
    text = " ".join(name.replace("\x00", " ").split())
    _refuse_odd(text)
    carried = positions.from_name(text)
    local = _position(text) or _own_table(text) or _own_archive(text, viewer) or _cached(text)
    if local is not None:
        return local
    if moving.is_moving(text):
        raise Refused(
            _("%(name)s moves on the sky, so it has no position to search. Search by target name or give coordinates.")
            % {"name": text}
        )
    if carried is not None and carried.precision <= FINE:
        return _from_carried(text, carried)
    return _remote(text, carried) if remote else _nearby(text, carried)


def _refuse_odd(text: str) -> None:
    if not text:
        raise Refused(_("Type a source name or a position."))
    if len(text) > MAX_NAME:
        raise Refused(_("A name has at most %(count)d letters.") % {"count": MAX_NAME})


def _position(text: str) -> Resolved | None:
    try:
        found = positions.parse(text)
    except positions.PositionError as error:
        raise Refused(str(error)) from error
    if found is None:
        return None
    how = _("galactic coordinates") if found.how == "galactic" else _("coordinates as typed")
    return Resolved(text, found.ra, found.dec, how)


def _from_carried(text: str, found: positions.Position) -> Resolved:
    return Resolved(text, found.ra, found.dec, _("the position in the name"), precision=found.precision)


def _own_table(text: str) -> Resolved | None:
    found = sources.lookup(text)
    if found is None:
        return None
    return Resolved(
        found.name, found.ra, found.dec, _("the table of sources of this gateway"), found.kind, found.aliases
    )


def target_names() -> dict[str, list[str]]:
    """Folded form → spellings of every target name in the archive, whoever may see it; only to look further with."""
    newest = Product.objects.aggregate(newest=Max("pk"))["newest"]
    key = f"resolver.names.{newest}"
    known: dict[str, list[str]] | None = cache.get(key)
    if known is None:
        known = {}
        for name in Product.objects.exclude(target_name=None).values_list("target_name", flat=True).distinct():
            known.setdefault(sources.fold(str(name)), []).append(str(name))
        cache.set(key, known, NAMES_KEPT)
    return known


def _own_archive(text: str, viewer: Viewer) -> Resolved | None:
    """The target, or else the middle of the pointings, of rows with this target name that the viewer may see."""
    spellings = target_names().get(sources.fold(text), [])
    if not spellings or sources.fold(text) in PLACEHOLDERS:
        return None
    rows = Product.objects.filter(rights.visible(viewer), target_name__in=spellings, removed_at=None)
    found = list(
        rows.exclude(s_ra=None)
        .order_by("target_ra", "pk")
        .values_list("target_name", "target_class", "target_ra", "target_dec", "s_ra", "s_dec")[:MAX_ROWS]
    )
    if not found:
        return None
    aimed = [(row[2], row[3]) for row in found if row[2] is not None and row[3] is not None]
    pointed = [(row[4], row[5]) for row in found if row[4] is not None and row[5] is not None]
    if not (aimed or pointed):
        return None
    ra, dec = positions.middle(aimed[:1] or pointed)
    kind = next((str(row[1]).rsplit(sources.SEPARATOR, 1)[-1] for row in found if row[1]), "")
    return Resolved(str(found[0][0]), ra, dec, _("target names of this archive"), kind)


def _cached(text: str) -> Resolved | None:
    row = CachedName.objects.filter(folded=sources.fold(text)[:MAX_NAME]).first()
    if row is None or not row.is_fresh or not row.candidates:
        return None
    return _choose(
        text,
        [sesame.Candidate(**{**entry, "aliases": tuple(entry["aliases"])}) for entry in row.candidates],
        row.fetched_at,
    )


def _nearby(text: str, carried: positions.Position | None) -> Resolved:
    """What can be said without asking: that Sesame knew nothing when asked before, or cannot be asked now."""
    row = CachedName.objects.filter(folded=sources.fold(text)[:MAX_NAME]).first()
    asked = row is not None and row.is_fresh
    if not asked and sesame.can_be_asked():
        raise NotAsked(_("“%(name)s” is not known nearby.") % {"name": text})
    return _from_carried(text, carried) if carried is not None else _unknown(text, asked=asked)


def _remote(text: str, carried: positions.Position | None) -> Resolved:
    folded = sources.fold(text)[:MAX_NAME]
    row = CachedName.objects.filter(folded=folded).first()
    reachable = True
    candidates: list[sesame.Candidate] = []
    if row is None or not row.is_fresh:
        try:
            candidates = sesame.ask(text)
        except sesame.Unreachable:
            reachable = False
        else:
            entries = [{**candidate.__dict__} for candidate in candidates]
            CachedName.objects.update_or_create(
                folded=folded, defaults={"candidates": entries, "fetched_at": timezone.now()}
            )
    if candidates:
        return _choose(text, candidates, None)
    if carried is not None:
        return _from_carried(text, carried)
    return _unknown(text, asked=reachable)


def _choose(text: str, candidates: list[sesame.Candidate], since: datetime | None) -> Resolved:
    choices: list[Resolved] = []
    for found in candidates:
        if all(positions.separation(found.ra, found.dec, other.ra, other.dec) > SAME_OBJECT for other in choices):
            source = f"Sesame ({found.database})" if found.database != "Sesame" else "Sesame"
            choices.append(
                Resolved(found.name or text, found.ra, found.dec, source, found.kind, found.aliases, known_since=since)
            )
    if len(choices) > 1:
        raise Ambiguous(_("Several objects go by “%(name)s”. Choose one.") % {"name": text}, tuple(choices))
    return choices[0]


def _unknown(text: str, *, asked: bool) -> Resolved:
    near = tuple(source.name for source in sources.suggestions(text, 5, misspelt=True))
    if asked:
        reason = _("Nobody knows “%(name)s”: not this archive, not its table of sources, not Sesame.")
    else:
        reason = _("“%(name)s” is not in this archive or its table of sources, and Sesame cannot be reached now.")
    raise Unknown(reason % {"name": text} + " " + _("Check the spelling, or give coordinates."), suggestions=near)
