"""PostgreSQL's side: the functions that translated SQL calls, as SQL for a migration.

They live in a schema of their own, ``adql``; a login for queries needs USAGE on it. The second wall there is the login
itself: SELECT on the published tables, a read-only transaction, ``statement_timeout``.
"""

from pathlib import Path

SCHEMA = "adql"


def install_sql() -> str:
    """The statements that make or renew all functions; run them as one script, without parameters."""
    folder = Path(__file__).parent
    return "\n".join((folder / name).read_text(encoding="utf-8") for name in ("functions.sql", "geometry.sql"))


def remove_sql() -> str:
    return f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE"
