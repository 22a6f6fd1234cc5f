"""Questions on paper: the same form whenever it is drawn, other forms ask others, the key's marks are the form's."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import pytest

from lms.courseware.course import Course
from lms.courseware.questions import question_type
from lms.courseware.questions.pairs import Pairing
from lms.printing.sheets import Asked, Form, form_of, letter, points_to_pass
from tests.courseware.small_course import lesson_with
from tests.support.world import SHIPPED_COURSES


def asked_by_kind(course: Course) -> dict[str, Asked]:
    module = course.module("noticing", "en")
    assert module is not None
    return {one.kind: one for one in form_of(course, module, 1).asked}


def shipped() -> Iterator[Course]:
    from lms.courseware.folder import load_folder
    from lms.courseware.read import read_course

    for folder in sorted(path.parent for path in SHIPPED_COURSES.glob("*/course.yaml")):
        course, _ = read_course(load_folder(folder), folder.name)
        assert course is not None
        yield course


def ids(form: Form) -> list[tuple[str, list[str]]]:
    return [(one.question.id, [item.option.id for item in (*one.items, *one.choices)]) for one in form.asked]


def test_a_form_is_the_same_in_every_language_and_whenever_it_is_drawn() -> None:
    course = next(one for one in shipped() if len(one.languages) > 1)
    for entry in course.modules:
        forms = [form_of(course, module, 2) for code in course.languages if (module := course.module(entry.id, code))]

        assert ids(forms[0]) == ids(forms[1]) == ids(form_of(course, course.files["en"][entry.id], 2))


def test_another_form_draws_other_questions() -> None:
    course = next(one for one in shipped() if one.id == "understanding-trafficking")
    final = course.files["en"]["final"]

    drawn = {tuple(sorted(question for question, _ in ids(form_of(course, final, number)))) for number in range(1, 6)}

    assert len(drawn) > 1
    assert {len(one) for one in drawn} == {sum(pool.draw or len(pool.questions) for pool in final.pools)}


def test_questions_are_numbered_through_the_module(course: Course) -> None:
    module = course.files["en"]["noticing"]

    asked = form_of(course, module, 1).asked

    assert [one.number for one in asked] == list(range(1, len(asked) + 1))


def test_the_key_names_the_letters_that_are_right(course: Course) -> None:
    asked = asked_by_kind(course)

    for kind in ("single", "multiple", "true-false"):
        right = {item.mark for item in asked[kind].items if item.option.is_correct}
        assert set(asked[kind].answer.split(", ")) == right
    assert asked["short"].answer
    assert asked["numeric"].answer
    assert [asked[kind].answer for kind in ("likert", "reflection", "written")] == ["", "", ""]


@pytest.mark.parametrize("kind", ["matching", "sort", "ordering"])
def test_what_the_key_says_of_pairs_and_places_earns_every_point(course: Course, kind: str) -> None:
    asked = asked_by_kind(course)[kind]
    items = {item.mark: item.option.id for item in asked.items}
    choices = {item.mark: item.option.id for item in asked.choices}
    said = dict(pair.split(" → ") for pair in asked.answer.split("; "))

    if isinstance(asked.question.payload, Pairing):
        response = {"pairs": {items[left]: choices[right] for left, right in said.items()}}
    else:
        response = {"positions": {items[mark]: int(place) for mark, place in said.items()}}

    assert question_type(kind).mark(asked.question, response) == 1


def test_ordering_does_not_stand_in_its_right_order_by_being_listed(course: Course) -> None:
    asked = [asked_by_kind(course)["ordering"]]
    module = course.files["en"]["noticing"]
    asked += [one for number in range(2, 6) for one in form_of(course, module, number).asked if one.kind == "ordering"]

    assert len({tuple(item.option.id for item in one.items) for one in asked}) > 1


def test_the_points_to_pass_are_rounded_up_to_a_half(course: Course) -> None:
    form = Form({"p": asked_of(course, 7)})

    assert form.points == 7
    assert points_to_pass(form, 80) == Fraction(6)
    assert points_to_pass(form, 75) == Fraction(11, 2)
    assert points_to_pass(form, None) is None


def asked_of(course: Course, count: int) -> tuple[Asked, ...]:
    return (asked_by_kind(course)["single"],) * count


def test_letters_go_on_after_z() -> None:
    assert [letter(place) for place in (1, 26, 27, 52)] == ["A", "Z", "AA", "AZ"]


def test_a_drawn_pool_prints_as_many_as_an_attempt_asks() -> None:
    from lms.courseware.read import read_course

    course, _ = read_course(lesson_with("It is morning", "It is early"), "small")
    assert course is not None

    assert len(form_of(course, course.files["en"]["lesson"], 1).asked) == 1
