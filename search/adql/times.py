"""Timestamps as DALI 1.1 (section 3.3.3) writes them: ``YYYY-MM-DD['T'hh:mm:ss[.sss]['Z']]``, UTC."""

import re
from datetime import date, timedelta

DALI = re.compile(
    r"\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?(?:Z|\+00(?::?00)?)?\s*",
    re.ASCII,
)
MJD_ZERO = date(1858, 11, 17).toordinal()


def _read(text: str) -> tuple[date, int, int, int, str] | None:
    found = DALI.fullmatch(text)
    if found is None:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    if hour > 23 or minute > 59 or second > 60:
        return None
    try:
        return date(year, month, day), hour, minute, second, (found.group(7) or "").rstrip("0")
    except ValueError:
        return None


def timestamp(text: str) -> str | None:
    """The text in the one form that sorts as time does; None if it is no timestamp."""
    parts = _read(text)
    if parts is None:
        return None
    day, hour, minute, second, fraction = parts
    return f"{day.isoformat()}T{hour:02}:{minute:02}:{second:02}" + (f".{fraction}" if fraction else "")


def mjd(text: str) -> float | None:
    """Modified Julian date of a timestamp."""
    parts = _read(text)
    if parts is None:
        return None
    day, hour, minute, second, fraction = parts
    seconds = hour * 3600 + minute * 60 + second + float(f"0.{fraction or 0}")
    return day.toordinal() - MJD_ZERO + seconds / 86400.0


def from_mjd(value: float) -> str:
    """The timestamp of a modified Julian date, to the millisecond."""
    days, rest = divmod(round(value * 86_400_000), 86_400_000)
    moment = date.fromordinal(MJD_ZERO) + timedelta(days=days)
    seconds, thousandths = divmod(rest, 1000)
    clock = f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return f"{moment.isoformat()}T{clock}" + (f".{thousandths:03}" if thousandths else "")
