"""Run by test_fuzz.py in a process of its own: atheris feeds the reader and the checker with mutated courses."""

from __future__ import annotations

import sys
from datetime import date

import atheris

with atheris.instrument_imports(include=["lms.courseware"]):
    from lms.courseware import check
    from lms.courseware.read import read_course, read_module

COURSE = b"""id: small
code: S
disciplines: [shared]
default_language: en
languages: [en]
contact_minutes: 1
modules: [{id: lesson}]
pass: {require: [lesson]}
"""


def one_input(data: bytes) -> None:
    provider = atheris.FuzzedDataProvider(data)
    kind = provider.ConsumeIntInRange(0, 2)
    content = provider.ConsumeBytes(len(data))
    if kind == 0:
        read_module("en/01-lesson.md", content.decode(errors="surrogateescape"), "en")
    elif kind == 1:
        read_course({"course.yaml": content, "en/01-lesson.md": b"# A"}, "small")
    else:
        check.check_course({"course.yaml": COURSE, "en/01-lesson.md": content}, "small", today=date(2026, 11, 24))


atheris.Setup(sys.argv, one_input)
atheris.Fuzz()
