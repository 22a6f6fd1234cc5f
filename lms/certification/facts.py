"""The frozen copy of everything printed on a certificate, and its way into the database and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from lms.certification.year_hours import shown
from lms.settings import Settings

ONLINE_SELF_PACED = "online-self-paced"
"""Printed as "Computer-Based Training": the phrase that Missouri asks for (11 CSR 90-4.100)."""

TEAM_EXERCISE = "team"
"""How a team was trained together: its members online, the team in its exercise."""


@dataclass(frozen=True, slots=True)
class AwardSite:
    """What an award copies from the settings of the day: who issues, who signs, in which zone days begin."""

    site_url: str
    site_name: str
    time_zone: str
    provider_name: str
    provider_address: str = ""
    provider_numbers: str = ""
    accreditation_statement: str = ""
    signatory_name: str = ""
    signatory_title: str = ""
    second_signatory_name: str = ""
    second_signatory_title: str = ""

    @classmethod
    def from_settings(cls, settings: Settings) -> AwardSite:
        return cls(**{item.name: getattr(settings, item.name) for item in fields(cls)})


@dataclass(frozen=True, slots=True)
class SuggestedLine:
    """Credit that may be asked for elsewhere. It is not credit: it prints as "may be submitted to …; not approved"."""

    body: str
    type: str
    category: str | None
    minutes: int


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One seat of a team on the day: its title in the certificate's language, who sat there, for which agency."""

    title: str
    discipline: str
    person_name: str = ""
    agency_name: str = ""


@dataclass(frozen=True, slots=True)
class MilestoneLine:
    """A milestone with its day, or one that records showed to be met when the award was made, whatever the day."""

    title: str
    met_on: date | None = None
    is_met_by_award: bool = False


@dataclass(frozen=True, slots=True)
class CreditLineFacts:
    """Credit that was awarded under an approval: printed as credit, unlike SuggestedLine. `hours` to two places, in the
    body's own hours (some count 50 minutes)."""

    body: str
    body_name: str
    type: str
    category: str | None
    minutes: int
    hours: str
    approval_number: str = ""
    statement: str = ""
    provider_number: str = ""
    """The provider license that the body gave the deployer; empty: none, so no "Approved Provider"."""
    is_within: bool = False
    """These hours lie inside those of the other lines (a topic inside an area), and add nothing to them."""


@dataclass(frozen=True, slots=True)
class LicenseFacts:
    """The holder's license as printed; the public sees the number masked."""

    board: str
    board_name: str
    state: str
    number: str


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who signs: up to two on a certificate."""

    name: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class EvidenceFacts:
    """One thing that a certification rests on: another certificate by its code, or training done elsewhere."""

    title: str
    completed_on: date
    code: str = ""
    provider: str = ""
    course_slug: str = ""


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """What only a team's certificate says."""

    cohort_name: str
    composition: tuple[SeatLine, ...]
    milestones: tuple[MilestoneLine, ...] = ()
    exercise_on: date | None = None


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """All that a certificate says, as it was on the day; nothing printed is looked up later. Never a score.

    `valid_until` is the last valid day in the site's zone; None never ends. `pass_mark` is the rule, not a result.
    """

    code: str
    kind: str
    printed_name: str
    title: str
    language: str
    completed_on: date
    site_url: str
    issuer_name: str
    provider_name: str
    agency_name: str = ""
    course_slug: str = ""
    course_code: str = ""
    version_number: int | None = None
    content_hash: str = ""
    modality: str = ONLINE_SELF_PACED
    contact_minutes: int | None = None
    pass_mark: int | None = None
    valid_until: date | None = None
    objectives: tuple[str, ...] = ()
    suggested_credit: tuple[SuggestedLine, ...] = ()
    accreditation_statement: str = ""
    provider_address: str = ""
    provider_numbers: str = ""
    signatory_name: str = ""
    signatory_title: str = ""
    second_signatory_name: str = ""
    second_signatory_title: str = ""
    team: TeamFacts | None = None
    certification_slug: str = ""
    rule_version: int | None = None
    evidence: tuple[EvidenceFacts, ...] = ()
    credit: tuple[CreditLineFacts, ...] = ()
    license: LicenseFacts | None = None
    design: str = ""
    """The design it is drawn in; empty: the default one of its kind."""
    logo: str = ""
    """SHA-256 of the agency's logo in the file store; empty: none."""
    agency_signatories: tuple[Signatory, ...] = ()
    """The agency's own; empty: the site's `signatory_name`."""
    statement: str = ""
    """The agency's own sentence, under the provider's."""

    @property
    def verify_url(self) -> str:
        return f"{self.site_url.rstrip('/')}/verify/{self.code}"

    @property
    def texts(self) -> list[str]:
        """What people wrote and this prints: every name, title and statement."""
        team = self.team
        seats = [text for seat in (team.composition if team else ()) for text in asdict(seat).values()]
        own = [getattr(self, item.name) for item in fields(self)]
        milestones = [milestone.title for milestone in (team.milestones if team else ())]
        lines = [text for line in (*self.credit, *self.evidence, *self.agency_signatories) for text in _written(line)]
        number = _written(self.license) if self.license else []
        return [
            *(text for text in own if isinstance(text, str)),
            *self.objectives,
            *seats,
            *milestones,
            *lines,
            *number,
        ]

    @property
    def signatories(self) -> list[tuple[str, str]]:
        """Who signs, with their titles; nobody, one or two. The agency's own stand in place of the site's."""
        if self.agency_signatories:
            return [(one.name, one.title) for one in self.agency_signatories[:2]]
        both = (
            (self.signatory_name, self.signatory_title),
            (self.second_signatory_name, self.second_signatory_title),
        )
        return [(name, title) for name, title in both if name]

    @property
    def contact_hours(self) -> str:
        return hours_of(self.contact_minutes or 0)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; days as ISO text."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> CertificateFacts:
        """The facts as they were stored. Keys of a later program are ignored, missing ones take their default."""
        known = {item.name for item in fields(cls)}
        values = {key: value for key, value in stored.items() if key in known}
        values["completed_on"] = date.fromisoformat(values["completed_on"])
        values["valid_until"] = _day(values.get("valid_until"))
        values["objectives"] = tuple(values.get("objectives") or ())
        values["suggested_credit"] = tuple(SuggestedLine(**line) for line in values.get("suggested_credit") or ())
        values["team"] = _team(values.get("team"))
        values["credit"] = tuple(CreditLineFacts(**line) for line in values.get("credit") or ())
        values["license"] = LicenseFacts(**values["license"]) if values.get("license") else None
        values["agency_signatories"] = tuple(Signatory(**one) for one in values.get("agency_signatories") or ())
        values["evidence"] = tuple(
            EvidenceFacts(**{**one, "completed_on": date.fromisoformat(one["completed_on"])})
            for one in values.get("evidence") or ()
        )
        return cls(**values)


def _written(line: Any) -> list[str]:
    return [text for text in asdict(line).values() if isinstance(text, str)]


def hours_of(minutes: int) -> str:
    """Minutes / 60 to two places, rounded down: hours are never given away."""
    return hours_by(minutes, 60)


def hours_by(minutes: int, minutes_per_hour: int) -> str:
    """Minutes in a body's own hours to two places, rounded down: hours are never given away."""
    return shown(minutes * 100 // minutes_per_hour)


def _team(stored: Mapping[str, Any] | None) -> TeamFacts | None:
    if stored is None:
        return None
    return TeamFacts(
        cohort_name=stored["cohort_name"],
        composition=tuple(SeatLine(**line) for line in stored["composition"]),
        milestones=tuple(
            MilestoneLine(line["title"], _day(line.get("met_on")), bool(line.get("is_met_by_award")))
            for line in stored["milestones"]
        ),
        exercise_on=_day(stored.get("exercise_on")),
    )


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
