"""The one rule of what an agency sees of a person's certificates; README, "What an agency sees", says it in words.

An agency (with all above it whose administrators reach it) sees a certificate that was awarded as its own, that was
completed on a day on which its holder had a place there, or that its holder shares with it while they have one today.
On the day on which somebody came in, what was awarded before that moment is not yet the agency's.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, true
from sqlalchemy.orm import aliased

from lms.access import Permission, Viewer, scope, visible_agencies
from lms.certification.models import Certificate
from lms.certification.share_models import RecordShare
from lms.people.memberships import holds_on
from lms.people.models import Membership

LOOKING = frozenset({Permission.SEE_PEOPLE, Permission.SEE_REPORTS})
"""Sharing lets somebody look. Whoever revokes or corrects does so to what their own agency stands for."""


def seen_by(agencies: Select[Any], day: date, *, shared: bool = True, of: Any = Certificate) -> ColumnElement[bool]:
    """The SQL condition on Certificate (or an alias, `of`) that one of these agencies sees it on a day."""
    place = aliased(Membership)
    earned_there = (
        select(place.id)
        .where(
            place.user_id == of.user_id,
            place.agency_id.in_(agencies),
            or_(
                place.started_on < of.completed_on,
                and_(
                    place.started_on == of.completed_on, or_(place.began_at.is_(None), place.began_at <= of.issued_at)
                ),
            ),
            or_(place.ended_on.is_(None), place.ended_on > of.completed_on),
        )
        .correlate(of)
        .exists()
    )
    ways = [of.agency_id.in_(agencies), earned_there]
    if shared:
        ways.append(
            select(RecordShare.id)
            .join(
                Membership,
                and_(Membership.user_id == RecordShare.user_id, Membership.agency_id == RecordShare.agency_id),
            )
            .where(
                RecordShare.user_id == of.user_id,
                RecordShare.agency_id.in_(agencies),
                RecordShare.ended_at.is_(None),
                or_(RecordShare.certificate_id.is_(None), RecordShare.certificate_id == of.id),
                holds_on(day),
            )
            .correlate(of)
            .exists()
        )
    return or_(*ways)


def seen(viewer: Viewer | None, permission: Permission, day: date, *, of: Any = Certificate) -> ColumnElement[bool]:
    """The same for a viewer's permission; whoever has it everywhere sees everything."""
    if scope(viewer, permission) is None and viewer is not None:
        return true()
    return seen_by(visible_agencies(viewer, permission), day, shared=permission in LOOKING, of=of)
