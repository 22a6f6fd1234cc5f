"""The tables of training done elsewhere: records with their evidence, and entries of many from paper."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.catalog.models import Course  # noqa: F401 - the foreign key below needs the table
from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.people.models import User, one_of  # noqa: F401 - as above

TRAINING_STATES = ("submitted", "approved", "refused", "withdrawn")


class TrainingEntry(Model):
    """Records copied from paper in one go, by one person, to be taken back in one go."""

    __tablename__ = "lms_training_entries"
    __table_args__ = (
        CheckConstraint(
            "(undone_at IS NULL) = (undone_by_id IS NULL) AND (undone_at IS NULL) = (undone_reason IS NULL)",
            name="undone_with_a_reason",
        ),
        Index("ix_lms_training_entries_entered_by_id", "entered_by_id", "id"),
    )

    id: Mapped[primary_key]
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    entered_at: Mapped[datetime]
    records: Mapped[int]
    undo_until: Mapped[datetime]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    undone_reason: Mapped[str | None] = mapped_column(Text)


class ExternalTraining(Model):
    """Training done elsewhere: handed in with evidence or entered from paper, then approved or refused with a reason.

    Only an approved one counts, and only for `course_id`, which whoever approves it chooses.
    """

    __tablename__ = "lms_external_trainings"
    __table_args__ = (
        UniqueConstraint("id", "user_id"),
        CheckConstraint(one_of("state", TRAINING_STATES), name="state_is_known"),
        CheckConstraint("contact_minutes >= 0", name="minutes_are_not_negative"),
        CheckConstraint(
            "state NOT IN ('approved', 'refused') OR (decided_at IS NOT NULL AND decided_by_id IS NOT NULL"
            " AND decided_reason IS NOT NULL)",
            name="decided_with_a_reason",
        ),
        CheckConstraint(
            "credit_body IS NOT NULL OR (credit_category IS NULL AND credit_topic IS NULL"
            " AND credit_provider_number IS NULL)",
            name="credit_has_a_body",
        ),
        Index("ix_lms_external_trainings_user_id", "user_id", "course_id"),
        Index("ix_lms_external_trainings_entry_id", "entry_id"),
        Index(
            "ix_lms_external_trainings_open",
            "submitted_at",
            "id",
            sqlite_where=text("state = 'submitted'"),
            postgresql_where=text("state = 'submitted'"),
        ),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    title: Mapped[str] = mapped_column(String(200))
    provider: Mapped[str] = mapped_column(String(200))
    completed_on: Mapped[date]
    contact_minutes: Mapped[int]
    score_percent: Mapped[int | None]
    note: Mapped[str] = mapped_column(Text, default="")
    course_id: Mapped[int | None] = mapped_column(ForeignKey("lms_courses.id", ondelete="RESTRICT"))
    """The course that it counts as; None: hours on the transcript only."""
    valid_until: Mapped[date | None]
    credit_body: Mapped[str | None] = mapped_column(String(64))
    """The credit body that gave credit for it, with its area (`credit_category`), the topic inside that area
    (`credit_topic`) and the number of the provider that the body licensed; for the hours of a year."""
    credit_category: Mapped[str | None] = mapped_column(String(64))
    credit_topic: Mapped[str | None] = mapped_column(String(64))
    credit_provider_number: Mapped[str | None] = mapped_column(String(64))
    evidence_name: Mapped[str | None] = mapped_column(String(200))
    """The file's name in the store; `evidence_title` is what its owner called it."""
    evidence_title: Mapped[str | None] = mapped_column(String(200))
    evidence_type: Mapped[str | None] = mapped_column(String(64))
    evidence_hash: Mapped[str | None] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    submitted_at: Mapped[datetime]
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    """Who typed it in: the person, or whoever copied it from paper."""
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    decided_reason: Mapped[str | None] = mapped_column(Text)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("lms_training_entries.id", ondelete="RESTRICT"))
    """The entry from paper that it came with; None: handed in alone."""
