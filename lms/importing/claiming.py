"""Accepting an invitation of an import: all that hangs on the imported person becomes one's own."""

from __future__ import annotations

from datetime import date

from sqlalchemy import delete, select, update

from lms import merging
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, Overtaken
from lms.learning.models import Enrollment
from lms.people import invitations
from lms.people.audit import note
from lms.people.importing.models import ImportChange, ImportRow, StaffRecord
from lms.people.invitations import has_account_of_their_own
from lms.people.models import Agency, Invitation, Membership, User
from lms.people.names import clean_email
from lms.people.providers import arriving
from lms.people.providers.models import IdentityProvider
from lms.people.providers.sign_ins import Found
from lms.people.signins import token_hash


def accept_as_new(token: str, *, name: str, password_hash: str | None, language: str, day: date) -> int:
    """As `invitations.accept_as_new`, with what an import had placed. The caller commits."""
    user_id = invitations.accept_as_new(token, name=name, password_hash=password_hash, language=language, day=day)
    take_over(token, user_id, day)
    return user_id


def accept_as(token: str, user_id: int, *, day: date) -> int:
    """As `invitations.accept_as`, with what an import had placed. The caller commits."""
    invitations.accept_as(token, user_id, day=day)
    take_over(token, user_id, day)
    return user_id


NOT_CONFIRMED = N_(
    "This invitation was sent to %(invited)s, and %(provider)s does not confirm that this is your address. Ask whoever "
    "invited you to send it to the address that %(provider)s knows, or sign in with %(provider)s without the link."
)
OTHER_WAY = N_("This invitation is accepted another way by now. Open its link again.")


def accept_by_provider(
    token: str, provider: IdentityProvider, found: Found, user_id: int | None, *, language: str, day: date
) -> int:
    """Accept with the sign-in at the provider that the agency requires: no password is set. Returns the person's id.

    The link proves the address; the provider has to confirm the same one. `user_id` is the account that the provider's
    person has here already. The caller commits. Raises Conflict, Invalid.
    """
    invitation = invitations.find_invitation(token)
    agency = db.session.get(Agency, invitation.agency_id) if invitation and invitation.agency_id else None
    required = arriving.required_at(agency) if agency is not None else None
    if invitation is None or required is None or required.id != provider.id:
        raise Overtaken(OTHER_WAY)
    if not found.is_email_proven or clean_email(found.email or "") != invitation.email:
        raise Conflict(NOT_CONFIRMED, invited=invitation.email, provider=provider.name)
    is_new = user_id is None
    if user_id is None:
        name = found.name or invitation.name or invitation.email
        user_id = accept_as_new(token, name=name, password_hash=None, language=language, day=day)
    else:
        invitations.accept_for(token, user_id, day=day)
        take_over(token, user_id, day)
    return arriving.take_account(provider, found, user_id, discipline=invitation.discipline, day=day, is_new=is_new)


def take_over(token: str, user_id: int, day: date) -> None:
    """Give to a person what hangs on the one that the import had made for them: places, courses, seats, and whatever
    others have entered for them meanwhile. That one leads to the person from then on.

    Not where somebody signs in as that one by now: then it is an account like any other.
    """
    invited = select(Invitation.for_user_id).where(Invitation.token_hash == token_hash(token))
    from_id = db.session.scalar(
        select(User.id).where(User.id.in_(invited), ~has_account_of_their_own()).with_for_update()
    )
    if from_id is None or from_id == user_id:
        return
    db.session.flush()
    _take_places(from_id, user_id)
    _take_records(from_id, user_id)
    _drop_courses(from_id, user_id)
    for table in (ImportRow, ImportChange):
        db.session.execute(update(table).where(table.user_id == from_id).values(user_id=user_id))
    merging.take_in(user_id, from_id, now=utc_now(), today=day)
    note("person.claimed", "user", from_id, actor_id=user_id, by_id=user_id)
    db.session.flush()


def _take_places(from_id: int, user_id: int) -> None:
    held = {
        (place.agency_id, place.discipline): place
        for place in db.session.scalars(
            select(Membership).where(Membership.user_id == user_id, Membership.ended_on.is_(None))
        )
    }
    for place in db.session.scalars(select(Membership).where(Membership.user_id == from_id)).all():
        own = held.get((place.agency_id, place.discipline))
        if own is None or place.ended_on is not None:
            place.user_id = user_id
        else:
            own.recorded_on = min(max(one.started_on, one.recorded_on or one.started_on) for one in (own, place))
            own.started_on = min(own.started_on, place.started_on)
            db.session.delete(place)
        db.session.flush()


def _take_records(from_id: int, user_id: int) -> None:
    """Staff ids of employers of which the account has none move with everything else."""
    held = {one.agency_id: one for one in db.session.scalars(select(StaffRecord).where(StaffRecord.user_id == user_id))}
    for record in db.session.scalars(select(StaffRecord).where(StaffRecord.user_id == from_id)).all():
        own, number = held.get(record.agency_id), record.number
        if number is None or (own is not None and own.number is None):
            db.session.delete(record)
            db.session.flush()
        else:
            record.email = None
        if own is not None and own.number is None:
            own.number = number
        db.session.flush()


def _drop_courses(from_id: int, user_id: int) -> None:
    """Nobody is enrolled again, by an import, in a course that they are or were in."""
    held = select(Enrollment.course_id).where(Enrollment.user_id == user_id)
    db.session.execute(delete(Enrollment).where(Enrollment.user_id == from_id, Enrollment.course_id.in_(held)))
