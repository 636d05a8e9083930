"""Which of the forms on offer a client wants: the Accept header (RFC 9110, section 12.5.1)."""

from collections.abc import Sequence

from django.http import HttpRequest

# What Java's HttpURLConnection sends unless told otherwise: TOPCAT, STILTS and Aladin get data, not pages.
_JAVA = "text/html, image/gif, image/jpeg"


def preferred(request: HttpRequest, offers: Sequence[str]) -> str:
    """The media type of ``offers`` (best first) that the client likes best; the first when it does not say.

    Where a client likes several equally, the order of ``offers`` decides; where it likes none, the first is given
    all the same: an answer in the wrong form is worth more to an astronomer than status 406.
    """
    header = request.headers.get("Accept", "")
    ranges = _ranges("" if header.startswith(_JAVA) else header)
    best, best_quality = offers[0], 0.0
    for offer in offers:
        quality = _quality(offer, ranges)
        if quality > best_quality:
            best, best_quality = offer, quality
    return best


def _ranges(header: str) -> list[tuple[str, float]]:
    ranges = []
    for part in header.split(",")[:50]:
        media, *parameters = (word.strip() for word in part.lower().split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _number(value)
        if "/" in media:
            ranges.append((media, quality))
    return ranges


def _number(text: str) -> float:
    try:
        return min(1.0, max(0.0, float(text)))
    except ValueError:
        return 0.0


def _quality(offer: str, ranges: list[tuple[str, float]]) -> float:
    """The most precise range that fits says how much it is liked."""
    plain = offer.split(";", maxsplit=1)[0].strip().lower()
    major = plain.split("/")[0]
    for wanted in (plain, f"{major}/*", "*/*"):
        for media, quality in ranges:
            if media == wanted:
                return quality
    return 0.0
