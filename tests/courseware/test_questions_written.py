"""Numbers, short answers, reflections, written answers and Likert scales."""

from __future__ import annotations

from fractions import Fraction

import pytest

from lms.courseware.questions import TYPES, question_type
from lms.courseware.questions.numeric import read_bounds, read_numbers
from lms.errors import Invalid, NotFound
from tests.courseware.asking import Asked

TYPED = ["numeric", "short", "reflection", "written"]
ANSWERS = {"numeric": "- `45 ± 0`\n", "short": "- `fraud`\n", "reflection": "", "written": "- Names it\n"}


@pytest.mark.parametrize(
    ("text", "readings"),
    [
        ("45", {45}),
        ("1.5", {Fraction(3, 2)}),
        ("1,5", {Fraction(3, 2)}),
        ("1,500", {1500, Fraction(3, 2)}),
        ("1.234,5", {Fraction(2469, 2)}),
        ("1,234.5", {Fraction(2469, 2)}),
        ("1,234,567", {1234567}),
        ("0,750", {Fraction(3, 4)}),
        ("-3", {-3}),
        ("−3", {-3}),
        ("45 days", {45}),
        ("45 day", {45}),
        ("45 DAYS.", {45}),
        ("１２", {12}),
        ("12,34,5", set()),
        ("forty", set()),
        ("1e9", set()),
        ("", set()),
        ("1" * 200, set()),
    ],
)
def test_a_typed_number_is_read_in_english_and_spanish_ways_of_writing(text: str, readings: set[Fraction]) -> None:
    assert read_numbers(text, "days") == readings


@pytest.mark.parametrize(
    ("source", "low", "high"),
    [("45", 45, 45), ("45 ± 2", 43, 47), ("45 +- 2", 43, 47), ("30..44", 30, 44), ("-3 .. 0.5", -3, Fraction(1, 2))],
)
def test_the_right_number_is_written_alone_with_a_tolerance_or_as_a_range(
    source: str, low: Fraction, high: Fraction
) -> None:
    bounds = read_bounds(source)

    assert bounds is not None
    assert (bounds.low, bounds.high) == (low, high)


@pytest.mark.parametrize("source", ["x", "5..3", "1e5", "45 ±", "1..2..3", "9" * 40])
def test_another_way_of_writing_the_right_number_is_reported(source: str) -> None:
    assert "Q009" in Asked(f"- `{source}`\n", "numeric").codes


def test_a_number_is_right_within_its_bounds_both_included() -> None:
    asked = Asked("- `30..44`\n", "numeric", "; unit: days")

    assert asked.problems == []
    assert asked.mark(asked.write(" 30 days ")) == 1
    assert asked.mark(asked.write("44,0")) == 1
    assert asked.mark(asked.write("44.01")) == 0


def test_what_is_no_number_is_kept_but_does_not_count_as_answered() -> None:
    asked = Asked("- `45`\n", "numeric")

    response = asked.write("forty-five")

    assert asked.show(response)["text"] == "forty-five"
    assert not asked.type.is_complete(asked.question, response)
    assert asked.mark(response) == 0


def test_the_result_of_a_number_tells_the_range_with_its_unit() -> None:
    asked = Asked("- `0.5 ± 0.25`\n", "numeric", "; unit: hours")

    assert asked.type.summarize(asked.question, None).answer == "0.25 – 0.75 hours"
    assert "0.5" not in str(asked.show(None))


@pytest.mark.parametrize(
    ("text", "is_right"),
    [("fraud", True), ("  FRAUD ", True), ("a fraud.", True), ("frauds", False), ("niño", True), ("nino", False)],
)
def test_a_short_answer_is_folded_by_case_and_space_and_keeps_its_accents(text: str, is_right: bool) -> None:
    asked = Asked("- `Fraud`\n- `/^a?\\s*fraud\\.?$/i`\n- `niño`\n", "short")

    assert asked.problems == []
    assert asked.mark(asked.write(text)) == int(is_right)


def test_accents_count_however_they_are_stored() -> None:
    asked = Asked("- `niño`\n", "short")

    assert asked.mark(asked.write("nin\u0303o")) == 1


def test_a_pattern_has_to_fit_the_whole_answer_and_minds_case_unless_it_says_i() -> None:
    asked = Asked("- `/act|means/`\n", "short")

    assert asked.mark(asked.write("means")) == 1
    assert asked.mark(asked.write("no means")) == 0
    assert asked.mark(asked.write("Means")) == 0


@pytest.mark.parametrize("pattern", ["(", r"(a)\1", "(?=a)", "(a{1000}){1000}", "a" * 600])
def test_a_pattern_that_does_not_compile_or_could_run_away_is_reported(pattern: str) -> None:
    assert Asked(f"- `/{pattern}/`\n", "short").codes == ["Q010"]


def test_a_pattern_known_to_run_away_elsewhere_takes_linear_time() -> None:
    asked = Asked("- `/(a+)+b/`\n", "short")

    assert asked.mark(asked.write("a" * 500)) == 0


def test_a_right_answer_is_code_alone_and_may_carry_feedback() -> None:
    asked = Asked("- `fraud`\n  > The first of three.\n- force\n", "short")

    assert asked.codes == ["Q009"]
    summary = asked.type.summarize(asked.question, asked.write("fraud"))
    assert [line.feedback_html for line in summary.lines] == ["<p>The first of three.</p>"]
    assert summary.answer == "fraud"


@pytest.mark.parametrize("type_name", TYPED)
def test_a_typed_answer_is_shown_again_and_white_space_is_none(type_name: str) -> None:
    asked = Asked(ANSWERS[type_name], type_name)

    assert asked.show(asked.write("my words"))["text"] == "my words"
    assert asked.write(" \n ") is None
    assert not asked.type.is_complete(asked.question, None)


@pytest.mark.parametrize("type_name", TYPED)
@pytest.mark.parametrize("text", ["a\0b", "a\ud800", "x" * 5001])
def test_a_text_that_cannot_be_kept_is_refused(type_name: str, text: str) -> None:
    asked = Asked(ANSWERS[type_name], type_name)

    with pytest.raises(Invalid):
        asked.write(text)


def test_a_reflection_is_never_marked_and_has_all_its_text_in_the_prompt() -> None:
    asked = Asked("Think of:\n\n- one\n- two\n", "reflection")

    assert asked.problems == []
    assert "<li>one</li>" in asked.question.body_html
    assert asked.mark(asked.write("My words.")) is None
    assert not asked.type.is_scored
    assert asked.show()["max_length"] == 5000


def test_a_written_answer_is_marked_by_hand_along_a_rubric_that_is_not_shown() -> None:
    asked = Asked("Say why.\n\n- Names the counselor\n- Names the hotline\n", "written")

    assert asked.problems == []
    assert asked.type.is_marked_by_hand
    assert asked.mark(asked.write("My words.")) is None
    assert [option.text for option in asked.question.options] == ["Names the counselor", "Names the hotline"]
    assert "counselor" not in str(asked.show()) + asked.question.body_html


def test_a_written_question_without_a_rubric_is_reported() -> None:
    assert Asked("Say why.\n", "written").codes == ["Q004"]


def test_a_likert_scale_takes_a_number_for_each_statement() -> None:
    asked = Asked("- I know.\n- I can.\n", "likert", "; scale: 1..5; low: Not at all; high: Fully; survey: pre+post")

    response = asked.place(i1="4", i2="5")
    rows = asked.show(response)["rows"]

    assert asked.problems == []
    assert asked.question.survey == "pre+post"
    assert response == {"ratings": {"1": 4, "2": 5}}
    assert asked.mark(response) is None
    assert asked.type.is_complete(asked.question, response)
    assert [choice["text"] for choice in rows[0]["choices"]] == ["1 · Not at all", "2", "3", "4", "5 · Fully"]
    assert [choice["is_chosen"] for choice in rows[0]["choices"]] == [False, False, False, True, False]
    assert asked.type.summarize(asked.question, response).given == "I know.: 4; I can.: 5"


def test_a_number_off_the_scale_is_refused() -> None:
    asked = Asked("- I know.\n", "likert")

    with pytest.raises(Invalid):
        asked.place(i1="6")


@pytest.mark.parametrize("scale", ["5..1", "1..99", "one..five"])
def test_a_scale_that_cannot_be_used_is_reported(scale: str) -> None:
    assert Asked("- I know.\n", "likert", f"; scale: {scale}").codes == ["FM002"]


def test_every_type_is_known_by_name_and_another_is_not_found() -> None:
    assert all(question_type(name).name == name for name in TYPES)
    with pytest.raises(NotFound):
        question_type("essay")
