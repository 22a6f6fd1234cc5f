"""Joining an agency by an address of its proven mail domain: at once, or after somebody there has approved it.

What waits for approval is a request like those by a code; `lms.people.joining` decides on both.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from lms.clock import utc_now
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, Invalid
from lms.people.joining import add_request
from lms.people.memberships import start_membership
from lms.people.providers.domains import domain_of, find_verified
from lms.people.providers.models import EmailDomain

_LETS_JOIN = (EmailDomain.verified_at.is_not(None), EmailDomain.removed_at.is_(None), EmailDomain.joining != "no")


def anybody_may_join() -> bool:
    """Whether any agency lets people of its domain register."""
    return db.session.scalar(select(EmailDomain.id).where(*_LETS_JOIN).limit(1)) is not None


def joinable(email: str) -> EmailDomain | None:
    """The domain by which somebody with that address joins an agency that is in use."""
    found = find_verified(domain_of(email))
    if found is None or found.joining == "no" or found.agency.archived_at is not None:
        return None
    return found


def join(user_id: int, email: str, discipline: str, *, day: date) -> bool | None:
    """A place at the agency of the address's domain, at once (True) or once approved (False); None where it has none.

    The address has been proven. The caller commits. Raises Invalid.
    """
    found = joinable(email)
    if found is None:
        return None
    if discipline not in DISCIPLINES:
        raise Invalid(N_("Choose a discipline."), "discipline")
    if found.joining == "at-once":
        start_membership(user_id, found.agency_id, discipline, day=day, actor_id=user_id, at=utc_now())
        return True
    add_request(user_id, found.agency_id, discipline, now=utc_now())
    return False
