"""Ways through practice stories that people gave to their team's debrief."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_stories"
down_revision = "20261129_refreshers"
branch_labels = None
depends_on = None

# Frozen: what `lms.wall.policies` said on the day of this migration.
STATEMENTS = (
    """ALTER TABLE lms_story_plays ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_story_plays_wall ON lms_story_plays USING ((SELECT current_setting('lms.mode', true) = 'system') OR (SELECT true FROM lms_enrollments own WHERE own.id = enrollment_id AND own.user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint)))""",
)


def upgrade() -> None:
    op.create_table(
        "lms_story_plays",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("enrollment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("module_id", sa.String(length=40), nullable=False),
        sa.Column("scenario_id", sa.String(length=80), nullable=False),
        sa.Column("steps", sa.JSON(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["enrollment_id"],
            ["lms_enrollments.id"],
            name=op.f("fk_lms_story_plays_enrollment_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_story_plays")),
        sa.UniqueConstraint(
            "enrollment_id",
            "module_id",
            "scenario_id",
            name=op.f("uq_lms_story_plays_enrollment_id_module_id_scenario_id"),
        ),
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in STATEMENTS:
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_table("lms_story_plays")
