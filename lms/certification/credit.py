"""Credit of a person for a course on a day: their licenses × what bodies approved; frozen on the certificate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import Date, bindparam, or_, select

from lms.certification.credit_bodies import Body, load_bodies
from lms.certification.credit_models import ApprovedLine, CreditApproval, CreditBody, CreditLine
from lms.certification.facts import CertificateFacts, CreditLineFacts, LicenseFacts, hours_by
from lms.certification.models import Certificate
from lms.database import db
from lms.people.licenses import licenses_on
from lms.people.models import License


@dataclass(frozen=True, slots=True)
class Approval:
    """What a body approved for a course: one type, minutes by area. Both days belong to it."""

    id: int
    course_id: int
    body: Body
    type: str
    approval_number: str
    provider_number: str
    statement: str
    valid_from: date
    valid_until: date | None
    lines: tuple[tuple[str | None, int], ...] = ()

    def holds_on(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)

    @property
    def minutes(self) -> int:
        """In all; a topic lies inside an area and adds nothing."""
        areas = sum(minutes for category, minutes in self.lines if not self.body.is_topic(category))
        return areas or max((minutes for _, minutes in self.lines), default=0)

    def line_facts(self, language: str) -> list[CreditLineFacts]:
        """Its lines as a certificate prints them."""
        has_area = any(not self.body.is_topic(category) for category, _minutes in self.lines)
        return [
            CreditLineFacts(
                body=self.body.slug,
                body_name=self.body.name(language),
                type=self.type,
                category=category,
                minutes=minutes,
                hours=hours_by(minutes, self.body.minutes_per_hour),
                approval_number=self.approval_number,
                statement=self.statement,
                provider_number=self.provider_number,
                is_within=has_area and self.body.is_topic(category),
            )
            for category, minutes in sorted(self.lines, key=lambda one: self.body.is_topic(one[0]))
        ]


@dataclass(frozen=True, slots=True)
class Granted:
    """What a certificate of a day carries, what it does not for want of a license, and the license to print."""

    approvals: tuple[tuple[Approval, License | None], ...] = ()
    withheld: tuple[Approval, ...] = ()
    printed: License | None = None
    boards: dict[str, Body] = field(default_factory=dict)

    def credit(self, language: str) -> tuple[CreditLineFacts, ...]:
        return tuple(line for approval, _ in self.approvals for line in approval.line_facts(language))

    def license(self, language: str) -> LicenseFacts | None:
        one = self.printed
        if one is None:
            return None
        body = self.boards.get(one.board)
        name = body.name(language) if body is not None else one.board.replace("-", " ")
        return LicenseFacts(board=one.board, board_name=name, state=one.state, number=one.number)


def approvals_of(
    course_ids: Iterable[int] | None = None,
    *,
    day: date | None = None,
    execute: Callable[..., Any] | None = None,
) -> list[Approval]:
    """Approvals with their lines: of courses, or all; valid on a day, or whenever. By body; one query, made by
    `execute` where there is no session."""
    query = _approvals(course_ids is not None, day is not None)
    values: dict[str, Any] = {"course_ids": list(course_ids or ()), "day": day}
    found: dict[int, Approval] = {}
    for row in (execute or db.session.execute)(query, values):
        known = found.get(row.id)
        lines = (*(known.lines if known is not None else ()), (row.category, row.minutes))
        found[row.id] = replace(known, lines=lines) if known is not None else _approval(row, lines)
    return list(found.values())


@cache
def _approvals(is_of_courses: bool, is_on_day: bool) -> Any:
    """The statement of `approvals_of`, made once for each way to ask."""
    columns = CreditApproval.__table__.c  # the table: it serves statements outside of a session, too
    day = bindparam("day", type_=Date())
    lasts = or_(columns.valid_until.is_(None), columns.valid_until >= day)
    conditions = [columns.course_id.in_(bindparam("course_ids", expanding=True))] if is_of_courses else []
    return (
        select(*columns, CreditBody.slug, CreditBody.facts, ApprovedLine.category, ApprovedLine.minutes)
        .join(CreditBody, CreditBody.id == columns.body_id)
        .join(ApprovedLine, ApprovedLine.approval_id == columns.id)
        .where(*conditions, *([columns.valid_from <= day, lasts] if is_on_day else []))
        .order_by(CreditBody.slug, columns.id, ApprovedLine.id)
    )


def _approval(row: Any, lines: tuple[tuple[str | None, int], ...]) -> Approval:
    return Approval(
        id=row.id,
        course_id=row.course_id,
        body=Body(row.body_id, row.slug, row.facts),
        type=row.type,
        approval_number=row.approval_number,
        provider_number=row.provider_number,
        statement=row.statement,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        lines=lines,
    )


def granted_on(user_id: int, course_id: int, day: date) -> Granted:
    """What completing a course on a day brings a person. Two queries; a third where a license is printed."""
    licenses = licenses_on(user_id, day)
    granted, withheld = matched(licenses, approvals_of([course_id], day=day))
    return Granted(granted, withheld, *_printed(licenses))


def printed_license(user_id: int, day: date, language: str) -> LicenseFacts | None:
    """The license that a person chose to have printed, if it holds on the day. Two queries at most."""
    return Granted((), (), *_printed(licenses_on(user_id, day))).license(language)


def _printed(licenses: Sequence[License]) -> tuple[License | None, dict[str, Body]]:
    printed = next((one for one in licenses if one.is_printed), None)
    return printed, load_bodies([printed.board]) if printed is not None else {}


def matched(
    licenses: Sequence[License], approvals: Iterable[Approval]
) -> tuple[tuple[tuple[Approval, License | None], ...], tuple[Approval, ...]]:
    """Approvals with the license each goes by, and those of bodies that ask for a license which is not there."""
    granted, withheld = [], []
    for approval in approvals:
        license = next((one for one in licenses if one.board == approval.body.slug), None)
        if approval.body.needs_license and license is None:
            withheld.append(approval)
        else:
            granted.append((approval, license))
    return tuple(granted), tuple(withheld)


def with_credit(facts: CertificateFacts, granted: Granted) -> CertificateFacts:
    """The facts with the credit that was granted; what a body has given is not suggested to it any more."""
    lines = (*facts.credit, *granted.credit(facts.language))
    given = {line.body for line in lines}
    return replace(
        facts,
        credit=lines,
        license=facts.license or granted.license(facts.language),
        suggested_credit=tuple(line for line in facts.suggested_credit if line.body not in given),
    )


def missing_on(certificate: Certificate, facts: CertificateFacts) -> Granted:
    """What is approved now for the day of completion and stands not on the certificate; nothing for other kinds."""
    if certificate.user_id is None or certificate.course_id is None:
        return Granted()
    granted = granted_on(certificate.user_id, certificate.course_id, facts.completed_on)
    printed = {(line.body, line.type, line.approval_number) for line in facts.credit}
    missing = tuple(
        (one, license)
        for one, license in granted.approvals
        if (one.body.slug, one.type, one.approval_number) not in printed
    )
    return replace(granted, approvals=missing)


def copy_lines(old: Certificate, new: Certificate, facts: CertificateFacts) -> None:
    """Those rows of a replaced certificate whose credit stays on the new one. The caller commits."""
    kept = {(line.body, line.type, line.category, line.approval_number) for line in facts.credit}
    for row in db.session.scalars(select(CreditLine).where(CreditLine.certificate_id == old.id)).all():
        if (row.body, row.type, row.category, row.approval_number) in kept:
            values = {one.name: getattr(row, one.name) for one in CreditLine.__table__.columns if one.name != "id"}
            db.session.add(CreditLine(**{**values, "certificate_id": new.id}))


def write_lines(certificate: Certificate, granted: Granted) -> None:
    """Keep the lines of a certificate as rows beside its frozen facts. The caller commits."""
    for approval, license in granted.approvals:
        for line in approval.line_facts("en"):
            db.session.add(
                CreditLine(
                    certificate_id=certificate.id,
                    approval_id=approval.id,
                    license_id=license.id if license is not None else None,
                    body=line.body,
                    type=line.type,
                    category=line.category,
                    minutes=line.minutes,
                    hours=line.hours,
                    approval_number=line.approval_number,
                )
            )
