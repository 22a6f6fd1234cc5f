"""A whole index on every column that names a person: without it each removed person was looked for in all rows."""

from __future__ import annotations

from alembic import op

revision = "20261130_person_keys"
down_revision = "20261130_sort_keys"
branch_labels = None
depends_on = None

INDEXES = (
    ("lms_licenses", "user_id"),
    ("lms_join_requests", "user_id"),
    ("lms_merges", "gone_id"),
    ("lms_erasures", "user_id"),
)


def upgrade() -> None:
    for table, column in INDEXES:
        op.create_index(f"ix_{table}_{column}", table, [column])


def downgrade() -> None:
    for table, column in INDEXES:
        op.drop_index(f"ix_{table}_{column}", table_name=table)
