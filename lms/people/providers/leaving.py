"""What follows when a directory makes somebody inactive, or active again: places, roles, sign-ins, the account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Select, select

from lms.clock import utc_now
from lms.database import db
from lms.people.audit import note
from lms.people.invited_places import follow_end
from lms.people.memberships import start_membership
from lms.people.models import Agency, Membership, RoleGrant, User, grant_holds
from lms.people.providers.models import ProvisionedPerson
from lms.people.providers.tokens import Directory
from lms.people.signins import end_all_sessions
from lms.people.tickets import end_tickets


def set_active(directory: Directory, user: User, row: ProvisionedPerson, is_active: bool, day: date) -> None:
    """Nothing for an account that was put together with another one: nobody signs in with it again."""
    if user.merged_into_id is not None:
        return
    placed = bool(placed_of(directory, [user.id], day))
    if is_active and (not row.is_active or not placed):
        _bring_back(directory, user, row, day)
    elif not is_active and (row.is_active or placed):
        _deactivate(directory, user, row, day)


def _deactivate(directory: Directory, user: User, row: ProvisionedPerson, day: date) -> None:
    """Places and roles below the agency end, and every sign-in; the account where nothing else is left of it."""
    places = db.session.scalars(_places(user.id, directory.agency.path, day)).all()
    row.ended_places = [[place.agency_id, place.discipline] for place in places] or row.ended_places
    for place in places:
        place.ended_on = max(day, place.started_on)
    follow_end(places, day=day, actor_id=None)
    grants = db.session.scalars(select(RoleGrant).where(RoleGrant.user_id == user.id, RoleGrant.revoked_at.is_(None)))
    for grant in grants.all():
        over = db.session.get_one(Agency, grant.agency_id).path if grant.agency_id else ""
        if over.startswith(directory.agency.path):
            grant.revoked_at = utc_now()
            note_provisioned(directory, "role-ended", user.id, role=grant.role)
    db.session.flush()
    row.is_active, row.changed_at = False, utc_now()
    end_all_sessions(user.id)
    end_tickets(user.id)
    if user.disabled_at is None and not _is_elsewhere(user.id, day):
        user.disabled_at, row.disabled_account = utc_now(), True
    note_provisioned(directory, "deactivated", user.id, account=bool(row.disabled_account))


def _bring_back(directory: Directory, user: User, row: ProvisionedPerson, day: date) -> None:
    """The places that ended come back, else one at the agency; the account, if the directory had switched it off."""
    agencies = {place[0]: db.session.get(Agency, place[0]) for place in row.ended_places}
    back = [
        (agency_id, discipline)
        for agency_id, discipline in row.ended_places
        if (agency := agencies[agency_id]) is not None
        and agency.archived_at is None
        and agency.path.startswith(directory.agency.path)
    ]
    for agency_id, discipline in back or [(directory.agency.id, directory.discipline)]:
        start_membership(user.id, agency_id, discipline, day=day, actor_id=None)
    if row.disabled_account:
        user.disabled_at, row.disabled_account = None, False
    row.is_active, row.ended_places, row.changed_at = True, [], utc_now()
    db.session.flush()
    note_provisioned(directory, "activated", user.id)


def reaches_beyond(directory: Directory, user_id: int, day: date) -> bool:
    """Whether a person works, or has a role, anywhere that is not at or below the agency: whoever runs its directory
    must not get hold of that by naming another address."""
    own = f"{directory.agency.path}%"
    elsewhere = _places(user_id, "/", day).where(Agency.path.not_like(own))
    if db.session.scalars(elsewhere.limit(1)).first() is not None:
        return True
    held = (
        select(RoleGrant.id)
        .outerjoin(Agency, Agency.id == RoleGrant.agency_id)
        .where(RoleGrant.user_id == user_id, grant_holds(utc_now()), Agency.path.is_(None) | Agency.path.not_like(own))
    )
    return db.session.scalar(held.limit(1)) is not None


def _is_elsewhere(user_id: int, day: date) -> bool:
    if db.session.scalars(_places(user_id, "/", day).limit(1)).first() is not None:
        return True
    held = select(RoleGrant.id).where(RoleGrant.user_id == user_id, grant_holds(utc_now()))
    return db.session.scalar(held.limit(1)) is not None


def _places(user_id: int, path: str, day: date) -> Select[Any]:
    """Places that hold on the day, or begin later."""
    return (
        select(Membership)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(
            Membership.user_id == user_id,
            Membership.ended_on.is_(None) | (Membership.ended_on > day),
            Agency.path.like(f"{path}%"),
        )
    )


def placed_of(directory: Directory, user_ids: Sequence[int], day: date) -> set[int]:
    """Who of them has a place below the agency."""
    return set(
        db.session.scalars(
            select(Membership.user_id)
            .join(Agency, Agency.id == Membership.agency_id)
            .where(
                Membership.user_id.in_(user_ids),
                Membership.ended_on.is_(None) | (Membership.ended_on > day),
                Agency.path.like(f"{directory.agency.path}%"),
            )
        )
    )


def note_provisioned(directory: Directory, what: str, user_id: int, **detail: Any) -> None:
    note(
        f"provisioning.{what}",
        "user",
        user_id,
        actor_id=None,
        agency_id=directory.agency.id,
        token_id=directory.token_id,
        **detail,
    )
