"""Tickets: short-lived, single-use permissions for one step around signing in, known by a random token."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from lms.clock import utc_now
from lms.database import db
from lms.people.factor_models import SignInTicket
from lms.people.models import User
from lms.people.signins import token_hash
from lms.wall.sight import SYSTEM, looking_as


@dataclass(frozen=True, slots=True)
class Ticket:
    """An open ticket as plain values. `user_id` None: nobody's yet."""

    id: int
    user_id: int | None
    data: dict[str, Any]


def make_ticket(purpose: str, user_id: int | None, *, minutes: int, data: dict[str, Any] | None = None) -> str:
    """A new ticket; returns its token, which is not kept. Old ones go meanwhile. The caller commits."""
    token, now = secrets.token_urlsafe(32), utc_now()
    db.session.execute(delete(SignInTicket).where(SignInTicket.expires_at <= now))
    db.session.add(
        SignInTicket(
            token_hash=token_hash(token),
            purpose=purpose,
            user_id=user_id,
            data=data or {},
            created_at=now,
            expires_at=now + timedelta(minutes=minutes),
        )
    )
    return token


def find_ticket(purpose: str, token: str | None) -> Ticket | None:
    """An open ticket; None when it was used, is too old, or its person was disabled meanwhile."""
    if not token:
        return None
    with looking_as(SYSTEM):  # whoever has the token is not signed in yet, or proves it by the token
        row = db.session.execute(
            select(SignInTicket.id, SignInTicket.user_id, SignInTicket.data)
            .outerjoin(User, User.id == SignInTicket.user_id)
            .where(
                SignInTicket.token_hash == token_hash(token),
                SignInTicket.purpose == purpose,
                SignInTicket.expires_at > utc_now(),
                User.disabled_at.is_(None),
            )
        ).one_or_none()
    return Ticket(*row) if row else None


def use_ticket(purpose: str, token: str | None) -> Ticket | None:
    """Take a ticket, once: of two that try at the same moment one gets None. The caller commits."""
    found = find_ticket(purpose, token)
    if found is None:
        return None
    taken = db.session.scalar(delete(SignInTicket).where(SignInTicket.id == found.id).returning(SignInTicket.id))
    return found if taken is not None else None


def count_wrong_try(ticket_id: int) -> int:
    """How many wrong tries a ticket has had with this one; a ticket that is gone counts as worn out. Caller commits."""
    counted = db.session.scalar(
        update(SignInTicket)
        .where(SignInTicket.id == ticket_id)
        .values(wrong_tries=SignInTicket.wrong_tries + 1)
        .returning(SignInTicket.wrong_tries)
    )
    return WORN_OUT if counted is None else int(counted)


WORN_OUT = 1_000


def end_tickets(user_id: int, *purposes: str) -> None:
    """End a person's open tickets, of these purposes or all. The caller commits."""
    query = delete(SignInTicket).where(SignInTicket.user_id == user_id)
    db.session.execute(query.where(SignInTicket.purpose.in_(purposes)) if purposes else query)
