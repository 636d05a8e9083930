"""The login of TAP queries on PostgreSQL: it may read the published tables, make temporary ones, and nothing else."""

import secrets
from urllib.parse import quote

from django.db import connection
from django.db.backends.utils import CursorWrapper
from psycopg import sql

from search.adql.postgresql import SCHEMA
from search.tap import published


def make(name: str) -> str:
    """Makes the role or gives it a new password; returns the password. The caller's login must be allowed to."""
    password = secrets.token_urlsafe(24)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
        verb = "ALTER" if cursor.fetchone() else "CREATE"
        options = "LOGIN NOCREATEDB NOCREATEROLE NOINHERIT CONNECTION LIMIT 100 PASSWORD"
        superuser = is_superuser(cursor)
        if superuser:
            # Another login may not even name these, and cannot change a role that has them.
            options = f"NOSUPERUSER NOREPLICATION {options}"
        cursor.execute(sql.SQL(f"{verb} ROLE {{}} {options} {{}}").format(sql.Identifier(name), password))
        cursor.execute(sql.SQL("ALTER ROLE {} SET statement_timeout = '1h'").format(sql.Identifier(name)))
        if superuser:
            # Only a superuser may set it; elsewhere it belongs into the server's configuration.
            cursor.execute(sql.SQL("ALTER ROLE {} SET temp_file_limit = '2GB'").format(sql.Identifier(name)))
    grant(name)
    return password


def is_superuser(cursor: CursorWrapper) -> bool:
    cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    row = cursor.fetchone()
    return bool(row and row[0])


def grant(name: str) -> None:
    """Exactly what is published now: what was granted before is taken away first."""
    role = sql.Identifier(name)
    database = sql.Identifier(str(connection.settings_dict["NAME"]))
    tables = sql.SQL(", ").join(sql.Identifier(*physical.split(".")) for physical in physical_tables())
    with connection.cursor() as cursor:
        for statement in (
            "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
            "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
            "GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {role}",
            "GRANT USAGE ON SCHEMA public TO {role}",
            f"GRANT USAGE ON SCHEMA {SCHEMA} TO {{role}}",
            "GRANT SELECT ON {tables} TO {role}",
        ):
            cursor.execute(sql.SQL(statement).format(role=role, database=database, tables=tables))


def physical_tables() -> list[str]:
    """The published tables that are there (a room may publish before its migration has run)."""
    there = set(connection.introspection.table_names())
    return sorted({table.physical for table in published.tables()} & there)


def url(name: str, password: str) -> str:
    """The value of TAP_DATABASE_URL."""
    place = connection.settings_dict
    host, port = place.get("HOST") or "", place.get("PORT") or ""
    if str(host).startswith("/"):
        return f"postgresql://{name}:{quote(password)}@/{place['NAME']}?host={quote(str(host))}&port={port or 5432}"
    return f"postgresql://{name}:{quote(password)}@{host or 'localhost'}:{port or 5432}/{place['NAME']}"
