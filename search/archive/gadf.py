"""Reading a GADF DL3 store (gamma-astro-data-formats 0.2 and 0.3): two index files and what they point to."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from search.archive.safefits import BrokenFile, opened, table

MEMBER_TYPES = ("events", "gti", "aeff", "edisp", "psf", "bkg", "rad_max", "pointing")
EVENT_COLUMNS = ("EVENT_ID", "TIME", "RA", "DEC", "ENERGY")


class NoStore(Exception):
    """The folder is no DL3 store; the text says what is missing."""


@dataclass(frozen=True)
class HduEntry:
    """A line of the HDU index."""

    type: str
    hdu_class: str
    path: Path
    hdu_name: str


@dataclass(frozen=True)
class Observation:
    """A line of the observation index with its HDUs; ``problem`` says why it cannot be taken at all."""

    obs_id: str
    index: Mapping[str, Any]
    hdus: tuple[HduEntry, ...] = ()
    problem: str = ""

    @property
    def files(self) -> tuple[Path, ...]:
        return tuple(dict.fromkeys(entry.path for entry in self.hdus))

    @property
    def events_file(self) -> Path:
        return next(entry.path for entry in self.hdus if entry.type == "events")


@dataclass
class Store:
    """An opened store."""

    folder: Path
    observations: list[Observation] = field(default_factory=list)

    @property
    def terms(self) -> str:
        """Terms of use that lie beside the data; README.txt is the release's own word."""
        for name in ("README.txt", "TERMS.txt", "TERMS.md", "LICENSE.txt", "LICENSE", "README.md"):
            path = self.folder / name
            if path.is_file():
                return path.read_text(errors="replace")[:20_000].strip()
        return ""


def read_store(folder: Path) -> Store:
    """The observations of a store, in the order of its index; raises NoStore."""
    folder = folder.resolve()
    if not folder.is_dir():
        raise NoStore(f"{folder} is no folder")
    observations = _read_index(_index_file(folder, "obs-index"), "OBS_ID")
    hdus = _read_index(
        _index_file(folder, "hdu-index"), "OBS_ID", "HDU_TYPE", "HDU_CLASS", "FILE_DIR", "FILE_NAME", "HDU_NAME"
    )
    by_run: dict[str, list[Mapping[str, Any]]] = {}
    for row in hdus:
        by_run.setdefault(_run(row), []).append(row)
    times = Counter(_run(row) for row in observations)
    return Store(folder, [_observation(folder, row, by_run, times) for row in _once(observations)])


def _run(row: Mapping[str, Any]) -> str:
    return str(row["OBS_ID"]).strip()


def _once(rows: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    seen = set()
    for row in rows:
        if _run(row) not in seen:
            seen.add(_run(row))
            yield row


def _index_file(folder: Path, stem: str) -> Path:
    for suffix in (".fits.gz", ".fits"):
        path = folder / f"{stem}{suffix}"
        if path.is_file():
            return path
    raise NoStore(f"{folder} holds no {stem}.fits or {stem}.fits.gz: it is not a GADF DL3 store")


def _read_index(path: Path, *columns: str) -> list[Mapping[str, Any]]:
    try:
        with opened(path) as hdus:
            if len(hdus) < 2:
                raise BrokenFile("it holds no table")
            records = table(hdus[1], *columns)
            names = [name.upper() for name in records.names]
            header = hdus[1].header
            shared = {key: header[key] for key in ("MJDREFI", "MJDREFF", "TIMESYS") if key in header}
            return [{**shared, **dict(zip(names, map(plain, row), strict=True))} for row in records]
    except BrokenFile as error:
        raise NoStore(f"{path.name}: {error}") from None


def plain(value: Any) -> Any:
    """A FITS cell as a Python value; NaN and infinity as None, text without padding."""
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if isinstance(value, str):
        return value.replace("\0", "").strip()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value


def _observation(
    folder: Path, row: Mapping[str, Any], by_run: Mapping[str, Sequence[Mapping[str, Any]]], times: Mapping[str, int]
) -> Observation:
    obs_id = _run(row)
    if times[obs_id] > 1:
        return Observation(obs_id, row, problem=f"the observation index names it {times[obs_id]} times (duplicate)")
    try:
        hdus = tuple(_entry(folder, hdu) for hdu in by_run.get(obs_id, []))
        _check_entries(hdus)
    except BrokenFile as error:
        return Observation(obs_id, row, problem=str(error))
    return Observation(obs_id, row, hdus)


def _check_entries(hdus: Sequence[HduEntry]) -> None:
    if not hdus:
        raise BrokenFile("the HDU index does not name it")
    for kind, count in Counter(entry.type for entry in hdus).items():
        if count > 1:
            raise BrokenFile(f"the HDU index names {count} HDUs of type {kind} for it (duplicate)")
    if "events" not in {entry.type for entry in hdus}:
        raise BrokenFile("the HDU index names no event list for it")


def _entry(folder: Path, row: Mapping[str, Any]) -> HduEntry:
    """An HDU whose file lies inside the store, however the index spells it."""
    text = f"{row['FILE_DIR']}/{row['FILE_NAME']}"
    path = (folder / str(row["FILE_DIR"]) / str(row["FILE_NAME"])).resolve()
    if not path.is_relative_to(folder):
        raise BrokenFile(f"its file {text!r} lies outside the store: refused")
    return HduEntry(
        type=str(row["HDU_TYPE"]).lower(),
        hdu_class=str(row["HDU_CLASS"]).lower(),
        path=path,
        hdu_name=str(row["HDU_NAME"]),
    )
