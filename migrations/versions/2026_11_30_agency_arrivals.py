"""Since when a moved agency lies below another. Moves from before this count as they did: none is made up for them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261130_arrivals"
down_revision = "20261130_licenses"
branch_labels = None
depends_on = None


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "lms_agency_arrivals",
        sa.Column("agency_id", number, nullable=False),
        sa.Column("above_id", number, nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_agency_arrivals_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["above_id"], ["lms_agencies.id"], name=op.f("fk_lms_agency_arrivals_above_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("agency_id", "above_id", name=op.f("pk_lms_agency_arrivals")),
    )
    op.create_index("ix_lms_agency_arrivals_above_id", "lms_agency_arrivals", ["above_id"])


def downgrade() -> None:
    op.drop_table("lms_agency_arrivals")
