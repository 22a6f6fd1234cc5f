"""What follows when somebody is given more time or let off: the rule is looked at anew, the person is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from lms import outbox
from lms.access import Viewer
from lms.certification.assigned import Assigned, assigned_to
from lms.certification.assignment_rules import AsOf
from lms.certification.assignments import HELD
from lms.certification.wording import long_day
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.learning import exceptions
from lms.learning.assignment_models import AssignmentException, ExtensionRequest
from lms.learning.assignments import hold_assignment
from lms.people.models import User


def find_for(viewer: Viewer | None, assignment_id: int, user_id: int, as_of: AsOf) -> Assigned:
    """How an assignment stands for a person; for a viewer only by a place in their scope. Raises NotFound."""
    for one in assigned_to(user_id, as_of, viewer=viewer):
        if one.assignment_id == assignment_id:
            return one
    raise NotFound(N_("There is nothing here that you may see."))


def extend(
    viewer: Viewer, assignment_id: int, user_id: int, until_on: date, reason: str, as_of: AsOf
) -> AssignmentException:
    """A later due day for one person. The caller commits. Raises Invalid for a day that is no later."""
    assignment = hold_assignment(assignment_id)
    standing = find_for(viewer, assignment_id, user_id, as_of)
    if standing.state == HELD:
        raise Conflict(N_("This person holds it already: nothing is due."))
    if until_on <= standing.due_on or until_on < as_of.day:
        raise Invalid(N_("Choose a day that is later than the present one and has not passed."), "until_on")
    given = exceptions.give_exception(
        assignment, user_id, "extension", until_on, reason, now=as_of.now, actor_id=viewer.id
    )
    _tell(given, "extension", reason, as_of)
    return given


def waive(
    viewer: Viewer, assignment_id: int, user_id: int, until_on: date | None, reason: str, as_of: AsOf
) -> AssignmentException:
    """Somebody may go without through a day, or for good. The caller commits. Raises Invalid for a past day."""
    assignment = hold_assignment(assignment_id)
    find_for(viewer, assignment_id, user_id, as_of)
    if until_on is not None and until_on < as_of.day:
        raise Invalid(N_("Choose a day that has not passed."), "until_on")
    given = exceptions.give_exception(
        assignment, user_id, "waiver", until_on, reason, now=as_of.now, actor_id=viewer.id
    )
    _tell(given, "waiver", reason, as_of)
    return given


def undo(exception_id: int, reason: str, as_of: AsOf, *, actor_id: int) -> AssignmentException:
    """Take an extension or a waiver back; the person is told. The caller commits, and has seen that it is in reach."""
    undone = exceptions.undo_exception(exception_id, reason, now=as_of.now, actor_id=actor_id)
    _tell(undone, f"{undone.kind}-undone", reason, as_of)
    return undone


def decide(viewer: Viewer, request_id: int, *, is_granted: bool, reason: str, as_of: AsOf) -> ExtensionRequest:
    """Grant what a learner asked for, as they asked for it, or refuse it. The caller commits.

    Raises Invalid where the wished day has passed meanwhile: it is refused then, or another day is given by hand.
    """
    asked = exceptions.decide_request(
        request_id, is_granted=is_granted, reason=reason, now=as_of.now, actor_id=viewer.id
    )
    if is_granted:
        extend(viewer, asked.assignment_id, asked.user_id, asked.wished_on, reason, as_of)
    else:
        find_for(viewer, asked.assignment_id, asked.user_id, as_of)
        _send(
            asked.user_id,
            f"extension-refused:{asked.id}",
            {"what": "refused", "reason": reason.strip(), "day": "", "still": ""},
        )
    return asked


def twins_of(one: Assigned, as_of: AsOf, viewer: Viewer | None = None) -> list[Assigned]:
    """Other assignments of the same training that are due of the same person, whatever becomes of this one; for a
    viewer those that they may see."""
    lines = assigned_to(one.user_id, as_of, viewer=viewer)
    return [
        each for each in lines if each.thing == one.thing and each.assignment_id != one.assignment_id and each.is_open
    ]


def _tell(given: AssignmentException, what: str, reason: str, as_of: AsOf) -> None:
    """The mail does not promise more than is so: where the same training is asked for by another rule too, it says by
    when that is due."""
    user = db.session.get_one(User, given.user_id)
    day = long_day(given.until_on, user.language) if given.until_on else ""
    own = next((one for one in assigned_to(user.id, as_of) if one.assignment_id == given.assignment_id), None)
    twins = twins_of(own, as_of) if own is not None and what in ("extension", "waiver") else []
    earlier = [one.due_on for one in twins if what == "waiver" or given.until_on is None or one.due_on < given.until_on]
    still = long_day(min(earlier), user.language) if earlier else ""
    values = {"what": what, "reason": reason.strip(), "day": day, "still": still}
    _send(user.id, f"exception:{given.id}:{what}", values)


def _send(user_id: int, key: str, values: Mapping[str, Any]) -> None:
    user = db.session.get_one(User, user_id)
    outbox.enqueue(
        "mail",
        key,
        {
            "to_user_id": user.id,
            "template": "assignment-exception",
            "language": user.language,
            "values": dict(values),
        },
    )
