"""Agencies' own sign-in: identity providers, mail domains, requests to join, and provisioning."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_providers"
down_revision = "20261129_imports"
branch_labels = None
depends_on = None

WALLS = {
    "lms_provider_sign_ins": "(SELECT current_setting('lms.mode', true) = 'system')",
    "lms_join_requests": "(SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies())))",
    "lms_provisioned_people": "(SELECT current_setting('lms.mode', true) = 'system' OR current_setting('lms.people', true) = '*') OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint) OR agency_id IN (SELECT unnest((SELECT lms_wall_agencies())))",
}


def upgrade() -> None:
    op.create_table(
        "lms_email_domains",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("domain", sa.String(length=253), nullable=False),
        sa.Column("dns_text", sa.String(length=64), nullable=False),
        sa.Column("mail_token_hash", sa.String(length=64), nullable=True),
        sa.Column("mail_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("joining", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("verified_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("verified_by", sa.String(length=8), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "joining IN ('no', 'approval', 'at-once')", name=op.f("ck_lms_email_domains_joining_is_known")
        ),
        sa.CheckConstraint(
            "verified_by IS NULL OR verified_by IN ('dns', 'mail')", name=op.f("ck_lms_email_domains_proof_is_known")
        ),
        sa.CheckConstraint(
            "(verified_at IS NULL) = (verified_by IS NULL)", name=op.f("ck_lms_email_domains_verified_says_how")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_email_domains_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_email_domains")),
        sa.UniqueConstraint("mail_token_hash", name=op.f("uq_lms_email_domains_mail_token_hash")),
    )
    with op.batch_alter_table("lms_email_domains", schema=None) as batch_op:
        batch_op.create_index(
            "uq_lms_email_domains_current",
            ["agency_id", "domain"],
            unique=True,
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )
        batch_op.create_index(
            "uq_lms_email_domains_verified",
            ["domain"],
            unique=True,
            sqlite_where=sa.text("verified_at IS NOT NULL AND removed_at IS NULL"),
            postgresql_where=sa.text("verified_at IS NOT NULL AND removed_at IS NULL"),
        )

    op.create_table(
        "lms_identity_providers",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("issuer", sa.String(length=200), nullable=False),
        sa.Column("client_id", sa.String(length=200), nullable=True),
        sa.Column("sealed_secret", sa.LargeBinary(), nullable=True),
        sa.Column("scopes", sa.String(length=200), nullable=False),
        sa.Column("subject_claim", sa.String(length=64), nullable=False),
        sa.Column("agency_claim", sa.String(length=64), nullable=True),
        sa.Column("discipline_claim", sa.String(length=64), nullable=True),
        sa.Column("discipline_words", sa.JSON(), nullable=False),
        sa.Column("discipline", sa.String(length=32), nullable=True),
        sa.Column("needs_domain", sa.Boolean(), nullable=False),
        sa.Column("metadata_text", sa.Text(), nullable=True),
        sa.Column("discovery", sa.JSON(), nullable=True),
        sa.Column("key_set", sa.JSON(), nullable=True),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("enabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("is_required", sa.Boolean(), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_problem", sa.JSON(), nullable=True),
        sa.CheckConstraint(
            "discipline IS NULL OR discipline IN ('schools', 'healthcare', 'law-enforcement', 'victim-services', 'child-welfare', 'juvenile-justice', 'prosecution', 'behavioral-health', 'housing', 'emergency-services', 'other')",
            name=op.f("ck_lms_identity_providers_discipline_is_known"),
        ),
        sa.CheckConstraint(
            "kind <> 'oidc' OR client_id IS NOT NULL", name=op.f("ck_lms_identity_providers_oidc_has_client")
        ),
        sa.CheckConstraint(
            "kind <> 'saml' OR metadata_text IS NOT NULL", name=op.f("ck_lms_identity_providers_saml_has_metadata")
        ),
        sa.CheckConstraint("kind IN ('oidc', 'saml')", name=op.f("ck_lms_identity_providers_kind_is_known")),
        sa.CheckConstraint(
            "NOT is_required OR enabled_at IS NOT NULL", name=op.f("ck_lms_identity_providers_required_is_enabled")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_identity_providers_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_identity_providers")),
    )
    with op.batch_alter_table("lms_identity_providers", schema=None) as batch_op:
        batch_op.create_index("ix_lms_identity_providers_agency_id", ["agency_id"], unique=False)

    op.create_table(
        "lms_join_requests",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("discipline", sa.String(length=32), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("is_approved", sa.Boolean(), nullable=True),
        sa.CheckConstraint(
            "discipline IN ('schools', 'healthcare', 'law-enforcement', 'victim-services', 'child-welfare', 'juvenile-justice', 'prosecution', 'behavioral-health', 'housing', 'emergency-services', 'other')",
            name=op.f("ck_lms_join_requests_discipline_is_known"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (is_approved IS NULL)", name=op.f("ck_lms_join_requests_decided_says_how")
        ),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_join_requests_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"], ["lms_users.id"], name=op.f("fk_lms_join_requests_decided_by_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name=op.f("fk_lms_join_requests_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_join_requests")),
    )
    with op.batch_alter_table("lms_join_requests", schema=None) as batch_op:
        batch_op.create_index("ix_lms_join_requests_agency_id", ["agency_id", "id"], unique=False)
        batch_op.create_index(
            "uq_lms_join_requests_open",
            ["user_id", "agency_id"],
            unique=True,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )

    op.create_table(
        "lms_provisioned_people",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("user_name", sa.String(length=320), nullable=False),
        sa.Column("external_id", sa.String(length=200), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("made_account", sa.Boolean(), nullable=False),
        sa.Column("disabled_account", sa.Boolean(), nullable=False),
        sa.Column("ended_places", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_provisioned_people_agency_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name=op.f("fk_lms_provisioned_people_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_provisioned_people")),
        sa.UniqueConstraint("agency_id", "user_id", name=op.f("uq_lms_provisioned_people_agency_id_user_id")),
        sa.UniqueConstraint("agency_id", "user_name", name=op.f("uq_lms_provisioned_people_agency_id_user_name")),
    )
    with op.batch_alter_table("lms_provisioned_people", schema=None) as batch_op:
        batch_op.create_index("ix_lms_provisioned_people_user_id", ["user_id"], unique=False)

    op.create_table(
        "lms_provisioning_tokens",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("agency_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("discipline", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["agency_id"], ["lms_agencies.id"], name=op.f("fk_lms_provisioning_tokens_agency_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_provisioning_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_lms_provisioning_tokens_token_hash")),
    )
    with op.batch_alter_table("lms_provisioning_tokens", schema=None) as batch_op:
        batch_op.create_index("ix_lms_provisioning_tokens_agency_id", ["agency_id"], unique=False)

    op.create_table(
        "lms_provider_sign_ins",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("state_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("nonce", sa.String(length=64), nullable=False),
        sa.Column("code_verifier", sa.String(length=128), nullable=False),
        sa.Column("target", sa.String(length=2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ticket_hash", sa.String(length=64), nullable=True),
        sa.Column("found", sa.JSON(), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["lms_identity_providers.id"],
            name=op.f("fk_lms_provider_sign_ins_provider_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_provider_sign_ins")),
        sa.UniqueConstraint("state_hash", name=op.f("uq_lms_provider_sign_ins_state_hash")),
        sa.UniqueConstraint("ticket_hash", name=op.f("uq_lms_provider_sign_ins_ticket_hash")),
    )
    with op.batch_alter_table("lms_provider_sign_ins", schema=None) as batch_op:
        batch_op.create_index("ix_lms_provider_sign_ins_expires_at", ["expires_at"], unique=False)

    op.create_table(
        "lms_used_assertions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("provider_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("assertion_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["lms_identity_providers.id"],
            name=op.f("fk_lms_used_assertions_provider_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lms_used_assertions")),
        sa.UniqueConstraint(
            "provider_id", "assertion_hash", name=op.f("uq_lms_used_assertions_provider_id_assertion_hash")
        ),
    )
    with op.batch_alter_table("lms_used_assertions", schema=None) as batch_op:
        batch_op.create_index("ix_lms_used_assertions_expires_at", ["expires_at"], unique=False)
    if op.get_bind().dialect.name == "postgresql":
        for table, condition in WALLS.items():
            op.get_bind().exec_driver_sql(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.get_bind().exec_driver_sql(f"CREATE POLICY {table}_wall ON {table} USING ({condition})")


def downgrade() -> None:
    with op.batch_alter_table("lms_used_assertions", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_used_assertions_expires_at")

    op.drop_table("lms_used_assertions")
    with op.batch_alter_table("lms_provider_sign_ins", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_provider_sign_ins_expires_at")

    op.drop_table("lms_provider_sign_ins")
    with op.batch_alter_table("lms_provisioning_tokens", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_provisioning_tokens_agency_id")

    op.drop_table("lms_provisioning_tokens")
    with op.batch_alter_table("lms_provisioned_people", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_provisioned_people_user_id")

    op.drop_table("lms_provisioned_people")
    with op.batch_alter_table("lms_join_requests", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_lms_join_requests_open",
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )
        batch_op.drop_index("ix_lms_join_requests_agency_id")

    op.drop_table("lms_join_requests")
    with op.batch_alter_table("lms_identity_providers", schema=None) as batch_op:
        batch_op.drop_index("ix_lms_identity_providers_agency_id")

    op.drop_table("lms_identity_providers")
    with op.batch_alter_table("lms_email_domains", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_lms_email_domains_verified",
            sqlite_where=sa.text("verified_at IS NOT NULL AND removed_at IS NULL"),
            postgresql_where=sa.text("verified_at IS NOT NULL AND removed_at IS NULL"),
        )
        batch_op.drop_index(
            "uq_lms_email_domains_current",
            sqlite_where=sa.text("removed_at IS NULL"),
            postgresql_where=sa.text("removed_at IS NULL"),
        )

    op.drop_table("lms_email_domains")
