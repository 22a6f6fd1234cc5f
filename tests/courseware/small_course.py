"""A very small course without any finding, and ways to change one thing in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date

TODAY = date(2026, 11, 24)

LESSON = """\
---
id: lesson
title: Noticing
kind: module
disciplines: [shared]
minutes: 20
objectives:
  - {id: LO1, text: Name what one may notice}
  - {id: LO2, text: Choose a first step}
content_note: none
jurisdictions: [US-MO]
review_by: 2027-06-01
quiz: {role: check, feedback: immediate}
---

# Noticing

The law asks for a report on the same day.[^S1]

## A closer look

![A bus stop at dusk](../media/stop.png)

Read more in the [next part](#the-practice) of this page.

| Sign | Meaning |
|---|---|
| Tired | Many things |

[![Video: At the stop, 2 min](../media/stop.png)](../media/stop.mp4)

<!-- video: captions=../media/stop.vtt; transcript=../media/stop.md -->

## The practice

<!-- scenario: stop; start: morning -->

You drive the bus.

### It is morning

<!-- step: morning; score: 0 -->

Someone is missing.

- [Ask the office](#the-office)
- [Drive on](#the-road)

### The office

<!-- step: office; score: 1; end: true -->

They thank you.

### The road

<!-- step: road; score: -1 -->

You keep thinking of it.

- [Call the office now](#the-office)

## Check

<!-- pool: lesson-check; draw: 1 -->

### What comes first?

<!-- q: first-step; type: single; lo: LO2 -->

- [ ] Wait a week
- [x] Tell the office

> [!NOTE]
> The office knows whom to call.

### How many days are in a week?

<!-- q: days; type: numeric; lo: LO1; unit: days -->

- `7 ± 0`

> [!NOTE]
> Every week.

[^S1]: [The statute](https://revisor.mo.gov/), checked 2026-11-20
"""

FINAL = """\
---
id: final
title: Final
kind: quiz
disciplines: [shared]
minutes: 10
objectives:
  - {id: LO1, text: Name what one may notice}
content_note: none
quiz: {role: final, pass_mark: 80, feedback: after-submit}
---

# Final

## Questions

<!-- pool: final; draw: all -->

### A sign is proof.

<!-- q: proof; type: true-false; lo: LO1 -->

- [ ] True
- [x] False

> [!NOTE]
> It is a reason to look closer.
"""

COURSE = """\
id: small
code: SML-1
disciplines: [shared]
default_language: en
languages: [en]
contact_minutes: 20
modules:
  - {id: lesson}
  - {id: final, prerequisites: [lesson]}
pass: {require: [final]}
valid_months: 24
certificate: {design: default, badge: true}
bank: null
owners: [curriculum team]
reviews:
  - {role: subject-expert, name: Ana Ruiz, reviewed_on: 2026-06-01}
review_every_months: 12
license: CC-BY-4.0
"""

COURSE_TEXT = """\
---
title: Small
summary: A small course.
---

# Small

A small course about noticing.
"""

FILES: Mapping[str, bytes] = {
    "course.yaml": COURSE.encode(),
    "en/course.md": COURSE_TEXT.encode(),
    "en/01-lesson.md": LESSON.encode(),
    "en/90-final.md": FINAL.encode(),
    "media/stop.png": b"png",
    "media/stop.mp4": b"mp4",
    "media/stop.vtt": b"WEBVTT\n",
    "media/stop.md": b"A bus stops. Nobody gets in.\n",
}

LESSON_PATH = "en/01-lesson.md"
FINAL_PATH = "en/90-final.md"


def source_rev(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def edited(files: Mapping[str, bytes], path: str, old: str, new: str) -> dict[str, bytes]:
    """The same files with one piece of text replaced; the piece has to be there."""
    text = files[path].decode()
    assert old in text, f"{old!r} is not in {path}"
    return {**files, path: text.replace(old, new, 1).encode()}


def lesson_with(old: str, new: str, files: Mapping[str, bytes] = FILES) -> dict[str, bytes]:
    return edited(files, LESSON_PATH, old, new)


def lesson_and(text: str) -> dict[str, bytes]:
    """The lesson with one more paragraph."""
    return lesson_with("## A closer look\n", f"## A closer look\n\n{text}\n")


def translated() -> dict[str, bytes]:
    """The course in two languages; the second is a copy that says what it was made from."""
    files = edited(FILES, "course.yaml", "languages: [en]", "languages: [en, es]")
    for path in ("en/01-lesson.md", "en/90-final.md", "en/course.md"):
        content = FILES[path].decode()
        if path != "en/course.md":
            content = content.replace("---\n", f'---\nsource_rev: "{source_rev(FILES[path])}"\n', 1)
        files["es" + path[2:]] = content.encode()
    return files
