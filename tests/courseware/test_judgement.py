"""Where the checker has to judge words: what it must see, and what it must let pass."""

from __future__ import annotations

import pytest

from lms.courseware import check
from lms.courseware.checks import reading_level
from tests.courseware.small_course import TODAY, edited, lesson_and, translated


def codes(text: str) -> set[str]:
    return {problem.code for problem in check.check_course(lesson_and(text), "small", today=TODAY)}


def codes_in_spanish(text: str) -> set[str]:
    files = edited(translated(), "es/01-lesson.md", "## A closer look\n", f"## A closer look\n\n{text}\n")
    return {problem.code for problem in check.check_course(files, "small", today=TODAY)}


@pytest.mark.parametrize(
    "text",
    [
        "The average age of entry is 12–14.[^S1]",
        "On average, entry happens at age 13.[^S1]",
        "Life expectancy after entry is seven years.",
        "At least 300,000 children are at risk.[^S1]",
        "Traffickers exploit two million children.[^S1]",
        "Missouri ranks 4th in the nation.",
        "The state ranks fourth for reported cases.",
        "One in three runaways is approached within 48 hours.[^S1]",
        "The hotline is operated by Polaris.",
        "This course meets Missouri's mandate.",
    ],
)
def test_what_never_ships_is_an_error(text: str):
    found = check.check_course(lesson_and(text), "small", today=TODAY)

    assert [(problem.code, problem.is_error) for problem in found if problem.code == "W010"] == [("W010", True)]


@pytest.mark.parametrize(
    "text",
    [
        "La edad promedio de entrada es de 12 a 14 años.[^S1]",
        "La esperanza de vida es de siete años.",
        "Hay 300 mil menores en riesgo.[^S1]",
        "Missouri ocupa el cuarto lugar del país, el puesto cuarto.",
    ],
)
def test_what_never_ships_does_not_ship_in_spanish(text: str):
    assert "W010" in codes_in_spanish(text)


@pytest.mark.parametrize(
    "text",
    ["They were rescued.", "A pimp called.", "He is a predator.", "It is modern-day slavery.", "Child prostitutes."],
)
def test_sensational_words_are_told(text: str):
    assert codes(text) == {"W010"}


@pytest.mark.parametrize(
    "text",
    ["La policía rescató a la joven.", "Es una esclava sexual.", "El proxeneta llamó.", "Un caso escalofriante."],
)
def test_sensational_words_are_told_in_spanish(text: str):
    assert codes_in_spanish(text) == {"W010"}


@pytest.mark.parametrize(
    "text",
    [
        "The fire and rescue crew came. Begin rescue breathing.",
        "John went to St. Johns. The evidence is medieval; the devil is in the detail.",
        "Write “located” and not “rescued”.",
        "The word *pimp* says less than one thinks.",
        "Keep the chain of custody. Audit the supply chain.",
        "The class has an average of 25 students.",
        "Two million children live in the region.[^S1]",
    ],
)
def test_ordinary_words_pass(text: str):
    assert codes(text) == set()


def test_ordinary_words_pass_in_spanish():
    assert codes_in_spanish("Nació en El Salvador. Toda actividad ilegal se informa. El método es sencillo.") == set()


def test_a_word_in_a_wrong_option_passes_because_it_is_what_learners_should_reject():
    files = lesson_and("")
    files = edited(files, "en/01-lesson.md", "- [ ] Wait a week", "- [ ] Rescue her")

    assert check.check_course(files, "small", today=TODAY) == []


@pytest.mark.parametrize(
    "text",
    [
        "About 40 percent agree.",
        "One in four was asked.",
        "Nine out of ten said so.",
        "Two thirds of them were women.",
        "The fine is up to $250,000.",
        "There were 1500 calls.",
        "2 million people live there.",
        "- 12% of callers",
    ],
)
def test_a_number_without_a_source_is_told(text: str):
    assert codes(text) == {"L003"}


@pytest.mark.parametrize(
    "text",
    [
        "Call 1-800-392-3738 or 573-751-3448, or text 233733, 24/7.",
        "Call 911. Text 988.",
        "It takes 45 minutes; module 3 of 4; for people aged 18 to 24.",
        "In 2019 a survey asked 107 providers, on 2024-05-01 at 5:30.",
        "The pass mark is 80 percent.",
        "Room 1204 is on page 1200.",
        "She works 60 hours a week for 3 dollars an hour.",
        "About 40 percent agree.[^S1]",
        "What a survey found:[^S1]\n\n- One in four was asked.",
        "The survey[^S1] found:\n\n- One in four was asked.\n- 40 percent agreed.",
    ],
)
def test_other_numbers_pass(text: str):
    assert codes(text) == set()


@pytest.mark.parametrize(
    "text",
    [
        "RSMo 210.115 says so.",
        "See 22 U.S.C. 7102.",
        "See 34 CFR 99.36.",
        "Section 566.210 names it.",
        "SB 775 did it.",
    ],
)
def test_a_citation_without_a_source_in_its_paragraph_is_told(text: str):
    assert codes(text) == {"L001"}
    assert codes(text + "[^S1]") == set()


def test_a_statement_of_law_may_rest_on_a_source_in_its_section():
    assert codes("The law requires a report.") == {"L001"}
    assert codes("It is in the statute.[^S1]\n\nSo the law requires a report.") == set()


def test_words_have_the_syllables_that_a_reader_hears():
    words = {"the": 1, "people": 2, "trafficking": 3, "required": 2, "used": 1, "agencies": 3, "created": 3, "table": 2}

    assert {word: reading_level.english_syllables(word) for word in words} == words


def test_spanish_words_have_the_syllables_that_a_reader_hears():
    words = {
        "ciudad": 2,
        "historia": 3,
        "día": 2,
        "aire": 2,
        "quienes": 2,
        "guía": 2,
        "pingüino": 3,
        "aéreo": 4,
        "muy": 1,
    }

    assert {word: reading_level.spanish_syllables(word) for word in words} == words


def test_the_target_of_the_course_decides_what_is_hard_to_read():
    sentence = "The counselor listens, writes a short note and calls the hotline on the same afternoon.\n\n"
    easy = edited(
        lesson_and(sentence * 20), "course.yaml", "contact_minutes: 20", "contact_minutes: 20\nreading_level: 10"
    )
    strict = edited(easy, "course.yaml", "reading_level: 10", "reading_level: 4")

    assert check.check_course(easy, "small", today=TODAY) == []
    assert {problem.code for problem in check.check_course(strict, "small", today=TODAY)} == {"W011"}


def test_a_target_that_is_no_grade_is_reported():
    files = edited(lesson_and(""), "course.yaml", "contact_minutes: 20", "contact_minutes: 20\nreading_level: low")

    assert {problem.code for problem in check.check_course(files, "small", today=TODAY)} == {"FM002"}
