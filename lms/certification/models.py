"""The tables of certification: Certificate (an immutable award with a frozen copy of what it says) and ShareLink."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from lms.assessment.models import Attempt  # noqa: F401 - the foreign key below needs the table
from lms.database import Model, primary_key
from lms.people.models import one_of

KINDS = ("course", "certification", "team")


class Certificate(Model):
    """An award on a day. `facts` is the frozen copy of everything printed on it (see `facts.py`).

    Valid while `valid_from <= now < expires_at` (half open; null never expires) and neither revoked nor superseded.
    A course certificate cannot exist without a passed attempt: the composite foreign key sees `passed`.
    """

    __tablename__ = "lms_certificates"
    __table_args__ = (
        UniqueConstraint("code"),
        ForeignKeyConstraint(
            ["attempt_id", "attempt_passed"],
            ["lms_attempts.id", "lms_attempts.passed"],
            name="fk_lms_certificates_passed_attempt",
            ondelete="RESTRICT",
        ),
        CheckConstraint(one_of("kind", KINDS), name="kind_is_known"),
        CheckConstraint(
            "kind <> 'course' OR (attempt_id IS NOT NULL AND attempt_passed IS NOT NULL AND attempt_passed"
            " AND course_id IS NOT NULL AND version_id IS NOT NULL)",
            name="course_needs_a_passed_attempt",
        ),
        CheckConstraint("kind = 'team' OR user_id IS NOT NULL", name="a_person_holds_it"),
        CheckConstraint("(revoked_at IS NULL) = (revoked_reason IS NULL)", name="revoked_with_a_reason"),
        CheckConstraint("expires_at IS NULL OR expires_at > valid_from", name="expires_after_it_begins"),
        Index(
            "uq_lms_certificates_course_cycle",
            "user_id",
            "course_id",
            "cycle",
            unique=True,
            sqlite_where=text("kind = 'course' AND superseded_by_id IS NULL"),
            postgresql_where=text("kind = 'course' AND superseded_by_id IS NULL"),
        ),
        Index("ix_lms_certificates_user_id", "user_id", "course_id"),
        Index(
            "ix_lms_certificates_agency_id",
            "agency_id",
            "expires_at",
            sqlite_where=text("revoked_at IS NULL AND superseded_by_id IS NULL"),
            postgresql_where=text("revoked_at IS NULL AND superseded_by_id IS NULL"),
        ),
    )

    id: Mapped[primary_key]
    code: Mapped[str] = mapped_column(String(14))
    kind: Mapped[str] = mapped_column(String(16))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    """The agency on the day of the award."""
    discipline: Mapped[str | None] = mapped_column(String(32))
    course_id: Mapped[int | None] = mapped_column(ForeignKey("lms_courses.id", ondelete="RESTRICT"))
    version_id: Mapped[int | None] = mapped_column(ForeignKey("lms_course_versions.id", ondelete="RESTRICT"))
    attempt_id: Mapped[int | None]
    attempt_passed: Mapped[bool | None]
    cycle: Mapped[int] = mapped_column(default=1)
    facts: Mapped[dict[str, Any]]
    language: Mapped[str] = mapped_column(String(8))
    issued_at: Mapped[datetime]
    completed_on: Mapped[date]
    valid_from: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    revoked_reason: Mapped[str | None] = mapped_column(Text)
    superseded_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_certificates.id", ondelete="RESTRICT"))
    is_name_hidden: Mapped[bool] = mapped_column(default=False)
    document_name: Mapped[str | None] = mapped_column(String(120))
    document_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    """SHA-256 of the stored PDF, once it has been drawn."""


class ShareLink(Model):
    """A link by which whoever has it may fetch one certificate's PDF, until its holder takes it back."""

    __tablename__ = "lms_share_links"
    __table_args__ = (UniqueConstraint("token_hash"), Index("ix_lms_share_links_certificate_id", "certificate_id"))

    id: Mapped[primary_key]
    certificate_id: Mapped[int] = mapped_column(ForeignKey("lms_certificates.id", ondelete="RESTRICT"))
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
