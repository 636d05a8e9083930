"""Fills an empty gateway with synthetic rows and builds the sky index; prints how long each took.

Run by ``benchmarks/tap.py`` in a process whose environment names the database.
"""

import itertools
import sys
import time

import django

django.setup()

from django.db import connection, transaction  # noqa: E402

from benchmarks import rows  # noqa: E402
from gateway.access.models import Policy  # noqa: E402
from search.archive import sky_index  # noqa: E402


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


def run(statements) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def main(count: int) -> None:
    policy, _made = Policy.objects.get_or_create(name="benchmark")
    sqlite = connection.vendor == "sqlite"
    if sqlite:
        run(f"DROP TRIGGER IF EXISTS {tree}_insert" for tree in sky_index.TREES)
    else:
        run(f"DROP INDEX IF EXISTS {name}" for name in ("archive_product_pos", "archive_product_region"))
    begun = time.perf_counter()
    (load_sqlite if sqlite else load_postgresql)(count, policy.pk)
    loaded = time.perf_counter()
    with transaction.atomic():
        run(itertools.chain(sky_index.sqlite_triggers(), sky_index.sqlite_fill()) if sqlite else sky_index.postgresql())
    indexed = time.perf_counter()
    run(["ANALYZE"])
    print(f"load {loaded - begun:.1f} s, sky index {indexed - loaded:.1f} s for {count:,} rows", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]))
