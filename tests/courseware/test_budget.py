"""A megabyte of prose is read; a file that is built to keep the parser busy is refused by what can be counted in it."""

from __future__ import annotations

import pytest

from lms.courseware.budget import LARGEST_FILE_BYTES, LONGEST_LINE, MOST_LINES, MOST_MARKS, refusal
from lms.courseware.read import read_module
from tests.courseware.small_course import LESSON, LESSON_PATH

HEAD_LINES = LESSON.count("\n")


def refused(text: str) -> tuple[int, str]:
    module, problems = read_module(LESSON_PATH, LESSON + text, "en")
    assert module is None
    assert [problem.code for problem in problems] == ["X000"]
    return problems[0].line - HEAD_LINES, problems[0].message


def test_a_megabyte_of_ordinary_prose_is_read():
    paragraph = (
        "People notice small things first: a phone that is never put down, *a story that changes*. " * 6 + "\n\n"
    )
    prose = "## More\n\n" + paragraph * (1_000_000 // len(paragraph))

    module, problems = read_module(LESSON_PATH, LESSON.partition("## ")[0] + prose, "en")

    assert module is not None
    assert not [problem for problem in problems if problem.code == "X000"]
    assert len(module.sections[-1].html) > 900_000


@pytest.mark.parametrize("mark", list("[]!*_`<>&\\~|#"))
def test_too_many_marks_are_refused_at_the_line_where_they_become_too_many(mark: str):
    line = f"{mark} a " * 1_000 + "\n"

    at, message = refused(line * (MOST_MARKS // 1_000 + 1))

    assert MOST_MARKS // 1_000 - 1 <= at <= MOST_MARKS // 1_000 + 1
    assert "marks" in message


def test_too_many_lines_are_refused():
    at, message = refused("a\n" * (MOST_LINES + 1))

    assert at + HEAD_LINES == MOST_LINES + 1
    assert "30,000 lines" in message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a" * (LONGEST_LINE + 1), "too long"),
        ("> " * 20 + "a", "nested too deeply"),
        ("".join("  " * depth + "- a\n" for depth in range(30)), "nested too deeply"),
        ("a b c d e\n" * (LARGEST_FILE_BYTES // 10), "too large"),
    ],
)
def test_what_else_is_refused_is_named(text: str, words: str):
    assert words in refused(text)[1]


@pytest.mark.parametrize(("character", "words"), [("\0", "NUL"), ("\ud800", "broken character")])
def test_what_is_no_text_is_refused_with_its_line(character: str, words: str):
    found = refusal(f"a\nb\n{character}")

    assert found is not None
    assert found[0] == 3
    assert words in found[2]
