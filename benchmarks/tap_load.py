"""Fills an empty gateway with synthetic rows and builds the sky index; prints how long each took.

Run by ``benchmarks/tap.py`` in a process whose environment names the database.
"""

# ruff: noqa: E402 - Django is set up before its models are imported
import sys
import time

import django

django.setup()

from django.db import connection, transaction

from benchmarks import rows
from gateway.access.models import Policy
from search.archive import sky_index


def load_sqlite(count: int, policy: int) -> None:
    names = ", ".join(f'"{name}"' for name in rows.COLUMNS)
    statement = f"INSERT INTO archive_product ({names}) VALUES ({', '.join('?' * len(rows.COLUMNS))})"
    connection.ensure_connection()
    with transaction.atomic():
        connection.connection.executemany(statement, rows.make(count, policy))


def load_postgresql(count: int, policy: int) -> None:
    names = ", ".join(f'"{name}"' for name in rows.COLUMNS)
    with connection.cursor() as cursor, cursor.copy(f"COPY archive_product ({names}) FROM STDIN") as copy:
        for row in rows.make(count, policy):
            copy.write_row(row)


def main(count: int) -> None:
    policy, _made = Policy.objects.get_or_create(name="benchmark")
    sky_index.drop(connection)
    begun = time.perf_counter()
    (load_sqlite if connection.vendor == "sqlite" else load_postgresql)(count, policy.pk)
    loaded = time.perf_counter()
    with transaction.atomic():
        sky_index.install(connection)
    indexed = time.perf_counter()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"load {loaded - begun:.1f} s, sky index {indexed - loaded:.1f} s for {count:,} rows", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
