"""Written answers in a record: what a trainer found, and what was known of it on the last day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from lms import journey
from lms.assessment.by_hand import Found, seen_of
from lms.assessment.models import Attempt
from lms.database import db
from tests.records.conftest import Made, Records
from tests.records.test_record import SCHEMA, SPRING, at, mismatches

WORDS = "I tell Officer Lee."
WRITTEN = b"""
### Say what you do first.

<!-- q: t-written; type: written; lo: LO1 -->

- Names a person to tell
- Keeps others safe

> [!NOTE]
> Tell somebody whose work it is.
"""


def write(records: Records, words: str = WORDS) -> int:
    """The final quiz with a written answer: all else of it is right."""
    path = "en/90-final.md"
    records.publish({**records.files, path: records.files[path] + WRITTEN}, "revision")
    records.learn()
    records.answer("second-steps")
    viewer = records.viewer(records.nurse)
    attempt = records.world.write(
        lambda: journey.start_attempt(viewer, "tiny", "final", records.settings, language="en")
    )
    given = {**records.right(viewer.id, attempt), "t-written": [words]}
    records.world.write(lambda: journey.submit_attempt(viewer, attempt, given, "key", records.settings))
    return attempt


def mark(records: Records, attempt: int, *met: str, comment: str = "") -> None:
    """A trainer marks it, or marks it anew."""
    trainer = records.world.user("Tom Trainer")
    records.world.grant(trainer, "author")
    marker = records.viewer(trainer)
    seen = records.world.read(lambda: seen_of(db.session.get_one(Attempt, attempt)))
    found = {"t-written": Found(met, comment)}
    records.world.write(lambda: journey.mark_answers(marker, attempt, found, records.settings, seen=seen))


def last(made: Made) -> dict[str, Any]:
    assert list(mismatches(SCHEMA, made.record, "record")) == []
    return dict(made.record["courses"][0]["attempts"][-1])


def spring(records: Records) -> Made:
    return records.make(until=date(2026, 3, 31))


def written(attempt: dict[str, Any]) -> dict[str, Any]:
    return next(dict(one) for one in attempt["questions"] if one["id"] == "t-written")


def test_as_long_as_an_answer_waits_a_record_tells_no_score(records: Records) -> None:
    write(records)

    made = records.make()

    attempt = last(made)
    assert (attempt["by_hand"], attempt["points"], attempt["score_percent"], attempt["passed"]) == (
        "waits",
        None,
        None,
        None,
    )
    assert (written(attempt)["given"], written(attempt)["result"]) == (WORDS, "not-marked")
    assert "Names a person to tell" not in made.text
    assert "not known yet: a written answer waits for a trainer" in made.text
    assert "whether it was passed is not told" in made.text


def test_a_record_tells_which_lines_an_answer_met_and_the_word_to_its_writer(records: Records) -> None:
    attempt_id = write(records)
    mark(records, attempt_id, "2", comment="Whom do you tell?")

    made = records.make()

    attempt, question = last(made), written(last(made))
    assert (attempt["by_hand"], attempt["passed"]) == ("marked", True)
    assert attempt["marked_at"] is not None
    assert question["lines"] == [
        {"text": "Names a person to tell", "was_met": False},
        {"text": "Keeps others safe", "was_met": True},
    ]
    assert (question["comment"], question["points_earned"]) == ("Whom do you tell?", "1/2")
    assert "Whom do you tell?" in made.text
    assert "Names a person to tell" in made.text


def test_a_mark_from_after_the_last_day_is_not_told(records: Records) -> None:
    with at(SPRING):
        attempt_id = write(records)
    with at(SPRING + timedelta(days=40)):
        mark(records, attempt_id, "1", "2", comment="Well seen.")
        made = spring(records)

    attempt, question = last(made), written(last(made))
    assert (attempt["by_hand"], attempt["marked_at"], attempt["score_percent"], attempt["passed"]) == (
        "marked-later",
        None,
        None,
        None,
    )
    assert (question["points_earned"], question["result"]) == (None, "not-marked")
    assert "lines" not in question
    assert "Well seen." not in made.text


def test_an_empty_written_answer_earned_nothing(records: Records) -> None:
    write(records, "")

    attempt = last(records.make())

    assert (attempt["by_hand"], written(attempt)["result"], written(attempt)["points_earned"]) == (
        None,
        "unanswered",
        "0",
    )
