"""The tables of a team's after-action reports: report, what members gave to it, and the team's list of actions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.cohorts.models import Cohort
from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.people.models import User


class TeamReport(Model):
    """What a team writes down after one exercise. One is open at a time; the next begins once it is closed."""

    __tablename__ = "lms_team_reports"
    __table_args__ = (
        UniqueConstraint("cohort_id", "number"),
        CheckConstraint("(closed_at IS NULL) = (closed_by_id IS NULL)", name="closed_by_somebody"),
        Index(
            "uq_lms_team_reports_open",
            "cohort_id",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[primary_key]
    cohort_id: Mapped[int] = mapped_column(ForeignKey("lms_cohorts.id", ondelete="RESTRICT"))
    number: Mapped[int]
    begun_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    cohort: Mapped[Cohort] = relationship()


class GivenPart(Model):
    """What one person gave to a report: a copy of the answers that they ticked, as these were at that moment.

    One of each person, which no constraint holds: two accounts that each gave may be put together, and nothing of them
    is lost. Giving again then takes the place of both.
    """

    __tablename__ = "lms_given_parts"
    __table_args__ = (Index("ix_lms_given_parts_report_id", "report_id"), UniqueConstraint("receipt"), NUMBERED_ONCE)

    id: Mapped[primary_key]
    report_id: Mapped[int] = mapped_column(ForeignKey("lms_team_reports.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    slug: Mapped[str] = mapped_column(String(64))
    module_id: Mapped[str] = mapped_column(String(40))
    team: Mapped[str] = mapped_column(String(200))
    """What the team was called then: the person's own data say to whom it was given."""
    language: Mapped[str] = mapped_column(String(8))
    """In which the questions are written that stand beside the answers."""
    answers: Mapped[list[Any]]
    """See `giving.Answer`."""
    receipt: Mapped[str] = mapped_column(String(24))
    given_at: Mapped[datetime]
    former_given_at: Mapped[datetime | None]
    """When that was given in whose place this stands."""
    report: Mapped[TeamReport] = relationship()
    user: Mapped[User] = relationship()


class TeamAction(Model):
    """A line of a team's list: what was seen, why, which step is taken, by whom, by when, and on which day it was done.

    `part_id` and `question_id` tell out of which given answer it was made. No foreign key: the answer may be taken
    back, the action stays.
    """

    __tablename__ = "lms_team_actions"
    __table_args__ = (Index("ix_lms_team_actions_report_id", "report_id"), NUMBERED_ONCE)

    id: Mapped[primary_key]
    report_id: Mapped[int] = mapped_column(ForeignKey("lms_team_reports.id", ondelete="RESTRICT"))
    seen: Mapped[str] = mapped_column(Text)
    cause: Mapped[str] = mapped_column(Text)
    step: Mapped[str] = mapped_column(Text)
    owner: Mapped[str] = mapped_column(String(200))
    due_on: Mapped[date]
    done_on: Mapped[date | None]
    part_id: Mapped[int | None]
    question_id: Mapped[str | None] = mapped_column(String(80))
    made_by_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    made_at: Mapped[datetime]
    report: Mapped[TeamReport] = relationship()
