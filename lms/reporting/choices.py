"""What a report can be narrowed to beside agencies and disciplines: the viewer's own counties, and their names."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from sqlalchemy import select

from lms.access import Permission, Viewer, within
from lms.database import db
from lms.people.models import Agency


@cache
def county_names() -> dict[str, str]:
    """County names by FIPS code (Missouri; another state adds its own to counties.json)."""
    names: dict[str, str] = json.loads(files("lms.reporting").joinpath("counties.json").read_text("utf-8"))
    return names


def county_choices(viewer: Viewer) -> list[tuple[str, str]]:
    """Counties in which the viewer has agencies, by name."""
    codes = db.session.scalars(
        select(Agency.county_fips)
        .where(within(viewer, Permission.SEE_REPORTS), Agency.county_fips.is_not(None))
        .distinct()
    )
    names = county_names()
    return sorted(((code, names.get(code, code)) for code in codes if code), key=lambda pair: pair[1])
