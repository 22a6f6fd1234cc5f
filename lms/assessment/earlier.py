"""What came of a learner's earlier attempts at one quiz, and whether another may begin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, select

from lms.assessment.models import Attempt
from lms.courseware.course import QuizSettings
from lms.database import db


@dataclass(frozen=True, slots=True)
class Earlier:
    """What is known of a learner's attempts at one quiz: enough to say what comes next."""

    open_id: int | None = None
    submitted: int = 0
    last_id: int | None = None
    last_submitted_at: datetime | None = None
    last_percent: int | None = None
    """None also as long as a part of it waits for a trainer."""
    last_passed: bool | None = None
    passed_id: int | None = None
    is_awaiting: bool = False
    """The last one waits for a trainer: until then no other begins."""

    @property
    def is_passed(self) -> bool:
        return self.passed_id is not None


_attempts = Attempt.__table__.c
_EARLIER = (
    select(
        _attempts.id,
        _attempts.submitted_at,
        _attempts.score_percent,
        _attempts.passed,
        _attempts.awaits_marking,
        _attempts.pass_mark,
    )
    .where(_attempts.enrollment_id == bindparam("enrollment_id"), _attempts.module_id == bindparam("module_id"))
    .order_by(_attempts.number)
)


def earlier_attempts(enrollment_id: int, module_id: str) -> Earlier:
    """The attempts of one enrollment at one module's quiz; one query."""
    rows: Sequence[Any] = db.session.execute(_EARLIER, {"enrollment_id": enrollment_id, "module_id": module_id}).all()
    submitted = [row for row in rows if row[1] is not None]
    last = submitted[-1] if submitted else (None, None, None, None, False, None)
    return Earlier(
        open_id=next((row[0] for row in rows if row[1] is None), None),
        submitted=len(submitted),
        last_id=last[0],
        last_submitted_at=last[1],
        last_percent=None if last[4] else last[2],
        last_passed=last[3],
        passed_id=next((row[0] for row in submitted if row[3]), None),
        is_awaiting=bool(last[4]) and last[5] is not None,
    )


def may_start_at(quiz: QuizSettings, earlier: Earlier, now: datetime) -> datetime | None:
    """The moment from which a cool-down lets the next attempt begin; None where it may begin now."""
    if not quiz.cooldown_hours or earlier.last_submitted_at is None:
        return None
    free_at = earlier.last_submitted_at + timedelta(hours=quiz.cooldown_hours)
    return free_at if free_at > now else None


def attempts_left(quiz: QuizSettings, earlier: Earlier) -> int | None:
    """How many attempts may still be made; None where there is no limit."""
    return None if quiz.attempts is None else max(0, quiz.attempts - earlier.submitted)
