"""What the database must know before queries come: the ADQL functions, TAP_SCHEMA, the grants of the TAP login."""

import logging
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import DatabaseError, connection, transaction

from search.adql.postgresql import install_sql
from search.tap import published
from search.tap.database import role
from search.tap.models import SchemaRow

log = logging.getLogger(__name__)


def after_migrate(**_kwargs: Any) -> None:
    """Receiver of post_migrate: everything anew, so that a new version of the code brings its own."""
    if SchemaRow._meta.db_table not in connection.introspection.table_names():
        return
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(install_sql())
    refresh()


def refresh() -> None:
    """After a table was published or withdrawn."""
    published.refresh()
    name = urlsplit(settings.TAP_DATABASE_URL).username
    if connection.vendor == "postgresql" and name:
        try:
            with transaction.atomic():
                role.grant(name)
        except DatabaseError as error:
            log.warning("the TAP login has no grants yet (run manage.py tap_role): %s", error)
