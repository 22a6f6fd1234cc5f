"""Which milestones of a kind of team cannot be met with the courses that are published today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lms.catalog.versions import course_of, current_versions
from lms.cohorts.templates import ATTESTED, BY_COURSES, CROSS_TRAINING, OWN_DISCIPLINE
from lms.cohorts.training import courses_by_discipline, is_for_others


def milestones_out_of_reach(rules: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """The titles, by language, of milestones that follow from records and can follow from none today."""
    disciplines = {seat["discipline"] for seat in rules["seats"] if seat.get("required", True)}
    derived = {one.get("met_by", ATTESTED) for one in rules["milestones"]}
    closed = set()
    if BY_COURSES in derived and not {one.slug for one in current_versions()}.issuperset(rules["requires_courses"]):
        closed.add(BY_COURSES)
    if OWN_DISCIPLINE in derived and not disciplines.intersection(courses_by_discipline()):
        closed.add(OWN_DISCIPLINE)
    if CROSS_TRAINING in derived:
        passable = _passable_modules()
        if not all(any(is_for_others(one, frozenset({own})) for one in passable) for own in disciplines):
            closed.add(CROSS_TRAINING)
    return [one["title"] for one in rules["milestones"] if one.get("met_by", ATTESTED) in closed]


def _passable_modules() -> Sequence[frozenset[str]]:
    """The disciplines of every module with a quiz that can be passed."""
    return [
        frozenset(module.disciplines)
        for version in current_versions()
        for course in [course_of(version.version_id, version.content_hash)]
        for entry in course.core_modules
        if (module := course.module(entry.id, course.default_language)) is not None
        and module.quiz is not None
        and module.quiz.pass_mark is not None
    ]
