"""Reminders that something ends: which of 90, 60, 30 and 7 days is due, for whom, and never a second time."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import aliased

from lms import outbox
from lms.certification.models import Certificate
from lms.certification.standing import stands
from lms.certification.validity import end_of_day, last_day_of
from lms.clock import local_day
from lms.database import db
from lms.outbox import OutboxMessage
from lms.people.invitations import has_account_of_their_own
from lms.people.models import User

MARKS = (90, 60, 30, 7)
"""So many days before the end a mail comes."""

OPTIONAL_MARKS = frozenset({90, 60})
"""Those that a person may switch off."""

MESSAGE_KIND = "reminder"
PAGE = 500


@dataclass(frozen=True, slots=True)
class Ending:
    """Something of a person that ends: `ends_on` is the last day on which it counts, `began_on` the first.

    `name` stays the same through corrections, which give it another id.
    """

    source: str
    id: int
    name: str
    user_id: int
    began_on: date
    ends_on: date
    wants_early: bool
    code: str = ""
    """What the mail names it by: never its subject."""
    part: str = ""
    """Which of several things under one id, for sources whose ids are those of people."""

    def key(self, mark: int) -> str:
        """The effect of one mail: queued once for an end, whoever queues it. Another end is worth other mails."""
        return f"reminder:{self.source}:{self.name}:{self.ends_on.isoformat()}:{mark}"


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of thing that ends. `page` gives those within the longest mark, by id after one, and the id to go on after
    (None: that was the last); `find` one of them by id and part, or what replaced it, or None once it was renewed,
    done, revoked or is over. `marks` are days before the end; negative ones come after it."""

    page: Callable[[datetime, str, int], tuple[list[Ending], int | None]]
    find: Callable[[int, str, datetime, str], Ending | None]
    marks: tuple[int, ...] = MARKS
    optional: frozenset[int] = OPTIONAL_MARKS


def mark_due(
    began_on: date,
    ends_on: date,
    day: date,
    *,
    sent: Collection[int] = (),
    wants_early: bool = True,
    marks: Sequence[int] = MARKS,
    optional: Collection[int] = OPTIONAL_MARKS,
) -> int | None:
    """The most urgent mark that is due on a day; None where its mail, or a more urgent one, was sent. Pure.

    A clock that went back asks for a mark that is less urgent than the one sent: nothing. A mark that had begun when
    the thing itself began says nothing new: who gets thirty days need not be told so on the next one.
    """
    left = (ends_on - day).days
    if left < 0 <= min(marks):
        return None
    speaking = (mark for mark in marks if began_on < ends_on - timedelta(days=mark))
    due = min((mark for mark in speaking if left <= mark and (wants_early or mark not in optional)), default=None)
    return None if due is None or any(mark <= due for mark in sent) else due


def is_worth_sending(ending: Ending, mark: int, day: date) -> bool:
    """Whether a mail that waited, perhaps for days, still says what is so: nothing more urgent is due by now."""
    due = _mark_of(ending, day)
    return due is not None and due >= mark


def _mark_of(ending: Ending, day: date, sent: Collection[int] = ()) -> int | None:
    source = SOURCES[ending.source]
    return mark_due(
        ending.began_on,
        ending.ends_on,
        day,
        sent=sent,
        wants_early=ending.wants_early,
        marks=source.marks,
        optional=source.optional,
    )


def queue_reminders(endings: Sequence[Ending], day: date) -> int:
    """Queue the mail that is due for each; how many. Two queries at most beside the inserts. The caller commits."""
    marks: Mapping[str, Sequence[int]] = {name: source.marks for name, source in SOURCES.items()}
    keys = [ending.key(mark) for ending in endings for mark in marks[ending.source]]
    known = set(
        db.session.scalars(select(OutboxMessage.effect_key).where(OutboxMessage.effect_key.in_(keys))) if keys else ()
    )
    count = 0
    for ending in endings:
        sent = [mark for mark in marks[ending.source] if ending.key(mark) in known]
        mark = _mark_of(ending, day, sent)
        if mark is not None:
            payload: dict[str, Any] = {"source": ending.source, "id": ending.id, "mark": mark}
            if ending.part:
                payload["part"] = ending.part
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
            Certificate.kind,
            func.coalesce(Certificate.course_id, Certificate.certification_id),
            Certificate.cycle,
        )
        .join(User, User.id == Certificate.user_id)
        .where(
            is_ending(now, horizon(now, time_zone)),
            User.disabled_at.is_(None),
            User.email.is_not(None),
            has_account_of_their_own(),
        )
    )


def certificates_ending(now: datetime, time_zone: str, after: int) -> tuple[list[Ending], int | None]:
    """A page of the certificates that end within the longest mark, by id."""
    query = _endings(now, time_zone).where(Certificate.id > after).order_by(Certificate.id).limit(PAGE)
    found = [_ending(row, time_zone) for row in db.session.execute(query)]
    return found, found[-1].id if found else None


def find_certificate_ending(certificate_id: int, part: str, now: datetime, time_zone: str) -> Ending | None:
    """One of them, or what was put in its place; None once it was renewed or revoked, is over, or its holder's account
    is off."""
    number: int | None = certificate_id
    while number is not None:
        certificate_id = number
        number = db.session.scalar(select(Certificate.superseded_by_id).where(Certificate.id == certificate_id))
    row = db.session.execute(_endings(now, time_zone).where(Certificate.id == certificate_id)).one_or_none()
    return None if row is None else _ending(row, time_zone)


def _ending(row: Any, time_zone: str) -> Ending:
    number, user_id, completed_on, expires_at, wants_early, code, kind, what, cycle = row
    name = f"{user_id}-{kind}-{what}-{cycle}"
    ends_on = last_day_of(expires_at, time_zone)
    return Ending("certificate", number, name, user_id, completed_on, ends_on, wants_early, code=code)


SOURCES: dict[str, Source] = {"certificate": Source(certificates_ending, find_certificate_ending)}
"""Whatever ends and has a person who should know: a room that has more of it adds its own."""
