"""What becomes of assigned training when accounts are put together, handed out or erased."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from lms.database import db
from lms.learning.assignment_models import AssignedPerson, AssignmentException, ExtensionRequest
from lms.people.persons import Claim, Merging, stays

SEEN_BY = "the person; administrators of the agency that assigned it"
AS_ACCOUNT = "as long as the account"
UNLESS_BOTH = "moves, unless the account that stays has the same: then each keeps its own"
NAMELESS = stays("stays: an id, no name")

ASSIGNMENT_CLAIMS = (
    Claim(
        "lms_assigned_people",
        "user_id",
        "named_in_assignments",
        holds="who is named in an assignment",
        why="to know what is asked of whom",
        kept=AS_ACCOUNT,
        seen_by=SEEN_BY,
        merge=UNLESS_BOTH,
        export={"assignment": "assignment_id", "since": "added_on"},
    ),
    Claim(
        "lms_assignment_exceptions",
        "user_id",
        "more_time_and_waivers",
        holds="a later due day, or that training is waived, with the reason",
        why="so that nobody is overdue who is excused",
        kept=AS_ACCOUNT,
        seen_by=SEEN_BY,
        merge=UNLESS_BOTH,
        export={
            "assignment": "assignment_id",
            "kind": "kind",
            "until": "until_on",
            "reason": "reason",
            "given_at": "given_at",
            "ended_at": "ended_at",
            "ended_because": "ended_reason",
        },
        kept_back=("given_by_id", "ended_by_id"),
    ),
    Claim("lms_assignment_exceptions", "given_by_id", "exceptions_given", export="as above", erase=NAMELESS),
    Claim("lms_assignment_exceptions", "ended_by_id", "exceptions_ended", export="as above", erase=NAMELESS),
    Claim(
        "lms_extension_requests",
        "user_id",
        "more_time_asked_for",
        holds="that more time was asked for, why, and what was decided",
        why="so that an administrator can decide",
        kept=AS_ACCOUNT,
        seen_by=SEEN_BY,
        merge=UNLESS_BOTH,
        export={
            "assignment": "assignment_id",
            "wished": "wished_on",
            "reason": "reason",
            "asked_at": "asked_at",
            "decided_at": "decided_at",
            "granted": "is_granted",
            "decided_because": "decided_reason",
        },
        kept_back=("decided_by_id",),
    ),
    Claim("lms_extension_requests", "decided_by_id", "requests_decided", export="as above", erase=NAMELESS),
    Claim(
        "lms_assignments",
        "made_by_id",
        "assignments_made",
        holds="who assigned what to whom, and who ended it",
        why="to know whom to ask",
        kept="as long as the assignment, as an id",
        seen_by="administrators of the agency",
        export={"number": "id", "agency": "agency_id>lms_agencies.name", "made_at": "made_at"},
        kept_back=(
            "course_id", "certification_id", "audience", "discipline", "due_on", "due_days", "starts_on", "revision",
            "ended_at", "ended_by_id", "ended_reason",
        ),
        erase=NAMELESS,
    ),
    Claim("lms_assignments", "ended_by_id", "assignments_ended", export="as above", erase=NAMELESS),
)  # fmt: skip
"""In the order of erasing."""


def merge_assigned(merging: Merging) -> None:
    """Naming, exceptions and requests go over; of two of the same that hold, each account keeps its own."""
    _move(merging, AssignedPerson, lambda row: (row.assignment_id,), lambda row: True)
    _move(merging, AssignmentException, lambda row: (row.assignment_id, row.kind), lambda row: row.ended_at is None)
    _move(merging, ExtensionRequest, lambda row: (row.assignment_id,), lambda row: row.decided_at is None)


def _move(merging: Merging, model: Any, mark: Callable[[Any], tuple[Any, ...]], holds: Callable[[Any], bool]) -> None:
    both = (merging.kept_id, merging.gone_id)
    rows = db.session.scalars(select(model).where(model.user_id.in_(both)).order_by(model.id)).all()
    held = {mark(row) for row in rows if row.user_id == merging.kept_id and holds(row)}
    for row in rows:
        if row.user_id == merging.gone_id and not (holds(row) and mark(row) in held):
            merging.put(model.__tablename__, row.id, "user_id", merging.kept_id)
