"""What is still missing for a course's certificate: one pure function, used to award and to explain "why not yet?"."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

NO_QUIZ = "no-quiz"
"""The course has no quiz that can be passed: it gives no certificate at all."""

NOT_COMPLETED = "not-completed"
"""A module is still to be read, or its quiz to be submitted."""

NOT_PASSED = "not-passed"
"""A quiz that counts has not been passed."""


@dataclass(frozen=True, slots=True)
class ModuleRule:
    """What eligibility needs to know of one module: `pass_mark` None means that nobody passes or fails it."""

    id: str
    title: str
    prerequisites: tuple[str, ...] = ()
    pass_mark: int | None = None


@dataclass(frozen=True, slots=True)
class Missing:
    """One reason why there is no certificate yet: what (one of the words above) and in which module."""

    reason: str
    module_id: str = ""
    title: str = ""


def missing_for_course(
    rules: Sequence[ModuleRule],
    required: Sequence[str],
    *,
    completed: AbstractSet[str],
    passed: AbstractSet[str],
) -> list[Missing]:
    """What is missing, in the course's order; an empty list means: earned.

    `completed` are the modules that are done, `passed` those with a passed attempt. Everything that a required module
    leans on counts too. A required module with a pass mark must be passed, whatever else says that it is done.
    """
    by_id = {rule.id: rule for rule in rules}
    if not any(by_id[module_id].pass_mark is not None for module_id in required if module_id in by_id):
        return [Missing(NO_QUIZ)]
    needed = with_prerequisites(by_id, required)
    found = []
    for rule in rules:
        if rule.id not in needed:
            continue
        if rule.id in required and rule.pass_mark is not None:
            if rule.id not in passed:
                found.append(Missing(NOT_PASSED, rule.id, rule.title))
        elif rule.id not in completed | passed:
            found.append(Missing(NOT_COMPLETED, rule.id, rule.title))
    return found


def with_prerequisites(rules: Mapping[str, ModuleRule], required: Sequence[str]) -> set[str]:
    """The required modules and all that they lean on, directly or through others."""
    needed: set[str] = set()
    waiting = list(required)
    while waiting:
        module_id = waiting.pop()
        if module_id in needed or module_id not in rules:
            continue
        needed.add(module_id)
        waiting.extend(rules[module_id].prerequisites)
    return needed
