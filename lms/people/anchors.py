"""The audit's head by mail, each week, to who administers the state: a copy that nobody of the database can change."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from lms import outbox
from lms.database import db
from lms.outbox import OutboxMessage
from lms.people.models import RoleGrant, User, grant_holds
from lms.people.sealing import present_head


def queue_heads(week: str, now: datetime) -> int:
    """Queue the mail to each state administrator, once a week; how many were new. The caller commits.

    Nothing is sent before anything is sealed.
    """
    head = present_head()
    if not head.position:
        return 0
    people = db.session.scalars(
        select(User)
        .join(RoleGrant, RoleGrant.user_id == User.id)
        .where(
            RoleGrant.role == "state-administrator",
            RoleGrant.agency_id.is_(None),
            grant_holds(now),
            User.disabled_at.is_(None),
            User.email.is_not(None),
        )
        .order_by(User.id)
    ).unique()
    values = {"position": head.position, "head": head.head}
    return sum(
        outbox.enqueue(
            "mail",
            f"audit-head:{person.id}:{week}",
            {"template": "audit-head", "to_user_id": person.id, "language": person.language, "values": values},
        )
        for person in people
    )


def heads_mailed() -> dict[int, str]:
    """The heads that were mailed, by their place in the chain, as the messages still hold them.

    Whoever owns the database can change these too; who only cuts the end off, or restores an older one, is found.
    """
    payloads = db.session.scalars(
        select(OutboxMessage.payload).where(OutboxMessage.effect_key.startswith("audit-head:", autoescape=True))
    )
    heads = (payload.get("values") for payload in payloads)
    return {int(one["position"]): str(one["head"]) for one in heads if one}
