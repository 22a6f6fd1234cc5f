"""Ending the places of people who are not in a list: only what was shown and confirmed."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, func, select

from lms.database import db
from lms.people.audit import note
from lms.people.finding import address_of
from lms.people.importing.lookups import unmatched_places
from lms.people.importing.models import Import, ImportChange
from lms.people.importing.staff import Subtree
from lms.people.invited_places import follow_end
from lms.people.models import Agency, Membership, User

PLACES = 500
"""Of one piece."""


def missing_condition(row: Import, subtree: Subtree, day: date, *, up_to: int | None = None) -> ColumnElement[bool]:
    """Places of people whom the list does not name; `up_to` the last one that was shown."""
    condition = unmatched_places(row.id, subtree, day, but=row.asked_by_id)
    return condition if up_to is None else and_(condition, Membership.id <= up_to)


def count_missing(row: Import, subtree: Subtree, day: date) -> tuple[int, int]:
    """How many places these are, and the last of them."""
    condition = missing_condition(row, subtree, day)
    found = db.session.execute(select(func.count(Membership.id), func.max(Membership.id)).where(condition)).one()
    return int(found[0] or 0), int(found[1] or 0)


def list_missing(row: Import, subtree: Subtree, day: date, limit: int | None = None) -> list[Any]:
    """Whose places these are, by name."""
    rows = (
        select(User.id, User.name, address_of().label("email"), Agency.name.label("agency"), Membership.discipline)
        .join(Membership, Membership.user_id == User.id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(missing_condition(row, subtree, day))
        .order_by(User.search_text, User.id, Membership.id)
        .limit(limit)
    )
    return list(db.session.execute(rows))


def end_places(row: Import, subtree: Subtree, day: date) -> int:
    """End the next places; how many. `day` is the first on which they no longer hold. The caller commits."""
    condition = missing_condition(row, subtree, day, up_to=int(row.options.get("end_up_to", 0)))
    places = list(
        db.session.scalars(select(Membership).where(condition).order_by(Membership.id).limit(PLACES).with_for_update())
    )
    for place in places:
        place.ended_on = day
        db.session.add(
            ImportChange(
                import_id=row.id, kind="place-ended", user_id=place.user_id, subject_id=place.id,
                detail={"on": day.isoformat()}, kept_because=None,
            )
        )  # fmt: skip
        note(
            "membership.ended", "user", place.user_id, actor_id=row.asked_by_id, agency_id=place.agency_id,
            discipline=place.discipline, on=day.isoformat(),
        )  # fmt: skip
    follow_end(places, day=day, actor_id=row.asked_by_id)
    return len(places)
