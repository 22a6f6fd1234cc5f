"""Who may do what over whom and until when: all grants in a viewer's scope, also those that have ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import aliased

from lms.database import db
from lms.people.models import Agency, AuditEvent, RoleGrant, User, grant_holds
from lms.people.names import search_words
from lms.people.role_endings import DAYS_BEFORE
from lms.wall.sight import SYSTEM, looking_as

PAGE_SIZE = 50
STATES = ("current", "soon", "ended")
TAKEN_BACK = ("role.revoked", "role.revoked-by-host")


@dataclass(frozen=True, slots=True)
class GrantFilter:
    """What the list shows. `under` is the path of an agency, `search` a name or an e-mail of who holds it."""

    role: str | None = None
    under: str | None = None
    search: str = ""
    state: str = "current"


@dataclass(frozen=True, slots=True)
class GrantRow:
    grant: RoleGrant
    holder: User
    agency: Agency | None
    giver: str | None
    taken_back_by: str | None


@dataclass(frozen=True, slots=True)
class GrantPage:
    """The newest first; `next_before` is the id that the next page begins below."""

    rows: Sequence[GrantRow]
    next_before: int | None


def list_grants(
    visible_agencies: Select[Any],
    wanted: GrantFilter,
    now: datetime,
    *,
    is_everywhere: bool,
    before: int | None = None,
    size: int = PAGE_SIZE,
) -> GrantPage:
    """Grants over agencies in scope, whoever holds them; two queries. Those everywhere are for who sees everything.

    Behind the wall of other agencies' people: whoever administers an agency has to see each who has power over it, also
    somebody who works elsewhere.
    """
    giver = aliased(User)
    query = (
        select(RoleGrant, User, Agency, giver.name)
        .join(User, User.id == RoleGrant.user_id)
        .outerjoin(Agency, Agency.id == RoleGrant.agency_id)
        .outerjoin(giver, giver.id == RoleGrant.granted_by_id)
        .where(*_conditions(wanted, now))
        .order_by(RoleGrant.id.desc())
        .limit(size + 1)
    )
    if not is_everywhere:
        query = query.where(RoleGrant.agency_id.in_(visible_agencies))
    if before is not None:
        query = query.where(RoleGrant.id < before)
    with looking_as(SYSTEM):
        found = db.session.execute(query).all()
        takers = _takers([row[0] for row in found if row[0].revoked_at is not None])
    rows = [GrantRow(row[0], row[1], row[2], row[3], takers.get(row[0].id)) for row in found[:size]]
    return GrantPage(rows, rows[-1].grant.id if len(found) > size else None)


def _conditions(wanted: GrantFilter, now: datetime) -> list[ColumnElement[bool]]:
    holds = grant_holds(now)
    conditions: list[ColumnElement[bool]]
    if wanted.state == "ended":
        conditions = [or_(RoleGrant.revoked_at.is_not(None), RoleGrant.until <= now)]
    elif wanted.state == "soon":
        conditions = [holds, RoleGrant.until <= now + timedelta(days=DAYS_BEFORE)]
    else:
        conditions = [holds]
    if wanted.role is not None:
        conditions.append(RoleGrant.role == wanted.role)
    if wanted.under is not None:
        below = select(Agency.id).where(Agency.path.like(f"{wanted.under}%"))
        conditions.append(RoleGrant.agency_id.in_(below))
    conditions += [User.search_text.contains(word, autoescape=True) for word in search_words(wanted.search)]
    return conditions


def _takers(grants: Sequence[RoleGrant]) -> dict[int, str]:
    """Who took each of these back: the audit knows it."""
    if not grants:
        return {}
    rows = db.session.execute(
        select(AuditEvent.detail, User.name)
        .join(User, User.id == AuditEvent.actor_id)
        .where(
            AuditEvent.action.in_(TAKEN_BACK),
            AuditEvent.subject_kind == "user",
            AuditEvent.subject_id.in_({one.user_id for one in grants}),
        )
    )
    return {detail["grant"]: name for detail, name in rows if "grant" in detail}
