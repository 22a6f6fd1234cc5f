"""What an agency was called and where it lay, from when to when; found again by its old name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select

from lms.clock import utc_now
from lms.database import db
from lms.people.agency_models import AgencyArrival, AgencyNumber, FormerAgency
from lms.people.models import Agency, RoleGrant, User, grant_holds
from lms.people.names import fold
from lms.wall.sight import SYSTEM, looking_as


def keep_former(agency: Agency) -> None:
    """Note what an agency is now, right before it is renamed or moved. The caller commits."""
    parent = db.session.get(Agency, agency.parent_id) if agency.parent_id is not None else None
    since = db.session.scalar(select(func.max(FormerAgency.until_at)).where(FormerAgency.agency_id == agency.id))
    now = utc_now()
    db.session.add(
        FormerAgency(
            agency_id=agency.id,
            name=agency.name,
            search_text=fold(agency.name)[:200],
            parent_id=agency.parent_id,
            parent_name=parent.name if parent else None,
            from_at=min(since or agency.created_at, now),
            until_at=now,
        )
    )


def keep_arrival(agency: Agency, old_path: str, day: date) -> None:
    """Note since when a moved agency, with all below it, lies below those that were not above it before. The caller
    commits."""
    old, new = _line(old_path), _line(agency.path)
    moved = select(Agency.id).where(Agency.path.startswith(agency.path, autoescape=True))
    db.session.execute(
        delete(AgencyArrival).where(AgencyArrival.agency_id.in_(moved), AgencyArrival.above_id.in_(set(old) - set(new)))
    )
    ids = db.session.scalars(moved).all()
    db.session.add_all(
        AgencyArrival(agency_id=one, above_id=above, since_on=day) for one in ids for above in new if above not in old
    )
    db.session.flush()


def keep_return(agency: Agency, day: date) -> None:
    """Note since when an agency that was archived is in use again, for itself and all above. The caller commits."""
    db.session.execute(delete(AgencyArrival).where(AgencyArrival.agency_id == agency.id))
    db.session.add_all(AgencyArrival(agency_id=agency.id, above_id=above, since_on=day) for above in _line(agency.path))
    db.session.flush()


def _line(path: str) -> list[int]:
    """Ids from the root down to the one at a path."""
    return [int(part) for part in path.strip("/").split("/")]


def former_states(agency_id: int) -> Sequence[FormerAgency]:
    """What an agency was before, the latest first."""
    return db.session.scalars(
        select(FormerAgency)
        .where(FormerAgency.agency_id == agency_id)
        .order_by(FormerAgency.until_at.desc(), FormerAgency.id.desc())
        .limit(100)
    ).all()


def is_called(search: str) -> ColumnElement[bool]:
    """The SQL condition that an agency is found: by its name, an earlier one, its code, ORI or another id."""
    words = search.strip()
    number = "".join(words.split()).upper()
    former = select(FormerAgency.agency_id).where(FormerAgency.search_text.contains(fold(words), autoescape=True))
    numbers = select(AgencyNumber.agency_id).where(
        AgencyNumber.value.in_({number, number.replace("-", "")}), AgencyNumber.ended_on.is_(None)
    )
    return or_(
        func.lower(Agency.name).contains(words.lower(), autoescape=True),
        func.upper(Agency.code) == words.upper(),
        Agency.ori == number,
        Agency.id.in_(former),
        Agency.id.in_(numbers),
    )


def former_names(agency_ids: Sequence[int], search: str) -> Mapping[int, tuple[str, datetime]]:
    """Of agencies found by what they were called: that name, and until when it was theirs."""
    rows = db.session.execute(
        select(FormerAgency.agency_id, FormerAgency.name, FormerAgency.until_at)
        .join(Agency, Agency.id == FormerAgency.agency_id)
        .where(
            FormerAgency.agency_id.in_(agency_ids),
            FormerAgency.search_text.contains(fold(search), autoescape=True),
            FormerAgency.name != Agency.name,
        )
        .order_by(FormerAgency.until_at)
    )
    return {row.agency_id: (row.name, row.until_at) for row in rows}


def who_may_here(agency: Agency, now: datetime) -> Sequence[Any]:
    """Every role that reaches an agency now: who has it (`name`), over which agency (`over`; None: everywhere), until.

    Read past the second wall: those who administer from above work elsewhere, and whoever manages an agency is told
    who has power over it, by name and nothing more.
    """
    line = _line(agency.path)
    with looking_as(SYSTEM):
        return db.session.execute(
            select(
                RoleGrant.user_id,
                User.name,
                RoleGrant.role,
                RoleGrant.until,
                RoleGrant.agency_id,
                Agency.name.label("over"),
            )
            .join(User, User.id == RoleGrant.user_id)
            .outerjoin(Agency, Agency.id == RoleGrant.agency_id)
            .where(
                grant_holds(now),
                or_(RoleGrant.agency_id.is_(None), RoleGrant.agency_id.in_(line)),
                RoleGrant.role != "author",
                User.disabled_at.is_(None),
            )
            .order_by(func.length(Agency.path).desc(), RoleGrant.role, User.search_text, RoleGrant.id)
            .limit(200)
        ).all()
