"""Attempts: starting one, saving answers, submitting once. Marks and receipts, but no consequences: see journey."""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, select, update

from lms.assessment.answers import (
    Values,
    body_hash,
    by_question,
    changed_responses,
    read_response,
    store_response,
    store_responses,
)
from lms.assessment.drawing import count_asked, draw_questions
from lms.assessment.earlier import attempts_left, earlier_attempts, may_start_at
from lms.assessment.marking import Mark, mark_attempt, unanswered
from lms.assessment.models import Attempt, Response
from lms.assessment.sittings import Sitting, load_asked, load_responses, load_sitting, values_of
from lms.assessment.tokens import response_mark
from lms.courseware.course import Module
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.learning.models import Enrollment

LARGEST_SEQUENCE = 2**53
"""What a script can count to exactly."""

KEY_CHARACTERS = 64
TOO_LATE = N_("These answers were submitted before and can no longer be changed. Open the result.")
RECEIPT_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def start_attempt(enrollment_id: int, version_id: int, module: Module, *, language: str, now: datetime) -> int:
    """The id of the open attempt, or of a new one with its questions drawn. The caller commits.

    Pressing Start twice, or in two tabs, makes one attempt. Raises Conflict for a used-up limit or a cool-down.
    """
    if module.quiz is None or not module.questions:
        raise NotFound(N_("There is no quiz in this module."))
    db.session.execute(select(Enrollment.id).where(Enrollment.id == enrollment_id).with_for_update())
    earlier = earlier_attempts(enrollment_id, module.id)
    if earlier.open_id is not None:
        return earlier.open_id
    if earlier.is_awaiting:
        raise Conflict(N_("A trainer has yet to mark your last answers. You are told by mail; then you can go on."))
    if attempts_left(module.quiz, earlier) == 0:
        raise Conflict(N_("You have used all attempts at this quiz. Ask your trainer how to go on."))
    if may_start_at(module.quiz, earlier, now) is not None:
        raise Conflict(N_("You can take this quiz again a little later. Its page says when."))
    asked = count_asked(_drawn_before(enrollment_id, module.id))
    attempt = Attempt(
        enrollment_id=enrollment_id,
        version_id=version_id,
        module_id=module.id,
        role=module.quiz.role,
        number=earlier.submitted + 1,
        language=language,
        pass_mark=module.quiz.pass_mark,
        drawn=draw_questions(module, module.quiz, asked, random.SystemRandom()),
        secret=secrets.token_hex(24),
        started_at=now,
    )
    db.session.add(attempt)
    db.session.flush()
    return attempt.id


def _drawn_before(enrollment_id: int, module_id: str) -> Sequence[Any]:
    """What this learner's earlier attempts at a quiz asked."""
    return db.session.scalars(
        select(Attempt.drawn).where(Attempt.enrollment_id == enrollment_id, Attempt.module_id == module_id)
    ).all()


@dataclass(frozen=True, slots=True)
class Saved:
    """What became of one saved answer. `is_stored` False: a newer one is kept, with the sequence named here."""

    is_stored: bool
    sequence: int
    saved_at: datetime
    mark: str


def save_response(
    user_id: int, attempt_id: int, question_id: str, values: Values, sequence: int, now: datetime
) -> Saved:
    """Keep the answer to one question; the highest sequence wins. The caller commits.

    Raises NotFound, Invalid, or Conflict once another answer is submitted; the same one is as good as kept.
    """
    if not 0 <= sequence <= LARGEST_SEQUENCE:
        raise Invalid(N_("The sequence number of an answer is a whole number that grows."), "sequence")
    asked = load_asked(user_id, attempt_id, question_id)
    if asked.question is None:
        raise NotFound(N_("There is no such question in this attempt."))
    own = by_question(values, (question_id,)).get(question_id, {})
    response = read_response(asked.secret, asked.question, own)
    is_open = asked.submitted_at is None
    is_stored = is_open and store_response(attempt_id, question_id, response, sequence, now)
    if not is_stored:
        kept = db.session.scalars(
            select(Response).where(Response.attempt_id == attempt_id, Response.question_id == question_id)
        ).one_or_none()
        if kept is None or (not is_open and kept.value != response):
            raise Overtaken(TOO_LATE)
        # Sent again since its reply was lost, or carried by the form that was submitted.
        is_stored = kept.value == response and (kept.sequence == sequence or not is_open)
        sequence, now, response = kept.sequence, kept.saved_at, kept.value
    return Saved(is_stored, sequence, now, response_mark(asked.secret, question_id, response))


def save_responses(user_id: int, attempt_id: int, values: Values, language: str, now: datetime) -> int:
    """Keep every answer of a form that was touched; how many changed. The caller commits."""
    sitting = load_sitting(user_id, attempt_id, is_locked=True)
    require_open(sitting.attempt)
    sitting.attempt.language = language
    return len(_keep(sitting, load_responses(attempt_id), values, now))


def _keep(sitting: Sitting, responses: dict[str, Response], values: Values, now: datetime) -> dict[str, Any]:
    changed = changed_responses(sitting.attempt, sitting.marked_questions, values_of(responses), values)
    kept = [
        (question_id, response, responses[question_id].sequence + 1 if question_id in responses else 1)
        for question_id, response in changed.items()
    ]
    store_responses(sitting.attempt.id, kept, now)
    return changed


def require_open(attempt: Attempt) -> None:
    """Raises Conflict once an attempt is submitted: its answers stay as they were marked."""
    if attempt.submitted_at is not None:
        raise Overtaken(TOO_LATE)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a submit did: "submitted", "repeated" (same key, same receipt), "earlier" (submitted before under another
    key), or "unanswered": saved but not submitted, since questions that count are empty."""

    kind: str
    sitting: Sitting
    mark: Mark | None = None
    unanswered: Sequence[str] = ()


def submit(
    user_id: int, attempt_id: int, values: Values, *, key: str, may_be_empty: bool, language: str, now: datetime
) -> Outcome:
    """Take the last answers, mark the attempt and give a receipt; once. The caller commits.

    The same key with the same answers finds the same receipt. Raises Conflict for the same key with other answers,
    Invalid for an answer that was not on the page, NotFound.
    """
    if not 1 <= len(key) <= KEY_CHARACTERS:
        raise Invalid(N_("A submit carries an idempotency key of 1 to 64 characters."), "idempotency_key")
    sitting = load_sitting(user_id, attempt_id, is_locked=True)
    attempt = sitting.attempt
    questions = sitting.marked_questions
    body = body_hash(values, tuple(questions))
    if attempt.submitted_at is not None:
        return _again(sitting, key, body)
    responses = load_responses(attempt_id)
    given = {**values_of(responses), **_keep(sitting, responses, values, now)}
    empty = unanswered(questions.values(), given)
    if empty and attempt.pass_mark is not None and not may_be_empty:
        return Outcome("unanswered", sitting, unanswered=empty)
    mark = mark_attempt(questions.values(), given, attempt.pass_mark, is_form=sitting.is_form)
    _close(attempt, mark, key=key, body=body, language=language, now=now)
    return Outcome("submitted", sitting, mark)


def _again(sitting: Sitting, key: str, body: str) -> Outcome:
    attempt = sitting.attempt
    if attempt.idempotency_key != key:
        return Outcome("earlier", sitting)
    if attempt.body_hash != body:
        raise Overtaken(
            N_(
                "These answers were submitted before, with other content. What was submitted first stands; "
                "nothing was changed. Open the attempt to see its result."
            )
        )
    return Outcome("repeated", sitting)


def _close(attempt: Attempt, mark: Mark, *, key: str, body: str, language: str, now: datetime) -> None:
    attempt.submitted_at = now
    attempt.language = language
    attempt.idempotency_key = key
    attempt.body_hash = body
    attempt.receipt = new_receipt()
    note_mark(attempt, mark)


def note_mark(attempt: Attempt, mark: Mark) -> None:
    """What an attempt is worth now, on it and on its answers."""
    attempt.points = str(mark.points)
    attempt.points_possible = str(mark.possible)
    attempt.score_percent = mark.percent
    attempt.passed = mark.passed
    attempt.awaits_marking = mark.awaits_trainer
    db.session.flush()
    _note_credits(attempt.id, mark)


def _note_credits(attempt_id: int, mark: Mark) -> None:
    """The share earned of each answered question, for reports and item analysis; one statement for each share."""
    table = cast(Table, Response.__table__)
    by_credit: dict[str, list[str]] = {}
    for question_id, credit in mark.credits.items():
        if credit is not None:
            by_credit.setdefault(str(credit), []).append(question_id)
    for share, question_ids in by_credit.items():
        db.session.execute(
            update(table)
            .where(table.c.attempt_id == attempt_id, table.c.question_id.in_(question_ids))
            .values(credit=share)
        )


def new_key() -> str:
    """An idempotency key for one page of questions: sending that page twice is one submit."""
    return secrets.token_urlsafe(18)


def new_receipt() -> str:
    """A receipt code that can be read out loud: 60 random bits, in groups of four."""
    letters = "".join(secrets.choice(RECEIPT_LETTERS) for _ in range(12))
    return "-".join(letters[start : start + 4] for start in (0, 4, 8))


def passed_attempt(enrollment_ids: Sequence[int], module_ids: Sequence[str]) -> Attempt | None:
    """The latest passed attempt at one of these modules' quizzes: the evidence behind a certificate.

    Several enrollments where the last goes on from the others, having taken again only what changed.
    """
    return db.session.scalars(
        select(Attempt)
        .where(Attempt.enrollment_id.in_(enrollment_ids), Attempt.passed.is_(True), Attempt.module_id.in_(module_ids))
        .order_by(Attempt.submitted_at.desc(), Attempt.id.desc())
        .limit(1)
    ).one_or_none()
