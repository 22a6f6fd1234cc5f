"""The table of what people share with an agency beyond what was earned there."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.certification.models import Certificate  # noqa: F401 - the foreign key below needs the table
from lms.database import NUMBERED_ONCE, Model, primary_key


class RecordShare(Model):
    """A person lets an agency see a certificate of theirs, or all that they hold (`certificate_id` None).

    It holds until it is taken back, and only while the person has a place in that very agency.
    """

    __tablename__ = "lms_record_shares"
    __table_args__ = (
        ForeignKeyConstraint(
            ["certificate_id", "user_id"],
            ["lms_certificates.id", "lms_certificates.user_id"],
            name="fk_lms_record_shares_own_certificate",
            ondelete="RESTRICT",
            deferrable=True,
            initially="IMMEDIATE",
        ),
        Index(
            "uq_lms_record_shares_whole",
            "user_id",
            "agency_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL AND certificate_id IS NULL"),
            postgresql_where=text("ended_at IS NULL AND certificate_id IS NULL"),
        ),
        Index(
            "uq_lms_record_shares_one",
            "certificate_id",
            "agency_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_lms_record_shares_user_id", "user_id", "agency_id"),
        Index("ix_lms_record_shares_agency_id", "agency_id"),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    agency_id: Mapped[int] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    certificate_id: Mapped[int | None]
    shared_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
