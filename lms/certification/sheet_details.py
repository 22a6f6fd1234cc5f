"""What stands on a certificate's second page, and the sentences that both pages share."""

from __future__ import annotations

from typing import Any

from lms.certification.facts import CertificateFacts, MilestoneLine
from lms.certification.typesetting import Setter
from lms.certification.wording import credit_text, long_day, suggested_text, word


def details(facts: CertificateFacts, setter: Setter) -> dict[str, Any]:
    """Composition or objectives, what the award rests on, the whole credit statement, how to check."""
    team = facts.team
    return {
        "holder": setter.set(facts.printed_name),
        "seats": [
            {
                "title": setter.set(seat.title),
                "person": setter.set(seat.person_name),
                "agency": setter.set(seat.agency_name),
            }
            for seat in (team.composition if team else ())
        ],
        "milestones": [
            {
                "title": setter.set(one.title),
                "met_on": _met(one, facts.language),
            }
            for one in (team.milestones if team else ())
        ],
        "evidence": [
            {
                "title": setter.set(one.title),
                "completed_on": long_day(one.completed_on, facts.language),
                "proof": setter.set(one.code or one.provider),
            }
            for one in facts.evidence
        ],
        "objectives": [setter.set(objective) for objective in facts.objectives],
        "credit": [setter.set(line) for line in credit_lines(facts)],
        "own_details": setter.set(facts.statement),
        "closing": _closing(facts),
    }


def credit_lines(facts: CertificateFacts) -> list[str]:
    """Each line of credit: the accreditation, credit that was approved, credit that may be asked for. Approved credit
    is a claim of its own: beside it "no accreditation is claimed" would be untrue."""
    approved = [credit_text(line, facts.language) for line in facts.credit]
    accreditation = facts.accreditation_statement
    if not accreditation and not approved:
        accreditation = word(facts.language, "no_accreditation")
    suggested = [suggested_text(line, facts.language) for line in facts.suggested_credit]
    return [line for line in (accreditation, *approved, *suggested) if line]


def _closing(facts: CertificateFacts) -> list[str]:
    closing = []
    if facts.pass_mark is not None:
        closing.append(word(facts.language, "pass_rule", percent=facts.pass_mark))
    if facts.contact_minutes is not None:
        hours = facts.contact_hours
        closing.append(word(facts.language, "hours_rule", hours=hours, minutes=facts.contact_minutes))
    if facts.content_hash:
        closing.append(
            word(
                facts.language,
                "source",
                code=facts.course_code,
                number=facts.version_number,
                hash=facts.content_hash[:16],
            )
        )
    closing.append(word(facts.language, "check", address=f"{facts.site_url}/verify", code=facts.code))
    closing.append(word(facts.language, "signed", address=f"{facts.site_url}/verify/offline"))
    return closing


def first_statement(facts: CertificateFacts) -> str:
    """What the first page says of credit, and for a team which seats were filled."""
    parts = credit_lines(facts)
    if facts.team is not None:
        titles = ", ".join(dict.fromkeys(seat.title for seat in facts.team.composition))
        parts.insert(0, word(facts.language, "composed", seats=titles))
    return " ".join(parts)


def license_line(facts: CertificateFacts) -> str:
    """The holder's license, which boards want straight under the name; empty where there is none."""
    if facts.license is None:
        return ""
    return word(facts.language, "license", number=facts.license.number, board=facts.license.board_name)


def source_line(facts: CertificateFacts) -> str:
    if not facts.course_code:
        return ""
    if facts.version_number is None:
        return facts.course_code
    return f"{facts.course_code}, {word(facts.language, 'version', number=facts.version_number)}"


def provider_line(facts: CertificateFacts) -> str:
    """Who gives the course, with address and numbers: what boards ask for on the first page."""
    numbers = word(facts.language, "provider_numbers", numbers=facts.provider_numbers) if facts.provider_numbers else ""
    return " · ".join(part for part in (facts.provider_name, facts.provider_address, numbers) if part)


def shown_address(facts: CertificateFacts) -> str:
    """The site as people type it: without the scheme."""
    return facts.site_url.partition("://")[2] + "/verify"


def _met(one: MilestoneLine, language: str) -> str:
    """When a milestone was met."""
    if one.met_on is not None:
        return long_day(one.met_on, language)
    return word(language, "met_by_award") if one.is_met_by_award else "–"
