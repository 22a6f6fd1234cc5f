"""Single, multiple and true-false: ticks, credit and what a browser gets to see."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from lms.errors import Invalid
from tests.courseware.asking import Asked

THREE = "- [ ] a\n  > Not a.\n- [x] b\n- [ ] c\n"
FOUR = "- [x] a\n- [x] b\n- [ ] c\n- [ ] d\n"


def test_the_right_option_earns_all_and_another_nothing() -> None:
    asked = Asked(THREE, "single")

    assert asked.problems == []
    assert asked.mark(asked.tick("2")) == 1
    assert asked.mark(asked.tick("1")) == 0
    assert asked.mark(None) == 0


def test_an_option_can_carry_a_credit_of_its_own() -> None:
    asked = Asked("- [x] a\n- [ ] b\n  <!-- credit: 0.5 -->\n- [ ] c\n  <!-- credit: 1/3 -->\n", "single")

    assert asked.problems == []
    assert asked.mark(asked.tick("2")) == Fraction(1, 2)
    assert asked.mark(asked.tick("3")) == Fraction(1, 3)


@pytest.mark.parametrize("credit", ["2", "-1", "half", "1e999999999", "1/0", "0." + "1" * 50])
def test_a_credit_that_is_no_share_is_reported(credit: str) -> None:
    asked = Asked(f"- [x] a\n- [ ] b\n  <!-- credit: {credit} -->\n", "single")

    assert asked.codes == ["FM002"]


@pytest.mark.parametrize(
    ("answers", "type_name", "code"),
    [
        ("- [x] a\n- [x] b\n", "single", "Q005"),
        ("- [ ] a\n- [ ] b\n", "single", "Q005"),
        ("- [ ] a\n- [ ] b\n", "multiple", "Q005"),
        ("- [x] a\n- [ ] b\n- [ ] c\n", "true-false", "Q005"),
        ("- [x] a\n- b\n", "single", "Q007"),
        ("- [x] a\n", "single", "Q004"),
        ("Only text.\n", "multiple", "Q004"),
        ("- [x] a <!-- opt: x -->\n- [ ] b <!-- opt: x -->\n", "single", "Q002"),
        ("- [x] a <!-- opt: X y -->\n- [ ] b\n", "single", "FM002"),
    ],
)
def test_a_fault_in_the_options_is_reported(answers: str, type_name: str, code: str) -> None:
    asked = Asked(answers, type_name)

    assert code in asked.codes


def test_a_single_choice_with_two_ticks_is_reported_at_its_heading() -> None:
    asked = Asked("- [x] a\n- [x] b\n", "single")

    assert [problem.line for problem in asked.problems] == [asked.question.line]


def test_a_list_without_boxes_before_the_options_belongs_to_the_prompt() -> None:
    asked = Asked("- a fact\n- a fact\n\nSo?\n\n- [x] a\n- [ ] b\n", "single")

    assert asked.problems == []
    assert "<li>a fact</li>" in asked.question.body_html
    assert len(asked.question.options) == 2


def test_options_in_two_lists_are_all_kept() -> None:
    asked = Asked("- [x] a\n- [ ] b\n\n* [ ] c\n", "single")

    assert [option.text for option in asked.question.options] == ["a", "b", "c"]


def test_a_paragraph_after_the_options_is_shown_with_the_explanation() -> None:
    asked = Asked("- [x] a\n- [ ] b\n\nBecause of this.\n", "single")

    assert asked.question.explanation_html == "<p>Because of this.</p>"


def test_true_false_is_known_by_its_other_name_and_never_shuffled() -> None:
    asked = Asked("- [x] True\n- [ ] False\n", "truefalse")

    assert asked.problems == []
    assert asked.question.type == "true-false"
    orders = {asked.type.shuffled(asked.question, random.Random(n), True) for n in range(20)}
    assert orders == {("1", "2")}


def test_options_are_shuffled_only_where_the_quiz_says_so() -> None:
    asked = Asked(FOUR, "multiple")

    orders = {asked.type.shuffled(asked.question, random.Random(n), True) for n in range(20)}

    assert len(orders) > 5
    assert asked.type.shuffled(asked.question, random.Random(1), False) == ("1", "2", "3", "4")


def test_multiple_choice_is_all_or_nothing() -> None:
    asked = Asked(FOUR, "multiple")

    assert asked.mark(asked.tick("1", "2")) == 1
    assert asked.mark(asked.tick("1")) == 0
    assert asked.mark(asked.tick("1", "2", "3")) == 0


@pytest.mark.parametrize(
    ("chosen", "share"),
    [
        (("1", "2"), Fraction(1)),
        (("1",), Fraction(1, 2)),
        (("1", "2", "3"), Fraction(1, 2)),
        (("1", "3"), Fraction(0)),
        (("3", "4"), Fraction(0)),
        (("1", "2", "3", "4"), Fraction(0)),
    ],
)
def test_partial_credit_is_right_less_wrong_over_the_number_of_right(chosen: tuple[str, ...], share: Fraction) -> None:
    asked = Asked(FOUR, "multiple", "; credit: partial")

    assert asked.mark(asked.tick(*chosen)) == share


def test_an_options_credit_is_what_ticking_it_adds() -> None:
    asked = Asked("- [x] a\n- [x] b\n- [ ] c\n  <!-- credit: 0.25 -->\n- [ ] d\n", "multiple")

    assert asked.mark(asked.tick("1", "3")) == Fraction(3, 4)
    assert asked.mark(asked.tick("1", "2", "3")) == 1


def test_what_was_chosen_is_shown_again_without_telling_what_is_right() -> None:
    asked = Asked(THREE, "single")

    shown = asked.show(asked.tick("3"))

    assert [option["is_chosen"] for option in shown["options"]] == [False, False, True]
    assert {key for option in shown["options"] for key in option} == {"value", "html", "is_chosen"}
    assert "Not a." not in str(shown)


def test_a_value_that_was_not_on_the_page_is_refused() -> None:
    asked = Asked(THREE, "single")

    with pytest.raises(Invalid):
        asked.accept({"the-question": ["2"]})
    with pytest.raises(Invalid):
        asked.tick("1", "2")


def test_nothing_ticked_is_no_response() -> None:
    asked = Asked(FOUR, "multiple")

    assert asked.accept({}) is None
    assert asked.accept({"the-question": [""], "another-question": ["x"]}) is None
    assert not asked.type.is_complete(asked.question, None)


def test_the_summary_says_what_was_given_and_what_is_right() -> None:
    asked = Asked(FOUR, "multiple")

    summary = asked.type.summarize(asked.question, asked.tick("1", "3"))

    assert [(line.html, line.is_chosen, line.is_correct) for line in summary.lines] == [
        ("a", True, True),
        ("b", False, True),
        ("c", True, False),
        ("d", False, False),
    ]
    assert (summary.given, summary.answer) == ("a; c", "a; b")


@pytest.mark.parametrize("response", [None, {}, [], "1", {"chosen": 7}, {"chosen": {"a": 1}}, {"chosen": "gone"}])
@pytest.mark.parametrize("type_name", ["single", "multiple"])
def test_a_stored_response_that_makes_no_sense_earns_nothing_and_breaks_nothing(
    type_name: str, response: object
) -> None:
    asked = Asked(THREE, type_name)

    assert asked.mark(response) == 0
    assert asked.show(response)
    assert asked.type.summarize(asked.question, response)
