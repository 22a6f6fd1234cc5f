"""The figures of an administrator's agencies for a page that was not opened for them: the home page."""

from __future__ import annotations

from sqlalchemy import func, select

from lms.database import db
from lms.people.models import Agency, Membership, User
from lms.reporting.inquiry import Inquiry
from lms.reporting.measures import Figures, load_overview, scope_conditions

MOST_PLACES = 20_000
"""Figures are read live. Over more people than this they wait for whoever opens Reports."""


def figures_at_a_glance(inquiry: Inquiry, *, most_places: int = MOST_PLACES) -> Figures | None:
    """The totals of the overview; None where nobody is counted, or too many to read them unasked."""
    here = (
        select(Membership.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .join(User, User.id == Membership.user_id)
        .where(*scope_conditions(inquiry))
        .limit(most_places + 1)
        .subquery()
    )
    places = db.session.scalar(select(func.count()).select_from(here)) or 0
    return load_overview(inquiry, size=1).total if 0 < places <= most_places else None
