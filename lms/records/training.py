"""A person's courses between two moments: versions, modules, attempts with each question as it was seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import or_, select

from lms.assessment.by_hand import marks_of
from lms.assessment.models import Attempt, MarkedAnswer, Response
from lms.catalog.models import Course, CourseVersion
from lms.catalog.versions import course_of
from lms.courseware.course import Course as CourseText
from lms.courseware.questions import question_type
from lms.database import db
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import AuditEvent
from lms.records.questions import as_seen
from lms.records.versions import Published, Span, number_at, spans_of

SAME_EVENT_SECONDS = 5
"""A version's own row and the note of its first publication are written in one transaction."""


@dataclass(frozen=True, slots=True)
class Between:
    """From `start` until just before `end`."""

    start: datetime
    end: datetime

    def told(self, moment: datetime | None) -> datetime | None:
        """A moment, if it lies before the end: what came later is not known to the record."""
        return moment if moment is not None and moment < self.end else None

    def holds(self, moment: datetime | None) -> bool:
        return moment is not None and self.start <= moment < self.end


def moment(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def courses_in(user_id: int, between: Between, *, is_own: bool) -> list[dict[str, Any]]:
    """Every cycle of every course in which something was done between the moments, by course and cycle."""
    rows = db.session.scalars(
        select(Enrollment)
        .where(Enrollment.user_id == user_id, Enrollment.enrolled_at < between.end)
        .order_by(Enrollment.course_id, Enrollment.cycle)
    ).all()
    return [found for row in rows if (found := _cycle(row, between, is_own=is_own)) is not None]


def _cycle(enrollment: Enrollment, between: Between, *, is_own: bool) -> dict[str, Any] | None:
    progress = list(
        db.session.scalars(
            select(ModuleProgress)
            .where(ModuleProgress.enrollment_id == enrollment.id, ModuleProgress.opened_at < between.end)
            .order_by(ModuleProgress.opened_at, ModuleProgress.id)
        )
    )
    attempts = list(
        db.session.scalars(
            select(Attempt)
            .where(
                Attempt.enrollment_id == enrollment.id,
                Attempt.started_at < between.end,
                or_(Attempt.submitted_at.is_(None), Attempt.submitted_at >= between.start),
            )
            .order_by(Attempt.started_at, Attempt.id)
        )
    )
    moments = [enrollment.enrolled_at, enrollment.completed_at]
    moments += [at for one in progress for at in (one.opened_at, one.read_at, one.completed_at)]
    if not attempts and not any(between.holds(at) for at in moments):
        return None
    course = db.session.get_one(Course, enrollment.course_id)
    versions = {
        one.number: one for one in db.session.scalars(select(CourseVersion).where(CourseVersion.course_id == course.id))
    }
    numbers = {one.id: one.number for one in versions.values()}
    own_moments = [one.opened_at for one in progress if one.opened_at >= enrollment.enrolled_at]
    spans = spans_of(
        publications(course.id, list(versions.values())),
        enrolled_at=enrollment.enrolled_at,
        completed_at=enrollment.completed_at,
        first_opened_at=min(own_moments, default=None),
        pinned_number=numbers[enrollment.version_id],
    )
    spans = [one for one in spans if one.since < between.end]
    tells_all = not is_own or between.told(enrollment.completed_at) is not None
    used = {one.number for one in spans} | {numbers[one.version_id] for one in attempts}
    texts = {number: course_of(versions[number].id, versions[number].content_hash) for number in used}
    earlier = db.session.get(Enrollment, enrollment.renews_id) if enrollment.renews_id else None
    return {
        "course": course.slug,
        "code": versions[spans[0].number].code,
        "title": texts[spans[-1].number].text(texts[spans[-1].number].default_language).title,
        "cycle": enrollment.cycle,
        "enrolled_at": moment(enrollment.enrolled_at),
        "completed_at": moment(between.told(enrollment.completed_at)),
        "continues_cycle": earlier.cycle if earlier is not None else None,
        "versions": [_version(versions[one.number], one) for one in spans],
        "modules": [_module(one, enrollment, earlier, spans, texts, between) for one in progress],
        "attempts": [
            _attempt(one, numbers[one.version_id], texts[numbers[one.version_id]], between, tells_all=tells_all)
            for one in attempts
        ],
        "sources": [
            {
                "version": number,
                "version_id": versions[number].id,
                "content_hash": versions[number].content_hash,
                "is_withheld": not tells_all,
            }
            for number in sorted(used)
        ],
    }


def publications(course_id: int, versions: Sequence[CourseVersion]) -> list[Published]:
    """When which version became current: their own rows, and the notes of those that were brought back."""
    found = [Published(one.published_at, one.number, one.change) for one in versions]
    events = db.session.execute(
        select(AuditEvent.at, AuditEvent.detail).where(
            AuditEvent.action == "course.published",
            AuditEvent.subject_kind == "course",
            AuditEvent.subject_id == course_id,
        )
    )
    first = {one.number: one.published_at for one in versions}
    for at, detail in events:
        number = detail.get("version")
        if number in first and (at - first[number]).total_seconds() > SAME_EVENT_SECONDS:
            found.append(Published(at, number, str(detail.get("change", ""))))
    return sorted(found, key=lambda one: one.at)


def _version(version: CourseVersion, span: Span) -> dict[str, Any]:
    return {
        "number": version.number,
        "content_hash": version.content_hash,
        "published_at": moment(version.published_at),
        "published_as": version.change,
        "counted_from": moment(span.since),
        "because": span.why,
        "contact_minutes": version.contact_minutes,
    }


def _module(
    progress: ModuleProgress,
    enrollment: Enrollment,
    earlier: Enrollment | None,
    spans: Sequence[Span],
    texts: dict[int, CourseText],
    between: Between,
) -> dict[str, Any]:
    is_carried = earlier is not None and progress.opened_at < enrollment.enrolled_at
    number = number_at(spans, progress.opened_at)
    course = texts[number]
    module = course.module(progress.module_id, course.default_language)
    read_at, completed_at = between.told(progress.read_at), between.told(progress.completed_at)
    return {
        "module": progress.module_id,
        "title": module.title if module is not None else progress.module_id,
        "opened_at": moment(progress.opened_at),
        "read_at": moment(read_at),
        "completed_at": moment(completed_at),
        "version_when_opened": None if is_carried else number,
        "version_when_completed": None if is_carried or completed_at is None else number_at(spans, completed_at),
        "carried_over_from_cycle": earlier.cycle if is_carried and earlier is not None else None,
    }


def _attempt(
    attempt: Attempt, version: int, course: CourseText, between: Between, *, tells_all: bool
) -> dict[str, Any]:
    submitted_at = between.told(attempt.submitted_at)
    language = attempt.language if attempt.language in course.languages else course.default_language
    base = course.module(attempt.module_id, course.default_language)
    module = course.module(attempt.module_id, language)
    tells = tells_all or module is None or base is None or base.quiz is None or base.quiz.feedback != "never"
    responses = {
        one.question_id: one for one in db.session.scalars(select(Response).where(Response.attempt_id == attempt.id))
    }
    by_hand = _by_hand(attempt, between)
    marks = marks_of(attempt.id) if by_hand == "marked" else {}
    questions = list(_questions(attempt, course, language, responses, between, by_hand, marks, tells=tells))
    saved = [one["saved_at"] for one in questions if one.get("saved_at")]
    found = {
        "module": attempt.module_id,
        "title": module.title if module is not None else attempt.module_id,
        "role": attempt.role,
        "number": attempt.number,
        "version": version,
        "language": language,
        "started_at": moment(attempt.started_at),
        "last_saved_at": max(saved, default=None),
        "submitted_at": moment(submitted_at),
        "receipt": attempt.receipt if submitted_at else None,
        "pass_mark": attempt.pass_mark,
        "is_survey": attempt.pass_mark is None
        and bool(questions)
        and all(one["result"] == "private" for one in questions),
    }
    if submitted_at is not None:
        found |= {"by_hand": by_hand, "marked_at": moment(between.told(attempt.marked_at)), **_score(attempt, by_hand)}
    return {**found, "questions": questions}


def _by_hand(attempt: Attempt, between: Between) -> str | None:
    """How it stood with written answers on the last day; None where no trainer has a part in it.

    Of marks that were changed only the last are kept: those from after the last day are not told, nor that there were
    none before.
    """
    if attempt.marked_at is not None:
        return "marked" if between.told(attempt.marked_at) is not None else "marked-later"
    return "waits" if attempt.awaits_marking else None


def _score(attempt: Attempt, by_hand: str | None) -> dict[str, Any]:
    """What it was worth; nothing as long as a part of it waits for a trainer."""
    if by_hand in ("waits", "marked-later"):
        return dict.fromkeys(("points", "points_possible", "score_fraction", "score_percent", "passed"))
    possible = Fraction(attempt.points_possible or 0)
    return {
        "points": attempt.points,
        "points_possible": attempt.points_possible,
        "score_fraction": str(Fraction(attempt.points or 0) / possible) if possible else None,
        "score_percent": attempt.score_percent,
        "passed": attempt.passed,
    }


def _questions(
    attempt: Attempt,
    course: CourseText,
    language: str,
    responses: dict[str, Response],
    between: Between,
    by_hand: str | None,
    marks: Mapping[str, MarkedAnswer],
    *,
    tells: bool,
) -> Iterator[dict[str, Any]]:
    base = course.module(attempt.module_id, course.default_language)
    shown = course.module(attempt.module_id, language)
    known = {one.id: one for module in (base, shown) if module is not None for one in module.questions}
    for drawn in attempt.drawn:
        question, response = known[drawn["question"]], responses.get(drawn["question"])
        if response is not None and not question_type(question.type).is_scored:
            response = None
        is_later = response is not None and response.saved_at >= between.end
        value = response.value if response is not None and not is_later else None
        marked = marks.get(question.id)
        is_untold = by_hand == "marked-later" and question_type(question.type).is_marked_by_hand
        found = as_seen(
            question,
            drawn["order"],
            value,
            response.credit if response is not None and not is_untold else None,
            is_submitted=between.told(attempt.submitted_at) is not None,
            tells=tells,
            is_form=base is not None and base.is_form,
            met=marked.met if marked is not None else None,
        )
        if marked is not None and "lines" in found:
            found["comment"] = marked.comment
        if is_later:
            found["result"] = "answered-later"
        if response is not None and not is_later:
            found["saved_at"] = moment(response.saved_at)
        yield found
