"""What stands on a certificate's first page, each text in fonts that print it and in a size that fits its design."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from lms.certification import typefaces
from lms.certification.designs import Design, Measures, design_of
from lms.certification.facts import CertificateFacts
from lms.certification.press import Attached, Sheet, qr_image
from lms.certification.press_sources import SCHEME
from lms.certification.sheet_details import (
    details,
    first_statement,
    license_line,
    provider_line,
    shown_address,
    source_line,
)
from lms.certification.sheet_tables import facts_table, fitted_table
from lms.certification.typefaces import BOLD, ITALIC, SERIF
from lms.certification.typesetting import Setter
from lms.certification.wording import ENGLISH, WORDS, word

TITLES = {"course": "certificate_title", "certification": "certification_title", "team": "team_title"}


def sheet_of(
    facts: CertificateFacts,
    design: Design | None = None,
    attachments: Sequence[Attached] = (),
    logo: bytes = b"",
) -> Sheet:
    """The sheet that a certificate is drawn from, in the design that its facts name unless another is given."""
    design = design or design_of(facts.design, facts.kind)
    setter = Setter()
    words = WORDS.get(facts.language, ENGLISH)
    values = {**_front(facts, setter, words, design.measures, logo), **details(facts, setter)}
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
        folder=design.folder,
    )


def _front(
    facts: CertificateFacts, setter: Setter, words: Mapping[str, str], measures: Measures, logo: bytes
) -> dict[str, Any]:
    is_team = facts.team is not None
    name = setter.set(facts.printed_name, SERIF)
    heading = words[TITLES[facts.kind]]
    values = {
        "kind": facts.kind,
        "language": facts.language if facts.language in WORDS else "en",
        "words": words,
        "title": f"{heading} – {name.text}",
        "heading": heading,
        "heading_size": typefaces.fit(heading, (SERIF,), measures.body, {1: _down(measures.heading, 24)}),
        "lead": words["certifies_team" if is_team else "certifies"],
        "second_lead": words["completed_lead" if facts.kind == "course" else "met_lead"],
        "seal": f"{SCHEME}image/{'seal-team' if is_team else 'seal'}.svg",
        "logo": f"data:image/png;base64,{base64.b64encode(logo).decode()}" if logo else "",
        "logo_alt": word(
            facts.language, "logo_alt", agency=typefaces.printable(facts.agency_name or facts.issuer_name)
        ),
        "qr": qr_image(facts.verify_url),
        "qr_alt": word(facts.language, "qr_alt", address=facts.verify_url),
        "code": facts.code,
        "verify_url": facts.verify_url,
        "verify_shown": shown_address(facts),
        "name": name,
        "name_size": typefaces.fit(
            name.text,
            name.faces,
            measures.name or measures.body,
            {1: range(36, 23, -1), 2: range(30, 17, -1), 3: range(18, 9, -1)},
        ),
        "name_line": typefaces.line_height(name.faces),
        "license": setter.set(license_line(facts)),
        "agency": setter.set(facts.agency_name),
        "source": source_line(facts),
        **fitted_table(facts_table(facts), measures.body, measures.cell),
        "signatories": [_signature(setter, *signatory, measures) for signatory in facts.signatories],
        "provider": setter.set(facts.provider_name),
        "provider_address": setter.set(facts.provider_address),
        "provider_numbers": setter.set(
            word(facts.language, "provider_numbers", numbers=facts.provider_numbers) if facts.provider_numbers else ""
        ),
        **_fitted_lines(facts, setter, measures),
    }
    return {**values, **_fitted_statement(facts, setter, values, measures)}


def _fitted_lines(facts: CertificateFacts, setter: Setter, measures: Measures) -> dict[str, Any]:
    """Issuer, title of the course and provider, each in the largest size in which it fits."""
    issuer = setter.set(facts.issuer_name.upper(), BOLD)
    course = setter.set(facts.title, SERIF)
    line = setter.set(provider_line(facts))
    return {
        "issuer": issuer,
        "issuer_size": typefaces.fit(issuer.text, issuer.faces, measures.issuer / 1.12, measures.issuer_sizes),
        "course": course,
        "course_size": typefaces.fit(
            course.text, course.faces, measures.body, {2: range(20, 15, -1), 3: range(16, 9, -1)}
        ),
        "provider_line": line,
        "provider_size": typefaces.fit(
            line.text, line.faces, measures.provider or measures.statement, {2: (8, 7.5, 7), 3: (6.5,)}
        ),
    }


def _signature(setter: Setter, name: str, title: str, measures: Measures) -> dict[str, Any]:
    """Who signs; name and title in one line each where they fit, and never in more than two: below stands who gives
    the course."""
    signature, width = setter.set(name, ITALIC), measures.signature
    lines = {1: _down(measures.signatory, 7), 2: (7, 6.5, 6)}
    below = {key: setter.set(text) for key, text in (("name", name), ("title", title))}
    sizes = {f"{key}_size": typefaces.fit(one.text, one.faces, width, lines) for key, one in below.items()}
    size = typefaces.fit(signature.text, signature.faces, width, {1: range(21, 8, -1)})
    return {"signature": signature, "size": size, **below, **sizes}


def _down(first: float, last: float) -> tuple[float, ...]:
    """Sizes to be tried, in steps of half a point."""
    return tuple(size / 2 for size in range(int(first * 2), int(last * 2) - 1, -1))


def _fitted_statement(
    facts: CertificateFacts, setter: Setter, values: Mapping[str, Any], measures: Measures
) -> dict[str, Any]:
    """The credit statement, and the agency's own sentence, in the largest of a few sizes that leaves the signatures
    free. A credit statement that is too long even in the smallest stands whole on the second page only, and the first
    says so."""
    name, course = values["name"], values["course"]
    above = (
        measures.fixed
        + typefaces.height_of(
            name.text, name.faces, values["name_size"], measures.name or measures.body, values["name_line"]
        )
        + sum(
            typefaces.height_of(line.text, line.faces, 10.5, measures.body, 1.4)
            for line in (values["license"], values["agency"])
        )
        + typefaces.height_of(course.text, course.faces, values["course_size"], measures.body, 1.2)
    )
    room = measures.page - above
    statement, own = setter.set(first_statement(facts)), setter.set(facts.statement)

    def height(size: float) -> float:
        return sum(typefaces.height_of(one.text, one.faces, size, measures.statement, 1.4) for one in (statement, own))

    for size in (9, 8.5, 8, 7.5, 7):
        if height(size) + (6 if own.text else 0) <= room:
            return {"statement": statement, "own_statement": own, "statement_size": size}
    overleaf = setter.set(word(facts.language, "credit_overleaf"))
    return {"statement": overleaf, "own_statement": setter.set(""), "statement_size": 9}
