"""The tables of learning: Enrollment (pinned to a version), ModuleProgress and StoryPlay."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.catalog.models import Course, CourseVersion
from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.people.models import User


class Enrollment(Model):
    """One learner in one course. A renewal is a further cycle; nothing is ever reset."""

    __tablename__ = "lms_enrollments"
    __table_args__ = (
        UniqueConstraint("user_id", "course_id", "cycle"),
        Index("ix_lms_enrollments_course_id", "course_id", "completed_at"),
        Index("ix_lms_enrollments_version_id", "version_id"),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    course_id: Mapped[int] = mapped_column(ForeignKey("lms_courses.id", ondelete="RESTRICT"))
    version_id: Mapped[int] = mapped_column(ForeignKey("lms_course_versions.id", ondelete="RESTRICT"))
    cycle: Mapped[int] = mapped_column(default=1)
    enrolled_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    renews_id: Mapped[int | None] = mapped_column(ForeignKey("lms_enrollments.id", ondelete="RESTRICT"), index=True)
    """The enrollment that this one goes on from, where only what changed is taken again; None: all of it is."""
    user: Mapped[User] = relationship()
    course: Mapped[Course] = relationship()
    version: Mapped[CourseVersion] = relationship()


class ModuleProgress(Model):
    """What a learner has done in one module: moments only. How far somebody is is derived, never stored."""

    __tablename__ = "lms_module_progress"
    __table_args__ = (UniqueConstraint("enrollment_id", "module_id"),)

    id: Mapped[primary_key]
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrollments.id", ondelete="RESTRICT"))
    module_id: Mapped[str] = mapped_column(String(40))
    opened_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    """When it was marked as read."""
    completed_at: Mapped[datetime | None]
    """When it was read and its quiz, if it has one, passed (where the course requires it) or submitted."""


class StoryPlay(Model):
    """The way that a learner took through a practice story and gave to their team's debrief; the last one counts.

    Nothing is kept of a story that is only played: its way stands in the address.
    """

    __tablename__ = "lms_story_plays"
    __table_args__ = (UniqueConstraint("enrollment_id", "module_id", "scenario_id"),)

    id: Mapped[primary_key]
    enrollment_id: Mapped[int] = mapped_column(ForeignKey("lms_enrollments.id", ondelete="RESTRICT"))
    module_id: Mapped[str] = mapped_column(String(40))
    scenario_id: Mapped[str] = mapped_column(String(80))
    steps: Mapped[list[Any]]
    """Ids of steps, from the first to the end."""
    given_at: Mapped[datetime]
