"""Observations from staged DL3 files: each file stands alone, no index is needed (GADF 0.2 and 0.3)."""

from collections.abc import Iterator, Sequence
from typing import Any

from gammapy.data import EventList, Observation, Observations

from jobs.activity import InputError, Out, StagedInput

RESPONSES = {
    "aeff": "effective area",
    "edisp": "energy dispersion",
    "psf": "point spread function",
    "bkg": "background model",
}


def distinct(staged: Sequence[StagedInput], out: Out) -> list[StagedInput]:
    """The inputs without repetition, by start of the observation; there must be one."""
    seen: dict[str, StagedInput] = {}
    for item in staged:
        # An uploaded file has no KEY.
        name = item.key or item.identifier
        if name in seen:
            out.warn(f"{item.identifier} was given more than once and is used once.")
        seen.setdefault(name, item)
    if not seen:
        raise InputError("No observation was given: choose at least one event list.")
    return sorted(seen.values(), key=lambda item: (item.obscore.get("t_min") or 0.0, item.key))


def read_events(staged: StagedInput) -> EventList:
    """The event list alone (fast: no response is read)."""
    try:
        return EventList.read(staged.path)
    except Exception as error:
        raise unreadable(staged, error) from error


def read(staged: StagedInput) -> Observation:
    """Events, good time intervals and all responses, in memory."""
    try:
        return Observation.read(staged.path)
    except Exception as error:
        raise unreadable(staged, error) from error


def unreadable(staged: StagedInput, error: Exception) -> InputError:
    return InputError(
        f"{staged.identifier} cannot be read as an event list with responses (GADF DL3):"
        f" {type(error).__name__}: {error}. Leave it out, or ask the archive's staff to check the file."
    )


def read_all(staged: Sequence[StagedInput], out: Out, needs: Sequence[str], until: float = 0.3) -> Observations:
    """All observations that carry the responses in ``needs``; the others are dropped with a warning.

    ``until`` is the progress that stands when all are read.
    """
    kept = []
    for number, item in enumerate(items := distinct(staged, out)):
        out.progress(until * number / len(items), f"Reading {item.key or item.identifier}")
        observation = read(item)
        missing = [RESPONSES[name] for name in needs if getattr(observation, name) is None]
        if missing:
            out.warn(f"{item.identifier} has no {' and no '.join(missing)}: it is left out.")
        else:
            kept.append(observation)
    if not kept:
        names = " and ".join(RESPONSES[name] for name in needs)
        raise InputError(f"None of the observations carries what this analysis needs ({names}).")
    return Observations(kept)


def each(staged: Sequence[StagedInput], out: Out, until: float) -> Iterator[tuple[StagedInput, Any]]:
    """(input, event list) one after the other, so that memory holds only one."""
    for number, item in enumerate(items := distinct(staged, out)):
        out.progress(until * number / len(items), f"Reading {item.key or item.identifier}")
        yield item, read_events(item)
