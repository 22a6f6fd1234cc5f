"""Every PDF ever issued by its hash, and how an agency's certificates look."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_designs"
down_revision = "20261125_credit"
branch_labels = None
depends_on = None

WALL = (
    """ALTER TABLE lms_issued_documents ENABLE ROW LEVEL SECURITY""",
    """CREATE POLICY lms_issued_documents_wall ON lms_issued_documents USING ((SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR (SELECT true FROM lms_certificates parent WHERE parent.id = certificate_id))""",
)


def upgrade() -> None:
    op.create_table(
        "lms_brandings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("design", sa.String(length=80), nullable=False),
        sa.Column("logo", sa.String(length=64), nullable=False),
        sa.Column("signatories", sa.JSON(), nullable=False),
        sa.Column("statement", sa.String(length=300), nullable=False),
        sa.Column("pack", sa.String(length=64), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_brandings_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_brandings")),
        sa.UniqueConstraint("agency_id", name=op.f("uq_lms_brandings_agency_id")),
    )
    op.create_table(
        "lms_issued_documents",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("certificate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("stored_name", sa.String(length=120), nullable=False),
        sa.Column("signed_with_kid", sa.String(length=64), nullable=True),
        sa.Column("drawn_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["lms_certificates.id"],
            name=op.f("fk_lms_issued_documents_certificate_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_issued_documents")),
        sa.UniqueConstraint("certificate_id", "sha256", name=op.f("uq_lms_issued_documents_certificate_id_sha256")),
    )
    op.create_index("ix_lms_issued_documents_sha256", "lms_issued_documents", ["sha256"])
    # What was issued before documents were signed: its moment is that of the award, no later one is known.
    op.execute(
        "INSERT INTO lms_issued_documents (certificate_id, sha256, stored_name, drawn_at)"
        " SELECT id, document_hash, document_name, issued_at FROM lms_certificates"
        " WHERE document_hash IS NOT NULL AND document_name IS NOT NULL"
    )
    if op.get_bind().dialect.name == "postgresql":
        for statement in WALL:
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_table("lms_issued_documents")
    op.drop_table("lms_brandings")
