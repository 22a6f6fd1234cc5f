"""Assignments listed and counted: those a viewer may see, the people of one by their standing, whom a draft touches."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, false, func, or_, select, true, tuple_
from sqlalchemy.orm import aliased

from lms.access import Viewer, scope, within
from lms.catalog.models import CourseVersion
from lms.certification.assigned import OVER, here_for, people_to_ask
from lms.certification.assignment_evidence import held_in_sight
from lms.certification.assignment_rules import AsOf, number_of, rule_to_try, rules_in_force
from lms.certification.assignments import HELD, OVERDUE, STATES, assigned_by_place
from lms.certification.models import CertificationVersion
from lms.database import db
from lms.learning.assignment_models import Assignment
from lms.learning.assignments import Draft
from lms.people.models import Agency, Membership, User
from lms.wall.sight import SYSTEM, looking_as

PAGE_SIZE = 50
MOST_COUNTED = 150_000
"""So many pairs of a person and an assignment are looked at for the list, at most. The page of one counts all."""

SAMPLE = 10
"""So many names are shown of whom a rule would reach."""


def may_see(viewer: Viewer) -> ColumnElement[bool]:
    """The condition, over a join of Assignment and Agency, that an assignment is of the viewer's agencies, or of one
    above them, whose rules reach their people too."""
    paths = scope(viewer, OVER)
    if paths is None:
        return true()
    if not paths:
        return false()
    above = {int(part) for path in paths for part in path.strip("/").split("/")}
    return or_(within(viewer, OVER), Agency.id.in_(sorted(above)))


@dataclass(frozen=True, slots=True)
class Tally:
    """How many people an assignment reaches, by their standing."""

    by_state: Mapping[str, int]

    @property
    def people(self) -> int:
        return sum(self.by_state.values())


def tally(rows: Any) -> Tally:
    """Of rows by place, each person once; one query."""
    each = rows.subquery("each")
    rows_found = db.session.execute(select(each.c.state, func.count(each.c.user_id.distinct())).group_by(each.c.state))
    counts: dict[str, int] = dict(rows_found.all())
    return Tally({state: counts.get(state, 0) for state in STATES})


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One person on the page of an assignment."""

    user_id: int
    name: str
    due_on: date
    state: str
    held_until: date | None
    waived_until: date | None
    extended_until: date | None
    is_elsewhere: bool = False
    """Held by what the viewer does not see: then they are told no day of it."""

    @property
    def overdue_since(self) -> date:
        return self.due_on + timedelta(days=1)


Key = tuple[date, int]


def people_of(
    viewer: Viewer, assignment_id: int, as_of: AsOf, *, state: str | None = None, after: Key | None = None
) -> tuple[Tally, list[PersonRow], Key | None]:
    """The people in scope whom an assignment reaches: how many stand how, and a page of them by due day and name."""
    here = here_for(viewer, OVER, as_of.day)
    rows = assigned_by_place(
        people_to_ask(viewer, here, OVER), here, as_of, rules_in_force(as_of, Assignment.id == assignment_id)
    )
    each = rows.cte("each")  # read twice in one statement: among 100,000 people it takes seconds to make
    once = select(each.c.user_id, each.c.state).distinct().subquery("once")
    counts = select(*(func.count(case((once.c.state == one, 1))).label(one) for one in STATES)).subquery("counts")
    columns = [each.c[name] for name in ("due_on", "state", "held_until", "waived_until", "extended_until")]
    page = (
        select(each.c.user_id, User.name, *columns, User.search_text)
        .join(User, User.id == each.c.user_id)
        .distinct()
        .order_by(each.c.due_on, User.search_text, each.c.user_id)
        .limit(PAGE_SIZE + 1)
    )
    if state in STATES:
        page = page.where(each.c.state == state)
    if after is not None:
        page = page.where(_key_of(each) > tuple_(after[0], _text_of(after[1]), after[1]))
    lines = page.subquery("page")
    query = (
        select(*counts.c, *lines.c)
        .select_from(counts.outerjoin(lines, true()))
        .order_by(lines.c.due_on, lines.c.search_text, lines.c.user_id)
    )
    result = db.session.execute(query).all()
    counted = Tally(dict(zip(STATES, result[0], strict=False)))
    found = [PersonRow(*row[len(STATES) : -1]) for row in result if row[len(STATES)] is not None]
    shown = _in_sight(viewer, found[:PAGE_SIZE], assignment_id, as_of)
    return counted, shown, (shown[-1].due_on, shown[-1].user_id) if len(found) > PAGE_SIZE else None


def _in_sight(viewer: Viewer, rows: list[PersonRow], assignment_id: int, as_of: AsOf) -> list[PersonRow]:
    """The rows as a viewer may know them: until when something is held only where they see it."""
    known = held_in_sight(viewer, {one.user_id for one in rows if one.state == HELD}, {assignment_id}, as_of)
    return [
        one if one.state != HELD else replace(one, held_until=mine.until if mine else None, is_elsewhere=mine is None)
        for one in rows
        for mine in [known.get((one.user_id, assignment_id))]
    ]


def _key_of(each: Any) -> Any:
    return tuple_(each.c.due_on, User.search_text, each.c.user_id)


def _text_of(user_id: int) -> Any:
    """What the last person of a page sorts by: the next page goes on after it."""
    last = aliased(User)
    return select(last.search_text).where(last.id == user_id).scalar_subquery()


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom an assignment would reach, if it were saved now."""

    tally: Tally
    names: tuple[str, ...]
    """Some of those who would have something to do."""
    told_already: int
    """How many have the same thing from another assignment."""


def touched_by(viewer: Viewer, draft: Draft, path: str, as_of: AsOf, *, but: int | None = None) -> Touched:
    """Whom a draft reaches in the viewer's scope before it is saved; three queries. `but`: the one that it changes."""
    thing = number_of(draft.course_id, draft.certification_id)
    discipline = draft.discipline if draft.audience == "discipline" else None
    here = here_for(viewer, OVER, as_of.day)
    people: Any = sorted(draft.people) if draft.audience == "people" else people_to_ask(viewer, here, OVER)
    rule = rule_to_try(thing, path, discipline, draft.due_on, draft.due_days, as_of.day)
    rows = assigned_by_place(people, here, as_of, rule)
    each = rows.subquery("each")
    others = rules_in_force(as_of, _is_thing(draft), Assignment.id != (but or 0))
    known = assigned_by_place(people, here, as_of, others).subquery("known")
    with looking_as(SYSTEM):  # who holds it already, wherever they earned it, is reached by no draft either
        names = db.session.scalars(
            select(User.name)
            .where(User.id.in_(select(each.c.user_id).where(each.c.state != HELD)))
            .order_by(User.search_text, User.id)
            .limit(SAMPLE)
        ).all()
        told = db.session.scalar(
            select(func.count(each.c.user_id.distinct())).where(each.c.user_id.in_(select(known.c.user_id)))
        )
        return Touched(tally(rows), tuple(names), told or 0)


def _is_thing(draft: Draft) -> Any:
    if draft.course_id is not None:
        return Assignment.course_id == draft.course_id
    return Assignment.certification_id == draft.certification_id


@dataclass(frozen=True, slots=True)
class RuleLine:
    """An assignment in the list; without numbers where a page of them would be too much to count."""

    assignment: Assignment
    agency_name: str
    agency_path: str
    overdue: int | None
    people: int | None


def list_assignments(viewer: Viewer, as_of: AsOf, *, before: int | None = None) -> tuple[list[RuleLine], int | None]:
    """A page of those that the viewer may see, the newest first; with numbers of people, unless there are too many."""
    query = (
        select(Assignment, Agency.name, Agency.path)
        .join(Agency, Agency.id == Assignment.agency_id)
        .where(may_see(viewer))
        .order_by(Assignment.id.desc())
        .limit(PAGE_SIZE + 1)
    )
    if before is not None:
        query = query.where(Assignment.id < before)
    found = db.session.execute(query).all()
    shown = found[:PAGE_SIZE]
    ids = [row[0].id for row in shown]
    counts = _counted(viewer, as_of, [row[0].id for row in shown if row[0].ended_at is None])
    nothing = (0, 0) if counts is not None else (None, None)
    lines = [
        RuleLine(one, name, path, *((0, 0) if one.ended_at else (counts or {}).get(one.id, nothing)))
        for one, name, path in shown
    ]
    return lines, ids[-1] if len(found) > PAGE_SIZE else None


def _counted(viewer: Viewer, as_of: AsOf, ids: Collection[int]) -> dict[int, tuple[int, int]] | None:
    """How many people each reaches in the viewer's scope, and how many of them are overdue; None: too many to count."""
    here = here_for(viewer, OVER, as_of.day)
    places = select(func.count()).select_from(Membership).join(Agency, Agency.id == Membership.agency_id)
    number = db.session.scalar(places.join(User, User.id == Membership.user_id).where(here)) or 0
    if number * len(ids) > MOST_COUNTED:
        return None
    wanted = rules_in_force(as_of, Assignment.id.in_(ids))
    rows = assigned_by_place(people_to_ask(viewer, here, OVER), here, as_of, wanted).subquery("rows")
    late = func.count(case((rows.c.state == OVERDUE, rows.c.user_id)).distinct())
    counts = select(rows.c.assignment_id, late, func.count(rows.c.user_id.distinct())).group_by(rows.c.assignment_id)
    return {row[0]: (row[1], row[2]) for row in db.session.execute(counts)}


def titles_of(assignments: Collection[Assignment]) -> dict[int, Mapping[str, str]]:
    """The titles by language of what each assigns, by the assignment's id; two queries."""
    of_courses = select(CourseVersion.course_id, CourseVersion.facts).where(
        CourseVersion.is_current, CourseVersion.course_id.in_({one.course_id for one in assignments} - {None})
    )
    courses: dict[int, Any] = dict(db.session.execute(of_courses).all())
    of_rules = select(CertificationVersion.certification_id, CertificationVersion.rules).where(
        CertificationVersion.is_current,
        CertificationVersion.certification_id.in_({one.certification_id for one in assignments} - {None}),
    )
    rules: dict[int, Any] = dict(db.session.execute(of_rules).all())
    found: dict[int, Mapping[str, str]] = {}
    for one in assignments:
        if one.course_id is not None:
            found[one.id] = courses[one.course_id]["titles"] if one.course_id in courses else {}
        else:
            found[one.id] = rules[one.certification_id or 0]["title"] if one.certification_id in rules else {}
    return found
