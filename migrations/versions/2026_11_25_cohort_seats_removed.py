"""Seats of a team can be removed: the row stays, with the moment."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125a"
down_revision = "20261125_renewals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lms_seats", sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("lms_seats", "removed_at")
