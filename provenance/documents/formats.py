"""The formats of provenance documents: names, media types, file extensions, and which module writes each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from provenance.documents import jsonld, picture, provjson, provn, provxml, turtle, votable
from provenance.documents.source import Source

Model = Literal["IVOA", "W3C"]


@dataclass(frozen=True)
class Format:
    name: str
    """as in ProvSAP's RESPONSEFORMAT"""
    label: str
    media_type: str
    extension: str
    write: Callable[[Source, Model], bytes]
    other_names: tuple[str, ...] = ()
    picture: bool = False


FORMATS = (
    Format(
        "PROV-JSON", "PROV-JSON", "application/json", "json", provjson.write, ("application/provenance+json", "JSON")
    ),
    Format(
        "PROV-N",
        "PROV-N",
        "text/provenance-notation; charset=UTF-8",
        "provn",
        provn.write,
        ("text/provenance-notation", "PROVN"),
    ),
    Format(
        "PROV-XML",
        "PROV-XML",
        "application/provenance+xml",
        "provx",
        provxml.write,
        ("application/xml", "text/xml", "XML"),
    ),
    Format(
        "PROV-TURTLE", "PROV-O (Turtle)", "text/turtle; charset=UTF-8", "ttl", turtle.write, ("text/turtle", "PROV-O")
    ),
    Format("PROV-JSONLD", "PROV-JSONLD", "application/ld+json", "jsonld", jsonld.write, ("PROV-JSON-LD",)),
    Format(
        "VOTABLE",
        "VOTable",
        "application/x-votable+xml",
        "vot",
        votable.write,
        ("PROV-VOTABLE", "text/x-votable+xml"),
    ),
    Format("PROV-SVG", "SVG", "image/svg+xml", "svg", picture.write_svg, ("SVG",), picture=True),
    Format("PROV-PNG", "PNG", "image/png", "png", picture.write_png, ("PNG",), picture=True),
)


def find(name: str) -> Format | None:
    """By name, media type or extension; without regard to case."""
    wanted = name.strip().lower()
    for item in FORMATS:
        names = (item.name, item.media_type, item.extension, *item.other_names)
        if wanted in (n.lower() for n in names):
            return item
    return None
