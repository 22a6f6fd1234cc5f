"""The glossaries of several courses beside each other: one word means the same in all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from lms.courseware.checks.subject import finding
from lms.courseware.checks.walk import read_source
from lms.courseware.course import Course, GlossaryTerm, Problem
from lms.courseware.course_text import GLOSSARY

_FIRST = re.compile(r"[^.:;]*")
_TAG = re.compile(r"<[^>]*>")


def check(courses: Mapping[Path, Course]) -> list[Problem]:
    """A warning at each word that an earlier course explains otherwise; `courses` by folder, in the order to look.

    Compared is the first sentence, or what stands before its colon or semicolon: what comes after may speak to the
    readers of one course.
    """
    first: dict[tuple[str, str], tuple[str, Path]] = {}
    found: list[Problem] = []
    for folder, course in courses.items():
        for language, text in course.texts.items():
            for term in text.glossary:
                key = (language, term.term.casefold())
                meaning, other = first.setdefault(key, (_core(term), folder))
                if meaning != _core(term):
                    found += _told(folder / language / GLOSSARY, term.term, meaning, other.name)
    return found


def _core(term: GlossaryTerm) -> str:
    match = _FIRST.match(_TAG.sub("", term.meaning_html).strip())
    return match[0].strip() if match else ""


def _told(path: Path, term: str, meaning: str, other: str) -> Iterator[Problem]:
    """At the line of the word, or the first where it is written with marks around it; nothing where it is allowed."""
    source = read_source(str(path), path.read_text(encoding="utf-8", errors="replace"))
    line = next((number for number, line in enumerate(source.lines, 1) if line.strip() == term), 1)
    if "W013" in source.allowed.get(line, {}):
        return
    message = (
        f"“{term}” means something else in {other}: “{meaning}”. "
        "Say the first sentence in the same words, or choose another word."
    )
    yield finding(str(path), line, "W013", message)
