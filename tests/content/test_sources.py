"""Sources, statements of law and words: what the courses say can be looked up, and none of it is said that never ships."""

from __future__ import annotations

import re
from functools import cache

import pytest

from lms.courseware import check
from lms.courseware.course import Problem
from tests.content.curriculum import Loaded
from tests.support.world import SHIPPED_COURSES

_REFERENCE = re.compile(r"\[\^([^\]\s]+)\](?!:)")
_NOTE = re.compile(
    r"^\[\^([^\]\s]+)\]: \[([^\]]+)\]\((https?://[^\s)]+)\), (?:checked|consultado el) \d{4}-\d{2}-\d{2}$", re.M
)
_ADDRESS = re.compile(r"^\[\^([^\]\s]+)\]: \[[^\]]+\]\(([^\s)]+)\)", re.M)


def test_every_footnote_leads_to_a_source_with_title_address_and_day(loaded: Loaded) -> None:
    for path, source in loaded.sources.items():
        text = "\n".join(source.lines)
        defined = {label for label, _, _ in _NOTE.findall(text)}

        assert set(_REFERENCE.findall(text)) == defined, path


def test_a_translated_page_leads_to_the_same_sources(loaded: Loaded) -> None:
    for path, source in loaded.sources.items():
        language, _, name = path.partition("/")
        if language != loaded.course.default_language:
            original = loaded.sources[f"{loaded.course.default_language}/{name}"]

            assert _addresses(source.lines) == _addresses(original.lines), path


def _addresses(lines: list[str]) -> set[str]:
    return {address for _, address in _ADDRESS.findall("\n".join(lines))}


def test_a_spanish_page_names_its_english_sources_in_spanish_and_says_so(loaded: Loaded) -> None:
    titles = [
        (path, title)
        for path, source in loaded.sources.items()
        if path.startswith("es/")
        for _, title, _ in _NOTE.findall("\n".join(source.lines))
    ]

    assert [(path, title) for path, title in titles if not title.endswith("(en inglés)")] == []


def test_a_module_that_says_whose_law_it_states_says_when_to_look_again(loaded: Loaded) -> None:
    for module in loaded.modules():
        assert bool(module.jurisdictions) == bool(module.review_by), module.path


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("L001", id="law-without-jurisdiction-or-source"),
        pytest.param("W010", id="a-number-that-never-ships-or-a-sensational-word"),
    ],
)
def test_the_checker_finds_none_of_it_in_any_language_also_not_where_an_author_allowed_it(code: str) -> None:
    assert [f"{one.path}:{one.line}" for one in _findings() if one.code == code] == []


@cache
def _findings() -> list[Problem]:
    return check.check_paths([SHIPPED_COURSES], show_allowed=True)
