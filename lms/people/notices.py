"""Which mails a person wants: first reminders, those about refreshers, and the weekly overview of an administrator."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint, select, true
from sqlalchemy.orm import Mapped, mapped_column

from lms.database import Model, db, primary_key
from lms.people.models import one_of

DIGESTS = ("weekly", "none")


class NoticePreferences(Model):
    """What somebody chose; who chose nothing has no row and gets everything."""

    __tablename__ = "lms_notice_preferences"
    __table_args__ = (UniqueConstraint("user_id"), CheckConstraint(one_of("digest", DIGESTS), name="digest_is_known"))

    id: Mapped[primary_key]
    user_id: Mapped[int] = mapped_column(ForeignKey("lms_users.id", ondelete="RESTRICT"))
    wants_first_reminder: Mapped[bool] = mapped_column(default=True)
    """Whether a mail comes 30 days before something assigned is due; those of 7 and 1 days, and later, always come."""
    digest: Mapped[str] = mapped_column(String(16), default="weekly")
    digest_agency_id: Mapped[int | None] = mapped_column(ForeignKey("lms_agencies.id", ondelete="RESTRICT"))
    """Only this agency and those below it; None: all that they may see."""
    wants_refreshers: Mapped[bool] = mapped_column(default=True, server_default=true())
    """Whether a mail comes when a booster of a course opens."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """The preferences of one person, or what holds where there are none."""

    wants_first_reminder: bool = True
    digest: str = "weekly"
    digest_agency_id: int | None = None
    wants_refreshers: bool = True


def load_wishes(user_id: int) -> Wishes:
    """What a person chose. One query."""
    row = db.session.execute(
        select(
            NoticePreferences.wants_first_reminder,
            NoticePreferences.digest,
            NoticePreferences.digest_agency_id,
            NoticePreferences.wants_refreshers,
        ).where(NoticePreferences.user_id == user_id)
    ).one_or_none()
    return Wishes() if row is None else Wishes(*row)


def keep_wishes(user_id: int, wishes: Wishes) -> None:
    """Keep what a person chose. The caller commits, and has seen that the agency is theirs to look at."""
    row = db.session.scalars(select(NoticePreferences).where(NoticePreferences.user_id == user_id)).one_or_none()
    if row is None:
        row = NoticePreferences(user_id=user_id)
        db.session.add(row)
    row.wants_first_reminder = wishes.wants_first_reminder
    row.wants_refreshers = wishes.wants_refreshers
    row.digest, row.digest_agency_id = wishes.digest, wishes.digest_agency_id
    db.session.flush()
