"""The staff list as lines that the import reads back: one for each place that holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, func, select, tuple_

from lms.database import db
from lms.people.finding import RosterFilter, address_of, roster_condition
from lms.people.importing.entries import agency_key
from lms.people.importing.models import StaffRecord
from lms.people.importing.staff import employer_on
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership, User

PEOPLE = 1000
"""Read at once."""


@dataclass(frozen=True, slots=True)
class StaffLine:
    """A person at a place."""

    user_id: int
    name: str
    email: str | None
    number: str | None
    agency_mark: str
    """By which the import knows the agency: its code, its name where no other has it, else `#` and its id."""
    agency_name: str
    discipline: str
    started_on: date


def stream_staff(visible_agencies: Select[Any], wanted: RosterFilter, *, day: date) -> Iterator[StaffLine]:
    """Everybody whom the filter finds, by name, with the places in scope that hold on a day."""
    condition = roster_condition(visible_agencies, wanted, day)
    agencies = db.session.execute(select(Agency.id, Agency.kind, Agency.name, Agency.code, Agency.ori)).all()
    kinds, marks = {one.id: one.kind for one in agencies}, agency_marks(agencies)
    after: tuple[str, int] | None = None
    while True:
        query = select(User.id, User.name, address_of().label("email"), User.search_text).where(condition)
        if after is not None:
            query = query.where(tuple_(User.search_text, User.id) > after)
        people = db.session.execute(query.order_by(User.search_text, User.id).limit(PEOPLE)).all()
        if not people:
            return
        yield from _lines(people, visible_agencies, wanted, kinds, marks, day)
        after = (people[-1].search_text, people[-1].id)


def agency_marks(agencies: Sequence[Any]) -> dict[int, str]:
    """For each agency what the import finds it by, whatever others are called."""
    calls = Counter(agency_key(text) for one in agencies for text in {one.name, one.code, one.ori} if text)
    return {one.id: one.code or (one.name if calls[agency_key(one.name)] == 1 else f"#{one.id}") for one in agencies}


def _lines(
    people: Any,
    visible_agencies: Select[Any],
    wanted: RosterFilter,
    kinds: dict[int, str],
    marks: dict[int, str],
    day: date,
) -> Iterator[StaffLine]:
    ids = [person.id for person in people]
    records = {
        (one.user_id, one.agency_id): one
        for one in db.session.scalars(select(StaffRecord).where(StaffRecord.user_id.in_(ids)))
    }
    query = (
        select(
            Membership.user_id, Agency.id, Agency.name, Agency.path, Membership.discipline,
            func.min(Membership.started_on).label("started_on"),
        )
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Membership.user_id.in_(ids), Membership.agency_id.in_(visible_agencies), holds_on(day))
        .group_by(Membership.user_id, Agency.id, Agency.name, Agency.path, Membership.discipline)
        .order_by(Membership.user_id, Agency.path, Membership.discipline)
    )  # fmt: skip
    if wanted.under is not None:
        query = query.where(Agency.path.like(f"{wanted.under}%"))
    if wanted.discipline:
        query = query.where(Membership.discipline == wanted.discipline)
    places: dict[int, list[Any]] = {}
    for row in db.session.execute(query):
        places.setdefault(row.user_id, []).append(row)
    for person in people:
        for place in places.get(person.id, ()):
            record = records.get((person.id, employer_on(place.path, kinds)))
            yield StaffLine(
                person.id, person.name, person.email,
                record.number if record else None, marks[place.id], place.name, place.discipline, place.started_on,
            )  # fmt: skip
