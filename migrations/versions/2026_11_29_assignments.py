"""Assignments: courses and certifications for people, disciplines and agencies, with extensions, waivers and requests;
and which mails a person wants."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_assign"
down_revision = "20261129_audit_chain"
branch_labels = None
depends_on = None

# Frozen: what `lms.wall.policies` said on the day of this migration.
STATEMENTS = (
    """ALTER TABLE lms_assigned_people ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_assigned_people_wall ON lms_assigned_people USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))))""",
    """ALTER TABLE lms_assignment_exceptions ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_assignment_exceptions_wall ON lms_assignment_exceptions USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))))""",
    """ALTER TABLE lms_extension_requests ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_extension_requests_wall ON lms_extension_requests USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))))""",
    """ALTER TABLE lms_notice_preferences ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_notice_preferences_wall ON lms_notice_preferences USING ((SELECT current_setting('lms.mode', true) = 'system') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint))""",
)


def upgrade() -> None:
    op.create_table(
        "lms_assignments",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("course_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("certification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("audience", sa.String(length=16), nullable=False),
        sa.Column("discipline", sa.String(length=32), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("due_days", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("revision", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(audience = 'discipline') = (discipline IS NOT NULL)", name=op.f("ck_lms_assignments_discipline_is_named")
        ),
        sa.CheckConstraint(
            "audience IN ('everybody', 'discipline', 'people')", name=op.f("ck_lms_assignments_audience_is_known")
        ),
        sa.CheckConstraint(
            "discipline IS NULL OR discipline IN ('schools', 'healthcare', 'law-enforcement', 'victim-services', 'child-welfare', 'juvenile-justice', 'prosecution', 'behavioral-health', 'housing', 'emergency-services', 'other')",
            name=op.f("ck_lms_assignments_discipline_is_known"),
        ),
        sa.CheckConstraint(
            "(course_id IS NULL) <> (certification_id IS NULL)", name=op.f("ck_lms_assignments_one_thing_is_assigned")
        ),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_reason IS NULL) AND (ended_at IS NOT NULL OR ended_by_id IS NULL)",
            name=op.f("ck_lms_assignments_ended_with_a_reason"),
        ),
        sa.CheckConstraint("due_days BETWEEN 1 AND 3650", name=op.f("ck_lms_assignments_days_are_sensible")),
        sa.CheckConstraint(
            "due_on IS NULL OR due_on >= starts_on", name=op.f("ck_lms_assignments_due_after_it_starts")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_assignments_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["certification_id"],
            ["lms_certifications.id"],
            name="fk_lms_assignments_certification_id",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["lms_courses.id"], name=op.f("fk_lms_assignments_course_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"], ["lms_users.id"], name=op.f("fk_lms_assignments_ended_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"], ["lms_users.id"], name=op.f("fk_lms_assignments_made_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_assignments")),
    )
    with op.batch_alter_table("lms_assignments", schema=None) as batch_op:
        batch_op.create_index("ix_lms_assignments_agency_id", ["agency_id"], unique=False)
        batch_op.create_index("ix_lms_assignments_certification_id", ["certification_id"], unique=False)
        batch_op.create_index("ix_lms_assignments_course_id", ["course_id"], unique=False)

    op.create_table(
        "lms_notice_preferences",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wants_first_reminder", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(length=16), nullable=False),
        sa.Column("digest_agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint("digest IN ('weekly', 'none')", name=op.f("ck_lms_notice_preferences_digest_is_known")),
        sa.ForeignKeyConstraint(
            ["digest_agency_id"],
            ["lms_agencies.id"],
            name=op.f("fk_lms_notice_preferences_digest_agency_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name=op.f("fk_lms_notice_preferences_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_notice_preferences")),
        sa.UniqueConstraint("user_id", name=op.f("uq_lms_notice_preferences_user_id")),
    )
    op.create_table(
        "lms_assigned_people",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("assignment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("added_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["lms_assignments.id"],
            name=op.f("fk_lms_assigned_people_assignment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name=op.f("fk_lms_assigned_people_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_assigned_people")),
        sa.UniqueConstraint("assignment_id", "user_id", name=op.f("uq_lms_assigned_people_assignment_id_user_id")),
    )
    with op.batch_alter_table("lms_assigned_people", schema=None) as batch_op:
        batch_op.create_index("ix_lms_assigned_people_user_id", ["user_id"], unique=False)

    op.create_table(
        "lms_assignment_exceptions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("assignment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("ended_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind <> 'extension' OR until_on IS NOT NULL", name=op.f("ck_lms_assignment_exceptions_extension_has_a_day")
        ),
        sa.CheckConstraint("kind IN ('extension', 'waiver')", name=op.f("ck_lms_assignment_exceptions_kind_is_known")),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_reason IS NULL)", name=op.f("ck_lms_assignment_exceptions_ended_with_a_reason")
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["lms_assignments.id"],
            name=op.f("fk_lms_assignment_exceptions_assignment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["ended_by_id"],
            ["lms_users.id"],
            name=op.f("fk_lms_assignment_exceptions_ended_by_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["given_by_id"],
            ["lms_users.id"],
            name=op.f("fk_lms_assignment_exceptions_given_by_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name=op.f("fk_lms_assignment_exceptions_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_assignment_exceptions")),
    )
    with op.batch_alter_table("lms_assignment_exceptions", schema=None) as batch_op:
        batch_op.create_index("ix_lms_assignment_exceptions_user_id", ["user_id"], unique=False)
        batch_op.create_index(
            "uq_lms_assignment_exceptions_current",
            ["assignment_id", "user_id", "kind"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.create_table(
        "lms_extension_requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("assignment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("wished_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_granted", sa.Boolean(), nullable=True),
        sa.Column("decided_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (is_granted IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name=op.f("ck_lms_extension_requests_decided_by_somebody"),
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["lms_assignments.id"],
            name=op.f("fk_lms_extension_requests_assignment_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["lms_users.id"],
            name=op.f("fk_lms_extension_requests_decided_by_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name=op.f("fk_lms_extension_requests_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_extension_requests")),
    )
    with op.batch_alter_table("lms_extension_requests", schema=None) as batch_op:
        batch_op.create_index("ix_lms_extension_requests_user_id", ["user_id"], unique=False)
        batch_op.create_index(
            "uq_lms_extension_requests_open",
            ["assignment_id", "user_id"],
            unique=True,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )
    if op.get_bind().dialect.name == "postgresql":
        for statement in STATEMENTS:
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_table("lms_extension_requests")
    op.drop_table("lms_assignment_exceptions")
    op.drop_table("lms_assigned_people")
    op.drop_table("lms_notice_preferences")
    op.drop_table("lms_assignments")
