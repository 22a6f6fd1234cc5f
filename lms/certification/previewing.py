"""Whom a change of a rule touches, and who would get a certification now: the decision run over people concerned."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from lms.certification.certifying import CurrentRule
from lms.certification.concerned import people_concerned
from lms.certification.dossiers import load_earlier, load_people
from lms.certification.models import Certificate
from lms.certification.requirements import CertificationRule, Decision, Earlier, Lack, Person, decide
from lms.certification.standing import is_valid_at
from lms.clock import local_day
from lms.database import db
from lms.people.models import User
from lms.wall.sight import SYSTEM, looking_as

MOST_PEOPLE = 5000
"""Of more people than that, only the counts that one query gives are told."""

MOST_NAMES = 50
PAGE = 500


@dataclass(frozen=True, slots=True)
class Named:
    """Somebody whom the viewer may see, and what they lack."""

    user_id: int
    name: str
    lacks: tuple[Lack, ...] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """So many people, and the first of them whom the viewer may see."""

    count: int = 0
    named: tuple[Named, ...] = ()


@dataclass(frozen=True, slots=True)
class Touched:
    """What a change means. `newly` qualify with it and did not before; `more` are on their way and would need
    something more; `windows` hold it and may renew on other days than before."""

    concerned: int
    holders: int
    is_decided: bool = True
    newly: Group = field(default_factory=Group)
    more: Group = field(default_factory=Group)
    windows: Group = field(default_factory=Group)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What issuing would do: `earned` get one, `almost` lack something, `holders` have it already."""

    concerned: int
    is_decided: bool = True
    earned: Group = field(default_factory=Group)
    almost: Group = field(default_factory=Group)
    holders: Group = field(default_factory=Group)


def touched_by(old: CurrentRule | None, new: CertificationRule, now: datetime, time_zone: str, seen: Any) -> Touched:
    """What changes if `new` takes the place of `old` (None: a new certification), on the day of `now`.

    Counts are of everybody, whoever asks: so this looks as the system does. Names only of `seen`, ids as a subquery.
    """
    courses = sorted({*new.courses, *(old.rule.courses if old else ())})
    number = old.certification_id if old else None
    day = local_day(now, time_zone)
    newly: list[tuple[int, tuple[Lack, ...]]] = []
    more: list[tuple[int, tuple[Lack, ...]]] = []
    windows: list[tuple[int, tuple[Lack, ...]]] = []
    with looking_as(SYSTEM):
        everybody = people_concerned(courses, number)
        concerned, holders = _count(everybody), _count_holders(number, now)
        if concerned > MOST_PEOPLE:
            return Touched(concerned, holders, is_decided=False)
        crossing = bool(new.cross_modules or (old and old.rule.cross_modules))
        for user_id, person, earlier in _known(everybody, courses, number, day, time_zone, crossing):
            before = decide(old.rule, person, day, earlier) if old else None
            after = decide(new, person, day, earlier)
            if after.is_earned and not (before and before.is_earned):
                newly.append((user_id, ()))
            elif before is not None and not after.holds and (new_lacks := _new_lacks(before, after)):
                more.append((user_id, new_lacks))
            if before is not None and after.holds and _window(before) != _window(after):
                windows.append((user_id, ()))
        groups = [_group(found, seen) for found in (newly, more, windows)]
    return Touched(concerned, holders, True, *groups)


def forecast(current: CurrentRule, now: datetime, time_zone: str, seen: Any) -> Forecast:
    """What issuing to everybody of `seen` (ids as a subquery) would do at `now`."""
    everybody = people_concerned(current.rule.courses, current.certification_id).where(User.id.in_(seen))
    concerned = _count(everybody)
    if concerned > MOST_PEOPLE:
        return Forecast(concerned, is_decided=False)
    day = local_day(now, time_zone)
    earned: list[tuple[int, tuple[Lack, ...]]] = []
    almost: list[tuple[int, tuple[Lack, ...]]] = []
    holders: list[tuple[int, tuple[Lack, ...]]] = []
    crossing = bool(current.rule.cross_modules)
    for user_id, person, earlier in _known(
        everybody, current.rule.courses, current.certification_id, day, time_zone, crossing
    ):
        decision = decide(current.rule, person, day, earlier)
        if decision.is_earned:
            earned.append((user_id, ()))
        else:
            (holders if decision.holds else almost).append((user_id, decision.lacks))
    return Forecast(concerned, True, *(_group(found, seen) for found in (earned, almost, holders)))


def _new_lacks(before: Decision, after: Decision) -> tuple[Lack, ...]:
    """What somebody on their way lacks now and did not before. Who works in another discipline, before and after, was
    on no way."""
    known = {one.reason for one in before.lacks} & {"discipline"}
    if known and any(one.reason == "discipline" for one in after.lacks):
        return ()
    return tuple(one for one in after.lacks if one not in before.lacks)


def _window(decision: Decision) -> tuple[date | None, date | None]:
    return decision.renew_from, decision.renew_by


def _count(people: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(people.order_by(None).subquery())) or 0


def _count_holders(certification_id: int | None, now: datetime) -> int:
    if certification_id is None:
        return 0
    query = select(func.count(Certificate.user_id.distinct())).where(
        Certificate.certification_id == certification_id, is_valid_at(now)
    )
    return db.session.scalar(query) or 0


def _known(
    people: Any, courses: Sequence[str], certification_id: int | None, day: date, time_zone: str, crossing: bool
) -> Iterator[tuple[int, Person, Earlier | None]]:
    """What is known of each, page by page: six queries for 500 people."""
    ids = list(db.session.scalars(people.limit(MOST_PEOPLE)))
    for start in range(0, len(ids), PAGE):
        page = ids[start : start + PAGE]
        known = load_people(page, courses, day, time_zone, with_crossing=crossing)
        numbers = [] if certification_id is None else [certification_id]
        earlier = load_earlier(page, numbers, time_zone)
        for user_id in page:
            award = earlier.get((user_id, certification_id)) if certification_id is not None else None
            yield user_id, known[user_id], award


def _group(found: Sequence[tuple[int, tuple[Lack, ...]]], seen: Any) -> Group:
    """The count of all, and names of who may be seen: who lacks least comes first."""
    lacks = dict(found)
    rows = db.session.execute(
        select(User.id, User.name, User.search_text).where(User.id.in_(list(lacks)), User.id.in_(seen))
    ).all()
    nearest = sorted(rows, key=lambda row: (_distance(lacks[row.id]), row.search_text, row.id))
    return Group(len(found), tuple(Named(row.id, row.name, lacks[row.id]) for row in nearest[:MOST_NAMES]))


def _distance(lacks: Sequence[Lack]) -> int:
    """How much is lacking; another discipline is further away than any number of courses."""
    return sum(1000 if one.reason in ("discipline", "taken-back") else one.count for one in lacks)
