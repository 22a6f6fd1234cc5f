"""Kinds of teams, read from `courses/cohorts/*.yaml`, checked, and kept as rows that cohorts copy from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lms.clock import utc_now
from lms.cohorts.composition import Rules
from lms.cohorts.models import CohortTemplate
from lms.cohorts.preparing import AID_KEYS
from lms.courseware.course import DISCIPLINES
from lms.courseware.data_file import read_mapping
from lms.database import db
from lms.errors import N_, Invalid

MAX_PEOPLE = 100
"""More is no team, but a typing mistake."""

BY_COURSES = "courses"
"""Every person in a seat holds the courses that the team asks for."""

OWN_DISCIPLINE = "own-discipline-courses"
"""Every person in a seat for whose discipline there is a course holds one of those."""

CROSS_TRAINING = "cross-training"
"""Two thirds completed a module of another discipline, and each seat passed a quiz of one."""

ATTESTED = "attested"
"""The coordinator says so, with a day and a name: no record here could show it."""

MET_BY = (BY_COURSES, OWN_DISCIPLINE, CROSS_TRAINING, ATTESTED)


@dataclass(frozen=True, slots=True)
class PublishedTemplates:
    """Slugs by what became of them."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: tuple[str, ...]

    def __str__(self) -> str:
        """As the command says it: `2 added, 0 changed, 0 unchanged`."""
        return f"{len(self.added)} added, {len(self.changed)} changed, {len(self.unchanged)} unchanged"


def publish_templates(folder: Path, now: datetime | None = None) -> PublishedTemplates:
    """Take every `*.yaml` of a folder as a template; the same files again change nothing. The caller commits.

    All files are checked before the first row is written. Raises Invalid, naming file and fault. A template whose file
    is gone stays as it is: cohorts lean on it.
    """
    now = now or utc_now()
    read = [read_template(path) for path in sorted(folder.glob("*.yaml"))]
    known = {one.slug: one for one in db.session.scalars(select(CohortTemplate))}
    done: dict[str, list[str]] = {"added": [], "changed": [], "unchanged": []}
    for rules in read:
        slug = str(rules["id"])
        row = known.get(slug)
        if row is None:
            db.session.add(CohortTemplate(slug=slug, rules=rules, updated_at=now))
            done["added"].append(slug)
        elif row.rules != rules:
            row.rules, row.updated_at = rules, now
            done["changed"].append(slug)
        else:
            done["unchanged"].append(slug)
    db.session.flush()
    return PublishedTemplates(**{word: tuple(slugs) for word, slugs in done.items()})


def open_templates() -> list[CohortTemplate]:
    """The kinds of teams that can be made, in the order of their names."""
    rows = select(CohortTemplate).where(CohortTemplate.archived_at.is_(None)).order_by(CohortTemplate.slug)
    return list(db.session.scalars(rows))


def read_template(path: Path) -> dict[str, Any]:
    """A template's YAML, checked. Raises Invalid."""
    rules = read_mapping(path, _fault)
    _check(path.name, rules)
    return rules


def rules_of(rules: Mapping[str, Any]) -> Rules:
    """What the board needs of a template's or cohort's rules."""
    size = rules["size"]
    keys = [one["id"] for one in rules["milestones"]]
    return Rules(
        courses=tuple(rules["requires_courses"]),
        min_size=size["min"],
        max_size=size["max"],
        grace_days=rules["grace_days"],
        valid_months=rules["valid_months"],
        milestones=tuple(rules.get("requires_milestones", keys)),
        renewed_milestones=tuple(rules.get("renewed_milestones", ())),
    )


def exercise_courses(rules: Mapping[str, Any]) -> dict[str, str]:
    """By the id of a milestone, the course that holds the exercise by which it is met."""
    return {one["id"]: one["course"] for one in rules["milestones"] if one.get("course")}


def courses_asked_for(rules: Mapping[str, Any]) -> frozenset[str]:
    """Courses that every seat holds, and those whose exercise the team plays."""
    return frozenset({*rules["requires_courses"], *exercise_courses(rules).values()})


def _check(name: str, rules: Mapping[str, Any]) -> None:
    """The facts that the board leans on, each with its own sentence."""
    if rules.get("id") != name.removesuffix(".yaml"):
        raise _fault(name, "its id is not its file name")
    if not _is_title(rules.get("title")):
        raise _fault(name, "title needs an English text (en)")
    for key in ("valid_months", "grace_days"):
        if not _is_count(rules.get(key)):
            raise _fault(name, f"{key} must be a whole number from 1")
    size = rules.get("size")
    if not isinstance(size, dict) or not _is_count(size.get("min")) or not _is_count(size.get("max")):
        raise _fault(name, "size needs min and max")
    if not size["min"] <= size["max"] <= MAX_PEOPLE:
        raise _fault(name, f"size must be min <= max <= {MAX_PEOPLE}")
    if not _are_words(rules.get("requires_courses")) or not rules["requires_courses"]:
        raise _fault(name, "requires_courses must name at least one course")
    _check_seats(name, rules.get("seats"), size["max"])
    _check_milestones(name, rules)


def _check_seats(name: str, seats: Any, most: int) -> None:
    if not isinstance(seats, list) or not seats:
        raise _fault(name, "there are no seats")
    seen: set[str] = set()
    for seat in seats:
        key = seat.get("id") if isinstance(seat, dict) else None
        if not isinstance(key, str) or key in seen:
            raise _fault(name, f"seat {key!r} is missing its id or stands twice")
        seen.add(key)
        if seat.get("discipline") not in DISCIPLINES:
            raise _fault(name, f"seat {key}: unknown discipline {seat.get('discipline')!r}")
        if not _is_title(seat.get("title")) or not _is_count(seat.get("count", 1)):
            raise _fault(name, f"seat {key} needs a title (en) and a count from 1")
    required = [seat for seat in seats if seat.get("required", True)]
    if not required:
        raise _fault(name, "no seat is required, so the team could never be ready")
    if sum(seat.get("count", 1) for seat in required) > most:
        raise _fault(name, "more required seats than people")


def _check_milestones(name: str, rules: Mapping[str, Any]) -> None:
    milestones = rules.get("milestones")
    if not isinstance(milestones, list):
        raise _fault(name, "milestones must be a list")
    keys = [one.get("id") if isinstance(one, dict) else None for one in milestones]
    if not _are_words(keys) or len(set(keys)) != len(keys):
        raise _fault(name, "each milestone needs an id of its own")
    for one in milestones:
        if not _is_title(one.get("title")) or one.get("met_by", ATTESTED) not in MET_BY:
            raise _fault(name, f"milestone {one['id']} needs a title (en) and a met_by out of {', '.join(MET_BY)}")
        if not all(_are_words(one.get(key, [])) for key in AID_KEYS):
            raise _fault(name, f"milestone {one['id']}: {' and '.join(AID_KEYS)} are lists of ids")
        if not isinstance(one.get("course", "x"), str) or not one.get("course", "x"):
            raise _fault(name, f"milestone {one['id']}: course is the id of the course that holds the exercise")
    for key in ("requires_milestones", "renewed_milestones"):
        asked = rules.get(key, [])
        if not _are_words(asked) or not set(asked) <= set(keys):
            raise _fault(name, f"{key} names a milestone that is not there")


def _is_title(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("en"), str) and bool(value["en"].strip())


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def _are_words(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(one, str) and one for one in values)


def _fault(name: str, fault: str) -> Invalid:
    return Invalid(N_("The team template %(name)s cannot be taken: %(fault)s."), name=name, fault=fault)
