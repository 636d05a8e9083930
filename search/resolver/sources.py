"""The gateway's own table of sources: the names that matter in gamma-ray astronomy, without a network.

``sources.csv`` holds name, ICRS position (degrees), kind and aliases (separated by ``|``). Positions and kinds are
facts from the published literature (pulsars and extragalactic objects at their radio or optical positions, extended
Galactic sources at their TeV centroids, to about 0.05 degrees). Kinds form a tree, so that "all blazars" finds what
is filed as BL Lac of high-frequency peak. Pure: no Django.
"""

import csv
import difflib
import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from pathlib import Path

SEPARATOR = "/"
PARENTS: dict[str, str] = {
    "HBL": "BL Lac",
    "IBL": "BL Lac",
    "LBL": "BL Lac",
    "BL Lac": "blazar",
    "FSRQ": "blazar",
    "blazar": "AGN",
    "radio galaxy": "AGN",
    "Seyfert galaxy": "AGN",
    "starburst galaxy": "galaxy",
    "dwarf spheroidal galaxy": "galaxy",
    "composite supernova remnant": "supernova remnant",
    "gamma-ray binary": "binary",
    "microquasar": "X-ray binary",
    "X-ray binary": "binary",
    "cataclysmic variable": "binary",
    "nova": "cataclysmic variable",
    "globular cluster": "stellar cluster",
    "star cluster": "stellar cluster",
}
ROOTS = (
    "AGN",
    "galaxy",
    "galaxy cluster",
    "galactic centre",
    "gamma-ray burst",
    "pulsar",
    "pulsar halo",
    "pulsar wind nebula",
    "stellar cluster",
    "supernova remnant",
    "binary",
    "unidentified",
)
# Words that headers and people use for a kind of the tree.
KIND_ALIASES: dict[str, str] = {
    "blazars": "blazar",
    "bllac": "BL Lac",
    "bllacobject": "BL Lac",
    "activegalacticnucleus": "AGN",
    "activegalaxy": "AGN",
    "snr": "supernova remnant",
    "shell": "supernova remnant",
    "shelltypesnr": "supernova remnant",
    "pwn": "pulsar wind nebula",
    "plerion": "pulsar wind nebula",
    "psr": "pulsar",
    "grb": "gamma-ray burst",
    "gammaraybinary": "gamma-ray binary",
    "binarysystem": "binary",
    "starburst": "starburst galaxy",
    "unid": "unidentified",
    "galacticcenter": "galactic centre",
    "clusterofgalaxies": "galaxy cluster",
}
MINUS = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))


def fold(name: str) -> str:
    """The form in which names are compared: no case, no blanks, one kind of minus, no remark in brackets."""
    text = unicodedata.normalize("NFKC", name).translate(MINUS).casefold()
    text = re.sub(r"\s*\([^)]*\)\s*$", "", text)
    return re.sub(r"[\s_'’,]+", "", text.removeprefix("name "))


def lineage(kind: str) -> tuple[str, ...]:
    """A kind with all that it belongs to, broadest first: ``('AGN', 'blazar', 'BL Lac', 'HBL')``."""
    chain = [kind]
    while chain[0] in PARENTS:
        chain.insert(0, PARENTS[chain[0]])
    return tuple(chain)


def class_path(kind: str) -> str:
    """What ``target_class`` holds for the kind: ``'AGN/blazar/BL Lac/HBL'``."""
    return SEPARATOR.join(lineage(kind))


@cache
def classes() -> tuple[str, ...]:
    """Every kind as a path, parents before children."""
    return tuple(sorted({class_path(kind) for kind in (*ROOTS, *PARENTS)}, key=str.casefold))


def kind_of(text: str) -> str | None:
    """The kind that a word from a header or a form names, or None."""
    leaf = text.strip().rsplit(SEPARATOR, 1)[-1]
    folded = fold(leaf).replace("-", "")
    known = {fold(kind).replace("-", ""): kind for kind in (*ROOTS, *PARENTS)}
    return known.get(folded) or KIND_ALIASES.get(folded)


@dataclass(frozen=True)
class Source:
    """``ra`` and ``dec`` in degrees, ICRS."""

    name: str
    ra: float
    dec: float
    kind: str
    aliases: tuple[str, ...]

    @property
    def target_class(self) -> str:
        return class_path(self.kind)


@cache
def table() -> tuple[Source, ...]:
    with (Path(__file__).parent / "sources.csv").open(newline="", encoding="utf-8") as stream:
        return tuple(
            Source(
                row["name"],
                float(row["ra"]),
                float(row["dec"]),
                row["kind"],
                tuple(alias for alias in row["aliases"].split("|") if alias),
            )
            for row in csv.DictReader(stream)
        )


@cache
def _by_name() -> dict[str, Source]:
    return {fold(name): source for source in table() for name in (source.name, *source.aliases)}


def lookup(name: str) -> Source | None:
    """The source that is called so, by its name or an alias; free spelling."""
    return _by_name().get(fold(name)) if name.strip() else None


def suggestions(text: str, limit: int = 8, *, misspelt: bool = False) -> list[Source]:
    """Sources of which a name begins with the text, then those that contain it; ``misspelt``: then what is like it."""
    folded = fold(text)
    if not folded:
        return []
    starts = [source for key, source in _by_name().items() if key.startswith(folded)]
    within = [source for key, source in _by_name().items() if folded in key]
    alike = []
    if misspelt and len(folded) > 3 and not (starts or within):
        alike = [_by_name()[key] for key in difflib.get_close_matches(folded, _by_name(), limit, 0.75)]
    return list(dict.fromkeys([*starts, *within, *alike]))[:limit]
