"""Accounts that were put together: which account stands for one, and which lead to it."""

from __future__ import annotations

from sqlalchemy import select

from lms.database import db
from lms.people.models import User


def leads_to(user_id: int) -> int:
    """The account that stands for this one: itself, or the one that it was put together with, however often."""
    seen = {user_id}
    while True:
        further = db.session.scalar(select(User.merged_into_id).where(User.id == user_id))
        if further is None or further in seen:
            return user_id
        seen.add(further)
        user_id = further


def accounts_of(user_id: int) -> list[int]:
    """An account and every one that leads to it."""
    found, waiting = [user_id], [user_id]
    while waiting:
        before = db.session.scalars(select(User.id).where(User.merged_into_id.in_(waiting)).order_by(User.id)).all()
        waiting = [one for one in before if one not in found]
        found += waiting
    return found


def known_addresses(user_id: int) -> set[str]:
    """Addresses of a person: the one that signs in, and those of accounts that were put together with theirs."""
    emails = db.session.scalars(select(User.email).where(User.id.in_(accounts_of(user_id))))
    return {email for email in emails if email is not None}
