"""Middleware of the site."""

import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

from gateway.vo import log


class RequestId:
    """Gives each request an id: in every log line, in the answer's header, on error pages."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = log.request_id.set(uuid.uuid4().hex[:12])
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = log.request_id.get()
            return response
        finally:
            log.request_id.reset(token)


JOB_LISTS = ("/uws/", "/tap/async/", "/tap-auth/async/", "/soda/async/")


class FinalSlash:
    """Protocol addresses have no slash at their end; people and clients that join addresses put one there:
    ``/uws/sleep/`` for a job list, ``/tap/`` for the base of TAP, behind which pyvo and STILTS put another:
    ``/tap//sync``. A redirect would lose the body of their POST, so the address is taken as it was meant."""

    TAP = re.compile(r"^/(tap|tap-auth)/+(/|$)")

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meant = self.TAP.sub(r"/\1\2", request.path_info)
        if meant.startswith(JOB_LISTS):
            meant = meant.rstrip("/")
        request.path = request.path.removesuffix(request.path_info) + meant
        request.path_info = meant
        return self.get_response(request)


class OtherOrigins:
    """Lets scripts of the listed origins speak with the job lists (Fetch standard, CORS protocol).

    They bring an access token; cookies stay out of it, so no page can act in the name of a visitor's session.
    """

    METHODS = "GET, HEAD, POST, PUT, DELETE"
    HEADERS = "Authorization, Content-Type, Accept"
    EXPOSED = "Location, Content-Disposition, WWW-Authenticate, X-VO-Authenticated"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(("/uws/", "/tap/async", "/soda/async", "/jobs/types/")):
            return self.get_response(request)
        origin = request.headers.get("Origin", "")
        listed = origin in settings.EMBED_ORIGINS
        asks_first = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        response = HttpResponse(status=204) if listed and asks_first else self.get_response(request)
        patch_vary_headers(response, ("Origin",))
        if listed:
            response["Access-Control-Allow-Origin"] = origin
            response["Access-Control-Allow-Methods"] = self.METHODS
            response["Access-Control-Allow-Headers"] = self.HEADERS
            response["Access-Control-Expose-Headers"] = self.EXPOSED
            response["Access-Control-Max-Age"] = "600"
        return response
