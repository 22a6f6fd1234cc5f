"""The tables of certification: the rules, the awards with their evidence, and share links."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.assessment.models import Attempt  # noqa: F401 - the foreign key below needs the table
from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.learning.assignment_models import Assignment
from lms.people.models import one_of

KINDS = ("course", "certification", "team")


class Certification(Model):
    """What can be awarded for several courses together. Its rule is versioned; archived, never deleted."""

    __tablename__ = "lms_certifications"
    __table_args__ = (UniqueConstraint("slug"),)

    id: Mapped[primary_key]
    slug: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


ASSIGNED_CERTIFICATION = ForeignKeyConstraint(
    ["certification_id"],
    ["lms_certifications.id"],
    name="fk_lms_assignments_certification_id",
    ondelete="RESTRICT",
)
"""Declared here and not with Assignment: a room names only what earlier rooms have."""

cast(Table, Assignment.__table__).append_constraint(ASSIGNED_CERTIFICATION)


class CertificationVersion(Model):
    """One state of a certification's rule (keys: `rule_files.py`). Nothing of it changes but `is_current`."""

    __tablename__ = "lms_certification_versions"
    __table_args__ = (
        UniqueConstraint("certification_id", "number"),
        Index(
            "uq_lms_certification_versions_current",
            "certification_id",
            unique=True,
            sqlite_where=text("is_current"),
            postgresql_where=text("is_current"),
        ),
    )

    id: Mapped[primary_key]
    certification_id: Mapped[int] = mapped_column(ForeignKey("lms_certifications.id", ondelete="RESTRICT"))
    number: Mapped[int]
    rules: Mapped[dict[str, Any]]
    is_current: Mapped[bool]
    published_at: Mapped[datetime]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    note: Mapped[str] = mapped_column(String(500), default="")
    """Why the rule was changed, in its author's words."""
    certification: Mapped[Certification] = relationship()


class Certificate(Model):
    """An award on a day. `facts` is the frozen copy of everything printed on it (see `facts.py`).

    Valid while `valid_from <= now < expires_at` (half open; null never expires) and neither revoked nor superseded.
    A course certificate cannot exist without a passed attempt: the composite foreign key sees `passed`. A certification
    cannot exist without evidence, which belongs to the same person (checked at once, but at the end of a transaction
    that puts two accounts together: there all of it changes hands). A team's cannot exist without its award: the later
    room of the teams ties it (`cohorts.models.TeamAward`).
    """

    __tablename__ = "lms_certificates"
    __table_args__ = (
        UniqueConstraint("code"),
        UniqueConstraint("id", "user_id"),
        UniqueConstraint("id", "team_cohort_id", "cycle"),
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
        CheckConstraint(
            "kind <> 'certification' OR (certification_id IS NOT NULL AND certification_version_id IS NOT NULL"
            " AND (evidence_certificate_id IS NOT NULL OR evidence_training_id IS NOT NULL))",
            name="certification_needs_evidence",
        ),
        ForeignKeyConstraint(
            ["evidence_certificate_id", "user_id"],
            ["lms_certificates.id", "lms_certificates.user_id"],
            name="fk_lms_certificates_own_evidence",
            ondelete="RESTRICT",
            deferrable=True,
            initially="IMMEDIATE",
        ),
        ForeignKeyConstraint(
            ["evidence_training_id", "user_id"],
            ["lms_external_trainings.id", "lms_external_trainings.user_id"],
            name="fk_lms_certificates_own_training",
            ondelete="RESTRICT",
            deferrable=True,
            initially="IMMEDIATE",
        ),
        CheckConstraint("kind = 'team' OR user_id IS NOT NULL", name="a_person_holds_it"),
        CheckConstraint("(kind = 'team') = (team_cohort_id IS NOT NULL)", name="team_names_its_cohort"),
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
        Index(
            "uq_lms_certificates_certification_cycle",
            "user_id",
            "certification_id",
            "cycle",
            unique=True,
            sqlite_where=text("kind = 'certification' AND superseded_by_id IS NULL"),
            postgresql_where=text("kind = 'certification' AND superseded_by_id IS NULL"),
        ),
        Index(
            "uq_lms_certificates_team_cycle",
            "team_cohort_id",
            "cycle",
            unique=True,
            sqlite_where=text("kind = 'team' AND superseded_by_id IS NULL"),
            postgresql_where=text("kind = 'team' AND superseded_by_id IS NULL"),
        ),
        Index("ix_lms_certificates_user_id", "user_id", "course_id"),
        Index(
            "ix_lms_certificates_agency_id",
            "agency_id",
            "expires_at",
            sqlite_where=text("revoked_at IS NULL AND superseded_by_id IS NULL"),
            postgresql_where=text("revoked_at IS NULL AND superseded_by_id IS NULL"),
        ),
        NUMBERED_ONCE,
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
    certification_id: Mapped[int | None] = mapped_column(ForeignKey("lms_certifications.id", ondelete="RESTRICT"))
    certification_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("lms_certification_versions.id", ondelete="RESTRICT")
    )
    evidence_certificate_id: Mapped[int | None]
    """The first of what shows that the rule was met (all of it: Evidence); a certification cannot exist without."""
    evidence_training_id: Mapped[int | None]
    team_cohort_id: Mapped[int | None]
    """The team; with `cycle` it names the award, which must be there when the transaction ends."""
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
    erased_at: Mapped[datetime | None]
    """Its holder was erased: it still verifies, and tells nobody's name, unless the site's rule keeps it."""
    document_name: Mapped[str | None] = mapped_column(String(120))
    document_hash: Mapped[str | None] = mapped_column(String(64), index=True)
    """SHA-256 of the stored PDF, once it has been drawn; every one that ever was: IssuedDocument."""


class Evidence(Model):
    """One thing that shows a certification's rule was met: a certificate, or approved training elsewhere."""

    __tablename__ = "lms_evidence"
    __table_args__ = (
        UniqueConstraint("certificate_id", "source_certificate_id"),
        UniqueConstraint("certificate_id", "source_training_id"),
        CheckConstraint("(source_certificate_id IS NULL) <> (source_training_id IS NULL)", name="one_source_each"),
        Index("ix_lms_evidence_source_certificate_id", "source_certificate_id"),
        Index("ix_lms_evidence_source_training_id", "source_training_id"),
    )

    id: Mapped[primary_key]
    certificate_id: Mapped[int] = mapped_column(ForeignKey("lms_certificates.id", ondelete="RESTRICT"))
    source_certificate_id: Mapped[int | None] = mapped_column(ForeignKey("lms_certificates.id", ondelete="RESTRICT"))
    source_training_id: Mapped[int | None] = mapped_column(ForeignKey("lms_external_trainings.id", ondelete="RESTRICT"))


class ShareLink(Model):
    """A link by which whoever has it sees one certificate, its PDF and badge, until its holder takes it back."""

    __tablename__ = "lms_share_links"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        Index("ix_lms_share_links_certificate_id", "certificate_id"),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    certificate_id: Mapped[int] = mapped_column(ForeignKey("lms_certificates.id", ondelete="RESTRICT"))
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
