"""What the files of one observation hold, read once and checked."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from astropy.io import fits

from search.archive import cta, responses
from search.archive.gadf import EVENT_COLUMNS, HduEntry, Observation, plain
from search.archive.safefits import BrokenFile, opened, table


@dataclass
class Content:
    """Headers as plain values; angles in degrees, energies in TeV, intervals in mission time (s)."""

    events: dict[str, Any] = field(default_factory=dict)
    primary: dict[str, Any] = field(default_factory=dict)
    history: list[str] = field(default_factory=list)
    aeff: dict[str, Any] = field(default_factory=dict)
    gti: dict[str, Any] = field(default_factory=dict)
    intervals: list[tuple[float, float]] = field(default_factory=list)
    n_events: int = 0
    fov: float | None = None
    resolution: float | None = None
    true_energy: tuple[float, float] | None = None
    parts: list[dict[str, Any]] = field(default_factory=list)


def plain_header(header: fits.Header) -> dict[str, Any]:
    """Keywords without comment cards; the first of a repeated one."""
    result: dict[str, Any] = {}
    for keyword in header:
        if keyword and keyword not in ("COMMENT", "HISTORY", "") and keyword not in result:
            value = plain(header[keyword])
            result[keyword] = None if isinstance(value, fits.card.Undefined) else value
    return result


def read_content(observation: Observation) -> Content:
    """Reads and checks all HDUs of an observation; raises BrokenFile, naming the file."""
    content = Content()
    with ExitStack() as stack:
        files = {path: _open(stack, path) for path in observation.files}
        for number, entry in enumerate(observation.hdus):
            hdu = _find(files[entry.path], entry)
            try:
                _take(content, entry, hdu)
            except BrokenFile as error:
                raise BrokenFile(f"{entry.path.name}: {error}") from None
            except (KeyError, IndexError, ValueError, TypeError) as error:
                raise BrokenFile(f"{entry.path.name}: HDU {hdu.name} is not as GADF says ({error})") from None
            content.parts.append(_part(entry, hdu, number))
        content.primary = plain_header(files[observation.events_file][0].header)
    _check_run(observation, content)
    return content


def _open(stack: ExitStack, path: Path) -> fits.HDUList:
    try:
        return stack.enter_context(opened(path))
    except BrokenFile as error:
        raise BrokenFile(f"{path.name}: {error}") from None


def _find(hdus: fits.HDUList, entry: HduEntry) -> Any:
    """Names compare without regard to case: the index and the files need not agree in it."""
    for hdu in hdus:
        if hdu.name.upper() == entry.hdu_name.upper():
            return hdu
    raise BrokenFile(f"{entry.path.name}: it has no HDU {entry.hdu_name}")


def _take(content: Content, entry: HduEntry, hdu: Any) -> None:
    match entry.type:
        case "events":
            content.n_events = len(table(hdu, *EVENT_COLUMNS))
            content.events = cta.filled(plain_header(hdu.header))
            content.history = [str(line) for line in hdu.header.get("HISTORY", [])]
        case "gti":
            records = table(hdu, "START", "STOP")
            content.gti = plain_header(hdu.header)
            content.intervals = [(float(row["START"]), float(row["STOP"])) for row in records]
        case "aeff":
            records = table(hdu, "ENERG_LO", "ENERG_HI")
            content.aeff = plain_header(hdu.header)
            content.true_energy = responses.energy_range(records)
            content.fov = content.fov or responses.field_of_view(records)
        case "psf":
            content.resolution = responses.containment_radius(table(hdu), entry.hdu_class)
        case "bkg":
            content.fov = responses.field_of_view(table(hdu)) or content.fov
        case _:
            table(hdu)


def _part(entry: HduEntry, hdu: Any, number: int) -> dict[str, Any]:
    return {
        "name": entry.type,
        "hdu": hdu.name,
        "class": entry.hdu_class,
        "rows": int(hdu.header.get("NAXIS2", 0)),
        "size": int(hdu.size),
    }


def _check_run(observation: Observation, content: Content) -> None:
    named = content.events.get("OBS_ID")
    if named is not None and str(named).strip() != observation.obs_id:
        raise BrokenFile(f"{observation.events_file.name}: it holds run {named}, not run {observation.obs_id}")


def merged_index(observation: Observation, content: Content) -> Mapping[str, Any]:
    """The index row, overruled by the header of the event list, which has doubles where the index has floats."""
    header = {key: value for key, value in content.events.items() if value not in (None, "")}
    return {**observation.index, **header}
