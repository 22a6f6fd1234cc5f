"""Awarding a certificate to a person or a team, in the caller's transaction, once; and revoking one with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import select

from lms.assessment.models import Attempt
from lms.catalog.models import CourseVersion
from lms.certification import credit
from lms.certification.eligibility import Missing, missing_for_course
from lms.certification.facts import TEAM_EXERCISE, AwardSite, CertificateFacts, SuggestedLine, TeamFacts
from lms.certification.issuing import dated, from_site, hold_people, insert_certificate, note_issue, place_on
from lms.certification.models import Certificate
from lms.certification.part_renewals import certificate_before, taken_minutes, with_hours_of
from lms.certification.rules import objectives_of, rules_of
from lms.certification.standing import is_valid_at
from lms.certification.validity import renewed_until
from lms.clock import local_day
from lms.courseware.course import Course
from lms.database import db
from lms.errors import N_, Conflict, Invalid, Overtaken
from lms.learning.models import Enrollment, ModuleProgress
from lms.learning.renewals import chain_of
from lms.people import audit
from lms.people.models import Agency, User


@dataclass(frozen=True, slots=True)
class Done:
    """What one enrollment has done so far: modules completed, and the newest passed attempt of each module."""

    completed: frozenset[str]
    passed: dict[str, Attempt]


def done_in(enrollment: Enrollment) -> Done:
    """What an enrollment has done. Where it goes on from an earlier one, quizzes of the modules taken over count too:
    those that were changed are to be passed anew."""
    chain = chain_of(enrollment)
    completed = frozenset(
        db.session.scalars(
            select(ModuleProgress.module_id).where(
                ModuleProgress.enrollment_id == enrollment.id, ModuleProgress.completed_at.is_not(None)
            )
        )
    )
    attempts = db.session.scalars(
        select(Attempt)
        .where(Attempt.enrollment_id.in_(chain), Attempt.passed.is_(True))
        .order_by(Attempt.submitted_at, Attempt.id)
    )
    passed = {
        one.module_id: one for one in attempts if one.enrollment_id == enrollment.id or one.module_id in completed
    }
    return Done(completed, passed)


def award_course_certificate(
    *,
    user: User,
    enrollment: Enrollment,
    attempt: Attempt | None,
    version: CourseVersion,
    course: Course,
    now: datetime,
    site: AwardSite,
) -> Certificate | None:
    """The certificate of this enrollment's cycle, issued now if it has been earned and was not issued before.

    `attempt` is the one just passed; None (a module was read last) takes the newest passed attempt of a required
    module as the evidence. `version` and `course` are what was taken: those of the attempt, or, where only what changed
    was taken again, those of the enrollment. The hours of such a renewal are those of what was taken again: the others
    are on the certificate before. It brings no approved credit: that is of the whole course, and was given once. Until
    when a renewal lasts, and when none is issued, `_with_end_of_renewal` says. A revoked one is not made anew by
    passing again: then None. The caller commits. Raises ValueError where the rows do not belong together, which only a
    bug can bring about.
    """
    _refuse_mismatch(user, enrollment, attempt, version)
    # One at a time per enrollment (PostgreSQL; SQLite has one writer anyway): two graders make one certificate.
    db.session.execute(select(Enrollment.id).where(Enrollment.id == enrollment.id).with_for_update())
    existing = certificate_of_cycle(user.id, enrollment.course_id, enrollment.cycle)
    if existing is not None:
        return existing if existing.revoked_at is None else None
    done = done_in(enrollment)
    language = _language(attempt.language if attempt is not None else user.language, course)
    if _missing(done, course, language):
        return None
    evidence = _evidence(attempt, done, course.required_modules)
    place = place_on(user.id, local_day(now, site.time_zone), course.disciplines)
    facts = _course_facts(user, place, course, language, version, evidence.pass_mark, now, site)
    granted = credit.granted_on(user.id, enrollment.course_id, facts.completed_on)
    if enrollment.renews_id is not None:
        granted = replace(granted, approvals=())
    facts = credit.with_credit(facts, granted)
    if enrollment.renews_id is not None:
        facts = with_hours_of(facts, taken_minutes(enrollment, course), course.contact_minutes)
    dated = _with_end_of_renewal(facts, enrollment, course)
    if dated is None:
        return None
    certificate = insert_certificate(
        dated,
        now,
        site,
        user_id=user.id,
        agency_id=place[0].id if place else None,
        discipline=place[1] if place else None,
        course_id=enrollment.course_id,
        version_id=version.id,
        attempt_id=evidence.id,
        attempt_passed=True,
        cycle=enrollment.cycle,
    )
    credit.write_lines(certificate, granted)
    note_issue(certificate, user.id, course_id=enrollment.course_id, attempt_id=evidence.id)
    return certificate


def award_team_certificate(
    *,
    cohort_id: int,
    title: str,
    team: TeamFacts,
    agency_id: int,
    agency_name: str,
    language: str,
    valid_months: int | None,
    cycle: int,
    now: datetime,
    site: AwardSite,
    actor_id: int | None = None,
) -> Certificate:
    """A team's certificate. That it is earned, and earned once, is the cohort's business (TeamAward is unique).

    The caller adds the award in the same transaction, without which it cannot be committed, and commits.
    """
    facts = CertificateFacts(
        kind="team",
        printed_name=team.cohort_name,
        agency_name=agency_name,
        title=title,
        modality=TEAM_EXERCISE,
        team=team,
        language=language,
        **dated(now, valid_months, site),
        **from_site(site),
    )
    certificate = insert_certificate(facts, now, site, agency_id=agency_id, team_cohort_id=cohort_id, cycle=cycle)
    note_issue(certificate, actor_id)
    return certificate


def revoke(certificate: Certificate, reason: str, actor_id: int, now: datetime) -> None:
    """From `now` on the certificate does not count, and says so with the day. The reason is shown to its holder.

    The caller commits. Raises Invalid without a reason, Conflict where it no longer stands.
    """
    reason = reason.strip()
    if not reason:
        raise Invalid(N_("Say why the certificate is revoked."), field="reason")
    if certificate.user_id is not None:
        hold_people([certificate.user_id])
    db.session.refresh(certificate, with_for_update=True)
    if certificate.revoked_at is not None:
        raise Overtaken(N_("This certificate has already been revoked."))
    if certificate.superseded_by_id is not None:
        raise Conflict(N_("This certificate was replaced by a newer one. Revoke that one."))
    certificate.revoked_at = now
    certificate.revoked_reason = reason
    audit.note(
        "certificate.revoked",
        "certificate",
        certificate.id,
        actor_id=actor_id,
        agency_id=certificate.agency_id,
        reason=reason,
    )


def certificate_of_cycle(user_id: int, course_id: int, cycle: int) -> Certificate | None:
    """The one certificate of a person, course and cycle that was not superseded, whatever its standing."""
    found: Certificate | None = db.session.scalar(
        select(Certificate).where(
            Certificate.user_id == user_id,
            Certificate.course_id == course_id,
            Certificate.cycle == cycle,
            Certificate.kind == "course",
            Certificate.superseded_by_id.is_(None),
        )
    )
    return found


def valid_certificates_of_course(user_id: int, course_id: int, now: datetime) -> Sequence[Certificate]:
    """What somebody holds of a course at `now`, of several cycles the newest first."""
    query = select(Certificate).where(
        Certificate.user_id == user_id,
        Certificate.course_id == course_id,
        Certificate.kind == "course",
        is_valid_at(now),
    )
    return db.session.scalars(query.order_by(Certificate.cycle.desc())).all()


def _with_end_of_renewal(facts: CertificateFacts, enrollment: Enrollment, course: Course) -> CertificateFacts | None:
    """The facts with the end that follows from the certificate before; None: nothing is issued.

    Where only what changed was taken again it keeps the end of the certificate that it renews, and is not issued once
    that has passed or was revoked: then the whole course is due, or nothing. A whole course taken again in time counts
    from the old end (`validity.renewed_until`); after a revocation from its own day.
    """
    before = certificate_before(enrollment) if enrollment.cycle > 1 else None
    if before is None:
        return facts
    end = CertificateFacts.from_json(before.facts).valid_until
    if enrollment.renews_id is not None:
        is_over = before.revoked_at is not None or (end is not None and end < facts.completed_on)
        return None if is_over else replace(facts, valid_until=end)
    if before.revoked_at is not None:
        return facts
    until = renewed_until(facts.completed_on, course.valid_months, before.completed_on, end)
    return replace(facts, valid_until=until)


def _refuse_mismatch(user: User, enrollment: Enrollment, attempt: Attempt | None, version: CourseVersion) -> None:
    belongs = enrollment.user_id == user.id and version.course_id == enrollment.course_id
    if attempt is not None:
        belongs = belongs and attempt.enrollment_id in chain_of(enrollment)
        belongs = belongs and version.id in (attempt.version_id, enrollment.version_id)
    if not belongs:
        raise ValueError("the person, enrollment, attempt and version of an award do not belong together")


def _evidence(attempt: Attempt | None, done: Done, required: Sequence[str]) -> Attempt:
    """The passed attempt that stands behind the award: the one just made, else the newest of a required module."""
    if attempt is not None and attempt.passed and attempt.module_id in required:
        return attempt
    passed = [one for module_id, one in done.passed.items() if module_id in required]
    return max(passed, key=lambda one: (one.submitted_at, one.id))


def _missing(done: Done, course: Course, language: str) -> list[Missing]:
    return missing_for_course(
        rules_of(course, language), course.required_modules, completed=done.completed, passed=done.passed.keys()
    )


def _language(language: str, course: Course) -> str:
    return language if language in course.texts else course.default_language


def _course_facts(
    user: User,
    place: tuple[Agency, str] | None,
    course: Course,
    language: str,
    version: CourseVersion,
    pass_mark: int | None,
    now: datetime,
    site: AwardSite,
) -> CertificateFacts:
    return CertificateFacts(
        kind="course",
        printed_name=user.printed_name,
        agency_name=place[0].name if place else "",
        title=course.text(language).title,
        course_slug=course.id,
        course_code=course.code,
        version_number=version.number,
        content_hash=version.content_hash,
        design="" if course.certificate_design == "default" else course.certificate_design,
        contact_minutes=course.contact_minutes,
        pass_mark=pass_mark,
        objectives=objectives_of(course, language),
        suggested_credit=tuple(
            SuggestedLine(line.body, line.type, line.category, line.minutes) for line in course.suggested_credit
        ),
        language=language,
        **dated(now, course.valid_months, site),
        **from_site(site),
    )
