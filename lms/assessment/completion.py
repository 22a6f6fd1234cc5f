"""When a module counts as read, and when as complete."""

from __future__ import annotations

from lms.assessment.earlier import Earlier
from lms.courseware.course import Course
from lms.courseware.module import Module


def is_read_by_answering(module: Module) -> bool:
    """Quizzes and surveys have nothing else to read: submitting one marks it as read."""
    return module.quiz is not None and module.kind in ("quiz", "survey") and bool(module.questions)


def is_module_complete(course: Course, module_id: str, *, is_read: bool, earlier: Earlier) -> bool:
    """Read, and its quiz, if it has one, passed where the course requires it, or submitted where not."""
    module = course.module(module_id, course.default_language)
    if module is None or not is_read:
        return False
    if module.quiz is None or not module.questions:
        return True
    has_to_pass = module_id in course.required_modules and module.quiz.pass_mark is not None
    return earlier.is_passed if has_to_pass else earlier.submitted > 0
