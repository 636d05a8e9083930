"""Service descriptors beside a result (DataLink 1.1, section 4): from a row to the links of its product."""

from collections.abc import Sequence

from django.conf import settings

from gateway.vo.tables import Column
from gateway.vo.xml import Xml, attributes, tag

_PUBLISHER_DID = "obscore:Curation.publisherDID"


def for_columns(columns: Sequence[Column]) -> str:
    """A DataLink descriptor where a column holds publisher identifiers, else nothing."""
    identifier = next((column.name for column in columns if column.utype == _PUBLISHER_DID), "")
    if not identifier.isidentifier() or not identifier.isascii():
        return ""
    return _datalink(identifier) + "\n"


def _datalink(reference: str) -> Xml:
    def fixed(name: str, value: str) -> Xml:
        return tag("PARAM", name=name, datatype="char", arraysize="*", value=value)

    pairs = (("name", "ID"), ("datatype", "char"), ("arraysize", "*"), ("ucd", "meta.id;meta.main"), ("ref", reference))
    key = Xml(f'<PARAM{attributes(pairs)} value=""/>')
    return tag(
        "RESOURCE",
        tag("DESCRIPTION", "Links of a product: the file, its preview, calibration, provenance, cut-outs"),
        fixed("standardID", "ivo://ivoa.net/std/DataLink#links-1.1"),
        fixed("accessURL", f"{settings.PUBLIC_URL}/datalink/links"),
        tag("GROUP", key, name="inputParams"),
        type="meta",
        utype="adhoc:service",
        name="links",
    )
