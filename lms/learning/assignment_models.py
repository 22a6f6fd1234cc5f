"""The tables of assignments: the rule itself, whom it names, extensions and waivers, and what learners ask for."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.catalog.models import Course
from lms.courseware.course import DISCIPLINES
from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.people.models import Agency, User, one_of

AUDIENCES = ("everybody", "discipline", "people")
EXCEPTION_KINDS = ("extension", "waiver")
MOST_DUE_DAYS = 3650
"""Ten years: more is a slip of the finger."""


class Assignment(Model):
    """A course or a certification to whoever has a place below an agency: a rule, never a row for each person.

    Whom it reaches is read from the places of the day, so that new people are in from the day their place begins.
    `due_days` after somebody came into its reach, or, for who was there when it began, on `due_on` where that is given.
    The key to the certification is declared by its room, which is a later one.
    """

    __tablename__ = "lms_assignments"
    __table_args__ = (
        CheckConstraint("(course_id IS NULL) <> (certification_id IS NULL)", name="one_thing_is_assigned"),
        CheckConstraint(one_of("audience", AUDIENCES), name="audience_is_known"),
        CheckConstraint("(audience = 'discipline') = (discipline IS NOT NULL)", name="discipline_is_named"),
        CheckConstraint(f"discipline IS NULL OR {one_of('discipline', DISCIPLINES)}", name="discipline_is_known"),
        CheckConstraint(f"due_days BETWEEN 1 AND {MOST_DUE_DAYS}", name="days_are_sensible"),
        CheckConstraint("due_on IS NULL OR due_on >= starts_on", name="due_after_it_starts"),
        CheckConstraint(
            "(ended_at IS NULL) = (ended_reason IS NULL) AND (ended_at IS NOT NULL OR ended_by_id IS NULL)",
            name="ended_with_a_reason",
        ),
        Index("ix_lms_assignments_agency_id", "agency_id"),
        Index("ix_lms_assignments_course_id", "course_id"),
        Index("ix_lms_assignments_certification_id", "certification_id"),
    )

    id: Mapped[primary_key]
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    """It reaches places in this agency and below, nobody else: who is named too only while they work there."""
    course_id: Mapped[int | None] = mapped_column(ForeignKey("lms_courses.id", ondelete="RESTRICT"))
    certification_id: Mapped[int | None]
    audience: Mapped[str] = mapped_column(String(16))
    discipline: Mapped[str | None] = mapped_column(String(32))
    due_on: Mapped[date | None]
    due_days: Mapped[int]
    starts_on: Mapped[date]
    made_at: Mapped[datetime]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    """Grows with each change, so that two who change it at once do not overwrite each other unseen."""
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    ended_reason: Mapped[str | None] = mapped_column(Text)
    agency: Mapped[Agency] = relationship()
    course: Mapped[Course | None] = relationship()


class AssignedPerson(Model):
    """Somebody whom an assignment names. The days before `added_on` are none of theirs."""

    __tablename__ = "lms_assigned_people"
    __table_args__ = (
        UniqueConstraint("assignment_id", "user_id"),
        Index("ix_lms_assigned_people_user_id", "user_id"),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    assignment_id: Mapped[int] = mapped_column(ForeignKey("lms_assignments.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    added_on: Mapped[date]


class AssignmentException(Model):
    """What one person is allowed: a later due day, or to go without until a day (`until_on` its last one; none: for
    good). Undone, never deleted; at most one of each kind holds."""

    __tablename__ = "lms_assignment_exceptions"
    __table_args__ = (
        CheckConstraint(one_of("kind", EXCEPTION_KINDS), name="kind_is_known"),
        CheckConstraint("kind <> 'extension' OR until_on IS NOT NULL", name="extension_has_a_day"),
        CheckConstraint("(ended_at IS NULL) = (ended_reason IS NULL)", name="ended_with_a_reason"),
        Index(
            "uq_lms_assignment_exceptions_current",
            "assignment_id",
            "user_id",
            "kind",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_lms_assignment_exceptions_user_id", "user_id"),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    assignment_id: Mapped[int] = mapped_column(ForeignKey("lms_assignments.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(16))
    until_on: Mapped[date | None]
    reason: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime]
    given_by_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    ended_at: Mapped[datetime | None]
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    ended_reason: Mapped[str | None] = mapped_column(Text)
    assignment: Mapped[Assignment] = relationship()
    user: Mapped[User] = relationship(foreign_keys=[user_id])


class ExtensionRequest(Model):
    """A learner asks for more time. At most one is open for each assignment."""

    __tablename__ = "lms_extension_requests"
    __table_args__ = (
        CheckConstraint(
            "(decided_at IS NULL) = (is_granted IS NULL) AND (decided_at IS NULL) = (decided_by_id IS NULL)",
            name="decided_by_somebody",
        ),
        Index(
            "uq_lms_extension_requests_open",
            "assignment_id",
            "user_id",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
        Index("ix_lms_extension_requests_user_id", "user_id"),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    assignment_id: Mapped[int] = mapped_column(ForeignKey("lms_assignments.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    wished_on: Mapped[date]
    reason: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    is_granted: Mapped[bool | None]
    decided_reason: Mapped[str | None] = mapped_column(Text)
    assignment: Mapped[Assignment] = relationship()
    user: Mapped[User] = relationship(foreign_keys=[user_id])
