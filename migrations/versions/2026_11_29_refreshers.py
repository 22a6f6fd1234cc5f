"""A person may do without the mail that says that a refresher is open."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_refreshers"
down_revision = "20261129_place_moment"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("lms_notice_preferences", schema=None) as batch_op:
        batch_op.add_column(sa.Column("wants_refreshers", sa.Boolean(), server_default=sa.true(), nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("lms_notice_preferences", schema=None) as batch_op:
        batch_op.drop_column("wants_refreshers")
