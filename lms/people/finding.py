"""Whom a list of people shows: what can be asked for, and the condition that it means."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, or_, select
from sqlalchemy.orm import aliased

from lms.clock import utc_now
from lms.people.importing.models import StaffRecord
from lms.people.memberships import holds_on
from lms.people.models import Agency, License, Membership, RoleGrant, User, grant_holds
from lms.people.names import clean_name, license_key, search_words
from lms.people.uninvited import is_uninvited

UNINVITED = "not-invited"
STATUSES = ("current", "past", "disabled", "never-seen", UNINVITED)
PRESENT = ("current", "never-seen", UNINVITED)
"""Those of which only places that hold are shown."""

ANYBODY = "anybody"
"""Whoever has or had a place: no list shows them so, but whom somebody ticked is looked at wherever they are by now."""

UNPLACED = "unplaced"
"""People without an agency: only for who sees everybody."""


@dataclass(frozen=True, slots=True)
class RosterFilter:
    """What a list shows. `under` is the path of an agency: its people and those of all below it."""

    search: str = ""
    under: str | None = None
    discipline: str | None = None
    status: str = "current"
    license_number: str = ""
    """The whole number of a license; found only of people who work there now, as only theirs are shown."""
    role: str | None = None
    standing: ColumnElement[bool] | None = None
    """A further condition on User that a later room makes: who holds, lacks or soon loses a certificate."""
    only: frozenset[int] | None = None
    """Only these people, e.g. those who were ticked."""
    is_everywhere: bool = False
    """Whether the viewer sees everybody, those without an agency too."""
    among: Any = None
    """Only these: a subquery of ids, for what a later room knows of people."""


def roster_condition(visible_agencies: Select[Any], wanted: RosterFilter, day: date) -> ColumnElement[bool]:
    is_current = holds_on(day)
    places = select(Membership.user_id).where(Membership.agency_id.in_(visible_agencies))
    if wanted.under is not None:
        places = places.where(Membership.agency_id.in_(select(Agency.id).where(Agency.path.like(f"{wanted.under}%"))))
    if wanted.discipline:
        places = places.where(Membership.discipline == wanted.discipline)
    current = User.id.in_(places.where(is_current))
    conditions: list[ColumnElement[bool]]
    if wanted.status == "past":
        conditions = [User.id.in_(places), User.id.not_in(places.where(is_current))]
    elif wanted.status == "disabled":
        conditions = [User.disabled_at.is_not(None)]
        if not wanted.is_everywhere or wanted.under or wanted.discipline:
            conditions.append(User.id.in_(places))
    elif wanted.status == UNPLACED and wanted.is_everywhere:
        anywhere = select(Membership.user_id).where(is_current)
        conditions = [User.id.not_in(anywhere), User.disabled_at.is_(None)]
    elif wanted.status == "never-seen":
        conditions = [current, User.disabled_at.is_(None), User.last_seen_at.is_(None)]
    elif wanted.status == UNINVITED:
        conditions = [current, is_uninvited(visible_agencies, address_of(), utc_now())]
    elif wanted.status == ANYBODY:
        is_unbound = wanted.is_everywhere and not wanted.under and not wanted.discipline
        conditions = [] if is_unbound else [User.id.in_(places)]
    else:
        conditions = [current, User.disabled_at.is_(None)]
    conditions.append(User.merged_into_id.is_(None))
    if wanted.among is not None:
        conditions.append(User.id.in_(wanted.among))
    if wanted.license_number:
        number = clean_name(wanted.license_number)
        held = select(License.user_id).where(License.number_key == license_key(number), License.ended_at.is_(None))
        conditions += [User.id.in_(held), current]
    if wanted.role:
        conditions.append(User.id.in_(_who_have(wanted.role, visible_agencies, wanted.is_everywhere)))
    if wanted.standing is not None:
        conditions.append(wanted.standing)
    if wanted.only is not None:
        conditions.append(User.id.in_(wanted.only))
    if words := search_words(wanted.search):
        is_named = and_(*(User.search_text.contains(word, autoescape=True) for word in words))
        number = clean_name(wanted.search)
        by_number = User.id.in_(_numbered(number, visible_agencies)) if any(map(str.isdigit, number)) else false()
        conditions.append(or_(is_named, by_number))
    return and_(*conditions)


def chosen_ids(
    visible_agencies: Select[Any], wanted: RosterFilter, *, day: date, after: int = 0, limit: int | None = None
) -> Select[Any]:
    """Ids of everybody whom a list shows, on all its pages, by id."""
    query = select(User.id).where(roster_condition(visible_agencies, wanted, day), User.id > after).order_by(User.id)
    return query if limit is None else query.limit(limit)


def address_of() -> ColumnElement[str | None]:
    """A person's e-mail address, or the one that their employer's list has of them before they have an account."""
    listed = select(StaffRecord.email).where(StaffRecord.user_id == User.id, StaffRecord.email.is_not(None))
    return func.coalesce(User.email, listed.limit(1).scalar_subquery())


def _numbered(number: str, visible_agencies: Select[Any]) -> Select[Any]:
    """Ids of people with a staff id, in the list of an employer in scope or of one above it."""
    employer, seen = aliased(Agency), aliased(Agency)
    below = select(seen.id).where(seen.id.in_(visible_agencies), seen.path.like(employer.path + "%"))
    listed = select(StaffRecord.user_id).join(employer, employer.id == StaffRecord.agency_id)
    return listed.where(func.lower(StaffRecord.number) == number.lower(), below.exists())


def _who_have(role: str, visible_agencies: Select[Any], is_everywhere: bool) -> Select[Any]:
    """Ids of people with a role now, over agencies in scope; over everything only for who sees everybody."""
    over = RoleGrant.agency_id.in_(visible_agencies)
    return select(RoleGrant.user_id).where(
        RoleGrant.role == role,
        grant_holds(utc_now()),
        or_(over, RoleGrant.agency_id.is_(None)) if is_everywhere else over,
    )
