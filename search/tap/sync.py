"""``/tap/sync``: parameters in, a streamed answer out."""

import logging
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from gateway.access.request import viewer
from gateway.vo import votable
from gateway.vo.dali import DaliError, Parameters
from gateway.vo.votable import Info
from search.tap import descriptors, engine, uploads
from search.tap.endpoint import endpoint, streamed
from search.tap.engine import Result
from search.tap.formats import registry
from search.tap.formats.base import Answer
from search.tap.stopping import client_waits

log = logging.getLogger(__name__)
LANGUAGES = ("ADQL", "ADQL-2.0", "ADQL-2.1")


def query_of(parameters: Parameters) -> str:
    """The ADQL of the parameters, once LANG has been understood (TAP 1.1, section 2.7)."""
    language = parameters.required("LANG", "ADQL")
    if language.upper() not in LANGUAGES:
        text = _("LANG is %(given)s; the query languages here are %(known)s.")
        raise DaliError(400, text % {"given": repr(language[:40]), "known": ", ".join(LANGUAGES)})
    return parameters.required("QUERY", "SELECT TOP 5 * FROM ivoa.obscore")


class Ending:
    """The rows of a result, and how they ended: an error on the way becomes the INFO after the table."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self.error: DaliError | None = None

    def rows(self) -> Iterator[Sequence[Any]]:
        return chain.from_iterable(self._blocks())

    def _blocks(self) -> Iterator[list[Sequence[Any]]]:
        try:
            yield from self._result.blocks()
        except DaliError as error:
            self.error = error
        except Exception:
            log.exception("a result broke off")
            self.error = DaliError(500, _("The service failed while it sent the rows; they are not complete."))

    def infos(self) -> Sequence[Info]:
        if self.error:
            return (votable.error_info(self.error.message),)
        return (votable.OVERFLOW,) if self._result.overflow else ()


def answer_of(result: Result, query: str) -> tuple[Answer, Ending]:
    """The result with its INFOs: status, the text as it was sent, who answers."""
    ending = Ending(result)
    infos = [
        Info(name="QUERY_STATUS", value="OVERFLOW" if result.maxrec == 0 else "OK"),
        Info(name="QUERY", value=query),
        Info(name="standardID", value="ivo://ivoa.net/std/TAP"),
        Info(name="server", value=settings.PUBLIC_URL, text=settings.SITE_NAME),
    ]
    answer = Answer(
        columns=result.columns,
        rows=ending.rows(),
        infos=infos,
        trailer=ending.infos,
        resources_after=descriptors.for_columns(result.columns),
    )
    return answer, ending


@endpoint("GET", "POST")
def sync(request: HttpRequest, base: str) -> HttpResponseBase:
    parameters = Parameters.of_request(request)
    form, content_type = registry.chosen(parameters)
    query = query_of(parameters)
    maxrec = 0 if request.method == "HEAD" else parameters.maxrec()
    result = engine.run(
        query,
        viewer(request),
        maxrec=maxrec,
        uploads=uploads.of_parameters(parameters, request.FILES.get),
        wanted=client_waits(request.META),
    )
    if request.method == "HEAD":
        result.close()
        return HttpResponse(content_type=content_type)
    answer, _ending = answer_of(result, query)
    response = streamed(request, form.write(answer), result.close)
    response["Content-Type"] = content_type
    response["Content-Disposition"] = f'inline; filename="result.{form.extension}"'
    return response
