"""Who may do what, over which agencies: every permission with its meaning, one table of who has it, default deny."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Select, false, or_, select, true

from lms.errors import N_, NotAllowed, NotFound
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership, User
from lms.people.viewer import Grant, Place, Viewer
from lms.wall.sight import NOBODY, Sight, viewer_sight

__all__ = ["Grant", "Permission", "Place", "Viewer"]


class Permission(Enum):
    """What somebody may be allowed to do; the value is the sentence for the page of roles and README."""

    LEARN = N_("Enrol, read, take quizzes, and see one's own records")
    AUTHOR_COURSES = N_("Check, preview and publish courses")
    MARK_ANSWERS = N_("Read and mark written answers, without the names of who wrote them")
    SEE_PEOPLE = N_("See the people of an agency and what they hold")
    MANAGE_PEOPLE = N_("Invite, move and disable the people of an agency")
    GRANT_ROLES = N_("Give and take roles over an agency")
    MANAGE_AGENCIES = N_("Add, rename, move and archive agencies")
    SEE_REPORTS = N_("See and export the figures of an agency")
    LEAD_COHORTS = N_("Make teams, invite into them, and see their boards")
    MANAGE_CERTIFICATIONS = N_("Write, change and archive the rules of certifications")
    ISSUE_CERTIFICATES = N_("Issue a certification to everybody of an agency who has earned it")
    MANAGE_CREDIT = N_("Enter what boards have approved for credit")
    FACILITATE_EXERCISES = N_("See the facilitator's notes of every exercise")
    SEE_PACKETS = N_("Fetch the packet that asks a board to approve a course")
    SEE_KEYS = N_("Fetch the key to a course's quizzes on paper; each time is noted")
    REVOKE_CERTIFICATES = N_("Revoke, correct or extend a certificate with a reason, and undo that")
    APPROVE_TRAINING = N_("Approve or refuse training done elsewhere, and enter paper records")
    ASSIGN_TRAINING = N_("Assign courses and certifications with due days, and give extensions and waivers")
    MAKE_RECORDS = N_("Have the whole training record of a person made, with a reason")
    MANAGE_BRANDING = N_("Choose how an agency's certificates look: logo, signatories, design")
    SEE_AUDIT = N_("See who did what in an agency")
    SEE_OUTBOX = N_("See undelivered messages and send them again")


LEARNER = "learner"
"""Everybody who is signed in."""

POLICY: dict[str, frozenset[Permission]] = {
    LEARNER: frozenset({Permission.LEARN}),
    "author": frozenset(
        {
            Permission.AUTHOR_COURSES,
            Permission.MARK_ANSWERS,
            Permission.MANAGE_CERTIFICATIONS,
            Permission.FACILITATE_EXERCISES,
            Permission.SEE_PACKETS,
            Permission.SEE_KEYS,
        }
    ),
    "coordinator": frozenset({Permission.LEAD_COHORTS}),
    "agency-administrator": frozenset(
        {
            Permission.SEE_PEOPLE,
            Permission.MANAGE_PEOPLE,
            Permission.GRANT_ROLES,
            Permission.MANAGE_AGENCIES,
            Permission.SEE_REPORTS,
            Permission.LEAD_COHORTS,
            Permission.REVOKE_CERTIFICATES,
            Permission.ISSUE_CERTIFICATES,
            Permission.SEE_PACKETS,
            Permission.SEE_KEYS,
            Permission.APPROVE_TRAINING,
            Permission.ASSIGN_TRAINING,
            Permission.MAKE_RECORDS,
            Permission.SEE_AUDIT,
            Permission.MANAGE_BRANDING,
        }
    ),
    "state-administrator": frozenset(Permission) - {Permission.AUTHOR_COURSES},
}
"""The one table: a role has these permissions over the subtree it was granted for, and nobody has any other."""


GUARDED_ROLES = frozenset({"author", "agency-administrator", "state-administrator"})
"""Roles that hold only for who has shown a second factor, where the site requires it (LMS_REQUIRE_SECOND_FACTOR): they
reach other people's records or what everybody learns. A coordinator sees who and whether, and needs none."""


def asks_second_factor(viewer: Viewer) -> bool:
    """Whether a role of the viewer asks for a second factor."""
    return any(grant.role in GUARDED_ROLES for grant in viewer.grants)


def held_back(viewer: Viewer) -> Viewer:
    """The viewer without any role, until they have shown a second factor."""
    return replace(viewer, grants=(), must_set_up=True)


def allows(viewer: Viewer | None, permission: Permission) -> bool:
    """Whether the viewer has the permission over anything at all."""
    if viewer is None:
        return False
    return permission in POLICY[LEARNER] or any(permission in POLICY[grant.role] for grant in viewer.grants)


def scope(viewer: Viewer | None, permission: Permission) -> tuple[str, ...] | None:
    """Paths of the subtrees over which the viewer has the permission; None means everywhere, () nowhere."""
    if viewer is None:
        return ()
    holding = [grant for grant in viewer.grants if permission in POLICY[grant.role]]
    if any(grant.agency_path is None for grant in holding):
        return None
    return tuple(sorted({grant.agency_path for grant in holding if grant.agency_path is not None}))


def allows_over(viewer: Viewer | None, permission: Permission, agency_path: str) -> bool:
    """Whether the viewer has the permission over the agency at that path."""
    paths = scope(viewer, permission)
    return paths is None or any(agency_path.startswith(path) for path in paths)


def require(viewer: Viewer | None, permission: Permission) -> Viewer:
    """The viewer, if they have the permission over something. Raises NotAllowed."""
    if viewer is None or not allows(viewer, permission):
        raise NotAllowed(N_("You are signed in, but your role does not include this. Ask your administrator."))
    return viewer


def require_over(viewer: Viewer | None, permission: Permission, agency_path: str) -> None:
    """Raises NotFound (not NotAllowed: a foreign id must tell nothing) where the permission does not reach."""
    if not allows_over(viewer, permission, agency_path):
        raise NotFound(N_("There is nothing here that you may see."))


def within(viewer: Viewer | None, permission: Permission, path_column: Any = Agency.path) -> ColumnElement[bool]:
    """The SQL condition that an agency lies in the viewer's scope; for every list of every room."""
    paths = scope(viewer, permission)
    if paths is None:
        return true()
    if not paths:
        return false()
    return or_(*(path_column.like(f"{path}%") for path in paths))


def visible_agencies(viewer: Viewer | None, permission: Permission) -> Select[Any]:
    """Ids of the agencies in scope, as a subquery for any table with an `agency_id`."""
    return select(Agency.id).where(within(viewer, permission))


def visible_users(viewer: Viewer | None, permission: Permission) -> Select[Any]:
    """Ids of people with a present or past membership in scope, as a subquery for any table with a `user_id`.

    Who may everywhere sees also those who belong to no agency.
    """
    if scope(viewer, permission) is None:
        return select(User.id)
    return select(Membership.user_id).join(Agency, Agency.id == Membership.agency_id).where(within(viewer, permission))


def present_users(viewer: Viewer | None, permission: Permission, day: date) -> Select[Any]:
    """Ids of people who have a place in scope on a day; who may everywhere reaches everybody."""
    if scope(viewer, permission) is None:
        return select(User.id)
    places = select(Membership.user_id).join(Agency, Agency.id == Membership.agency_id)
    return places.where(within(viewer, permission), holds_on(day))


SEEING_PEOPLE = (
    Permission.SEE_PEOPLE,
    Permission.MANAGE_PEOPLE,
    Permission.GRANT_ROLES,
    Permission.MANAGE_AGENCIES,
    Permission.SEE_REPORTS,
    Permission.REVOKE_CERTIFICATES,
    Permission.ISSUE_CERTIFICATES,
    Permission.APPROVE_TRAINING,
    Permission.ASSIGN_TRAINING,
    Permission.MAKE_RECORDS,
    Permission.SEE_AUDIT,
)
"""Permissions whose pages show people of an agency: over these the second wall lets rows of people through."""

SEEING_TEAMS = (Permission.LEAD_COHORTS,)


def sight_of(viewer: Viewer | None) -> Sight:
    """What the database shows to a viewer beneath every filter of ours (`lms.wall`); nothing to a stranger."""
    if viewer is None:
        return NOBODY
    return viewer_sight(viewer.id, _reach(viewer, SEEING_PEOPLE), _reach(viewer, SEEING_TEAMS))


def _reach(viewer: Viewer, permissions: Iterable[Permission]) -> tuple[str, ...] | None:
    """Paths over which the viewer has any of the permissions; None means everywhere."""
    paths: set[str] = set()
    for permission in permissions:
        found = scope(viewer, permission)
        if found is None:
            return None
        paths.update(found)
    return tuple(sorted(paths))


def roles_with(permission: Permission) -> Iterable[str]:
    """The roles that have a permission, for README's table."""
    return [role for role, permissions in POLICY.items() if permission in permissions]
