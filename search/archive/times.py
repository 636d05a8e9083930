"""Mission times to UTC, and good time intervals to a time MOC."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from astropy.utils import iers

# Bundled leap seconds serve; no file is fetched while data are read.
iers.conf.auto_download = False

from astropy.time import Time  # noqa: E402

SCALES = ("tt", "utc", "tai", "tdb", "tcb", "tcg", "ut1")
DEEPEST = 61
ORDER = 41
"""order of the finest cells used: 2**20 microseconds"""


class UnknownTimes(ValueError):
    """The header does not say what its times mean."""


def mission_time(header: Mapping[str, Any], seconds: float) -> Time:
    """MJDREFI + MJDREFF + seconds, in the scale of TIMESYS (GADF 0.3, Time; FITS 4.0, section 9.2)."""
    scale = str(header.get("TIMESYS", "UTC")).strip().lower()
    scale = {"local": "utc", "gps": "tai", "et": "tdb", "tdt": "tt"}.get(scale, scale)
    if scale not in SCALES:
        raise UnknownTimes(f"TIMESYS {scale.upper()!r} is no time scale")
    try:
        if "MJDREFI" in header:
            day, fraction = float(header["MJDREFI"]), float(header.get("MJDREFF", 0.0))
        else:
            day, fraction = float(header["MJDREF"]), 0.0
    except (KeyError, TypeError, ValueError):
        raise UnknownTimes("MJDREFI and MJDREFF are missing: its times have no zero point") from None
    return Time(day, fraction + seconds / 86400, format="mjd", scale=scale)


def utc_mjd(time: Time) -> float:
    return float(time.utc.mjd)


def tmoc(intervals: Iterable[tuple[Time, Time]]) -> str:
    """ASCII time MOC (MOC 2.0, sections 4.2.2 and 4.3.2): cells of 2**(61-order) microseconds of TCB since JD 0."""
    cells: dict[int, list[tuple[int, int]]] = {}
    for start, stop in _merged((_cell(begin), _cell(end) + 1) for begin, end in intervals):
        for order, index in _decompose(start, stop):
            runs = cells.setdefault(order, [])
            if runs and runs[-1][1] == index - 1:
                runs[-1] = (runs[-1][0], index)
            else:
                runs.append((index, index))
    words = []
    for order in sorted(cells):
        texts = [str(a) if a == b else f"{a}-{b}" for a, b in sorted(cells[order])]
        words.append(f"{order}/{' '.join(texts)}")
    return f"t{' '.join(words)}" if words else ""


def _cell(time: Time) -> int:
    tcb = time.tcb
    microseconds = int(tcb.jd1) * 86_400_000_000 + int((tcb.jd1 % 1 + tcb.jd2) * 86_400_000_000)
    return microseconds >> (DEEPEST - ORDER)


def _merged(intervals: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    current: tuple[int, int] | None = None
    for start, stop in sorted(intervals):
        if current and start <= current[1]:
            current = (current[0], max(current[1], stop))
            continue
        if current:
            yield current
        current = (start, stop)
    if current:
        yield current


def _decompose(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """The half-open range at ORDER as the largest cells that fit, in order."""
    while start < stop:
        up = 0
        while up < ORDER and start % (2 << up) == 0 and start + (2 << up) <= stop:
            up += 1
        yield ORDER - up, start >> up
        start += 1 << up
