"""What a report can be narrowed to: the viewer's own agencies and counties."""

from __future__ import annotations

from sqlalchemy import select

from lms.access import Permission, Viewer, within
from lms.database import db
from lms.people.agencies import counties
from lms.people.models import Agency

MOST_AGENCIES = 200
"""A longer list nobody reads; smaller agencies are reached through the table's links."""


def agency_choices(viewer: Viewer) -> list[tuple[int, str]]:
    """Agencies in the viewer's scope: those that stand above others first, then by name."""
    rows = db.session.execute(
        select(Agency.id, Agency.name)
        .where(within(viewer, Permission.SEE_REPORTS), Agency.archived_at.is_(None))
        .order_by(Agency.kind.not_in(("state", "district")), Agency.name, Agency.id)
        .limit(MOST_AGENCIES)
    )
    return [(row.id, row.name) for row in rows]


def county_choices(viewer: Viewer) -> list[tuple[str, str]]:
    """Counties in which the viewer has agencies, by name."""
    codes = db.session.scalars(
        select(Agency.county_fips)
        .where(within(viewer, Permission.SEE_REPORTS), Agency.county_fips.is_not(None))
        .distinct()
    )
    names = counties()
    return sorted(((code, names.get(code, code)) for code in codes if code), key=lambda pair: pair[1])
