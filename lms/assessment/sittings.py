"""One attempt with all that belongs to it: its course, module, drawn questions in a language, and responses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, select

from lms.assessment.models import Attempt, Response
from lms.catalog.models import Course, CourseVersion
from lms.catalog.versions import course_of
from lms.courseware.course import Course as CourseText
from lms.courseware.course import Module, Question, QuizSettings
from lms.courseware.questions import numeric, short
from lms.database import db
from lms.errors import N_, NotFound
from lms.learning.models import Enrollment

LARGEST_ID = 2**63 - 1

_TYPED = {"short": short.taking_also, "numeric": numeric.taking_also}
"""The types whose answers are words of a language; an attempt is marked alike whatever language it is seen in."""


@dataclass(frozen=True, slots=True)
class Sitting:
    """An attempt of one person. `course` is the version that the attempt is pinned to."""

    attempt: Attempt
    course_id: int
    slug: str
    course: CourseText

    def module(self, language: str) -> Module:
        module = self.course.module(self.attempt.module_id, language)
        assert module is not None, "an attempt is pinned to a version that has its module"
        return module

    @property
    def is_form(self) -> bool:
        """Whether it is a form, whose written answers nobody marks."""
        return self.module(self.course.default_language).is_form

    @property
    def quiz(self) -> QuizSettings:
        return self.module(self.course.default_language).quiz or QuizSettings()

    def questions(self, language: str) -> dict[str, Question]:
        """The drawn questions by id, in the order they were drawn, in that language (ids are the same in all)."""
        known = {question.id: question for question in self.module(language).questions}
        base = {question.id: question for question in self.module(self.course.default_language).questions}
        ids = [entry["question"] for entry in self.attempt.drawn]
        asked = (known.get(question_id) or base[question_id] for question_id in ids)
        return {one.id: self._in_any_language(one) if one.type in _TYPED else one for one in asked}

    def _in_any_language(self, question: Question) -> Question:
        modules = [texts.get(self.attempt.module_id) for texts in self.course.files.values()]
        found = [one for module in modules if module for one in module.questions if one.id == question.id]
        return _TYPED[question.type](question, (one for one in found if one is not question))

    @property
    def marked_questions(self) -> dict[str, Question]:
        """The drawn questions in the default language: what marking goes by."""
        return self.questions(self.course.default_language)


_ANY_SITTING = (
    select(Attempt, Course.id, Course.slug, CourseVersion.content_hash)
    .join(Enrollment, Enrollment.id == Attempt.enrollment_id)
    .join(Course, Course.id == Enrollment.course_id)
    .join(CourseVersion, CourseVersion.id == Attempt.version_id)
    .where(Attempt.id == bindparam("attempt_id"))
)
_SITTING = _ANY_SITTING.where(Enrollment.user_id == bindparam("user_id"))
_LOCKED = _SITTING.with_for_update(of=Attempt)


def load_sitting(user_id: int, attempt_id: int, *, is_locked: bool = False) -> Sitting:
    """One's own attempt; `is_locked` holds it until the transaction ends. Raises NotFound for anybody else's."""
    statement = _LOCKED if is_locked else _SITTING
    values = {"attempt_id": attempt_id, "user_id": user_id}
    row = db.session.execute(statement, values).one_or_none() if 0 < attempt_id <= LARGEST_ID else None
    if row is None:
        raise NotFound(N_("There is no such attempt of yours."))
    return _sitting(row)


def load_sitting_among(attempt_id: int, people: Select[Any], *, is_locked: bool = False) -> Sitting:
    """An attempt of one of these people, for who marks it. Raises NotFound."""
    statement = _ANY_SITTING.where(Enrollment.user_id.in_(people))
    statement = statement.with_for_update(of=Attempt) if is_locked else statement
    known = 0 < attempt_id <= LARGEST_ID
    row = db.session.execute(statement, {"attempt_id": attempt_id}).one_or_none() if known else None
    if row is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return _sitting(row)


def _sitting(row: Any) -> Sitting:
    attempt, course_id, slug, content_hash = row
    return Sitting(attempt, course_id, slug, course_of(attempt.version_id, content_hash))


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of an attempt of one person, and what is needed to keep its answer."""

    question: Question | None
    """None where the attempt does not ask it."""
    secret: str
    submitted_at: datetime | None


_attempts, _enrollments, _versions = Attempt.__table__, Enrollment.__table__, CourseVersion.__table__
_ASKED = (
    select(
        _attempts.c.version_id,
        _attempts.c.module_id,
        _attempts.c.drawn,
        _attempts.c.secret,
        _attempts.c.submitted_at,
        _versions.c.content_hash,
    )
    .join_from(_attempts, _enrollments, _enrollments.c.id == _attempts.c.enrollment_id)
    .join(_versions, _versions.c.id == _attempts.c.version_id)
    .where(_attempts.c.id == bindparam("attempt_id"), _enrollments.c.user_id == bindparam("user_id"))
    .with_for_update(of=_attempts)
)
"""Tables instead of classes: this runs for every single answer, and needs a third of an attempt's columns."""


def load_asked(user_id: int, attempt_id: int, question_id: str) -> Asked:
    """One question of one's own attempt, which is held until the transaction ends. Raises NotFound."""
    values = {"attempt_id": attempt_id, "user_id": user_id}
    row = db.session.execute(_ASKED, values).one_or_none() if 0 < attempt_id <= LARGEST_ID else None
    if row is None:
        raise NotFound(N_("There is no such attempt of yours."))
    version_id, module_id, drawn, secret, submitted_at, content_hash = row
    course = course_of(version_id, content_hash)
    module = course.module(module_id, course.default_language)
    is_drawn = any(entry["question"] == question_id for entry in drawn)
    question = next((one for one in module.questions if one.id == question_id), None) if module and is_drawn else None
    return Asked(question, secret, submitted_at)


def load_responses(attempt_id: int) -> dict[str, Response]:
    """The responses of an attempt by question id."""
    rows = db.session.scalars(select(Response).where(Response.attempt_id == attempt_id))
    return {row.question_id: row for row in rows}


def values_of(responses: Mapping[str, Response]) -> dict[str, Any]:
    return {question_id: response.value for question_id, response in responses.items()}
