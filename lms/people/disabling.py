"""Switching an account off, so that nobody signs in with it, and on again. Every record stays."""

from __future__ import annotations

from sqlalchemy import select, update

from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, NotAllowed, NotFound, Overtaken
from lms.people import roles
from lms.people.audit import note
from lms.people.models import Membership, RoleGrant, User, grant_holds
from lms.people.providers.models import ProvisionedPerson
from lms.people.signins import end_all_sessions
from lms.people.tickets import end_tickets
from lms.people.viewer import Viewer


def disable_account(viewer: Viewer, user_id: int, *, may_manage_all: bool) -> User:
    """Switch an account off: no sign-in from the next request on, every record stays. The caller commits.

    `may_manage_all`: whether every current place of the person lies in the viewer's scope. Raises NotAllowed, Conflict.
    """
    user = _other_account(viewer, user_id)
    if not may_manage_all:
        raise NotAllowed(
            N_("This person also works for agencies that you do not administer. End their place in yours instead.")
        )
    if user.disabled_at is not None:
        raise Overtaken(N_("This account is switched off already."))
    _refuse_higher(viewer, user_id)
    roles.refuse_last_state_administrator(user_id)
    user.disabled_at = utc_now()
    _take_from_directories(user_id)
    end_all_sessions(user_id)
    end_tickets(user_id)
    note_over_places("account.disabled", user_id, viewer.id)
    return user


def enable_account(viewer: Viewer, user_id: int, *, may_manage_all: bool) -> User:
    """Switch an account on again. The caller commits. Raises NotAllowed, Conflict."""
    user = _other_account(viewer, user_id)
    if not may_manage_all:
        raise NotAllowed(N_("This person also works for agencies that you do not administer. Ask the state."))
    if user.disabled_at is None:
        raise Overtaken(N_("This account is in use already."))
    _refuse_higher(viewer, user_id)
    user.disabled_at = None
    _take_from_directories(user_id)
    note_over_places("account.enabled", user_id, viewer.id)
    return user


def _take_from_directories(user_id: int) -> None:
    """From now on this switch is an administrator's: no agency's directory turns it back, whatever it did before."""
    db.session.execute(
        update(ProvisionedPerson).where(ProvisionedPerson.user_id == user_id).values(disabled_account=False)
    )


def refuse_unless_over(viewer: Viewer, user_id: int, *, may_manage_all: bool) -> None:
    """Raises NotAllowed where somebody may not help another into their account: their own, that of a person who also
    works elsewhere, or of one with a role that they could not take back."""
    _other_account(viewer, user_id, N_("This is you: use “Your account”."))
    if not may_manage_all:
        raise NotAllowed(N_("This person also works for agencies that you do not administer. Ask the state."))
    _refuse_higher(viewer, user_id)


def _other_account(viewer: Viewer, user_id: int, refusal: str = "") -> User:
    if user_id == viewer.id:
        raise NotAllowed(refusal or N_("You cannot switch your own account off."))
    user = db.session.get(User, user_id)
    if user is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if user.merged_into_id is not None or user.erased_at is not None:
        raise Overtaken(N_("This account was put together with another one, or erased. Nobody signs in with it."))
    return user


def _refuse_higher(viewer: Viewer, user_id: int) -> None:
    """Nobody switches off a person with a role that they could not take back."""
    held = db.session.scalars(
        select(RoleGrant).where(
            RoleGrant.user_id == user_id,
            grant_holds(utc_now()),
        )
    )
    for grant in held.all():
        if not roles.may_give(viewer, grant.role, roles.path_of(grant.agency_id)):
            raise NotAllowed(N_("This person has a role that you may not take back. Ask the state administrator."))


def note_over_places(action: str, user_id: int, actor_id: int, reason: str | None = None) -> None:
    """One audit event for each agency that the person belongs to, so that each of them finds it."""
    places: set[int] = set(
        db.session.scalars(
            select(Membership.agency_id).where(Membership.user_id == user_id, Membership.ended_on.is_(None))
        )
    )
    if not places:
        note(action, "user", user_id, actor_id=actor_id, reason=reason)
    for agency_id in sorted(places):
        note(action, "user", user_id, actor_id=actor_id, agency_id=agency_id, reason=reason)
