"""The summary of a course version that lists need, taken once when it is published, so that no list reads Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lms.courseware.course import BOOSTER_DAYS, Course, Module
from lms.courseware.hours import needed_modules

Facts = Mapping[str, Any]
"""Plain JSON: titles, summaries and content notes by language, minutes, disciplines, modules, suggested credit."""


def facts_of(course: Course) -> dict[str, Any]:
    """The facts of a course as they are kept beside its version."""
    needed = needed_modules(course)
    return {
        "default_language": course.default_language,
        "languages": list(course.languages),
        "titles": {language: text.title for language, text in course.texts.items()},
        "summaries": {language: text.summary for language, text in course.texts.items()},
        "minutes": course.contact_minutes,
        "disciplines": list(course.disciplines),
        "required_modules": list(course.required_modules),
        "modules": [
            {**_module_facts(course, entry.id, entry.prerequisites), "is_needed": entry.id in needed}
            for entry in course.modules
        ],
        "suggested_credit": [
            {"body": credit.body, "type": credit.type, "category": credit.category, "minutes": credit.minutes}
            for credit in course.suggested_credit
        ],
        "reviews": [
            {
                "role": review.role,
                "name": review.name,
                "reviewed_on": review.reviewed_on.isoformat() if review.reviewed_on else None,
            }
            for review in course.reviews
        ],
        "license": course.license,
        "certificate_design": course.certificate_design,
        "has_badge": course.has_badge,
    }


def _module_facts(course: Course, module_id: str, prerequisites: Sequence[str]) -> dict[str, Any]:
    texts: dict[str, Module] = {
        language: modules[module_id] for language, modules in course.files.items() if module_id in modules
    }
    base = texts.get(course.default_language) or next(iter(texts.values()))
    return {
        "id": module_id,
        "titles": {language: module.title for language, module in texts.items()},
        "content_notes": {language: module.content_note for language, module in texts.items() if module.content_note},
        "kind": base.kind,
        "minutes": base.minutes,
        "disciplines": list(base.disciplines),
        "prerequisites": list(prerequisites),
        "quiz_role": base.quiz.role if base.quiz else None,
        "pass_mark": base.quiz.pass_mark if base.quiz else None,
        "is_required": module_id in course.required_modules,
    }


def core_modules(facts: Facts) -> list[Facts]:
    """The modules that are the course: all but its boosters."""
    return [module for module in facts["modules"] if module["quiz_role"] not in BOOSTER_DAYS]


def boosters(facts: Facts) -> list[tuple[Facts, int]]:
    """The follow-ups of a course, each with the number of days after which it opens."""
    return [
        (module, BOOSTER_DAYS[module["quiz_role"]])
        for module in facts["modules"]
        if module["quiz_role"] in BOOSTER_DAYS
    ]


def in_language(texts: Mapping[str, str], language: str, default_language: str) -> str:
    """A text in that language, or in the course's default language where it is not translated."""
    return texts.get(language) or texts.get(default_language) or next(iter(texts.values()), "")


def title_of(facts: Facts, language: str) -> str:
    return in_language(facts["titles"], language, facts["default_language"])


def summary_of(facts: Facts, language: str) -> str:
    return in_language(facts["summaries"], language, facts["default_language"])


def is_translated(facts: Facts, language: str) -> bool:
    """Whether the course is said to be in that language and every module of it is there."""
    return language in facts["titles"] and all(language in module["titles"] for module in facts["modules"])


def count_translated(facts: Facts, language: str) -> int:
    """How many of its modules can be read in that language."""
    return sum(language in module["titles"] for module in facts["modules"])
