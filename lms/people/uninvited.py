"""Who was placed here and never invited, or too long ago: a condition of lists, and of inviting many at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from lms.people.invitations import has_account_of_their_own
from lms.people.models import Invitation, User


def is_invited(visible_agencies: Select[Any], address: ColumnElement[str | None], now: datetime) -> ColumnElement[bool]:
    """The SQL condition that an invitation which can be used now went out to a person, or to their address.

    Only invitations into agencies in scope count: another agency's are nobody's business.
    """
    usable = (
        Invitation.agency_id.in_(visible_agencies),
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > now,
    )
    people = select(Invitation.for_user_id).where(*usable, Invitation.for_user_id.is_not(None))
    return or_(User.id.in_(people), func.coalesce(address, "").in_(select(Invitation.email).where(*usable)))


def is_uninvited(
    visible_agencies: Select[Any], address: ColumnElement[str | None], now: datetime
) -> ColumnElement[bool]:
    """The SQL condition that nobody looks after the account yet and no invitation leads to it."""
    return and_(~has_account_of_their_own(), ~is_invited(visible_agencies, address, now))
