"""What assessment keeps of one person: attempts and answers."""

from __future__ import annotations

from sqlalchemy import delete, select, update

from lms.assessment.models import Attempt
from lms.database import db
from lms.learning.models import Enrollment
from lms.people.persons import (
    FOLLOWS,
    Claim,
    Erasing,
    Merging,
    PersonRoom,
    by_hand,
    erase_claims,
    goes,
    move_claims,
    stays,
)

CLAIMS = (
    Claim(
        "lms_responses",
        "attempt_id",
        "answers",
        holds="the answer to each question, also reflections that nobody marks",
        why="to mark a quiz, and to go on with one that is open",
        kept="as long as the account",
        seen_by="the person; whoever may have their training record made: of questions that are marked",
        merge=FOLLOWS,
        export={
            "attempt": "attempt_id",
            "question": "question_id",
            "answer": "value",
            "saved_at": "saved_at",
            "share_of_points": "credit",
        },
        kept_back=("sequence",),
    ),
    Claim(
        "lms_marked_answers",
        "attempt_id",
        "marked_answers",
        holds="what a trainer found in a written answer, and a word to the learner",
        why="to say what was missing, and for the result",
        kept="as long as the account",
        seen_by="the person; who marks, without the name",
        merge=FOLLOWS,
        export={
            "attempt": "attempt_id",
            "question": "question_id",
            "lines_met": "met",
            "comment": "comment",
            "marked_at": "marked_at",
        },
        kept_back=("marked_by_id",),
    ),
    Claim(
        "lms_marked_answers",
        "marked_by_id",
        "answers_marked",
        export={"at": "marked_at"},
        erase=stays("stays: an id, no name"),
    ),
    Claim(
        "lms_attempts",
        "enrollment_id",
        "attempts",
        holds="each sitting of a quiz with its questions and result",
        why="a certificate rests on a passed attempt",
        kept="as long as the account; of an erased person, that the one behind a certificate was passed",
        seen_by="the person; whoever may have their training record made",
        merge=FOLLOWS,
        export={
            "number": "id",
            "enrollment": "enrollment_id",
            "module": "module_id",
            "role": "role",
            "sitting": "number",
            "language": "language",
            "questions_drawn": "drawn",
            "pass_mark_percent": "pass_mark",
            "started_at": "started_at",
            "submitted_at": "submitted_at",
            "points": "points",
            "points_possible": "points_possible",
            "score_percent": "score_percent",
            "passed": "passed",
            "receipt": "receipt",
            "waits_for_a_trainer": "awaits_marking",
            "marked_at": "marked_at",
            "version": "version_id>lms_course_versions.number",
        },
        kept_back=("secret", "idempotency_key", "body_hash"),
        erase=by_hand("goes; of one behind a certificate stays that it was passed, and when"),
        finally_=goes(),
    ),
)


def merge_person(merging: Merging) -> None:
    """Attempts hang on enrollments, and are the same person's with them."""
    move_claims(merging, CLAIMS)


def erase_person(erasing: Erasing) -> None:
    """Answers go, and attempts that no certificate rests on; of the others, the details do.

    Which those are, the later room has said (`Erasing.attempts_kept`).
    """
    erase_claims(erasing, CLAIMS)
    if erasing.is_final:
        return
    own = select(Attempt.id).join(Enrollment).where(Enrollment.user_id == erasing.user_id)
    going = own.where(Attempt.id.not_in(erasing.attempts_kept))
    db.session.execute(delete(Attempt).where(Attempt.id.in_(going)).execution_options(synchronize_session=False))
    details = dict.fromkeys(("idempotency_key", "body_hash", "points", "points_possible", "score_percent", "marked_at"))
    db.session.execute(
        update(Attempt)
        .where(Attempt.id.in_(erasing.attempts_kept))
        .values(drawn=[], secret="", **details)
        .execution_options(synchronize_session=False)
    )


ROOM = PersonRoom("assessment", CLAIMS, merge_person, erase_person)
