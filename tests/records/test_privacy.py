"""What a record keeps to itself: what nobody but the person may read, other people, and what is not to be told yet."""

from __future__ import annotations

from lms import journey
from lms.assessment.attempts import save_response
from lms.assessment.sittings import load_sitting
from lms.assessment.tokens import item_tokens
from lms.clock import utc_now
from lms.courseware.questions import question_type
from lms.people.audit import note
from tests.records.conftest import SECRET, Records, question


def test_reflections_and_what_is_said_in_surveys_are_nowhere_in_the_file(records: Records) -> None:
    records.learn()
    records.answer("second-steps")
    viewer = records.viewer(records.nurse)
    attempt = records.world.write(
        lambda: journey.start_attempt(viewer, "tiny", "final", records.settings, language="en")
    )
    sitting = records.world.read(lambda: load_sitting(viewer.id, attempt))
    scale = sitting.marked_questions["t-scale"]
    token = item_tokens(sitting.attempt.secret, "t-scale", question_type("likert").items(scale))["1"]
    values = {**records.right(viewer.id, attempt), "t-reflect": [SECRET], f"t-scale.{token}": ["4"]}
    records.world.write(lambda: save_response(viewer.id, attempt, "t-reflect", {"t-reflect": [SECRET]}, 1, utc_now()))
    records.world.write(lambda: journey.submit_attempt(viewer, attempt, values, "key", records.settings, language="en"))

    for made in (records.make(), records.make(by=records.nurse, is_own=True)):
        assert SECRET.encode() not in made.all_bytes
        assert SECRET.encode() not in made.pdf
        for key in ("t-reflect", "t-scale"):
            assert set(question(made.record, key)) == {"id", "type", "revision", "result"}
            assert question(made.record, key)["result"] == "private"


def test_what_the_person_did_to_others_is_told_without_their_names_and_reasons(records: Records) -> None:
    other = records.world.user("Another Person", agency=records.agency)
    records.world.write(
        lambda: note("account.disabled", "user", other, actor_id=records.nurse, reason="About Another Person")
    )

    made = records.make()

    assert b"Another Person" not in made.all_bytes
    assert [one["about_number"] for one in made.record["audit"]["events"] if one["by_number"] == records.nurse] == [
        other
    ]


def test_ones_own_record_withholds_the_source_until_the_course_is_completed(records: Records) -> None:
    records.learn()
    early = records.make(by=records.nurse, is_own=True)
    records.answer("second-steps")
    records.answer("final")
    late = records.make(by=records.nurse, is_own=True)

    assert not [name for name in early.files if name.startswith("source-")]
    assert early.record["courses"][0]["sources"][0]["is_withheld"] is True
    assert "source-tiny-v1.zip" in late.files


def test_a_quiz_that_does_not_tell_is_told_to_its_taker_once_the_course_is_completed(records: Records) -> None:
    silent = records.files["en/90-final.md"].replace(b"feedback: after-submit", b"feedback: never")
    records.publish({**records.files, "en/90-final.md": silent}, "revision")
    records.learn()
    records.answer("second-steps")
    viewer = records.nurse
    attempt_values = {"t-number": ["3"]}
    records.answer("final", attempt_values)

    own = records.make(by=viewer, is_own=True)
    official = records.make()

    assert question(own.record, "t-number")["result"] == "withheld"
    assert question(own.record, "t-number")["right_answer"] is None
    assert question(official.record, "t-number")["result"] == "right"
