"""Is it there already? In plain SQL: most of what a record speaks of is new, or known by its name alone, and the ORM
takes ten times as long to write these words as the database to answer them."""

from collections.abc import Collection

from django.db import connections
from django.db.models import Model


def known(model: type[Model], keys: Collection[str]) -> list[str]:
    """Those of the primary keys (texts) that have a row."""
    if not keys:
        return []
    column = model._meta.pk.column
    places = ", ".join(["%s"] * len(keys))
    with connections[model._default_manager.db].cursor() as cursor:
        words = f'SELECT "{column}" FROM "{model._meta.db_table}" WHERE "{column}" IN ({places})'  # noqa: S608 (own names)
        cursor.execute(words, list(keys))
        return [key for (key,) in cursor.fetchall()]


def exists(model: type[Model], **texts: str) -> bool:
    """Whether a row has these texts in these columns."""
    rule = " AND ".join(f'"{column}" = %s' for column in texts)
    with connections[model._default_manager.db].cursor() as cursor:
        cursor.execute(f'SELECT 1 FROM "{model._meta.db_table}" WHERE {rule} LIMIT 1', list(texts.values()))  # noqa: S608 (own names)
        return cursor.fetchone() is not None
