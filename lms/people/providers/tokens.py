"""Tokens with which agencies' directories provision people: made, shown once, found by their hash, revoked."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from lms.clock import utc_now
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, Invalid, NotFound
from lms.people.audit import note
from lms.people.models import Agency
from lms.people.names import clean_name
from lms.people.providers.models import ProvisioningToken
from lms.people.signins import token_hash

NOTE_USED_AFTER = timedelta(minutes=5)
"""A request notes that a token is in use only when the last note is older."""


@dataclass(frozen=True, slots=True)
class Directory:
    """Who asks: an agency by one of its tokens."""

    token_id: int
    agency: Agency
    discipline: str


def make_token(agency_id: int, *, name: str, discipline: str, actor_id: int) -> str:
    """A new token; it is shown this once, and only its hash is kept. The caller commits. Raises Invalid."""
    if discipline not in DISCIPLINES:
        raise Invalid(N_("Choose a discipline."), "discipline")
    token = f"scim_{secrets.token_urlsafe(32)}"
    row = ProvisioningToken(
        agency_id=agency_id,
        name=clean_name(name)[:100],
        token_hash=token_hash(token),
        discipline=discipline,
        created_at=utc_now(),
    )
    db.session.add(row)
    db.session.flush()
    note("provisioning.token-made", "token", row.id, actor_id=actor_id, agency_id=agency_id)
    return token


def list_tokens(agency_id: int) -> Sequence[ProvisioningToken]:
    """Those in use, the newest first."""
    return db.session.scalars(
        select(ProvisioningToken)
        .where(ProvisioningToken.agency_id == agency_id, ProvisioningToken.revoked_at.is_(None))
        .order_by(ProvisioningToken.id.desc())
    ).all()


def get_token(agency_id: int, token_id: int) -> ProvisioningToken:
    """The agency's token. Raises NotFound."""
    row = db.session.get(ProvisioningToken, token_id)
    if row is None or row.agency_id != agency_id:
        raise NotFound(N_("There is nothing here that you may see."))
    return row


def revoke_token(agency_id: int, token_id: int, *, actor_id: int) -> None:
    """From the next request on it opens nothing. The caller commits. Raises NotFound."""
    row = get_token(agency_id, token_id)
    if row.revoked_at is None:
        row.revoked_at = utc_now()
        note("provisioning.token-revoked", "token", row.id, actor_id=actor_id, agency_id=agency_id)


def find_directory(token: str) -> Directory | None:
    """Whose token it is; None for one that is unknown or revoked, and for an archived agency."""
    row = db.session.scalar(
        select(ProvisioningToken).where(
            ProvisioningToken.token_hash == token_hash(token), ProvisioningToken.revoked_at.is_(None)
        )
    )
    if row is None or row.agency.archived_at is not None:
        return None
    return Directory(row.id, row.agency, row.discipline)


def is_worth_noting(directory: Directory) -> bool:
    last = db.session.get_one(ProvisioningToken, directory.token_id).last_used_at
    return last is None or utc_now() - last > NOTE_USED_AFTER


def note_used(token_id: int) -> None:
    """The caller commits."""
    db.session.get_one(ProvisioningToken, token_id).last_used_at = utc_now()
