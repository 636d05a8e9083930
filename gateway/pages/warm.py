"""A web process that has just started is asked by many at once: what the first request of each kind makes (the parser
of ADQL, templates, tables of addresses and languages) is made before, once, as a visitor's request would make it.

Runs where gunicorn loads the application, before it forks: no connection may be left open behind it.
"""

import gc
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from wsgiref.util import setup_testing_defaults

from django.conf import settings
from django.db import DatabaseError, connections
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.template.loader import get_template
from django.urls import reverse
from django.utils import translation

from search.adql.parser import parse
from search.tap.database import engines

log = logging.getLogger(__name__)
Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
PAGES = ("/search/results/?size=5", "/search/preview", "/health")


def warm(application: Application) -> None:
    """Whatever is wrong is a matter for the requests that come: nothing is raised."""
    try:
        _know_addresses()
        _compile_templates()
        parse("SELECT 1 AS x FROM ivoa.obscore")
        connections["default"].ensure_connection()
        for page in PAGES:
            ask(application, page)
    except (DatabaseError, OSError) as error:
        log.warning("the web process was not warmed up: %s", error)
    finally:
        connections.close_all()
        engines.clear()
    gc.collect()
    # What is there now stays: no collection needs to look at it again, and forked processes share it.
    gc.freeze()


def _know_addresses() -> None:
    """Django makes its table of addresses when it is first asked for one, in each thread that asks meanwhile: a
    hundred clients that wait for a job would make it a hundred times."""
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            reverse("home")


def _compile_templates() -> None:
    root = Path(settings.BASE_DIR) / "templates"
    for path in root.rglob("*.html"):
        try:
            get_template(str(path.relative_to(root)))
        except (TemplateDoesNotExist, TemplateSyntaxError) as error:
            log.warning("%s: %s", path, error)


def ask(application: Application, address: str) -> str:
    """The status that a visitor of this address would get."""
    public = urlsplit(settings.PUBLIC_URL)
    path, _, query = address.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "HTTP_HOST": public.netloc,
        "wsgi.url_scheme": public.scheme,
        "REMOTE_ADDR": "127.0.0.1",
    }
    setup_testing_defaults(environ)
    found: list[str] = []

    def start(status: str, _headers: object, _error: object = None) -> None:
        found.append(status)

    body = application(environ, start)
    for _part in body:
        pass
    close = getattr(body, "close", None)
    if close:
        close()
    return found[0]
