"""Changes to awards with their undo, and training records copied from paper in one go."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_changes"
down_revision = "20261125_badges"
branch_labels = None
depends_on = None

# Frozen: what `lms.wall.policies` said of these tables on the day of this migration.
WALL = (
    """ALTER TABLE lms_certificate_changes ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_certificate_changes_wall ON lms_certificate_changes USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT true FROM lms_certificates parent WHERE parent.id = certificate_id))""",
    """ALTER TABLE lms_training_entries ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_training_entries_wall ON lms_training_entries USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR entered_by_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint))""",
)


def upgrade() -> None:
    op.create_table(
        "lms_training_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entered_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("records", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("undo_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by_id IS NULL) AND (undone_at IS NULL) = (undone_reason IS NULL)",
            name=op.f("ck_lms_training_entries_undone_with_a_reason"),
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"], ["lms_users.id"], name=op.f("fk_lms_training_entries_entered_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_id"], ["lms_users.id"], name=op.f("fk_lms_training_entries_undone_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_training_entries")),
    )
    with op.batch_alter_table("lms_training_entries", schema=None) as batch_op:
        batch_op.create_index("ix_lms_training_entries_entered_by_id", ["entered_by_id", "id"], unique=False)

    op.create_table(
        "lms_certificate_changes",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("certificate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("actor_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_reason", sa.Text(), nullable=True),
        sa.Column("undo_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.Column("new_certificate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(state = 'undone') = (undone_at IS NOT NULL) AND (undone_at IS NULL) = (undone_by_id IS NULL) AND (undone_at IS NULL) = (undone_reason IS NULL)",
            name=op.f("ck_lms_certificate_changes_undone_with_a_reason"),
        ),
        sa.CheckConstraint(
            "(state IN ('done', 'undone')) = (undo_until IS NOT NULL)",
            name=op.f("ck_lms_certificate_changes_done_can_be_undone"),
        ),
        sa.CheckConstraint(
            "kind = 'revoke' OR state NOT IN ('done', 'undone') OR new_certificate_id IS NOT NULL",
            name=op.f("ck_lms_certificate_changes_replaced_by_a_new_one"),
        ),
        sa.CheckConstraint(
            "kind IN ('revoke', 'reissue', 'rename', 'extend')", name=op.f("ck_lms_certificate_changes_kind_is_known")
        ),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_lms_certificate_changes_has_a_reason")),
        sa.CheckConstraint(
            "state <> 'refused' OR decided_reason IS NOT NULL",
            name=op.f("ck_lms_certificate_changes_refused_with_a_reason"),
        ),
        sa.CheckConstraint(
            "state IN ('waiting', 'done', 'refused', 'undone')", name=op.f("ck_lms_certificate_changes_state_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["lms_users.id"], name=op.f("fk_lms_certificate_changes_actor_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["lms_certificates.id"],
            name=op.f("fk_lms_certificate_changes_certificate_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["lms_users.id"],
            name=op.f("fk_lms_certificate_changes_decided_by_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["new_certificate_id"],
            ["lms_certificates.id"],
            name=op.f("fk_lms_certificate_changes_new_certificate_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_id"],
            ["lms_users.id"],
            name=op.f("fk_lms_certificate_changes_undone_by_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_certificate_changes")),
    )
    with op.batch_alter_table("lms_certificate_changes", schema=None) as batch_op:
        batch_op.create_index("ix_lms_certificate_changes_certificate_id", ["certificate_id"], unique=False)
        batch_op.create_index("ix_lms_certificate_changes_new_certificate_id", ["new_certificate_id"], unique=False)
        batch_op.create_index(
            "uq_lms_certificate_changes_waiting",
            ["certificate_id"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    with op.batch_alter_table("lms_external_trainings", schema=None) as batch_op:
        batch_op.add_column(sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.create_index("ix_lms_external_trainings_entry_id", ["entry_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_lms_external_trainings_entry_id"),
            "lms_training_entries",
            ["entry_id"],
            ["id"],
            ondelete="RESTRICT",
        )

    if op.get_bind().dialect.name == "postgresql":
        for statement in WALL:
            op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("lms_external_trainings", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_lms_external_trainings_entry_id"), type_="foreignkey")
        batch_op.drop_index("ix_lms_external_trainings_entry_id")
        batch_op.drop_column("entry_id")

    with op.batch_alter_table("lms_certificate_changes", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_lms_certificate_changes_waiting",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index("ix_lms_certificate_changes_new_certificate_id")
        batch_op.drop_index("ix_lms_certificate_changes_certificate_id")

    op.drop_table("lms_certificate_changes")
    with op.batch_alter_table("lms_training_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_training_entries_entered_by_id")

    op.drop_table("lms_training_entries")
