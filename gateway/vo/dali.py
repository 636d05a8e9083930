"""DALI 1.1: parameters without regard to case, MAXREC, and error documents with the right status."""

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import wraps

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from gateway.vo import votable

log = logging.getLogger(__name__)
CONTROL_LIMIT = 64
"""characters of a RUNID (TAP 1.1, section 2.7.5)"""


class DaliError(Exception):
    """What happened and what to do, with the HTTP status that says whose fault it is."""

    def __init__(self, status: int, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = dict(headers or {})


class Parameters:
    """The parameters of a request or a job: names in any case, values as they are."""

    def __init__(self, pairs: Iterator[tuple[str, str]] | list[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name.upper(), []).append(value)

    @classmethod
    def of_request(cls, request: HttpRequest) -> "Parameters":
        sources = (request.GET, request.POST)
        return cls([(name, value) for source in sources for name, values in source.lists() for value in values])

    @classmethod
    def of_mapping(cls, values: Mapping[str, list[str]]) -> "Parameters":
        return cls([(name, value) for name, many in values.items() for value in many])

    def names(self) -> list[str]:
        return list(self._values)

    def all(self, name: str) -> list[str]:
        return list(self._values.get(name, ()))

    def single(self, name: str, *aliases: str) -> str:
        """The one value, empty if the parameter is not given; given twice it is an error (DALI 1.1, section 3)."""
        found = [value for key in (name, *aliases) for value in self._values.get(key, ())]
        if len(self._values.get(name, ())) > 1:
            raise DaliError(400, _("%(name)s is given more than once; give it one value.") % {"name": name})
        return found[0] if found else ""

    def required(self, name: str, example: str) -> str:
        value = self.single(name)
        if not value:
            text = _("The parameter %(name)s is missing; give it, e.g. %(name)s=%(example)s.")
            raise DaliError(400, text % {"name": name, "example": example})
        return value

    def maxrec(self) -> int | None:
        """The limit on rows; None when the client sets none."""
        text = self.single("MAXREC").strip()
        if not text:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 18:
            raise DaliError(400, _("MAXREC is %(value)s; give a whole number, 0 or more.") % {"value": repr(text[:40])})
        return int(text)


def database_gone() -> DaliError:
    """503: the database does not answer; a client may try again soon."""
    text = _("The database does not answer just now. Try again in a minute.")
    return DaliError(503, text, headers={"Retry-After": "60"})


def error_response(error: DaliError) -> HttpResponse:
    """The error as a VOTable with its status (DALI 1.1, section 4.2)."""
    response = HttpResponse(votable.error(error.message), content_type=votable.MEDIA_TYPE, status=error.status)
    for name, value in error.headers.items():
        response[name] = value
    return response


UNREADABLE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent, MultiPartParserError, UnicodeDecodeError)
"""what Django raises as soon as a view looks at the parameters of a request that cannot be taken"""


def unreadable(error: Exception) -> DaliError:
    """One of these in words, with the limit and not the name of its setting."""
    if isinstance(error, RequestDataTooBig):
        if "settings." not in str(error):
            # One of our own readers found it.
            return DaliError(413, str(error))
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE / 2**20
        text = _("The request is larger than is read here (%(limit)g MiB). Send a long list as an uploaded table.")
        return DaliError(413, text % {"limit": limit})
    if isinstance(error, TooManyFieldsSent):
        text = _("The request has too many parameters; at most %(limit)s are read.")
        return DaliError(413, text % {"limit": settings.DATA_UPLOAD_MAX_NUMBER_FIELDS})
    if isinstance(error, TooManyFilesSent):
        text = _("The request has too many files; at most %(limit)s are read.")
        return DaliError(413, text % {"limit": settings.DATA_UPLOAD_MAX_NUMBER_FILES})
    return DaliError(400, _("The body of the request cannot be read."))


View = Callable[..., HttpResponseBase]


def service(view: View) -> View:
    """A view whose errors are DALI documents: never a traceback, never a page."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: str, **kwargs: str) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except DaliError as error:
            return error_response(error)
        except UNREADABLE as error:
            return error_response(unreadable(error))
        except (OperationalError, InterfaceError):
            log.exception("%s %s: the database is out of reach", request.method, request.path)
            return error_response(database_gone())
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            text = _("The service failed on this request. Try again later; the operators find the cause in the log.")
            return error_response(DaliError(500, text))

    return guarded
