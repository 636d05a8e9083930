"""XML as nested calls: ``tag("name", "a < b")`` gives ``<name>a &lt; b</name>``.

Text is escaped unless it is ``Xml`` already, so that nothing from outside can become markup. Characters that XML 1.0
forbids are dropped.
"""

import re
from collections.abc import Iterable

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'

XSI = "http://www.w3.org/2001/XMLSchema-instance"
VOTABLE = "http://www.ivoa.net/xml/VOTable/v1.3"
NAMESPACES = {
    "xsi": XSI,
    "xlink": "http://www.w3.org/1999/xlink",
    "vr": "http://www.ivoa.net/xml/VOResource/v1.0",
    "vs": "http://www.ivoa.net/xml/VODataService/v1.1",
    "vg": "http://www.ivoa.net/xml/VORegistry/v1.0",
    "ri": "http://www.ivoa.net/xml/RegistryInterface/v1.0",
    "tr": "http://www.ivoa.net/xml/TAPRegExt/v1.0",
    "oai": "http://www.openarchives.org/OAI/2.0/",
    "oai_dc": "http://www.openarchives.org/OAI/2.0/oai_dc/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "cs": "http://www.ivoa.net/xml/ConeSearch/v1.0",
}


class Xml(str):
    """Text that is markup already."""

    __slots__ = ()


def escape(text: str) -> str:
    """Text for element content."""
    clean = _FORBIDDEN.sub("", text)
    return clean.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def attribute(text: str) -> str:
    """Text for an attribute value, without the quotes."""
    quoted = escape(text).replace('"', "&quot;")
    return quoted.replace("\t", "&#9;").replace("\n", "&#10;").replace("\r", "&#13;")


def attributes(pairs: Iterable[tuple[str, str]]) -> Xml:
    """`` name="value"`` for each pair whose value is not empty."""
    return Xml("".join(f' {name}="{attribute(value)}"' for name, value in pairs if value))


def tag(name: str, /, *children: str, **values: str) -> Xml:
    """An element. In attribute names ``__`` stands for a colon and ``_`` for a hyphen; empty values are left out."""
    pairs = ((_attribute_name(key), value) for key, value in values.items())
    content = "".join(child if isinstance(child, Xml) else escape(child) for child in children)
    opening = f"<{name}{attributes(pairs)}"
    return Xml(f"{opening}>{content}</{name}>" if content else f"{opening}/>")


def _attribute_name(key: str) -> str:
    prefix, colon, local = key.partition("__")
    if prefix == "xmlns":
        return f"{prefix}:{local}" if colon else prefix
    return key.replace("__", ":").replace("_", "-")


def maybe(name: str, text: str) -> Xml:
    """An element, or nothing when there is no text."""
    return tag(name, text) if text else Xml("")


def join(parts: Iterable[str]) -> Xml:
    return Xml("\n".join(part if isinstance(part, Xml) else escape(part) for part in parts if part))


def declare(*prefixes: str) -> dict[str, str]:
    """Keyword arguments of ``tag`` that declare the prefixes."""
    return {f"xmlns__{prefix}": NAMESPACES[prefix] for prefix in prefixes}


def document(root: Xml) -> bytes:
    return (DECLARATION + root + "\n").encode()
