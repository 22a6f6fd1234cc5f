"""Ordering, matching and sorting: rows of selects, share of items right, no order that gives itself away."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest

from lms.errors import Invalid
from tests.courseware.asking import Asked

STEPS = "1. First\n2. Second\n3. Third\n"
TABLE = "| Word | Meaning |\n|---|---|\n| Act | what was done |\n| Means | how |\n| | by whom |\n"
GROUPS = "| Case | Group |\n|---|---|\n| one | A |\n| two | A |\n| three | B |\n"


def test_items_in_their_right_order_earn_all() -> None:
    asked = Asked(STEPS, "ordering")

    assert asked.problems == []
    assert asked.mark(asked.place(i1="1", i2="2", i3="3")) == 1
    assert asked.mark(asked.place(i1="1", i2="3", i3="2")) == 0


def test_partial_credit_of_an_ordering_is_the_share_in_place_and_a_place_given_twice_counts_not() -> None:
    asked = Asked(STEPS, "ordering", "; credit: partial")

    assert asked.mark(asked.place(i1="1", i2="3", i3="2")) == Fraction(1, 3)
    assert asked.mark(asked.place(i1="1", i2="1", i3="1")) == 0
    assert asked.mark(asked.place(i1="1")) == Fraction(1, 3)


def test_an_ordering_is_never_shown_in_its_right_order() -> None:
    asked = Asked("1. a\n2. b\n", "ordering")

    orders = {asked.type.shuffled(asked.question, random.Random(n), False) for n in range(50)}

    assert orders == {("2", "1")}


def test_an_ordering_is_complete_when_each_place_is_taken_once() -> None:
    asked = Asked(STEPS, "ordering")

    assert asked.type.is_complete(asked.question, asked.place(i1="2", i2="1", i3="3"))
    assert not asked.type.is_complete(asked.question, asked.place(i1="2", i2="2", i3="3"))
    assert not asked.type.is_complete(asked.question, asked.place(i1="2"))


def test_ordering_rows_name_their_fields_and_places() -> None:
    asked = Asked(STEPS, "ordering")

    rows = asked.show(asked.place(i2="3"))["rows"]

    assert [row["name"] for row in rows] == ["the-question.x1", "the-question.x2", "the-question.x3"]
    assert [choice["value"] for choice in rows[0]["choices"]] == ["1", "2", "3"]
    assert [choice["is_chosen"] for choice in rows[1]["choices"]] == [False, False, True]


@pytest.mark.parametrize("value", ["0", "4", "01", "x", "١"])
def test_a_place_that_was_not_on_the_page_is_refused(value: str) -> None:
    asked = Asked(STEPS, "ordering")

    with pytest.raises(Invalid):
        asked.place(i1=value)


def test_an_unknown_row_or_two_values_for_one_are_refused() -> None:
    asked = Asked(STEPS, "ordering")

    with pytest.raises(Invalid):
        asked.accept({"the-question.1": ["1"]})
    with pytest.raises(Invalid):
        asked.accept({"the-question.x1": ["1", "2"]})


def test_each_word_is_matched_with_its_meaning() -> None:
    asked = Asked(TABLE, "matching")

    assert asked.problems == []
    assert asked.tokens == {"1": "x1", "2": "x2", "r1": "x1r", "r2": "x2r", "r3": "x3r"}
    assert asked.mark(asked.place(i1="1", i2="2")) == 1
    assert asked.mark(asked.place(i1="1", i2="3")) == 0
    assert asked.mark(asked.place(i1="1")) == 0


def test_partial_credit_of_matching_is_the_share_of_pairs() -> None:
    asked = Asked(TABLE, "matching", "; credit: partial")

    assert asked.mark(asked.place(i1="1", i2="3")) == Fraction(1, 2)


def test_a_row_with_an_empty_left_cell_is_an_extra_wrong_choice() -> None:
    asked = Asked(TABLE, "matching")

    rows = asked.show()["rows"]

    assert [row["text"] for row in rows] == ["Act", "Means"]
    assert [choice["text"] for choice in rows[0]["choices"]] == ["what was done", "how", "by whom"]


def test_right_sides_are_always_shuffled_so_that_rows_do_not_tell_the_answer() -> None:
    asked = Asked(TABLE, "matching")

    orders = {asked.type.shuffled(asked.question, random.Random(n), False) for n in range(50)}

    assert {order[:2] for order in orders} == {("1", "2")}
    assert len(orders) == 6


def test_a_right_side_that_fits_twice_is_one_choice() -> None:
    asked = Asked(GROUPS, "matching")

    assert [right.text for right in asked.question.payload.rights] == ["A", "B"]
    assert asked.mark(asked.place(i1="1", i2="1", i3="2")) == 1


def test_items_are_sorted_into_groups_that_keep_the_authors_order() -> None:
    asked = Asked(GROUPS, "sort", "; credit: partial")

    orders = {asked.type.shuffled(asked.question, random.Random(n), False) for n in range(50)}

    assert {order[3:] for order in orders} == {("r1", "r2")}
    assert len({order[:3] for order in orders}) == 6
    assert asked.mark(asked.place(i1="1", i2="2", i3="2")) == Fraction(2, 3)


def test_an_item_is_not_taken_for_a_choice() -> None:
    asked = Asked(GROUPS, "sort")

    with pytest.raises(Invalid):
        asked.accept({"the-question.x1": ["x2"]})


def test_cells_keep_their_marks_and_pipes() -> None:
    asked = Asked("| a | b |\n|---|---|\n| *x* | `p \\| q` |\n| y | z |\n", "matching")

    right = asked.question.payload.rights[0]
    assert asked.question.options[0].html == "<em>x</em>"
    assert right.html == "<code>p | q</code>"
    assert right.text == "p | q"


@pytest.mark.parametrize(
    ("answers", "type_name", "code"),
    [
        ("1. a\n", "ordering", "Q004"),
        ("- a\n- b\n", "ordering", "Q004"),
        ("Only text.\n", "matching", "Q004"),
        ("| a |\n|---|\n| b |\n", "matching", "Q004"),
        ("| a | b |\n|---|---|\n| c | d |\n", "matching", "Q004"),
        ("| a | b |\n|---|---|\n| c | d |\n| e | |\n| f | g |\n", "sort", "Q004"),
        ("| a | b |\n|---|---|\n| c | d | e |\n| f | g |\n", "sort", "X001"),
    ],
)
def test_a_fault_in_items_or_tables_is_reported(answers: str, type_name: str, code: str) -> None:
    assert code in Asked(answers, type_name).codes


def test_the_summary_puts_what_was_given_beside_what_belongs_there() -> None:
    asked = Asked(TABLE, "matching")

    summary = asked.type.summarize(asked.question, asked.place(i1="1", i2="3"))

    assert [(line.html, line.given_html, line.answer_html, line.is_correct) for line in summary.lines] == [
        ("Act", "what was done", "what was done", True),
        ("Means", "by whom", "how", False),
    ]
    assert summary.given == "Act → what was done; Means → by whom"
    assert summary.answer == "Act → what was done; Means → how"


@pytest.mark.parametrize("response", [None, [], {"pairs": []}, {"pairs": {"9": "r9"}}, {"positions": {"1": "x"}}])
@pytest.mark.parametrize(("answers", "type_name"), [(STEPS, "ordering"), (TABLE, "matching"), (GROUPS, "sort")])
def test_a_stored_response_that_makes_no_sense_breaks_nothing(answers: str, type_name: str, response: object) -> None:
    asked = Asked(answers, type_name)

    assert asked.mark(response) == 0
    assert not asked.type.is_complete(asked.question, response)
    assert asked.show(response)
    assert asked.type.summarize(asked.question, response)
