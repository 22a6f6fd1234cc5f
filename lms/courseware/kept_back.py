"""The media files that only the facilitator's parts of a course use. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from lms.courseware.course import Course
from lms.courseware.place import placed


def facilitator_files(course: Course) -> frozenset[str]:
    """Paths (`media/…`) of what is shown or linked in a part for the facilitator and nowhere else, in any language."""
    modules = [module for files in course.files.values() for module in files.values()]
    kept_back = [section for module in modules for section in module.sections if section.is_facilitator]
    if not kept_back:
        return frozenset()
    told = [
        replace(module, sections=tuple(one for one in module.sections if not one.is_facilitator)) for module in modules
    ]
    return _files_in(kept_back) - _files_in([*told, *course.texts.values()])


def _files_in(everything: Iterable[Any]) -> frozenset[str]:
    found: set[str] = set()

    def seen(path: str) -> str:
        found.add(path)
        return ""

    for one in everything:
        placed(one, seen, str, str)
    return frozenset(found)
