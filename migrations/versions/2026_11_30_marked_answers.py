"""Written answers that a trainer marks: which attempts wait, and what was found in each answer."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_marked"
down_revision = "20261130_person_keys"
branch_labels = None
depends_on = None

# Frozen: what `lms.wall.policies` said on the day of this migration.
STATEMENTS = (
    """ALTER TABLE lms_marked_answers ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_marked_answers_wall ON lms_marked_answers USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT true FROM lms_attempts parent WHERE parent.id = attempt_id))""",
)


def upgrade() -> None:
    op.add_column("lms_attempts", sa.Column("awaits_marking", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("lms_attempts", sa.Column("marked_at", sa.DateTime(timezone=True), nullable=True))
    # Submitted, somebody has to pass, and nobody has said so: until now only a written answer left it at that.
    op.execute(
        "UPDATE lms_attempts SET awaits_marking = true"
        " WHERE submitted_at IS NOT NULL AND pass_mark IS NOT NULL AND passed IS NULL"
    )
    op.create_index(
        "ix_lms_attempts_awaiting",
        "lms_attempts",
        ["id"],
        sqlite_where=sa.text("awaits_marking"),
        postgresql_where=sa.text("awaits_marking"),
    )
    op.create_table(
        "lms_marked_answers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("attempt_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("question_id", sa.String(length=80), nullable=False),
        sa.Column("met", sa.JSON(), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("marked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("marked_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["attempt_id"], ["lms_attempts.id"], name=op.f("fk_lms_marked_answers_attempt_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["marked_by_id"], ["lms_users.id"], name=op.f("fk_lms_marked_answers_marked_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_marked_answers")),
        sa.UniqueConstraint("attempt_id", "question_id", name=op.f("uq_lms_marked_answers_attempt_id_question_id")),
    )
    op.create_index("ix_lms_marked_answers_marked_by_id", "lms_marked_answers", ["marked_by_id"])
    if op.get_bind().dialect.name == "postgresql":
        for statement in STATEMENTS:
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_table("lms_marked_answers")
    op.drop_index("ix_lms_attempts_awaiting", table_name="lms_attempts")
    with op.batch_alter_table("lms_attempts", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_column("marked_at")
        batch_op.drop_column("awaits_marking")
