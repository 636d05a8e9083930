"""Middleware of the site."""

import uuid
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
