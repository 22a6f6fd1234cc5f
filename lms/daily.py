"""What a day brings: reminders, renewals that open, and each week a digest, as messages keyed by (job, period)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from lms import journey, outbox
from lms.access import allows_over
from lms.certification import assignment_reminders, boosters, license_reminders  # noqa: F401 - they add to SOURCES
from lms.certification.assignment_rules import AsOf
from lms.certification.certifying import current_rules
from lms.certification.concerned import renewals_waiting
from lms.certification.facts import AwardSite
from lms.certification.reminders import SOURCES, Ending, is_worth_sending, queue_reminders
from lms.clock import local_day, utc_now
from lms.database import db, run_transaction
from lms.outbox import OutboxMessage
from lms.people.anchors import queue_heads
from lms.people.models import Agency, RoleGrant, User, grant_holds
from lms.people.notices import NoticePreferences, load_wishes
from lms.people.role_endings import queue_role_endings
from lms.people.signins import load_viewer
from lms.reporting.digests import SEEING, Digest, load_digest
from lms.settings import Settings
from lms.waiting import Waiting, load_waiting

REMINDERS, RENEWALS, DIGESTS, DIGEST = "daily-reminders", "daily-renewals", "weekly-digests", "digest"
HEADS, ROLES, PRINTS = "weekly-audit-heads", "daily-role-endings", "daily-prints"

AT_HOUR = 8
"""In the site's zone: nobody's mail comes before it, of whatever day it is."""

SLICE_SECONDS = 20
PAGE = 100
RENEWED_TOGETHER = 20
"""Fewer, for the reason that `awarding.PEOPLE_PER_PIECE` gives."""

Cursor = Mapping[str, Any]


def plan_day(now: datetime, settings: Settings) -> int:
    """Queue what this day and this week bring, each once; how many were new. The caller commits.

    Asked every quarter of an hour: a worker that was down over the morning, or for days, makes up for today only. The
    key is the local day, so that a second scheduler adds nothing, and neither does a clock that goes back.
    """
    day = local_day(now, settings.time_zone)
    monday = day - timedelta(days=day.weekday())
    due_at = max(now, _morning(day, settings.time_zone))
    wanted = ((REMINDERS, day), (RENEWALS, day), (DIGESTS, monday), (HEADS, monday), (ROLES, day), (PRINTS, day))
    return sum(outbox.enqueue(kind, f"{kind}:{period.isoformat()}", {}, due_at) for kind, period in wanted)


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
        page, following = SOURCES[names[at]].page(now, settings.time_zone, after)
        queue_reminders(page, local_day(now, settings.time_zone))
        return {"source": at + 1} if following is None else {"source": at, "after": following}

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
        first = after if current.rule.slug == slug else 0
        ids = renewals_waiting(current, now, settings.time_zone, first, RENEWED_TOGETHER)
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
                    grant_holds(now),
                    User.disabled_at.is_(None),
                    RoleGrant.user_id.not_in(
                        select(NoticePreferences.user_id).where(NoticePreferences.digest == "none")
                    ),
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


def mail_heads(message: OutboxMessage) -> None:
    """Queue the audit's head for who administers the state; once a week."""
    week = message.effect_key.partition(":")[2]
    run_transaction(lambda: queue_heads(week, utc_now()))


def tell_of_roles(settings: Settings) -> None:
    """Queue the mails on roles that end soon: to who holds one and, where they may still give it, to who gave it."""
    now = utc_now()
    run_transaction(lambda: queue_role_endings(now, local_day(now, settings.time_zone), settings.time_zone))


def reminder_to_send(payload: Mapping[str, Any], now: datetime, settings: Settings) -> tuple[User, Ending] | None:
    """Whom to remind of what; None where it was renewed, revoked or is over, or a later mail says it."""
    source = SOURCES.get(str(payload["source"]))
    part = str(payload.get("part", ""))
    ending = source.find(int(payload["id"]), part, now, settings.time_zone) if source else None
    if ending is None or not is_worth_sending(ending, int(payload["mark"]), local_day(now, settings.time_zone)):
        return None
    return db.session.get_one(User, ending.user_id), ending


def digest_to_send(
    payload: Mapping[str, Any], now: datetime, settings: Settings
) -> tuple[User, Digest, Waiting] | None:
    """A digest with what its reader may see now, of the agency that they chose (of all, once that lies out of their
    reach: silence would look like nothing overdue), and how much waits for their decision, in all their agencies; None
    where there is nothing to say, or they want none."""
    user_id = int(payload["user_id"])
    viewer, wishes = load_viewer(user_id, today=local_day(now, settings.time_zone)), load_wishes(user_id)
    if viewer is None or not viewer.email or wishes.digest == "none":
        return None
    chosen = db.session.get(Agency, wishes.digest_agency_id) if wishes.digest_agency_id is not None else None
    is_theirs = chosen is not None and all(allows_over(viewer, one, chosen.path) for one in SEEING)
    digest = load_digest(viewer, now, settings.time_zone, under=chosen.path if chosen and is_theirs else "")
    waiting = load_waiting(viewer, AsOf.at(now, settings.time_zone))
    if digest.is_empty and not waiting.total:
        return None
    return db.session.get_one(User, user_id), digest, waiting


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
