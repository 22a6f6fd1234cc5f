"""People who may have two accounts, and the search for the other one: only ever shown, nothing is done by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, or_, select

from lms.access import Permission, Viewer, visible_users
from lms.database import db, dialect_name
from lms.people.models import License, User
from lms.people.names import checked_name, search_words

OVER = Permission.MANAGE_PEOPLE
MOST_PAIRS = 100


@dataclass(frozen=True, slots=True)
class Alike:
    """Accounts that may be one person's, and why: the same `name`, `email` (before the @) or `license`."""

    why: str
    people: tuple[User, ...]


def likely_duplicates(viewer: Viewer) -> list[Alike]:
    """People in the viewer's reach who may have two accounts, at most MOST_PAIRS groups of each kind."""
    people = select(User.id).where(
        User.id.in_(visible_users(viewer, OVER)), User.merged_into_id.is_(None), User.erased_at.is_(None)
    )
    name, local = func.lower(User.name), _local_part()
    licensed = (
        select(func.min(License.user_id), func.max(License.user_id))
        .where(License.user_id.in_(people), License.ended_at.is_(None))
        .group_by(License.board, License.state, License.number)
    )
    pairs: dict[tuple[int, int], str] = {}
    for why, query, key in (
        ("license", licensed, License.user_id),
        ("name", _grouped(people, name), User.id),
        ("email", _grouped(people, local).where(User.email.is_not(None)), User.id),
    ):
        for one, other in db.session.execute(query.having(func.count(key.distinct()) > 1).limit(MOST_PAIRS)):
            pairs.setdefault((one, other), why)
    ids = {one for pair in pairs for one in pair}
    users = {one.id: one for one in db.session.scalars(select(User).where(User.id.in_(ids)))}
    return [Alike(why, (users[one], users[other])) for (one, other), why in pairs.items()]


def _grouped(people: Select[Any], key: Any) -> Any:
    return select(func.min(User.id), func.max(User.id)).where(User.id.in_(people)).group_by(key, User.is_demo)


def _local_part() -> Any:
    """What stands before the @ of an address."""
    if dialect_name() == "postgresql":
        return func.split_part(User.email, "@", 1)
    return func.substr(User.email, 1, func.instr(User.email, "@") - 1)


def search_others(viewer: Viewer, user_id: int, text: str, limit: int = 20) -> list[User]:
    """People in the viewer's reach by name or e-mail, for "is this the same person as …?"."""
    words = search_words(checked_name(text, "q"))
    if not words:
        return []
    return list(
        db.session.scalars(
            select(User)
            .where(
                User.id.in_(visible_users(viewer, OVER)),
                User.id != user_id,
                User.merged_into_id.is_(None),
                User.erased_at.is_(None),
                *(User.search_text.contains(word, autoescape=True) for word in words),
            )
            .order_by(User.search_text, User.id)
            .limit(limit)
        )
    )


def alike_to(viewer: Viewer, user: User, limit: int = 20) -> list[User]:
    """People in the viewer's reach who look like one person."""
    own = select(License.board, License.state, License.number).where(
        License.user_id == user.id, License.ended_at.is_(None)
    )
    reasons = [func.lower(User.name) == user.name.lower()]
    if user.email:
        reasons.append(_local_part() == user.email.partition("@")[0])
    for board, state, number in db.session.execute(own).all():
        same = select(License.user_id).where(
            License.board == board, License.state == state, License.number == number, License.ended_at.is_(None)
        )
        reasons.append(User.id.in_(same))
    return list(
        db.session.scalars(
            select(User)
            .where(
                User.id.in_(visible_users(viewer, OVER)),
                User.id != user.id,
                User.merged_into_id.is_(None),
                User.erased_at.is_(None),
                User.is_demo == user.is_demo,
                or_(*reasons),
            )
            .order_by(User.search_text, User.id)
            .limit(limit)
        )
    )
