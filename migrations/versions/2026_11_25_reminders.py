"""A person may do without the early reminders."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_reminders"
down_revision = "20261125c"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("lms_users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wants_early_reminders", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("lms_users", schema=None) as batch_op:
        batch_op.drop_column("wants_early_reminders")
