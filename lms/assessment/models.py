"""The tables of assessment: Attempt (one sitting of one quiz), Response (one answer), MarkedAnswer (one by hand)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.catalog.models import CourseVersion
from lms.courseware.course import QUIZ_ROLES
from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.learning.models import Enrollment
from lms.people.models import one_of


class Attempt(Model):
    """One sitting of one quiz, pinned to the version that was taken, with the questions that were drawn.

    `drawn` is a list of {"question": id, "order": [item ids], "rev": n}. `points` are exact fractions as text
    ("7/2"). `passed` is null until it is submitted and nothing waits for a trainer, and stays null for quizzes that
    nobody passes or fails.
    """

    __tablename__ = "lms_attempts"
    __table_args__ = (
        UniqueConstraint("enrollment_id", "module_id", "number"),
        UniqueConstraint("id", "passed"),
        UniqueConstraint("receipt"),
        CheckConstraint(one_of("role", QUIZ_ROLES), name="role_is_known"),
        CheckConstraint("score_percent IS NULL OR score_percent BETWEEN 0 AND 100", name="score_is_a_percentage"),
        CheckConstraint("passed IS NULL OR submitted_at IS NOT NULL", name="passed_only_when_submitted"),
        CheckConstraint("(receipt IS NULL) = (submitted_at IS NULL)", name="receipt_when_submitted"),
        Index(
            "uq_lms_attempts_open",
            "enrollment_id",
            "module_id",
            unique=True,
            sqlite_where=text("submitted_at IS NULL"),
            postgresql_where=text("submitted_at IS NULL"),
        ),
        Index("ix_lms_attempts_version_id", "version_id", "module_id"),
        Index(
            "ix_lms_attempts_awaiting",
            "id",
            sqlite_where=text("awaits_marking"),
            postgresql_where=text("awaits_marking"),
        ),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrollments.id", ondelete="RESTRICT"))
    version_id: Mapped[int] = mapped_column(ForeignKey("lms_course_versions.id", ondelete="RESTRICT"))
    module_id: Mapped[str] = mapped_column(String(40))
    role: Mapped[str] = mapped_column(String(16))
    number: Mapped[int]
    language: Mapped[str] = mapped_column(String(8))
    """The language in which it was last shown."""
    pass_mark: Mapped[int | None]
    drawn: Mapped[list[Any]]
    secret: Mapped[str] = mapped_column(String(64))
    """Key of the opaque values that the browser sees, and the idempotency key's own part."""
    started_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]
    idempotency_key: Mapped[str | None] = mapped_column(String(64))
    body_hash: Mapped[str | None] = mapped_column(String(64))
    receipt: Mapped[str | None] = mapped_column(String(24))
    points: Mapped[str | None] = mapped_column(String(64))
    points_possible: Mapped[str | None] = mapped_column(String(64))
    score_percent: Mapped[int | None]
    passed: Mapped[bool | None]
    awaits_marking: Mapped[bool] = mapped_column(default=False, server_default=false())
    """A written answer of it waits for a trainer; until then it is neither passed nor failed."""
    marked_at: Mapped[datetime | None]
    """When a trainer last marked its written answers."""
    enrollment: Mapped[Enrollment] = relationship()
    version: Mapped[CourseVersion] = relationship()


class Response(Model):
    """The learner's answer to one question of one attempt; `sequence` grows, an older arrival is ignored."""

    __tablename__ = "lms_responses"
    __table_args__ = (UniqueConstraint("attempt_id", "question_id"),)

    id: Mapped[primary_key]
    attempt_id: Mapped[int] = mapped_column(ForeignKey("lms_attempts.id", ondelete="RESTRICT"))
    question_id: Mapped[str] = mapped_column(String(80))
    sequence: Mapped[int]
    value: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    saved_at: Mapped[datetime]
    credit: Mapped[str | None] = mapped_column(String(64))
    """Share of the points, exact, set when the attempt is submitted; null where nothing is marked."""
    attempt: Mapped[Attempt] = relationship()


class MarkedAnswer(Model):
    """What a trainer found in one written answer: which lines of its list are met, and a word to the learner."""

    __tablename__ = "lms_marked_answers"
    __table_args__ = (UniqueConstraint("attempt_id", "question_id"),)

    id: Mapped[primary_key]
    attempt_id: Mapped[int] = mapped_column(ForeignKey("lms_attempts.id", ondelete="RESTRICT"))
    question_id: Mapped[str] = mapped_column(String(80))
    met: Mapped[list[Any]]
    """Ids of the lines of the list that the answer meets."""
    comment: Mapped[str] = mapped_column(Text, default="")
    marked_by_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    marked_at: Mapped[datetime]
