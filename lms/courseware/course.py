"""What a course is once it has been read: frozen values, no files, no database, no web. Its parts: `module.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from lms.courseware.module import (
    BOOSTER_DAYS,
    FEEDBACK_POLICIES,
    MODULE_KINDS,
    QUIZ_ROLES,
    Choice,
    Module,
    Objective,
    Option,
    Pool,
    Question,
    QuizSettings,
    Scenario,
    Section,
    Step,
)
from lms.courseware.words import folded

__all__ = [
    "BOOSTER_DAYS",
    "DISCIPLINES",
    "FEEDBACK_POLICIES",
    "MODULE_KINDS",
    "QUIZ_ROLES",
    "Choice",
    "Course",
    "CourseText",
    "GlossaryTerm",
    "Module",
    "ModuleEntry",
    "Objective",
    "Option",
    "Pool",
    "Problem",
    "Question",
    "QuizSettings",
    "Review",
    "Scenario",
    "Section",
    "Step",
    "SuggestedCredit",
]

DISCIPLINES = (
    "schools",
    "healthcare",
    "law-enforcement",
    "victim-services",
    "child-welfare",
    "juvenile-justice",
    "prosecution",
    "behavioral-health",
    "housing",
    "emergency-services",
    "other",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding of the reader or checker, for the trainer: where, which code, what is wrong, how to mend it."""

    path: str
    line: int
    code: str
    message: str
    is_error: bool = True


@dataclass(frozen=True, slots=True)
class GlossaryTerm:
    term: str
    meaning_html: str
    slug: str
    is_linked: bool = True
    """Whether the text of a module links to it; not so for everyday words such as “act” (`<!-- unlinked -->`)."""


@dataclass(frozen=True, slots=True)
class CourseText:
    """What a course says of itself in one language: `course.md` and `glossary.md`."""

    title: str
    summary: str
    """One plain sentence or two for lists."""
    html: str
    glossary: tuple[GlossaryTerm, ...] = ()
    """As it stands in the file: a translation keeps the order of its source."""

    def words(self) -> tuple[GlossaryTerm, ...]:
        """The glossary by this language's alphabet, as it is looked up; accents and capitals aside."""
        return tuple(sorted(self.glossary, key=lambda word: (folded(word.term), word.term)))


@dataclass(frozen=True, slots=True)
class ModuleEntry:
    id: str
    prerequisites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SuggestedCredit:
    """What a course may be submitted for; printed as credit only once the deployer has entered the approval."""

    body: str
    type: str
    category: str | None
    minutes: int


@dataclass(frozen=True, slots=True)
class Review:
    role: str
    name: str | None
    reviewed_on: date | None


@dataclass(frozen=True, slots=True)
class Course:
    """A whole course in all its languages.

    `content_hash` is the SHA-256, in hex, over every file's path and bytes in path order: the same folder has the
    same hash on every machine.
    """

    id: str
    code: str
    disciplines: tuple[str, ...]
    default_language: str
    languages: tuple[str, ...]
    contact_minutes: int
    modules: tuple[ModuleEntry, ...]
    required_modules: tuple[str, ...]
    valid_months: int | None
    content_hash: str
    texts: Mapping[str, CourseText]
    files: Mapping[str, Mapping[str, Module]] = field(default_factory=dict)
    """language → module id → Module"""
    suggested_credit: tuple[SuggestedCredit, ...] = ()
    certificate_design: str = "default"
    has_badge: bool = True
    bank: str | None = None
    owners: tuple[str, ...] = ()
    reviews: tuple[Review, ...] = ()
    review_every_months: int | None = None
    license: str = "CC-BY-4.0"

    def module(self, module_id: str, language: str) -> Module | None:
        """The module in that language, or in the course's default language where it is not translated."""
        return self.files.get(language, {}).get(module_id) or self.files.get(self.default_language, {}).get(module_id)

    def text(self, language: str) -> CourseText:
        return self.texts.get(language) or self.texts[self.default_language]

    def booster_days(self, module_id: str) -> int | None:
        """Of a booster, so many days after the course was completed it opens; None for a part of the course itself."""
        module = self.module(module_id, self.default_language)
        return module.booster_days if module is not None else None

    @property
    def core_modules(self) -> tuple[ModuleEntry, ...]:
        """The modules that are the course: all but its boosters."""
        return tuple(entry for entry in self.modules if self.booster_days(entry.id) is None)

    @property
    def boosters(self) -> tuple[ModuleEntry, ...]:
        """The short follow-ups that open some time after the course was completed, and are no part of it."""
        return tuple(entry for entry in self.modules if self.booster_days(entry.id) is not None)

    def entry(self, module_id: str) -> ModuleEntry | None:
        return next((entry for entry in self.modules if entry.id == module_id), None)
