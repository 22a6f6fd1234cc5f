"""An enrollment may go on from an earlier one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_renewals"
down_revision = "20261125_certs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("lms_enrollments", schema=None) as batch_op:
        batch_op.add_column(sa.Column("renews_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
        batch_op.create_index(batch_op.f("ix_lms_enrollments_renews_id"), ["renews_id"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_lms_enrollments_renews_id"), "lms_enrollments", ["renews_id"], ["id"], ondelete="RESTRICT"
        )


def downgrade() -> None:
    with op.batch_alter_table("lms_enrollments", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_lms_enrollments_renews_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_lms_enrollments_renews_id"))
        batch_op.drop_column("renews_id")
