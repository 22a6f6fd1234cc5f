"""What a learner reached in the questions before a course, to stand beside those after it."""

from __future__ import annotations

from sqlalchemy import case, select

from lms.assessment.models import Attempt
from lms.assessment.sittings import Sitting
from lms.database import db

BEFORE, AFTER = "pre", "post"


def percent_before(sitting: Sitting) -> int | None:
    """Percent of the first sitting of the questions before, of the same blueprint; None where it was passed over, or a
    trainer has yet to mark a part of it.

    The first one, since whoever takes them again has read the course meanwhile.
    """
    quiz, texts = sitting.quiz, sitting.course.files[sitting.course.default_language]
    if quiz.role != AFTER:
        return None
    modules = [
        module.id
        for module in texts.values()
        if module.quiz and module.quiz.role == BEFORE and module.quiz.blueprint == quiz.blueprint
    ]
    if not modules:
        return None
    return db.session.scalar(
        select(case((~Attempt.awaits_marking, Attempt.score_percent)))
        .where(
            Attempt.enrollment_id == sitting.attempt.enrollment_id,
            Attempt.module_id.in_(modules),
            Attempt.submitted_at.is_not(None),
            Attempt.submitted_at <= sitting.attempt.submitted_at,
        )
        .order_by(Attempt.number)
        .limit(1)
    )
