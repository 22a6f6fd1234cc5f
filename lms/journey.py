"""The spine: what follows from what. A module read, a quiz passed, a certificate earned, a seat filled, a mail sent.

Each function runs whole inside the caller's one transaction, and commits nothing itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from lms import outbox
from lms.access import Permission, Viewer, present_users
from lms.assessment import attempts, by_hand
from lms.assessment.answers import Values
from lms.assessment.attempts import Outcome
from lms.assessment.by_hand import Found
from lms.assessment.completion import is_module_complete, is_read_by_answering
from lms.assessment.earlier import earlier_attempts
from lms.assessment.sittings import Sitting
from lms.catalog import publish as publishing
from lms.catalog.models import CourseVersion
from lms.catalog.publish import Publication
from lms.catalog.versions import course_of
from lms.certification import awards, certifying
from lms.certification.facts import AwardSite
from lms.certification.models import Certificate
from lms.certification.renewing import renewal_offer
from lms.clock import local_day, utc_now
from lms.cohorts import standing as cohorts
from lms.cohorts.standing import Filled
from lms.courseware.course import Course
from lms.database import db
from lms.errors import N_, Conflict
from lms.learning import enrollments, progress
from lms.learning.models import Enrollment
from lms.learning.progress import Standing
from lms.learning.renewals import begin_renewal, chain_of
from lms.people.audit import note
from lms.people.models import User
from lms.settings import Settings


def publish(
    files: Mapping[str, bytes], *, change: str | None, published_by_id: int | None, now: datetime | None = None
) -> Publication:
    """A course's files become its current version, and everybody in the course stays or moves as the change says."""
    return publish_prepared(
        publishing.prepare_course(files, now=now or utc_now()), change=change, published_by_id=published_by_id, now=now
    )


def publish_prepared(
    prepared: publishing.Prepared, *, change: str | None, published_by_id: int | None, now: datetime | None = None
) -> Publication:
    """The same for a course that was read and checked before the transaction began."""
    publication = publishing.publish_prepared(
        prepared, change=change, published_by_id=published_by_id, now=now or utc_now()
    )
    if publication.outcome in ("unchanged", "first"):
        return publication
    version = publication.version
    touched = enrollments.apply_new_version(version.course_id, version.id, publication.outcome)
    return replace(publication, touched=touched.moved, asked_to_renew=touched.asked_to_renew)


def enroll(viewer: Viewer, slug: str, now: datetime | None = None) -> int:
    """Somebody begins a course; pressing Start again finds the same enrollment."""
    now = now or utc_now()
    standing = progress.load_standing(viewer.id, slug)
    if standing.enrollment_id is not None:
        return standing.enrollment_id
    enrollment = enrollments.enroll(viewer.id, standing.course_id, now)
    note("enrollment.begun", "enrollment", enrollment.id, actor_id=viewer.id, course=standing.course_id)
    return enrollment.id


def renew_course(viewer: Viewer, slug: str, settings: Settings, now: datetime | None = None) -> int:
    """Somebody takes a course again: all of it near the end of their certificate, or only what changed since.

    Where nothing of what changed is to be taken (a module was dropped, a source renewed), it is complete at once.
    Pressing again finds the same enrollment. Raises Conflict where nothing is to be renewed.
    """
    now = now or utc_now()
    progress.hold_enrollment(viewer.id, slug)
    standing = progress.load_standing(viewer.id, slug)
    if standing.completed_at is None and standing.cycle > 1:
        return progress.require_enrollment(standing)
    offer = renewal_offer(viewer.id, standing, now, settings.time_zone)
    if offer.kind is None:
        raise Conflict(N_("There is nothing to renew in this course now."))
    enrollment = begin_renewal(viewer.id, standing.course_id, now, only_changed=offer.kind == "changed")
    note(
        "enrollment.renewed", "enrollment", enrollment.id, actor_id=viewer.id, course=standing.course_id, by=offer.kind
    )
    if offer.kind == "changed":
        standing = progress.load_standing(viewer.id, slug)
        _complete(viewer.id, standing, course_of(standing.version_id, standing.content_hash), None, settings, now)
    return enrollment.id


def complete_module(viewer: Viewer, slug: str, module_id: str, settings: Settings, now: datetime | None = None) -> bool:
    """Somebody has read a module. Whether it is complete with that: a quiz in it may still be open."""
    now = now or utc_now()
    progress.hold_enrollment(viewer.id, slug)
    standing = progress.load_standing(viewer.id, slug)
    enrollment_id = progress.require_enrollment(standing)
    course = course_of(standing.version_id, standing.content_hash)
    progress.require_unlocked(course, standing, module_id, now, settings.time_zone)
    progress.mark_read(enrollment_id, module_id, now)
    earlier = earlier_attempts(enrollment_id, module_id)
    is_complete = is_module_complete(course, module_id, is_read=True, earlier=earlier)
    if is_complete:
        _complete(viewer.id, standing, course, module_id, settings, now)
    return is_complete


def start_attempt(
    viewer: Viewer, slug: str, module_id: str, settings: Settings, *, language: str, now: datetime | None = None
) -> int:
    """Somebody begins a quiz, or goes on with the one that is open."""
    now = now or utc_now()
    standing = progress.load_standing(viewer.id, slug)
    enrollment_id = progress.require_enrollment(standing)
    course = course_of(standing.version_id, standing.content_hash)
    progress.require_unlocked(course, standing, module_id, now, settings.time_zone)
    module = course.module(module_id, course.default_language)
    assert module is not None
    attempt_id = attempts.start_attempt(enrollment_id, standing.version_id, module, language=language, now=now)
    progress.open_module(enrollment_id, module_id, now)
    return attempt_id


@dataclass(frozen=True, slots=True)
class Submission:
    """What came of a submit: the outcome, and what it earned just now."""

    outcome: Outcome
    receipt: str | None
    certificate_code: str | None = None
    filled_cohorts: tuple[Filled, ...] = ()


def submit_attempt(
    viewer: Viewer,
    attempt_id: int,
    values: Values,
    key: str,
    settings: Settings,
    *,
    may_be_empty: bool = True,
    language: str = "en",
    now: datetime | None = None,
) -> Submission:
    """Answers in; marked, module complete, course complete, certificate, seats and mail out: all or nothing."""
    now = now or utc_now()
    outcome = attempts.submit(
        viewer.id, attempt_id, values, key=key, may_be_empty=may_be_empty, language=language, now=now
    )
    attempt = outcome.sitting.attempt
    if outcome.kind != "submitted":
        return Submission(outcome, attempt.receipt)
    code, filled = _follow(viewer.id, outcome.sitting, settings, now)
    return Submission(outcome, attempt.receipt, code, filled)


def mark_answers(
    marker: Viewer,
    attempt_id: int,
    found: Mapping[str, Found],
    settings: Settings,
    *,
    seen: str,
    reason: str | None = None,
    now: datetime | None = None,
) -> None:
    """A trainer has read what somebody wrote: the attempt is worth that much, and what follows from it follows; the
    learner is told by a mail."""
    now = now or utc_now()
    people = present_users(marker, Permission.MARK_ANSWERS, local_day(now, settings.time_zone))
    sitting = by_hand.load_to_mark(attempt_id, people, marker.id, is_locked=True)
    # Only the last marks are kept; the audit trail says what those before were worth.
    before = sitting.attempt.points if sitting.attempt.marked_at is not None else None
    mark = by_hand.mark_answers(sitting, found, seen=seen, marker_id=marker.id, now=now)
    enrollment = db.session.get_one(Enrollment, sitting.attempt.enrollment_id)
    told: dict[str, Any] = {"attempt": attempt_id, "points": [before, str(mark.points)]}
    note("attempt.marked", "enrollment", enrollment.id, actor_id=marker.id, reason=reason, **told)
    _follow(enrollment.user_id, sitting, settings, now)
    outbox.enqueue(
        "mail",
        f"marked:{attempt_id}:{now.isoformat()}",
        {
            "to_user_id": enrollment.user_id,
            "template": "answers-marked",
            "language": sitting.attempt.language,
            "values": {"attempt": attempt_id},
        },
    )


def _follow(user_id: int, sitting: Sitting, settings: Settings, now: datetime) -> tuple[str | None, tuple[Filled, ...]]:
    """What follows from an attempt as it is marked now: perhaps its module is complete. The certificate's code and the
    seats, where there are any."""
    attempt = sitting.attempt
    progress.hold_enrollment(user_id, sitting.slug)
    standing = progress.load_standing(user_id, sitting.slug)
    course = course_of(standing.version_id, standing.content_hash)
    module = course.module(attempt.module_id, course.default_language)
    is_news = standing.completed_at is None or not standing.is_completed(attempt.module_id)
    if attempt.enrollment_id != standing.enrollment_id or module is None or not is_news:
        return None, ()
    is_read = is_read_by_answering(module) or standing.is_read(module.id)
    earlier = earlier_attempts(attempt.enrollment_id, module.id)
    if not is_module_complete(course, module.id, is_read=is_read, earlier=earlier):
        if is_read:
            progress.mark_read(attempt.enrollment_id, module.id, now)
        return None, ()
    return _complete(user_id, standing, course, module.id, settings, now)


def _complete(
    user_id: int, standing: Standing, course: Course, module_id: str | None, settings: Settings, now: datetime
) -> tuple[str | None, tuple[Filled, ...]]:
    """A module is complete (None: those that were): perhaps the course is with it, a certificate earned, and a seat
    filled. Nothing follows from a booster."""
    assert standing.enrollment_id is not None
    completed = {key for key in standing.modules if standing.is_completed(key)}
    if module_id is not None:
        progress.complete_module(standing.enrollment_id, module_id, now)
        completed.add(module_id)
        if course.booster_days(module_id) is not None:
            return None, ()
    site = AwardSite.from_settings(settings)
    certificate = None
    if progress.is_course_complete(course, completed):
        if progress.complete_course(standing.enrollment_id, now):
            note("course.completed", "enrollment", standing.enrollment_id, actor_id=user_id, course=standing.course_id)
        certificate = _award(user_id, standing.enrollment_id, course, settings, now)
    if certificate is not None:
        _tell_of_certificate(user_id, certificate, "certificate_earned")
    also_earned = award_certifications(user_id, site, now)
    filled: list[Filled] = []
    if certificate is not None or also_earned or _may_be_cross_training(course, module_id):
        filled = cohorts.refresh_cohorts_of(user_id, now, site)
    return (certificate.code, tuple(filled)) if certificate is not None else (None, ())


def _may_be_cross_training(course: Course, module_id: str | None) -> bool:
    """Whether completing the module could count as cross-training, for which teams have a milestone."""
    module = course.module(module_id, course.default_language) if module_id is not None else None
    return module is not None and "shared" not in module.disciplines


def _award(user_id: int, enrollment_id: int, course: Course, settings: Settings, now: datetime) -> Certificate | None:
    """The course's certificate, if it is earned with this; None where it was issued before or nothing is earned."""
    enrollment = db.session.get_one(Enrollment, enrollment_id)
    evidence = attempts.passed_attempt(chain_of(enrollment), course.required_modules)
    if evidence is None:
        return None
    version_id = evidence.version_id if enrollment.renews_id is None else enrollment.version_id
    certificate = awards.award_course_certificate(
        user=db.session.get_one(User, user_id),
        enrollment=enrollment,
        attempt=evidence,
        version=db.session.get_one(CourseVersion, version_id),
        course=course_of(version_id),
        now=now,
        site=AwardSite.from_settings(settings),
    )
    return certificate if certificate is not None and certificate.issued_at == now else None


def award_certifications(
    user_id: int, site: AwardSite, now: datetime, *, actor_id: int | None = None, slug: str | None = None
) -> list[Certificate]:
    """Whatever certifications somebody has earned and does not hold (or only that of the slug), issued and told of.

    The caller commits.
    """
    issued = certifying.award_due(user_id, now, site, actor_id=actor_id, slug=slug)
    for certificate in issued:
        _tell_of_certificate(user_id, certificate, "certificate-issued")
    return issued


def _tell_of_certificate(user_id: int, certificate: Certificate, template: str) -> None:
    """A mail with a neutral subject; it is queued with the certificate and sent by the worker."""
    outbox.enqueue(
        "mail",
        f"certificate:{certificate.id}",
        {
            "to_user_id": user_id,
            "template": template,
            "language": certificate.language,
            "values": {"code": certificate.code},
        },
    )
