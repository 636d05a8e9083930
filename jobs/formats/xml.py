"""XML from outside, read with suspicion: small, no DOCTYPE, nothing fetched."""

from lxml import etree

from gateway.vo import xmlguard
from jobs.formats.rules import MAX_BYTES, wrong


def parse(content: bytes) -> etree._Element:
    if len(content) > MAX_BYTES:
        raise wrong("document", "", f"may have at most {MAX_BYTES:,} bytes")
    try:
        xmlguard.check(content)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False, remove_comments=True,
                                 remove_pis=True)  # fmt: skip
        return etree.fromstring(content, parser)
    except (xmlguard.UnsafeDocument, etree.XMLSyntaxError, ValueError) as error:
        raise wrong("document", "", f"cannot be read: {error}") from error


def local(element: etree._Element) -> str:
    return str(etree.QName(element).localname)


def children(element: etree._Element, name: str) -> list[etree._Element]:
    return [child for child in element if local(child) == name]


def child_text(element: etree._Element, name: str) -> str:
    return next((" ".join((child.text or "").split()) for child in children(element, name)), "")
