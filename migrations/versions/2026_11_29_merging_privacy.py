"""Accounts put together, erasure, and the policies that people accepted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_merging"
down_revision = "20261129_factors"
branch_labels = None
depends_on = None

SIGNED = "named_token IS NOT NULL OR nameless_token IS NOT NULL"
SIGNED_OR_ERASED = f"{SIGNED} OR erased_at IS NOT NULL"

# Frozen: what `lms.wall.policies` said of these tables on the day of this migration.
WALL = (
    """ALTER TABLE lms_merges ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_merges_wall ON lms_merges USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR kept_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR kept_id IN (SELECT unnest((SELECT lms_wall_people()))))""",
    """ALTER TABLE lms_merge_moves ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_merge_moves_wall ON lms_merge_moves USING ((SELECT current_setting('lms.mode', true) = 'system'))""",
    """ALTER TABLE lms_erasures ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_erasures_wall ON lms_erasures USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR user_id IN (SELECT unnest((SELECT lms_wall_people()))))""",
    """ALTER TABLE lms_policy_acceptances ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_policy_acceptances_wall ON lms_policy_acceptances USING ((SELECT current_setting('lms.mode', true) = 'system') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint))""",
)

OWN = (
    ("fk_lms_certificates_own_evidence", "lms_certificates", "evidence_certificate_id"),
    ("fk_lms_certificates_own_training", "lms_external_trainings", "evidence_training_id"),
)


def upgrade() -> None:
    op.create_table(
        "lms_erasures",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_reason", sa.Text(), nullable=True),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("kept_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(state = 'done') = (done_at IS NOT NULL)", name=op.f("ck_lms_erasures_done_at_a_moment")),
        sa.CheckConstraint(
            "(state = 'stopped') = (stopped_at IS NOT NULL)", name=op.f("ck_lms_erasures_stopped_at_a_moment")
        ),
        sa.CheckConstraint(
            "state <> 'refused' OR decided_reason IS NOT NULL", name=op.f("ck_lms_erasures_refused_with_a_reason")
        ),
        sa.CheckConstraint(
            "state IN ('asked', 'approved', 'refused', 'stopped', 'done')", name=op.f("ck_lms_erasures_state_is_known")
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'done') OR due_at IS NOT NULL", name=op.f("ck_lms_erasures_approved_has_a_day")
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'refused', 'done') OR (decided_at IS NOT NULL AND decided_by_id IS NOT NULL)",
            name=op.f("ck_lms_erasures_decided_by_somebody"),
        ),
        sa.CheckConstraint(
            "finished_at IS NULL OR done_at IS NOT NULL", name=op.f("ck_lms_erasures_finished_after_it_was_done")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["lms_users.id"], name=op.f("fk_lms_erasures_decided_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["stopped_by_id"], ["lms_users.id"], name=op.f("fk_lms_erasures_stopped_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name=op.f("fk_lms_erasures_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_erasures")),
    )
    with op.batch_alter_table("lms_erasures", schema=None) as batch_op:
        batch_op.create_index("ix_lms_erasures_state", ["state", "due_at"], unique=False)
        batch_op.create_index(
            "uq_lms_erasures_open",
            ["user_id"],
            unique=True,
            sqlite_where=sa.text("state IN ('asked', 'approved', 'done')"),
            postgresql_where=sa.text("state IN ('asked', 'approved', 'done')"),
        )

    op.create_table(
        "lms_merges",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kept_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("gone_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("merged_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("undo_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("undone_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_lms_merges_has_a_reason")),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone_by_id IS NULL) AND (undone_at IS NULL) = (undone_reason IS NULL)",
            name=op.f("ck_lms_merges_undone_with_a_reason"),
        ),
        sa.CheckConstraint("kept_id <> gone_id", name=op.f("ck_lms_merges_of_two_accounts")),
        sa.ForeignKeyConstraint(["gone_id"], ["lms_users.id"], name=op.f("fk_lms_merges_gone_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["kept_id"], ["lms_users.id"], name=op.f("fk_lms_merges_kept_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["merged_by_id"], ["lms_users.id"], name=op.f("fk_lms_merges_merged_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["undone_by_id"], ["lms_users.id"], name=op.f("fk_lms_merges_undone_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_merges")),
    )
    with op.batch_alter_table("lms_merges", schema=None) as batch_op:
        batch_op.create_index("ix_lms_merges_kept_id", ["kept_id"], unique=False)
        batch_op.create_index(
            "uq_lms_merges_standing",
            ["gone_id"],
            unique=True,
            sqlite_where=sa.text("undone_at IS NULL"),
            postgresql_where=sa.text("undone_at IS NULL"),
        )

    op.create_table(
        "lms_policy_acceptances",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("policy", sa.String(length=16), nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_by_itself", sa.Boolean(), nullable=False),
        sa.CheckConstraint("policy IN ('terms', 'privacy')", name=op.f("ck_lms_policy_acceptances_policy_is_known")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name=op.f("fk_lms_policy_acceptances_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_policy_acceptances")),
        sa.UniqueConstraint(
            "user_id", "policy", "version", name=op.f("uq_lms_policy_acceptances_user_id_policy_version")
        ),
    )
    op.create_table(
        "lms_merge_moves",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("merge_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("table_name", sa.String(length=64), nullable=False),
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("column_name", sa.String(length=64), nullable=False),
        sa.Column("before", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("after", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["merge_id"], ["lms_merges.id"], name=op.f("fk_lms_merge_moves_merge_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_merge_moves")),
    )
    with op.batch_alter_table("lms_merge_moves", schema=None) as batch_op:
        batch_op.create_index("ix_lms_merge_moves_merge_id", ["merge_id", "id"], unique=False)

    with op.batch_alter_table("lms_badges", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column(
            "certificate_id", existing_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
        )
        batch_op.drop_constraint(batch_op.f("ck_lms_badges_is_signed"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_lms_badges_is_signed"), SIGNED_OR_ERASED)
        batch_op.create_check_constraint(
            batch_op.f("ck_lms_badges_is_of_a_certificate"), "certificate_id IS NOT NULL OR erased_at IS NOT NULL"
        )

    with op.batch_alter_table("lms_certificates", schema=None) as batch_op:
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.drop_constraint(batch_op.f("fk_lms_certificates_own_evidence"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_lms_certificates_own_training"), type_="foreignkey")
        batch_op.create_foreign_key(
            "fk_lms_certificates_own_training",
            "lms_external_trainings",
            ["evidence_training_id", "user_id"],
            ["id", "user_id"],
            ondelete="RESTRICT",
            initially="IMMEDIATE",
            deferrable=True,
        )
        batch_op.create_foreign_key(
            "fk_lms_certificates_own_evidence",
            "lms_certificates",
            ["evidence_certificate_id", "user_id"],
            ["id", "user_id"],
            ondelete="RESTRICT",
            initially="IMMEDIATE",
            deferrable=True,
        )

    with op.batch_alter_table("lms_users", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("merged_into_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index(batch_op.f("ix_lms_users_merged_into_id"), ["merged_into_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_lms_users_merged_into_id"), "lms_users", ["merged_into_id"], ["id"], ondelete="RESTRICT"
        )

    if op.get_bind().dialect.name == "postgresql":
        for statement in WALL:
            op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("lms_users", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_lms_users_merged_into_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_lms_users_merged_into_id"))
        batch_op.drop_column("erased_at")
        batch_op.drop_column("merged_into_id")
    with op.batch_alter_table("lms_certificates", schema=None) as batch_op:
        for name, table, column in OWN:
            batch_op.drop_constraint(name, type_="foreignkey")
            batch_op.create_foreign_key(name, table, [column, "user_id"], ["id", "user_id"], ondelete="RESTRICT")
        batch_op.drop_column("erased_at")
    op.execute("DELETE FROM lms_badges WHERE certificate_id IS NULL")
    op.execute("UPDATE lms_badges SET nameless_token = '' WHERE named_token IS NULL AND nameless_token IS NULL")
    with op.batch_alter_table("lms_badges", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_lms_badges_is_of_a_certificate"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_lms_badges_is_signed"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_lms_badges_is_signed"), SIGNED)
        batch_op.alter_column(
            "certificate_id", existing_type=sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        )
        batch_op.drop_column("erased_at")
    for table in ("lms_merge_moves", "lms_merges", "lms_policy_acceptances", "lms_erasures"):
        op.drop_table(table)
