"""PROV-N (W3C REC 2013-04-30), and the IVOA form of it in voprov 0.0.4's order of arguments."""

from collections.abc import Iterable
from datetime import datetime

from provenance.documents.source import Source
from provenance.statements import Statement, Value
from provenance.w3c import GW, VOPROV, arc_namespace, to_prov

# attributes that PROV-N has as positional arguments, by class
POSITIONAL = {
    "activity": ("prov:startTime", "prov:endTime"),
    "used": ("prov:time",),
    "wasGeneratedBy": ("prov:time",),
    "wasConfiguredBy": ("voprov:artefactType",),
}


def write(source: Source, model: str) -> bytes:
    if model == "W3C":
        return (to_prov(source.statements).get_provn() + "\n").encode()
    return ivoa(source.statements).encode()


def ivoa(statements: Iterable[Statement]) -> str:
    lines = [
        "document",
        f"  prefix voprov <{VOPROV}>",
        f"  prefix gw <{GW}>",
        f"  prefix arc <{arc_namespace()}>",
        "",
    ]
    lines += [f"  {_line(statement)}" for statement in statements]
    return "\n".join([*lines, "endDocument", ""])


def _line(statement: Statement) -> str:
    given = dict(statement.attributes)
    positional = POSITIONAL.get(statement.cls, ())
    arguments = [f"arc:{name}" for name in (statement.id, *statement.refs) if name]
    if any(name in given for name in positional):
        arguments += [_bare(given.get(name)) for name in positional]
    pairs = [f"{name}={_quoted(name, value)}" for name, value in statement.attributes if name not in positional]
    cls = statement.cls
    if cls == "collection":
        cls = "entity"
        pairs.append("prov:type='voprov:Collection'")
    if pairs:
        arguments.append(f"[{', '.join(pairs)}]")
    return f"{cls}({', '.join(arguments)})"


def _bare(value: Value | None) -> str:
    if value is None:
        return "-"
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _quoted(name: str, value: Value) -> str:
    if name == "voprov:descriptor":
        return f"'arc:{value}'"
    if isinstance(value, datetime):
        return f'"{value.isoformat()}" %% xsd:dateTime'
    if isinstance(value, bool):
        return f'"{str(value).lower()}" %% xsd:boolean'
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'
