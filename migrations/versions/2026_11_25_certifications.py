"""Certifications as versioned rules, their evidence, and training done elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261125_certs"
down_revision = "20261125_batches"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "lms_certifications",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_certifications")),
        sa.UniqueConstraint("slug", name=op.f("uq_lms_certifications_slug")),
    )
    op.create_table(
        "lms_certification_versions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("certification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.ForeignKeyConstraint(
            ["certification_id"],
            ["lms_certifications.id"],
            name=op.f("fk_lms_certification_versions_certification_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["published_by_id"],
            ["lms_users.id"],
            name=op.f("fk_lms_certification_versions_published_by_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_certification_versions")),
        sa.UniqueConstraint(
            "certification_id", "number", name=op.f("uq_lms_certification_versions_certification_id_number")
        ),
    )
    with op.batch_alter_table("lms_certification_versions", schema=None) as batch_op:
        batch_op.create_index(
            "uq_lms_certification_versions_current",
            ["certification_id"],
            unique=True,
            sqlite_where=sa.text("is_current"),
            postgresql_where=sa.text("is_current"),
        )

    op.create_table(
        "lms_external_trainings",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("provider", sa.String(length=200), nullable=False),
        sa.Column("completed_on", sa.Date(), nullable=False),
        sa.Column("contact_minutes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("score_percent", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("course_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("evidence_name", sa.String(length=200), nullable=True),
        sa.Column("evidence_title", sa.String(length=200), nullable=True),
        sa.Column("evidence_type", sa.String(length=64), nullable=True),
        sa.Column("evidence_hash", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("decided_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "state IN ('submitted', 'approved', 'refused', 'withdrawn')",
            name=op.f("ck_lms_external_trainings_state_is_known"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'refused') OR (decided_at IS NOT NULL AND decided_by_id IS NOT NULL AND decided_reason IS NOT NULL)",
            name=op.f("ck_lms_external_trainings_decided_with_a_reason"),
        ),
        sa.CheckConstraint("contact_minutes >= 0", name=op.f("ck_lms_external_trainings_minutes_are_not_negative")),
        sa.ForeignKeyConstraint(
            ["course_id"], ["lms_courses.id"], name=op.f("fk_lms_external_trainings_course_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["lms_users.id"],
            name=op.f("fk_lms_external_trainings_decided_by_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["entered_by_id"],
            ["lms_users.id"],
            name=op.f("fk_lms_external_trainings_entered_by_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name=op.f("fk_lms_external_trainings_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_external_trainings")),
        sa.UniqueConstraint("id", "user_id", name=op.f("uq_lms_external_trainings_id_user_id")),
    )
    with op.batch_alter_table("lms_external_trainings", schema=None) as batch_op:
        batch_op.create_index(
            "ix_lms_external_trainings_open",
            ["submitted_at", "id"],
            unique=False,
            sqlite_where=sa.text("state = 'submitted'"),
            postgresql_where=sa.text("state = 'submitted'"),
        )
        batch_op.create_index("ix_lms_external_trainings_user_id", ["user_id", "course_id"], unique=False)

    op.create_table(
        "lms_evidence",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("certificate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("source_certificate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("source_training_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "(source_certificate_id IS NULL) <> (source_training_id IS NULL)",
            name=op.f("ck_lms_evidence_one_source_each"),
        ),
        sa.ForeignKeyConstraint(
            ["certificate_id"],
            ["lms_certificates.id"],
            name=op.f("fk_lms_evidence_certificate_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["source_certificate_id"],
            ["lms_certificates.id"],
            name=op.f("fk_lms_evidence_source_certificate_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["source_training_id"],
            ["lms_external_trainings.id"],
            name=op.f("fk_lms_evidence_source_training_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_evidence")),
        sa.UniqueConstraint(
            "certificate_id", "source_certificate_id", name=op.f("uq_lms_evidence_certificate_id_source_certificate_id")
        ),
        sa.UniqueConstraint(
            "certificate_id", "source_training_id", name=op.f("uq_lms_evidence_certificate_id_source_training_id")
        ),
    )
    with op.batch_alter_table("lms_evidence", schema=None) as batch_op:
        batch_op.create_index("ix_lms_evidence_source_certificate_id", ["source_certificate_id"], unique=False)
        batch_op.create_index("ix_lms_evidence_source_training_id", ["source_training_id"], unique=False)

    with op.batch_alter_table("lms_certificates", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("certification_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("certification_version_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("evidence_certificate_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(
            sa.Column("evidence_training_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.create_index(
            "uq_lms_certificates_certification_cycle",
            ["user_id", "certification_id", "cycle"],
            unique=True,
            sqlite_where=sa.text("kind = 'certification' AND superseded_by_id IS NULL"),
            postgresql_where=sa.text("kind = 'certification' AND superseded_by_id IS NULL"),
        )
        batch_op.create_unique_constraint(batch_op.f("uq_lms_certificates_id_user_id"), ["id", "user_id"])
        batch_op.create_check_constraint(
            batch_op.f("ck_lms_certificates_certification_needs_evidence"),
            "kind <> 'certification' OR (certification_id IS NOT NULL AND certification_version_id IS NOT NULL"
            " AND (evidence_certificate_id IS NOT NULL OR evidence_training_id IS NOT NULL))",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_lms_certificates_certification_id"),
            "lms_certifications",
            ["certification_id"],
            ["id"],
            ondelete="RESTRICT",
        )
        batch_op.create_foreign_key(
            "fk_lms_certificates_own_training",
            "lms_external_trainings",
            ["evidence_training_id", "user_id"],
            ["id", "user_id"],
            ondelete="RESTRICT",
        )
        batch_op.create_foreign_key(
            "fk_lms_certificates_own_evidence",
            "lms_certificates",
            ["evidence_certificate_id", "user_id"],
            ["id", "user_id"],
            ondelete="RESTRICT",
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_lms_certificates_certification_version_id"),
            "lms_certification_versions",
            ["certification_version_id"],
            ["id"],
            ondelete="RESTRICT",
        )


def downgrade() -> None:
    # An award without its evidence is refused by the way up, and training that was handed in would be gone.
    kept = "SELECT (SELECT count(*) FROM lms_certificates WHERE kind = 'certification')"
    kept += " + (SELECT count(*) FROM lms_external_trainings)"
    count = op.get_bind().exec_driver_sql(kept).scalar()
    if count:
        raise RuntimeError(f"{count} certifications and trainings done elsewhere would be lost; nothing was changed")

    with op.batch_alter_table("lms_certificates", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_lms_certificates_certification_version_id"), type_="foreignkey")
        batch_op.drop_constraint("fk_lms_certificates_own_evidence", type_="foreignkey")
        batch_op.drop_constraint("fk_lms_certificates_own_training", type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("fk_lms_certificates_certification_id"), type_="foreignkey")
        batch_op.drop_constraint(batch_op.f("ck_lms_certificates_certification_needs_evidence"), type_="check")
        batch_op.drop_constraint(batch_op.f("uq_lms_certificates_id_user_id"), type_="unique")
        batch_op.drop_index(
            "uq_lms_certificates_certification_cycle",
            sqlite_where=sa.text("kind = 'certification' AND superseded_by_id IS NULL"),
            postgresql_where=sa.text("kind = 'certification' AND superseded_by_id IS NULL"),
        )
        batch_op.drop_column("evidence_training_id")
        batch_op.drop_column("evidence_certificate_id")
        batch_op.drop_column("certification_version_id")
        batch_op.drop_column("certification_id")

    with op.batch_alter_table("lms_evidence", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_evidence_source_training_id")
        batch_op.drop_index("ix_lms_evidence_source_certificate_id")

    op.drop_table("lms_evidence")
    with op.batch_alter_table("lms_external_trainings", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_external_trainings_user_id")
        batch_op.drop_index(
            "ix_lms_external_trainings_open",
            sqlite_where=sa.text("state = 'submitted'"),
            postgresql_where=sa.text("state = 'submitted'"),
        )

    op.drop_table("lms_external_trainings")
    with op.batch_alter_table("lms_certification_versions", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_lms_certification_versions_current",
            sqlite_where=sa.text("is_current"),
            postgresql_where=sa.text("is_current"),
        )

    op.drop_table("lms_certification_versions")
    op.drop_table("lms_certifications")
