"""Which modules a course needs, and how many minutes of teaching they hold: the most that it may claim."""

from __future__ import annotations

from lms.courseware.course import Course

TEACHING_KINDS = frozenset({"module", "scenario", "exercise"})
"""Quizzes, surveys and forms ask; they do not teach, so their minutes are not contact minutes."""


def needed_modules(course: Course) -> frozenset[str]:
    """The modules that the course requires and all that they build on; the others are optional. Never a booster."""
    prerequisites = {entry.id: entry.prerequisites for entry in course.core_modules}
    needed: set[str] = set()
    waiting = list(course.required_modules or prerequisites)
    while waiting:
        module_id = waiting.pop()
        if module_id in prerequisites and module_id not in needed:
            needed.add(module_id)
            waiting += prerequisites[module_id]
    return frozenset(needed)


def teaching_modules(course: Course) -> frozenset[str]:
    """The needed modules that teach, by their kind in the default language."""
    modules = course.files.get(course.default_language, {})
    return frozenset(
        name for name in needed_modules(course) if name in modules and modules[name].kind in TEACHING_KINDS
    )


def teaching_minutes(course: Course) -> int:
    """What `contact_minutes` may not exceed: the minutes of the needed modules that teach."""
    modules = course.files.get(course.default_language, {})
    return sum(modules[name].minutes for name in teaching_modules(course))
