"""What is assigned to somebody, read for pages, and who is overdue among the people whom a viewer may see."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, String, and_, bindparam, case, func, or_, select

from lms.access import Permission, Viewer, scope, within
from lms.catalog.models import Course, CourseVersion
from lms.certification.assignment_evidence import held_in_sight
from lms.certification.assignment_rules import AsOf, rules_in_force
from lms.certification.assignments import DUE, HELD, OVERDUE, PLACE, WAIVED, assigned, assigned_by_place
from lms.certification.models import Certification, CertificationVersion
from lms.database import db
from lms.learning.assignment_models import Assignment
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership, User

OVER = Permission.ASSIGN_TRAINING
RANK = {OVERDUE: 0, DUE: 1, HELD: 2, WAIVED: 3}


@dataclass(frozen=True, slots=True)
class Assigned:
    """One assignment as it stands for one person."""

    assignment_id: int
    user_id: int
    since: date
    due_on: date
    state: str
    held_until: date | None
    waived_until: date | None
    extended_until: date | None
    agency_name: str
    slug: str
    is_course: bool
    titles: Mapping[str, str]
    default_language: str
    is_elsewhere: bool = False
    """Held by what the viewer does not see: then they are told no day of it."""

    @property
    def overdue_since(self) -> date:
        """The first day on which it was overdue."""
        return self.due_on + timedelta(days=1)

    @property
    def is_open(self) -> bool:
        """Whether there is something left to do."""
        return self.state in (DUE, OVERDUE)

    @property
    def thing(self) -> tuple[bool, str]:
        return self.is_course, self.slug

    def title(self, language: str) -> str:
        """In a language, else in the one it was written in."""
        return self.titles.get(language) or self.titles.get(self.default_language) or self.slug


def assigned_to(
    user_id: int,
    as_of: AsOf,
    *,
    course_slug: str | None = None,
    viewer: Viewer | None = None,
    permission: Permission = OVER,
) -> list[Assigned]:
    """All that is assigned to a person, what is most urgent first; one query.

    Two assignments of one thing stay two. For a viewer only those that reach the person by a place in their scope.
    """
    if viewer is None:
        found = db.session.execute(_own_statement(), {"user_id": user_id, "slug": course_slug, **as_of.values})
    else:
        by_place = assigned_by_place([user_id], here_for(viewer, permission, as_of.day), as_of).subquery("by_place")
        columns = [one for one in by_place.c if one.name not in PLACE]
        query = _told(select(*columns).distinct().subquery("mine"))
        found = db.session.execute(query if course_slug is None else query.where(Course.slug == course_slug))
    lines = list(map(_read, found))
    if viewer is not None:
        lines = _in_sight(viewer, lines, as_of)
    return sorted(lines, key=lambda one: (RANK[one.state], one.due_on, one.assignment_id))


def _in_sight(viewer: Viewer, lines: list[Assigned], as_of: AsOf) -> list[Assigned]:
    """The lines as a viewer may know them: until when something is held only where they see it."""
    held = [one for one in lines if one.state == HELD]
    known = held_in_sight(viewer, {one.user_id for one in held}, {one.assignment_id for one in held}, as_of)
    return [
        one if one.state != HELD else replace(one, held_until=mine.until if mine else None, is_elsewhere=mine is None)
        for one in lines
        for mine in [known.get((one.user_id, one.assignment_id))]
    ]


def is_course_asked(course_id: int, agency_paths: Iterable[str], as_of: AsOf) -> bool:
    """Whether an assignment in force asks a course of anybody at these agencies (their paths): a short look before the
    long one, since most courses are not asked of whoever reads their page."""
    agencies = sorted({int(part) for path in agency_paths for part in path.strip("/").split("/")})
    if not agencies:
        return False
    values = {"course_id": course_id, "agencies": agencies, **as_of.values}
    return db.session.execute(_asked_statement(), values).first() is not None


@cache
def _asked_statement() -> Any:
    here = Assignment.agency_id.in_(bindparam("agencies", expanding=True))
    course = Assignment.course_id == bindparam("course_id", type_=Integer())
    return rules_in_force(AsOf.bound(), course, here).limit(1)


@cache
def _own_statement() -> Any:
    """Of one person for themselves, made once: to put it together costs ten times what the database takes for it."""
    slug = bindparam("slug", type_=String())
    mine = assigned([bindparam("user_id", type_=Integer())], AsOf.bound()).subquery("mine")
    return _told(mine).where(or_(slug.is_(None), Course.slug == slug))


def _told(rows: Any) -> Any:
    """The rows with what pages say of an assignment."""
    return (
        select(
            rows.c.assignment_id,
            rows.c.user_id,
            rows.c.since,
            rows.c.due_on,
            rows.c.state,
            rows.c.held_until,
            rows.c.waived_until,
            rows.c.extended_until,
            Agency.name,
            Course.slug,
            Certification.slug,
            CourseVersion.facts,
            CertificationVersion.rules,
        )
        .join(Assignment, Assignment.id == rows.c.assignment_id)
        .join(Agency, Agency.id == Assignment.agency_id)
        .outerjoin(Course, Course.id == Assignment.course_id)
        .outerjoin(CourseVersion, and_(CourseVersion.course_id == Course.id, CourseVersion.is_current))
        .outerjoin(Certification, Certification.id == Assignment.certification_id)
        .outerjoin(
            CertificationVersion,
            and_(CertificationVersion.certification_id == Certification.id, CertificationVersion.is_current),
        )
    )


def _read(row: Any) -> Assigned:
    facts, rules = row[11], row[12]
    titles: Mapping[str, str] = facts["titles"] if facts else rules["title"] if rules else {}
    return Assigned(
        assignment_id=row[0],
        user_id=row[1],
        since=row[2],
        due_on=row[3],
        state=row[4],
        held_until=row[5],
        waived_until=row[6],
        extended_until=row[7],
        agency_name=row[8],
        slug=row[9] or row[10],
        is_course=row[9] is not None,
        titles=titles,
        default_language=facts["default_language"] if facts else "en",
    )


def one_for_each(lines: Sequence[Assigned]) -> list[Assigned]:
    """Of two assignments of the same thing the more urgent one: nobody is told twice."""
    found: dict[tuple[bool, str], Assigned] = {}
    for one in lines:
        found.setdefault(one.thing, one)
    return list(found.values())


def here_for(viewer: Viewer | None, permission: Permission, day: date) -> ColumnElement[bool]:
    """The condition, over a join of Membership, Agency and User, that a place lies in a viewer's scope and holds today,
    and that the account of its person is in use."""
    return and_(within(viewer, permission), holds_on(day), User.disabled_at.is_(None))


def people_to_ask(viewer: Viewer, here: Any, *permissions: Permission) -> Any:
    """Ids of the people of such places, or None (everybody) for who may everywhere or nearly so: `here` leaves the
    others out anyhow, and among 100,000 people looking each of them up first took half of the time."""
    return None if all(_reaches_most(viewer, permission) for permission in permissions) else people_here(here)


def _reaches_most(viewer: Viewer, permission: Permission) -> bool:
    """Whether a permission reaches everywhere, or, from the top of a tree, at least half of all agencies; one query
    for whoever is set over such a top, none for others."""
    paths = scope(viewer, permission)
    if paths is None:
        return True
    if not any(path.count("/") == 2 for path in paths):
        return False
    mine, every = db.session.execute(
        select(func.count(case((within(viewer, permission), 1))), func.count()).select_from(Agency)
    ).one()
    return bool(2 * mine >= every)


def people_here(here: Any) -> Any:
    """Ids of the people of such places."""
    places = select(Membership.user_id).join(Agency, Agency.id == Membership.agency_id)
    return places.join(User, User.id == Membership.user_id).where(here)


def overdue_among(viewer: Viewer, as_of: AsOf, *, under: str | None = None, discipline: str | None = None) -> Any:
    """Ids of the people who are overdue by a place that the viewer may see, as a subquery for lists of people."""
    here = here_for(viewer, Permission.SEE_PEOPLE, as_of.day)
    if under is not None:
        here = and_(here, Agency.path.startswith(under, autoescape=True))
    if discipline:
        here = and_(here, Membership.discipline == discipline)
    people = people_here(here) if under or discipline else people_to_ask(viewer, here, Permission.SEE_PEOPLE)
    rows = assigned_by_place(people, here, as_of).subquery("overdue")
    return select(rows.c.user_id).where(rows.c.state == OVERDUE)


def overdue_courses(user_ids: Collection[int], slugs: Collection[str], as_of: AsOf) -> dict[int, dict[str, date]]:
    """Which of these courses are overdue for which people, and since when; one query. For who leads them in a team."""
    rows = assigned(sorted(user_ids), as_of).subquery("rows")
    query = (
        select(rows.c.user_id, Course.slug, func.min(rows.c.due_on))
        .join(Assignment, Assignment.id == rows.c.assignment_id)
        .join(Course, Course.id == Assignment.course_id)
        .where(rows.c.state == OVERDUE, Course.slug.in_(sorted(slugs)))
        .group_by(rows.c.user_id, Course.slug)
    )
    found: dict[int, dict[str, date]] = {}
    for user_id, slug, due_on in db.session.execute(query):
        found.setdefault(user_id, {})[slug] = due_on + timedelta(days=1)
    return found
