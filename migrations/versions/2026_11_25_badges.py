"""Badges: signed credentials as they were issued, each with its place in a status list, and their achievements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_badges"
down_revision = "20261125_designs"
branch_labels = None
depends_on = None


# Frozen: what `lms.wall.policies` said on the day of this migration.
STATEMENTS = (
    """ALTER TABLE lms_badges ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_badges_wall ON lms_badges USING ((SELECT current_setting('lms.mode', true) = 'verification') OR (SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT true FROM lms_certificates parent WHERE parent.id = certificate_id))""",
)


def upgrade() -> None:
    op.create_table(
        "lms_badge_achievements",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=96), nullable=False),
        sa.Column("definition", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_badge_achievements")),
        sa.UniqueConstraint("key", name=op.f("uq_lms_badge_achievements_key")),
    )
    op.create_table(
        "lms_badges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("certificate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("subject_id", sa.String(length=45), nullable=False),
        sa.Column("status_list", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status_index", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("named_token", sa.Text(), nullable=True),
        sa.Column("nameless_token", sa.Text(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "named_token IS NOT NULL OR nameless_token IS NOT NULL", name=op.f("ck_lms_badges_is_signed")
        ),
        sa.CheckConstraint(
            "status_index >= 0 AND status_index < 131072", name=op.f("ck_lms_badges_index_is_in_its_list")
        ),
        sa.CheckConstraint("status_list >= 1", name=op.f("ck_lms_badges_list_is_numbered")),
        sa.ForeignKeyConstraint(
            ["certificate_id"], ["lms_certificates.id"], name=op.f("fk_lms_badges_certificate_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_badges")),
        sa.UniqueConstraint("certificate_id", name=op.f("uq_lms_badges_certificate_id")),
        sa.UniqueConstraint("status_list", "status_index", name=op.f("uq_lms_badges_status_list_status_index")),
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in STATEMENTS:
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_table("lms_badges")
    op.drop_table("lms_badge_achievements")
