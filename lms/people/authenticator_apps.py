"""Authenticator apps: a secret shared with a phone, and codes of six digits that follow from it and the time."""

from __future__ import annotations

import base64
import secrets
from hmac import compare_digest

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from sqlalchemy import delete, select, update

from lms import keys
from lms.clock import utc_now
from lms.database import count_changed, db
from lms.errors import N_, Conflict, Invalid
from lms.people.factor_models import AuthenticatorApp
from lms.wall.sight import SYSTEM, looking_as

DIGITS = 6
STEP_SECONDS = 30
STEPS_AROUND = 1
"""A code of the step before or after is taken too: clocks of phones are not exact (RFC 6238, 5.2)."""

SECRET_BYTES = 20
"""160 bits, as RFC 4226 (4, R6) recommends."""

SEALED_FOR = "authenticator apps"


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def secret_text(secret: bytes) -> str:
    """The secret to type into an app: base32 in groups of four."""
    text = base64.b32encode(secret).decode().rstrip("=")
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def setup_address(secret: bytes, *, account: str, site_name: str) -> str:
    """The `otpauth:` address that the QR code holds."""
    return _totp(secret).get_provisioning_uri(account, site_name)


def code_at(secret: bytes, step: int) -> str:
    return _totp(secret).generate(step * STEP_SECONDS).decode()


def present_step() -> int:
    return int(utc_now().timestamp()) // STEP_SECONDS


def matching_step(secret: bytes, code: str) -> int | None:
    """The time step to which a code belongs, of the present one and its neighbors; None for a wrong code."""
    typed, now = clean_code(code), present_step()
    found = None
    for step in range(now - STEPS_AROUND, now + STEPS_AROUND + 1):
        if compare_digest(code_at(secret, step).encode(), typed.encode()):
            found = step
    return found


def clean_code(code: str) -> str:
    """The digits that were typed, without the spaces that apps show between them."""
    return "".join(code.split()).replace("-", "")


def set_up(user_id: int, secret: bytes, code: str, secret_key: str) -> None:
    """Take an app whose first code is right; it replaces the one before. The caller commits. Raises Invalid."""
    step = matching_step(secret, code)
    if step is None:
        raise Invalid(N_("This code is not right. Wait for the next one in your app and enter that."), "code")
    sealed = keys.seal(secret, secret_key, SEALED_FOR)
    db.session.execute(delete(AuthenticatorApp).where(AuthenticatorApp.user_id == user_id))
    db.session.add(AuthenticatorApp(user_id=user_id, sealed=sealed, last_step=step, added_at=utc_now()))


def is_set_up(user_id: int, secret: bytes, secret_key: str) -> bool:
    """Whether this person's app has this very secret already."""
    app = find_app(user_id)
    kept = keys.unseal(app.sealed, secret_key, SEALED_FOR) if app is not None else None
    return kept is not None and compare_digest(kept, secret)


def find_app(user_id: int) -> AuthenticatorApp | None:
    with looking_as(SYSTEM):  # at the second step of a sign-in the person is not signed in yet
        found: AuthenticatorApp | None = db.session.scalar(
            select(AuthenticatorApp).where(AuthenticatorApp.user_id == user_id)
        )
    return found


def use_code(user_id: int, code: str, secret_key: str) -> bool:
    """Whether it is a right code of this person's app that was not used yet, nor an earlier one: it counts as used from
    here on. The caller commits. Raises Conflict where the secret key has changed."""
    app = find_app(user_id)
    if app is None:
        return False
    secret = keys.unseal(app.sealed, secret_key, SEALED_FOR)
    if secret is None:
        raise Conflict(N_("Codes of apps cannot be checked: the site's secret key has changed. Use a recovery code."))
    step = matching_step(secret, code)
    if step is None:
        return False
    # In one statement, so that of two that use one code at the same moment one is refused.
    return bool(
        count_changed(
            update(AuthenticatorApp)
            .where(AuthenticatorApp.id == app.id, AuthenticatorApp.last_step < step)
            .values(last_step=step, last_used_at=utc_now())
        )
    )


def remove(user_id: int) -> bool:
    """Whether there was one. The caller commits."""
    return bool(count_changed(delete(AuthenticatorApp).where(AuthenticatorApp.user_id == user_id)))


def _totp(secret: bytes) -> TOTP:
    # SHA-1 is what every app can do; as HMAC it is not weakened by collisions (RFC 6238, 1.2).
    return TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303
