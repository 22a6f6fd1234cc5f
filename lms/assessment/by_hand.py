"""Written answers, which a trainer marks along the list of their question: what waits, the answers, the marks.

Whoever marks is not told whose answer it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from lms.assessment.attempts import note_mark
from lms.assessment.marking import Mark, mark_attempt
from lms.assessment.models import Attempt, MarkedAnswer, Response
from lms.assessment.sittings import Sitting, load_responses, load_sitting_among, values_of
from lms.catalog.models import Course, CourseVersion
from lms.catalog.versions import course_of
from lms.courseware.course import Course as CourseText
from lms.courseware.course import Question
from lms.courseware.questions import question_type
from lms.courseware.questions.given import stored
from lms.database import db
from lms.errors import N_, Invalid, NotFound, Overtaken
from lms.learning.models import Enrollment

MOST_CHARACTERS = 2000
"""Of a comment to the learner."""

MEANWHILE = N_("Somebody has marked these answers meanwhile. The list of what is marked shows how.")


@dataclass(frozen=True, slots=True)
class Listed:
    """An attempt with written answers, as a list names it: by its quiz and its receipt."""

    id: int
    receipt: str
    course: CourseText
    module_id: str
    submitted_at: datetime
    marked_at: datetime | None
    pass_mark: int | None
    passed: bool | None


@dataclass(frozen=True, slots=True)
class Written:
    """One written answer, and what was found in it so far."""

    question: Question
    text: str
    marked: MarkedAnswer | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What a trainer found in an answer: ids of the lines of the list that it meets, and a word to the learner."""

    met: Sequence[str] = ()
    comment: str = ""


def attempts_to_mark(
    people: Select[Any], but_of: int, *, is_marked: bool = False, beyond: int | None = None, limit: int = 50
) -> list[Listed]:
    """Attempts of these people that wait, the oldest first; or those that were marked, the newest first. `beyond` is
    the id at which the page before ended. Nobody marks their own."""
    number = Attempt.id
    query = (
        select(Attempt, CourseVersion.content_hash)
        .join(Enrollment, Enrollment.id == Attempt.enrollment_id)
        .join(Course, Course.id == Enrollment.course_id)
        .join(CourseVersion, CourseVersion.id == Attempt.version_id)
        .where(*_among(people, but_of), Attempt.marked_at.is_not(None) if is_marked else Attempt.awaits_marking)
        .order_by(number.desc() if is_marked else number)
        .limit(limit)
    )
    if beyond is not None:
        query = query.where(number < beyond if is_marked else number > beyond)
    return [_listed(attempt, content_hash) for attempt, content_hash in db.session.execute(query)]


def _listed(attempt: Attempt, content_hash: str) -> Listed:
    return Listed(
        id=attempt.id,
        receipt=attempt.receipt or "",
        course=course_of(attempt.version_id, content_hash),
        module_id=attempt.module_id,
        submitted_at=attempt.submitted_at or attempt.started_at,
        marked_at=attempt.marked_at,
        pass_mark=attempt.pass_mark,
        passed=attempt.passed,
    )


def count_waiting(people: Select[Any], but_of: int) -> int:
    """How many attempts of these people wait for somebody else than themselves."""
    query = select(func.count(Attempt.id)).join(Enrollment, Enrollment.id == Attempt.enrollment_id)
    return db.session.scalar(query.where(*_among(people, but_of), Attempt.awaits_marking)) or 0


def _among(people: Select[Any], but_of: int) -> tuple[ColumnElement[bool], ...]:
    return Enrollment.user_id.in_(people), Enrollment.user_id != but_of


def load_to_mark(attempt_id: int, people: Select[Any], but_of: int, *, is_locked: bool = False) -> Sitting:
    """An attempt whose written answers wait or were marked. Raises NotFound, also for one's own."""
    sitting = load_sitting_among(attempt_id, people.where(people.selected_columns[0] != but_of), is_locked=is_locked)
    if not sitting.attempt.awaits_marking and sitting.attempt.marked_at is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return sitting


def marks_of(attempt_id: int) -> dict[str, MarkedAnswer]:
    """What was found in the written answers of an attempt, by question."""
    rows = db.session.scalars(select(MarkedAnswer).where(MarkedAnswer.attempt_id == attempt_id))
    return {row.question_id: row for row in rows}


def shares(questions: Mapping[str, Question], marks: Mapping[str, MarkedAnswer]) -> dict[str, Fraction]:
    """The share that each marked answer earned: lines met of all lines."""
    return {
        key: Fraction(len(marks[key].met), len(question.options))
        for key, question in questions.items()
        if key in marks and question.options
    }


def written_answers(sitting: Sitting, responses: Mapping[str, Response], language: str) -> list[Written]:
    """The answers of an attempt that a trainer marks; what was left empty earns nothing and is not among them."""
    given, marks = values_of(responses), marks_of(sitting.attempt.id)
    return [
        Written(question, stored(given[key], "text", str), marks.get(key))
        for key, question in sitting.questions(language).items()
        if question_type(question.type).is_marked_by_hand
        and question_type(question.type).is_complete(question, given.get(key))
    ]


def seen_of(attempt: Attempt) -> str:
    """Goes into the page of who marks: of two who mark the same at once, the second is told."""
    return attempt.marked_at.isoformat() if attempt.marked_at is not None else ""


def why_not_again(attempt: Attempt) -> str | None:
    """Why marks cannot be changed any more; None where they can."""
    if attempt.passed and attempt.marked_at is not None:
        return N_("This quiz is passed, and what followed from it stands: its marks are not changed any more.")
    return None


def mark_answers(sitting: Sitting, found: Mapping[str, Found], *, seen: str, marker_id: int, now: datetime) -> Mark:
    """Note what was found in every written answer of an attempt, and what the attempt is worth with it.

    The caller holds the attempt and commits. Raises Overtaken where somebody has marked it since `seen`, or where it
    is passed; Invalid for an answer without a mark, a line that is not on its list, or too long a comment.
    """
    attempt = sitting.attempt
    if seen != seen_of(attempt):
        raise Overtaken(MEANWHILE)
    if (problem := why_not_again(attempt)) is not None:
        raise Overtaken(problem)
    responses = load_responses(attempt.id)
    for written in written_answers(sitting, responses, sitting.course.default_language):
        _note(attempt.id, written, _checked(written.question, found), marker_id, now)
    db.session.flush()
    questions = sitting.marked_questions
    by_hand = shares(questions, marks_of(attempt.id))
    mark = mark_attempt(questions.values(), values_of(responses), attempt.pass_mark, by_hand)
    attempt.marked_at = now
    note_mark(attempt, mark)
    return mark


def _checked(question: Question, found: Mapping[str, Found]) -> Found:
    one = found.get(question.id)
    if one is None:
        raise Invalid(N_("Every answer has to be marked."), question.id)
    known = [option.id for option in question.options]
    if any(key not in known for key in one.met):
        raise Invalid(N_("This is not on the list of this question."), question.id)
    if len(one.comment) > MOST_CHARACTERS:
        raise Invalid(N_("A comment has at most %(most)s characters."), question.id, most=MOST_CHARACTERS)
    return Found([key for key in known if key in one.met], one.comment.strip())


def _note(attempt_id: int, written: Written, found: Found, marker_id: int, now: datetime) -> None:
    row = written.marked or MarkedAnswer(attempt_id=attempt_id, question_id=written.question.id)
    row.met, row.comment, row.marked_by_id, row.marked_at = list(found.met), found.comment, marker_id, now
    db.session.add(row)
