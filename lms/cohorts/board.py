"""A team's board read from the database: a fixed number of queries, whatever its size."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from lms.catalog.models import Course, CourseVersion
from lms.certification.models import Certificate
from lms.cohorts.composition import Board, MilestoneFact, SeatRule, seats_board
from lms.cohorts.coverage import Holding, Holdings, Sitting
from lms.cohorts.lapses import Award
from lms.cohorts.milestones import Tally, tally_cross_training, tally_own_discipline
from lms.cohorts.models import Cohort, CohortTemplate, Member, Milestone, Seat, TeamAward
from lms.cohorts.templates import ATTESTED, CROSS_TRAINING, OWN_DISCIPLINE, exercise_courses, rules_of
from lms.cohorts.training import courses_by_discipline, load_cross_trained
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
    seat_titles: Mapping[int, Mapping[str, Any]]
    """By seat id, those of removed seats too: an earlier certificate may name them."""
    milestones: tuple[Milestone, ...]
    attested_by: Mapping[int, str]
    """Names by user id."""
    course_titles: Mapping[str, Mapping[str, str]]
    """Titles by language of the courses asked for, by slug."""
    certificates: tuple[Certificate, ...]
    """The team's, newest first."""
    named_seat_ids: frozenset[int] = frozenset()
    """The required seats of the newest certificate, by which it stands."""


def load_board(cohort: Cohort, now: datetime, time_zone: str) -> CohortBoard:
    """The board at `now`: seven queries, whatever the size of the team; six more where milestones are derived from
    courses of disciplines and from cross-training. `time_zone` is where days of grace begin."""
    every_seat = list(db.session.scalars(select(Seat).where(Seat.cohort_id == cohort.id).order_by(Seat.position)))
    seats = [one for one in every_seat if one.removed_at is None]
    members = _load_members(cohort.id)
    sittings = [sitting_of(one) for one, _ in members]
    milestones = tuple(
        db.session.scalars(select(Milestone).where(Milestone.cohort_id == cohort.id).order_by(Milestone.position))
    )
    derived = {one.rule for one in milestones}
    rules = rules_of(cohort.rules)
    offered = courses_by_discipline() if OWN_DISCIPLINE in derived else {}
    holdings = load_holdings({one.user_id for one in sittings}, {*rules.courses, *chain(*offered.values())})
    tallies: dict[str, Tally] = {}
    if OWN_DISCIPLINE in derived:
        disciplines = {one.id: one.discipline for one in seats}
        tallies[OWN_DISCIPLINE] = tally_own_discipline(sittings, disciplines, offered, holdings, now)
    if CROSS_TRAINING in derived:
        trained = load_cross_trained({one.user_id for one in sittings if one.left_at is None}, now, time_zone)
        tallies[CROSS_TRAINING] = tally_cross_training(sittings, trained.completed, trained.passed)
    awards = _load_awards(cohort.id)
    award = award_of(*awards[0]) if awards else None
    board = seats_board(
        rules,
        [SeatRule(one.id, one.discipline, one.is_required) for one in seats],
        sittings,
        holdings,
        now,
        milestones=[
            MilestoneFact(one.key, one.met_on, one.rule != ATTESTED, tallies.get(one.rule)) for one in milestones
        ],
        award=award,
        ready_by=cohort.ready_by,
        time_zone=time_zone,
    )
    return CohortBoard(
        cohort=cohort,
        board=board,
        people={one.user_id: _person_line(one, agency) for one, agency in members if one.left_at is None},
        seats={one.id: one for one in seats},
        seat_titles={one.id: one.title for one in every_seat},
        milestones=milestones,
        attested_by=_load_names({one.met_by_id for one in milestones if one.met_by_id is not None}),
        course_titles=load_titles(rules.courses),
        certificates=tuple(certificate for _, certificate in awards),
        named_seat_ids=(award.seat_ids if award else None) or frozenset(),
    )


def load_holdings(user_ids: Collection[int], courses: Collection[str]) -> Holdings:
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


def load_exercises(cohort: Cohort) -> dict[str, tuple[str, dict[str, str]]]:
    """By the id of a milestone, the published course with the exercise that meets it, and its titles. Two queries.

    As the kind of team says today, not as it said when this one was made: it names material and asks for nothing.
    """
    template = db.session.get_one(CohortTemplate, cohort.template_id)
    courses = exercise_courses(template.rules)
    titles = load_titles(courses.values()) if courses else {}
    return {key: (slug, {"en": slug, **titles[slug]}) for key, slug in courses.items() if slug in titles}


def load_titles(courses: Collection[str]) -> dict[str, dict[str, str]]:
    rows = db.session.execute(
        select(Course.slug, CourseVersion.facts)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .where(Course.slug.in_(sorted(courses)), CourseVersion.is_current)
    )
    return {slug: dict(facts.get("titles") or {}) for slug, facts in rows}


def sitting_of(member: Member) -> Sitting:
    return Sitting(member.user_id, member.seat_id, member.joined_at, member.left_at, member.is_alternate)


def award_of(team_award: TeamAward, certificate: Certificate) -> Award:
    """A team's certificate as the rules see it: until when, and by which seats it stands. One that was corrected counts
    from the day of the first."""
    return Award(
        certificate.valid_from,
        _earlier(certificate.expires_at, certificate.revoked_at),
        is_revoked=certificate.revoked_at is not None,
        seat_ids=frozenset(one["seat_id"] for one in team_award.composition if one["is_required"]),
    )


def _load_awards(cohort_id: int) -> list[tuple[TeamAward, Certificate]]:
    """The newest first. Of one that was replaced, the one in its place speaks."""
    rows = db.session.execute(
        select(TeamAward, Certificate)
        .join(Certificate, Certificate.cycle == TeamAward.cycle)
        .where(TeamAward.cohort_id == cohort_id, Certificate.team_cohort_id == cohort_id)
        .where(Certificate.superseded_by_id.is_(None))
        .order_by(TeamAward.cycle.desc())
    )
    return [(team_award, certificate) for team_award, certificate in rows]


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min((end for end in (one, other) if end is not None), default=None)
