"""What a person has done for a body in a year: lines of their certificates, and approved training elsewhere."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select

from lms.certification.credit_bodies import Body, Rule
from lms.certification.facts import hours_by
from lms.certification.training_models import ExternalTraining
from lms.certification.transcript import Line, load_transcript
from lms.certification.year_hours import Entry, YearHours, count_year, hundredths
from lms.database import db


def load_year(user_id: int, rule: Rule, body: Body, year: int, *, now: datetime, today: date) -> YearHours:
    """One person's year under a rule. Three queries."""
    lines = [line for line in load_transcript(user_id, now).lines if line.counts]
    entries = [entry for line in lines for entry in _entries(line, body)]
    trainings = db.session.scalars(
        select(ExternalTraining).where(
            ExternalTraining.user_id == user_id,
            ExternalTraining.state == "approved",
            ExternalTraining.credit_body == body.slug,
            ExternalTraining.completed_on >= date(year, 1, 1),
            ExternalTraining.completed_on <= date(year, 12, 31),
        )
    )
    entries += [_elsewhere(one, body) for one in trainings]
    return count_year(rule.facts, year, entries, today)


def _entries(line: Line, body: Body) -> list[Entry]:
    return [
        Entry(
            done_on=line.facts.completed_on,
            title=line.facts.title,
            area=None if body.is_topic(credit.category) else credit.category,
            topic=credit.category if body.is_topic(credit.category) else None,
            hundredths=hundredths(credit.hours),
            is_by_licensed_provider=bool(credit.provider_number),
            code=line.code,
        )
        for credit in line.facts.credit
        if credit.body == body.slug
    ]


def _elsewhere(training: ExternalTraining, body: Body) -> Entry:
    return Entry(
        done_on=training.completed_on,
        title=training.title,
        # Without an area it counts for the total only.
        area=training.credit_category or "",
        topic=training.credit_topic,
        hundredths=hundredths(hours_by(training.contact_minutes, body.minutes_per_hour)),
        is_by_licensed_provider=bool(training.credit_provider_number),
    )
