"""What all protocol endpoints of this room share: methods, CORS, gzip, errors as DALI documents."""

import zlib
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from gateway.accounts.csrf import protocol_view
from gateway.vo.dali import DaliError, service

View = Callable[..., HttpResponseBase]


def endpoint(*methods: str) -> Callable[[View], View]:
    """A protocol endpoint: its methods, errors as DALI documents, readable from pages of other sites."""
    allowed = ("OPTIONS", "HEAD", *methods) if "GET" in methods else ("OPTIONS", *methods)

    def decorate(view: View) -> View:
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if request.method == "OPTIONS":
                return HttpResponse(status=204, headers={"Allow": ", ".join(allowed)})
            if request.method not in allowed:
                text = _("%(method)s is not possible here; use %(allowed)s.")
                names = {"method": request.method, "allowed": ", ".join(methods)}
                raise DaliError(405, text % names, headers={"Allow": ", ".join(allowed)})
            return view(request, *args, **kwargs)

        guarded = service(checked)

        @wraps(view)
        def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            return _open(guarded(request, *args, **kwargs), allowed)

        return protocol_view(answer)

    return decorate


def _open(response: HttpResponseBase, allowed: tuple[str, ...]) -> HttpResponseBase:
    """Readable by pages of other sites (CORS), without their users' cookies."""
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Allow-Methods"] = ", ".join(allowed)
    response["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Accept"
    response["Access-Control-Expose-Headers"] = "Content-Disposition, WWW-Authenticate, X-VO-Authenticated, Location"
    response["Access-Control-Max-Age"] = "86400"
    return response


def streamed(request: HttpRequest, content: Iterator[bytes], close: Callable[[], None]) -> StreamingHttpResponse:
    """A streaming response, packed if the client can unpack; ``close`` is called at its end, whatever happened."""
    packed = "gzip" in accepted_encodings(request)
    response = StreamingHttpResponse(gzipped(content) if packed else content)
    if packed:
        response["Content-Encoding"] = "gzip"
    response["Vary"] = "Accept-Encoding, Authorization, Cookie"
    # Django closes what it is told of when the response ends; typeshed does not list the attribute.
    response._resource_closers.append(close)  # type: ignore[attr-defined]  # as HttpResponseBase.close does
    return response


def accepted_encodings(request: HttpRequest) -> set[str]:
    offers = (part.partition(";") for part in request.headers.get("Accept-Encoding", "").lower().split(","))
    return {name.strip() for name, _sep, rest in offers if rest.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00")}


def gzipped(content: Iterator[bytes]) -> Iterator[bytes]:
    """The content packed piece by piece; the first piece is flushed, so that the client sees it at once."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    for number, piece in enumerate(content):
        data = packer.compress(piece)
        if number == 2:
            data += packer.flush(zlib.Z_SYNC_FLUSH)
        if data:
            yield data
    yield packer.flush()
