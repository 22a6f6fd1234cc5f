"""Reminders that something ends: which of 90, 60, 30 and 7 days is due, for whom, and never a second time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import aliased

from lms import outbox
from lms.certification.models import Certificate
from lms.certification.standing import stands
from lms.certification.validity import end_of_day, last_day_of
from lms.clock import local_day
from lms.database import db
from lms.outbox import OutboxMessage
from lms.people.models import User

MARKS = (90, 60, 30, 7)
"""So many days before the end a mail comes."""

OPTIONAL_MARKS = frozenset({90, 60})
"""Those that a person may switch off."""

MESSAGE_KIND = "reminder"
PAGE = 500


@dataclass(frozen=True, slots=True)
class Ending:
    """Something of a person that ends: `ends_on` is the last day on which it counts, `began_on` the first."""

    source: str
    id: int
    user_id: int
    began_on: date
    ends_on: date
    wants_early: bool
    code: str = ""
    """What the mail names it by: never its subject."""

    def key(self, mark: int) -> str:
        """The effect of one mail: queued once, whoever queues it."""
        return f"reminder:{self.source}:{self.id}:{mark}"


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of thing that ends. `page` gives those that end within the longest mark, by id after one; `find` one of
    them, or None once it was renewed, revoked, replaced or is over."""

    page: Callable[[datetime, str, int], list[Ending]]
    find: Callable[[int, datetime, str], Ending | None]


def mark_due(
    began_on: date, ends_on: date, day: date, *, sent: Collection[int] = (), wants_early: bool = True
) -> int | None:
    """The most urgent mark that is due on a day; None where its mail, or a more urgent one, was sent. Pure.

    A clock that went back asks for a mark that is less urgent than the one sent: nothing. A mark that had begun when
    the thing itself began says nothing new: who gets thirty days need not be told so on the next one.
    """
    left = (ends_on - day).days
    if left < 0:
        return None
    due = min((mark for mark in MARKS if left <= mark and _speaks(mark, began_on, ends_on, wants_early)), default=None)
    return None if due is None or any(mark <= due for mark in sent) else due


def _speaks(mark: int, began_on: date, ends_on: date, wants_early: bool) -> bool:
    return began_on < ends_on - timedelta(days=mark) and (wants_early or mark not in OPTIONAL_MARKS)


def is_worth_sending(ending: Ending, mark: int, day: date) -> bool:
    """Whether a mail that waited, perhaps for days, still says what is so: nothing more urgent is due by now."""
    due = mark_due(ending.began_on, ending.ends_on, day, wants_early=ending.wants_early)
    return due is not None and due >= mark


def queue_reminders(endings: Sequence[Ending], day: date) -> int:
    """Queue the mail that is due for each; how many. Two queries at most beside the inserts. The caller commits."""
    keys = [ending.key(mark) for ending in endings for mark in MARKS]
    known = set(
        db.session.scalars(select(OutboxMessage.effect_key).where(OutboxMessage.effect_key.in_(keys))) if keys else ()
    )
    count = 0
    for ending in endings:
        sent = [mark for mark in MARKS if ending.key(mark) in known]
        mark = mark_due(ending.began_on, ending.ends_on, day, sent=sent, wants_early=ending.wants_early)
        if mark is not None:
            payload = {"source": ending.source, "id": ending.id, "mark": mark}
            count += outbox.enqueue(MESSAGE_KIND, ending.key(mark), payload)
    return count


def is_not_renewed() -> ColumnElement[bool]:
    """The SQL condition that no later award of the same course or certification stands in a certificate's place."""
    later = aliased(Certificate)
    return ~exists().where(
        later.user_id == Certificate.user_id,
        later.kind == Certificate.kind,
        later.cycle > Certificate.cycle,
        later.revoked_at.is_(None),
        later.superseded_by_id.is_(None),
        or_(later.course_id == Certificate.course_id, later.certification_id == Certificate.certification_id),
    )


def is_ending(now: datetime, until: datetime) -> ColumnElement[bool]:
    """The SQL condition that a person's certificate counts at `now`, ends before `until`, and was not renewed."""
    kinds = Certificate.kind.in_(("course", "certification"))
    return kinds & stands() & (Certificate.expires_at > now) & (Certificate.expires_at <= until) & is_not_renewed()


def horizon(now: datetime, time_zone: str, days: int = MARKS[0]) -> datetime:
    """The end of the day that is so many days on."""
    return end_of_day(local_day(now, time_zone) + timedelta(days=days), time_zone)


def _endings(now: datetime, time_zone: str) -> Any:
    return (
        select(
            Certificate.id,
            Certificate.user_id,
            Certificate.completed_on,
            Certificate.expires_at,
            User.wants_early_reminders,
            Certificate.code,
        )
        .join(User, User.id == Certificate.user_id)
        .where(is_ending(now, horizon(now, time_zone)), User.disabled_at.is_(None), User.email.is_not(None))
    )


def certificates_ending(now: datetime, time_zone: str, after: int) -> list[Ending]:
    """A page of the certificates that end within the longest mark, by id."""
    query = _endings(now, time_zone).where(Certificate.id > after).order_by(Certificate.id).limit(PAGE)
    return [_ending(row, time_zone) for row in db.session.execute(query)]


def find_certificate_ending(certificate_id: int, now: datetime, time_zone: str) -> Ending | None:
    """One of them; None once it was renewed, revoked or replaced, is over, or its holder's account is off."""
    row = db.session.execute(_endings(now, time_zone).where(Certificate.id == certificate_id)).one_or_none()
    return None if row is None else _ending(row, time_zone)


def _ending(row: Any, time_zone: str) -> Ending:
    number, user_id, completed_on, expires_at, wants_early, code = row
    return Ending(
        "certificate", number, user_id, completed_on, last_day_of(expires_at, time_zone), wants_early, code=code
    )


SOURCES: dict[str, Source] = {"certificate": Source(certificates_ending, find_certificate_ending)}
"""Whatever ends and has a person who should know: a room that has more of it adds its own."""
