"""How an agency's certificates look: its design, logo, signatories and sentence, frozen into each award."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import func, select

from lms.catalog.models import CourseVersion
from lms.certification.document_models import Branding
from lms.certification.facts import (
    CertificateFacts,
    EvidenceFacts,
    MilestoneLine,
    SeatLine,
    Signatory,
    TeamFacts,
)
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Invalid
from lms.people import audit
from lms.people.models import Agency

MOST_SIGNATORIES = 2
MOST_STATEMENT = 300

CLAIM = re.compile(r"\b(approv|accredit|credits?\b|ceus?\b|cmes?\b|aprobad|acredita|cr[eé]ditos?\b)", re.IGNORECASE)
"""What an agency's own sentence must not say: credit is printed from the approvals that were entered, nothing else."""

SAMPLE_CODE = "0000-0000-0000"
"""Stands for nothing: eleven random symbols are not all zero in the life of any site."""


@dataclass(frozen=True, slots=True)
class Look:
    """What an agency chose. Empty values leave the site's own."""

    design: str = ""
    logo: str = ""
    signatories: tuple[Signatory, ...] = ()
    statement: str = ""
    pack: str = ""


def look_of(agency_id: int) -> Look:
    """What an agency itself chose; all empty where nothing."""
    row = _row(agency_id)
    return _look(row) if row is not None else Look()


def look_for(agency_id: int | None) -> Look:
    """The look of an agency's certificates: its own, else the nearest's above that chose one. One query."""
    if agency_id is None:
        return Look()
    path = select(Agency.path).where(Agency.id == agency_id).scalar_subquery()
    row = db.session.scalars(
        select(Branding)
        .join(Agency, Agency.id == Branding.agency_id)
        .where(path.startswith(Agency.path))
        .order_by(func.length(Agency.path).desc())
        .limit(1)
    ).first()
    return _look(row) if row is not None else Look()


def branded(facts: CertificateFacts, agency_id: int | None) -> CertificateFacts:
    """The facts with the look of the agency of the award. Facts that have a look already keep it: a certificate that is
    issued again looks as it did."""
    if facts.logo or facts.agency_signatories or facts.statement:
        return facts
    look = look_for(agency_id)
    return replace(
        facts,
        design=look.design or facts.design,
        logo=look.logo,
        agency_signatories=look.signatories,
        statement=look.statement,
    )


def rebranded(facts: CertificateFacts, agency_id: int | None, version_id: int | None) -> CertificateFacts:
    """The facts in the look of another agency, for an award that is corrected to be that agency's: else its name would
    stand beside the logo and the signatures of the wrong one. A course's own design comes from its version."""
    chosen = db.session.scalar(select(CourseVersion.facts).where(CourseVersion.id == version_id)) if version_id else {}
    design = (chosen or {}).get("certificate_design", "")
    plain = replace(facts, design="" if design == "default" else design, logo="", agency_signatories=(), statement="")
    return branded(plain, agency_id)


def save_look(agency_id: int, look: Look, *, actor_id: int) -> None:
    """Take an agency's choice for the certificates from now on; those that were issued stay as they are. All empty: it
    follows the agency above again. The caller commits. Raises Invalid."""
    if len(look.statement) > MOST_STATEMENT:
        raise Invalid(N_("The sentence is too long: at most 300 characters."), field="statement")
    if CLAIM.search(look.statement):
        raise Invalid(
            N_(
                "This sentence speaks of approval, accreditation or credit. Certificates print those by themselves, "
                "from what was entered as approved. Leave them out here."
            ),
            field="statement",
        )
    if len(look.signatories) > MOST_SIGNATORIES or any(not one.name for one in look.signatories):
        raise Invalid(N_("Write the name of who signs."), field="first_name")
    row = _row(agency_id)
    if look == Look():
        if row is not None:
            db.session.delete(row)
    else:
        if row is None:
            row = Branding(agency_id=agency_id)
            db.session.add(row)
        row.design, row.logo, row.statement, row.pack = look.design, look.logo, look.statement, look.pack
        row.signatories = [{"name": one.name, "title": one.title} for one in look.signatories]
        row.changed_at = utc_now()
    audit.note("agency.certificate-changed", "agency", agency_id, actor_id=actor_id, agency_id=agency_id)
    db.session.flush()


def sample_facts(look: Look, agency_name: str, language: str, day: date, site: Mapping[str, Any]) -> CertificateFacts:
    """The facts of a certificate of nobody, to see a look."""
    return CertificateFacts(
        kind="course",
        printed_name="Maria Sample, RN" if language == "en" else "María Ejemplo, RN",
        title=_sample_titles(language),
        language=language,
        completed_on=day,
        agency_name=agency_name,
        contact_minutes=60,
        design=look.design,
        logo=look.logo,
        agency_signatories=look.signatories,
        statement=look.statement,
        **site,
    )


def samples_of(facts: CertificateFacts) -> list[CertificateFacts]:
    """The sample as a course's, a certification's and a team's: a design must be good for each."""
    evidence = (EvidenceFacts(facts.title, facts.completed_on, SAMPLE_CODE),)
    seats = (SeatLine("Seat", "schools", facts.printed_name, facts.agency_name),)
    team = TeamFacts("Sample team", seats, (MilestoneLine("Milestone", facts.completed_on),), facts.completed_on)
    return [
        facts,
        replace(facts, kind="certification", evidence=evidence),
        replace(facts, kind="team", printed_name="Sample team", team=team, contact_minutes=None),
    ]


def _sample_titles(language: str) -> str:
    return "Título del curso (muestra)" if language == "es" else "Title of the course (sample)"


def cleaned_signatories(pairs: Sequence[tuple[str, str]]) -> tuple[Signatory, ...]:
    """Those of which anything was typed."""
    return tuple(Signatory(name.strip(), title.strip()) for name, title in pairs if name.strip() or title.strip())


def _row(agency_id: int) -> Branding | None:
    found: Branding | None = db.session.scalar(select(Branding).where(Branding.agency_id == agency_id))
    return found


def _look(row: Branding) -> Look:
    return Look(
        row.design,
        row.logo,
        tuple(Signatory(one["name"], one["title"]) for one in row.signatories),
        row.statement,
        row.pack,
    )
