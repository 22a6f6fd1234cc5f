"""Lists of people: searched, filtered and paged, in a fixed number of queries however many people there are.

Scopes come as subqueries of `lms.access`, so that no list can be asked for without one.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, or_, select, tuple_

from lms.database import db
from lms.people.finding import PRESENT, RosterFilter, address_of, roster_condition
from lms.people.models import Agency, Membership, User

PAGE_SIZE = 50
BY_NAME, BY_LAST_NAME = "name", "last"
ORDERS: Mapping[str, Any] = {BY_LAST_NAME: User.sort_key, BY_NAME: User.search_text}


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
    order: str = BY_NAME,
) -> RosterPage:
    """One page of people with a place in scope, by name as it is written or by last name: three queries. Stable while
    people come and go."""
    condition = roster_condition(visible_agencies, wanted, day)
    place, is_backwards = read_cursor(before or after), bool(before)
    text = ORDERS[order]
    key = tuple_(text, User.id)
    query = select(
        User.id,
        User.name,
        address_of().label("email"),
        User.disabled_at,
        text.label("text"),
        User.password_hash.is_not(None).label("has_password"),
    )
    query = query.where(condition)
    if place is not None:
        query = query.where(key < place if is_backwards else key > place)
    by = (text.desc(), User.id.desc()) if is_backwards else (text, User.id)
    found = list(db.session.execute(query.order_by(*by).limit(size + 1)).all())
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
            tuple(one for one in places.get(row.id, ()) if wanted.status not in PRESENT or one.holds_on(day)),
        )
        for row in found
    )
    has_next, has_previous = (True, has_more) if is_backwards else (has_more, place is not None)
    return RosterPage(
        rows,
        total,
        make_cursor(found[-1].text, found[-1].id) if found and has_next else None,
        make_cursor(found[0].text, found[0].id) if found and has_previous else None,
    )


def details_of(user_ids: Collection[int], visible_agencies: Select[Any], day: date) -> dict[int, str]:
    """By what people of one name are told apart: where in scope they work on a day, and their address; two queries."""
    addresses, places = addresses_of(user_ids), places_of(list(user_ids), visible_agencies)
    found = {}
    for user_id in user_ids:
        here = dict.fromkeys(one.agency_name for one in places.get(user_id, ()) if one.holds_on(day))
        found[user_id] = " · ".join([*list(here)[:3], *filter(None, [addresses.get(user_id)])])
    return found


def addresses_of(user_ids: Collection[int]) -> dict[int, str]:
    """The same of several people, for pages about them. The account's own address alone would tell of a person who was
    imported whether theirs belongs to an account elsewhere."""
    rows = db.session.execute(select(User.id, address_of()).where(User.id.in_(user_ids)))
    return {user_id: email for user_id, email in rows if email}


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
    condition = roster_condition(visible_agencies, RosterFilter(under=under), day)
    return db.session.scalar(select(func.count()).select_from(User).where(condition)) or 0


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
