"""Places: when a person works for an agency, and in which discipline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select

from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.people.audit import note
from lms.people.models import Agency, Membership


def holds_on(day: Any) -> ColumnElement[bool]:
    """The SQL condition that a place holds on a day (or on a bound one): half open, like every span here."""
    places = Membership.__table__.c  # the table: it serves statements that are made of tables alone, too
    return and_(places.started_on <= day, or_(places.ended_on.is_(None), places.ended_on > day))


def start_membership(user_id: int, agency_id: int, discipline: str, *, day: date, actor_id: int | None) -> Membership:
    """The person's place from `day` on; the one that exists where they hold it already. The caller commits."""
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
    membership = Membership(user_id=user_id, agency_id=agency_id, discipline=discipline, started_on=day)
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
    """End a place: `day` is the first day on which it no longer holds. The caller commits. Raises Conflict, Invalid."""
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
