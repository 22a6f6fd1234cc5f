"""What learning keeps of one person: enrollments and what was read; two accounts' cycles become one row."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update

from lms.database import db
from lms.learning.assignment_claims import ASSIGNMENT_CLAIMS, merge_assigned
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.persons import (
    FOLLOWS,
    Claim,
    Erasing,
    Merging,
    PersonRoom,
    Unmerging,
    erase_claims,
    goes,
    move_claims,
    stays,
)
from lms.people.sealing import blank_reasons_about

LEARNER = "the person; administrators of their agencies: how far somebody is"
OUT_OF_THE_WAY = 1_000_000
"""Cycles are unique in a course: while they are numbered anew, those in between stand so far off."""

CLAIMS = (
    *ASSIGNMENT_CLAIMS,
    Claim(
        "lms_module_progress",
        "enrollment_id",
        "modules_read",
        holds="when a module was opened, read and completed",
        why="to go on where one left off, and to earn a certificate",
        kept="as long as the account",
        seen_by=LEARNER,
        merge=FOLLOWS,
        export={
            "enrollment": "enrollment_id",
            "module": "module_id",
            "opened_at": "opened_at",
            "last_seen_at": "last_seen_at",
            "read_at": "read_at",
            "completed_at": "completed_at",
        },
    ),
    Claim(
        "lms_story_plays",
        "enrollment_id",
        "stories_given_to_a_debrief",
        holds="the way through a practice story that somebody gave to their team's debrief",
        why="so that the team can look back at it together",
        kept="as long as the account; it can be taken back at any time",
        seen_by="the person; their team in counts without names, from three people on",
        merge=FOLLOWS,
        export={
            "enrollment": "enrollment_id",
            "module": "module_id",
            "story": "scenario_id",
            "steps": "steps",
            "given_at": "given_at",
        },
    ),
    Claim(
        "lms_enrollments",
        "user_id",
        "courses",
        holds="which courses somebody takes or took",
        why="so that they can take them",
        kept="as long as the account; of an erased person, with the stubs of certificates",
        seen_by=LEARNER,
        export={
            "number": "id",
            "course": "course_id>lms_courses.slug",
            "version": "version_id>lms_course_versions.number",
            "cycle": "cycle",
            "begun_at": "enrolled_at",
            "completed_at": "completed_at",
            "goes_on_from": "renews_id",
        },
        erase=stays("course and days stay with the stubs of certificates"),
        finally_=goes(),
    ),
)


def merge_person(merging: Merging) -> None:
    """Both in one course: their cycles become one row, each account's in its own order, nothing lost.

    They are ordered by when they were completed, those still open last by when they were last used, so that the latest
    goes on; but a first time that is still open comes before one that was completed: nobody is sent back to a course
    that they have completed.
    """
    both = (merging.kept_id, merging.gone_id)
    rows = db.session.scalars(select(Enrollment).where(Enrollment.user_id.in_(both)).order_by(Enrollment.cycle)).all()
    by_course: dict[int, list[Enrollment]] = {}
    for row in rows:
        by_course.setdefault(row.course_id, []).append(row)
    changes: list[tuple[Enrollment, int]] = []
    for found in by_course.values():
        if len({row.user_id for row in found}) == 2:
            for number, row in enumerate(_in_order(found), start=1):
                merging.cycles[row.user_id, row.course_id, row.cycle] = number
                if row.cycle != number:
                    changes.append((row, number))
    # Backwards is how they are undone: then the lowest must give way first.
    changes.sort(key=lambda one: -one[0].cycle)
    for row, number in changes:
        db.session.execute(_at(row.id, OUT_OF_THE_WAY + row.id))
        merging.note("lms_enrollments", [row.id], "cycle", row.cycle, number)
    merge_assigned(merging)
    move_claims(merging, CLAIMS)
    for row, number in changes:
        db.session.execute(_at(row.id, number))


def _at(enrollment_id: int, cycle: int) -> Any:
    return (
        update(Enrollment)
        .where(Enrollment.id == enrollment_id)
        .values(cycle=cycle)
        .execution_options(synchronize_session=False)
    )


def _in_order(rows: list[Enrollment]) -> list[Enrollment]:
    last_used = _last_used([row.id for row in rows])
    is_completed = any(row.completed_at is not None for row in rows)

    def place(row: Enrollment) -> tuple[int, datetime, int]:
        if row.completed_at is not None:
            return (1, row.completed_at, row.id)
        return (0 if is_completed and row.cycle == 1 else 2, last_used.get(row.id, row.enrolled_at), row.id)

    return sorted(rows, key=place)


def _last_used(ids: list[int]) -> dict[int, datetime]:
    found = db.session.execute(
        select(ModuleProgress.enrollment_id, func.max(ModuleProgress.last_seen_at))
        .where(ModuleProgress.enrollment_id.in_(ids))
        .group_by(ModuleProgress.enrollment_id)
    )
    return {row[0]: row[1] for row in found}


def undo_merge(undoing: Unmerging) -> None:
    """A course that was open and has been worked on since stays with who stays: that work is theirs.

    A renewal goes back with what it renews.
    """
    moved = undoing.moved("lms_enrollments", "user_id")
    for row in db.session.scalars(select(Enrollment).where(Enrollment.id.in_(moved))).all():
        was_open = row.renews_id is None and (row.completed_at is None or row.completed_at >= undoing.merged_at)
        last_used = _last_used([row.id]).get(row.id)
        if was_open and last_used is not None and last_used >= undoing.merged_at:
            undoing.staying.add(("lms_enrollments", row.id))
            undoing.courses.add(row.course_id)
    numbered = undoing.moved("lms_enrollments", "cycle")
    for row in db.session.scalars(select(Enrollment).where(Enrollment.id.in_(numbered))).all():
        if row.course_id in undoing.courses and row.id not in moved:
            undoing.staying.add(("lms_enrollments", row.id))


def erase_person(erasing: Erasing) -> None:
    """As claims say, and what was typed about them in the audit goes. Renewals are parted from what they renew, so that
    all can go at once."""
    own = select(Enrollment.id).where(Enrollment.user_id == erasing.user_id)
    blank_reasons_about("enrollment", db.session.scalars(own).all())
    if erasing.is_final:
        db.session.execute(update(Enrollment).where(Enrollment.user_id == erasing.user_id).values(renews_id=None))
    erase_claims(erasing, CLAIMS)


ROOM = PersonRoom("learning", CLAIMS, merge_person, erase_person, undo=undo_merge)
