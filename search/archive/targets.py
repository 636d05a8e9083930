"""Names of targets: the plain name of the source table, its class, and every name by which a search may know it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

OFF_WORDS = {"off data", "off", "none", "unknown", ""}
_SUFFIX = re.compile(r"\s*\([^()]*\)\s*$")


def lookup(name: str) -> tuple[str, float, float, str, tuple[str, ...]] | None:
    """The entry of the resolver's table of sources."""
    if find_spec("search.resolver.sources") is None:
        return None
    found: tuple[str, float, float, str, tuple[str, ...]] | None = import_module("search.resolver.sources").lookup(name)
    return found


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
    known = lookup(wanted)
    if known is None:
        return Target(wanted, aliases=(wanted, *observed))
    name, ra, dec, source_class, aliases = known
    return Target(name, source_class or None, ra, dec, (name, *aliases, *observed))


def hashlist(names: Iterable[str]) -> str | None:
    """``#crab nebula#m 1#``: each name once, in lower case."""
    folded = dict.fromkeys(name.lower().replace("#", " ").strip() for name in names)
    folded.pop("", None)
    return f"#{'#'.join(folded)}#" if folded else None
