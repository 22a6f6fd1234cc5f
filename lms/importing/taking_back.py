"""Taking back what an import changed, some hundred changes of a kind at once; what somebody has built on stays."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

from sqlalchemy import delete, select
from sqlalchemy.exc import IntegrityError

from lms.assessment.models import Attempt
from lms.cohorts.models import CohortInvitation, Member
from lms.database import db
from lms.errors import N_
from lms.learning.models import Enrollment, ModuleProgress
from lms.outbox import forget_unsent
from lms.people.audit import note
from lms.people.importing.models import Import, ImportChange, StaffRecord
from lms.people.invitations import has_account_of_their_own
from lms.people.models import Invitation, Membership, User

T = TypeVar("T")

UNSEEN = {"synchronize_session": False}
"""Nothing that is deleted is looked at again in its transaction; to compare it in memory took an eighth of the time."""

HAS_JOINED = N_("This person has accepted the invitation since, and keeps the place. End it on their own page.")
CHANGED_SINCE = N_("This was changed again since the import, and stays as it is.")
BUILT_ON = N_("Records were made for this person since the import. The person stays, without the place.")
HAS_BEGUN = N_("This person has begun the course since, and stays enrolled.")
HOLDS_AGAIN = N_("This person has such a place again already.")
ACCEPTED = N_("The invitation was accepted already.")
MOVED = N_("This person's place in the team was changed since, and stays.")


@dataclass(frozen=True, slots=True)
class Facts:
    """What is so of the people of a piece: who looks after their account by now, and who came with this import."""

    row: Import
    now: datetime
    claimed: frozenset[int]
    made: frozenset[int]
    erased: frozenset[int]

    def has_joined(self, change: ImportChange) -> bool:
        """Who was there before only loses what the import gave; who came with it and has accepted keeps it."""
        return change.user_id in self.made and change.user_id in self.claimed


Kept = dict[int, str]
"""By the id of a change, why it stays."""


def facts_of(row: Import, users: Collection[int], now: datetime) -> Facts:
    claimed = select(User.id).where(User.id.in_(users), has_account_of_their_own())
    made = select(ImportChange.user_id).where(
        ImportChange.import_id == row.id, ImportChange.user_id.in_(users), ImportChange.kind == "person-made"
    )
    erased = select(User.id).where(User.id.in_(users), User.erased_at.is_not(None))
    ids = (frozenset(filter(None, db.session.scalars(query))) for query in (claimed, made, erased))
    return Facts(row, now, *ids)


def subjects(table: type[T], changes: Sequence[ImportChange]) -> dict[int, T]:
    """The rows that these changes made or changed, so far as they are there, held until the end."""
    ids = [change.subject_id for change in changes]
    key: Any = table.id  # type: ignore[attr-defined]
    rows = db.session.scalars(select(table).where(key.in_(ids)).with_for_update())
    return {row.id: row for row in rows}  # type: ignore[attr-defined]


def remove(table: Any, ids: Collection[int]) -> None:
    db.session.execute(delete(table).where(table.id.in_(ids)), execution_options=UNSEEN)


def _people_made(changes: Sequence[ImportChange], facts: Facts) -> Kept:
    """People whom nothing hangs on go as they came; whatever hangs on them the database knows best."""
    kept = {change.id: HAS_JOINED for change in changes if change.user_id in facts.claimed}
    free = [change for change in changes if change.id not in kept and change.user_id is not None]
    kept |= {change.id: BUILT_ON for change in _not_removed(free)}
    for change in free:
        if change.id not in kept:
            note(
                "person.import-undone", "user", change.user_id, actor_id=facts.row.asked_by_id,
                agency_id=facts.row.agency_id, import_id=facts.row.id,
            )  # fmt: skip
    return kept


def _not_removed(changes: Sequence[ImportChange]) -> list[ImportChange]:
    """Removes their people, and returns those that something stood against. Where it did, each half is tried alone: one
    such person among hundreds costs some more statements, not some hundred."""
    if not changes or _delete_people([change.user_id for change in changes if change.user_id]):
        return []
    if len(changes) == 1:
        return list(changes)
    middle = len(changes) // 2
    return [*_not_removed(changes[:middle]), *_not_removed(changes[middle:])]


def _delete_people(ids: Sequence[int]) -> bool:
    """Whether nothing stood against it."""
    try:
        with db.session.begin_nested():
            mails = db.session.scalars(select(Invitation.token_hash).where(Invitation.for_user_id.in_(ids)))
            forget_unsent([f"invitation:{one}" for one in mails])
            db.session.execute(delete(Invitation).where(Invitation.for_user_id.in_(ids)))
            db.session.execute(delete(User).where(User.id.in_(ids)), execution_options=UNSEEN)
    except IntegrityError:
        return False
    return True


def _places_made(changes: Sequence[ImportChange], facts: Facts) -> Kept:
    places, kept, gone = subjects(Membership, changes), {}, []
    for change in changes:
        place = places.get(change.subject_id or 0)
        if place is None:
            continue
        if facts.has_joined(change):
            kept[change.id] = HAS_JOINED
        elif place.ended_on is not None:
            kept[change.id] = CHANGED_SINCE
        else:
            gone.append(place.id)
            _note_place("membership.import-undone", place, facts)
    remove(Membership, gone)
    return kept


def _note_place(action: str, place: Membership, facts: Facts) -> None:
    note(
        action, "user", place.user_id, actor_id=facts.row.asked_by_id, agency_id=place.agency_id,
        discipline=place.discipline, import_id=facts.row.id,
    )  # fmt: skip


def _places_ended(changes: Sequence[ImportChange], facts: Facts) -> Kept:
    places, kept = subjects(Membership, changes), {}
    held = db.session.execute(
        select(Membership.user_id, Membership.agency_id, Membership.discipline).where(
            Membership.user_id.in_({place.user_id for place in places.values()}), Membership.ended_on.is_(None)
        )
    )
    again = {tuple(row) for row in held}
    for change in changes:
        place = places.get(change.subject_id or 0)
        if place is None:
            continue
        key = (place.user_id, place.agency_id, place.discipline)
        if place.ended_on != date.fromisoformat(change.detail["on"]) or place.user_id in facts.erased:
            kept[change.id] = CHANGED_SINCE
        elif key in again:
            kept[change.id] = HOLDS_AGAIN
        else:
            place.ended_on = None
            again.add(key)
            _note_place("membership.restored", place, facts)
    db.session.flush()
    return kept


def _records_made(changes: Sequence[ImportChange], facts: Facts) -> Kept:
    records, kept, gone = subjects(StaffRecord, changes), {}, []
    for change in changes:
        record = records.get(change.subject_id or 0)
        if record is None:
            continue
        made = {"number": record.number, "email": record.email, **change.detail}
        if facts.has_joined(change):
            kept[change.id] = HAS_JOINED
        elif (record.number, record.email) != (made["number"], made["email"]):
            kept[change.id] = CHANGED_SINCE
        else:
            gone.append(record.id)
    remove(StaffRecord, gone)
    return kept


def _numbers_given(changes: Sequence[ImportChange], facts: Facts) -> Kept:
    for record in subjects(StaffRecord, changes).values():
        if record.email is None:
            db.session.delete(record)
        else:
            record.number = None
    db.session.flush()
    return {}


def _addresses_listed(changes: Sequence[ImportChange], facts: Facts) -> Kept:
    records, kept = subjects(StaffRecord, changes), {}
    for change in changes:
        record = records.get(change.subject_id or 0)
        if record is not None and record.email == change.detail["after"]:
            record.email = change.detail["before"]
        elif record is not None:
            kept[change.id] = CHANGED_SINCE
    db.session.flush()
    return kept


def _restore_people(changes: Sequence[ImportChange], facts: Facts, field: str) -> Kept:
    """A name or an address as it was, unless it is another by now, somebody's own, or somebody else's."""
    kept: Kept = {}
    ids = {change.user_id for change in changes}
    users = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(ids)).with_for_update())}
    former = {change.detail["before"] for change in changes} if field == "email" else set()
    taken = {
        one[0]: one[1] for one in db.session.execute(select(User.email, User.id).where(User.email.in_(former - {None})))
    }
    for change in changes:
        user, before = users.get(change.user_id or 0), change.detail["before"]
        if user is None:
            continue
        is_taken = field == "email" and before in taken and taken[before] != user.id
        if getattr(user, field) != change.detail["after"] or user.id in facts.claimed or is_taken:
            kept[change.id] = CHANGED_SINCE
        else:
            setattr(user, field, before)
    db.session.flush()
    return kept


def _enrolled(changes: Sequence[ImportChange], facts: Facts) -> Kept:
    ids = [change.subject_id for change in changes if change.subject_id]
    begun = select(ModuleProgress.enrollment_id).where(ModuleProgress.enrollment_id.in_(ids))
    completed = select(Enrollment.id).where(Enrollment.id.in_(ids), Enrollment.completed_at.is_not(None))
    answered = select(Attempt.enrollment_id).where(Attempt.enrollment_id.in_(ids))
    further = select(Enrollment.renews_id).where(Enrollment.renews_id.in_(ids))
    used = {one for query in (begun, answered, completed, further) for one in db.session.scalars(query)}
    remove(Enrollment, [one for one in ids if one not in used])
    return {change.id: HAS_BEGUN for change in changes if change.subject_id in used}


def _seated(changes: Sequence[ImportChange], facts: Facts) -> Kept:
    members, kept, gone = subjects(Member, changes), {}, []
    for change in changes:
        member = members.get(change.subject_id or 0)
        if member is None:
            continue
        if member.left_at is not None or member.user_id in facts.claimed:
            kept[change.id] = MOVED
        else:
            gone.append(member.id)
    remove(Member, gone)
    return kept


def _team_invited(changes: Sequence[ImportChange], facts: Facts) -> Kept:
    return _withdraw(
        CohortInvitation, changes, facts, lambda one: bool(one.uses), lambda one: f"cohort-invitation:{one.id}"
    )


def _invited(changes: Sequence[ImportChange], facts: Facts) -> Kept:
    return _withdraw(
        Invitation, changes, facts, lambda one: one.accepted_at is not None, lambda one: f"invitation:{one.token_hash}"
    )


def _withdraw(
    table: Any, changes: Sequence[ImportChange], facts: Facts, is_accepted: Callable[[Any], bool],
    mail_of: Callable[[Any], str],
) -> Kept:  # fmt: skip
    kept, mails = {}, []
    invitations = subjects(table, changes)
    for change in changes:
        invitation = invitations.get(change.subject_id or 0)
        if invitation is not None and is_accepted(invitation):
            kept[change.id] = ACCEPTED
        elif invitation is not None and invitation.withdrawn_at is None:
            invitation.withdrawn_at = facts.now
            mails.append(mail_of(invitation))
    forget_unsent(mails)
    return kept


UNDO: dict[str, Callable[[Sequence[ImportChange], Facts], Kept]] = {
    "person-made": _people_made,
    "place-made": _places_made,
    "record-made": _records_made,
    "number-given": _numbers_given,
    "address-listed": _addresses_listed,
    "name-changed": partial(_restore_people, field="name"),
    "email-changed": partial(_restore_people, field="email"),
    "enrolled": _enrolled,
    "seated": _seated,
    "team-invited": _team_invited,
    "invited": _invited,
    "place-ended": _places_ended,
}
"""How changes of each kind are taken back, some hundred at once."""
