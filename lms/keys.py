"""Signing keys of the site, shared by all machines through the database, and what else the secret key seals."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Index, LargeBinary, String, Text, UniqueConstraint, select, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.clock import utc_now
from lms.database import Model, db, insert_into, primary_key, run_transaction
from lms.errors import N_, Conflict


class SigningKey(Model):
    """A key pair for one purpose. At most one of a purpose is in use; retired ones stay, so that old signatures and
    the addresses of their public parts answer for ever."""

    __tablename__ = "lms_signing_keys"
    __table_args__ = (
        UniqueConstraint("kid"),
        Index(
            "uq_lms_signing_keys_in_use",
            "purpose",
            unique=True,
            sqlite_where=text("retired_at IS NULL"),
            postgresql_where=text("retired_at IS NULL"),
        ),
    )

    id: Mapped[primary_key]
    purpose: Mapped[str] = mapped_column(String(32))
    kid: Mapped[str] = mapped_column(String(64))
    public_text: Mapped[str] = mapped_column(Text)
    """What may be shown: a certificate in PEM, or a public key as JWK."""
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    """The private part, encrypted (Fernet) under a key that follows from the secret key."""
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key pair just made: an id of its own, what may be shown, and what must not."""

    kid: str
    public_text: str
    private: bytes


@dataclass(frozen=True, slots=True)
class OpenKey:
    """A key in use, its private part in the clear: never logged, never sent."""

    kid: str
    public_text: str
    private: bytes
    created_at: datetime


def key_in_use(purpose: str, secret_key: str, make: Callable[[], NewKey]) -> OpenKey:
    """The key of a purpose, made at its first use; two machines that start together agree on one.

    Opens a write transaction of its own where a key has to be made: not for use inside another one. Raises Conflict
    where the secret key has changed since the key was sealed.
    """
    row = find_in_use(purpose)
    if row is None:
        made = make()
        run_transaction(lambda: _insert(purpose, made, secret_key))
        row = find_in_use(purpose)
        assert row is not None
    return open_key(row, secret_key)


def rotate(purpose: str, secret_key: str, made: NewKey) -> None:
    """Retire the key in use and take the new one. The caller commits.

    Two that take the same one at once agree. Raises Conflict for a key that was retired, which would leave nothing in
    use, and to the slower of two that take different ones at once.
    """
    row: SigningKey | None = db.session.scalar(
        select(SigningKey).where(SigningKey.purpose == purpose, SigningKey.retired_at.is_(None)).with_for_update()
    )
    known = find_by_kid(made.kid)
    if known is not None and known.purpose == purpose and known.retired_at is None:
        return
    if known is not None:
        raise Conflict(N_("This key was in use before. Take a new one."))
    if row is not None:
        row.retired_at = utc_now()
        db.session.flush()
    if not _insert(purpose, made, secret_key):
        raise Conflict(N_("Another key was taken into use at the same moment. Look which one, and try again."))


def find_in_use(purpose: str) -> SigningKey | None:
    found: SigningKey | None = db.session.scalar(
        select(SigningKey).where(SigningKey.purpose == purpose, SigningKey.retired_at.is_(None))
    )
    return found


def find_by_kid(kid: str) -> SigningKey | None:
    """A key by its id, in use or retired; for the addresses of public parts."""
    found: SigningKey | None = db.session.scalar(select(SigningKey).where(SigningKey.kid == kid))
    return found


def all_keys(purpose: str) -> list[SigningKey]:
    """Every key that a purpose ever had, the newest first."""
    return list(
        db.session.scalars(select(SigningKey).where(SigningKey.purpose == purpose).order_by(SigningKey.id.desc()))
    )


def open_key(row: SigningKey, secret_key: str) -> OpenKey:
    """The key with its private part. Raises Conflict where the secret key is not the one it was sealed with."""
    try:
        private = _fernet(secret_key).decrypt(row.sealed)
    except InvalidToken:
        raise Conflict(
            N_("The site's signing key cannot be opened: the secret key has changed. Run “lms keys rotate”.")
        ) from None
    return OpenKey(row.kid, row.public_text, private, row.created_at)


def _insert(purpose: str, made: NewKey, secret_key: str) -> bool:
    """Whether it was taken: False where a key of that purpose is in use, or this one was."""
    taken = db.session.scalar(
        insert_into(SigningKey)
        .values(
            purpose=purpose,
            kid=made.kid,
            public_text=made.public_text,
            sealed=_fernet(secret_key).encrypt(made.private),
            created_at=utc_now(),
        )
        .on_conflict_do_nothing()
        .returning(SigningKey.id)
    )
    return taken is not None


def seal(plain: bytes, secret_key: str, purpose: str) -> bytes:
    """A secret of somebody's, encrypted under a key of its own purpose that follows from the secret key."""
    return _fernet(secret_key, purpose).encrypt(plain)


def unseal(sealed: bytes, secret_key: str, purpose: str, *, seconds: int | None = None) -> bytes | None:
    """What `seal` made, within so many seconds; None for anything else, and where the secret key has changed."""
    try:
        return _fernet(secret_key, purpose).decrypt(sealed, ttl=seconds)
    except InvalidToken:
        return None


def _fernet(secret_key: str, purpose: str = "signing keys") -> Fernet:
    info = f"crosstrain {purpose}".encode()
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=info).derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))
