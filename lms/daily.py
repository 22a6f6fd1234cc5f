"""What a day brings: reminders, renewals that open, and each week a digest, as messages keyed by (job, period)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from lms import journey, outbox
from lms.certification.certifying import current_rules
from lms.certification.concerned import renewals_waiting
from lms.certification.facts import AwardSite
from lms.certification.reminders import SOURCES, Ending, is_worth_sending, queue_reminders
from lms.clock import local_day, utc_now
from lms.database import db, run_transaction
from lms.outbox import OutboxMessage
from lms.people.models import RoleGrant, User
from lms.people.signins import load_viewer
from lms.reporting.digests import Digest, load_digest
from lms.settings import Settings

REMINDERS, RENEWALS, DIGESTS, DIGEST = "daily-reminders", "daily-renewals", "weekly-digests", "digest"

AT_HOUR = 8
"""In the site's zone: nobody's mail comes at night."""

SLICE_SECONDS = 20
PAGE = 100

Cursor = Mapping[str, Any]


def plan_day(now: datetime, settings: Settings) -> int:
    """Queue what this day and this week bring, each once; how many were new. The caller commits.

    Asked every quarter of an hour: a worker that was down over the morning, or for days, makes up for today only. The
    key is the local day, so that a second scheduler adds nothing, and neither does a clock that goes back.
    """
    day = local_day(now, settings.time_zone)
    monday = day - timedelta(days=day.weekday())
    wanted = ((REMINDERS, day), (RENEWALS, day), (DIGESTS, monday))
    return sum(
        outbox.enqueue(kind, f"{kind}:{period.isoformat()}", {}, max(now, _morning(period, settings.time_zone)))
        for kind, period in wanted
    )


def _morning(day: date, time_zone: str) -> datetime:
    """Eight by the clock on the wall, also on the days when it changes."""
    return datetime(day.year, day.month, day.day, AT_HOUR, tzinfo=ZoneInfo(time_zone))


def remind(message: OutboxMessage, settings: Settings) -> bool:
    """Queue the reminders that are due today, page by page; whether it goes on."""
    names = list(SOURCES)

    def step(cursor: Cursor) -> Cursor | None:
        at, after = int(cursor.get("source", 0)), int(cursor.get("after", 0))
        if at >= len(names):
            return None
        now = utc_now()
        page = SOURCES[names[at]].page(now, settings.time_zone, after)
        if not page:
            return {"source": at + 1}
        queue_reminders(page, local_day(now, settings.time_zone))
        return {"source": at, "after": page[-1].id}

    return _walk(message, step)


def renew(message: OutboxMessage, settings: Settings) -> bool:
    """Issue renewals whose window has opened to people who hold newer evidence already; whether it goes on."""
    site = AwardSite.from_settings(settings)

    def step(cursor: Cursor) -> Cursor | None:
        slug, past, after = str(cursor.get("slug", "")), str(cursor.get("past", "")), int(cursor.get("after", 0))
        rules = sorted(current_rules(), key=lambda one: one.rule.slug)
        current = next((one for one in rules if one.rule.slug >= slug and one.rule.slug > past), None)
        if current is None:
            return None
        now = utc_now()
        ids = renewals_waiting(current, now, settings.time_zone, after if current.rule.slug == slug else 0, PAGE)
        for user_id in ids:
            journey.award_certifications(user_id, site, now, slug=current.rule.slug)
        return {"slug": current.rule.slug, "after": ids[-1]} if ids else {"past": current.rule.slug}

    return _walk(message, step)


def spread_digests(message: OutboxMessage, settings: Settings) -> bool:
    """Queue a digest for each administrator of an agency; whether it goes on. What is in it is read when it is sent."""
    week = message.effect_key.partition(":")[2]

    def step(cursor: Cursor) -> Cursor | None:
        now = utc_now()
        ids = list(
            db.session.scalars(
                select(RoleGrant.user_id)
                .join(User, User.id == RoleGrant.user_id)
                .where(
                    RoleGrant.role == "agency-administrator",
                    RoleGrant.revoked_at.is_(None),
                    RoleGrant.until.is_(None) | (RoleGrant.until > now),
                    User.disabled_at.is_(None),
                    RoleGrant.user_id > int(cursor.get("after", 0)),
                )
                .distinct()
                .order_by(RoleGrant.user_id)
                .limit(PAGE)
            )
        )
        for user_id in ids:
            outbox.enqueue(DIGEST, f"{DIGEST}:{user_id}:{week}", {"user_id": user_id})
        return {"after": ids[-1]} if ids else None

    return _walk(message, step)


def reminder_to_send(payload: Mapping[str, Any], now: datetime, settings: Settings) -> tuple[User, Ending] | None:
    """Whom to remind of what; None where it was renewed, revoked, replaced or is over, or a later mail says it."""
    source = SOURCES.get(str(payload["source"]))
    ending = source.find(int(payload["id"]), now, settings.time_zone) if source else None
    if ending is None or not is_worth_sending(ending, int(payload["mark"]), local_day(now, settings.time_zone)):
        return None
    return db.session.get_one(User, ending.user_id), ending


def digest_to_send(payload: Mapping[str, Any], now: datetime, settings: Settings) -> tuple[User, Digest] | None:
    """A digest with what its reader may see now; None where nothing ends there, or they may see nothing any more."""
    user_id = int(payload["user_id"])
    viewer = load_viewer(user_id, today=local_day(now, settings.time_zone))
    if viewer is None or not viewer.email:
        return None
    digest = load_digest(viewer, now, settings.time_zone)
    return (db.session.get_one(User, user_id), digest) if digest.total else None


def _walk(message: OutboxMessage, step: Callable[[Cursor], Cursor | None]) -> bool:
    """Pages of work, each in a transaction with the place where the next one begins; True where time is up before the
    end. A page that is done twice has its effect once."""
    number, cursor, began = message.id, message.payload.get("cursor", {}), time.monotonic()
    while True:
        following = run_transaction(lambda at=cursor: _page(number, step, at))  # type: ignore[misc]
        if following is None:
            return False
        cursor = following
        if time.monotonic() - began > SLICE_SECONDS:
            return True


def _page(number: int, step: Callable[[Cursor], Cursor | None], cursor: Cursor) -> Cursor | None:
    following = step(cursor)
    if following is not None:
        row = db.session.get_one(OutboxMessage, number)
        row.payload = {**row.payload, "cursor": dict(following)}
    return following
