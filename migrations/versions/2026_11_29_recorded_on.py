"""When a place was told of here: days of an assignment count from then, not from an old hire date in a list."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_recorded"
down_revision = "20261129_once"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lms_memberships", sa.Column("recorded_on", sa.Date(), nullable=True))


def downgrade() -> None:
    # SQLite copies the table for it, and no number may be given twice in the copy either.
    with op.batch_alter_table("lms_memberships", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_column("recorded_on")
