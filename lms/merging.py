"""Two accounts of one person put together: refused where it must not be, counted, noted, undone within thirty days.

Nothing is lost: every row stays and belongs to the account that stays. What both have in force (a place, a license, a
seat in one team) goes on once, and the other's row ends on that day. Cycles of a course that both took become one row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from lms import outbox
from lms.access import Permission, Viewer, scope, visible_agencies, visible_users
from lms.clock import local_day
from lms.cohorts.models import Member
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotAllowed, NotFound, Overtaken
from lms.learning.models import Enrollment
from lms.people import roles
from lms.people.audit import note
from lms.people.models import License, Membership, RoleGrant, User
from lms.people.names import masked_email
from lms.people.person_models import Erasure, Merge
from lms.people.persons import Merging, count_claim, defer_ownership
from lms.people.roster import is_wholly_within
from lms.person_rooms import FIRSTS, ROOMS

OVER = Permission.MANAGE_PEOPLE
UNDO_DAYS = 30
LATE = timedelta(days=2)
"""Whoever wrote as the old account in the moment of the merge is followed for so long."""
NOTHING = N_("There is nothing here that you may see.")


@dataclass(frozen=True, slots=True)
class Count:
    """How many rows of one kind each account has, and both together."""

    name: str
    kept: int
    gone: int

    @property
    def together(self) -> int:
        return self.kept + self.gone


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is known before two accounts are put together. `twice`: how many of each kind both have in force."""

    kept: User
    gone: User
    counts: tuple[Count, ...]
    twice: dict[str, int]


def find_for(viewer: Viewer, user_id: int) -> User:
    """A person in the viewer's reach, not merged and not erased. Raises NotFound."""
    user = db.session.scalars(
        select(User).where(User.id == user_id, User.id.in_(visible_users(viewer, OVER)), User.erased_at.is_(None))
    ).one_or_none()
    if user is None or user.merged_into_id is not None:
        raise NotFound(NOTHING)
    return user


def check(viewer: Viewer, kept: User, gone: User, today: date) -> None:
    """Raises NotAllowed or Conflict where the two must not be put together, with a sentence that says why."""
    if kept.id == gone.id:
        raise Conflict(N_("These are one account already. Choose another one."))
    if viewer.id in (kept.id, gone.id):
        raise NotAllowed(N_("Nobody puts their own accounts together. Ask another administrator."))
    if kept.is_demo != gone.is_demo:
        raise Conflict(N_("A demo account and a real one are never put together."))
    if kept.merged_into_id is not None or gone.merged_into_id is not None:
        raise Overtaken(N_("One of these accounts was put together with another one already."))
    if kept.erased_at is not None or gone.erased_at is not None:
        raise Overtaken(N_("One of these accounts was erased."))
    if kept.disabled_at is not None:
        raise Conflict(
            N_("An account that is switched off cannot be the one that stays. Switch it on, or choose the other.")
        )
    if not all(manages_wholly(viewer, one.id, today) for one in (kept, gone)):
        raise NotAllowed(
            N_("One of them also works for agencies that you do not administer. Ask somebody who administers both.")
        )
    _refuse_higher(viewer, (kept.id, gone.id))
    open_erasure = select(Erasure.id).where(
        Erasure.user_id.in_((kept.id, gone.id)), Erasure.state.in_(("asked", "approved"))
    )
    if db.session.scalar(open_erasure.limit(1)) is not None:
        raise Conflict(N_("One of them has asked to be erased. Decide on that first."))


def manages_wholly(viewer: Viewer, user_id: int, today: date) -> bool:
    """Whether every place that somebody holds is in the viewer's scope."""
    return scope(viewer, OVER) is None or is_wholly_within(user_id, visible_agencies(viewer, OVER), today)


def _refuse_higher(viewer: Viewer, user_ids: Sequence[int]) -> None:
    """Whoever stays has the roles of both: nobody brings that about who could not give them."""
    held = db.session.scalars(
        select(RoleGrant).where(RoleGrant.user_id.in_(user_ids), RoleGrant.revoked_at.is_(None))
    ).all()
    if not all(roles.may_give(viewer, one.role, roles.path_of(one.agency_id)) for one in held):
        raise NotAllowed(N_("One of them has a role that you may not give. Ask the state administrator."))


def compare(viewer: Viewer, kept_id: int, gone_id: int, today: date) -> Comparison:
    """Counts of everything that either has. Raises what `find_for` and `check` raise."""
    kept, gone = find_for(viewer, kept_id), find_for(viewer, gone_id)
    check(viewer, kept, gone, today)
    return Comparison(kept, gone, tuple(count_both(kept_id, gone_id)), _twice(kept_id, gone_id))


def count_both(kept_id: int, gone_id: int) -> list[Count]:
    """Rows of every table by which a person is known; those where both have none are left out."""
    found = []
    for claim in FIRSTS.values():
        if isinstance(claim.export, str) or claim.table in ("lms_users", "lms_merges", "lms_erasures"):
            continue
        kept, gone = (db.session.scalar(count_claim(claim, FIRSTS, one)) or 0 for one in (kept_id, gone_id))
        if kept or gone:
            found.append(Count(claim.name, kept, gone))
    return found


def _twice(kept_id: int, gone_id: int) -> dict[str, int]:
    """How many places, licenses, courses and teams both have in force: what a rule has to settle."""
    in_force: dict[str, tuple[Any, Any]] = {
        "places": (
            Membership.user_id,
            select(Membership.agency_id, Membership.discipline).where(Membership.ended_on.is_(None)),
        ),
        "licenses": (
            License.user_id,
            select(License.board, License.state, License.number).where(License.ended_at.is_(None)),
        ),
        "courses": (Enrollment.user_id, select(Enrollment.course_id)),
        "teams": (Member.user_id, select(Member.cohort_id).where(Member.left_at.is_(None))),
    }
    found = {}
    for name, (column, query) in in_force.items():
        both = (
            {tuple(row) for row in db.session.execute(query.where(column == user_id))} for user_id in (kept_id, gone_id)
        )
        shared = len(set.intersection(*both))
        if shared:
            found[name] = shared
    return found


def merge_accounts(viewer: Viewer, kept_id: int, gone_id: int, reason: str, *, now: datetime, today: date) -> Merge:
    """Put `gone` together with `kept`, which stays. The caller commits. Raises what `compare` raises, and Invalid.

    Both rows are locked first, the lower id before the higher: two who do this at once, or a write that still hangs on
    the old account, wait for each other and then see what became of it.
    """
    reason = checked_reason(reason)
    db.session.scalars(select(User).where(User.id.in_((kept_id, gone_id))).order_by(User.id).with_for_update()).all()
    comparison = compare(viewer, kept_id, gone_id, today)
    kept, gone = comparison.kept, comparison.gone
    merge = Merge(
        kept_id=kept_id,
        gone_id=gone_id,
        merged_by_id=viewer.id,
        merged_at=now,
        reason=reason,
        counts={one.name: [one.kept, one.gone] for one in comparison.counts},
        undo_until=now + timedelta(days=UNDO_DAYS),
    )
    db.session.add(merge)
    db.session.flush()
    note_on_both("account.merged", merge, viewer.id, reason)
    _go_through(_merging_of(merge, now, today))
    tell(merge, kept, gone, "merged")
    return merge


def take_in(user_id: int, stand_in_id: int, *, now: datetime, today: date) -> None:
    """Give an account all that hangs on a stand-in: the row that an import made for the person, as whom nobody ever
    signed in. It leads to the account from then on, for good: there were never two accounts. The caller commits."""
    _go_through(Merging(None, user_id, stand_in_id, now, today))


def _merging_of(merge: Merge, now: datetime, today: date) -> Merging:
    return Merging(merge.id, merge.kept_id, merge.gone_id, now, today)


def _go_through(merging: Merging) -> None:
    db.session.flush()
    defer_ownership()
    for room in ROOMS:
        room.merge(merging)
        db.session.flush()
    gone = db.session.get_one(User, merging.gone_id)
    if gone.disabled_at is None:
        merging.put("lms_users", gone.id, "disabled_at", merging.now)
    merging.put("lms_users", gone.id, "merged_into_id", merging.kept_id)
    db.session.expire_all()


def checked_reason(reason: str) -> str:
    """The reason, made regular. Raises Invalid where there is none."""
    found = " ".join(reason.split())
    if not found:
        raise Invalid(N_("Say why."), "reason")
    if len(found) > 1000:
        raise Invalid(N_("This is too long: at most %(most)s characters fit."), "reason", most=1000)
    return found


def follow_late(now: datetime, time_zone: str) -> int:
    """Rows that somebody wrote as the old account while it was put together follow; of how many merges. The caller
    commits. Harmless when nothing is there."""
    found = 0
    for merge in db.session.scalars(
        select(Merge).where(Merge.undone_at.is_(None), Merge.merged_at > now - LATE).order_by(Merge.id)
    ).all():
        moving = (claim for room in ROOMS for claim in room.claims if claim.merge == "moves")
        if any(db.session.scalar(count_claim(one, FIRSTS, merge.gone_id)) for one in moving):
            _go_through(_merging_of(merge, now, local_day(now, time_zone)))
            found += 1
    return found


def note_on_both(action: str, merge: Merge, actor_id: int, reason: str) -> None:
    """One audit event for each of the two, in each agency that either belongs to."""
    both = (merge.kept_id, merge.gone_id)
    places = select(Membership.agency_id).where(Membership.user_id.in_(both)).distinct()
    agencies: list[int | None] = sorted(db.session.scalars(places)) or [None]  # type: ignore[assignment]
    for user_id, other in (both, both[::-1]):
        for agency_id in agencies:
            note(
                action, "user", user_id, actor_id=actor_id, agency_id=agency_id, reason=reason, other=other,
                merge=merge.id,
            )  # fmt: skip


def tell(merge: Merge, kept: User, gone: User, what: str) -> None:
    """A mail to either address: each may be the one that is read."""
    for user in (kept, gone):
        if user.email:
            outbox.enqueue(
                "mail",
                f"accounts-{what}:{merge.id}:{user.id}",
                {
                    "to": user.email,
                    "template": f"accounts-{what}",
                    "language": kept.language,
                    "values": {
                        "name": kept.name,
                        "signs_in": masked_email(kept.email) if kept.email else "",
                        "days": UNDO_DAYS,
                    },
                },
            )
