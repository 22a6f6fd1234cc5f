"""The chain over the audit: a link for each sealed event, and triggers that refuse to change or remove either."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from lms.database import BigId, UtcDateTime

revision = "20261129_audit_chain"
down_revision = "20261129_providers"
branch_labels = None
depends_on = None

# Frozen: what `lms.people.audit_models` said on the day of this migration.
SQLITE = (
    """CREATE TRIGGER lms_audit_events_kept BEFORE DELETE ON lms_audit_events BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END""",
    """CREATE TRIGGER lms_audit_events_fixed BEFORE UPDATE ON lms_audit_events WHEN NOT (NEW.id IS OLD.id AND NEW.at IS OLD.at AND NEW.actor_id IS OLD.actor_id AND NEW.action IS OLD.action AND NEW.subject_kind IS OLD.subject_kind AND NEW.subject_id IS OLD.subject_id AND NEW.agency_id IS OLD.agency_id AND NEW.detail IS OLD.detail AND NEW.reason IS NULL) BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END""",
    """CREATE TRIGGER lms_audit_events_new BEFORE INSERT ON lms_audit_events WHEN EXISTS (SELECT 1 FROM lms_audit_events WHERE id = NEW.id) BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END""",
    """CREATE TRIGGER lms_audit_events_queued AFTER INSERT ON lms_audit_events BEGIN INSERT INTO lms_audit_waiting (event_id, at) VALUES (NEW.id, NEW.at); END""",
    """CREATE TRIGGER lms_audit_links_kept BEFORE DELETE ON lms_audit_links BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END""",
    """CREATE TRIGGER lms_audit_links_fixed BEFORE UPDATE ON lms_audit_links WHEN NOT (NEW.position IS OLD.position AND NEW.event_id IS OLD.event_id AND NEW.sealed_at IS OLD.sealed_at AND NEW.reason_digest IS OLD.reason_digest AND NEW.digest IS OLD.digest AND NEW.head IS OLD.head AND NEW.reason_salt IS NULL) BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END""",
    """CREATE TRIGGER lms_audit_links_new BEFORE INSERT ON lms_audit_links WHEN EXISTS (SELECT 1 FROM lms_audit_links WHERE position = NEW.position) BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END""",
)

POSTGRESQL = (
    """CREATE FUNCTION lms_audit_events_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.id::text IS NOT DISTINCT FROM OLD.id::text AND NEW.at::text IS NOT DISTINCT FROM OLD.at::text AND NEW.actor_id::text IS NOT DISTINCT FROM OLD.actor_id::text AND NEW.action::text IS NOT DISTINCT FROM OLD.action::text AND NEW.subject_kind::text IS NOT DISTINCT FROM OLD.subject_kind::text AND NEW.subject_id::text IS NOT DISTINCT FROM OLD.subject_id::text AND NEW.agency_id::text IS NOT DISTINCT FROM OLD.agency_id::text AND NEW.detail::text IS NOT DISTINCT FROM OLD.detail::text AND NEW.reason IS NULL THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'the audit is only ever added to';
END $$""",
    """CREATE TRIGGER lms_audit_events_fixed BEFORE UPDATE OR DELETE ON lms_audit_events FOR EACH ROW EXECUTE FUNCTION lms_audit_events_guard()""",
    """CREATE TRIGGER lms_audit_events_kept BEFORE TRUNCATE ON lms_audit_events EXECUTE FUNCTION lms_audit_events_guard()""",
    """CREATE FUNCTION lms_audit_events_queue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lms_audit_waiting (event_id, at) VALUES (NEW.id, NEW.at);
    RETURN NULL;
END $$""",
    """CREATE TRIGGER lms_audit_events_queued AFTER INSERT ON lms_audit_events FOR EACH ROW EXECUTE FUNCTION lms_audit_events_queue()""",
    """CREATE FUNCTION lms_audit_links_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.position::text IS NOT DISTINCT FROM OLD.position::text AND NEW.event_id::text IS NOT DISTINCT FROM OLD.event_id::text AND NEW.sealed_at::text IS NOT DISTINCT FROM OLD.sealed_at::text AND NEW.reason_digest::text IS NOT DISTINCT FROM OLD.reason_digest::text AND NEW.digest::text IS NOT DISTINCT FROM OLD.digest::text AND NEW.head::text IS NOT DISTINCT FROM OLD.head::text AND NEW.reason_salt IS NULL THEN RETURN NEW; END IF;
    END IF;
    RAISE EXCEPTION 'the audit is only ever added to';
END $$""",
    """CREATE TRIGGER lms_audit_links_fixed BEFORE UPDATE OR DELETE ON lms_audit_links FOR EACH ROW EXECUTE FUNCTION lms_audit_links_guard()""",
    """CREATE TRIGGER lms_audit_links_kept BEFORE TRUNCATE ON lms_audit_links EXECUTE FUNCTION lms_audit_links_guard()""",
)

TABLES = ("lms_audit_events", "lms_audit_links")


def upgrade() -> None:
    op.create_table(
        "lms_audit_waiting",
        sa.Column("event_id", BigId, nullable=False, autoincrement=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["event_id"], ["lms_audit_events.id"], name="fk_lms_audit_waiting_event_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("event_id", name="pk_lms_audit_waiting"),
    )
    op.create_table(
        "lms_audit_links",
        sa.Column("position", BigId, nullable=False, autoincrement=False),
        sa.Column("event_id", BigId, nullable=False),
        sa.Column("sealed_at", UtcDateTime(), nullable=False),
        sa.Column("reason_salt", sa.String(32), nullable=True),
        sa.Column("reason_digest", sa.String(64), nullable=True),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.Column("blanked_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["event_id"], ["lms_audit_events.id"], name="fk_lms_audit_links_event_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("position", name="pk_lms_audit_links"),
        sa.UniqueConstraint("event_id", name="uq_lms_audit_links_event_id"),
    )
    # What was noted before waits for its seal like what is new.
    op.execute("INSERT INTO lms_audit_waiting (event_id, at) SELECT id, at FROM lms_audit_events")
    for statement in POSTGRESQL if op.get_bind().dialect.name == "postgresql" else SQLITE:
        op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP TRIGGER lms_audit_events_queued ON lms_audit_events")
        op.execute("DROP FUNCTION lms_audit_events_queue()")
        for table in TABLES:
            op.execute(f"DROP TRIGGER {table}_kept ON {table}")
            op.execute(f"DROP TRIGGER {table}_fixed ON {table}")
            op.execute(f"DROP FUNCTION {table}_guard()")
    else:
        for name in ("kept", "fixed", "new", "queued"):
            op.execute(f"DROP TRIGGER lms_audit_events_{name}")
    op.drop_table("lms_audit_links")
    op.drop_table("lms_audit_waiting")
