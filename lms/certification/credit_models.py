"""The tables of credit: bodies and mandates taken from files, what a body approved, and the lines of a certificate."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.catalog.models import Course  # noqa: F401 - the foreign key below needs the table
from lms.certification.models import Certificate  # noqa: F401 - as above
from lms.database import Model, primary_key
from lms.people.models import License  # noqa: F401 - as above


class CreditBody(Model):
    """Who gives credit or licenses: a board, a department, an approver. `facts` are its file."""

    __tablename__ = "lms_credit_bodies"
    __table_args__ = (UniqueConstraint("slug"),)

    id: Mapped[primary_key]
    slug: Mapped[str] = mapped_column(String(64))
    facts: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class Mandate(Model):
    """A rule of a state or board about who must be trained, or the finding that there is none (courses/mandates)."""

    __tablename__ = "lms_mandates"
    __table_args__ = (UniqueConstraint("slug"), Index("ix_lms_mandates_state", "state"))

    id: Mapped[primary_key]
    slug: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(2))
    facts: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]


class CreditApproval(Model):
    """What a body approved for a course, as the deployer entered it; none is ever shipped.

    Both days belong to it. Ended, never deleted: certificates lean on it.
    """

    __tablename__ = "lms_credit_approvals"
    __table_args__ = (
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="ends_after_it_begins"),
        Index("ix_lms_credit_approvals_course_id", "course_id"),
        Index("ix_lms_credit_approvals_body_id", "body_id"),
    )

    id: Mapped[primary_key]
    body_id: Mapped[int] = mapped_column(ForeignKey("lms_credit_bodies.id", ondelete="RESTRICT"))
    course_id: Mapped[int] = mapped_column(ForeignKey("lms_courses.id", ondelete="RESTRICT"))
    type: Mapped[str] = mapped_column(String(64))
    approval_number: Mapped[str] = mapped_column(String(100))
    provider_number: Mapped[str] = mapped_column(String(100), default="")
    statement: Mapped[str] = mapped_column(Text, default="")
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    entered_by_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    entered_at: Mapped[datetime]


class ApprovedLine(Model):
    """Minutes of one area (`category`) of an approval; None: the body has no areas."""

    __tablename__ = "lms_approved_lines"
    __table_args__ = (
        UniqueConstraint("approval_id", "category"),
        CheckConstraint("minutes > 0", name="minutes_are_positive"),
    )

    id: Mapped[primary_key]
    approval_id: Mapped[int] = mapped_column(ForeignKey("lms_credit_approvals.id", ondelete="RESTRICT"))
    category: Mapped[str | None] = mapped_column(String(64))
    minutes: Mapped[int]


class CreditLine(Model):
    """Credit on a certificate, frozen with it: hours of one type and area from one body, in that body's own hours."""

    __tablename__ = "lms_credit_lines"
    __table_args__ = (
        UniqueConstraint("certificate_id", "approval_id", "category"),
        CheckConstraint("minutes > 0", name="minutes_are_positive"),
        Index("ix_lms_credit_lines_approval_id", "approval_id"),
        Index("ix_lms_credit_lines_license_id", "license_id"),
    )

    id: Mapped[primary_key]
    certificate_id: Mapped[int] = mapped_column(ForeignKey("lms_certificates.id", ondelete="RESTRICT"))
    approval_id: Mapped[int] = mapped_column(ForeignKey("lms_credit_approvals.id", ondelete="RESTRICT"))
    license_id: Mapped[int | None] = mapped_column(ForeignKey("lms_licenses.id", ondelete="RESTRICT"))
    body: Mapped[str] = mapped_column(String(64))
    type: Mapped[str] = mapped_column(String(64))
    category: Mapped[str | None] = mapped_column(String(64))
    minutes: Mapped[int]
    hours: Mapped[str] = mapped_column(String(12))
    approval_number: Mapped[str] = mapped_column(String(100))
