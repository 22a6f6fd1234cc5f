"""After-action reports of teams: the report, what members gave to it, and the list of actions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_team_reports"
down_revision = "20261130_stories"
branch_labels = None
depends_on = None

# Frozen: what `lms.wall.policies` said on the day of this migration.
STATEMENTS = (
    """ALTER TABLE lms_team_reports ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_team_reports_wall ON lms_team_reports USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.teams', true) = '*') OR cohort_id IN (SELECT unnest((SELECT lms_wall_teams()))))""",
    """ALTER TABLE lms_team_actions ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_team_actions_wall ON lms_team_actions USING ((SELECT current_setting('lms.mode', true) = 'system') OR (SELECT true FROM lms_team_reports parent WHERE parent.id = report_id))""",
    """ALTER TABLE lms_given_parts ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_given_parts_wall ON lms_given_parts USING ((SELECT current_setting('lms.mode', true) = 'system') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint))""",
)


def big() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def leads_to(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=op.f(f"fk_{table}_{column}"), ondelete="RESTRICT")


def upgrade() -> None:
    op.create_table(
        "lms_team_reports",
        sa.Column("id", big(), nullable=False),
        sa.Column("cohort_id", big(), nullable=False),
        sa.Column("number", big(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by_id", big(), nullable=True),
        leads_to("lms_team_reports", "cohort_id", "lms_cohorts"),
        leads_to("lms_team_reports", "closed_by_id", "lms_users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_team_reports")),
        sa.UniqueConstraint("cohort_id", "number", name=op.f("uq_lms_team_reports_cohort_id_number")),
        sa.CheckConstraint(
            "(closed_at IS NULL) = (closed_by_id IS NULL)", name=op.f("ck_lms_team_reports_closed_by_somebody")
        ),
    )
    op.create_index(op.f("ix_lms_team_reports_closed_by_id"), "lms_team_reports", ["closed_by_id"])
    op.create_index(
        "uq_lms_team_reports_open",
        "lms_team_reports",
        ["cohort_id"],
        unique=True,
        sqlite_where=sa.text("closed_at IS NULL"),
        postgresql_where=sa.text("closed_at IS NULL"),
    )
    op.create_table(
        "lms_given_parts",
        sa.Column("id", big(), nullable=False),
        sa.Column("report_id", big(), nullable=False),
        sa.Column("user_id", big(), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("module_id", sa.String(length=40), nullable=False),
        sa.Column("team", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("answers", sa.JSON(), nullable=False),
        sa.Column("receipt", sa.String(length=24), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("former_given_at", sa.DateTime(timezone=True), nullable=True),
        leads_to("lms_given_parts", "report_id", "lms_team_reports"),
        leads_to("lms_given_parts", "user_id", "lms_users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_given_parts")),
        sa.UniqueConstraint("receipt", name=op.f("uq_lms_given_parts_receipt")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_lms_given_parts_report_id", "lms_given_parts", ["report_id"])
    op.create_index(op.f("ix_lms_given_parts_user_id"), "lms_given_parts", ["user_id"])
    op.create_table(
        "lms_team_actions",
        sa.Column("id", big(), nullable=False),
        sa.Column("report_id", big(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("owner", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("part_id", big(), nullable=True),
        sa.Column("question_id", sa.String(length=80), nullable=True),
        sa.Column("made_by_id", big(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        leads_to("lms_team_actions", "report_id", "lms_team_reports"),
        leads_to("lms_team_actions", "made_by_id", "lms_users"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_team_actions")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_lms_team_actions_report_id", "lms_team_actions", ["report_id"])
    op.create_index(op.f("ix_lms_team_actions_made_by_id"), "lms_team_actions", ["made_by_id"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in STATEMENTS:
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_table("lms_team_actions")
    op.drop_table("lms_given_parts")
    op.drop_table("lms_team_reports")
