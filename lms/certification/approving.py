"""Entering what a body approved, refused where its certificate would lack what the body asks for; and ending it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from lms.catalog.facts import title_of
from lms.catalog.models import Course, CourseVersion
from lms.certification.credit import Approval, approvals_of
from lms.certification.credit_bodies import Body, load_bodies
from lms.certification.credit_models import ApprovedLine, CreditApproval, CreditLine
from lms.certification.facts import AwardSite, CertificateFacts
from lms.certification.lint import Lack, lint
from lms.certification.models import Certificate
from lms.database import db
from lms.errors import N_, Invalid, NotFound
from lms.people.audit import note

Execute = Callable[..., Any]


class Lacking(Invalid):
    """A certificate with this approval on it would lack something that the body asks for: `lacks` says what."""

    def __init__(self, lacks: Sequence[Lack]) -> None:
        super().__init__(N_("A certificate of this body would not say all that the body asks for."))
        self.lacks = tuple(lacks)


@dataclass(frozen=True, slots=True)
class ApprovedCourse:
    """What of a course's current version a specimen of its certificate needs."""

    id: int
    slug: str
    code: str
    contact_minutes: int
    facts: Mapping[str, Any]

    def title(self, language: str) -> str:
        return title_of(self.facts, language)


@dataclass(frozen=True, slots=True)
class Looked:
    """An approval with its course, how many certificates carry it, and what their like would lack now."""

    approval: Approval
    course: ApprovedCourse
    certificates: int
    lacks: tuple[Lack, ...]


def courses_to_approve(execute: Execute | None = None) -> dict[int, ApprovedCourse]:
    """Every course by id, as it is published now; one query."""
    rows = (execute or db.session.execute)(
        select(Course.id, Course.slug, CourseVersion.code, CourseVersion.contact_minutes, CourseVersion.facts)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .where(CourseVersion.is_current)
        .order_by(CourseVersion.code)
    )
    return {row[0]: ApprovedCourse(*row) for row in rows}


def enter_approval(
    *,
    body: str,
    course_id: int,
    type: str,
    approval_number: str,
    provider_number: str,
    statement: str,
    valid_from: date,
    valid_until: date | None,
    minutes: Mapping[str | None, int],
    site: AwardSite,
    actor_id: int,
    now: datetime,
) -> int:
    """Keep an approval; `minutes` are by area. From its first day on, new certificates carry it; old ones stay as
    printed. The caller commits. Raises Invalid, NotFound, and Lacking with the list of what its certificate would lack.
    """
    found = load_bodies([body]).get(body)
    course = courses_to_approve().get(course_id)
    if found is None or course is None:
        raise NotFound(N_("There is nothing here that you may see."))
    approval = Approval(
        id=0,
        course_id=course_id,
        body=found,
        type=type,
        approval_number=approval_number.strip(),
        provider_number=provider_number.strip(),
        statement=statement.strip(),
        valid_from=valid_from,
        valid_until=valid_until,
        lines=tuple((category, count) for category, count in minutes.items() if count),
    )
    _refuse_nonsense(approval, course)
    _refuse_twice(approval)
    lacks = lacks_of(approval, course, site)
    if lacks:
        raise Lacking(lacks)
    return _insert(approval, actor_id, now)


def _insert(approval: Approval, actor_id: int, now: datetime) -> int:
    row = CreditApproval(
        body_id=approval.body.id,
        course_id=approval.course_id,
        type=approval.type,
        approval_number=approval.approval_number,
        provider_number=approval.provider_number,
        statement=approval.statement,
        valid_from=approval.valid_from,
        valid_until=approval.valid_until,
        entered_by_id=actor_id,
        entered_at=now,
    )
    db.session.add(row)
    db.session.flush()
    for category, count in approval.lines:
        db.session.add(ApprovedLine(approval_id=row.id, category=category, minutes=count))
    note(
        "credit-approval.entered",
        "credit-approval",
        row.id,
        actor_id=actor_id,
        body=approval.body.slug,
        course=approval.course_id,
        lines={category or "": count for category, count in approval.lines},
    )
    return row.id


def _refuse_nonsense(approval: Approval, course: ApprovedCourse) -> None:
    body = approval.body
    if not body.gives_credit:
        raise Invalid(N_("This body gives no credit."), "course_id")
    if approval.type not in body.ids("types"):
        raise Invalid(N_("Choose a type of credit."), "type")
    if approval.valid_until is not None and approval.valid_until < approval.valid_from:
        raise Invalid(N_("The last day is before the first."), "valid_until")
    areas = (*body.ids("categories"), *body.ids("topics")) or (None,)
    if not approval.lines or any(category not in areas or count < 1 for category, count in approval.lines):
        raise Invalid(N_("Enter the minutes of at least one area."))
    if approval.minutes > course.contact_minutes:
        raise Invalid(
            N_("These are %(minutes)s minutes, and the course has %(most)s contact minutes. Enter no more than those."),
            minutes=approval.minutes,
            most=course.contact_minutes,
        )
    longest = max((count for category, count in approval.lines if body.is_topic(category)), default=0)
    if longest > approval.minutes:
        raise Invalid(N_("The minutes of a topic lie inside those of an area, so they cannot be more."))


def _refuse_twice(approval: Approval) -> None:
    """Two approvals of one kind at a time would give the same hours twice: also two that are entered at once."""
    db.session.execute(select(Course.id).where(Course.id == approval.course_id).with_for_update(key_share=True))
    for other in approvals_of([approval.course_id]):
        if (other.body.slug, other.type) != (approval.body.slug, approval.type):
            continue
        begins_in_time = approval.valid_until is None or other.valid_from <= approval.valid_until
        if begins_in_time and (other.valid_until is None or approval.valid_from <= other.valid_until):
            raise Invalid(N_("An approval of this kind is entered for these days already. End it first."), "valid_from")


def lacks_of(approval: Approval, course: ApprovedCourse, site: AwardSite) -> list[Lack]:
    """What a certificate of the course with this approval would lack today, in any language that it is printed in."""
    found: dict[str, Lack] = {}
    for language in course.facts["languages"]:
        facts = specimen(course, site, language, approval.valid_from)
        for lack in lint(facts, approval.line_facts(language), approval.body.certificate_requires):
            found.setdefault(lack.element, lack)
    return list(found.values())


def specimen(course: ApprovedCourse, site: AwardSite, language: str, day: date) -> CertificateFacts:
    """The facts of a certificate as the course would give it with these settings."""
    return CertificateFacts(
        code="0000-0000-0000",
        kind="course",
        printed_name="A. Participant",
        title=course.title(language),
        language=language,
        completed_on=day,
        site_url=site.site_url,
        issuer_name=site.site_name,
        provider_name=site.provider_name,
        provider_address=site.provider_address,
        provider_numbers=site.provider_numbers,
        accreditation_statement=site.accreditation_statement,
        course_slug=course.slug,
        course_code=course.code,
        contact_minutes=course.contact_minutes,
    )


def look_at_all(site: AwardSite, execute: Execute | None = None) -> list[Looked]:
    """Every approval with what its certificates would lack; three queries. `execute` where there is no session."""
    run = execute or db.session.execute
    courses = courses_to_approve(run)
    carried = {
        row[0]: row[1]
        for row in run(
            select(CreditLine.approval_id, func.count(CreditLine.certificate_id.distinct()))
            .join(Certificate, Certificate.id == CreditLine.certificate_id)
            .where(Certificate.superseded_by_id.is_(None))
            .group_by(CreditLine.approval_id)
        )
    }
    return [
        Looked(one, courses[one.course_id], carried.get(one.id, 0), tuple(lacks_of(one, courses[one.course_id], site)))
        for one in approvals_of(execute=run)
        if one.course_id in courses
    ]


def find_approval(approval_id: int) -> Approval:
    """An approval with its lines. Raises NotFound."""
    for one in approvals_of():
        if one.id == approval_id:
            return one
    raise NotFound(N_("There is nothing here that you may see."))


def end_approval(approval_id: int, last_day: date, *, actor_id: int) -> Approval:
    """Give an approval its last day; certificates that carry it stay as printed. The caller commits.

    Raises Invalid where it ends before it begins or later than it did, NotFound.
    """
    approval = find_approval(approval_id)
    row = db.session.get_one(CreditApproval, approval_id, with_for_update=True)
    if last_day < row.valid_from:
        raise Invalid(N_("The last day is before the first."), "last_day")
    if row.valid_until is not None and last_day > row.valid_until:
        raise Invalid(N_("It ends before that already. Enter a new approval instead."), "last_day")
    row.valid_until = last_day
    note("credit-approval.ended", "credit-approval", approval_id, actor_id=actor_id, last_day=last_day.isoformat())
    return replace(approval, valid_until=last_day)


def approved_areas(body: Body, language: str) -> list[tuple[str | None, str, bool]]:
    """The areas and topics for which minutes may be entered: id, name, whether it is a topic. One without a name where
    the body has none."""
    found = [(one, body.word(one, language), False) for one in body.ids("categories")]
    found += [(one, body.word(one, language), True) for one in body.ids("topics")]
    return list(found) or [(None, "", False)]
