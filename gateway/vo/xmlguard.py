"""Looks through XML from outside before a parser sees it.

astropy's VOTable parser follows ``<STREAM href="file:///…">`` and ``href="http://…"`` on behalf of whoever wrote the
document, so such a document must not reach it; a DOCTYPE is where entity bombs and external entities begin.
"""

from xml.parsers import expat

_MAGIC_OF_ARCHIVES = (b"\x1f\x8b", b"BZh", b"PK\x03\x04", b"\xfd7zXZ", b"\x1f\x9d", b"\x28\xb5\x2f\xfd")
_ENCODINGS = {"", "utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1", "latin1", "utf-16"}


class UnsafeDocument(ValueError):
    """The document asks its reader to open something else; the text says what was found."""


class Scanner:
    """Incremental check: ``feed`` each block before it goes on, ``close`` at the end.

    Text that is not XML at all (an error message in plain words) passes; XML that is broken does not, since two
    parsers may disagree about what a broken document says.
    """

    def __init__(self) -> None:
        self._head = b""
        self._is_xml: bool | None = None
        parser = expat.ParserCreate()
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.XmlDeclHandler = self._declaration
        self._parser = parser

    def feed(self, block: bytes) -> None:
        if self._is_xml is None:
            self._head += block
            if not self._decide(final=False):
                return
            block, self._head = self._head, b""
        if self._is_xml:
            self._parse(block, final=False)

    def close(self) -> None:
        if self._is_xml is None:
            self._decide(final=True)
            self.feed(b"")
        if self._is_xml:
            self._parse(b"", final=True)

    def _decide(self, *, final: bool) -> bool:
        """Is it XML? Known from the first byte that is no blank."""
        if self._head.startswith(_MAGIC_OF_ARCHIVES):
            raise UnsafeDocument("the document is compressed a second time")
        text = self._head.lstrip(b" \t\r\n")
        if not final and len(text) < 4:
            return False
        # Byte order marks and zero bytes are UTF-16 or UTF-8 with a mark: leave them to the parser.
        self._is_xml = text.startswith((b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")) or b"\x00" in text[:4]
        return True

    def _parse(self, block: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(block, final)
        except expat.ExpatError as error:
            raise UnsafeDocument(f"the document is not well-formed XML: {error}") from error

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        if (encoding or "").lower() not in _ENCODINGS:
            raise UnsafeDocument(f"the document is written in {encoding}; UTF-8 is understood")

    def _doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        raise UnsafeDocument("the document has a DOCTYPE")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if name.rpartition(":")[2].upper() != "STREAM":
            return
        if any(attribute.rpartition(":")[2].lower() == "href" for attribute in attributes):
            raise UnsafeDocument("a STREAM of the document points to another file")


def check(content: bytes) -> bytes:
    """The content itself, after it was looked through; raises UnsafeDocument."""
    scanner = Scanner()
    scanner.feed(content)
    scanner.close()
    return content
