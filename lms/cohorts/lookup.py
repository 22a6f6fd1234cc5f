"""What a team's seats say of its certificate, for whoever checks the code: derived at the moment that is asked for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from lms.certification.models import Certificate
from lms.certification.validity import last_day_of
from lms.certification.verification import TeamStanding
from lms.cohorts.board import award_of, load_holdings, sitting_of
from lms.cohorts.coverage import seat_spans
from lms.cohorts.lapses import Lapse, find_lapses
from lms.cohorts.models import Cohort, Member, Seat, TeamAward
from lms.cohorts.templates import rules_of
from lms.database import db
from lms.wall.sight import SYSTEM, looking_as


def team_of(certificate: Certificate) -> Cohort | None:
    """The team to which a certificate was issued; None for a person's."""
    if certificate.kind != "team":
        return None
    return db.session.scalar(select(Cohort).where(Cohort.id == certificate.team_cohort_id))


def find_team_standing(certificate: Certificate, now: datetime, time_zone: str) -> TeamStanding | None:
    """Why a team's certificate does not stand, or soon will not; None while every seat of its day is certified, and
    for a person's. Four queries for a team's certificate, none for others."""
    if certificate.kind != "team":
        return None
    with looking_as(SYSTEM):  # whoever checks a code sees no people; what is told of them is seats and days
        return _find_team_standing(certificate, now, time_zone)


def _find_team_standing(certificate: Certificate, now: datetime, time_zone: str) -> TeamStanding | None:
    award = db.session.scalar(
        select(TeamAward)
        .join(Cohort, Cohort.id == TeamAward.cohort_id)
        .options(contains_eager(TeamAward.cohort))
        .where(TeamAward.cohort_id == certificate.team_cohort_id, TeamAward.cycle == certificate.cycle)
    )
    if award is None:
        return None
    rules, facts = rules_of(award.cohort.rules), award_of(award, certificate)
    seats = {one.id: one for one in db.session.scalars(select(Seat).where(Seat.cohort_id == award.cohort_id))}
    sittings = [
        sitting_of(one) for one in db.session.scalars(select(Member).where(Member.cohort_id == award.cohort_id))
    ]
    holdings = load_holdings({one.user_id for one in sittings}, rules.courses)
    seat_ids = facts.seat_ids or frozenset()
    spans = {seat_id: seat_spans(seat_id, rules.courses, sittings, holdings) for seat_id in seat_ids}
    lapses = find_lapses(facts, seat_ids, spans, now, grace_days=rules.grace_days, time_zone=time_zone)
    if lapses.ended:
        return _standing(lapses.ended, seats, time_zone, has_lapsed=True)
    if lapses.running and (facts.ends_at is None or now < facts.ends_at):
        return _standing(lapses.running, seats, time_zone, has_lapsed=False)
    return None


def _standing(lapses: tuple[Lapse, ...], seats: dict[int, Seat], time_zone: str, *, has_lapsed: bool) -> TeamStanding:
    since = min(one.since for one in lapses)
    through = min(one.grace_ends_at for one in lapses)
    return TeamStanding(
        seats=tuple(seats[one.seat_id].title for one in lapses),
        certified_through=last_day_of(since, time_zone),
        stands_through=last_day_of(through, time_zone),
        has_lapsed=has_lapsed,
    )
