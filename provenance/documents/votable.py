"""A provenance document as a VOTable: one table a class, with the utypes of ``voprov`` (draft of PROV-VOTable)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from provenance.documents.source import Source
from provenance.statements import ENDS, Statement, Value
from provenance.w3c import class_name

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
    '<RESOURCE type="results" name="provenance">\n<INFO name="QUERY_STATUS" value="OK"/>\n'
)


def write(source: Source, model: str) -> bytes:
    tables: dict[str, list[Statement]] = defaultdict(list)
    for statement in source.statements:
        tables[statement.cls].append(statement)
    body = "".join(_table(cls, rows) for cls, rows in tables.items())
    return f"{HEAD}{body}</RESOURCE>\n</VOTABLE>\n".encode()


def _table(cls: str, rows: list[Statement]) -> str:
    """Attributes that occur in any row are the columns; what comes several times in a row stands on lines."""
    names = list(dict.fromkeys(name for row in rows for name, _ in row.attributes))
    keys = list(ENDS[cls]) if cls in ENDS else ["id"]
    name = class_name(cls)
    fields = "".join(
        f'<FIELD name={quoteattr(column)} datatype="char" arraysize="*" utype="voprov:{name}.{column}"/>\n'
        for column in (*keys, *(_local(n) for n in names))
    )
    lines = "".join(_row(row, names) for row in rows)
    data = f"<DATA><TABLEDATA>\n{lines}</TABLEDATA></DATA>\n"
    return f'<TABLE name="{name}" utype="voprov:{name}">\n{fields}{data}</TABLE>\n'


def _local(name: str) -> str:
    return name.split(":", 1)[1]


def _row(row: Statement, names: Iterable[str]) -> str:
    values = defaultdict(list)
    for name, value in row.attributes:
        values[name].append(_text(value))
    first = [f"arc:{name}" for name in (row.refs if row.is_relation else (row.id,))]
    cells = [*first, *("\n".join(values[name]) for name in names)]
    return "<TR>" + "".join(f"<TD>{escape(cell)}</TD>" for cell in cells) + "</TR>\n"


def _text(value: Value) -> str:
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return str(value).lower() if isinstance(value, bool) else value
