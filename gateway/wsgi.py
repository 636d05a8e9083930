"""The WSGI application: ``gunicorn gateway.wsgi``."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.urls import reverse
from django.utils import translation

from gateway.vo.chunked import accepting_chunks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
application = accepting_chunks(get_wsgi_application())


def _know_addresses() -> None:
    """Django makes its table of addresses when it is first asked for one, in each thread that asks meanwhile: a
    hundred clients that wait for a job would make it a hundred times."""
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            reverse("home")


_know_addresses()
