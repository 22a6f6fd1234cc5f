"""Training done elsewhere that was handed in, entered from paper or decided between two moments."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import aliased

from lms.catalog.models import Course
from lms.certification.training_models import ExternalTraining
from lms.database import db
from lms.people.models import User
from lms.records.training import Between, moment


def trainings_in(
    user_id: int, since: date, until: date, between: Between, paths: tuple[str, ...] | None
) -> list[dict[str, Any]]:
    """What was handed in or decided on these days, and what was done on them, by the day of completion.

    A decision after the last day is not told. Such training belongs to the person and to no agency: a record for an
    agency of old (`paths`) holds none. The evidence itself stays where it is; its hash says which file was seen.
    """
    if paths is not None:
        return []
    decider, enterer = aliased(User), aliased(User)
    rows = db.session.execute(
        select(ExternalTraining, Course.slug, enterer.name, decider.name)
        .outerjoin(Course, Course.id == ExternalTraining.course_id)
        .outerjoin(enterer, enterer.id == ExternalTraining.entered_by_id)
        .outerjoin(decider, decider.id == ExternalTraining.decided_by_id)
        .where(
            ExternalTraining.user_id == user_id,
            ExternalTraining.submitted_at < between.end,
            or_(
                ExternalTraining.submitted_at >= between.start,
                ExternalTraining.decided_at >= between.start,
                ExternalTraining.completed_on.between(since, until),
            ),
        )
        .order_by(ExternalTraining.completed_on, ExternalTraining.id)
    )
    return [_line(row, course, entered_by, decided_by, between) for row, course, entered_by, decided_by in rows]


def _line(
    row: ExternalTraining, course: str | None, entered_by: str | None, decided_by: str | None, between: Between
) -> dict[str, Any]:
    is_told = row.decided_at is None or between.told(row.decided_at) is not None
    is_approved = is_told and row.state == "approved"
    return {
        "number": row.id,
        "title": row.title,
        "provider": row.provider,
        "completed_on": row.completed_on.isoformat(),
        "contact_minutes": row.contact_minutes,
        "entered_at": moment(row.submitted_at),
        "entered_by": entered_by,
        "state": row.state if is_told else "submitted",
        "decided_at": moment(between.told(row.decided_at)),
        "decided_by": decided_by if is_told else None,
        "reason": row.decided_reason if is_told else None,
        "counts_as": course if is_approved else None,
        "valid_until": row.valid_until.isoformat() if is_approved and row.valid_until else None,
        "evidence_sha256": row.evidence_hash,
    }
