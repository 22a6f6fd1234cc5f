"""Who holds which course at a moment: what cohorts ask to fill their seats."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select

from lms.catalog.models import Course
from lms.certification.models import Certificate
from lms.certification.standing import is_valid_at
from lms.database import db


def valid_courses(user_ids: Collection[int], now: datetime) -> dict[int, dict[str, datetime | None]]:
    """For each person the courses held at `now`, by slug, with the moment the longest of them expires (None: never).

    One query. People who hold nothing are in it with an empty dict.
    """
    held: dict[int, dict[str, datetime | None]] = {user_id: {} for user_id in user_ids}
    if not held:
        return held
    rows = db.session.execute(
        select(Certificate.user_id, Course.slug, Certificate.expires_at)
        .join(Course, Course.id == Certificate.course_id)
        .where(Certificate.kind == "course", Certificate.user_id.in_(list(held)), is_valid_at(now))
    )
    for user_id, slug, expires_at in rows:
        if user_id is None:
            continue
        courses = held[user_id]
        known = courses.get(slug)
        if slug not in courses or (known is not None and (expires_at is None or expires_at > known)):
            courses[slug] = expires_at
    return held
