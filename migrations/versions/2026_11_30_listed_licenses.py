"""Licenses out of staff lists: what a row says of one, and numbers found without case and punctuation."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_licenses"
down_revision = "20261130_team_reports"
branch_labels = None
depends_on = None

BARE = "upper(replace(replace(replace(replace(number, ' ', ''), '-', ''), '.', ''), '/', ''))"


def upgrade() -> None:
    op.add_column("lms_licenses", sa.Column("number_key", sa.String(length=64), server_default="", nullable=False))
    op.execute(f"UPDATE lms_licenses SET number_key = {BARE}")
    op.create_index("ix_lms_licenses_number_key", "lms_licenses", ["number_key"])
    op.add_column("lms_import_rows", sa.Column("license_board", sa.String(length=64), nullable=True))
    op.add_column("lms_import_rows", sa.Column("license_state", sa.String(length=2), nullable=True))
    op.add_column("lms_import_rows", sa.Column("license_number", sa.String(length=64), nullable=True))
    op.add_column("lms_import_rows", sa.Column("license_key", sa.String(length=64), nullable=True))
    op.add_column("lms_import_rows", sa.Column("license_expires_on", sa.Date(), nullable=True))
    op.create_index("ix_lms_import_rows_license", "lms_import_rows", ["import_id", "license_key"])


def downgrade() -> None:
    op.drop_index("ix_lms_import_rows_license", table_name="lms_import_rows")
    # SQLite copies the tables for it, and no number of a license may be given twice in the copy either.
    with op.batch_alter_table("lms_import_rows") as batch_op:
        for column in ("license_expires_on", "license_key", "license_number", "license_state", "license_board"):
            batch_op.drop_column(column)
    op.drop_index("ix_lms_licenses_number_key", table_name="lms_licenses")
    with op.batch_alter_table("lms_licenses", table_kwargs={"sqlite_autoincrement": True}) as batch_op:
        batch_op.drop_column("number_key")
