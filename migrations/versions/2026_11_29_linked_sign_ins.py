"""Sign-ins at providers: what the person is called there, and when it was last used."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_linked"
down_revision = "20261129_person_ways"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lms_external_identities", sa.Column("known_as", sa.String(length=320), nullable=True))
    op.add_column("lms_external_identities", sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("lms_external_identities", schema=None) as batch_op:
        batch_op.drop_column("last_used_at")
        batch_op.drop_column("known_as")
