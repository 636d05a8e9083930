"""The reference metadata of CTAO: ``HIERARCH CTA …`` keywords, as ctapipe and this gateway write them.

They say in one place what plain keywords say in another. ``filled`` gives the plain ones from them, so that a reader
of headers needs to know one set; what a plain keyword says itself stands, but for the software, where CREATOR joins
name and version.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

PREFIX = "CTA "
# plain keyword: where its value stands in the reference metadata
KEYWORDS = {
    "PIPELINE": "ACTIVITY SOFTWARE NAME",
    "PIPEVERS": "ACTIVITY SOFTWARE VERSION",
    "ORIGIN": "CONTACT ORGANIZATION",
    "DATE": "PRODUCT CREATION TIME",
    "INSTRUME": "INSTRUMENT ID",
    "TITLE": "PRODUCT DESCRIPTION",
}
UNSAID = ("", "unknown", "unspecified", "none", "other")


def said(header: Mapping[str, Any], name: str) -> str:
    """One value of the reference metadata; empty where it says nothing."""
    value = header.get(PREFIX + name)
    text = "" if value is None else str(value).strip()
    return "" if text.lower() in UNSAID else text


def filled(header: dict[str, Any]) -> dict[str, Any]:
    """The header with the plain keywords that only its reference metadata give."""
    missing = [plain for plain in KEYWORDS if header.get(plain) in (None, "")]
    given: dict[str, Any] = {plain: said(header, KEYWORDS[plain]) for plain in missing}
    if said(header, "PROCESS TYPE").lower() == "simulation":
        given["SIMULATD"] = True
    return {**header, **{plain: value for plain, value in given.items() if value}}


def level(header: Mapping[str, Any]) -> str:
    """The highest of the data levels that the product has: ``DL1,DL2`` gives ``DL2``."""
    words = [word.strip().upper() for word in said(header, "PRODUCT DATA LEVELS").split(",")]
    return max((word for word in words if word[:2] == "DL" and word[2:] in "0123456" and word[2:]), default="")


def observation(header: Mapping[str, Any]) -> str:
    """The observation that the process was about."""
    return said(header, "PROCESS ID") if said(header, "PROCESS TYPE").lower() == "observation" else ""


def moment(header: Mapping[str, Any], name: str) -> datetime | None:
    """A time of the reference metadata, UTC."""
    try:
        found = datetime.fromisoformat(said(header, name))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
