"""Members of a dataset (``KEY.events``, ``KEY.aeff`` …) as files of their own: one HDU each, cut out when asked for."""

from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from search.archive import files
from search.archive.models import Product


def storage_key(product: Product, part: dict[str, Any]) -> str:
    return f"members/{product.key}.{part['name']}.fits"


def respond(request: HttpRequest, product: Product, part: dict[str, Any]) -> HttpResponseBase:
    """The member as a FITS file; made once, then kept beside the previews."""
    key = storage_key(product, part)
    if not files.exists(key):
        from search.archive.extract import hdu_file  # noqa: PLC0415 - astropy is loaded when it is needed

        files.put_bytes(hdu_file(product.storage_key, str(part["hdu"])), key)
    if request.method == "HEAD":
        response: HttpResponseBase = HttpResponse(content_type="application/fits")
        response["Content-Length"] = str(files.size(key))
    else:
        response = FileResponse(files.opened(key), content_type="application/fits")
    response["Content-Disposition"] = f'attachment; filename="{product.key}.{part["name"]}.fits"'
    response["ETag"] = f'"{product.sha256}-{part["name"]}"'
    response["Cache-Control"] = "private, no-cache"
    response["Access-Control-Allow-Origin"] = "*"
    if product.simulated:
        response["X-Simulated"] = "true"
    return response
