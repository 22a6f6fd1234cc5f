"""Places: when a person works for an agency, and in which discipline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.people.audit import note
from lms.people.invited_places import follow_end, follow_move
from lms.people.models import Agency, Membership


def holds_on(day: Any) -> ColumnElement[bool]:
    """The SQL condition that a place holds on a day (or on a bound one): half open, like every span here."""
    places = Membership.__table__.c  # the table: it serves statements that are made of tables alone, too
    return and_(places.started_on <= day, or_(places.ended_on.is_(None), places.ended_on > day))


def start_membership(
    user_id: int,
    agency_id: int,
    discipline: str,
    *,
    day: date,
    actor_id: int | None,
    recorded_on: date | None = None,
    at: datetime | None = None,
) -> Membership:
    """The person's place from `day` on, of that day from the moment `at` on where one is given; the one that exists
    where they hold it already. `recorded_on` where it may have begun before anybody told of it here. The caller
    commits."""
    if discipline not in DISCIPLINES:
        raise Invalid(N_("Choose a discipline."), "discipline")
    agency = db.session.get_one(Agency, agency_id)
    if agency.archived_at is not None:
        raise Conflict(N_("This agency is archived; nobody can join it."))
    held = db.session.scalars(
        select(Membership).where(
            Membership.user_id == user_id,
            Membership.agency_id == agency_id,
            Membership.discipline == discipline,
            Membership.ended_on.is_(None),
        )
    ).one_or_none()
    if held is not None:
        return held
    membership = Membership(
        user_id=user_id,
        agency_id=agency_id,
        discipline=discipline,
        started_on=day,
        recorded_on=recorded_on,
        began_at=at,
    )
    db.session.add(membership)
    note(
        "membership.started",
        "user",
        user_id,
        actor_id=actor_id,
        agency_id=agency_id,
        discipline=discipline,
        on=day.isoformat(),
    )
    return membership


def end_membership(membership_id: int, *, day: date, actor_id: int | None) -> Membership:
    """End a place: `day` is the first day on which it no longer holds; so do open invitations into it. The caller
    commits. Raises Conflict, Invalid."""
    membership = _end(membership_id, day, actor_id)
    follow_end([membership], day=day, actor_id=actor_id)
    return membership


def _end(membership_id: int, day: date, actor_id: int | None) -> Membership:
    membership = db.session.get(Membership, membership_id)
    if membership is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if membership.ended_on is not None:
        raise Overtaken(N_("This place has ended already."))
    if day < membership.started_on:
        raise Invalid(N_("A place cannot end before it starts."), "day")
    membership.ended_on = day
    note(
        "membership.ended",
        "user",
        membership.user_id,
        actor_id=actor_id,
        agency_id=membership.agency_id,
        discipline=membership.discipline,
        on=day.isoformat(),
    )
    return membership


def move_membership(
    membership_id: int, *, agency_id: int, discipline: str, day: date, actor_id: int | None
) -> Membership:
    """End a place and begin another on the same day: there is no day without one, and none with both. Open
    invitations into the one lead to the other. The caller commits. Raises what ending and starting raise, and Conflict
    where nothing would change.

    What was earned stays as it is; each agency sees of it what its days allow (fault 37).
    """
    before = db.session.get(Membership, membership_id)
    if before is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if (before.agency_id, before.discipline) == (agency_id, discipline):
        raise Conflict(N_("The person works there already, in this discipline."))
    if day < before.started_on:
        raise Invalid(N_("The new place cannot begin before the old one did."), "started_on")
    follow_move(_end(membership_id, day, actor_id), (agency_id, discipline), actor_id=actor_id)
    return start_membership(before.user_id, agency_id, discipline, day=day, actor_id=actor_id)


def current_memberships(user_id: int, day: date) -> Sequence[Membership]:
    """The places that a person holds on a day, oldest first."""
    return db.session.scalars(
        select(Membership)
        .where(
            Membership.user_id == user_id,
            holds_on(day),
        )
        .order_by(Membership.started_on, Membership.id)
    ).all()
