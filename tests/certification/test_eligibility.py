"""What is missing for a certificate, as rules on plain values."""

from __future__ import annotations

from lms.certification.eligibility import (
    NO_QUIZ,
    NOT_COMPLETED,
    NOT_PASSED,
    Missing,
    ModuleRule,
    missing_for_course,
)

RULES = [
    ModuleRule("survey", "Survey"),
    ModuleRule("one", "One"),
    ModuleRule("two", "Two", prerequisites=("one",)),
    ModuleRule("final", "Final", prerequisites=("two",), pass_mark=80),
    ModuleRule("extra", "Extra"),
]


def missing(completed: set[str], passed: set[str], required: tuple[str, ...] = ("final",)) -> list[Missing]:
    return missing_for_course(RULES, required, completed=completed, passed=passed)


def test_everything_that_the_final_leans_on_is_named_in_the_courses_order() -> None:
    assert missing(set(), set()) == [
        Missing(NOT_COMPLETED, "one", "One"),
        Missing(NOT_COMPLETED, "two", "Two"),
        Missing(NOT_PASSED, "final", "Final"),
    ]


def test_with_all_done_and_the_final_passed_nothing_is_missing() -> None:
    assert missing({"one", "two"}, {"final"}) == []


def test_a_final_that_is_said_to_be_complete_but_was_not_passed_is_missing() -> None:
    assert missing({"one", "two", "final"}, set()) == [Missing(NOT_PASSED, "final", "Final")]


def test_modules_that_nothing_leans_on_are_not_asked_for() -> None:
    assert "survey" not in [one.module_id for one in missing(set(), set())]
    assert "extra" not in [one.module_id for one in missing(set(), set())]


def test_a_course_without_a_quiz_that_can_be_passed_gives_no_certificate() -> None:
    assert missing({"one"}, set(), required=("one",)) == [Missing(NO_QUIZ)]
    assert missing({"one"}, set(), required=()) == [Missing(NO_QUIZ)]
