"""What the records show beyond the courses that a team asks for: training of one's own discipline, and of others'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from lms.assessment.models import Attempt
from lms.catalog.facts import core_modules
from lms.catalog.models import CourseVersion
from lms.catalog.versions import current_versions
from lms.clock import local_day
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.memberships import holds_on
from lms.people.models import Membership
from lms.wall.sight import SYSTEM, looking_as

SHARED = "shared"
"""What is for everyone is nobody's other discipline."""


@dataclass(frozen=True, slots=True)
class CrossTrained:
    """Ids of people who completed a module, and who passed a quiz, that is for other disciplines than theirs."""

    completed: frozenset[int]
    passed: frozenset[int]


def courses_by_discipline() -> dict[str, frozenset[str]]:
    """Slugs of the courses offered now that are made for a discipline, and not for everyone. One query."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for version in current_versions():
        for discipline in version.facts["disciplines"]:
            if SHARED not in version.facts["disciplines"] and discipline in DISCIPLINES:
                found[discipline].add(version.slug)
    return {discipline: frozenset(slugs) for discipline, slugs in found.items()}


def load_cross_trained(user_ids: Collection[int], now: datetime, time_zone: str) -> CrossTrained:
    """Who of these people is cross-trained, by the disciplines they work in today. Four queries, whatever their number.

    A module counts where its disciplines contain neither `shared` nor any of the learner's.
    """
    with looking_as(SYSTEM):  # the board tells how many, and whether: what others learned in their agencies stays there
        return _load_cross_trained(user_ids, now, time_zone)


def _load_cross_trained(user_ids: Collection[int], now: datetime, time_zone: str) -> CrossTrained:
    own = _load_disciplines(user_ids, now, time_zone)
    completed = _load_done(
        select(Enrollment.user_id, Enrollment.version_id, ModuleProgress.module_id)
        .join(ModuleProgress, ModuleProgress.enrollment_id == Enrollment.id)
        .where(Enrollment.user_id.in_(sorted(user_ids)), ModuleProgress.completed_at.is_not(None))
    )
    passed = _load_done(
        select(Enrollment.user_id, Attempt.version_id, Attempt.module_id)
        .join(Attempt, Attempt.enrollment_id == Enrollment.id)
        .where(Enrollment.user_id.in_(sorted(user_ids)), Attempt.passed.is_(True))
    )
    modules = _load_module_disciplines({version_id for _, version_id, _ in [*completed, *passed]})

    def who(done: Iterable[tuple[int, int, str]]) -> frozenset[int]:
        return frozenset(
            user_id
            for user_id, version_id, module_id in done
            if is_for_others(modules.get((version_id, module_id), frozenset()), own.get(user_id, frozenset()))
        )

    return CrossTrained(who(completed), who(passed))


def is_for_others(disciplines: frozenset[str], own: frozenset[str]) -> bool:
    """Whether a module is for other disciplines than one's own. Somebody without a place has none that could differ."""
    return bool(disciplines and own) and SHARED not in disciplines and not disciplines & own


def _load_disciplines(user_ids: Collection[int], now: datetime, time_zone: str) -> Mapping[int, frozenset[str]]:
    today = local_day(now, time_zone)
    found: defaultdict[int, set[str]] = defaultdict(set)
    rows = db.session.execute(
        select(Membership.user_id, Membership.discipline).where(
            Membership.user_id.in_(sorted(user_ids)),
            holds_on(today),
        )
    )
    for user_id, discipline in rows:
        found[user_id].add(discipline)
    return {user_id: frozenset(disciplines) for user_id, disciplines in found.items()}


def _load_done(query: Any) -> list[tuple[int, int, str]]:
    return [(user_id, version_id, module_id) for user_id, version_id, module_id in db.session.execute(query)]


def _load_module_disciplines(version_ids: Collection[int]) -> dict[tuple[int, str], frozenset[str]]:
    rows = db.session.execute(
        select(CourseVersion.id, CourseVersion.facts).where(CourseVersion.id.in_(sorted(version_ids)))
    )
    return {
        (version_id, module["id"]): frozenset(module["disciplines"])
        for version_id, facts in rows
        for module in core_modules(facts)
    }
