"""What waits for somebody's decision: counted for the home page, for People and for the weekly overview."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from sqlalchemy import ColumnElement, func, or_, select

from lms import privacy
from lms.access import Permission, Viewer, allows, present_users, scope, visible_agencies, visible_users
from lms.assessment import by_hand
from lms.certification import assigned, assignment_requests, name_requests, training_lists
from lms.certification.assignment_rules import AsOf
from lms.certification.seeing import seen
from lms.database import db
from lms.people import joining
from lms.people.models import Membership
from lms.people.person_models import Erasure
from lms.wall.sight import SYSTEM, looking_as


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many requests of each kind wait for one reader; what they asked for themselves is for somebody else."""

    joining: int = 0
    more_time: int = 0
    trainings: int = 0
    names: int = 0
    erasures: int = 0
    answers: int = 0

    @property
    def total(self) -> int:
        return sum(astuple(self))


def load_waiting(viewer: Viewer, as_of: AsOf) -> Waiting:
    """What the viewer may decide on today; a query for each permission that they have, none for a learner."""
    found: dict[str, int] = {}
    if allows(viewer, Permission.MANAGE_PEOPLE):
        found["joining"] = joining.count_waiting(visible_agencies(viewer, Permission.MANAGE_PEOPLE), viewer.id)
        found["erasures"] = _count_erasures(viewer, as_of)
    if allows(viewer, Permission.ASSIGN_TRAINING):
        here = assigned.people_here(assigned.here_for(viewer, Permission.ASSIGN_TRAINING, as_of.day))
        found["more_time"] = assignment_requests.count_waiting(here, viewer.id, as_of)
    if allows(viewer, Permission.APPROVE_TRAINING):
        everywhere = scope(viewer, Permission.APPROVE_TRAINING) is None
        agencies = None if everywhere else visible_agencies(viewer, Permission.APPROVE_TRAINING)
        found["trainings"] = training_lists.count_waiting(training_lists.people_today(agencies, as_of.day), viewer.id)
    if allows(viewer, Permission.MARK_ANSWERS):
        with looking_as(SYSTEM):  # a number: whose answers they are is in nobody's sight here
            writers = present_users(viewer, Permission.MARK_ANSWERS, as_of.day)
            found["answers"] = by_hand.count_waiting(writers, viewer.id)
    if allows(viewer, Permission.REVOKE_CERTIFICATES):
        found["names"] = name_requests.count_waiting(seen(viewer, Permission.REVOKE_CERTIFICATES, as_of.day), viewer.id)
    return Waiting(**found)


def _count_erasures(viewer: Viewer, as_of: AsOf) -> int:
    """Of people whose every place the viewer administers (`privacy.decide`): on the others the state decides."""
    wanted: list[ColumnElement[bool]] = [Erasure.state == "asked", Erasure.user_id != viewer.id]
    if scope(viewer, privacy.OVER) is not None:
        outside = select(Membership.user_id).where(
            or_(Membership.ended_on.is_(None), Membership.ended_on > as_of.day),
            Membership.agency_id.not_in(visible_agencies(viewer, privacy.OVER)),
        )
        wanted += [Erasure.user_id.in_(visible_users(viewer, privacy.OVER)), Erasure.user_id.not_in(outside)]
    return db.session.scalar(select(func.count(Erasure.id)).where(*wanted)) or 0
