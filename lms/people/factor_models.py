"""The tables of second factors: authenticator app, passkeys, recovery codes, and short-lived tickets of a sign-in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.people.models import one_of

PURPOSES = (
    "second-step",
    "passkey-sign-in",
    "passkey-second-step",
    "passkey-again",
    "passkey-add",
    "email-change",
)


class AuthenticatorApp(Model):
    """An app that shows codes (TOTP, RFC 6238). It counts from its first right code on; one for each person."""

    __tablename__ = "lms_authenticator_apps"
    __table_args__ = (UniqueConstraint("user_id"), NUMBERED_ONCE)

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The secret, encrypted under a key that follows from the site's secret key."""
    last_step: Mapped[int]
    """The newest time step whose code was used: none up to it is taken again."""
    added_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class Passkey(Model):
    """A WebAuthn credential: only its public part. All of a person's have the same random `user_handle`."""

    __tablename__ = "lms_passkeys"
    __table_args__ = (UniqueConstraint("credential_id"), Index("ix_lms_passkeys_user_id", "user_id"), NUMBERED_ONCE)

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    credential_id: Mapped[bytes] = mapped_column(LargeBinary)
    user_handle: Mapped[bytes] = mapped_column(LargeBinary)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    """As the authenticator counts; 0 for ever with those that do not. A count that goes back is refused."""
    transports: Mapped[list[Any]]
    name: Mapped[str] = mapped_column(String(100))
    added_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Model):
    """One of ten codes for a lost factor: single use, only its salted argon2id hash kept, one salt for a set."""

    __tablename__ = "lms_recovery_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"), NUMBERED_ONCE)

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class SignInTicket(Model):
    """Permission for one step around signing in: half a sign-in, a passkey's challenge, a new address to prove.

    Only the hash of its token is kept. It is used by deleting it, so that of two at once one finds nothing.
    """

    __tablename__ = "lms_sign_in_tickets"
    __table_args__ = (
        CheckConstraint(one_of("purpose", PURPOSES), name="purpose_is_known"),
        CheckConstraint("wrong_tries >= 0", name="wrong_tries_is_not_negative"),
        UniqueConstraint("token_hash"),
        Index("ix_lms_sign_in_tickets_user_id", "user_id"),
        Index("ix_lms_sign_in_tickets_expires_at", "expires_at"),
    )

    id: Mapped[primary_key]
    token_hash: Mapped[str] = mapped_column(String(64))
    purpose: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    """Whose it is; nobody's for a passkey that is to say who signs in."""
    data: Mapped[dict[str, Any]]
    wrong_tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
