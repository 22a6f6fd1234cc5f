"""What is asked of a report: who asks, for which agencies, discipline, county and course, as of which moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy import select

from lms.access import Permission, Viewer, require_over
from lms.catalog.models import Course
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, NotFound
from lms.people.models import Agency

EXPIRING_DAYS = 60
"""A certificate that ends within so many days is about to expire."""

IDLE_DAYS = 30
"""Who is in progress and has opened nothing for so many days is idle."""


@dataclass(frozen=True, slots=True)
class Filters:
    """How the viewer narrows a report; empty means all that the viewer may see."""

    agency_id: int | None = None
    discipline: str | None = None
    county_fips: str | None = None
    course_slug: str | None = None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question to the records. Page, file and API ask the same one and so get the same answer.

    `as_of` is the moment, `day` the same as a calendar day in the site's zone, by which memberships begin and end.
    `agency_path` and `course_id` are what the filters were found to mean.
    """

    viewer: Viewer
    as_of: datetime
    day: date
    filters: Filters = field(default_factory=Filters)
    agency_path: str | None = None
    agency_name: str | None = None
    course_id: int | None = None
    time_zone: str = "UTC"

    @property
    def expiring_until(self) -> datetime:
        """The first moment that is no longer within the window: half open."""
        return self.as_of + timedelta(days=EXPIRING_DAYS)

    @property
    def idle_since(self) -> datetime:
        """Who did nothing after this moment is idle."""
        return self.as_of - timedelta(days=IDLE_DAYS)


def inquire(viewer: Viewer, filters: Filters, as_of: datetime, day: date, time_zone: str = "UTC") -> Inquiry:
    """The inquiry behind filters that came from outside.

    Raises NotFound for an agency outside of the viewer's scope, exactly as for one that does not exist.
    """
    if filters.discipline is not None and filters.discipline not in DISCIPLINES:
        raise NotFound(N_("There is no such discipline."))
    path, name = find_agency(viewer, filters.agency_id) if filters.agency_id is not None else (None, None)
    course_id = None
    if filters.course_slug is not None:
        course_id = db.session.scalar(select(Course.id).where(Course.slug == filters.course_slug))
        if course_id is None:
            raise NotFound(N_("There is no such course."))
    return Inquiry(viewer, as_of, day, filters, path, name, course_id, time_zone)


def find_agency(viewer: Viewer, agency_id: int) -> tuple[str, str]:
    """Path and name of an agency that the viewer may see figures of. Raises NotFound."""
    row = db.session.execute(select(Agency.path, Agency.name).where(Agency.id == agency_id)).one_or_none()
    if row is None:
        raise NotFound(N_("There is nothing here that you may see."))
    require_over(viewer, Permission.SEE_REPORTS, row.path)
    return row.path, row.name
