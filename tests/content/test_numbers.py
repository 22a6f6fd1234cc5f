"""Telephone numbers in courses are those of the data files, written as there: nobody reaches a wrong line from here."""

from __future__ import annotations

import re
from typing import Any

import yaml

from tests.content.curriculum import Loaded
from tests.support.world import SHIPPED_COURSES

RESOURCES = SHIPPED_COURSES / "resources"
HOTLINES: list[dict[str, Any]] = yaml.safe_load((RESOURCES / "hotlines.yaml").read_text("utf-8"))["lines"]

_PHONE = re.compile(r"(?<![\d.-])(?:\+?1[-. ]?)?\(?\d{3}\)?[-. ]\d{3}[-. ]\d{4}(?![\d-])")
_LETTERS = re.compile(r"\b1-8\d\d-(?:[A-Z]{2,}|\d{3})-?[A-Z]{2,}\b")
_TEXT_TO = re.compile(r"(?i)\b(?:text(?:o)?|mensaje(?: de texto)?)\b[^.\n]{0,40}?\b(\d{5,6})\b")
_SENTENCE_END = re.compile(r"(?<=[.!?|;])\s")
_LINK = re.compile(r"\]\([^)]*\)")

NAMES = {
    "missouri-child-abuse-neglect": r"Child Abuse and Neglect Hotline|l[ií]nea (?:de Missouri )?contra el maltrato y la negligencia infantil",
    "national-human-trafficking": r"National Human Trafficking Hotline|Línea Nacional contra la Trata",
    "cybertipline": r"CyberTipline",
    "crisis-988": r"Suicide and Crisis Lifeline|Línea de Prevención del Suicidio",
}


def numbers_of(text: str) -> set[str]:
    return set(_PHONE.findall(text)) | set(_LETTERS.findall(text))


def digits(number: str) -> str:
    return re.sub(r"\D", "", number)[-10:]


KNOWN = {number for file in RESOURCES.glob("*.yaml") for number in numbers_of(file.read_text("utf-8"))}


def lines_of(loaded: Loaded) -> list[tuple[str, str]]:
    """Each line of text with where it stands, without addresses of links."""
    return [
        (f"{path}:{number}", _LINK.sub("]", text))
        for path, source in loaded.sources.items()
        for number, text in enumerate(source.lines, 1)
    ]


def test_every_telephone_number_of_a_course_stands_in_a_data_file_written_alike(loaded: Loaded) -> None:
    strange = [(where, number) for where, text in lines_of(loaded) for number in numbers_of(text) - KNOWN]

    assert strange == []


def test_a_sentence_that_names_one_hotline_gives_no_other_one_s_number(loaded: Loaded) -> None:
    own = {one["id"]: {digits(number) for number in numbers_of(yaml.safe_dump(one))} for one in HOTLINES}
    for where, text in lines_of(loaded):
        for sentence in _SENTENCE_END.split(text):
            named = [key for key, pattern in NAMES.items() if re.search(pattern, sentence, re.IGNORECASE)]
            if len(named) == 1:
                assert {digits(number) for number in numbers_of(sentence)} <= own[named[0]], where


def test_where_to_send_a_text_message_is_the_number_of_a_hotline(loaded: Loaded) -> None:
    known = {one["text"] for one in HOTLINES if one.get("text")}
    told = [(where, number) for where, text in lines_of(loaded) for number in _TEXT_TO.findall(text)]

    assert [one for one in told if one[1] not in known] == []


def test_every_hotline_of_the_data_file_says_where_and_when_it_was_read() -> None:
    for one in HOTLINES:
        assert one["source"].startswith("https://"), one["id"]
        assert one["checked_on"], one["id"]
        assert "es" in one["name"], one["id"]
        assert "es" in one["note"], one["id"]
