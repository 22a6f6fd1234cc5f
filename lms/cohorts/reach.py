"""Who may see a team and who may lead it: its coordinator, whoever leads cohorts of its agency, and its members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from lms.access import Permission, allows, allows_over, visible_agencies
from lms.cohorts.models import Cohort, CohortTemplate, Member
from lms.cohorts.templates import courses_asked_for
from lms.database import db
from lms.errors import N_, NotAllowed, NotFound
from lms.people.models import Agency
from lms.people.viewer import Viewer


@dataclass(frozen=True, slots=True)
class Listed:
    """A line of "my cohorts": how it came into the list."""

    cohort: Cohort
    is_member: bool
    is_coordinator: bool


def may_lead(viewer: Viewer, cohort: Cohort) -> bool:
    """Its coordinator, and whoever leads cohorts over its agency."""
    return cohort.coordinator_id == viewer.id or allows_over(viewer, Permission.LEAD_COHORTS, cohort.agency.path)


def find_cohort(viewer: Viewer, cohort_id: int) -> Cohort:
    """A team that the viewer may see. Raises NotFound for any other: a foreign id tells nothing."""
    cohort = db.session.scalar(
        select(Cohort)
        .join(Agency, Agency.id == Cohort.agency_id)
        .options(contains_eager(Cohort.agency), joinedload(Cohort.coordinator))
        .where(Cohort.id == cohort_id, _is_in_reach(viewer))
    )
    if cohort is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return cohort


def is_in_reach(viewer: Viewer, cohort_id: int) -> bool:
    """Whether the viewer may still see a team, after a change that may have given it away."""
    return db.session.scalar(select(Cohort.id).where(Cohort.id == cohort_id, _is_in_reach(viewer))) is not None


def find_led_cohort(viewer: Viewer, cohort_id: int, *, is_open: bool = False) -> Cohort:
    """A team that the viewer may change. Raises NotFound; for a mere member NotAllowed; when archived and open is
    asked for, NotAllowed too."""
    cohort = find_cohort(viewer, cohort_id)
    if not may_lead(viewer, cohort):
        raise NotAllowed(N_("Only the team's coordinator can change this."))
    if is_open and cohort.archived_at is not None:
        raise NotAllowed(N_("This team is archived. Nothing in it can be changed."))
    return cohort


def list_cohorts(viewer: Viewer) -> list[Listed]:
    """Every team in the viewer's reach, the open ones first, each with the reason. One query."""
    mine = _memberships(viewer)
    rows = db.session.execute(
        select(Cohort, Cohort.id.in_(mine))
        .join(Agency, Agency.id == Cohort.agency_id)
        .options(contains_eager(Cohort.agency), joinedload(Cohort.coordinator))
        .where(_is_in_reach(viewer))
        .order_by(Cohort.archived_at.is_not(None), Cohort.name, Cohort.id)
        .limit(500)
    )
    return [Listed(cohort, bool(is_member), cohort.coordinator_id == viewer.id) for cohort, is_member in rows]


def list_own_cohorts(viewer: Viewer, limit: int) -> list[Cohort]:
    """The first open teams that the viewer sits in or coordinates, those that should be ready soonest first."""
    rows = (
        select(Cohort)
        .where(
            or_(Cohort.coordinator_id == viewer.id, Cohort.id.in_(_memberships(viewer))),
            Cohort.archived_at.is_(None),
        )
        .order_by(Cohort.ready_by.is_(None), Cohort.ready_by, Cohort.id)
        .limit(limit)
    )
    return list(db.session.scalars(rows))


def leading_agencies(viewer: Viewer) -> list[Agency]:
    """Agencies for which the viewer may make a team, by name."""
    rows = (
        select(Agency)
        .where(Agency.id.in_(visible_agencies(viewer, Permission.LEAD_COHORTS)), Agency.archived_at.is_(None))
        .order_by(Agency.name, Agency.id)
        .limit(2000)
    )
    return list(db.session.scalars(rows))


def find_template(template_id: int) -> CohortTemplate:
    """A kind of team that can be made. Raises NotFound."""
    template = db.session.get(CohortTemplate, template_id)
    if template is None or template.archived_at is not None:
        raise NotFound(N_("This kind of team is no longer offered."))
    return template


def may_facilitate(viewer: Viewer, course_slug: str) -> bool:
    """Whether the viewer may see what only the facilitator of this course's exercises reads: whoever may of all, and
    whoever leads an open team whose kind asks for the course. At most one query."""
    if allows(viewer, Permission.FACILITATE_EXERCISES):
        return True
    led = select(Cohort.template_id).where(
        Cohort.archived_at.is_(None),
        or_(
            Cohort.coordinator_id == viewer.id,
            Cohort.agency_id.in_(visible_agencies(viewer, Permission.LEAD_COHORTS)),
        ),
    )
    kinds = db.session.scalars(select(CohortTemplate.rules).where(CohortTemplate.id.in_(led)))
    return any(course_slug in courses_asked_for(rules) for rules in kinds)


def _memberships(viewer: Viewer) -> Select[Any]:
    return select(Member.cohort_id).where(Member.user_id == viewer.id, Member.left_at.is_(None))


def _is_in_reach(viewer: Viewer) -> ColumnElement[bool]:
    return or_(
        Cohort.coordinator_id == viewer.id,
        Cohort.id.in_(_memberships(viewer)),
        Cohort.agency_id.in_(visible_agencies(viewer, Permission.LEAD_COHORTS)),
    )
