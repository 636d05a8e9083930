"""Files that lie elsewhere: fetched through the guarded way out, also behind a DataLink document."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml.ElementTree import fromstring
from django.utils.translation import gettext as _

from gateway.vo.http import Session
from search.archive.models import Product

MAX_BYTES = 2 * 2**30
MAX_DOCUMENT = 5 * 2**20
TOTAL_SECONDS = 900.0
BLOCK = 1 << 20


class RemoteFileError(OSError):
    """The file cannot be had from where the record says it is; the text is for the user."""


def blocks(product: Product) -> Iterator[bytes]:
    """The bytes behind a product's access_url; raises RemoteFileError or requests.RequestException."""
    address = product.access_url or ""
    if "content=datalink" in (product.access_format or "").replace(" ", ""):
        address = _this(address)
    with Session(max_bytes=MAX_BYTES, total_seconds=TOTAL_SECONDS) as session:
        response = session.get(address, stream=True)
        if response.status_code != 200:
            text = _("%(host)s answers %(status)s for the file of %(key)s.")
            host = address.split("/")[2] if address.count("/") > 2 else address
            raise RemoteFileError(text % {"host": host, "status": response.status_code, "key": product.key})
        yield from response.iter_content(BLOCK)


def _this(links: str) -> str:
    """The address of the data set itself in a DataLink document."""
    with Session(max_bytes=MAX_DOCUMENT, votable=True) as session:
        content = session.get(links).content
    try:
        root = fromstring(content)
    except ParseError as error:
        raise RemoteFileError(_("Its DataLink document is not XML: %(error)s") % {"error": error}) from None
    for row in _rows(root):
        if row.get("semantics") == "#this" and row.get("access_url"):
            return row["access_url"]
    raise RemoteFileError(_("Its DataLink document offers no link to the data set itself."))


def _rows(root: Element) -> Iterator[dict[str, str]]:
    names = [element.get("name", "") for element in root.iter() if element.tag.endswith("}FIELD")]
    for element in root.iter():
        if element.tag.endswith("}TR"):
            cells = [(cell.text or "").strip() for cell in element]
            yield dict(zip(names, cells, strict=False))
