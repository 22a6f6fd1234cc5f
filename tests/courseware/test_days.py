"""The day on which a source was read, as the readers of a language write it."""

from __future__ import annotations

import pytest

from lms.courseware.days import with_days
from lms.courseware.read import read_course
from tests.courseware.small_course import FILES


@pytest.mark.parametrize(
    ("language", "written"),
    [
        ("en", "checked November 20, 2026"),
        ("es", "checked 20 de noviembre de 2026"),
        ("no-such", "checked 2026-11-20"),
    ],
)
def test_a_day_is_written_as_its_language_does(language: str, written: str) -> None:
    assert with_days("checked 2026-11-20", language) == written


def test_addresses_and_what_is_no_day_stay() -> None:
    html = '<a href="https://a.example/2026-11-20/" title="2026-11-20">A</a>, 2026-13-40, 12026-11-20'

    assert with_days(html, "en") == html


def test_the_sources_of_a_module_say_their_days_in_words() -> None:
    course, _ = read_course(FILES, "small-course")
    assert course is not None
    module = course.module("lesson", "en")
    assert module is not None

    assert "checked November 20, 2026" in module.notes_html
    assert "checked 2026-11-20" in module.notes_source
