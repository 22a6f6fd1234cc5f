"""What is known of people when a certification is decided: disciplines, holdings, cross-training, earlier awards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import and_, select

from lms.assessment.models import Attempt
from lms.catalog.facts import core_modules
from lms.catalog.models import Course, CourseVersion
from lms.certification.change_models import WITH_ITS_RECORD, CertificateChange
from lms.certification.models import Certificate
from lms.certification.requirements import Earlier, Holding, Person
from lms.certification.training_models import ExternalTraining
from lms.certification.validity import last_day_of
from lms.clock import local_day
from lms.database import db
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.memberships import holds_on
from lms.people.models import Membership


def load_people(
    user_ids: Collection[int], courses: Collection[str], day: date, time_zone: str, *, with_crossing: bool = True
) -> dict[int, Person]:
    """What is known of people on a day: disciplines, what they hold of the courses, cross-training. Five queries.

    Cross-training reads all that people have completed: three queries are enough where no rule asks for it.
    """
    disciplines: defaultdict[int, set[str]] = defaultdict(set)
    rows = db.session.execute(
        select(Membership.user_id, Membership.discipline).where(
            Membership.user_id.in_(user_ids),
            holds_on(day),
        )
    )
    for user_id, discipline in rows:
        disciplines[user_id].add(discipline)
    holdings: defaultdict[int, list[Holding]] = defaultdict(list)
    for user_id, holding in (*_certificates(user_ids, courses, time_zone), *_trainings(user_ids, courses)):
        holdings[user_id].append(holding)
    crossed = _cross_days(user_ids, disciplines, time_zone) if with_crossing else defaultdict(list)
    return {
        user_id: Person(frozenset(disciplines[user_id]), tuple(holdings[user_id]), tuple(crossed[user_id]))
        for user_id in user_ids
    }


def _last_day(end: datetime | None, time_zone: str) -> date | None:
    return None if end is None else last_day_of(end, time_zone)


def _certificates(user_ids: Collection[int], courses: Collection[str], time_zone: str) -> list[tuple[int, Holding]]:
    """Course certificates that stand (neither revoked nor superseded), whatever their dates.

    One for which only what had changed was taken again shows no new completion: it has the day of the one it renewed,
    also where that one was revoked since.
    """
    rows = db.session.execute(
        select(
            Certificate.user_id,
            Course.slug,
            Certificate.completed_on,
            Certificate.expires_at,
            Attempt.score_percent,
            Certificate.id,
            Enrollment.renews_id,
            Certificate.revoked_at,
        )
        .join(Course, Course.id == Certificate.course_id)
        .outerjoin(
            Enrollment,
            and_(
                Enrollment.user_id == Certificate.user_id,
                Enrollment.course_id == Certificate.course_id,
                Enrollment.cycle == Certificate.cycle,
            ),
        )
        .outerjoin(Attempt, Attempt.id == Certificate.attempt_id)
        .where(
            Certificate.user_id.in_(user_ids),
            Certificate.kind == "course",
            Course.slug.in_(courses),
            Certificate.superseded_by_id.is_(None),
        )
        .order_by(Certificate.cycle)
    )
    found: list[tuple[int, Holding]] = []
    shown_on: dict[tuple[int, str], date] = {}
    for user_id, slug, done_on, end, score, number, renews_id, revoked_at in rows:
        if user_id is None:
            continue
        is_part = renews_id is not None
        day = shown_on.get((user_id, slug), done_on) if is_part else done_on
        shown_on[user_id, slug] = day
        if revoked_at is None:
            last = _last_day(end, time_zone)
            found.append((user_id, Holding(slug, day, last, score, certificate_id=number, is_part=is_part)))
    return found


def _trainings(user_ids: Collection[int], courses: Collection[str]) -> list[tuple[int, Holding]]:
    rows = db.session.execute(
        select(
            ExternalTraining.user_id,
            Course.slug,
            ExternalTraining.completed_on,
            ExternalTraining.valid_until,
            ExternalTraining.score_percent,
            ExternalTraining.id,
        )
        .join(Course, Course.id == ExternalTraining.course_id)
        .where(ExternalTraining.user_id.in_(user_ids), ExternalTraining.state == "approved", Course.slug.in_(courses))
    )
    return [
        (user_id, Holding(slug, done_on, until, score, training_id=number))
        for user_id, slug, done_on, until, score, number in rows
    ]


def _cross_days(
    user_ids: Collection[int], disciplines: Mapping[int, set[str]], time_zone: str
) -> defaultdict[int, list[date]]:
    """The last day on which each module was completed that is for others' disciplines and for none of one's own.

    The last, so that whoever takes it again in a renewal has it counted again. A module of everybody (`shared`) is
    nobody's cross-training (house glossary), and somebody without a discipline has no other (as in cohorts).
    """
    rows = db.session.execute(
        select(
            Enrollment.user_id,
            Enrollment.course_id,
            Enrollment.version_id,
            ModuleProgress.module_id,
            ModuleProgress.completed_at,
        )
        .join(Enrollment, Enrollment.id == ModuleProgress.enrollment_id)
        .where(Enrollment.user_id.in_(user_ids), ModuleProgress.completed_at.is_not(None))
    ).all()
    whom = _whom_for({row.version_id for row in rows})
    last: dict[tuple[int, int, str], date] = {}
    for user_id, course_id, version_id, module_id, completed_at in rows:
        names, own = whom.get((version_id, module_id), frozenset()), disciplines.get(user_id)
        if completed_at is None or not names or not own or "shared" in names or names & own:
            continue
        key, day = (user_id, course_id, module_id), local_day(completed_at, time_zone)
        last[key] = max(day, last.get(key, day))
    found: defaultdict[int, list[date]] = defaultdict(list)
    for (user_id, _, _), day in last.items():
        found[user_id].append(day)
    return found


def _whom_for(version_ids: Collection[int]) -> dict[tuple[int, str], frozenset[str]]:
    """The disciplines of each module, by version and module: read once a version, not once for each completion."""
    if not version_ids:
        return {}
    rows = db.session.execute(select(CourseVersion.id, CourseVersion.facts).where(CourseVersion.id.in_(version_ids)))
    return {
        (version_id, module["id"]): frozenset(module["disciplines"])
        for version_id, facts in rows
        for module in core_modules(facts)
    }


def load_earlier(
    user_ids: Collection[int], certification_ids: Collection[int], time_zone: str
) -> dict[tuple[int, int], Earlier]:
    """The awards of each certification to each person so far, by (user id, certification id).

    One that was revoked does not hide one before it: that one may still be valid. One that fell with a record that it
    rested on leaves everything as it was before it; only its cycle is used up.
    """
    rows = db.session.execute(
        select(
            Certificate.user_id,
            Certificate.certification_id,
            Certificate.cycle,
            Certificate.completed_on,
            Certificate.expires_at,
            Certificate.revoked_at,
            CertificateChange.after,
        )
        .outerjoin(
            CertificateChange,
            and_(
                CertificateChange.certificate_id == Certificate.id,
                CertificateChange.kind == "revoke",
                CertificateChange.state == "done",
            ),
        )
        .where(
            Certificate.user_id.in_(user_ids),
            Certificate.kind == "certification",
            Certificate.certification_id.in_(certification_ids),
            Certificate.superseded_by_id.is_(None),
        )
        .order_by(Certificate.cycle)
    )
    found: dict[tuple[int, int], Earlier] = {}
    for user_id, number, cycle, done_on, end, revoked_at, change in rows:
        if user_id is None or number is None:
            continue
        if revoked_at is None:
            found[user_id, number] = Earlier(cycle, done_on, _last_day(end, time_zone))
            continue
        before = found.get((user_id, number)) or Earlier(cycle, None, None)
        found[user_id, number] = replace(before, cycle=cycle)
        if WITH_ITS_RECORD not in (change or {}):
            found[user_id, number] = replace(before, cycle=cycle, taken_back_on=local_day(revoked_at, time_zone))
    return found
