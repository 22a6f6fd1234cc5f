"""Passkeys (WebAuthn): two factors in one, the device and what opens it; bound to this site's address."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select, update
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from lms.clock import utc_now
from lms.database import count_changed, db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people.factor_models import Passkey
from lms.people.tickets import Ticket
from lms.wall.sight import SYSTEM, looking_as

MOST_PASSKEYS = 20
CHALLENGE_BYTES = 32
HANDLE_BYTES = 64
TRANSPORTS = {one.value: one for one in AuthenticatorTransport}

REFUSED = N_("This passkey was not taken. Try again, or use another way to sign in.")


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Who asks, as browsers know it: the host name that passkeys are bound to, and the one origin that may use them."""

    id: str
    origin: str
    name: str


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey that was verified, to be kept."""

    credential_id: bytes
    user_handle: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]


def passkeys_of(user_id: int) -> list[Passkey]:
    """A person's passkeys, the oldest first."""
    with looking_as(SYSTEM):  # at the second step of a sign-in the person is not signed in yet
        return list(db.session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)))


def options_to_add(
    party: RelyingParty, user_id: int, *, account: str, name: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a browser needs to make a passkey, and what the ticket keeps of it."""
    known = passkeys_of(user_id)
    handle = known[0].user_handle if known else secrets.token_bytes(HANDLE_BYTES)
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=party.name,
        user_id=handle,
        user_name=account,
        user_display_name=name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors(known),
    )
    kept = {"challenge": bytes_to_base64url(challenge), "handle": bytes_to_base64url(handle)}
    return options_to_json_dict(options), kept


def options_to_prove(party: RelyingParty, user_id: int | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a browser needs to prove a passkey, and what the ticket keeps of it; None: of whomever it belongs to."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        allow_credentials=_descriptors(passkeys_of(user_id)) if user_id is not None else [],
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options), {"challenge": bytes_to_base64url(challenge)}


def verify_new(party: RelyingParty, ticket: Ticket, credential: str) -> NewPasskey:
    """The passkey that a browser made for this ticket. Raises Invalid."""
    try:
        parsed = parse_registration_credential_json(credential)
        verified = verify_registration_response(
            credential=parsed,
            expected_challenge=base64url_to_bytes(ticket.data["challenge"]),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise Invalid(REFUSED) from None
    return NewPasskey(
        verified.credential_id,
        base64url_to_bytes(ticket.data["handle"]),
        verified.credential_public_key,
        verified.sign_count,
        tuple(one.value for one in parsed.response.transports or ()),
    )


def keep_passkey(user_id: int, made: NewPasskey, name: str) -> None:
    """Keep a verified passkey. The caller commits. Raises Conflict where it is known already."""
    if db.session.scalar(select(Passkey.id).where(Passkey.credential_id == made.credential_id)):
        raise Conflict(N_("This passkey is set up already."))
    if len(passkeys_of(user_id)) >= MOST_PASSKEYS:
        raise Conflict(N_("You have as many passkeys as can be kept. Remove one first."))
    db.session.add(
        Passkey(
            user_id=user_id,
            credential_id=made.credential_id,
            user_handle=made.user_handle,
            public_key=made.public_key,
            sign_count=made.sign_count,
            transports=list(made.transports),
            name=name,
            added_at=utc_now(),
        )
    )


def use_passkey(party: RelyingParty, ticket: Ticket, credential: str) -> int:
    """Whose passkey proved itself for this ticket; of the ticket's person, where it is somebody's. The caller commits.

    Raises Invalid for anything else: unknown, somebody else's, another origin, an old challenge, no verification of
    the user, a count that went back (a copy of the key).
    """
    try:
        parsed = parse_authentication_credential_json(credential)
        passkey = _find(parsed.raw_id)
        is_theirs = passkey is not None and ticket.user_id in (None, passkey.user_id)
        if passkey is None or not is_theirs or not _names_owner(parsed.response.user_handle, passkey, ticket):
            raise Invalid(REFUSED)
        verified = verify_authentication_response(
            credential=parsed,
            expected_challenge=base64url_to_bytes(ticket.data["challenge"]),
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        raise Invalid(REFUSED) from None
    changed = count_changed(
        update(Passkey)
        .where(Passkey.id == passkey.id, Passkey.sign_count == passkey.sign_count)
        .values(sign_count=verified.new_sign_count, last_used_at=utc_now())
    )
    if not changed:
        raise Invalid(REFUSED)
    return passkey.user_id


def get_passkey(user_id: int, passkey_id: int) -> Passkey:
    """One of a person's own. Raises NotFound."""
    found = db.session.get(Passkey, passkey_id)
    if found is None or found.user_id != user_id:
        raise NotFound(N_("There is nothing here that you may see."))
    return found


def rename(user_id: int, passkey_id: int, name: str) -> None:
    """The caller commits. Raises NotFound, or Invalid without a name."""
    if not name:
        raise Invalid(N_("Enter a name."), "name")
    get_passkey(user_id, passkey_id).name = name


def remove(user_id: int, passkey_id: int | None = None) -> bool:
    """Remove one of a person's passkeys, or all; whether there was any. The caller commits."""
    query = delete(Passkey).where(Passkey.user_id == user_id)
    return bool(count_changed(query if passkey_id is None else query.where(Passkey.id == passkey_id)))


def _names_owner(handle: bytes | None, passkey: Passkey, ticket: Ticket) -> bool:
    """Whether the authenticator names the passkey's owner; it may be silent only where we asked for a known person."""
    return ticket.user_id is not None if handle is None else handle == passkey.user_handle


def _find(credential_id: bytes) -> Passkey | None:
    found: Passkey | None = db.session.scalar(select(Passkey).where(Passkey.credential_id == credential_id))
    return found


def _descriptors(passkeys: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=one.credential_id, transports=[TRANSPORTS[name] for name in one.transports if name in TRANSPORTS]
        )
        for one in passkeys
    ]


def is_credential(text: str) -> bool:
    """Whether a text could be what a browser sends of a passkey: an object of bounded size."""
    try:
        return len(text) <= 20_000 and isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False
