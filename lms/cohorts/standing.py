"""What follows for a team when something changes: its certificate is issued once its rule is met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, joinedload

from lms.certification.awards import award_team_certificate
from lms.certification.facts import AwardSite, MilestoneLine, SeatLine, TeamFacts
from lms.certification.models import Certificate
from lms.cohorts.board import CohortBoard, in_language, load_board
from lms.cohorts.composition import Standing
from lms.cohorts.models import Cohort, Member, TeamAward
from lms.cohorts.teams import lock_cohort
from lms.database import db
from lms.people.models import Agency

EXERCISE = "m6"
"""The milestone whose day is printed as that of the exercise."""


@dataclass(frozen=True, slots=True)
class Filled:
    """How a team stands after one award of a member, whether or not it asks for that, for the page that tells them."""

    cohort_id: int
    cohort_name: str
    agency_id: int
    seat_title: Mapping[str, str] | None
    standing: Standing
    certified_seats: int
    required_seats: int
    certificate_code: str | None
    """Of a team certificate issued just now."""
    asked_courses: tuple[str, ...] = ()
    """What the team asks for of every seat."""

    def is_filled_by(self, course: str) -> bool:
        """Whether a certificate of the course counts for a seat here: the member has one, and the team asks for it."""
        return self.seat_title is not None and course in self.asked_courses


def refresh_cohorts_of(user_id: int, now: datetime, site: AwardSite) -> list[Filled]:
    """After something was awarded to a person: where each of their open teams stands. The caller commits.

    Issues a team certificate where the rule is now met. Each team is locked first, so that of two members who finish
    at once the later sees the other's certificate.
    """
    cohort_ids = db.session.scalars(
        select(Member.cohort_id)
        .join(Cohort, Cohort.id == Member.cohort_id)
        .where(Member.user_id == user_id, Member.left_at.is_(None), Cohort.archived_at.is_(None))
        .order_by(Member.cohort_id)
    )
    return [_refresh(cohort_id, user_id, now, site) for cohort_id in list(cohort_ids)]


def award_if_earned(cohort_id: int, now: datetime, site: AwardSite, *, actor_id: int | None = None) -> str | None:
    """Issue the team's certificate if its rule is met and none holds; its code, or None. The caller commits."""
    _, code = _award(cohort_id, now, site, actor_id)
    return code


def refresh_cohort(cohort_id: int, now: datetime, site: AwardSite) -> Filled:
    """After something changed that concerns no one person: where the team stands. The caller commits."""
    return _refresh(cohort_id, None, now, site)


def _refresh(cohort_id: int, user_id: int | None, now: datetime, site: AwardSite) -> Filled:
    loaded, code = _award(cohort_id, now, site, None)
    seat = next((one for one in loaded.board.seats if any(who.user_id == user_id for who in one.people)), None)
    return Filled(
        cohort_id=cohort_id,
        cohort_name=loaded.cohort.name,
        agency_id=loaded.cohort.agency_id,
        seat_title=loaded.seats[seat.seat.id].title if seat else None,
        standing="certified" if code else loaded.board.standing,
        certified_seats=loaded.board.certified_count,
        required_seats=len(loaded.board.required),
        certificate_code=code,
        asked_courses=tuple(loaded.cohort.rules["requires_courses"]),
    )


def _award(cohort_id: int, now: datetime, site: AwardSite, actor_id: int | None) -> tuple[CohortBoard, str | None]:
    db.session.flush()
    lock_cohort(cohort_id)
    cohort = db.session.scalars(
        select(Cohort)
        .join(Agency, Agency.id == Cohort.agency_id)
        .options(contains_eager(Cohort.agency), joinedload(Cohort.coordinator))
        .where(Cohort.id == cohort_id)
        .execution_options(populate_existing=True)
    ).one()
    loaded = load_board(cohort, now, site.time_zone)
    if cohort.archived_at is not None or not loaded.board.is_earned:
        return loaded, None
    return loaded, _issue(loaded, now, site, actor_id).code


def _issue(loaded: CohortBoard, now: datetime, site: AwardSite, actor_id: int | None) -> Certificate:
    cohort = loaded.cohort
    last = db.session.scalar(
        select(TeamAward.cycle).where(TeamAward.cohort_id == cohort.id).order_by(TeamAward.cycle.desc()).limit(1)
    )
    language = cohort.coordinator.language
    cycle = (last or 0) + 1
    certificate = award_team_certificate(
        cohort_id=cohort.id,
        title=in_language(cohort.rules["title"], language),
        team=_team_facts(loaded, language),
        agency_id=cohort.agency_id,
        agency_name=cohort.agency.name,
        language=language,
        valid_months=cohort.rules["valid_months"],
        cycle=cycle,
        now=now,
        site=site,
        actor_id=actor_id,
    )
    db.session.add(
        TeamAward(
            cohort_id=cohort.id,
            certificate_id=certificate.id,
            cycle=cycle,
            composition=_composition(loaded),
            awarded_at=now,
        )
    )
    db.session.flush()
    return certificate


def _team_facts(loaded: CohortBoard, language: str) -> TeamFacts:
    lines = []
    for one in loaded.board.seats:
        holder = next((who for who in one.people if who.is_certified), None)
        if holder is not None:
            person = loaded.people[holder.user_id]
            title = in_language(loaded.seats[one.seat.id].title, language)
            lines.append(SeatLine(title, one.seat.discipline, person.printed_name, person.agency_name))
    known = set(loaded.board.met_milestones)
    met = [one for one in loaded.milestones if one.met_on is not None or one.key in known]
    return TeamFacts(
        cohort_name=loaded.cohort.name,
        composition=tuple(lines),
        milestones=tuple(
            MilestoneLine(in_language(one.title, language), one.met_on, one.met_on is None) for one in met
        ),
        exercise_on=next((one.met_on for one in met if one.key == EXERCISE), None),
    )


def _composition(loaded: CohortBoard) -> list[dict[str, Any]]:
    """Who sat where on the day, by ids: seats with the people in them and until when each held the courses."""
    return [
        {
            "seat_id": one.seat.id,
            "key": loaded.seats[one.seat.id].key,
            "discipline": one.seat.discipline,
            "is_required": one.seat.is_required,
            "people": [
                {
                    "user_id": who.user_id,
                    "agency_id": loaded.people[who.user_id].agency_id,
                    "is_alternate": who.is_alternate,
                    "is_certified": who.is_certified,
                    "expires_at": who.expires_at.isoformat() if who.expires_at else None,
                }
                for who in one.people
            ],
        }
        for one in loaded.board.seats
    ]
