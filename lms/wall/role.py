"""The role under which the application signs in to PostgreSQL: what it is given, and that the wall holds for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, event, make_url
from sqlalchemy.engine import Connection

from lms.database import TABLE_PREFIX, VERSION_TABLE
from lms.settings import SettingsError
from lms.wall.policies import POLICIES

OURS = TABLE_PREFIX.replace("_", r"\_") + "%"

_STANDING = """
SELECT r.rolsuper, r.rolbypassrls,
       EXISTS (SELECT 1 FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relname = ANY(%(walled)s)
               AND pg_table_is_visible(c.oid) AND pg_has_role(c.relowner, 'USAGE')),
       ARRAY(SELECT c.relname::text FROM pg_class c WHERE c.relkind IN ('r', 'p') AND c.relname = ANY(%(walled)s)
             AND pg_table_is_visible(c.oid) AND NOT c.relrowsecurity ORDER BY c.relname)
FROM pg_roles r WHERE r.rolname = current_user
"""


def find_gap(connection: Connection) -> str | None:
    """Why the wall does not hold for this connection, as a sentence; None where it does, and on SQLite.

    PostgreSQL applies row-level security neither to superusers, nor to roles with BYPASSRLS, nor to a table's owner.
    """
    if connection.dialect.name != "postgresql":
        return None
    return _say_gap(*connection.exec_driver_sql(_STANDING, {"walled": list(POLICIES)}).one())


def _say_gap(is_superuser: bool, bypasses: bool, is_owner: bool, open_tables: list[str]) -> str | None:
    if is_superuser:
        return "the application signs in to PostgreSQL as a superuser, for whom row-level security does not hold"
    if bypasses:
        return "the application's PostgreSQL role has BYPASSRLS, so that row-level security does not hold for it"
    if is_owner:
        return "the application's PostgreSQL role owns the tables, so that row-level security does not hold for it"
    if open_tables:
        return f"without row-level security: {', '.join(open_tables)}; run lms db upgrade as the owner"
    return None


def refuse_without_wall(engine: Engine) -> None:
    """Every new connection of this engine is looked at, and refused with SettingsError where the wall has a gap."""

    if engine.dialect.name != "postgresql":
        return

    @event.listens_for(engine, "connect")
    def look(connection: Any, record: object) -> None:
        gap = _say_gap(*connection.execute(_STANDING, {"walled": list(POLICIES)}).fetchone())
        connection.rollback()
        if gap is not None:
            connection.close()  # nobody else would: the pool never gets it
            raise SettingsError(f"LMS_DATABASE_URL: {gap}. Give it a role of its own (README, Run it for real).")


def grant_to_application(connection: Connection, application_url: str) -> str | None:
    """Give the role of `application_url` what the application needs, of our own tables only; again does no harm.

    Returns the role's name, or None where there is nothing to give: SQLite, or one address for owner and application.
    Default privileges are left alone: they would open the host application's later tables too, and every upgrade ends
    with this. The caller commits.
    """
    role = make_url(application_url).username
    if connection.dialect.name != "postgresql" or role is None:
        return None
    if connection.exec_driver_sql("SELECT current_user").scalar() == role:
        return None
    quoted = connection.dialect.identifier_preparer.quote(role)
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {quoted}")
    for kind, name in _ours(connection):
        rights = {
            "table": "SELECT, INSERT, UPDATE, DELETE",
            "version": "SELECT",
            "sequence": "USAGE, SELECT, UPDATE",
            "function": "EXECUTE",
        }[kind]
        noun = {"version": "TABLE"}.get(kind, kind.upper())
        connection.exec_driver_sql(f"GRANT {rights} ON {noun} {schema}.{name} TO {quoted}")
    return role


def _ours(connection: Connection) -> list[tuple[str, str]]:
    """Kind and name of each thing of ours in the present schema."""
    rows = connection.exec_driver_sql(
        """
        SELECT CASE WHEN c.relname = %(version)s THEN 'version' WHEN c.relkind = 'S' THEN 'sequence' ELSE 'table' END,
               quote_ident(c.relname)
        FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace
        AND c.relkind IN ('r', 'p', 'S') AND c.relname LIKE %(ours)s
        UNION ALL
        SELECT 'function', p.oid::regprocedure::text FROM pg_proc p
        WHERE p.pronamespace = current_schema()::regnamespace AND p.proname LIKE 'lms\\_wall\\_%%'
        ORDER BY 1, 2
        """,
        {"version": VERSION_TABLE, "ours": OURS},
    )
    return [(str(kind), str(name)) for kind, name in rows]
