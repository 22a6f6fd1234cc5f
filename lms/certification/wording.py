"""The words of printed documents, in each language that they are drawn in. Documents know no Flask and no catalog."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from babel.dates import format_date

from lms.certification.facts import CreditLineFacts, SuggestedLine, hours_of
from lms.resources import LOCALES

ENGLISH = {
    "certificate_title": "Certificate of Completion",
    "certification_title": "Certification",
    "team_title": "Certificate of Team Readiness",
    "certifies": "This certifies that",
    "certifies_team": "This certifies that the team",
    "completed_lead": "has successfully completed",
    "met_lead": "has met the requirements of",
    "contact_hours": "Contact hours",
    "completed": "Completed",
    "awarded": "Awarded",
    "format": "Format",
    "valid_until": "Valid until",
    "no_end": "No end date",
    "exercise": "Exercise",
    "members": "Members",
    "online-self-paced": "Computer-Based Training",
    "online-self-paced-detail": "online, self-paced",
    "team": "Team training",
    "team-detail": "members online, team in its exercise",
    "version": "version {number}",
    "no_accreditation": "No accreditation is claimed.",
    "details_title": "Details of this certificate",
    "objectives": "Learning objectives",
    "credit": "Credit",
    "approved": "Approved for {hours} hours ({kind}) by {body}.",
    "approved_number": "Approved for {hours} hours ({kind}) by {body}, approval number {number}.",
    "approved_within": "Of these hours {hours} are on the topic {kind}.",
    "license": "License {number} · {board}",
    "trainings": "Trainings",
    "evidence": "What it rests on",
    "training": "Training",
    "proof": "Certificate or provider",
    "statement": "From the agency",
    "logo_alt": "Logo of {agency}",
    "signed": "This PDF is signed; {address} explains how to check the signature.",
    "suggested": "May be submitted to {body} for {hours} hours ({kind}); not approved.",
    "seats": "Composition on the day of the award",
    "seat": "Seat",
    "person": "Person",
    "agency": "Agency",
    "milestones": "Milestones",
    "milestone": "Milestone",
    "met_on": "Met on",
    "met_by_award": "By the day of the award",
    "provider": "Provider",
    "provider_numbers": "Provider numbers: {numbers}",
    "pass_rule": "Completion requires at least {percent} percent on the final quiz. Scores are not printed.",
    "hours_rule": "{hours} contact hours = {minutes} minutes.",
    "source": "{code}, version {number}, content {hash}",
    "check": "To check this certificate, scan the code or go to {address} and enter {code}.",
    "check_short": "Check this certificate at",
    "qr_alt": "QR code that opens {address}",
    "seal_alt": "Seal with a star",
    "credit_overleaf": "The credit statement is on the second page.",
    "composed": "Seats filled: {seats}.",
    "transcript_title": "Training transcript",
    "transcript_for": "Transcript of",
    "as_of": "As of {day}",
    "course": "Course",
    "hours": "Hours",
    "standing": "Standing",
    "code": "Code",
    "year": "Year",
    "certificates": "Certificates",
    "total": "Total",
    "hours_by_year": "Contact hours by year",
    "credit_by_year": "Approved credit by year",
    "body": "Body",
    "area": "Type and area",
    "credit_note": "In each body's own hours, as its certificates print them.",
    "inside_area": "inside an area",
    "no_certificates": "No certificate has been awarded so far.",
    "elsewhere": "Training done elsewhere",
    "elsewhere_note": "Not taken here: each was approved by the agency named beside it. It counts once in the sums, in "
    "columns of its own; a certification that rests on it adds no hours.",
    "given_by": "Who gave it",
    "approved_by": "Approved by",
    "hours_here": "Hours earned here",
    "hours_elsewhere": "Hours done elsewhere",
    "hours_together": "Together",
    "standing_valid": "Valid until {day}",
    "standing_valid_forever": "Valid",
    "standing_expired": "Expired after {day}",
    "standing_revoked": "Revoked on {day}",
    "standing_superseded": "Replaced",
    "standing_not-yet": "Not yet valid",
    "certification_note": "The hours of a certification are those of what it rests on, and are not counted again.",
    "transcript_note": "Hours of revoked and replaced certificates are not counted. To check a line, go to {address} "
    "and enter its code.",
    "page": "Page",
    "of": "of",
}

SPANISH = {
    "certificate_title": "Certificado de finalización",
    "certification_title": "Certificación",
    "team_title": "Certificado de preparación del equipo",
    "certifies": "Se certifica que",
    "certifies_team": "Se certifica que el equipo",
    "completed_lead": "ha completado satisfactoriamente",
    "met_lead": "ha cumplido los requisitos de",
    "contact_hours": "Horas de contacto",
    "completed": "Completado",
    "awarded": "Otorgado",
    "format": "Modalidad",
    "valid_until": "Válido hasta",
    "no_end": "Sin fecha de vencimiento",
    "exercise": "Ejercicio",
    "members": "Integrantes",
    "online-self-paced": "Capacitación por computadora",
    "online-self-paced-detail": "Computer-Based Training, a su propio ritmo",
    "team": "Capacitación en equipo",
    "team-detail": "integrantes en línea, equipo en su ejercicio",
    "version": "versión {number}",
    "no_accreditation": "No se declara ninguna acreditación.",
    "details_title": "Detalles de este certificado",
    "objectives": "Objetivos de aprendizaje",
    "credit": "Créditos",
    "approved": "Aprobado para {hours} horas ({kind}). Organismo que lo aprobó: {body}.",
    "approved_number": "Aprobado para {hours} horas ({kind}), número de aprobación {number}. "
    "Organismo que lo aprobó: {body}.",
    "approved_within": "De estas horas, {hours} son sobre el tema {kind}.",
    "license": "Licencia {number} · {board}",
    "trainings": "Capacitaciones",
    "evidence": "En qué se basa",
    "training": "Capacitación",
    "proof": "Certificado o proveedor",
    "statement": "De la agencia",
    "logo_alt": "Logotipo de {agency}",
    "signed": "Este PDF está firmado; {address} explica cómo comprobar la firma.",
    "suggested": "Puede presentarse ante {body} por {hours} horas ({kind}); no aprobado.",
    "seats": "Composición en el día del otorgamiento",
    "seat": "Lugar",
    "person": "Persona",
    "agency": "Agencia",
    "milestones": "Metas",
    "milestone": "Meta",
    "met_on": "Cumplida el",
    "met_by_award": "Hasta el día del otorgamiento",
    "provider": "Proveedor",
    "provider_numbers": "Números de proveedor: {numbers}",
    "pass_rule": "Para completar el curso se exige al menos {percent} por ciento en el cuestionario final. "
    "Las calificaciones no se imprimen.",
    "hours_rule": "{hours} horas de contacto = {minutes} minutos.",
    "source": "{code}, versión {number}, contenido {hash}",
    "check": "Para comprobar este certificado, escanee el código o vaya a {address} e ingrese {code}.",
    "check_short": "Compruebe este certificado en",
    "qr_alt": "Código QR que abre {address}",
    "seal_alt": "Sello con una estrella",
    "credit_overleaf": "La declaración de créditos está en la segunda página.",
    "composed": "Lugares ocupados: {seats}.",
    "transcript_title": "Historial de capacitación",
    "transcript_for": "Historial de",
    "as_of": "Al {day}",
    "course": "Curso",
    "hours": "Horas",
    "standing": "Estado",
    "code": "Código",
    "year": "Año",
    "certificates": "Certificados",
    "total": "Total",
    "hours_by_year": "Horas de contacto por año",
    "credit_by_year": "Créditos aprobados por año",
    "body": "Organismo",
    "area": "Tipo y área",
    "credit_note": "En las horas propias de cada organismo, como las imprimen sus certificados.",
    "inside_area": "dentro de un área",
    "no_certificates": "Todavía no se ha otorgado ningún certificado.",
    "elsewhere": "Capacitación externa",
    "elsewhere_note": "No se realizó aquí: cada capacitación fue aprobada por la agencia que se nombra a su lado. "
    "Cuenta una vez en las sumas, en columnas propias; una certificación que se basa en ella no añade horas.",
    "given_by": "Quién la impartió",
    "approved_by": "Aprobada por",
    "hours_here": "Horas obtenidas aquí",
    "hours_elsewhere": "Horas externas",
    "hours_together": "En total",
    "standing_valid": "Válido hasta el {day}",
    "standing_valid_forever": "Válido",
    "standing_expired": "Venció después del {day}",
    "standing_revoked": "Revocado el {day}",
    "standing_superseded": "Reemplazado",
    "standing_not-yet": "Aún no es válido",
    "certification_note": "Las horas de una certificación son las de aquello en que se basa y no se cuentan otra vez.",
    "transcript_note": "No se cuentan las horas de certificados revocados o reemplazados. Para comprobar una línea, "
    "vaya a {address} e ingrese su código.",
    "page": "Página",
    "of": "de",
}

WORDS: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "es": SPANISH}

BODIES: Mapping[str, Mapping[str, str]] = {
    "missouri-post": {
        "en": "the Missouri Peace Officer Standards and Training (POST) Program",
        "es": "el Programa de Normas y Capacitación de Agentes del Orden (POST) de Missouri",
    },
    "missouri-dese": {
        "en": "a Missouri school district under the rules of the Department of Elementary and Secondary Education",
        "es": "un distrito escolar de Missouri según las normas del Departamento de Educación Primaria y Secundaria",
    },
}
"""The bodies that the shipped courses name. Another body prints by its own id, dashes made spaces."""

CREDIT_WORDS: Mapping[str, Mapping[str, str]] = {
    "clee": {"en": "CLEE", "es": "CLEE"},
    "contact-hours": {"en": "contact hours", "es": "horas de contacto"},
    "legal-studies": {"en": "legal studies", "es": "estudios legales"},
    "technical-studies": {"en": "technical studies", "es": "estudios técnicos"},
    "interpersonal-perspectives": {"en": "interpersonal perspectives", "es": "perspectivas interpersonales"},
    "skill-development-firearms": {
        "en": "skill development: firearms",
        "es": "desarrollo de habilidades: armas de fuego",
    },
    "racial-profiling": {"en": "racial profiling", "es": "elaboración de perfiles raciales"},
    "implicit-bias": {"en": "implicit bias", "es": "sesgo implícito"},
    "de-escalation": {"en": "de-escalation", "es": "desescalada"},
    "nursing-contact-hours": {"en": "nursing contact hours", "es": "horas de contacto de enfermería"},
    "interpersonal": {"en": "interpersonal perspectives", "es": "perspectivas interpersonales"},
    "technical": {"en": "technical studies", "es": "estudios técnicos"},
    "skill-development": {"en": "skill development", "es": "desarrollo de habilidades"},
    "professional-development": {"en": "professional development", "es": "desarrollo profesional"},
}


def word(language: str, key: str, **values: Any) -> str:
    """A printed word in a language; English where there are no words for it."""
    text = WORDS.get(language, ENGLISH)[key]
    return text.format(**values) if values else text


def long_day(day: date, language: str) -> str:
    """March 14, 2026 or 14 de marzo de 2026."""
    return format_date(day, "long", locale=LOCALES.get(language, "en_US"))


def short_day(day: date, language: str) -> str:
    """Mar 14, 2026 or 14 mar 2026, for narrow columns."""
    return format_date(day, "medium", locale=LOCALES.get(language, "en_US"))


def suggested_text(line: SuggestedLine, language: str) -> str:
    """The sentence for credit that was not approved."""
    kind = ", ".join(credit_word(name, language) for name in (line.type, line.category) if name)
    return word(
        language, "suggested", body=_named(BODIES, line.body, language), hours=hours_of(line.minutes), kind=kind
    )


def credit_word(name: str, language: str) -> str:
    """A type or area of credit as a document prints it."""
    return _named(CREDIT_WORDS, name, language)


def credit_text(line: CreditLineFacts, language: str) -> str:
    """The sentence for credit that a body approved, and what that body wants said with it. A topic inside the hours of
    an area is told as such: two sentences of the same form would read as the sum of both."""
    if line.is_within:
        kind = _named(CREDIT_WORDS, line.category or line.type, language)
        return word(language, "approved_within", hours=line.hours, kind=kind)
    kind = ", ".join(_named(CREDIT_WORDS, name, language) for name in (line.type, line.category) if name)
    key = "approved_number" if line.approval_number else "approved"
    text = word(language, key, body=line.body_name, hours=line.hours, kind=kind, number=line.approval_number)
    return f"{text} {line.statement}".strip()


def _named(names: Mapping[str, Mapping[str, str]], key: str, language: str) -> str:
    by_language = names.get(key, {})
    return by_language.get(language) or by_language.get("en") or key.replace("-", " ")
