"""Long work with progress, and signing keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_batches"
down_revision = "20261124_first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lms_signing_keys",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("public_text", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_signing_keys")),
        sa.UniqueConstraint("kid", name=op.f("uq_lms_signing_keys_kid")),
    )
    with op.batch_alter_table("lms_signing_keys", schema=None) as batch_op:
        batch_op.create_index(
            "uq_lms_signing_keys_in_use",
            ["purpose"],
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )

    op.create_table(
        "lms_batches",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("asked_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("params", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cause", sa.Text(), nullable=True),
        sa.Column("total", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("done", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("left_out", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("pieces", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("cursor", sa.JSON(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.CheckConstraint("(failed_at IS NULL) = (cause IS NULL)", name=op.f("ck_lms_batches_failed_with_a_cause")),
        sa.CheckConstraint(
            "done >= 0 AND left_out >= 0 AND pieces >= 0", name=op.f("ck_lms_batches_counts_are_not_negative")
        ),
        sa.ForeignKeyConstraint(
            ["asked_by_id"], ["lms_users.id"], name=op.f("fk_lms_batches_asked_by_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_batches")),
    )
    with op.batch_alter_table("lms_batches", schema=None) as batch_op:
        batch_op.create_index("ix_lms_batches_asked_by_id", ["asked_by_id", "id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("lms_batches", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_batches_asked_by_id")

    op.drop_table("lms_batches")
    with op.batch_alter_table("lms_signing_keys", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_lms_signing_keys_in_use",
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )

    op.drop_table("lms_signing_keys")
