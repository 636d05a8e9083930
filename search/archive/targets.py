"""Names of targets: the plain name of the source table, its class, and every name by which a search may know it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from search.resolver import sources

OFF_WORDS = {"off data", "off", "none", "unknown", ""}
_SUFFIX = re.compile(r"\s*\([^()]*\)\s*$")


@dataclass(frozen=True)
class Target:
    """Position in degrees (ICRS) where the table knows it."""

    name: str | None
    source_class: str | None = None
    ra: float | None = None
    dec: float | None = None
    aliases: tuple[str, ...] = ()


def identify(target_name: str, object_name: str) -> Target:
    """TARGET_NAME without remarks such as "(steady)"; OBJECT where TARGET_NAME names no target ("Off data")."""
    observed = [name for name in (target_name, object_name) if name]
    wanted = _SUFFIX.sub("", target_name)
    if wanted.lower() in OFF_WORDS:
        wanted = object_name
    if not wanted:
        return Target(None, aliases=tuple(observed))
    known = sources.lookup(wanted)
    if known is None:
        return Target(wanted, aliases=(wanted, *observed))
    return Target(known.name, known.target_class, known.ra, known.dec, (known.name, *known.aliases, *observed))


def hashlist(names: Iterable[str]) -> str | None:
    """``#crab nebula#m 1#``: each name once, in lower case."""
    folded = dict.fromkeys(name.lower().replace("#", " ").strip() for name in names)
    folded.pop("", None)
    return f"#{'#'.join(folded)}#" if folded else None
