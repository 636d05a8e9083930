"""Documents in the IVOA model: PROV-JSON as OPUS and voprov write it, and this gateway's PROV-XML and PROV-N forms."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

from gateway.vo.xmlguard import UnsafeDocument, check
from provenance.documents.provjson import PREFIXES
from provenance.documents.provn import POSITIONAL
from provenance.errors import Refused
from provenance.statements import ENDS, Statement, Value
from provenance.w3c import OLD_VOPROV, VOPROV, arc_namespace

SECTIONS = {
    "entity", "datasetEntity", "valueEntity", "collection", "activity", "agent", "parameter", "configFile",
    "activityDescription", "entityDescription", "datasetDescription", "valueDescription", "usageDescription",
    "generationDescription", "parameterDescription", "configFileDescription", *ENDS,
}  # fmt: skip
IVOA_ONLY = SECTIONS - {
    "entity", "activity", "agent", "used", "wasGeneratedBy", "wasDerivedFrom", "wasInformedBy", "wasAssociatedWith",
    "wasAttributedTo", "hadMember",
}  # fmt: skip
# arguments that stand before the attributes in voprov's PROV-N, beside those of our own
VOPROV_POSITIONAL = {
    "activityDescription": ("prov:name",),
    "parameterDescription": ("prov:name", "voprov:valueType"),
    "configFileDescription": ("prov:name", "voprov:contentType"),
    "datasetDescription": ("prov:name", "voprov:contentType"),
    "valueDescription": ("prov:name", "voprov:valueType"),
    "entityDescription": ("prov:name",),
    "usageDescription": ("prov:role",),
    "generationDescription": ("prov:role",),
    "parameter": ("prov:name", "prov:value"),
    "configFile": ("prov:name", "prov:location"),
}
PREFIX_OF = {uri: prefix for prefix, uri in PREFIXES.items()} | {OLD_VOPROV: "voprov"}
TERMS = {"voprov:name": "prov:name", "prov:label": ""}


def is_ivoa_json(document: Any) -> bool:
    if not isinstance(document, dict):
        return False
    bundles = document.get("bundle")
    inner = list(bundles.values()) if isinstance(bundles, dict) else []
    return any(
        IVOA_ONLY & set(part) or _has_voprov_names(part) for part in [document, *inner] if isinstance(part, dict)
    )


def _has_voprov_names(part: Mapping[str, Any]) -> bool:
    """``prov:name`` is voprov's own: no W3C document has it."""
    return any(
        "prov:name" in content
        for section in ("entity", "activity", "agent")
        for content in (part.get(section) or {}).values()
        if isinstance(content, dict)
    )


def read_json(content: bytes) -> list[Statement]:
    """Raises Refused."""
    try:
        document = json.loads(content)
        return list(_json(document, {}))
    except Refused:
        raise
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        raise Refused(f"not PROV-JSON that can be read: {error}") from None


def _json(document: dict[str, Any], outer: dict[str, str]) -> Iterator[Statement]:
    prefixes = {**PREFIXES, **outer, **document.get("prefix", {})}
    for section, records in document.items():
        if section == "bundle":
            for bundle in records.values():
                yield from _json(bundle, prefixes)
        if section not in SECTIONS:
            continue
        for identifier, contents in records.items():
            for content in contents if isinstance(contents, list) else [contents]:
                yield _json_record(section, identifier, content, prefixes)


def _json_record(section: str, identifier: str, content: dict[str, Any], prefixes: dict[str, str]) -> Statement:
    attributes: list[tuple[str, Value]] = []
    ends: dict[str, str] = {}
    cls = section
    for name, given in content.items():
        term = _term(name, prefixes)
        local = term.rpartition(":")[2]
        if section in ENDS and local in ENDS[section]:
            ends[local] = _name(str(given), prefixes)
            continue
        for value in given if isinstance(given, list) else [given]:
            plain = str(value["$"]) if isinstance(value, dict) else value
            if term == "prov:type" and str(plain).endswith(":Collection"):
                cls = "collection" if section == "entity" else section
            elif term == "voprov:descriptor":
                attributes.append((term, _name(str(plain), prefixes)))
            elif TERMS.get(term, term) and term != "prov:type":
                attributes.append((TERMS.get(term, term), plain if isinstance(plain, bool) else str(plain)))
    return _statement(cls, _name(identifier, prefixes), ends, attributes)


def _statement(cls: str, identifier: str, ends: dict[str, str], attributes: list[tuple[str, Value]]) -> Statement:
    if cls in ENDS:
        missing = [end for end in ENDS[cls] if end not in ends]
        if missing:
            raise Refused(f"a {cls} without {missing[0]}")
        return Statement(cls, "", tuple(ends[end] for end in ENDS[cls]), tuple(attributes))
    return Statement(cls, identifier, (), tuple(attributes))


def _name(name: str, prefixes: Mapping[str, str]) -> str:
    """A QName written out; the local part alone where the namespace is ours."""
    prefix, colon, local = name.partition(":")
    uri = prefixes[prefix] + local if colon and prefix in prefixes else prefixes.get("default", "") + name
    own = arc_namespace()
    if prefix == "arc" and prefixes.get("arc", own) == own:
        return local
    return uri[len(own) :] if uri.startswith(own) else uri


def _term(name: str, prefixes: Mapping[str, str]) -> str:
    prefix, _, local = name.partition(":")
    return f"{PREFIX_OF.get(prefixes.get(prefix, ''), prefix)}:{local}"


def read_xml(content: bytes) -> list[Statement]:
    """Raises Refused."""
    try:
        check(content)
        root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
    except (UnsafeDocument, etree.XMLSyntaxError) as error:
        raise Refused(f"not PROV-XML that can be read: {error}") from None
    prefixes = {prefix or "default": uri for prefix, uri in root.nsmap.items()}
    return [_xml_record(element, prefixes) for element in root if _local(element) in SECTIONS]


def _xml_record(element: Any, prefixes: dict[str, str]) -> Statement:
    prefixes = {**prefixes, **{p or "default": uri for p, uri in element.nsmap.items()}}
    cls = _local(element)
    ends: dict[str, str] = {}
    attributes: list[tuple[str, Value]] = []
    for child in element:
        reference = child.get(f"{{{VOPROV}}}ref")
        namespace = etree.QName(child).namespace or ""
        term = f"{PREFIX_OF.get(namespace, '')}:{_local(child)}"
        if reference is not None and _local(child) in ENDS.get(cls, ()):
            ends[_local(child)] = _name(reference, prefixes)
        elif reference is not None:
            attributes.append((term, _name(reference, prefixes)))
        elif TERMS.get(term, term):
            attributes.append((TERMS.get(term, term), child.text or ""))
    return _statement(cls, _name(element.get(f"{{{VOPROV}}}id") or "", prefixes), ends, attributes)


def _local(element: Any) -> str:
    return str(etree.QName(element).localname) if isinstance(element.tag, str) else ""


def is_ivoa_xml(content: bytes) -> bool:
    return re.search(rb"<(?:\w+:)?document[^>]*>", content[:5000]) is not None and b"<voprov:document" in content[:5000]


RECORD = re.compile(r"^\s*(\w+)\((.*)\)\s*$")
TOKEN = re.compile(
    r"""\s*(?:(?P<open>\[)|(?P<close>\])|(?P<comma>,)|(?P<pair>[\w.-]+:[\w.-]+)\s*=\s*
    (?:"(?P<text>(?:[^"\\]|\\.)*)"(?:\s*%%\s*(?P<type>[\w:]+))?|'(?P<qname>[^']*)')|(?P<word>[^,\[\]]+))""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}


def is_ivoa_provn(text: str) -> bool:
    words = "|".join(sorted(IVOA_ONLY))
    return re.search(rf"^\s*(?:{words})\(", text, re.MULTILINE) is not None or "prov:name=" in text


def read_provn(text: str) -> list[Statement]:
    """One record a line, as voprov and this gateway write them. Raises Refused."""
    prefixes = dict(PREFIXES)
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        plain = line.strip()
        declared = re.fullmatch(r"prefix (\S+) <([^>]*)>", plain)
        if declared:
            prefixes[declared[1]] = declared[2]
        match = RECORD.match(plain)
        if match and match[1] in SECTIONS:
            found.append(_provn_record(match[1], match[2], prefixes, number))
        elif plain and not declared and plain not in ("document", "endDocument") and not plain.startswith("//"):
            raise Refused(f"line {number} of the PROV-N is not understood: {plain[:60]}")
    return found


def _provn_record(cls: str, inner: str, prefixes: dict[str, str], number: int) -> Statement:
    arguments: list[str] = []
    attributes: list[tuple[str, Value]] = []
    place = 0
    while place < len(inner):
        match = TOKEN.match(inner, place)
        if match is None or match.end() == place:
            raise Refused(f"line {number} of the PROV-N is not understood near {inner[place : place + 30]!r}")
        place = match.end()
        if match["pair"]:
            attributes.append((_term(match["pair"], prefixes), _provn_value(match, prefixes)))
        elif match["word"] and match["word"].strip():
            arguments.append(match["word"].strip())
    collection = ("prov:type", f"{VOPROV}Collection") in attributes
    cls = "collection" if cls == "entity" and collection else cls
    attributes = [(TERMS.get(n, n), v) for n, v in attributes if n != "prov:type" and TERMS.get(n, n)]
    if cls in ENDS:
        ends = dict(zip(ENDS[cls], (_name(a, prefixes) for a in arguments), strict=False))
        rest = arguments[2:]
    else:
        ends, rest = {}, arguments[1:]
    positional = zip(POSITIONAL.get(cls) or VOPROV_POSITIONAL.get(cls, ()), rest, strict=False)
    attributes = [(name, value) for name, value in positional if value != "-"] + attributes
    return _statement(cls, "" if cls in ENDS else _name(arguments[0], prefixes), ends, attributes)


def _provn_value(match: "re.Match[str]", prefixes: dict[str, str]) -> Value:
    if match["qname"] is not None:
        return _name(match["qname"], prefixes)
    if match["type"] == "xsd:boolean":
        return match["text"] == "true"
    return re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), match["text"])
