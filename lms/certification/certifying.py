"""Certifications of several courses: who has earned which, from one decision, issued in the caller's transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select

from lms.certification.credit import printed_license
from lms.certification.dossiers import load_earlier, load_people
from lms.certification.facts import AwardSite, CertificateFacts, EvidenceFacts
from lms.certification.issuing import from_site, hold_people, insert_certificate, note_issue, place_on
from lms.certification.models import Certificate, Certification, CertificationVersion, Evidence
from lms.certification.requirements import CertificationRule, Decision, Holding, decide
from lms.certification.rule_files import rule_of
from lms.certification.training_models import ExternalTraining
from lms.clock import local_day
from lms.database import db
from lms.learning.models import Enrollment
from lms.people.models import User


@dataclass(frozen=True, slots=True)
class CurrentRule:
    """A certification with its current rule."""

    certification_id: int
    version_id: int
    number: int
    rules: Mapping[str, Any]
    rule: CertificationRule

    def title(self, language: str) -> str:
        titles: Mapping[str, str] = self.rules["title"]
        return titles.get(language) or titles["en"]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one person stands with one certification on a day."""

    user_id: int
    current: CurrentRule
    decision: Decision


def current_rules(slug: str | None = None) -> list[CurrentRule]:
    """The current rule of each certification in use, by slug; one query."""
    query = (
        select(Certification.id, CertificationVersion.id, CertificationVersion.number, CertificationVersion.rules)
        .join(CertificationVersion, CertificationVersion.certification_id == Certification.id)
        .where(CertificationVersion.is_current, Certification.archived_at.is_(None))
        .order_by(Certification.slug)
    )
    if slug is not None:
        query = query.where(Certification.slug == slug)
    return [CurrentRule(row[0], row[1], row[2], row[3], rule_of(row[3])) for row in db.session.execute(query)]


def standings_of(
    user_ids: Collection[int], rules: Iterable[CurrentRule], now: datetime, time_zone: str
) -> list[Standing]:
    """Where each of the people stands with each of the rules: six queries at most, however many they are."""
    day, wanted = local_day(now, time_zone), list(rules)
    if not wanted or not user_ids:
        return []
    courses = {course for one in wanted for course in one.rule.courses}
    crossing = any(one.rule.cross_modules for one in wanted)
    people = load_people(user_ids, courses, day, time_zone, with_crossing=crossing)
    earlier = load_earlier(user_ids, [one.certification_id for one in wanted], time_zone)
    return [
        Standing(user_id, one, decide(one.rule, people[user_id], day, earlier.get((user_id, one.certification_id))))
        for user_id in user_ids
        for one in wanted
    ]


def award_due(
    user_id: int, now: datetime, site: AwardSite, *, actor_id: int | None = None, slug: str | None = None
) -> list[Certificate]:
    """Issue every certification, or only the one asked for, that a person has earned and does not hold. The caller
    commits.

    One at a time per person; nothing is issued twice (a unique index stands behind it).
    """
    rules = current_rules(slug)
    if not rules:
        return []
    hold_people([user_id])
    earned = [one for one in standings_of([user_id], rules, now, site.time_zone) if one.decision.is_earned]
    if not earned:
        return []
    user = db.session.get_one(User, user_id)
    return [issue(user, one, now, site, actor_id=actor_id) for one in earned]


def issue(user: User, standing: Standing, now: datetime, site: AwardSite, *, actor_id: int | None) -> Certificate:
    """The award of a decision that says "earned", with its evidence. The caller commits and holds the person's row."""
    current, decision = standing.current, standing.decision
    place = place_on(user.id, local_day(now, site.time_zone), current.rule.disciplines)
    sources, minutes = _evidence_facts(decision.evidence, user.language)
    language = user.language if user.language in current.rules["title"] else "en"
    facts = CertificateFacts(
        kind="certification",
        printed_name=user.printed_name,
        agency_name=place[0].name if place else "",
        title=current.title(language),
        course_code=str(current.rules.get("code") or ""),
        contact_minutes=minutes or None,
        certification_slug=current.rule.slug,
        rule_version=current.number,
        evidence=sources,
        language=language,
        completed_on=local_day(now, site.time_zone),
        valid_until=decision.valid_until,
        license=printed_license(user.id, local_day(now, site.time_zone), language),
        **from_site(site),
    )
    first = decision.evidence[0]
    certificate = insert_certificate(
        facts,
        now,
        site,
        user_id=user.id,
        agency_id=place[0].id if place else None,
        discipline=place[1] if place else None,
        certification_id=current.certification_id,
        certification_version_id=current.version_id,
        evidence_certificate_id=first.certificate_id,
        evidence_training_id=first.training_id,
        cycle=decision.cycle,
    )
    db.session.add_all(
        Evidence(
            certificate_id=certificate.id,
            source_certificate_id=one.certificate_id,
            source_training_id=one.training_id,
        )
        for one in decision.evidence
    )
    note_issue(certificate, actor_id if actor_id is not None else user.id, certification=current.rule.slug)
    db.session.flush()
    return certificate


def _evidence_facts(evidence: Collection[Holding], language: str) -> tuple[tuple[EvidenceFacts, ...], int]:
    """What the certificate says it rests on, and the contact minutes of all of it."""
    certificates = {
        row.id: row
        for row in db.session.scalars(
            select(Certificate).where(
                Certificate.id.in_([one.certificate_id for one in evidence if one.certificate_id])
            )
        )
    }
    trainings = {
        row.id: row
        for row in db.session.scalars(
            select(ExternalTraining).where(
                ExternalTraining.id.in_([one.training_id for one in evidence if one.training_id])
            )
        )
    }
    found, minutes = [], 0
    for one in evidence:
        if one.certificate_id is not None:
            facts = CertificateFacts.from_json(certificates[one.certificate_id].facts)
            found.append(EvidenceFacts(facts.title, one.completed_on, facts.code, course_slug=one.course))
            minutes += facts.contact_minutes or 0
        elif one.training_id is not None:
            training = trainings[one.training_id]
            found.append(EvidenceFacts(training.title, one.completed_on, "", training.provider, one.course))
            minutes += training.contact_minutes
    return tuple(found), minutes


def earned_with(enrollment_id: int, moment: datetime) -> tuple[Certificate | None, list[Certificate]]:
    """The certificate of this enrollment's cycle, and the certifications that were issued to its learner at that
    moment: what came of one submit, as far as it stands. One query."""
    of_cycle = and_(
        Certificate.kind == "course",
        Certificate.course_id == Enrollment.course_id,
        Certificate.cycle == Enrollment.cycle,
    )
    found = db.session.scalars(
        select(Certificate)
        .join(Enrollment, Enrollment.user_id == Certificate.user_id)
        .where(
            Enrollment.id == enrollment_id,
            Certificate.revoked_at.is_(None),
            Certificate.superseded_by_id.is_(None),
            or_(of_cycle, and_(Certificate.kind == "certification", Certificate.issued_at == moment)),
        )
        .order_by(Certificate.id)
    ).all()
    course = next((one for one in found if one.kind == "course"), None)
    return course, [one for one in found if one.kind == "certification"]
