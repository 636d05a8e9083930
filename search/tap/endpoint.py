"""What all TAP endpoints share: methods, CORS, gzip, the challenge of ``/tap-auth``, errors as DALI documents."""

import zlib
from collections.abc import Callable, Iterator
from functools import wraps

from django.conf import settings
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from gateway.access.rights import Viewer, viewer_of
from gateway.vo.dali import DaliError, service

CHALLENGES = ('Bearer realm="{site}"', 'Basic realm="{site}", charset="UTF-8"')
View = Callable[..., HttpResponseBase]


def viewer(request: HttpRequest) -> Viewer:
    return viewer_of(request.user)


def endpoint(*methods: str, public: bool = False) -> Callable[[View], View]:
    """A protocol endpoint. ``public``: readable without sign-in under ``/tap-auth`` too (capabilities, availability).

    POST is exempt from the CSRF check: a query changes nothing, and its answer cannot be read across sites with a
    cookie (CORS without credentials).
    """
    allowed = ("OPTIONS", "HEAD", *methods) if "GET" in methods else ("OPTIONS", *methods)

    def decorate(view: View) -> View:
        def checked(request: HttpRequest, base: str, **kwargs: str) -> HttpResponseBase:
            if request.method == "OPTIONS":
                return HttpResponse(status=204, headers={"Allow": ", ".join(allowed)})
            if request.method not in allowed:
                text = _("%(method)s is not possible here; use %(allowed)s.")
                names = {"method": request.method, "allowed": ", ".join(methods)}
                raise DaliError(405, text % names, headers={"Allow": ", ".join(allowed)})
            if base == "tap-auth" and not request.user.is_authenticated and not public:
                raise DaliError(401, _("Sign in: a token as Bearer or as Basic password, or your session."))
            return view(request, base, **kwargs)

        guarded = service(checked)

        @wraps(view)
        def answer(request: HttpRequest, base: str, **kwargs: str) -> HttpResponseBase:
            response = guarded(request, base=base, **kwargs)
            _challenge(request, base, response)
            return _open(response, allowed)

        return csrf_exempt(answer)

    return decorate


def _challenge(request: HttpRequest, base: str, response: HttpResponseBase) -> None:
    """401 with the ways to sign in; on ``/tap-auth`` the public documents name them too (AuthVO draft)."""
    if request.user.is_authenticated:
        response["X-VO-Authenticated"] = request.user.get_username()
    elif base == "tap-auth" or response.status_code == 401:
        response["WWW-Authenticate"] = ", ".join(CHALLENGES).format(site=settings.SITE_NAME.replace('"', ""))


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
    response._resource_closers.append(close)
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
