"""A stored file over HTTP: whole or in part, with its checksum and the way to its provenance (RFC 9110, RFC 9530)."""

import base64
import re
from collections.abc import Iterator
from urllib.parse import quote

from django.conf import settings
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import http_date

from search.archive import files
from search.archive.hooks import content_type
from search.archive.models import Product

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
QUERY_SERVICE = "http://www.w3.org/ns/prov#has_query_service"
HAS_PROVENANCE = "http://www.w3.org/ns/prov#has_provenance"


class UnsatisfiableRange(ValueError):
    """The range asked for lies outside the file."""


def respond(request: HttpRequest, product: Product) -> HttpResponseBase:
    """The file of a product to a viewer who may have it: 200, 206, 304 or 416."""
    size = product.size or 0
    etag = f'"{product.sha256}"'
    if etag in [tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")]:
        return _described(HttpResponse(status=304), product)
    try:
        span = _span(request, size, etag)
    except UnsatisfiableRange:
        refused = HttpResponse("The file has no such bytes.\n", status=416, content_type="text/plain")
        refused["Content-Range"] = f"bytes */{size}"
        return refused
    if request.method == "HEAD":
        response: HttpResponseBase = HttpResponse(content_type=content_type(product))
    elif span is None:
        response = FileResponse(files.opened(product.storage_key), content_type=content_type(product))
    else:
        response = StreamingHttpResponse(_slice(product, span), status=206, content_type=content_type(product))
    first, last = span or (0, size - 1)
    if span:
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
    response["Content-Length"] = str(last - first + 1)
    return _described(response, product)


def _span(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """First and last byte of a single range; None for the whole file (also for several ranges, as allowed)."""
    match = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if match is None or request.headers.get("If-Range", etag) != etag or match[1] == match[2] == "":
        return None
    if match[1] == "":
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
        if match[2] and int(match[2]) < first:
            return None
    if first >= size or first > last:
        raise UnsatisfiableRange
    return first, last


def _slice(product: Product, span: tuple[int, int]) -> Iterator[bytes]:
    return files.blocks(product.storage_key, span[0], span[1] - span[0] + 1)


def _described(response: HttpResponseBase, product: Product) -> HttpResponseBase:
    """Headers that hold for every answer about the file."""
    response["ETag"] = f'"{product.sha256}"'
    response["Last-Modified"] = http_date(product.created.timestamp())
    response["Accept-Ranges"] = "bytes"
    response["Cache-Control"] = "private, no-cache"
    response["Content-Disposition"] = f'attachment; filename="{download_name(product)}"'
    response["Link"] = ", ".join(links(product))
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = (
        "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Link, Repr-Digest, X-Simulated"
    )
    if product.sha256:
        value = base64.b64encode(bytes.fromhex(product.sha256)).decode()
        response["Repr-Digest"] = f"sha-256=:{value}:"
        response["Digest"] = f"sha-256={value}"
    if product.simulated:
        response["X-Simulated"] = "true"
    return response


def download_name(product: Product) -> str:
    """The file's own name in letters that every system takes; simulated data say so."""
    name = re.sub(r"[^A-Za-z0-9._+-]+", "_", product.file_name).lstrip(".") or product.key
    marked = product.simulated and "simulated" not in name.lower()
    return f"simulated_{name}" if marked else name


def links(product: Product) -> list[str]:
    """PROV-AQ (W3C Note, section 3.1) and signposting: provenance, page, terms, the DataLink document."""
    base, identifier = settings.PUBLIC_URL, quote(product.obs_publisher_did, safe="")
    page = f"{base}/products/{product.key}/"
    found = [
        f'<{base}/provsap?ID={identifier}&RESPONSEFORMAT=PROV-JSON>; rel="{HAS_PROVENANCE}";'
        f' anchor="{product.obs_publisher_did}"; type="application/json"',
        f'<{base}/provenance/service>; rel="{QUERY_SERVICE}"; anchor="{product.obs_publisher_did}"',
        f'<{page}>; rel="describedby"; type="text/html"',
        f'<{base}/datalink/links?ID={identifier}>; rel="related"; type="application/x-votable+xml;content=datalink"',
        f'<{page}>; rel="cite-as"',
    ]
    if product.terms:
        found.append(f'<{page}#terms>; rel="license terms-of-service"')
    return found
