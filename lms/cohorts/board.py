"""A team's board read from the database: a fixed number of queries, whatever its size."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from lms.catalog.models import Course, CourseVersion
from lms.certification.models import Certificate
from lms.cohorts.composition import Award, Board, Holding, MilestoneFact, SeatRule, Sitting, seats_board
from lms.cohorts.models import Cohort, Member, Milestone, Seat, TeamAward
from lms.cohorts.templates import BY_COURSES, rules_of
from lms.database import db
from lms.people.models import Agency, User


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A present member, as every other member may see them."""

    member_id: int
    user_id: int
    name: str
    printed_name: str
    agency_id: int | None
    agency_name: str
    joined_at: datetime


@dataclass(frozen=True, slots=True)
class CohortBoard:
    """A team with its board and the rows to show it by."""

    cohort: Cohort
    board: Board
    people: Mapping[int, PersonLine]
    """By user id."""
    seats: Mapping[int, Seat]
    milestones: tuple[Milestone, ...]
    attested_by: Mapping[int, str]
    """Names by user id."""
    course_titles: Mapping[str, Mapping[str, str]]
    """Titles by language of the courses asked for, by slug."""
    certificates: tuple[Certificate, ...]
    """The team's, newest first."""


def load_board(cohort: Cohort, now: datetime) -> CohortBoard:
    """The board at `now`: seven queries, whatever the size of the team."""
    seats = list(db.session.scalars(select(Seat).where(Seat.cohort_id == cohort.id).order_by(Seat.position)))
    members = _load_members(cohort.id)
    milestones = tuple(
        db.session.scalars(select(Milestone).where(Milestone.cohort_id == cohort.id).order_by(Milestone.position))
    )
    attested = {one.met_by_id for one in milestones if one.met_by_id is not None}
    rules = rules_of(cohort.rules)
    certificates = _load_certificates(cohort.id)
    board = seats_board(
        rules,
        [SeatRule(one.id, one.discipline, one.is_required) for one in seats],
        [Sitting(one.user_id, one.seat_id, one.joined_at, one.left_at, one.is_alternate) for one, _ in members],
        load_holdings({one.user_id for one, _ in members}, rules.courses),
        now,
        milestones=[MilestoneFact(one.key, one.met_on, one.rule == BY_COURSES) for one in milestones],
        award=_latest_award(certificates),
        ready_by=cohort.ready_by,
    )
    return CohortBoard(
        cohort=cohort,
        board=board,
        people={one.user_id: _person_line(one, agency) for one, agency in members if one.left_at is None},
        seats={one.id: one for one in seats},
        milestones=milestones,
        attested_by=_load_names(attested),
        course_titles=_load_titles(rules.courses),
        certificates=certificates,
    )


def load_holdings(user_ids: Collection[int], courses: Collection[str]) -> dict[int, list[Holding]]:
    """Every certificate of these courses that the people ever held, with its end. One query.

    A revoked one ends at its revocation; of a superseded one its successor speaks.
    """
    found: dict[int, list[Holding]] = {}
    rows = db.session.execute(
        select(Certificate.user_id, Course.slug, Certificate.valid_from, Certificate.expires_at, Certificate.revoked_at)
        .join(Course, Course.id == Certificate.course_id)
        .where(
            Certificate.kind == "course",
            Certificate.user_id.in_(sorted(user_ids)),
            Course.slug.in_(sorted(courses)),
            Certificate.superseded_by_id.is_(None),
        )
    )
    for user_id, slug, valid_from, expires_at, revoked_at in rows:
        found.setdefault(user_id or 0, []).append(Holding(slug, valid_from, _earlier(expires_at, revoked_at)))
    return found


def in_language(texts: Mapping[str, Any], language: str) -> str:
    """A title in a language, else in English."""
    return str(texts.get(language) or texts["en"])


def _load_members(cohort_id: int) -> list[tuple[Member, str | None]]:
    """Present and past members with the name of the agency each sits for."""
    rows = db.session.execute(
        select(Member, Agency.name)
        .join(User, User.id == Member.user_id)
        .outerjoin(Agency, Agency.id == Member.agency_id)
        .options(contains_eager(Member.user))
        .where(Member.cohort_id == cohort_id)
        .order_by(User.name, Member.id)
    )
    return [(member, agency) for member, agency in rows]


def _person_line(member: Member, agency_name: str | None) -> PersonLine:
    user = member.user
    return PersonLine(
        member.id, user.id, user.name, user.printed_name, member.agency_id, agency_name or "", member.joined_at
    )


def _load_names(user_ids: Collection[int]) -> dict[int, str]:
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(sorted(user_ids))))
    return {int(user_id): str(name) for user_id, name in rows}


def _load_titles(courses: Collection[str]) -> dict[str, dict[str, str]]:
    rows = db.session.execute(
        select(Course.slug, CourseVersion.facts)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .where(Course.slug.in_(sorted(courses)), CourseVersion.is_current)
    )
    return {slug: dict(facts.get("titles") or {}) for slug, facts in rows}


def _load_certificates(cohort_id: int) -> tuple[Certificate, ...]:
    return tuple(
        db.session.scalars(
            select(Certificate)
            .join(TeamAward, TeamAward.certificate_id == Certificate.id)
            .where(TeamAward.cohort_id == cohort_id)
            .order_by(TeamAward.cycle.desc())
        )
    )


def _latest_award(certificates: tuple[Certificate, ...]) -> Award | None:
    if not certificates:
        return None
    latest = certificates[0]
    ends_at = _earlier(latest.expires_at, latest.revoked_at)
    return Award(latest.issued_at, ends_at, is_revoked=latest.revoked_at is not None)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((end for end in (one, other) if end is not None), default=None)
