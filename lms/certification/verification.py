"""What anybody with a code may know of a certificate: never a score, an address, or a name that its holder hides."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from lms.certification.facts import CertificateFacts, EvidenceFacts, LicenseFacts
from lms.certification.models import Certificate
from lms.certification.standing import Status, status_of
from lms.database import db
from lms.wall.sight import VERIFICATION, looking_as


@dataclass(frozen=True, slots=True)
class TeamStanding:
    """Why a team's certificate no longer stands, or soon will not, by its seats alone. Told by the room of the teams.

    Days are the site's. No person is in it: a seat is named by its title.
    """

    seats: tuple[Mapping[str, Any], ...]
    """Titles by language of the seats that nobody kept certified."""
    certified_through: date
    """The last day on which all of them were certified."""
    stands_through: date
    """The last day of grace for them."""
    has_lapsed: bool

    def titles(self, language: str) -> list[str]:
        return [str(title.get(language) or title["en"]) for title in self.seats]

    def to_json(self, language: str) -> dict[str, Any]:
        return {
            "standing": "lapsed" if self.has_lapsed else "at-risk",
            "seats": self.titles(language),
            "certified_through": self.certified_through.isoformat(),
            "stands_through": self.stands_through.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """The public face of a certificate at a moment. `name` is None where the holder hides it."""

    code: str
    status: Status
    facts: CertificateFacts
    name: str | None
    revoked_at: datetime | None
    superseded_by: str | None
    checked_at: datetime
    valid_from: datetime
    team_standing: TeamStanding | None = None
    is_erased: bool = False
    """Its holder had their data erased: it stands as before, with a name only where the site's rule keeps it."""
    revoked_evidence: tuple[bool, ...] = ()
    """For each thing that it rests on, in order: whether that was revoked since. It stands by itself all the same."""

    @property
    def license(self) -> LicenseFacts | None:
        """The holder's license with its number masked; none where the name is hidden, since it would tell it."""
        license = self.facts.license
        if license is None or self.name is None:
            return None
        return replace(license, number=masked_number(license.number))

    @property
    def evidence(self) -> tuple[EvidenceFacts, ...]:
        """What a certification rests on; without codes where the name is hidden: their pages may still show it."""
        if self.name is not None:
            return self.facts.evidence
        return tuple(replace(one, code="") for one in self.facts.evidence)

    def to_json(self) -> dict[str, Any]:
        """The JSON twin of the page."""
        facts = self.facts
        return {
            "code": self.code,
            "status": self.status,
            "checked_at": self.checked_at.isoformat(),
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
            "superseded_by": self.superseded_by,
            "kind": facts.kind,
            "name": self.name,
            "is_name_hidden": self.name is None and not self.is_erased,
            "is_name_erased": self.name is None and self.is_erased,
            "title": facts.title,
            "course": facts.course_slug or None,
            "course_code": facts.course_code or None,
            "course_version": facts.version_number,
            "contact_minutes": facts.contact_minutes,
            "contact_hours": facts.contact_hours if facts.contact_minutes is not None else None,
            # What a certification rests on may have been learned in many ways.
            "modality": facts.modality if facts.kind != "certification" else None,
            "completed_on": facts.completed_on.isoformat(),
            "valid_from": self.valid_from.isoformat(),
            "valid_until": facts.valid_until.isoformat() if facts.valid_until else None,
            "credit": [
                {
                    "body": line.body,
                    "body_name": line.body_name,
                    "type": line.type,
                    "category": line.category,
                    "minutes": line.minutes,
                    "hours": line.hours,
                    "is_within": line.is_within,
                    "approval_number": line.approval_number or None,
                    "statement": line.statement or None,
                }
                for line in facts.credit
            ],
            "license": asdict(self.license) if self.license else None,
            "evidence": [
                {
                    "title": one.title,
                    "completed_on": one.completed_on.isoformat(),
                    "code": one.code or None,
                    "provider": one.provider or None,
                    "is_revoked": is_revoked,
                }
                for one, is_revoked in zip(self.evidence, self.revoked_evidence, strict=True)
            ],
            "certification": facts.certification_slug or None,
            "certification_rule": facts.rule_version,
            "accreditation": facts.accreditation_statement or None,
            "may_be_submitted_to": [
                {"body": line.body, "type": line.type, "category": line.category, "minutes": line.minutes}
                for line in facts.suggested_credit
            ],
            "issuer": facts.issuer_name,
            "issuer_url": facts.site_url,
            "provider": {
                "name": facts.provider_name,
                "address": facts.provider_address or None,
                "numbers": facts.provider_numbers or None,
            },
            "seats": [{"title": seat.title, "agency": seat.agency_name} for seat in facts.team.composition]
            if facts.team
            else None,
            "team_standing": self.team_standing.to_json(facts.language) if self.team_standing else None,
        }


def find_coded(code: str) -> Certificate | None:
    """The certificate with a stored code; None where none was issued."""
    with looking_as(VERIFICATION):
        return db.session.scalar(select(Certificate).where(Certificate.code == code))


def verification_of(certificate: Certificate, now: datetime, team_standing: TeamStanding | None = None) -> Verification:
    """What a certificate stands for at `now`. `team_standing` is what a team's seats add to its own dates."""
    facts = CertificateFacts.from_json(certificate.facts)
    return Verification(
        code=certificate.code,
        status=standing_with(status_of(certificate, now), team_standing),
        facts=facts,
        name=None if certificate.is_name_hidden or not facts.printed_name else facts.printed_name,
        revoked_at=certificate.revoked_at,
        superseded_by=code_in_place_of(certificate),
        checked_at=now,
        valid_from=certificate.valid_from,
        team_standing=team_standing,
        is_erased=certificate.erased_at is not None,
        revoked_evidence=revoked_evidence(facts),
    )


def revoked_evidence(facts: CertificateFacts) -> tuple[bool, ...]:
    """For each thing that an award rests on: whether that certificate, or the one in its place, was revoked. No query
    where it rests on none; else one, and one for each correction of them."""
    codes = [one.code for one in facts.evidence if one.code]
    revoked: set[str] = set()
    columns = (Certificate.superseded_by_id, Certificate.revoked_at)
    with looking_as(VERIFICATION):
        rows = (
            db.session.execute(select(Certificate.code, *columns).where(Certificate.code.in_(codes))) if codes else ()
        )
        for code, next_id, revoked_at in list(rows):
            while next_id is not None:
                next_id, revoked_at = db.session.execute(select(*columns).where(Certificate.id == next_id)).one()
            if revoked_at is not None:
                revoked.add(code)
    return tuple(one.code in revoked for one in facts.evidence)


def code_in_place_of(certificate: Certificate) -> str | None:
    """The code of the certificate that stands in the place of this one; None where it was not replaced."""
    if certificate.superseded_by_id is None:
        return None
    with looking_as(VERIFICATION):
        return db.session.scalar(select(Certificate.code).where(Certificate.id == certificate.superseded_by_id))


def standing_with(status: Status, team_standing: TeamStanding | None) -> Status:
    """A lapse comes before an expiry: it was first. A revoked or replaced certificate is that, whatever its seats."""
    if team_standing is not None and team_standing.has_lapsed and status in ("valid", "expired"):
        return "lapsed"
    return status


def masked_number(number: str) -> str:
    """A license number as strangers may see it: its last three characters, or none of a short one."""
    shown = number[-3:] if len(number) >= 6 else ""
    return "•" * (len(number) - len(shown)) + shown


def names_match(typed: str, printed: str) -> bool:
    """Whether somebody typed the name on the certificate; case, accents, spaces and punctuation do not count."""
    return _letters(typed) == _letters(printed) != ""


def _letters(name: str) -> str:
    """Letters and digits only, without accents; the vowel signs that take room of their own stay."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum() or unicodedata.category(letter) == "Mc")
