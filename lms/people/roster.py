"""Lists of people: searched, filtered and paged, in a fixed number of queries however many people there are.

Scopes come as subqueries of `lms.access`, so that no list can be asked for without one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_, select, tuple_

from lms.database import db
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership, User
from lms.people.names import fold

PAGE_SIZE = 50
STATUSES = ("current", "past", "disabled")
UNPLACED = "unplaced"
"""People without an agency: only for who sees everybody."""


@dataclass(frozen=True, slots=True)
class RosterFilter:
    """What a list shows. `under` is the path of an agency: its people and those of all below it."""

    search: str = ""
    under: str | None = None
    discipline: str | None = None
    status: str = "current"
    is_everywhere: bool = False
    """Whether the viewer sees everybody, those without an agency too."""


@dataclass(frozen=True, slots=True)
class RosterPlace:
    membership_id: int
    agency_id: int
    agency_name: str
    discipline: str
    started_on: date
    ended_on: date | None

    def holds_on(self, day: date) -> bool:
        return self.started_on <= day and (self.ended_on is None or self.ended_on > day)


@dataclass(frozen=True, slots=True)
class RosterRow:
    user_id: int
    name: str
    email: str | None
    is_disabled: bool
    has_password: bool
    places: tuple[RosterPlace, ...]


@dataclass(frozen=True, slots=True)
class RosterPage:
    """`next_cursor` and `previous_cursor` are for `after` and `before`."""

    rows: tuple[RosterRow, ...]
    total: int
    next_cursor: str | None
    previous_cursor: str | None


def list_people(
    visible_agencies: Select[Any],
    wanted: RosterFilter,
    *,
    day: date,
    after: str | None = None,
    before: str | None = None,
    size: int = PAGE_SIZE,
) -> RosterPage:
    """One page of people with a place in scope, by name: three queries. Stable while people come and go."""
    condition = _condition(visible_agencies, wanted, day)
    place, is_backwards = read_cursor(before or after), bool(before)
    key = tuple_(User.search_text, User.id)
    query = select(
        User.id,
        User.name,
        User.email,
        User.disabled_at,
        User.search_text,
        User.password_hash.is_not(None).label("has_password"),
    )
    query = query.where(condition)
    if place is not None:
        query = query.where(key < place if is_backwards else key > place)
    order = (User.search_text.desc(), User.id.desc()) if is_backwards else (User.search_text, User.id)
    found = list(db.session.execute(query.order_by(*order).limit(size + 1)).all())
    has_more = len(found) > size
    found = found[:size]
    if is_backwards:
        found.reverse()
    total = db.session.scalar(select(func.count()).select_from(User).where(condition)) or 0
    places = places_of([row.id for row in found], visible_agencies)
    rows = tuple(
        RosterRow(
            row.id,
            row.name,
            row.email,
            row.disabled_at is not None,
            row.has_password,
            tuple(one for one in places.get(row.id, ()) if wanted.status != "current" or one.holds_on(day)),
        )
        for row in found
    )
    has_next, has_previous = (True, has_more) if is_backwards else (has_more, place is not None)
    return RosterPage(
        rows,
        total,
        make_cursor(found[-1].search_text, found[-1].id) if found and has_next else None,
        make_cursor(found[0].search_text, found[0].id) if found and has_previous else None,
    )


def places_of(user_ids: Sequence[int], visible_agencies: Select[Any]) -> dict[int, list[RosterPlace]]:
    """Present and past places of these people, only those in scope: another agency's are nobody's business."""
    if not user_ids:
        return {}
    rows = db.session.execute(
        select(
            Membership.user_id,
            Membership.id,
            Agency.id,
            Agency.name,
            Membership.discipline,
            Membership.started_on,
            Membership.ended_on,
        )
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Membership.user_id.in_(user_ids), Membership.agency_id.in_(visible_agencies))
        .order_by(Membership.ended_on.is_not(None), Membership.started_on.desc(), Membership.id)
    )
    places: dict[int, list[RosterPlace]] = {}
    for row in rows:
        places.setdefault(row[0], []).append(RosterPlace(*row[1:]))
    return places


def count_people(visible_agencies: Select[Any], under: str, day: date) -> int:
    """How many people work at an agency, or below it, on a day."""
    condition = _condition(visible_agencies, RosterFilter(under=under), day)
    return db.session.scalar(select(func.count()).select_from(User).where(condition)) or 0


def _condition(visible_agencies: Select[Any], wanted: RosterFilter, day: date) -> ColumnElement[bool]:
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
    else:
        conditions = [current, User.disabled_at.is_(None)]
    conditions += [User.search_text.contains(word, autoescape=True) for word in fold(wanted.search).split()[:8]]
    return and_(*conditions)


def is_wholly_within(user_id: int, visible_agencies: Select[Any], day: date) -> bool:
    """Whether every place that the person holds on a day lies in scope."""
    outside = select(Membership.id).where(
        Membership.user_id == user_id,
        or_(Membership.ended_on.is_(None), Membership.ended_on > day),
        Membership.agency_id.not_in(visible_agencies),
    )
    return db.session.scalar(outside.limit(1)) is None


def make_cursor(text: str, number: int) -> str:
    """Where a page begins: opaque in an address, so that a name with any letter fits."""
    return base64.urlsafe_b64encode(json.dumps([text, number]).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None) -> tuple[str, int] | None:
    """What `make_cursor` made; None for anything else, so that a mangled address shows the first page."""
    if not cursor:
        return None
    try:
        text, number = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, RecursionError):
        return None
    if not isinstance(text, str) or not isinstance(number, int) or not 0 <= number < 2**63 or "\0" in text:
        return None
    return text, number
