"""The table of licenses, and how a number is shown to others."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, event, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.database import NUMBERED_ONCE, Model, primary_key
from lms.people.names import license_key


def _number_key_of_new(context: Any) -> str:
    return license_key(context.get_current_parameters()["number"])


class License(Model):
    """A professional license, as its holder or a staff list said it: nothing here was checked with the board.

    `expires_on` is its last day. At most one, of those not ended, is printed on certificates.
    """

    __tablename__ = "lms_licenses"
    __table_args__ = (
        Index("ix_lms_licenses_user_id", "user_id"),
        Index("ix_lms_licenses_number", "number"),
        Index("ix_lms_licenses_number_key", "number_key"),
        CheckConstraint("ended_at IS NULL OR NOT is_printed", name="ended_is_not_printed"),
        Index(
            "uq_lms_licenses_current",
            "user_id",
            "board",
            "state",
            "number",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "uq_lms_licenses_printed",
            "user_id",
            unique=True,
            sqlite_where=text("is_printed"),
            postgresql_where=text("is_printed"),
        ),
        NUMBERED_ONCE,
    )

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    board: Mapped[str] = mapped_column(String(64))
    """The id of a credit body (courses/credit-bodies)."""
    state: Mapped[str] = mapped_column(String(2))
    number: Mapped[str] = mapped_column(String(64))
    number_key: Mapped[str] = mapped_column(String(64), default=_number_key_of_new, server_default="")
    """The number without case and punctuation: by it a license is found."""
    expires_on: Mapped[date | None]
    is_printed: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    @property
    def masked(self) -> str:
        """What others see of the number."""
        return mask(self.number)


@event.listens_for(License, "before_update")
def keep_number_key(mapper: object, connection: object, license: License) -> None:
    """A license is found by the number that it has now."""
    license.number_key = license_key(license.number)


def mask(number: str) -> str:
    """The last three characters; of a number so short that this would be all of it, none."""
    return f"•••{number[-3:]}" if len(number) > 3 else "•••"
