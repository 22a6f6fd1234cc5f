"""The chain over the audit: which events wait for their seal, each sealed event's link, and the database's own refusal
to change or remove either."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import DDL, ForeignKey, String, UniqueConstraint, event
from sqlalchemy.orm import Mapped, mapped_column

from lms.database import BigId, Model
from lms.people.models import AuditEvent


class AuditWaiting(Model):
    """An event that has no link yet. The database adds the row with the event, in whatever way that was inserted, and
    the worker removes it with the link: an event of which neither is there was put in past the program."""

    __tablename__ = "lms_audit_waiting"

    event_id: Mapped[int] = mapped_column(
        BigId, ForeignKey("lms_audit_events.id", ondelete="RESTRICT"), primary_key=True, autoincrement=False
    )
    at: Mapped[datetime]
    """The moment of the event: how long it waits is read without it."""


class AuditLink(Model):
    """One event in the chain. `position` counts from 1 without gaps, in the order of sealing, which need not be that of
    the ids: of two transactions the one with the higher id may commit first.

    `digest` stands for all of the event, its reason by `reason_digest` (salted, so that nobody guesses a reason that
    was blanked); `head` for this link and all before it.
    """

    __tablename__ = "lms_audit_links"
    __table_args__ = (UniqueConstraint("event_id"),)

    position: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    event_id: Mapped[int] = mapped_column(ForeignKey("lms_audit_events.id", ondelete="RESTRICT"))
    sealed_at: Mapped[datetime]
    reason_salt: Mapped[str | None] = mapped_column(String(32))
    reason_digest: Mapped[str | None] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    head: Mapped[str] = mapped_column(String(64))
    blanked_at: Mapped[datetime | None]
    """When the reason was blanked by an erasure; its salt goes with it."""


FIXED = {
    "lms_audit_events": ("id", "at", "actor_id", "action", "subject_kind", "subject_id", "agency_id", "detail"),
    "lms_audit_links": ("position", "event_id", "sealed_at", "reason_digest", "digest", "head"),
}
"""Columns that never change. Of an event the reason may go, of a link the salt, with the day: an erasure's work."""

GOES = {"lms_audit_events": "reason", "lms_audit_links": "reason_salt"}
KEYS = {"lms_audit_events": "id", "lms_audit_links": "position"}

REFUSAL = "the audit is only ever added to"


def sqlite_guards(table: str) -> dict[str, str]:
    """Triggers by name. The one before an INSERT is against INSERT OR REPLACE, which removes without asking."""
    same = " AND ".join([f"NEW.{column} IS OLD.{column}" for column in FIXED[table]] + [f"NEW.{GOES[table]} IS NULL"])
    refuse = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
    is_there = f"EXISTS (SELECT 1 FROM {table} WHERE {KEYS[table]} = NEW.{KEYS[table]})"  # noqa: S608 - our own names
    guards = {
        f"{table}_kept": f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} {refuse}",
        f"{table}_fixed": f"CREATE TRIGGER {table}_fixed BEFORE UPDATE ON {table} WHEN NOT ({same}) {refuse}",
        f"{table}_new": f"CREATE TRIGGER {table}_new BEFORE INSERT ON {table} WHEN {is_there} {refuse}",
    }
    if table == "lms_audit_events":
        guards["lms_audit_events_queued"] = (
            "CREATE TRIGGER lms_audit_events_queued AFTER INSERT ON lms_audit_events BEGIN"
            " INSERT INTO lms_audit_waiting (event_id, at) VALUES (NEW.id, NEW.at); END"
        )
    return guards


def postgresql_guards(table: str) -> list[str]:
    """Functions and triggers, in order."""
    # A JSON column has no equality of its own.
    pairs = [f"NEW.{one}::text IS NOT DISTINCT FROM OLD.{one}::text" for one in FIXED[table]]
    same = " AND ".join([*pairs, f"NEW.{GOES[table]} IS NULL"])
    statements = [
        f"""CREATE FUNCTION {table}_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF {same} THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION '{REFUSAL}';
END $$""",
        f"CREATE TRIGGER {table}_fixed BEFORE UPDATE OR DELETE ON {table}"
        f" FOR EACH ROW EXECUTE FUNCTION {table}_guard()",
        f"CREATE TRIGGER {table}_kept BEFORE TRUNCATE ON {table} EXECUTE FUNCTION {table}_guard()",
    ]
    if table == "lms_audit_events":
        statements += [
            """CREATE FUNCTION lms_audit_events_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lms_audit_waiting (event_id, at) VALUES (NEW.id, NEW.at);
    RETURN NULL;
END $$""",
            "CREATE TRIGGER lms_audit_events_queued AFTER INSERT ON lms_audit_events"
            " FOR EACH ROW EXECUTE FUNCTION lms_audit_events_queue()",
        ]
    return statements


def _guard(model: type[Model]) -> None:
    """With the table come its guards, on each engine its own. The migrations hold frozen copies; a test compares."""
    name = model.__tablename__
    for dialect, statements in (("sqlite", sqlite_guards(name).values()), ("postgresql", postgresql_guards(name))):
        for statement in statements:
            ddl: DDL = DDL(statement.replace("%", "%%"))  # type: ignore[no-untyped-call]
            event.listen(model.__table__, "after_create", ddl.execute_if(dialect=dialect))


_guard(AuditEvent)
_guard(AuditLink)
