"""Roles that end soon: told by mail two weeks before, to who holds one and to who gave it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from babel.dates import format_date
from sqlalchemy import select

from lms import outbox
from lms.clock import local_day
from lms.database import db
from lms.people.models import Agency, RoleGrant, User
from lms.people.roles import may_give
from lms.people.signins import load_viewer
from lms.resources import LOCALES

DAYS_BEFORE = 14


def queue_role_endings(now: datetime, today: date, time_zone: str) -> int:
    """Queue what is to be told, each once for a grant and its last day; how many were new. The caller commits.

    Who gave it is told only where they could give it again: else names of an agency that they left would reach them.
    """
    rows = db.session.execute(
        select(RoleGrant, User, Agency)
        .join(User, User.id == RoleGrant.user_id)
        .outerjoin(Agency, Agency.id == RoleGrant.agency_id)
        .where(
            RoleGrant.revoked_at.is_(None),
            RoleGrant.until > now,
            RoleGrant.until <= now + timedelta(days=DAYS_BEFORE),
            User.disabled_at.is_(None),
        )
        .order_by(RoleGrant.id)
    ).all()
    count = 0
    for grant, holder, agency in rows:
        assert grant.until is not None, "asked for above"
        last_day = local_day(grant.until - timedelta(microseconds=1), time_zone)
        giver = load_viewer(grant.granted_by_id, today=today) if grant.granted_by_id not in (None, holder.id) else None
        told = [holder.id]
        if giver is not None and may_give(giver, grant.role, agency.path if agency else None):
            told.append(giver.id)
        for user_id in told:
            count += _tell(user_id, grant, holder, agency, last_day)
    return count


def _tell(user_id: int, grant: RoleGrant, holder: User, agency: Agency | None, last_day: date) -> bool:
    reader = db.session.get_one(User, user_id)
    if not reader.email:
        return False
    values = {
        "role": grant.role,
        "is_holder": user_id == holder.id,
        "holder": holder.name,
        "agency": agency.name if agency else "",
        "last_day": format_date(last_day, "long", locale=LOCALES.get(reader.language, "en_US")),
    }
    payload = {"template": "role-ending", "to_user_id": user_id, "language": reader.language, "values": values}
    return outbox.enqueue("mail", f"role-ending:{grant.id}:{last_day.isoformat()}:{user_id}", payload)
