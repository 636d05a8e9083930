"""Parameters of a cut-out (SODA 1.0, section 3.3): ID, CIRCLE, POLYGON, POS, BAND, TIME."""

import math
from dataclasses import dataclass

from django.utils.translation import gettext as _

from gateway.vo.dali import Parameters

# Planck constant times speed of light, in m TeV (CODATA 2018).
HC = 1.239841984332e-18
SHAPES = ("CIRCLE", "POLYGON", "RANGE")


class SodaError(Exception):
    """The word of SODA 1.0, section 3.4, the HTTP status, and what happened."""

    def __init__(self, word: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.word, self.message, self.status = word, message, status


@dataclass(frozen=True)
class Shape:
    """A region of the sky in degrees (ICRS): CIRCLE ra dec r, RANGE lon1 lon2 lat1 lat2, or POLYGON ra dec …"""

    kind: str
    numbers: tuple[float, ...]

    @property
    def text(self) -> str:
        return f"{self.kind} {' '.join(f'{number:g}' for number in self.numbers)}"


@dataclass(frozen=True)
class Cut:
    """What to keep; None leaves an axis whole. Energies in TeV, times in MJD (UTC)."""

    identifier: str
    shape: Shape | None = None
    energy: tuple[float, float] | None = None
    time: tuple[float, float] | None = None


def read(parameters: Parameters) -> Cut:
    """The cut that a request asks for; raises SodaError."""
    identifier = _single(parameters, "ID")
    if not identifier:
        raise SodaError("UsageError", _("ID is missing: give the identifier of an event list."))
    return Cut(identifier, _shape(parameters), _energy(parameters), _time(parameters))


def _single(parameters: Parameters, name: str) -> str:
    values = [value.strip() for value in parameters.all(name) if value.strip()]
    if len(values) > 1:
        text = _("%(name)s is given %(count)s times; give it once.") % {"name": name, "count": len(values)}
        raise SodaError("MultiValuedParamNotSupported", text)
    return values[0] if values else ""


def _shape(parameters: Parameters) -> Shape | None:
    given = {name: text for name in ("CIRCLE", "POLYGON", "POS") if (text := _single(parameters, name))}
    if len(given) > 1:
        text = _("%(names)s are given together; one region is possible.") % {"names": ", ".join(given)}
        raise SodaError("MultiValuedParamNotSupported", text)
    for name, text in given.items():
        kind, _blank, rest = (name, "", text) if name != "POS" else text.partition(" ")
        return _checked(name, kind.upper(), rest)
    return None


def _checked(name: str, kind: str, content: str) -> Shape:
    if kind not in SHAPES:
        raise SodaError(
            "UsageError", _("POS begins with CIRCLE, RANGE or POLYGON, not %(word)r.") % {"word": kind[:20]}
        )
    numbers = _numbers(name, content)
    needed = {"CIRCLE": len(numbers) == 3, "RANGE": len(numbers) == 4, "POLYGON": len(numbers) >= 6}[kind]
    if not needed or (kind == "POLYGON" and len(numbers) % 2):
        words = {"kind": kind, "count": len(numbers)}
        raise SodaError("UsageError", _("%(kind)s does not have %(count)s numbers.") % words)
    if kind == "RANGE":
        if numbers[0] > numbers[1] or numbers[2] > numbers[3]:
            raise SodaError("UsageError", _("RANGE is upside down: give the smaller number first."))
        return Shape(kind, numbers)
    if not all(map(math.isfinite, numbers)):
        raise SodaError("UsageError", _("%(name)s holds a number that is not finite.") % {"name": name})
    if not all(-90 <= dec <= 90 for dec in numbers[1 : 2 if kind == "CIRCLE" else None : 2]):
        raise SodaError("UsageError", _("%(name)s holds a declination beyond 90 degrees.") % {"name": name})
    if kind == "CIRCLE" and not 0 < numbers[2] <= 180:
        raise SodaError(
            "UsageError", _("The radius %(radius)g is not between 0 and 180 degrees.") % {"radius": numbers[2]}
        )
    return Shape(kind, numbers)


def _energy(parameters: Parameters) -> tuple[float, float] | None:
    """BAND is in wavelengths: the longest wave is the lowest energy."""
    band = _interval(parameters, "BAND")
    if band is None:
        return None
    low, high = band
    if high <= 0:
        raise SodaError("UsageError", _("BAND is a range of wavelengths in m, above 0."))
    return (0.0 if math.isinf(high) else HC / high, math.inf if low <= 0 else HC / low)


def _time(parameters: Parameters) -> tuple[float, float] | None:
    return _interval(parameters, "TIME")


def _interval(parameters: Parameters, name: str) -> tuple[float, float] | None:
    text = _single(parameters, name)
    if not text:
        return None
    numbers = _numbers(name, text)
    if len(numbers) != 2:
        raise SodaError("UsageError", _("%(name)s is an interval: two numbers, or -Inf, +Inf.") % {"name": name})
    if numbers[0] > numbers[1]:
        raise SodaError("UsageError", _("%(name)s is upside down: give the smaller number first.") % {"name": name})
    return numbers[0], numbers[1]


def _numbers(name: str, text: str) -> tuple[float, ...]:
    try:
        numbers = tuple(float(word) for word in text.split()[:2001])
    except ValueError:
        numbers = (math.nan,)
    if "_" in text or len(numbers) > 2000 or any(map(math.isnan, numbers)):
        words = {"name": name, "value": repr(text[:40])}
        raise SodaError("UsageError", _("%(name)s is %(value)s; give numbers with blanks between them.") % words)
    return numbers
