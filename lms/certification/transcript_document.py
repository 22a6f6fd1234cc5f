"""The transcript as PDF: portrait, one line per certificate and training elsewhere, and the hours by year and body."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from lms.certification import typefaces
from lms.certification.credit_bodies import Body
from lms.certification.facts import AwardSite
from lms.certification.press import Sheet, press
from lms.certification.transcript import CreditTotal, Line, Transcript
from lms.certification.transcript_elsewhere import ElsewhereLine
from lms.certification.typefaces import SERIF
from lms.certification.typesetting import Setter
from lms.certification.wording import ENGLISH, WORDS, credit_word, long_day, short_day, word
from lms.clock import local_day

NAME_POINTS = 6.9 * 72


def draw_transcript(
    transcript: Transcript,
    *,
    language: str,
    site: AwardSite,
    bodies: Mapping[str, Body] = MappingProxyType({}),
) -> bytes:
    """The PDF of a transcript as of its moment. Never in a transaction. Raises PressIsBusy."""
    language = language if language in WORDS else "en"
    words = WORDS.get(language, ENGLISH)
    setter = Setter()
    today = local_day(transcript.as_of, site.time_zone)
    name = setter.set(transcript.name, SERIF)
    title = f"{words['transcript_title']} – {name.text}"
    as_of = word(language, "as_of", day=long_day(today, language))
    notes = ["certification_note"] if transcript.has_certifications else []
    values: dict[str, Any] = {
        "language": language,
        "words": words,
        "title": title,
        "provider": setter.set(site.provider_name),
        "name": name,
        "name_size": typefaces.fit(
            name.text, name.faces, NAME_POINTS, {1: range(22, 15, -1), 2: range(18, 11, -1), 3: range(12, 8, -1)}
        ),
        "name_line": typefaces.line_height(name.faces),
        "as_of": as_of,
        "running": setter.set(f"{name.text} · {as_of}"),
        "lines": [_line(line, language, site.time_zone, setter) for line in transcript.lines],
        "years": transcript.years,
        "credit": [_credit(total, language, setter, bodies.get(total.body)) for total in transcript.credit],
        "all": transcript.all,
        "elsewhere": [_elsewhere(one, language, site.provider_name, setter) for one in transcript.elsewhere],
        "accreditation": setter.set(site.accreditation_statement or words["no_accreditation"]),
        "note": " ".join(
            word(language, key, address=f"{site.site_url.rstrip('/')}/verify") for key in (*notes, "transcript_note")
        ),
    }
    return press().draw(
        Sheet(
            "transcript.html",
            "transcript.css",
            values,
            faces=tuple(sorted(setter.faces)),
            title=title,
            author=typefaces.printable(site.provider_name),
            language=language,
            dated=today,
        )
    )


def _line(line: Line, language: str, zone: str, setter: Setter) -> dict[str, Any]:
    facts = line.facts
    version = word(language, "version", number=facts.version_number) if facts.version_number else ""
    return {
        "completed": short_day(facts.completed_on, language),
        "title": setter.set(facts.title),
        "source": ", ".join(part for part in (facts.course_code, version) if part),
        "hours": facts.contact_hours if line.counts else "–",
        "standing": standing_text(line, language, zone),
        "code": line.code,
    }


def _elsewhere(line: ElsewhereLine, language: str, provider_name: str, setter: Setter) -> dict[str, Any]:
    return {
        "completed": short_day(line.completed_on, language),
        "title": setter.set(line.title),
        "provider": setter.set(line.provider),
        "hours": line.hours,
        "approved_by": setter.set(line.approved_by(provider_name)),
    }


def _credit(total: CreditTotal, language: str, setter: Setter, body: Body | None) -> dict[str, Any]:
    area = ", ".join(credit_word(name, language) for name in (total.type, total.category) if name) or "–"
    if body is not None and body.is_topic(total.category):
        area = f"{area} ({word(language, 'inside_area')})"
    return {
        "year": total.year,
        "body": setter.set(total.body_name),
        "area": setter.set(area),
        "sums": total,
    }


def standing_text(line: Line, language: str, zone: str) -> str:
    """Where a certificate stands, with the day that matters."""
    days: dict[str, date | None] = {
        "valid": line.facts.valid_until,
        "expired": line.facts.valid_until,
        "revoked": local_day(line.revoked_at, zone) if line.revoked_at else None,
    }
    day = days.get(line.status)
    if line.status == "valid" and day is None:
        return word(language, "standing_valid_forever")
    return word(language, f"standing_{line.status}", day=short_day(day, language) if day else "")
