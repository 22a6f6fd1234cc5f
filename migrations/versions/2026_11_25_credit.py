"""Licenses, credit bodies, approvals, credit lines and mandates; credit of training done elsewhere; ORI of agencies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_credit"
down_revision = "20261125_reminders"
branch_labels = None
depends_on = None

# Frozen: what `lms.wall.policies` said on the day of this migration (PostgreSQL; SQLite has no wall).
WALL = {
    "lms_licenses": """(SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR user_id IN (SELECT unnest((SELECT lms_wall_people())))""",
    "lms_credit_lines": """(SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT true FROM lms_certificates parent WHERE parent.id = certificate_id)""",
}


def upgrade() -> None:
    op.create_table(
        "lms_credit_bodies",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_credit_bodies")),
        sa.UniqueConstraint("slug", name=op.f("uq_lms_credit_bodies_slug")),
    )
    op.create_table(
        "lms_mandates",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_mandates")),
        sa.UniqueConstraint("slug", name=op.f("uq_lms_mandates_slug")),
    )
    with op.batch_alter_table("lms_mandates", schema=None) as batch_op:
        batch_op.create_index("ix_lms_mandates_state", ["state"], unique=False)

    op.create_table(
        "lms_credit_approvals",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("body_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("course_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("approval_number", sa.String(length=100), nullable=False),
        sa.Column("provider_number", sa.String(length=100), nullable=False),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("entered_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until >= valid_from",
            name=op.f("ck_lms_credit_approvals_ends_after_it_begins"),
        ),
        sa.ForeignKeyConstraint(
            ["body_id"], ["lms_credit_bodies.id"], name=op.f("fk_lms_credit_approvals_body_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["course_id"], ["lms_courses.id"], name=op.f("fk_lms_credit_approvals_course_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["lms_users.id"], name=op.f("fk_lms_credit_approvals_entered_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_credit_approvals")),
    )
    with op.batch_alter_table("lms_credit_approvals", schema=None) as batch_op:
        batch_op.create_index("ix_lms_credit_approvals_body_id", ["body_id"], unique=False)
        batch_op.create_index("ix_lms_credit_approvals_course_id", ["course_id"], unique=False)

    op.create_table(
        "lms_licenses",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("board", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=2), nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("is_printed", sa.Boolean(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("ended_at IS NULL OR NOT is_printed", name=op.f("ck_lms_licenses_ended_is_not_printed")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name=op.f("fk_lms_licenses_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_licenses")),
    )
    with op.batch_alter_table("lms_licenses", schema=None) as batch_op:
        batch_op.create_index(
            "uq_lms_licenses_current",
            ["user_id", "board", "state", "number"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index(
            "uq_lms_licenses_printed",
            ["user_id"],
            unique=True,
            sqlite_where=sa.text("is_printed"),
            postgresql_where=sa.text("is_printed"),
        )

    op.create_table(
        "lms_approved_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("approval_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=True),
        sa.Column("minutes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_lms_approved_lines_minutes_are_positive")),
        sa.ForeignKeyConstraint(
            ["approval_id"],
            ["lms_credit_approvals.id"],
            name=op.f("fk_lms_approved_lines_approval_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_approved_lines")),
        sa.UniqueConstraint("approval_id", "category", name=op.f("uq_lms_approved_lines_approval_id_category")),
    )
    op.create_table(
        "lms_credit_lines",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("certificate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("approval_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("license_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("body", sa.String(length=64), nullable=False),
        sa.Column("type", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=True),
        sa.Column("minutes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("hours", sa.String(length=12), nullable=False),
        sa.Column("approval_number", sa.String(length=100), nullable=False),
        sa.CheckConstraint("minutes > 0", name=op.f("ck_lms_credit_lines_minutes_are_positive")),
        sa.ForeignKeyConstraint(
            ["approval_id"],
            ["lms_credit_approvals.id"],
            name=op.f("fk_lms_credit_lines_approval_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["lms_certificates.id"],
            name=op.f("fk_lms_credit_lines_certificate_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["license_id"], ["lms_licenses.id"], name=op.f("fk_lms_credit_lines_license_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_credit_lines")),
        sa.UniqueConstraint(
            "certificate_id",
            "approval_id",
            "category",
            name=op.f("uq_lms_credit_lines_certificate_id_approval_id_category"),
        ),
    )
    with op.batch_alter_table("lms_credit_lines", schema=None) as batch_op:
        batch_op.create_index("ix_lms_credit_lines_approval_id", ["approval_id"], unique=False)
        batch_op.create_index("ix_lms_credit_lines_license_id", ["license_id"], unique=False)

    with op.batch_alter_table("lms_agencies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("ori", sa.String(length=16), nullable=True))

    with op.batch_alter_table("lms_external_trainings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("credit_body", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("credit_category", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("credit_topic", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("credit_provider_number", sa.String(length=64), nullable=True))
        batch_op.create_check_constraint(
            op.f("ck_lms_external_trainings_credit_has_a_body"),
            "credit_body IS NOT NULL OR (credit_category IS NULL AND credit_topic IS NULL"
            " AND credit_provider_number IS NULL)",
        )

    if op.get_bind().dialect.name == "postgresql":
        for table, condition in WALL.items():
            op.get_bind().exec_driver_sql(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.get_bind().exec_driver_sql(f"CREATE POLICY {table}_wall ON {table} USING ({condition})")


def downgrade() -> None:
    with op.batch_alter_table("lms_external_trainings", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_lms_external_trainings_credit_has_a_body"), type_="check")
        batch_op.drop_column("credit_provider_number")
        batch_op.drop_column("credit_topic")
        batch_op.drop_column("credit_category")
        batch_op.drop_column("credit_body")

    with op.batch_alter_table("lms_agencies", schema=None) as batch_op:
        batch_op.drop_column("ori")

    with op.batch_alter_table("lms_credit_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_credit_lines_license_id")
        batch_op.drop_index("ix_lms_credit_lines_approval_id")

    op.drop_table("lms_credit_lines")
    op.drop_table("lms_approved_lines")
    with op.batch_alter_table("lms_licenses", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_lms_licenses_printed", sqlite_where=sa.text("is_printed"), postgresql_where=sa.text("is_printed")
        )
        batch_op.drop_index(
            "uq_lms_licenses_current",
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )

    op.drop_table("lms_licenses")
    with op.batch_alter_table("lms_credit_approvals", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_credit_approvals_course_id")
        batch_op.drop_index("ix_lms_credit_approvals_body_id")

    op.drop_table("lms_credit_approvals")
    with op.batch_alter_table("lms_mandates", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_mandates_state")

    op.drop_table("lms_mandates")
    op.drop_table("lms_credit_bodies")
