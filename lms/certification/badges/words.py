"""What a credential says in sentences, in the language of its certificate. Signed, so never looked up again."""

from __future__ import annotations

from collections.abc import Mapping

from lms.certification.facts import CertificateFacts
from lms.certification.wording import suggested_text, word

ENGLISH = {
    "course": "Completed every required module of “{title}”.",
    "certification": "Met rule {number} of the certification “{title}”: every course that it asks for, held at one "
    "time.",
    "team": "A team whose required seats were all filled by certified members, and that met its milestones.",
    "pass": "At least {percent} percent on the final quiz. Scores are not part of this credential.",
    "hours": "{hours} contact hours.",
    "contact_hours": "Contact hours",
    "described": "Training completed at {provider}.",
    "described_team": "A team made ready at {provider}.",
    "evidence": "Completed on {day}.",
    "evidence_elsewhere": "Completed on {day} at {provider}.",
    "credit": "{hours} hours ({kind}) from {body}, approval {number}.",
    "image": "Badge: a seal with a star, and the title “{title}”",
}

SPANISH = {
    "course": "Completó todos los módulos obligatorios de «{title}».",
    "certification": "Cumplió la regla {number} de la certificación «{title}»: todos los cursos que exige, vigentes a "
    "la vez.",
    "team": "Un equipo cuyos lugares obligatorios estaban ocupados por integrantes certificados, y que cumplió sus "
    "metas.",
    "pass": "Al menos {percent} por ciento en el cuestionario final. Las calificaciones no forman parte de esta "
    "credencial.",
    "hours": "{hours} horas de contacto.",
    "contact_hours": "Horas de contacto",
    "described": "Formación completada en {provider}.",
    "described_team": "Un equipo preparado en {provider}.",
    "evidence": "Completado el {day}.",
    "evidence_elsewhere": "Completado el {day} en {provider}.",
    "credit": "{hours} horas ({kind}) de {body}, aprobación {number}.",
    "image": "Insignia: un sello con una estrella y el título «{title}»",
}

WORDS: Mapping[str, Mapping[str, str]] = {"en": ENGLISH, "es": SPANISH}


def said(language: str, key: str, **values: object) -> str:
    """A sentence in a language; English where there are no words for it."""
    return WORDS.get(language, ENGLISH)[key].format(**values)


def criteria(facts: CertificateFacts) -> str:
    """What had to be done."""
    sentences = [said(facts.language, facts.kind, title=facts.title, number=facts.rule_version or 1)]
    if facts.pass_mark is not None:
        sentences.append(said(facts.language, "pass", percent=facts.pass_mark))
    if facts.contact_minutes is not None:
        sentences.append(said(facts.language, "hours", hours=facts.contact_hours))
    return " ".join(sentences)


def credit(facts: CertificateFacts) -> str:
    """What it counts as: credit under an approval, what may be asked for elsewhere, or plainly that none is claimed."""
    lines = [
        line.statement
        or said(
            facts.language,
            "credit",
            hours=line.hours,
            kind=", ".join(part for part in (line.type, line.category) if part),
            body=line.body_name,
            number=line.approval_number or "–",
        )
        for line in facts.credit
    ]
    claimed = facts.accreditation_statement or ("" if lines else word(facts.language, "no_accreditation"))
    suggested = [suggested_text(line, facts.language) for line in facts.suggested_credit]
    return " ".join(text for text in (claimed, *lines, *suggested) if text)
