"""Whether a certificate counts at a moment: valid from its first instant until just before the one it expires at."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, and_, or_

from lms.certification.models import Certificate

Status = Literal["valid", "expired", "revoked", "superseded", "not-yet", "lapsed"]
"""`lapsed` is only for a team's: its seats are known to a later room (`verification.TeamStanding`)."""


def status_of(certificate: Certificate, now: datetime) -> Status:
    """The standing at `now`, derived and never stored. Half open: at `expires_at` itself it has expired."""
    if certificate.revoked_at is not None:
        return "revoked"
    if certificate.superseded_by_id is not None:
        return "superseded"
    if now < certificate.valid_from:
        return "not-yet"
    if certificate.expires_at is not None and now >= certificate.expires_at:
        return "expired"
    return "valid"


def is_valid_at(now: datetime) -> ColumnElement[bool]:
    """The same rule as an SQL condition on Certificate, for every count and list of the later rooms."""
    return and_(
        stands(),
        Certificate.valid_from <= now,
        or_(Certificate.expires_at.is_(None), Certificate.expires_at > now),
    )


def stands() -> ColumnElement[bool]:
    """The SQL condition that a certificate was neither revoked nor superseded, whatever its dates."""
    return and_(Certificate.revoked_at.is_(None), Certificate.superseded_by_id.is_(None))
