"""Training done elsewhere as a transcript shows it: approved records, who vouches for them, and their credit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import starmap

from sqlalchemy import select

from lms.certification.credit_bodies import Body, load_bodies
from lms.certification.facts import hours_by, hours_of
from lms.certification.training_models import ExternalTraining
from lms.certification.year_hours import hundredths
from lms.clock import local_day
from lms.database import db
from lms.people.models import Agency, Membership

MOST_LINES = 1000
"""A transcript is read whole; nobody was trained elsewhere more often."""


@dataclass(frozen=True, slots=True)
class ElsewhereCredit:
    """Credit that a body gave for it, in the body's own hours. `type` is empty where the body has several."""

    body: str
    body_name: str
    type: str
    category: str | None
    hundredths: int


@dataclass(frozen=True, slots=True)
class ElsewhereLine:
    """One approved training. `agencies` are those for which the person worked on the day of the approval; none: whoever
    runs the site approved it."""

    title: str
    provider: str
    completed_on: date
    minutes: int
    agencies: tuple[str, ...] = ()
    credit: tuple[ElsewhereCredit, ...] = ()

    @property
    def hours(self) -> str:
        return hours_of(self.minutes)

    def approved_by(self, provider_name: str) -> str:
        """Who vouches for it."""
        return ", ".join(self.agencies) or provider_name


def load_elsewhere(user_id: int, language: str, time_zone: str) -> tuple[ElsewhereLine, ...]:
    """A person's approved training elsewhere, the latest first. One query; two more where there is any, one for its
    bodies.

    Each record is a line of its own, whatever rests on it: a certification adds no hours of its own to a transcript, so
    nothing counts twice.
    """
    rows = db.session.scalars(
        select(ExternalTraining)
        .where(ExternalTraining.user_id == user_id, ExternalTraining.state == "approved")
        .order_by(ExternalTraining.completed_on.desc(), ExternalTraining.id.desc())
        .limit(MOST_LINES)
    ).all()
    if not rows:
        return ()
    places = _places(user_id)
    slugs = {row.credit_body for row in rows if row.credit_body}
    bodies = load_bodies(slugs) if slugs else {}
    return tuple(
        ElsewhereLine(
            title=row.title,
            provider=row.provider,
            completed_on=row.completed_on,
            minutes=row.contact_minutes,
            agencies=_held_on(places, row.decided_at, time_zone),
            credit=tuple(_credit(row, bodies.get(row.credit_body or ""), language)),
        )
        for row in rows
    )


@dataclass(frozen=True, slots=True)
class _Place:
    agency: str
    started_on: date
    ended_on: date | None

    def holds_on(self, day: date) -> bool:
        return self.started_on <= day and (self.ended_on is None or day < self.ended_on)


def _places(user_id: int) -> Sequence[_Place]:
    rows = db.session.execute(
        select(Agency.name, Membership.started_on, Membership.ended_on)
        .join(Membership, Membership.agency_id == Agency.id)
        .where(Membership.user_id == user_id)
        .order_by(Membership.started_on, Membership.id)
    )
    return list(starmap(_Place, rows))


def _held_on(places: Iterable[_Place], moment: datetime | None, time_zone: str) -> tuple[str, ...]:
    if moment is None:
        return ()
    day = local_day(moment, time_zone)
    return tuple(dict.fromkeys(place.agency for place in places if place.holds_on(day)))


def _credit(training: ExternalTraining, body: Body | None, language: str) -> list[ElsewhereCredit]:
    """Its hours in the area, and again in the topic, which lies inside the area and so has a line of its own."""
    if body is None:
        return []
    types = body.ids("types")
    hours = hundredths(hours_by(training.contact_minutes, body.minutes_per_hour))
    areas: list[str | None] = [training.credit_category]
    if training.credit_topic:
        areas.append(training.credit_topic)
    return [
        ElsewhereCredit(body.slug, body.name(language), types[0] if len(types) == 1 else "", area, hours)
        for area in areas
    ]
