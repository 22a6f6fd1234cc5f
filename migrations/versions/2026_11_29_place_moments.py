"""The moment at which a place began, so that what was earned earlier on that day stays its holder's own; and of policies,
an acceptance for each text instead of each version."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_place_moment"
down_revision = "20261129_recorded"
branch_labels = None
depends_on = None

BY_VERSION = "uq_lms_policy_acceptances_user_id_policy_version"
BY_TEXT = "uq_lms_policy_acceptances_user_id_policy_version_text_hash"


def upgrade() -> None:
    op.add_column("lms_memberships", sa.Column("began_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("lms_policy_acceptances", schema=None) as batch_op:
        batch_op.drop_constraint(BY_VERSION, type_="unique")
        batch_op.create_unique_constraint(BY_TEXT, ["user_id", "policy", "version", "text_hash"])


def downgrade() -> None:
    op.execute(
        "DELETE FROM lms_policy_acceptances WHERE id NOT IN"
        " (SELECT max(id) FROM lms_policy_acceptances GROUP BY user_id, policy, version)"
    )
    with op.batch_alter_table("lms_policy_acceptances", schema=None) as batch_op:
        batch_op.drop_constraint(BY_TEXT, type_="unique")
        batch_op.create_unique_constraint(BY_VERSION, ["user_id", "policy", "version"])
    # SQLite copies the table for it, and no number may be given twice in the copy either.
    with op.batch_alter_table("lms_memberships", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_column("began_at")
