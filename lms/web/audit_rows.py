"""To whom or what the events of a page were done, by name and with the way there, in a few queries for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import or_, select

from lms.access import Permission, Viewer, visible_agencies, visible_users, within
from lms.catalog.models import Course, CourseVersion
from lms.certification.assignment_lists import may_see, titles_of
from lms.certification.models import Certificate, Certification, CertificationVersion
from lms.certification.training_models import ExternalTraining
from lms.cohorts.models import Cohort
from lms.database import db
from lms.learning.assignment_models import Assignment
from lms.learning.models import Enrollment
from lms.people.audit import AuditPage
from lms.people.models import Agency, AuditEvent, User
from lms.people.providers.models import EmailDomain, ProvisioningToken
from lms.web.audit_words import subject_kind_name
from lms.web.guards import language


@dataclass(frozen=True, slots=True)
class Named:
    """A name and where it leads; without an address where the viewer may not go there."""

    text: str
    href: str | None = None


@dataclass(frozen=True, slots=True)
class Names:
    """By (kind, id). What is not among them is called by its kind and number."""

    found: dict[tuple[str, int], Named]

    def of(self, kind: str, number: int | None) -> Named:
        if number is None:
            return Named(subject_kind_name(kind))
        return self.found.get((kind, number)) or Named(f"{subject_kind_name(kind)} {number}")

    def assignment(self, event: AuditEvent) -> Named | None:
        """What training an extension or a waiver is about."""
        number = assignment_of(event)
        return None if number is None else self.of("assignment", number)

    def subject(self, event: AuditEvent) -> Named:
        return self.of(event.subject_kind, event.subject_id)


def names_for(viewer: Viewer, page: AuditPage) -> Names:
    """Names for all that the page's events speak of: one query for each kind of thing on it."""
    kinds: dict[str, set[int]] = {}
    for event in page.events:
        if event.subject_id is not None:
            kinds.setdefault(event.subject_kind, set()).add(event.subject_id)
        if (number := assignment_of(event)) is not None:
            kinds.setdefault("assignment", set()).add(number)
    found: dict[tuple[str, int], Named] = {}
    holders = _holders(kinds)
    reached = _reached(viewer, {*page.people, *(user for user, _name in holders.values())})
    for number, name in page.people.items():
        found["user", number] = Named(name, _person(number, reached))
    for (kind, number), (user, name) in holders.items():
        found[kind, number] = Named(f"{subject_kind_name(kind)}: {name}", _person(user, reached))
    found |= _agencies(viewer, page, kinds.get("agency", set()))
    found |= _certificates(viewer, kinds.get("certificate", ()))
    found |= _assignments(viewer, kinds.get("assignment", ()))
    found |= _teams(viewer, kinds.get("cohort", ()))
    found |= _ways_in(viewer, kinds)
    found |= _public(kinds)
    return Names(found)


def _person(number: int, reached: set[int]) -> str | None:
    return url_for("people.show_person", user_id=number) if number in reached else None


def _reached(viewer: Viewer, numbers: set[int]) -> set[int]:
    if not numbers:
        return set()
    query = select(User.id).where(User.id.in_(numbers), User.id.in_(visible_users(viewer, Permission.SEE_PEOPLE)))
    return set(db.session.scalars(query))


def _holders(kinds: dict[str, set[int]]) -> dict[tuple[str, int], tuple[int, str]]:
    """Whose enrollments and trainings they are."""
    found = {}
    models: tuple[tuple[str, Any], ...] = (("enrollment", Enrollment), ("training", ExternalTraining))
    for kind, model in models:
        if kinds.get(kind):
            rows = db.session.execute(
                select(model.id, User.id, User.name)
                .join(User, User.id == model.user_id)
                .where(model.id.in_(kinds[kind]))
            )
            found.update({(kind, row[0]): (row[1], row[2]) for row in rows})
    return found


def _agencies(viewer: Viewer, page: AuditPage, more: set[int]) -> dict[tuple[str, int], Named]:
    numbers = {*page.agencies, *more}
    if not numbers:
        return {}
    reached = visible_agencies(viewer, Permission.MANAGE_AGENCIES)
    rows = db.session.execute(
        select(Agency.id, Agency.name, Agency.id.in_(reached)).where(
            Agency.id.in_(numbers), or_(Agency.id.in_(page.agencies), within(viewer, Permission.SEE_AUDIT))
        )
    )
    return {
        ("agency", row[0]): Named(row[1], url_for("agencies.show_agency", agency_id=row[0]) if row[2] else None)
        for row in rows
    }


def _certificates(viewer: Viewer, numbers: Iterable[int]) -> dict[tuple[str, int], Named]:
    if not numbers:
        return {}
    may_see = or_(
        Certificate.agency_id.in_(visible_agencies(viewer, Permission.SEE_PEOPLE)),
        Certificate.user_id.in_(visible_users(viewer, Permission.SEE_PEOPLE)),
    )
    rows = db.session.execute(select(Certificate.id, Certificate.code).where(Certificate.id.in_(numbers), may_see))
    kind = subject_kind_name("certificate")
    return {
        ("certificate", row[0]): Named(f"{kind} {row[1]}", url_for("certification.show_certificate", code=row[1]))
        for row in rows
    }


def assignment_of(event: AuditEvent) -> int | None:
    """The assignment of which somebody was given more time or a waiver."""
    number = event.detail.get("assignment")
    return number if isinstance(number, int) else None


def _assignments(viewer: Viewer, numbers: Iterable[int]) -> dict[tuple[str, int], Named]:
    """By what they assign, for who may see them."""
    if not numbers:
        return {}
    shown = db.session.scalars(
        select(Assignment)
        .join(Agency, Agency.id == Assignment.agency_id)
        .where(Assignment.id.in_(numbers), may_see(viewer))
    ).all()
    titles, kind = titles_of(shown), subject_kind_name("assignment")
    return {
        ("assignment", one.id): Named(
            f"{kind}: {titles[one.id].get(language()) or titles[one.id].get('en') or one.id}",
            url_for("assignments.show_assignment", assignment_id=one.id),
        )
        for one in shown
    }


def _teams(viewer: Viewer, numbers: Iterable[int]) -> dict[tuple[str, int], Named]:
    if not numbers:
        return {}
    rows = db.session.execute(
        select(Cohort.id, Cohort.name, within(viewer, Permission.LEAD_COHORTS))
        .join(Agency, Agency.id == Cohort.agency_id)
        .where(Cohort.id.in_(numbers))
    )
    kind = subject_kind_name("cohort")
    return {
        ("cohort", row[0]): Named(
            f"{kind} {row[1]}", url_for("cohorts.show_cohort", cohort_id=row[0]) if row[2] else None
        )
        for row in rows
    }


def _ways_in(viewer: Viewer, kinds: dict[str, set[int]]) -> dict[tuple[str, int], Named]:
    """Tokens for provisioning and mail domains of agencies whose audit the viewer sees, by their names."""
    found = {}
    models: tuple[tuple[str, Any, Any], ...] = (
        ("token", ProvisioningToken, ProvisioningToken.name),
        ("domain", EmailDomain, EmailDomain.domain),
    )
    for kind, model, name in models:
        if kinds.get(kind):
            rows = db.session.execute(
                select(model.id, name)
                .join(Agency, Agency.id == model.agency_id)
                .where(model.id.in_(kinds[kind]), within(viewer, Permission.SEE_AUDIT))
            )
            found.update({(kind, row[0]): Named(f"{subject_kind_name(kind)}: {row[1]}") for row in rows})
    return found


def _public(kinds: dict[str, set[int]]) -> dict[tuple[str, int], Named]:
    """Courses and certifications, by their present titles: everybody may go there."""
    found: dict[tuple[str, int], Named] = {}
    courses = select(Course.id, Course.slug, CourseVersion.facts["titles"]).outerjoin(
        CourseVersion, (CourseVersion.course_id == Course.id) & CourseVersion.is_current
    )
    rules = select(Certification.id, Certification.slug, CertificationVersion.rules["title"]).outerjoin(
        CertificationVersion,
        (CertificationVersion.certification_id == Certification.id) & CertificationVersion.is_current,
    )
    shown: Sequence[tuple[str, Any, Any, str]] = (
        ("course", Course, courses, "catalog.show_course"),
        ("certification", Certification, rules, "certifications.show_certification"),
    )
    for kind, model, query, endpoint in shown:
        if kinds.get(kind):
            for number, slug, titles in db.session.execute(query.where(model.id.in_(kinds[kind]))):
                title = (titles or {}).get(language()) or (titles or {}).get("en") or slug
                found[kind, number] = Named(f"{subject_kind_name(kind)}: {title}", url_for(endpoint, slug=slug))
    return found
