"""What anybody with a code may know of a certificate: never a score, an address, or a name that its holder hides."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.certification.standing import Status, status_of
from lms.database import db
from lms.wall.sight import VERIFICATION, looking_as


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
            "is_name_hidden": self.name is None,
            "title": facts.title,
            "course": facts.course_slug or None,
            "course_code": facts.course_code or None,
            "course_version": facts.version_number,
            "contact_minutes": facts.contact_minutes,
            "contact_hours": facts.contact_hours if facts.contact_minutes is not None else None,
            "modality": facts.modality,
            "completed_on": facts.completed_on.isoformat(),
            "valid_until": facts.valid_until.isoformat() if facts.valid_until else None,
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
        }


def find_verification(code: str, now: datetime) -> Verification | None:
    """What a stored code stands for at `now`; None where none was issued. One query, two for a superseded one."""
    with looking_as(VERIFICATION):
        certificate = db.session.scalar(select(Certificate).where(Certificate.code == code))
        return None if certificate is None else verification_of(certificate, now)


def verification_of(certificate: Certificate, now: datetime) -> Verification:
    facts = CertificateFacts.from_json(certificate.facts)
    newer = None
    if certificate.superseded_by_id is not None:
        with looking_as(VERIFICATION):
            newer = db.session.scalar(select(Certificate.code).where(Certificate.id == certificate.superseded_by_id))
    return Verification(
        code=certificate.code,
        status=status_of(certificate, now),
        facts=facts,
        name=None if certificate.is_name_hidden else facts.printed_name,
        revoked_at=certificate.revoked_at,
        superseded_by=newer,
        checked_at=now,
    )


def names_match(typed: str, printed: str) -> bool:
    """Whether somebody typed the name on the certificate; case, accents, spaces and punctuation do not count."""
    return _letters(typed) == _letters(printed) != ""


def _letters(name: str) -> str:
    """Letters and digits only, without accents; the vowel signs that take room of their own stay."""
    decomposed = unicodedata.normalize("NFKD", name.casefold())
    return "".join(letter for letter in decomposed if letter.isalnum() or unicodedata.category(letter) == "Mc")
