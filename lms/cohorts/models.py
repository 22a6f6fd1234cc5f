"""The tables of cohorts: template, cohort, seat, member, invitation, milestone, team award."""

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

from lms.certification.models import Certificate
from lms.courseware.course import DISCIPLINES
from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.people.models import Agency, User, one_of


class CohortTemplate(Model):
    """A kind of team: its seats, milestones and what is asked of each seat, out of `courses/cohorts/*.yaml`.

    `rules` is the YAML as read; a cohort takes its own copy, so that a changed template changes no team.
    """

    __tablename__ = "lms_cohort_templates"
    __table_args__ = (UniqueConstraint("slug"),)

    id: Mapped[primary_key]
    slug: Mapped[str] = mapped_column(String(64))
    rules: Mapped[dict[str, Any]]
    updated_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]


class Cohort(Model):
    """A dated multidisciplinary team, owned by an agency, led by a coordinator."""

    __tablename__ = "lms_cohorts"
    __table_args__ = (Index("ix_lms_cohorts_agency_id", "agency_id"),)

    id: Mapped[primary_key]
    name: Mapped[str] = mapped_column(String(200))
    template_id: Mapped[int] = mapped_column(ForeignKey("lms_cohort_templates.id", ondelete="RESTRICT"))
    rules: Mapped[dict[str, Any]]
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    coordinator_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    starts_on: Mapped[date]
    ready_by: Mapped[date | None]
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    agency: Mapped[Agency] = relationship()
    coordinator: Mapped[User] = relationship()


class Seat(Model):
    """A place in a cohort for a discipline, with room for one member and an alternate."""

    __tablename__ = "lms_seats"
    __table_args__ = (
        UniqueConstraint("cohort_id", "position"),
        CheckConstraint(one_of("discipline", DISCIPLINES), name="discipline_is_known"),
    )

    id: Mapped[primary_key]
    cohort_id: Mapped[int] = mapped_column(ForeignKey("lms_cohorts.id", ondelete="RESTRICT"))
    position: Mapped[int]
    key: Mapped[str] = mapped_column(String(64))
    discipline: Mapped[str] = mapped_column(String(32))
    title: Mapped[dict[str, Any]]
    """By language."""
    is_required: Mapped[bool] = mapped_column(default=True)
    removed_at: Mapped[datetime | None]
    """Nobody sits in it from then on; who did, and certificates that name it, keep pointing here."""
    cohort: Mapped[Cohort] = relationship()


class Member(Model):
    """A person in a cohort, in a seat or not yet; `left_at` ends it, nothing is deleted."""

    __tablename__ = "lms_cohort_members"
    __table_args__ = (
        Index(
            "uq_lms_cohort_members_current",
            "cohort_id",
            "user_id",
            unique=True,
            sqlite_where=text("left_at IS NULL"),
            postgresql_where=text("left_at IS NULL"),
        ),
        Index(
            "uq_lms_cohort_members_seat",
            "seat_id",
            "is_alternate",
            unique=True,
            sqlite_where=text("left_at IS NULL AND seat_id IS NOT NULL"),
            postgresql_where=text("left_at IS NULL AND seat_id IS NOT NULL"),
        ),
        Index("ix_lms_cohort_members_user_id", "user_id"),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    cohort_id: Mapped[int] = mapped_column(ForeignKey("lms_cohorts.id", ondelete="RESTRICT"))
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("lms_seats.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    agency_id: Mapped[int | None] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    """The agency the person sits for."""
    is_alternate: Mapped[bool] = mapped_column(default=False)
    joined_at: Mapped[datetime]
    left_at: Mapped[datetime | None]
    cohort: Mapped[Cohort] = relationship()
    seat: Mapped[Seat | None] = relationship()
    user: Mapped[User] = relationship()


class CohortInvitation(Model):
    """An invitation into a cohort: by mail link (single use) or by a code that may be read out in a room."""

    __tablename__ = "lms_cohort_invitations"
    __table_args__ = (
        UniqueConstraint("token_hash"),
        CheckConstraint("max_uses >= 1 AND uses <= max_uses", name="uses_within_limit"),
        Index("ix_lms_cohort_invitations_cohort_id", "cohort_id"),
    )

    id: Mapped[primary_key]
    cohort_id: Mapped[int] = mapped_column(ForeignKey("lms_cohorts.id", ondelete="RESTRICT"))
    seat_id: Mapped[int | None] = mapped_column(ForeignKey("lms_seats.id", ondelete="RESTRICT"))
    token_hash: Mapped[str] = mapped_column(String(64))
    email: Mapped[str | None] = mapped_column(String(320))
    """Null for a code."""
    max_uses: Mapped[int] = mapped_column(default=1)
    uses: Mapped[int] = mapped_column(default=0)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    cohort: Mapped[Cohort] = relationship()


class Milestone(Model):
    """One thing a team does on its way: attested with name and day, or derived as `rule` says (`templates.MET_BY`)."""

    __tablename__ = "lms_milestones"
    __table_args__ = (UniqueConstraint("cohort_id", "key"),)

    id: Mapped[primary_key]
    cohort_id: Mapped[int] = mapped_column(ForeignKey("lms_cohorts.id", ondelete="RESTRICT"))
    key: Mapped[str] = mapped_column(String(64))
    position: Mapped[int]
    title: Mapped[dict[str, Any]]
    rule: Mapped[str] = mapped_column(String(64))
    met_on: Mapped[date | None]
    met_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    note: Mapped[str | None] = mapped_column(Text)


class TeamAward(Model):
    """Ties a team certificate to its cohort, with the composition on the day it was issued: one for each cycle.

    The strongest that both engines hold, each by a named constraint, whoever writes the rows:
    a team certificate without an award of its cohort and cycle cannot be committed (`fk_lms_certificates_team_award`,
    deferred to the end of the transaction since each row names the other; SQLite and PostgreSQL both defer); an award
    names only a certificate of its own cohort and cycle, hence of a team (`fk_lms_team_awards_own_certificate`); there
    is one award (`uq_lms_team_awards_cohort_id_cycle`) and one certificate that was not superseded
    (`uq_lms_certificates_team_cycle`) for each cycle. A reissued certificate of the same cycle shares the award, whose
    composition nobody writes again. That its seats really were certified no constraint can see: `standing` decides
    that while it holds the cohort's row.
    """

    __tablename__ = "lms_team_awards"
    __table_args__ = (
        UniqueConstraint("cohort_id", "cycle"),
        UniqueConstraint("certificate_id"),
        ForeignKeyConstraint(
            ["certificate_id", "cohort_id", "cycle"],
            ["lms_certificates.id", "lms_certificates.team_cohort_id", "lms_certificates.cycle"],
            name="fk_lms_team_awards_own_certificate",
            ondelete="RESTRICT",
        ),
    )

    id: Mapped[primary_key]
    cohort_id: Mapped[int] = mapped_column(ForeignKey("lms_cohorts.id", ondelete="RESTRICT"))
    certificate_id: Mapped[int]
    cycle: Mapped[int]
    composition: Mapped[list[Any]]
    awarded_at: Mapped[datetime]
    cohort: Mapped[Cohort] = relationship(foreign_keys="TeamAward.cohort_id")
    certificate: Mapped[Certificate] = relationship(
        primaryjoin="foreign(TeamAward.certificate_id) == Certificate.id", viewonly=True
    )


TEAM_AWARD_OF_A_CERTIFICATE = ForeignKeyConstraint(
    ["team_cohort_id", "cycle"],
    ["lms_team_awards.cohort_id", "lms_team_awards.cycle"],
    name="fk_lms_certificates_team_award",
    deferrable=True,
    initially="DEFERRED",
    use_alter=True,
)
"""Declared here and not with Certificate: a room names only what earlier rooms have."""

cast(Table, Certificate.__table__).append_constraint(TEAM_AWARD_OF_A_CERTIFICATE)
