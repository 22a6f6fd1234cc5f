"""The transcript: all that one person holds or did elsewhere, with hours and standing, and the hours of each year."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from lms.certification.facts import CertificateFacts, hours_of
from lms.certification.models import Certificate
from lms.certification.standing import Status, status_of
from lms.certification.transcript_elsewhere import ElsewhereLine, load_elsewhere
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


class HereAndElsewhere(ABC):
    """Hours earned here and hours done elsewhere, apart and together; amounts are added before they become hours."""

    __slots__ = ()

    @property
    @abstractmethod
    def amounts(self) -> tuple[int, int]:
        """Earned here, and done elsewhere, in the unit that `in_hours` takes."""

    @staticmethod
    @abstractmethod
    def in_hours(amount: int) -> str:
        """An amount as it is printed."""

    @property
    def hours(self) -> str:
        return self.in_hours(self.amounts[0])

    @property
    def hours_elsewhere(self) -> str:
        return self.in_hours(self.amounts[1])

    @property
    def hours_together(self) -> str:
        return self.in_hours(sum(self.amounts))


@dataclass(frozen=True, slots=True)
class Year(HereAndElsewhere):
    """What was earned here in one calendar year, and what was done elsewhere; minutes are summed before they become
    hours."""

    year: int
    certificates: int
    minutes: int
    trainings: int = 0
    minutes_elsewhere: int = 0

    @property
    def amounts(self) -> tuple[int, int]:
        return self.minutes, self.minutes_elsewhere

    @staticmethod
    def in_hours(amount: int) -> str:
        return hours_of(amount)


@dataclass(frozen=True, slots=True)
class CreditTotal(HereAndElsewhere):
    """Credit of one body, type and area in one calendar year: the hours that its certificates print, added up, and
    apart from them those of training done elsewhere."""

    year: int
    body: str
    body_name: str
    type: str
    category: str | None
    certificates: int = 0
    hundredths: int = 0
    trainings: int = 0
    hundredths_elsewhere: int = 0

    @property
    def amounts(self) -> tuple[int, int]:
        return self.hundredths, self.hundredths_elsewhere

    @staticmethod
    def in_hours(amount: int) -> str:
        return shown(amount)


@dataclass(frozen=True, slots=True)
class Transcript:
    """The certificates of a person and what they did elsewhere, each the newest first, and what each year brought."""

    name: str
    lines: tuple[Line, ...]
    as_of: datetime
    elsewhere: tuple[ElsewhereLine, ...] = ()

    @property
    def minutes(self) -> int:
        """Earned here."""
        return sum(line.minutes for line in self.lines)

    @property
    def hours(self) -> str:
        """Earned here."""
        return hours_of(self.minutes)

    @property
    def has_certifications(self) -> bool:
        """Whether hours stand on it that its sums leave out, since they are of courses that have lines of their own."""
        return any(line.counts and line.facts.kind == "certification" for line in self.lines)

    @property
    def all(self) -> Year:
        """The sums of all years, as one (of the number 0)."""
        return self._sums(0, [line for line in self.lines if line.counts], list(self.elsewhere))

    @property
    def years(self) -> tuple[Year, ...]:
        """By year of completion, the newest first."""
        years = {line.facts.completed_on.year for line in self.lines if line.counts}
        years |= {one.completed_on.year for one in self.elsewhere}
        return tuple(self._year(year) for year in sorted(years, reverse=True))

    @property
    def credit(self) -> tuple[CreditTotal, ...]:
        """Credit by year, body and area, the newest year first. Expired certificates count, revoked and replaced ones
        do not."""
        found = [
            CreditTotal(
                line.facts.completed_on.year, one.body, one.body_name, one.type, one.category, 1, hundredths(one.hours)
            )
            for line in self.lines
            if line.counts
            for one in line.facts.credit
        ]
        found += [
            CreditTotal(
                line.completed_on.year, one.body, one.body_name, one.type, one.category,
                trainings=1, hundredths_elsewhere=one.hundredths,
            )
            for line in self.elsewhere
            for one in line.credit
        ]  # fmt: skip
        return _added_up(found)

    def _year(self, year: int) -> Year:
        lines = [line for line in self.lines if line.counts and line.facts.completed_on.year == year]
        return self._sums(year, lines, [one for one in self.elsewhere if one.completed_on.year == year])

    def _sums(self, year: int, lines: list[Line], elsewhere: list[ElsewhereLine]) -> Year:
        minutes, minutes_elsewhere = sum(line.minutes for line in lines), sum(one.minutes for one in elsewhere)
        return Year(year, len(lines), minutes, len(elsewhere), minutes_elsewhere)


def _added_up(parts: Iterable[CreditTotal]) -> tuple[CreditTotal, ...]:
    """One total for each year, body, type and area, the newest year first."""
    totals: dict[tuple[int, str, str, str], CreditTotal] = {}
    for one in parts:
        key = (-one.year, one.body, one.type, one.category or "")
        before = totals.get(key)
        totals[key] = (
            one
            if before is None
            else replace(
                before,
                certificates=before.certificates + one.certificates,
                hundredths=before.hundredths + one.hundredths,
                trainings=before.trainings + one.trainings,
                hundredths_elsewhere=before.hundredths_elsewhere + one.hundredths_elsewhere,
            )
        )
    return tuple(totals[key] for key in sorted(totals))


def load_whole_transcript(user_id: int, now: datetime, *, language: str, time_zone: str) -> Transcript:
    """A person's certificates and their approved training elsewhere. Three queries; five where there is any."""
    return replace(load_transcript(user_id, now), elsewhere=load_elsewhere(user_id, language, time_zone))


def load_transcript(user_id: int, now: datetime) -> Transcript:
    """All certificates of a person, whatever their standing, without training elsewhere. Two queries."""
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
