"""The address of somebody whom others entered and who has not signed in: added, and written to, by who manages them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, NotFound
from lms.people.audit import note
from lms.people.importing.models import StaffRecord
from lms.people.importing.staff import employer_on
from lms.people.invitations import Letter, has_account_of_their_own, invite
from lms.people.invited_places import end_links
from lms.people.models import Agency, Invitation, Membership, User
from lms.people.names import clean_email

OWN = N_("This person looks after their account themselves by now. They change their address under Account.")


def is_unclaimed(user_id: int) -> bool:
    """Whether nobody has signed in to an account, set its password or proven its address, and it is in use."""
    query = select(User.id).where(
        User.id == user_id, ~has_account_of_their_own(), User.merged_into_id.is_(None), User.erased_at.is_(None)
    )
    return db.session.scalar(query) is not None


def staff_numbers(user_id: int, agency_ids: object) -> list[tuple[str, str]]:
    """The staff ids of a person at employers among some agencies, each with the employer's name."""
    rows = db.session.execute(
        select(StaffRecord.number, Agency.name)
        .join(Agency, Agency.id == StaffRecord.agency_id)
        .where(StaffRecord.user_id == user_id, StaffRecord.number.is_not(None), Agency.id.in_(agency_ids))  # type: ignore[arg-type]
        .order_by(Agency.name)
    )
    return [(str(number), name) for number, name in rows]


def invite_person(
    user_id: int, email: str, place: Membership, *, actor_id: int, day: date, letter: Letter
) -> Invitation:
    """Note the address of a person without an account of their own, and invite them there into their place: whoever
    accepts takes over what was entered for them. The caller commits. Raises Conflict, Invalid, NotFound.

    An address that is an account's elsewhere stays with it, and nothing here tells of it: as with an import, that one
    takes the place by accepting.
    """
    user = db.session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if not is_unclaimed(user_id):
        raise Conflict(OWN)
    email = clean_email(email)
    earlier = select(Invitation).where(
        Invitation.for_user_id == user_id,
        Invitation.agency_id == place.agency_id,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
    )
    end_links(db.session.scalars(earlier).all(), utc_now())
    invitation = invite(
        email=email, name=user.name, agency_id=place.agency_id, discipline=place.discipline, invited_by_id=actor_id,
        day=day, letter=letter,
    )  # fmt: skip
    invitation.for_user_id = user_id
    _keep_address(user, email, place)
    note("person.address-added", "user", user_id, actor_id=actor_id, agency_id=place.agency_id)
    db.session.flush()
    return invitation


def _keep_address(user: User, email: str, place: Membership) -> None:
    owner = db.session.scalar(select(User.id).where(User.email == email))
    if owner in (None, user.id):
        user.email = email
        return
    user.email = None
    agency = db.session.get_one(Agency, place.agency_id)
    above = [int(part) for part in agency.path.strip("/").split("/")]
    rows = db.session.execute(select(Agency.id, Agency.kind).where(Agency.id.in_(above)))
    employer = employer_on(agency.path, {one[0]: one[1] for one in rows})
    query = select(StaffRecord).where(StaffRecord.user_id == user.id, StaffRecord.agency_id == employer)
    record = db.session.scalars(query).one_or_none()
    if record is None:
        db.session.add(StaffRecord(agency_id=employer, user_id=user.id, number=None, email=email))
    else:
        record.email = email
