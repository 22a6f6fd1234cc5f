"""Whom a certification concerns: who holds it, or holds any of its courses; and whose renewal waits for a tick."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import aliased

from lms.catalog.models import Course
from lms.certification.certifying import CurrentRule
from lms.certification.models import Certificate
from lms.certification.reminders import horizon, is_not_renewed
from lms.certification.standing import stands
from lms.certification.training_models import ExternalTraining
from lms.certification.validity import end_of_day
from lms.clock import add_months, local_day
from lms.database import db
from lms.people.models import User


def people_concerned(courses: Collection[str], certification_id: int | None) -> Select[Any]:
    """Ids of people who hold the certification or any of the courses, by id; those whose account is off are not."""
    holds = and_(Certificate.kind == "course", Certificate.course_id.in_(_ids_of(courses)), stands())
    if certification_id is not None:
        held = and_(Certificate.kind == "certification", Certificate.certification_id == certification_id)
        holds = or_(holds, and_(held, Certificate.superseded_by_id.is_(None)))
    certified = select(Certificate.user_id).where(holds)
    trained = select(ExternalTraining.user_id).where(
        ExternalTraining.state == "approved", ExternalTraining.course_id.in_(_ids_of(courses))
    )
    return (
        select(User.id)
        .where(User.disabled_at.is_(None), or_(User.id.in_(certified), User.id.in_(trained)))
        .order_by(User.id)
    )


def renewals_waiting(current: CurrentRule, now: datetime, time_zone: str, after: int, limit: int) -> list[int]:
    """People whose award may be renewed now and who hold something newer than it: a page of ids, by id.

    Whether that is enough, the decision says.
    """
    day = local_day(now, time_zone)
    opened = end_of_day(add_months(day, current.rule.renewal.opens_months), time_zone)
    newer, training = aliased(Certificate), aliased(ExternalTraining)
    courses = _ids_of(current.rule.courses)
    has_newer = or_(
        exists().where(
            newer.user_id == Certificate.user_id,
            newer.kind == "course",
            newer.course_id.in_(courses),
            newer.completed_on > Certificate.completed_on,
        ),
        exists().where(
            training.user_id == Certificate.user_id,
            training.state == "approved",
            training.course_id.in_(courses),
            training.completed_on > Certificate.completed_on,
        ),
    )
    query = (
        select(Certificate.user_id)
        .join(User, User.id == Certificate.user_id)
        .where(
            Certificate.kind == "certification",
            Certificate.certification_id == current.certification_id,
            stands(),
            Certificate.expires_at > horizon(now, time_zone, -current.rule.renewal.grace_days - 1),
            # A month early, for months are of unlike length: the decision knows the day.
            Certificate.expires_at <= horizon(opened, time_zone, 31),
            User.disabled_at.is_(None),
            is_not_renewed(),
            has_newer,
            Certificate.user_id > after,
        )
        .order_by(Certificate.user_id)
        .limit(limit)
    )
    return [user_id for user_id in db.session.scalars(query) if user_id is not None]


def _ids_of(courses: Collection[str]) -> Any:
    return select(Course.id).where(Course.slug.in_(courses))
