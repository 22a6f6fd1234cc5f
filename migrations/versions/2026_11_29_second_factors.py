"""Second factors: authenticator apps, passkeys, recovery codes, tickets of a sign-in; and when a session was proven."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "20261129_factors"
down_revision = "20261125_court"
branch_labels = None
depends_on = None

SYSTEM = "(SELECT current_setting('lms.mode', true) = 'system')"
OWN = f"{SYSTEM} OR user_id = (SELECT nullif(current_setting('lms.viewer', true), '')::bigint)"
WALL = {
    "lms_authenticator_apps": OWN,
    "lms_passkeys": OWN,
    "lms_recovery_codes": OWN,
    "lms_sign_in_tickets": SYSTEM,
}


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    moment = sa.DateTime(timezone=True)
    op.add_column(
        "lms_users", sa.Column("has_short_password", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("lms_user_sessions", sa.Column("proven_at", moment, nullable=True))
    op.add_column(
        "lms_user_sessions", sa.Column("is_two_factor", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_table(
        "lms_authenticator_apps",
        sa.Column("id", number, nullable=False),
        sa.Column("user_id", number, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("last_step", number, nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("last_used_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name="fk_lms_authenticator_apps_user_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lms_authenticator_apps"),
        sa.UniqueConstraint("user_id", name="uq_lms_authenticator_apps_user_id"),
    )
    op.create_table(
        "lms_passkeys",
        sa.Column("id", number, nullable=False),
        sa.Column("user_id", number, nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("user_handle", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", number, nullable=False),
        sa.Column("transports", sa.JSON(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("last_used_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["user_id"], ["lms_users.id"], name="fk_lms_passkeys_user_id", ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name="pk_lms_passkeys"),
        sa.UniqueConstraint("credential_id", name="uq_lms_passkeys_credential_id"),
    )
    op.create_index("ix_lms_passkeys_user_id", "lms_passkeys", ["user_id"])
    op.create_table(
        "lms_recovery_codes",
        sa.Column("id", number, nullable=False),
        sa.Column("user_id", number, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.Column("used_at", moment, nullable=True),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name="fk_lms_recovery_codes_user_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lms_recovery_codes"),
        sa.UniqueConstraint("user_id", "code_hash", name="uq_lms_recovery_codes_user_id_code_hash"),
    )
    op.create_table(
        "lms_sign_in_tickets",
        sa.Column("id", number, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("user_id", number, nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("wrong_tries", number, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.CheckConstraint(
            "purpose IN ('second-step', 'passkey-sign-in', 'passkey-second-step', 'passkey-again', 'passkey-add',"
            " 'email-change')",
            name=op.f("ck_lms_sign_in_tickets_purpose_is_known"),
        ),
        sa.CheckConstraint("wrong_tries >= 0", name=op.f("ck_lms_sign_in_tickets_wrong_tries_is_not_negative")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["lms_users.id"], name="fk_lms_sign_in_tickets_user_id", ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_lms_sign_in_tickets"),
        sa.UniqueConstraint("token_hash", name="uq_lms_sign_in_tickets_token_hash"),
    )
    op.create_index("ix_lms_sign_in_tickets_user_id", "lms_sign_in_tickets", ["user_id"])
    op.create_index("ix_lms_sign_in_tickets_expires_at", "lms_sign_in_tickets", ["expires_at"])
    if op.get_bind().dialect.name == "postgresql":
        for table, condition in WALL.items():
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
            op.execute(f"CREATE POLICY {table}_wall ON {table} USING ({condition})")


def downgrade() -> None:
    for table in ("lms_sign_in_tickets", "lms_recovery_codes", "lms_passkeys", "lms_authenticator_apps"):
        op.drop_table(table)
    with op.batch_alter_table("lms_user_sessions", schema=None) as batch_op:
        batch_op.drop_column("is_two_factor")
        batch_op.drop_column("proven_at")
    with op.batch_alter_table("lms_users", schema=None) as batch_op:
        batch_op.drop_column("has_short_password")
