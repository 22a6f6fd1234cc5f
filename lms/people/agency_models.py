"""The tables around agencies: outside ids, what they were called before, codes to join and who asked."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from lms.courseware.course import DISCIPLINES
from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.people.models import Agency, User, one_of

NUMBER_KINDS = ("nces-district", "nces-school", "ccn", "npi", "state", "other")
REQUEST_STATES = ("waiting", "approved", "refused", "withdrawn")


class AgencyNumber(Model):
    """An id by which somebody else knows an agency, from a day until the first day on which it no longer holds.

    `is_in_use`: it has not ended and its agency is not archived; of those, each is one agency's alone.
    """

    __tablename__ = "lms_agency_numbers"
    __table_args__ = (
        CheckConstraint(one_of("kind", NUMBER_KINDS), name="kind_is_known"),
        CheckConstraint("ended_on IS NULL OR ended_on >= started_on", name="ends_after_it_starts"),
        CheckConstraint("ended_on IS NULL OR NOT is_in_use", name="ended_is_not_in_use"),
        CheckConstraint("(kind IN ('state', 'other')) = (label <> '')", name="label_says_whose"),
        Index(
            "uq_lms_agency_numbers_in_use",
            "kind",
            "label",
            "value",
            unique=True,
            sqlite_where=text("is_in_use"),
            postgresql_where=text("is_in_use"),
        ),
        Index("ix_lms_agency_numbers_agency_id", "agency_id"),
        Index("ix_lms_agency_numbers_value", "value"),
    )

    id: Mapped[primary_key]
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    kind: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(60), default="")
    """Whose id it is, where the kind does not say it: the state, or in words."""
    value: Mapped[str] = mapped_column(String(40))
    started_on: Mapped[date]
    ended_on: Mapped[date | None]
    is_in_use: Mapped[bool] = mapped_column(default=True)


class FormerAgency(Model):
    """What an agency was called, and below which one it lay, until it was renamed or moved. Only ever inserted."""

    __tablename__ = "lms_former_agencies"
    __table_args__ = (
        CheckConstraint("until_at >= from_at", name="ends_after_it_begins"),
        Index("ix_lms_former_agencies_agency_id", "agency_id", "until_at"),
    )

    id: Mapped[primary_key]
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    name: Mapped[str] = mapped_column(String(200))
    search_text: Mapped[str] = mapped_column(String(200))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    parent_name: Mapped[str | None] = mapped_column(String(200))
    """As it was called then."""
    from_at: Mapped[datetime]
    until_at: Mapped[datetime]


class AgencyArrival(Model):
    """Since when an agency lies below another, where it was not made there: it, or one between, was moved there, or it
    was brought back out of the archive (then since when it is in use, `above_id` being itself, too). One row for each
    agency that lies above now; none for what was made where it lies."""

    __tablename__ = "lms_agency_arrivals"
    __table_args__ = (Index("ix_lms_agency_arrivals_above_id", "above_id"),)

    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"), primary_key=True)
    above_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"), primary_key=True)
    since_on: Mapped[date]


class JoinCode(Model):
    """A code that is posted at an agency and lets people ask to join it. Only its hash is kept.

    The code follows from the secret key and `salt`, so that it can be shown and printed again.
    """

    __tablename__ = "lms_join_codes"
    __table_args__ = (
        UniqueConstraint("code_hash"),
        CheckConstraint(one_of("discipline", DISCIPLINES), name="discipline_is_known"),
        CheckConstraint("most_uses > 0 AND uses >= 0 AND uses <= most_uses", name="uses_are_within_bounds"),
        Index("ix_lms_join_codes_agency_id", "agency_id"),
    )

    id: Mapped[primary_key]
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    code_hash: Mapped[str] = mapped_column(String(64))
    salt: Mapped[str] = mapped_column(String(32))
    discipline: Mapped[str | None] = mapped_column(String(32))
    """What the form proposes; the person may choose another."""
    needs_approval: Mapped[bool]
    most_uses: Mapped[int]
    uses: Mapped[int] = mapped_column(default=0)
    created_by_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    agency: Mapped[Agency] = relationship()


class JoinRequest(Model):
    """Somebody asks for a place in an agency, by one of its codes or (`code_id` None) by an address of its proven mail
    domain; approved or refused by its administrators, whichever way it came."""

    __tablename__ = "lms_join_requests"
    __table_args__ = (
        CheckConstraint(one_of("state", REQUEST_STATES), name="state_is_known"),
        CheckConstraint(one_of("discipline", DISCIPLINES), name="discipline_is_known"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided_with_a_moment"),
        CheckConstraint("state <> 'refused' OR reason IS NOT NULL", name="refused_with_a_reason"),
        Index("ix_lms_join_requests_agency_id", "agency_id", "id"),
        Index("ix_lms_join_requests_user_id", "user_id"),
        Index(
            "uq_lms_join_requests_open",
            "user_id",
            "agency_id",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    code_id: Mapped[int | None] = mapped_column(ForeignKey("lms_join_codes.id", ondelete="RESTRICT"), index=True)
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    discipline: Mapped[str] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"), index=True)
    reason: Mapped[str | None] = mapped_column(Text)
    user: Mapped[User] = relationship(foreign_keys=[user_id])
    agency: Mapped[Agency] = relationship()
