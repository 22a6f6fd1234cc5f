"""Certificates as PDF: one design for people, a variant for teams; PDF/A-3a and PDF/UA-1; same facts, same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from lms.certification import typefaces
from lms.certification.facts import CertificateFacts, MilestoneLine, TeamFacts
from lms.certification.press import SCHEME, Attached, Sheet, press, qr_image
from lms.certification.typefaces import BOLD, ITALIC, SERIF
from lms.certification.typesetting import Setter
from lms.certification.wording import ENGLISH, WORDS, long_day, suggested_text, word

BODY_POINTS = 7.1 * 72
"""Width of the text beside the band."""

ISSUER_POINTS = 2.05 * 72

SIGNATURE_POINTS = 3.3 * 72

FIXED_POINTS = 422.0
"""Height of what never changes on the first page beside the band: margins, title, leads, code, table of two lines and
their distances, and below it the signatures and the provider."""

PAGE_POINTS = 8.5 * 72

TOGETHER = 10
"""So many certificates are drawn in one go: more gain nothing."""


@dataclass(frozen=True, slots=True)
class Design:
    """How certificates of one look are set: their template and style."""

    template: str
    style: str


MODERN = Design("certificate.html", "certificate.css")


@dataclass(frozen=True, slots=True)
class Order:
    """One certificate to draw: what it says, how it looks, what it carries."""

    facts: CertificateFacts
    design: Design = MODERN
    attachments: tuple[Attached, ...] = ()


def draw(facts: CertificateFacts, design: Design = MODERN, attachments: Sequence[Attached] = ()) -> bytes:
    """The PDF of a certificate, out of its facts alone, carrying the attachments. Takes about a twentieth of a second:
    never in a transaction.

    Raises PressIsBusy where too many are being drawn.
    """
    return draw_orders([Order(facts, design, tuple(attachments))])[0]


def draw_many(many: Sequence[CertificateFacts]) -> list[bytes]:
    """The PDFs of many certificates, each the very bytes that `draw` makes of it, in less time. Raises PressIsBusy."""
    return draw_orders([Order(facts) for facts in many])


def draw_orders(orders: Sequence[Order]) -> list[bytes]:
    """The PDFs of orders, those of one look and language drawn together. Raises PressIsBusy."""
    sheets = [sheet_of(order.facts, order.design, order.attachments) for order in orders]
    alike: dict[tuple[str, str, str], list[int]] = {}
    for place, sheet in enumerate(sheets):
        alike.setdefault((sheet.template, sheet.style, sheet.language), []).append(place)
    drawn: dict[int, bytes] = {}
    for places in alike.values():
        for start in range(0, len(places), TOGETHER):
            some = places[start : start + TOGETHER]
            contents = press().draw_together([sheets[place] for place in some])
            drawn.update(zip(some, contents, strict=True))
    return [drawn[place] for place in range(len(sheets))]


def sheet_of(facts: CertificateFacts, design: Design = MODERN, attachments: Sequence[Attached] = ()) -> Sheet:
    """The sheet that a certificate is drawn from."""
    setter = Setter()
    words = WORDS.get(facts.language, ENGLISH)
    values = {**_front(facts, setter, words), **_details(facts, setter)}
    return Sheet(
        design.template,
        design.style,
        values,
        faces=tuple(sorted(setter.faces)),
        title=values["title"],
        author=typefaces.printable(facts.provider_name),
        language=values["language"],
        dated=facts.completed_on,
        attachments=tuple(attachments),
    )


def _front(facts: CertificateFacts, setter: Setter, words: Any) -> dict[str, Any]:
    is_team = facts.team is not None
    name = setter.set(facts.printed_name, SERIF)
    course = setter.set(facts.title, SERIF)
    issuer = setter.set(facts.issuer_name.upper(), BOLD)
    heading = words["team_title" if is_team else "certificate_title"]
    provider_line = setter.set(_provider_line(facts))
    name_size = typefaces.fit(
        name.text, name.faces, BODY_POINTS, {1: range(36, 23, -1), 2: range(30, 17, -1), 3: range(18, 9, -1)}
    )
    course_size = typefaces.fit(course.text, course.faces, BODY_POINTS, {2: range(20, 15, -1), 3: range(16, 9, -1)})
    values = {
        "kind": "team" if is_team else "course",
        "language": facts.language if facts.language in WORDS else "en",
        "words": words,
        "title": f"{heading} – {name.text}",
        "heading": heading,
        "lead": words["certifies_team" if is_team else "certifies"],
        "second_lead": words["met_lead" if is_team else "completed_lead"],
        "seal": f"{SCHEME}image/{'seal-team' if is_team else 'seal'}.svg",
        "issuer": issuer,
        "issuer_size": typefaces.fit(
            issuer.text, issuer.faces, ISSUER_POINTS / 1.12, {2: range(12, 9, -1), 5: range(11, 6, -1)}
        ),
        "qr": qr_image(facts.verify_url),
        "qr_alt": word(facts.language, "qr_alt", address=facts.verify_url),
        "code": facts.code,
        "verify_url": facts.verify_url,
        "verify_shown": shown_address(facts),
        "name": name,
        "name_size": name_size,
        "name_line": typefaces.line_height(name.faces),
        "agency": setter.set(facts.agency_name),
        "course": course,
        "course_size": course_size,
        "source": _source(facts),
        "table": _team_table(facts, facts.team) if facts.team else _course_table(facts),
        "signatories": [_signature(setter, *signatory) for signatory in facts.signatories],
        "provider_line": provider_line,
        "provider_size": typefaces.fit(
            provider_line.text, provider_line.faces, BODY_POINTS, {2: (8, 7.5, 7), 3: (6.5,)}
        ),
        "provider": setter.set(facts.provider_name),
        "provider_address": setter.set(facts.provider_address),
        "provider_numbers": setter.set(
            word(facts.language, "provider_numbers", numbers=facts.provider_numbers) if facts.provider_numbers else ""
        ),
    }
    return {**values, **_fitted_statement(facts, setter, values)}


def _signature(setter: Setter, name: str, title: str) -> dict[str, Any]:
    signature = setter.set(name, ITALIC)
    size = typefaces.fit(signature.text, signature.faces, SIGNATURE_POINTS, {1: range(21, 8, -1)})
    return {"signature": signature, "size": size, "name": setter.set(name), "title": setter.set(title)}


def _fitted_statement(facts: CertificateFacts, setter: Setter, values: Mapping[str, Any]) -> dict[str, Any]:
    """The credit statement in the largest of a few sizes that leaves the signatures free. One that is too long even
    in the smallest stands whole on the second page only, and the first says so."""
    name, agency, course = values["name"], values["agency"], values["course"]
    above = (
        FIXED_POINTS
        + typefaces.height_of(name.text, name.faces, values["name_size"], BODY_POINTS, values["name_line"])
        + typefaces.height_of(agency.text, agency.faces, 10.5, BODY_POINTS, 1.4)
        + typefaces.height_of(course.text, course.faces, values["course_size"], BODY_POINTS, 1.2)
    )
    statement = setter.set(_statement(facts))
    for size in (9, 8.5, 8, 7.5, 7):
        if typefaces.height_of(statement.text, statement.faces, size, BODY_POINTS, 1.4) <= PAGE_POINTS - above:
            return {"statement": statement, "statement_size": size}
    return {"statement": setter.set(word(facts.language, "credit_overleaf")), "statement_size": 9}


def _details(facts: CertificateFacts, setter: Setter) -> dict[str, Any]:
    """The second page: composition or objectives, the whole credit statement, how to check."""
    team = facts.team
    credit = [_accreditation(facts), *(suggested_text(line, facts.language) for line in facts.suggested_credit)]
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
        "objectives": [setter.set(objective) for objective in facts.objectives],
        "credit": [setter.set(line) for line in credit],
        "closing": closing,
    }


def _met(one: MilestoneLine, language: str) -> str:
    """When a milestone was met."""
    if one.met_on is not None:
        return long_day(one.met_on, language)
    return word(language, "met_by_award") if one.is_met_by_award else "–"


@dataclass(frozen=True, slots=True)
class Fact:
    """One column of the table on the first page."""

    label: str
    value: str
    detail: str = ""
    is_day: bool = False


def _course_table(facts: CertificateFacts) -> list[Fact]:
    language = facts.language
    return [
        Fact(word(language, "contact_hours"), facts.contact_hours),
        _day(language, "completed", facts.completed_on),
        Fact(word(language, "format"), word(language, facts.modality), word(language, f"{facts.modality}-detail")),
        _valid_until(facts),
    ]


def _team_table(facts: CertificateFacts, team: TeamFacts) -> list[Fact]:
    language = facts.language
    table = [
        Fact(word(language, "members"), str(len(team.composition))),
        _day(language, "awarded", facts.completed_on),
    ]
    if team.exercise_on is not None:
        table.append(_day(language, "exercise", team.exercise_on))
    return [*table, _valid_until(facts)]


def _day(language: str, label: str, day: date) -> Fact:
    return Fact(word(language, label), long_day(day, language), is_day=True)


def _valid_until(facts: CertificateFacts) -> Fact:
    if facts.valid_until is None:
        return Fact(word(facts.language, "valid_until"), word(facts.language, "no_end"))
    return _day(facts.language, "valid_until", facts.valid_until)


def _source(facts: CertificateFacts) -> str:
    if not facts.course_code:
        return ""
    if facts.version_number is None:
        return facts.course_code
    return f"{facts.course_code}, {word(facts.language, 'version', number=facts.version_number)}"


def _provider_line(facts: CertificateFacts) -> str:
    """Who gives the course, with address and numbers: what boards ask for on the first page."""
    numbers = word(facts.language, "provider_numbers", numbers=facts.provider_numbers) if facts.provider_numbers else ""
    return " · ".join(part for part in (facts.provider_name, facts.provider_address, numbers) if part)


def _accreditation(facts: CertificateFacts) -> str:
    return facts.accreditation_statement or word(facts.language, "no_accreditation")


def _statement(facts: CertificateFacts) -> str:
    """What the first page says of credit, and for a team which seats were filled."""
    parts = [_accreditation(facts), *(suggested_text(line, facts.language) for line in facts.suggested_credit)]
    if facts.team is not None:
        titles = ", ".join(dict.fromkeys(seat.title for seat in facts.team.composition))
        parts.insert(0, word(facts.language, "composed", seats=titles))
    return " ".join(parts)


def shown_address(facts: CertificateFacts) -> str:
    """The site as people type it: without the scheme."""
    return facts.site_url.partition("://")[2] + "/verify"
