"""No number is given twice, on SQLite either: there the highest number of a table was free again once its row had gone,
and whoever got it next got what the audit says of somebody else."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_once"
down_revision = "20261129_linked"
branch_labels = None
depends_on = None

TABLES = (
    "lms_assigned_people",
    "lms_assignment_exceptions",
    "lms_attempts",
    "lms_authenticator_apps",
    "lms_certificate_changes",
    "lms_certificates",
    "lms_cohort_members",
    "lms_enrollments",
    "lms_extension_requests",
    "lms_external_identities",
    "lms_external_trainings",
    "lms_invitations",
    "lms_join_requests",
    "lms_licenses",
    "lms_memberships",
    "lms_outbox_messages",
    "lms_passkeys",
    "lms_record_shares",
    "lms_recovery_codes",
    "lms_role_grants",
    "lms_share_links",
    "lms_staff_records",
    "lms_users",
)

TOLD_OF = {
    "certificate": "lms_certificates",
    "enrollment": "lms_enrollments",
    "invitation": "lms_invitations",
    "license": "lms_licenses",
    "message": "lms_outbox_messages",
    "training": "lms_external_trainings",
    "user": "lms_users",
}
"""What the audit calls the rows of these tables. Numbers that it tells of have been given, whether or not the row is
still there."""


def upgrade() -> None:
    if op.get_bind().dialect.name != "sqlite":
        return
    _rebuild({"sqlite_autoincrement": True})
    for kind, table in TOLD_OF.items():
        _count_on(table, "SELECT max(subject_id) FROM lms_audit_events WHERE subject_kind = :name", kind)
    for table in TABLES:
        _count_on(table, "SELECT max(row_id) FROM lms_merge_moves WHERE table_name = :name", table)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _rebuild({})


def _rebuild(options: dict[str, bool]) -> None:
    for table in TABLES:
        # What is nowhere to be read off a table, AUTOINCREMENT is said anew each time: left out, it is gone.
        with op.batch_alter_table(table, recreate="always", table_kwargs=options):
            pass


def _count_on(table: str, highest: str, name: str) -> None:
    """The next number of a table lies above the highest one that was told of."""
    found = op.get_bind().execute(sa.text(highest), {"name": name}).scalar()
    if found is None:
        return
    values = {"name": table, "seq": found}
    op.get_bind().execute(
        sa.text(
            "INSERT INTO sqlite_sequence (name, seq)"
            " SELECT :name, 0 WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = :name)"
        ),
        values,
    )
    op.get_bind().execute(
        sa.text("UPDATE sqlite_sequence SET seq = :seq WHERE name = :name AND seq < :seq"),
        values,
    )
