"""The roster of a credit body: one line for each certificate with its credit, for the agencies of the viewer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from lms.access import Permission, Viewer, visible_agencies
from lms.catalog.models import CourseVersion
from lms.catalog.versions import course_of
from lms.certification.credit_bodies import Body
from lms.certification.credit_models import CreditLine
from lms.certification.facts import ONLINE_SELF_PACED, CertificateFacts, CreditLineFacts
from lms.certification.models import Certificate
from lms.certification.year_hours import hundredths, shown
from lms.database import db
from lms.people.models import Agency, License, User
from lms.reporting.exports import Cell

ROWS_AT_A_TIME = 500


@dataclass(frozen=True, slots=True)
class Roster:
    """What is asked for; both days are counted."""

    viewer: Viewer
    body: Body
    since: date
    until: date


@dataclass(frozen=True, slots=True)
class Entry:
    """One certificate as the columns read it."""

    name: str
    license_number: str
    agency_name: str
    ori: str
    facts: CertificateFacts
    lines: tuple[CreditLineFacts, ...]
    title: str
    """In English where the course has it, as its heads are: the board knows the course by that."""
    authors: str
    body: Body

    @property
    def hours(self) -> list[str]:
        """By area in the body's order, then by topic, then in all."""
        asked = (*self.body.ids("categories"), *self.body.ids("topics"))
        found = [sum(hundredths(line.hours) for line in self.lines if line.category == one) for one in asked]
        total = sum(hundredths(line.hours) for line in self.lines if not self.body.is_topic(line.category))
        return [*map(shown, found), shown(total)]


Columns = Mapping[str, Callable[[Entry], list[Cell]]]

COLUMNS: Columns = {
    "name": lambda one: [one.name],
    "license": lambda one: [one.license_number],
    "agency": lambda one: [one.agency_name],
    "ori": lambda one: [one.ori],
    "course": lambda one: [one.title or one.facts.title],
    "control": lambda one: [", ".join(dict.fromkeys(line.approval_number for line in one.lines))],
    "date": lambda one: [one.facts.completed_on.isoformat()],
    "hours": lambda one: list(one.hours),
    "provider": lambda one: [one.facts.provider_name],
    "provider-number": lambda one: [", ".join(dict.fromkeys(line.provider_number for line in one.lines))],
    "instructor": lambda one: [one.authors],
    "computer-based": lambda one: ["yes" if one.facts.modality == ONLINE_SELF_PACED else "no"],
    "passed": lambda one: ["pass"],
    "certificate": lambda one: [one.facts.code],
}
"""What a line can hold. A board's own layout was not found, so every column may be left out. Whoever is on it passed:
without that there is no certificate."""

HEADS = {
    "name": "Legal name",
    "license": "POST license number",
    "agency": "Agency",
    "ori": "ORI",
    "course": "Course title",
    "control": "Course control number",
    "date": "Date completed",
    "provider": "Provider",
    "provider-number": "Provider number",
    "instructor": "Instructor or author",
    "computer-based": "Computer-Based Training",
    "passed": "Pass or fail",
    "certificate": "Certificate code",
}
"""In English: the file goes to a board."""


def column_head(name: str, body: Body) -> list[str]:
    """The heads of a column; hours are one for each area and topic, then all."""
    if name != "hours":
        return [HEADS[name]]
    areas = [f"Hours: {body.word(one, 'en')}" for one in (*body.ids("categories"), *body.ids("topics"))]
    return [*areas, "Hours: total"]


def roster_rows(roster: Roster) -> Iterator[dict[str, list[Cell]]]:
    """The lines by day and name, read as they are sent."""
    courses = _courses(roster)
    for row in db.session.execute(_query(roster).execution_options(yield_per=ROWS_AT_A_TIME)):
        facts = CertificateFacts.from_json(row.facts)
        lines = tuple(line for line in facts.credit if line.body == roster.body.slug)
        if lines:
            entry = Entry(
                name=row.name,
                license_number=row.number or "",
                agency_name=row.agency_name or "",
                ori=row.ori or "",
                facts=facts,
                lines=lines,
                **courses.get(row.version_id, {"title": "", "authors": ""}),
                body=roster.body,
            )
            yield {name: column(entry) for name, column in COLUMNS.items()}


def _wanted(roster: Roster) -> list[Any]:
    """Certificates of the days and agencies that stand and carry credit of the body."""
    carries = (
        select(CreditLine.id)
        .where(CreditLine.certificate_id == Certificate.id, CreditLine.body == roster.body.slug)
        .exists()
    )
    return [
        Certificate.kind == "course",
        Certificate.revoked_at.is_(None),
        Certificate.superseded_by_id.is_(None),
        Certificate.completed_on >= roster.since,
        Certificate.completed_on <= roster.until,
        Certificate.agency_id.in_(visible_agencies(roster.viewer, Permission.SEE_REPORTS)),
        Certificate.agency_id.in_(visible_agencies(roster.viewer, Permission.SEE_PEOPLE)),
        carries,
    ]


def _query(roster: Roster) -> Any:
    number = (
        select(License.number)
        .where(License.user_id == Certificate.user_id, License.board == roster.body.slug)
        .order_by(License.ended_at.is_not(None), License.id.desc())
        .limit(1)
        .correlate(Certificate)
        .scalar_subquery()
    )
    return (
        select(
            User.name,
            number.label("number"),
            Agency.name.label("agency_name"),
            Agency.ori,
            Certificate.facts,
            Certificate.version_id,
        )
        .join(User, User.id == Certificate.user_id)
        .join(Agency, Agency.id == Certificate.agency_id)
        .where(*_wanted(roster))
        .order_by(Certificate.completed_on, User.search_text, Certificate.id)
    )


def _courses(roster: Roster) -> dict[int, dict[str, str]]:
    """English title and who stands for it, by course version, before the first line is read; a handful of versions."""
    rows = db.session.execute(
        select(CourseVersion.id, CourseVersion.content_hash).where(
            CourseVersion.id.in_(select(Certificate.version_id).where(*_wanted(roster)).distinct())
        )
    ).all()
    courses = {row.id: course_of(row.id, row.content_hash) for row in rows}
    return {
        number: {
            "title": course.text("en").title if "en" in course.texts else "",
            "authors": ", ".join(course.owners),
        }
        for number, course in courses.items()
    }
