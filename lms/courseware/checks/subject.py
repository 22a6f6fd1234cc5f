"""What a check looks at: one course as read, its files as lines, and the day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from lms.courseware.checks.codes import ERRORS
from lms.courseware.checks.source import Source
from lms.courseware.course import Course, Module, Problem


@dataclass(frozen=True, slots=True)
class Subject:
    """`sources` holds every Markdown file that can be read; `facts` are the plain values of course.yaml."""

    name: str
    files: Mapping[str, bytes]
    course: Course | None
    sources: Mapping[str, Source]
    today: date
    facts: Mapping[str, str] = field(default_factory=dict)
    fact_lines: Mapping[str, int] = field(default_factory=dict)

    def modules(self) -> Iterator[tuple[Module, Source]]:
        """Each module that was read, in each language, beside its own lines."""
        for modules in self.course.files.values() if self.course else ():
            for module in modules.values():
                source = self.sources.get(module.path)
                if source is not None:
                    yield module, source

    def default(self, module: Module) -> Module | None:
        """The same module in the course's default language."""
        if self.course is None:
            return None
        return self.course.files.get(self.course.default_language, {}).get(module.id)


def finding(path: str, line: int, code: str, message: str, is_error: bool | None = None) -> Problem:
    """A problem that is an error where the table of codes says so."""
    return Problem(path, max(line, 1), code, message, code in ERRORS if is_error is None else is_error)


def shown(text: str, most: int = 60) -> str:
    """A text in quotes, short enough for one line."""
    words = " ".join(text.split())
    return f"“{words if len(words) <= most else words[: most - 1].rstrip() + '…'}”"
