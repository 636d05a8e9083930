"""VOTable in its three serialisations."""

from collections.abc import Iterator

from gateway.vo import votable
from gateway.vo.votable import Serialization
from search.tap.formats.base import Answer, Format

_IVO = "ivo://ivoa.net/std/TAPRegExt#output-votable-"


def _writer(serialization: Serialization) -> Format:
    short = {"TABLEDATA": "td", "BINARY": "binary", "BINARY2": "binary2"}[serialization]
    spelling = f"{votable.MEDIA_TYPE};serialization={serialization}"
    plain = serialization == "TABLEDATA"

    def write(answer: Answer) -> Iterator[bytes]:
        return votable.write(
            answer.columns,
            answer.rows,
            infos=answer.infos,
            trailer=answer.trailer,
            resources_after=answer.resources_after,
            serialization=serialization,
        )

    plain_words = ("votable", "text/xml", "application/xml", "votable/td", spelling)
    aliases = plain_words if plain else (f"votable/{short}", f"votable/{short.replace('binary', 'b')}")
    return Format(
        media_type=votable.MEDIA_TYPE if plain else spelling,
        aliases=aliases,
        extension="vot",
        write=write,
        ivo_id=_IVO + short,
    )


TABLEDATA, BINARY, BINARY2 = (_writer(name) for name in votable.SERIALIZATIONS)
