"""The transcript: all that one person holds, with hours and standing, and the hours of each year."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from lms.certification.facts import CertificateFacts, hours_of
from lms.certification.models import Certificate
from lms.certification.standing import Status, status_of
from lms.certification.year_hours import hundredths, shown
from lms.database import db
from lms.people.models import User

MOST_LINES = 1000
"""A transcript is read whole; nobody holds more."""


@dataclass(frozen=True, slots=True)
class Line:
    """One certificate on a transcript."""

    id: int
    code: str
    facts: CertificateFacts
    status: Status
    revoked_at: datetime | None
    revoked_reason: str | None
    is_name_hidden: bool

    @property
    def counts(self) -> bool:
        """Whether its hours count: what has expired was learned all the same, what was revoked was not."""
        return self.status in ("valid", "expired", "not-yet", "lapsed")

    @property
    def minutes(self) -> int:
        """Those of a certification are its courses', which have lines of their own."""
        return (self.facts.contact_minutes or 0) if self.counts and self.facts.kind != "certification" else 0


@dataclass(frozen=True, slots=True)
class Year:
    """What was earned in one calendar year."""

    year: int
    certificates: int
    minutes: int

    @property
    def hours(self) -> str:
        return hours_of(self.minutes)


@dataclass(frozen=True, slots=True)
class CreditTotal:
    """Credit of one body, type and area in one calendar year: the hours that its certificates print, added up."""

    year: int
    body: str
    body_name: str
    type: str
    category: str | None
    certificates: int
    hundredths: int

    @property
    def hours(self) -> str:
        return shown(self.hundredths)


@dataclass(frozen=True, slots=True)
class Transcript:
    """The certificates of a person, the newest first, and what each year brought."""

    name: str
    lines: tuple[Line, ...]
    as_of: datetime

    @property
    def minutes(self) -> int:
        return sum(line.minutes for line in self.lines)

    @property
    def hours(self) -> str:
        return hours_of(self.minutes)

    @property
    def years(self) -> tuple[Year, ...]:
        """By year of completion, the newest first; minutes are summed before they become hours."""
        years = sorted({line.facts.completed_on.year for line in self.lines if line.counts}, reverse=True)
        return tuple(self._year(year) for year in years)

    @property
    def credit(self) -> tuple[CreditTotal, ...]:
        """Credit by year, body and area, the newest year first. Expired certificates count, revoked and replaced ones
        do not."""
        totals: dict[tuple[int, str, str, str], CreditTotal] = {}
        for line in filter(lambda one: one.counts, self.lines):
            year = line.facts.completed_on.year
            for one in line.facts.credit:
                key = (-year, one.body, one.type, one.category or "")
                before = totals.get(key) or CreditTotal(year, one.body, one.body_name, one.type, one.category, 0, 0)
                totals[key] = replace(
                    before,
                    certificates=before.certificates + 1,
                    hundredths=before.hundredths + hundredths(one.hours),
                )
        return tuple(totals[key] for key in sorted(totals))

    def _year(self, year: int) -> Year:
        lines = [line for line in self.lines if line.counts and line.facts.completed_on.year == year]
        return Year(year, len(lines), sum(line.minutes for line in lines))


def load_transcript(user_id: int, now: datetime) -> Transcript:
    """All certificates of a person, whatever their standing. Two queries."""
    user = db.session.get_one(User, user_id)
    rows = db.session.scalars(
        select(Certificate)
        .where(Certificate.user_id == user_id)
        .order_by(Certificate.completed_on.desc(), Certificate.id.desc())
        .limit(MOST_LINES)
    )
    return Transcript(user.printed_name, tuple(line_of(row, now) for row in rows), now)


def line_of(certificate: Certificate, now: datetime) -> Line:
    """A certificate as a line: what it says and where it stands at `now`."""
    return Line(
        id=certificate.id,
        code=certificate.code,
        facts=CertificateFacts.from_json(certificate.facts),
        status=status_of(certificate, now),
        revoked_at=certificate.revoked_at,
        revoked_reason=certificate.revoked_reason,
        is_name_hidden=certificate.is_name_hidden,
    )
