"""What a report can be narrowed to beside agencies and disciplines: the viewer's own counties, and their names."""

from __future__ import annotations

from sqlalchemy import select

from lms.access import Permission, Viewer, within
from lms.counties import counties
from lms.database import db
from lms.people.models import Agency


def county_choices(viewer: Viewer) -> list[tuple[str, str]]:
    """Counties in which the viewer has agencies, by name."""
    codes = db.session.scalars(
        select(Agency.county_fips)
        .where(within(viewer, Permission.SEE_REPORTS), Agency.county_fips.is_not(None))
        .distinct()
    )
    names = counties()
    return sorted(((code, names.get(code, code)) for code in codes if code), key=lambda pair: pair[1])
