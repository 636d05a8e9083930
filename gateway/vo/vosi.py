"""VOSI 1.1 documents: availability, capabilities, tables (VODataService 1.1 inside)."""

from collections.abc import Iterable, Sequence

from gateway.vo.tables import Column, ForeignKey, PublishedSchema, PublishedTable
from gateway.vo.xml import Xml, declare, document, join, maybe, tag

MEDIA_TYPE = "text/xml"
_AVAILABILITY = "http://www.ivoa.net/xml/VOSIAvailability/v1.0"
_CAPABILITIES = "http://www.ivoa.net/xml/VOSICapabilities/v1.0"
_TABLES = "http://www.ivoa.net/xml/VOSITables/v1.0"
COOKIE = "ivo://ivoa.net/sso#cookie"
BASIC = "ivo://ivoa.net/sso#BasicAA"


def availability(available: bool, *, up_since: str = "", notes: Sequence[str] = ()) -> bytes:
    """``up_since``: ISO time with Z."""
    content = [tag("vosi:available", "true" if available else "false"), maybe("vosi:upSince", up_since)]
    content += [tag("vosi:note", note) for note in notes]
    return document(tag("vosi:availability", *content, xmlns__vosi=_AVAILABILITY))


def interface(
    url: str, *, role: str = "", use: str = "full", version: str = "", security: str = "", kind: str = "vs:ParamHTTP"
) -> Xml:
    """One interface holds at most one securityMethod (VOResource 1.1); several ways in are several interfaces."""
    method = tag("securityMethod", standardID=security) if security else Xml("")
    return tag("interface", tag("accessURL", url, use=use), method, xsi__type=kind, role=role, version=version)


def capability(standard_id: str, *content: Xml, kind: str = "") -> Xml:
    return tag("capability", *content, standardID=standard_id, xsi__type=kind)


def support(base: str, *, tables: bool = False, examples: bool = False) -> list[Xml]:
    """The capabilities that stand beside every service: VOSI's own, and DALI examples."""
    std = "ivo://ivoa.net/std/"
    found = [
        capability(f"{std}VOSI#capabilities", interface(f"{base}/capabilities", role="std")),
        capability(f"{std}VOSI#availability", interface(f"{base}/availability", role="std")),
    ]
    if tables:
        found.append(capability(f"{std}VOSI#tables-1.1", interface(f"{base}/tables", role="std", version="1.1")))
    if examples:
        found.append(capability(f"{std}DALI#examples", interface(f"{base}/examples", kind="vr:WebBrowser")))
    return found


def capabilities(content: Iterable[Xml]) -> bytes:
    return document(
        tag(
            "vosi:capabilities",
            join(content),
            xmlns__vosi=_CAPABILITIES,
            **declare("vr", "vs", "tr", "cs", "xsi"),
        )
    )


# --- tables ----------------------------------------------------------------------------------------------------------


def tableset(schemas: Sequence[PublishedSchema], tables: Sequence[PublishedTable], *, detail: str = "max") -> bytes:
    """The whole tableset; ``detail='min'`` leaves the columns out (VOSI 1.1, section 2.2)."""
    content = tableset_content(schemas, tables, detail=detail)
    namespaces = declare("vs", "xsi")
    return document(tag("vosi:tableset", *content, xmlns__vosi=_TABLES, **namespaces))


def tableset_content(
    schemas: Sequence[PublishedSchema], tables: Sequence[PublishedTable], *, detail: str = "max"
) -> list[Xml]:
    """``<schema>`` elements; also the content of a VOResource ``<tableset>``."""
    found = []
    for schema in schemas:
        members = [_table(table, detail == "max") for table in tables if table.schema == schema.name]
        head = (tag("name", schema.name), maybe("description", schema.description), maybe("utype", schema.utype))
        found.append(tag("schema", *head, join(members)))
    return found


def table(published: PublishedTable) -> bytes:
    """One table with its columns."""
    root = "vosi:table"
    content, attributes = _table_content(published, True), {"type": published.type}
    return document(tag(root, *content, xmlns__vosi=_TABLES, **declare("vs", "xsi"), **attributes))


def _table(published: PublishedTable, columns: bool) -> Xml:
    return tag("table", *_table_content(published, columns), type=published.type)


def _table_content(published: PublishedTable, columns: bool) -> list[Xml]:
    head = [
        tag("name", published.name),
        maybe("description", published.description),
        maybe("utype", published.utype),
    ]
    if not columns:
        return head
    return head + [_column(column) for column in published.columns] + [_key(key) for key in published.keys]


def _column(column: Column) -> Xml:
    data_type = tag(
        "dataType", column.datatype, xsi__type="vs:VOTableType", arraysize=column.arraysize, extendedType=column.xtype
    )
    flags = [tag("flag", word) for word in ("indexed", "principal") if getattr(column, word)]
    return tag(
        "column",
        tag("name", column.name),
        maybe("description", column.description),
        maybe("unit", column.unit),
        maybe("ucd", column.ucd),
        maybe("utype", column.utype),
        data_type,
        *flags,
        std="true" if column.std else "false",
    )


def _key(key: ForeignKey) -> Xml:
    pairs = [tag("fkColumn", tag("fromColumn", here), tag("targetColumn", there)) for here, there in key.columns]
    return tag("foreignKey", tag("targetTable", key.target), *pairs, maybe("description", key.description))
