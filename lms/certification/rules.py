"""What a course's text says about its certificate: which modules count, in which order, and the objectives."""

from __future__ import annotations

from lms.certification.eligibility import ModuleRule
from lms.courseware.course import Course


def rules_of(course: Course, language: str) -> list[ModuleRule]:
    """Every module of the course but its boosters in order, as eligibility looks at it, titles in that language."""
    rules = []
    for entry in course.core_modules:
        module = course.module(entry.id, language)
        quiz = module.quiz if module else None
        rules.append(
            ModuleRule(
                id=entry.id,
                title=module.title if module else entry.id,
                prerequisites=entry.prerequisites,
                pass_mark=quiz.pass_mark if quiz else None,
            )
        )
    return rules


def objectives_of(course: Course, language: str) -> tuple[str, ...]:
    """The objectives of all modules but the boosters in order, each once."""
    texts: dict[str, None] = {}
    for entry in course.core_modules:
        module = course.module(entry.id, language)
        for objective in module.objectives if module else ():
            texts.setdefault(objective.text.strip(), None)
    return tuple(texts)
