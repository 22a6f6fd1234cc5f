"""Giving and taking roles: nobody gives what they do not hold there, and the state is never left without anybody."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

from babel.dates import format_date
from sqlalchemy import select

from lms import outbox
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotAllowed, NotFound, Overtaken
from lms.people.audit import note
from lms.people.models import ROLES, Agency, RoleGrant, User, grant_holds
from lms.people.viewer import Viewer
from lms.resources import LOCALES
from lms.wall.sight import SYSTEM, looking_as

MAY_GIVE: dict[str, tuple[str, ...]] = {
    "state-administrator": ROLES,
    "agency-administrator": ("agency-administrator", "coordinator"),
}
"""Which roles a role may give, over what it covers itself. An author publishes for everybody, so only the state
appoints authors."""


def may_give(viewer: Viewer, role: str, agency_path: str | None) -> bool:
    """Whether the viewer may give (and take) the role over that agency; None means everywhere."""
    return any(reaches(grant.role, grant.agency_path, role, agency_path) for grant in viewer.grants)


def reaches(own: str, own_path: str | None, role: str, agency_path: str | None) -> bool:
    """Whether by a role of one's own, over an agency or (None) everywhere, another may be given over an agency."""
    return role in MAY_GIVE.get(own, ()) and (
        own_path is None or (agency_path is not None and agency_path.startswith(own_path))
    )


def roles_to_give(viewer: Viewer) -> tuple[str, ...]:
    """The roles that the viewer may give over something, the least powerful first."""
    return tuple(
        role for role in reversed(ROLES) if any(role in MAY_GIVE.get(grant.role, ()) for grant in viewer.grants)
    )


def grant_role(
    viewer: Viewer,
    user_id: int,
    role: str,
    agency_id: int | None,
    *,
    until: datetime | None = None,
    last_day: date | None = None,
) -> RoleGrant:
    """Give a role over an agency and all below it (None: everywhere). Holds at the person's next request. `last_day` is
    `until` as a day, for the audit.

    The caller commits. Raises NotAllowed, NotFound, Invalid, or Conflict where they hold it already.
    """
    path = path_of(agency_id)
    if not may_give(viewer, role, path):
        raise NotAllowed(N_("You can only give roles that you may give, over agencies that you administer."))
    now = utc_now()
    if until is not None and until <= now:
        raise Invalid(N_("The last day of a role has to lie ahead."), "until")
    _refuse_longer_than_own(viewer, role, path, until, now)
    # Held until the end of the transaction: two clicks at once give one role.
    if db.session.scalar(select(User.id).where(User.id == user_id).with_for_update()) is None:
        raise NotFound(N_("There is nothing here that you may see."))
    held = db.session.scalars(
        select(RoleGrant).where(
            RoleGrant.user_id == user_id,
            RoleGrant.role == role,
            RoleGrant.agency_id.is_(None) if agency_id is None else RoleGrant.agency_id == agency_id,
            grant_holds(now),
        )
    ).first()
    if held is not None:
        raise Conflict(N_("This person has this role there already."))
    grant = RoleGrant(
        user_id=user_id, role=role, agency_id=agency_id, granted_by_id=viewer.id, granted_at=now, until=until
    )
    db.session.add(grant)
    db.session.flush()
    note(
        "role.granted", "user", user_id, actor_id=viewer.id, agency_id=agency_id, role=role, grant=grant.id,
        until=last_day.isoformat() if last_day else None,
    )  # fmt: skip
    _tell(viewer, grant, "given", last_day)
    return grant


def _refuse_longer_than_own(
    viewer: Viewer, role: str, agency_path: str | None, until: datetime | None, now: datetime
) -> None:
    """Raises Invalid where a role would outlast those by which it is given: else whoever administers for a time would
    make it for good, by their own grant or through somebody else."""
    held = db.session.execute(
        select(RoleGrant.role, Agency.path, RoleGrant.until)
        .outerjoin(Agency, Agency.id == RoleGrant.agency_id)
        .where(
            RoleGrant.user_id == viewer.id,
            grant_holds(now),
        )
    ).all()
    ends = [own_end for own, path, own_end in held if reaches(own, path, role, agency_path)]
    known = [end for end in ends if end is not None]
    if known and len(known) == len(ends) and (until is None or until > max(known)):
        raise Invalid(
            N_("Your own role ends before that. Choose a last day up to your own, or ask somebody who has it longer."),
            "until",
        )


def change_last_day(viewer: Viewer, grant_id: int, until: datetime | None, last_day: date | None) -> RoleGrant:
    """Let a role end at another moment, or (None) not until it is taken back. `last_day` is the same as a day, for the
    audit. The caller commits. Raises NotAllowed, NotFound, Invalid, Conflict."""
    grant = db.session.get(RoleGrant, grant_id, with_for_update=True)
    if grant is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if not may_give(viewer, grant.role, path_of(grant.agency_id)):
        raise NotAllowed(N_("You can only change roles that you may give, over agencies that you administer."))
    now = utc_now()
    if grant.revoked_at is not None or (grant.until is not None and grant.until <= now):
        raise Overtaken(N_("This role has ended already. You can give it again."))
    if until is not None and until <= now:
        raise Invalid(N_("The last day of a role has to lie ahead."), "until")
    _refuse_longer_than_own(viewer, grant.role, path_of(grant.agency_id), until, now)
    if until is not None and grant.role == "state-administrator" and grant.agency_id is None:
        refuse_last_state_administrator(grant.user_id, grant_id=grant.id)
    if until is not None:
        refuse_leaving_alone(viewer, grant, is_for_change=True)
    if grant.until != until:
        grant.until = until
        note(
            "role.changed", "user", grant.user_id, actor_id=viewer.id, agency_id=grant.agency_id, role=grant.role,
            grant=grant.id, until=last_day.isoformat() if last_day else None,
        )  # fmt: skip
    return grant


def revoke_role(viewer: Viewer, grant_id: int) -> RoleGrant:
    """Take a role back; holds at the person's next request. The caller commits. Raises NotAllowed, Conflict."""
    grant = db.session.get(RoleGrant, grant_id, with_for_update=True)
    if grant is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if not may_give(viewer, grant.role, path_of(grant.agency_id)):
        raise NotAllowed(N_("You can only take roles that you may give, over agencies that you administer."))
    if grant.revoked_at is not None:
        raise Overtaken(N_("This role was taken back already."))
    if grant.role == "state-administrator" and grant.agency_id is None:
        refuse_last_state_administrator(grant.user_id, grant_id=grant.id)
    refuse_leaving_alone(viewer, grant, is_for_change=True)
    grant.revoked_at = utc_now()
    note(
        "role.revoked", "user", grant.user_id, actor_id=viewer.id, agency_id=grant.agency_id, role=grant.role,
        grant=grant.id,
    )  # fmt: skip
    _tell(viewer, grant, "ended")
    return grant


def _tell(viewer: Viewer, grant: RoleGrant, what: str, last_day: date | None = None) -> None:
    """A mail to who got the role or has it no longer; who did it to themselves knows."""
    with looking_as(SYSTEM):  # whoever loses a role over one's agency may work elsewhere
        holder = db.session.get_one(User, grant.user_id)
    if viewer.id == holder.id or holder.disabled_at is not None:
        return
    agency = db.session.get(Agency, grant.agency_id) if grant.agency_id else None
    values = {
        "what": what,
        "role": grant.role,
        "agency": agency.name if agency else "",
        "by": viewer.name,
        "last_day": format_date(last_day, "long", locale=LOCALES.get(holder.language, "en_US")) if last_day else "",
    }
    payload = {"to_user_id": holder.id, "template": "role-changed", "language": holder.language, "values": values}
    outbox.enqueue("mail", f"role-{what}:{grant.id}", payload)


def refuse_last_state_administrator(user_id: int, *, grant_id: int | None = None) -> None:
    """Raises Conflict where nobody else administers the state everywhere and for good: once `grant_id` is taken back,
    or, without it, once this person is switched off.

    Grants and people are locked, so that two who demote or switch off each other at once cannot both succeed.
    """
    now = utc_now()
    holding = db.session.execute(
        select(RoleGrant.id, RoleGrant.user_id, RoleGrant.until)
        .join(User, User.id == RoleGrant.user_id)
        .where(
            RoleGrant.role == "state-administrator",
            RoleGrant.agency_id.is_(None),
            grant_holds(now),
            User.disabled_at.is_(None),
        )
        .order_by(RoleGrant.id)
        .with_for_update(of=(RoleGrant, User))
    ).all()
    is_holder = any(row.user_id == user_id for row in holding)
    staying = [row for row in holding if (row.user_id != user_id if grant_id is None else row.id != grant_id)]
    if is_holder and all(row.until is not None for row in staying):
        raise Conflict(N_("This is the last state administrator. Appoint another one first."))


def refuse_leaving_alone(viewer: Viewer, grant: RoleGrant, *, is_for_change: bool = False) -> None:
    """Raises Conflict where somebody takes back their own role over an agency that nobody else administers, there or
    above. The state administers everything, but it should not have to hear of it from those who are left alone.

    `is_for_change` locks the grants: of two who leave at once the second is refused.
    """
    path = path_of(grant.agency_id)
    if grant.user_id != viewer.id or grant.role != "agency-administrator" or path is None:
        return
    above = [int(part) for part in path.split("/") if part]
    staying = (
        select(RoleGrant.id)
        .join(User, User.id == RoleGrant.user_id)
        .where(
            RoleGrant.role == "agency-administrator",
            RoleGrant.agency_id.in_(above),
            RoleGrant.id != grant.id,
            grant_holds(utc_now()),
            User.disabled_at.is_(None),
        )
        .order_by(RoleGrant.id)
    )
    if is_for_change:
        staying = staying.with_for_update(of=RoleGrant)
    with looking_as(SYSTEM):  # who administers above lies outside of what this person sees
        found = db.session.scalars(staying).first()
    if found is None:
        raise Conflict(
            N_("Nobody else administers this agency. Give somebody else the role first, then take back your own.")
        )


def can_give_back(viewer: Viewer, grant: RoleGrant) -> bool:
    """Whether the viewer could still give this role to somebody once it is taken from themselves."""
    if grant.user_id != viewer.id:
        return True
    left = tuple(one for one in viewer.grants if (one.role, one.agency_id) != (grant.role, grant.agency_id))
    return may_give(replace(viewer, grants=left), grant.role, path_of(grant.agency_id))


def path_of(agency_id: int | None) -> str | None:
    if agency_id is None:
        return None
    path = db.session.scalar(select(Agency.path).where(Agency.id == agency_id))
    if path is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return path
