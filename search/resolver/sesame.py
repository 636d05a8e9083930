"""Sesame, the name resolver of CDS, over the one way out: short timeouts, a circuit breaker, XML read as hostile.

Interface: ``BASE-oxI/SNV?NAME``: Simbad, then NED, then VizieR; the first that knows the name ends the search.
"""

import logging
import math
import re
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote
from xml.etree.ElementTree import Element

import requests
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring
from django.conf import settings
from django.core.cache import cache

from gateway.vo.http import Session

logger = logging.getLogger(__name__)
CONNECT_SECONDS = 3.0
TOTAL_SECONDS = 4.0
MAX_BYTES = 2**20
BREAKER_SECONDS = 60
BREAKER = "resolver.sesame.down"
MAX_ALIASES = 60
DATABASES = {"S": "SIMBAD", "N": "NED", "V": "VizieR"}


class Unreachable(Exception):
    """No Sesame server gave an answer that can be used."""


@dataclass(frozen=True)
class Candidate:
    """One database's answer; degrees, ICRS."""

    name: str
    ra: float
    dec: float
    database: str
    kind: str
    aliases: tuple[str, ...]


def can_be_asked() -> bool:
    """False where no server is named, or where they all failed in the last minute."""
    return bool(settings.SESAME_URLS) and not cache.get(BREAKER)


def ask(name: str) -> list[Candidate]:
    """All that Sesame knows by this name; empty if nothing. Raises Unreachable, within TOTAL_SECONDS."""
    if not can_be_asked():
        raise Unreachable
    end = time.monotonic() + TOTAL_SECONDS
    for base in settings.SESAME_URLS:
        left = end - time.monotonic()
        if left <= 0.05:
            break
        try:
            return parse(_fetch(base, name, left))
        except (requests.RequestException, ValueError, ParseError, DefusedXmlException) as error:
            logger.warning("Sesame at %s gave no answer for a name: %s", base, error)
    cache.set(BREAKER, True, BREAKER_SECONDS)
    raise Unreachable


def _fetch(base: str, name: str, seconds: float) -> bytes:
    session = Session(
        max_bytes=MAX_BYTES,
        total_seconds=seconds,
        connect_seconds=min(CONNECT_SECONDS, seconds),
        read_seconds=seconds,
    )
    with session.get(f"{base.rstrip('/')}/-oxI/SNV?{quote(name, safe='')}") as answer:
        answer.raise_for_status()
        return bytes(answer.content)


def parse(document: bytes) -> list[Candidate]:
    """Candidates of a Sesame XML document. ValueError (or a parser's error) if it is not one."""
    root: Element = fromstring(document, forbid_dtd=True)
    if _local(root) != "Sesame":
        raise ValueError(f"not a Sesame document but <{_local(root)[:40]}>")
    found = [_candidate(element) for element in root.iter() if _local(element) == "Resolver"]
    return [candidate for candidate in found if candidate is not None]


def _candidate(element: Element) -> Candidate | None:
    """None for an object that the database knows without a position."""
    texts: dict[str, Any] = {"alias": []}
    for child in element:
        text = re.sub(r"[\x00-\x1f]+", " ", child.text or "").strip()[:200]
        if _local(child) == "alias":
            texts["alias"].append(text)
        else:
            texts.setdefault(_local(child), text)
    try:
        ra, dec = float(texts["jradeg"]), float(texts["jdedeg"])
    except (KeyError, ValueError):
        return None
    if not (math.isfinite(ra) and 0 <= ra <= 360 and -90 <= dec <= 90):
        return None
    letter = element.get("name", "").lstrip("#=")[:1]
    aliases = tuple(dict.fromkeys(alias.removeprefix("NAME ") for alias in texts["alias"] if alias))[:MAX_ALIASES]
    name = str(texts.get("oname", "")).removeprefix("NAME ")
    return Candidate(name, ra % 360, dec, DATABASES.get(letter, "Sesame"), str(texts.get("otype", "")), aliases)


def _local(element: Element) -> str:
    return str(element.tag).rpartition("}")[2]
