"""Asking for a record: whose, of which days, why; noted in the audit before anything is made."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from lms import batches
from lms.access import Permission, Viewer, visible_agencies
from lms.batches import Batch
from lms.clock import start_of_day
from lms.database import db
from lms.errors import N_, Invalid
from lms.people.audit import note
from lms.people.models import Membership
from lms.records.reach import Reach, reach_of

KIND = "court-record"

PURPOSES = ("court", "personnel-file", "board", "own-use", "other")

DAYS_KEPT = 30
"""So long the finished file can be fetched. It holds much about one person, and can be made again."""

MOST_YEARS = 30


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for. Days are the site's, both included."""

    user_id: int
    since: date
    until: date
    purpose: str
    reason: str
    language: str
    is_own: bool

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "since": self.since.isoformat(), "until": self.until.isoformat()}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Asked:
        values = {name: stored[name] for name in cls.__dataclass_fields__}
        return cls(
            **{**values, "since": date.fromisoformat(stored["since"]), "until": date.fromisoformat(stored["until"])}
        )

    def start(self, zone: str) -> datetime:
        return start_of_day(self.since, zone)

    def end(self, zone: str) -> datetime:
        """The first moment after its days."""
        return start_of_day(self.until + timedelta(days=1), zone)


def check(asked: Asked, viewer: Viewer, today: date) -> Reach:
    """What the viewer may have put into it. Raises NotFound for a person out of reach, Invalid for days or words."""
    reach = reach_of(viewer, asked.user_id, today)
    if asked.until < asked.since:
        raise Invalid(N_("The last day lies before the first."), field="until")
    if asked.until > today:
        raise Invalid(N_("The last day cannot lie in the future."), field="until")
    if asked.until.year - asked.since.year > MOST_YEARS:
        raise Invalid(N_("A record holds at most 30 years. Choose a later first day."), field="since")
    if asked.purpose not in PURPOSES:
        raise Invalid(N_("Choose what the record is for."), field="purpose")
    if not asked.is_own and not asked.reason.strip():
        raise Invalid(N_("Say why the record is made."), field="reason")
    reach.require(asked.since, asked.until)
    return reach


def ask(asked: Asked, viewer: Viewer, today: date) -> Batch:
    """Note who asks whose record, of which days and why; then have it made. The caller commits.

    Raises NotFound and Invalid as `check` does, Conflict where the asker has enough under way.
    """
    check(asked, viewer, today)
    batches.refuse_many(KIND, asked_by_id=viewer.id)
    agency_id = None
    if not asked.is_own:
        agency_id = db.session.scalar(
            select(Membership.agency_id)
            .where(
                Membership.user_id == asked.user_id,
                Membership.agency_id.in_(visible_agencies(viewer, Permission.MAKE_RECORDS)),
            )
            .order_by(Membership.ended_on.is_not(None), Membership.started_on.desc(), Membership.id)
            .limit(1)
        )
    event = note(
        "record.asked",
        "user",
        asked.user_id,
        actor_id=viewer.id,
        agency_id=agency_id,
        reason=asked.reason.strip() or None,
        since=asked.since.isoformat(),
        until=asked.until.isoformat(),
        purpose=asked.purpose,
    )
    db.session.flush()
    return batches.begin(KIND, {**asked.to_json(), "audit_event": event.id}, asked_by_id=viewer.id)


def asked_before(user_id: int, *, asked_by_id: int) -> list[Batch]:
    """The records of one person that somebody asked for lately, the newest first: the way back to a finished file."""
    recent = batches.batches_of(asked_by_id)
    return [one for one in recent if one.kind == KIND and one.params["user_id"] == user_id]
