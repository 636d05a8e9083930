"""The WSGI application: ``gunicorn gateway.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

from gateway.vo.chunked import accepting_chunks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gateway.settings")
application = accepting_chunks(get_wsgi_application())

from gateway.pages.warm import warm  # noqa: E402 (needs the models)

warm(application)
