"""README's examples of the course language are true: put together they are one course without a finding."""

from __future__ import annotations

import re
from datetime import date

from lms.courseware import check
from lms.courseware.course import MODULE_KINDS, QUIZ_ROLES, Course
from lms.courseware.questions import TYPES
from lms.courseware.read import read_course
from tests.support.docs import README

TODAY = date(2026, 11, 25)
BLOCK = re.compile(r"^```(yaml|markdown)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MEDIA = ("stop.png", "call.png", "call.mp4", "call.vtt", "call.md")
NEXT = """---
id: practice
title: Practice
kind: quiz
disciplines: [shared]
minutes: 5
objectives:
  - {id: LO1, text: Choose a first step}
content_note: none
quiz: {role: final, pass_mark: 80}
---

# Practice

## Questions

<!-- pool: practice-pool; draw: all -->

### A worry is enough to pass on.

<!-- q: practice-worry; type: true-false; lo: LO1 -->

- [x] True
- [ ] False

> [!NOTE]
> You need no proof.
"""


def part() -> str:
    return (
        README.read_text(encoding="utf-8")
        .partition("### The course language")[2]
        .partition("\n### Publish a change")[0]
    )


def examples() -> dict[str, bytes]:
    """The files of the course that the examples make."""
    blocks = BLOCK.findall(part())
    texts = [text for kind, text in blocks if kind == "markdown"]
    pieces = [text for text in texts if not text.startswith("# Glossary")]
    files = {
        "course.yaml": next(text for kind, text in blocks if kind == "yaml"),
        "en/course.md": "# Night shift basics\n\nFor everybody who works at night.\n",
        "en/01-noticing.md": "\n".join(pieces),
        "en/02-practice.md": NEXT,
        "en/glossary.md": next(text for text in texts if text.startswith("# Glossary")),
        **{f"media/{name}": "x" for name in MEDIA},
    }
    return {path: text.encode() for path, text in files.items()}


def course() -> Course:
    read, _ = read_course(examples(), "night-shift")
    assert read is not None
    return read


def test_the_examples_check_clean():
    assert check.check_course(examples(), "night-shift", today=TODAY) == []


def test_there_is_an_example_of_every_type_of_question():
    assert {question.type for question in course().files["en"]["noticing"].questions} == set(TYPES)


def test_there_is_an_example_of_every_kind_of_part():
    sections = course().files["en"]["noticing"].sections

    assert {section.kind for section in sections} == {"prose", "pool", "scenario", "inject"}
    assert any(section.only for section in sections)
    assert any(section.skip_to for section in sections)
    assert any(section.is_facilitator for section in sections)


def test_every_hidden_line_the_reader_knows_is_named():
    text = part()
    for name in ("only", "skip-to", "video", "pool", "q", "credit", "scenario", "step", "inject", "allow"):
        assert f"<!-- {name}:" in text, name
    assert "<!-- facilitator -->" in text
    assert "<!-- unlinked -->" in text


def test_every_kind_and_role_is_named():
    words = set(re.findall(r"[a-z0-9-]+", part()))

    assert {*MODULE_KINDS, *QUIZ_ROLES} <= words


def test_the_examples_link_the_glossary():
    assert 'href="glossary:en#indicator"' in course().files["en"]["noticing"].sections[0].html
