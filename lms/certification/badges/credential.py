"""An OpenBadgeCredential (Open Badges 3.0, Verifiable Credentials 2.0) out of a certificate's facts. Pure.

It says what the certificate says and no more: never a score, an e-mail address or a date of birth; the name only where
its holder shows it. Its subject is a random identifier.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lms.certification.badges.addresses import achievement_url, credential_id, image_url, issuer_url
from lms.certification.badges.status import moment_text, status_entry
from lms.certification.badges.words import credit, criteria, said
from lms.certification.facts import CertificateFacts, EvidenceFacts
from lms.certification.wording import long_day

CONTEXTS = ("https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json")
"""Copies for the tests: tests/vendor/contexts. Nothing of ours ever fetches them."""

TYPES = {"course": "CertificateOfCompletion", "certification": "Certification", "team": "Award"}


@dataclass(frozen=True, slots=True)
class Award:
    """All that a credential is made of."""

    facts: CertificateFacts
    site: str
    subject_id: str
    status_list: int
    status_index: int
    valid_from: datetime
    expires_at: datetime | None
    awarded_at: datetime
    shows_name: bool


def claims(award: Award) -> dict[str, Any]:
    """The credential with the registered claims of a VC-JWT beside its own (Open Badges 3.0, 8.2.4)."""
    credential = credential_of(award)
    issuer, subject = credential["issuer"]["id"], credential["credentialSubject"]["id"]
    registered: dict[str, Any] = {"iss": issuer, "jti": credential["id"], "sub": subject}
    registered["nbf"] = int(award.valid_from.timestamp())
    if award.expires_at is not None:
        registered["exp"] = int(award.expires_at.timestamp())
    return {**credential, **registered}


def credential_of(award: Award) -> dict[str, Any]:
    facts, site = award.facts, award.site
    credential: dict[str, Any] = {
        "@context": list(CONTEXTS),
        "id": credential_id(site, facts.code),
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": facts.title,
        "issuer": {**profile(site, facts.provider_name)},
        "validFrom": moment_text(award.valid_from),
        "awardedDate": moment_text(award.awarded_at),
        "credentialSubject": _subject(award),
        "credentialStatus": status_entry(site, award.status_list, award.status_index),
    }
    if award.expires_at is not None:
        credential["validUntil"] = moment_text(award.expires_at)
    if facts.evidence:
        credential["evidence"] = [_evidence(one, award) for one in facts.evidence]
    return credential


def profile(site: str, name: str) -> dict[str, Any]:
    """Who issues, as a credential and the issuer's address say it."""
    return {"id": issuer_url(site), "type": ["Profile"], "name": name, "url": site}


def achievement(facts: CertificateFacts, site: str) -> tuple[str, dict[str, Any]]:
    """What was achieved, and the key of its address: the same definition has the same one, whoever earned it."""
    narrative = criteria(facts)
    found: dict[str, Any] = {
        "type": ["Achievement"],
        "achievementType": TYPES[facts.kind],
        "name": facts.title,
        "description": _described(facts),
        "criteria": {"narrative": narrative},
        "inLanguage": facts.language,
        "creator": profile(site, facts.provider_name),
    }
    if facts.course_code:
        found["humanCode"] = facts.course_code
    number = facts.version_number or facts.rule_version
    if number is not None:
        found["version"] = str(number)
    if facts.course_slug and facts.objectives:
        found["alignment"] = [_alignment(objective, facts, site) for objective in facts.objectives]
    key = _key(facts, found)
    address = achievement_url(site, key)
    if facts.contact_minutes is not None:
        found["resultDescription"] = [
            {
                "id": f"{address}#hours",
                "type": ["ResultDescription"],
                "name": said(facts.language, "contact_hours"),
                "resultType": "ext:ContactHours",
            }
        ]
    caption = said(facts.language, "image", title=facts.title)
    found["image"] = {"id": image_url(site, key), "type": "Image", "caption": caption}
    return key, {"id": address, **found}


def _described(facts: CertificateFacts) -> str:
    """Where it was achieved, and for a course what it teaches."""
    where = said(
        facts.language, "described_team" if facts.kind == "team" else "described", provider=facts.provider_name
    )
    return f"{where} {'; '.join(facts.objectives)}." if facts.objectives else where


def _key(facts: CertificateFacts, definition: dict[str, Any]) -> str:
    text = json.dumps(definition, ensure_ascii=False, sort_keys=True)
    name = re.sub(r"[^a-z0-9]+", "-", (facts.course_slug or facts.certification_slug or facts.kind).lower()).strip("-")
    return f"{name[:60]}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def _subject(award: Award) -> dict[str, Any]:
    facts = award.facts
    _, definition = achievement(facts, award.site)
    subject: dict[str, Any] = {"id": award.subject_id, "type": ["AchievementSubject"], "achievement": definition}
    if award.shows_name:
        subject["identifier"] = [
            {
                "type": "IdentityObject",
                "hashed": False,
                "identityHash": facts.printed_name,
                "identityType": "name",
            }
        ]
    subject["narrative"] = credit(facts)
    if facts.contact_minutes is not None:
        subject["result"] = [
            {
                "type": ["Result"],
                "resultDescription": definition["resultDescription"][0]["id"],
                "value": facts.contact_hours,
            }
        ]
    return subject


def _alignment(objective: str, facts: CertificateFacts, site: str) -> dict[str, Any]:
    """An objective of the course, with the public page that lists what it teaches."""
    return {
        "type": ["Alignment"],
        "targetName": objective,
        "targetUrl": f"{site}/courses/{facts.course_slug}",
        "targetFramework": facts.title,
        "targetType": "ext:CourseObjective",
    }


def _evidence(one: EvidenceFacts, award: Award) -> dict[str, Any]:
    """A certificate by its code, or training elsewhere. Where the name is hidden codes are left out: the page of an
    earlier certificate may still show it."""
    language = award.facts.language
    day = long_day(one.completed_on, language)
    if one.provider:
        narrative = said(language, "evidence_elsewhere", day=day, provider=one.provider)
    else:
        narrative = said(language, "evidence", day=day)
    found: dict[str, Any] = {"type": ["Evidence"], "name": one.title, "narrative": narrative}
    if one.code and award.shows_name:
        found = {"id": credential_id(award.site, one.code), **found, "description": one.code}
    return found
