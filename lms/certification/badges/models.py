"""The tables of badges: the signed credentials as they were issued, and the achievements that they name."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from lms.certification.badges.status import LIST_BITS
from lms.database import Model, primary_key


class Badge(Model):
    """The badge of one certificate, signed once and kept: its bytes stay the same when keys are rotated.

    A holder may hide the name and show it again; each of the two has its own text, made when it is first asked for.
    Both have the same place in the status list.
    """

    __tablename__ = "lms_badges"
    __table_args__ = (
        UniqueConstraint("certificate_id"),
        UniqueConstraint("status_list", "status_index"),
        CheckConstraint("status_list >= 1", name="list_is_numbered"),
        CheckConstraint(f"status_index >= 0 AND status_index < {LIST_BITS}", name="index_is_in_its_list"),
        CheckConstraint(
            "named_token IS NOT NULL OR nameless_token IS NOT NULL OR erased_at IS NOT NULL", name="is_signed"
        ),
        CheckConstraint("certificate_id IS NOT NULL OR erased_at IS NOT NULL", name="is_of_a_certificate"),
    )

    id: Mapped[primary_key]
    certificate_id: Mapped[int | None] = mapped_column(ForeignKey("lms_certificates.id", ondelete="RESTRICT"))
    """None once even the stub of an erased person's certificate has gone: the place in the list stays taken."""
    subject_id: Mapped[str] = mapped_column(String(45))
    """`urn:uuid:…`, random: two badges of one person have nothing in common."""
    status_list: Mapped[int]
    status_index: Mapped[int]
    """Random within its list, so that it tells nothing of when or to whom."""
    named_token: Mapped[str | None] = mapped_column(Text)
    nameless_token: Mapped[str | None] = mapped_column(Text)
    issued_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    """Its texts are gone with its holder's data, and the status list says that it does not stand any more."""


class BadgeAchievement(Model):
    """What badges were issued for, as anybody may read it; `key` holds the hash of its definition. Never changed."""

    __tablename__ = "lms_badge_achievements"
    __table_args__ = (UniqueConstraint("key"),)

    id: Mapped[primary_key]
    key: Mapped[str] = mapped_column(String(96))
    definition: Mapped[dict[str, Any]]
    created_at: Mapped[datetime]
