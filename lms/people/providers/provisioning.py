"""Provisioning: an agency's directory adds people, and ends their place when they leave. Their records always stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, and_, func, or_, select

from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people import email_changes
from lms.people.audit import note
from lms.people.models import Agency, Membership, User
from lms.people.names import clean_email, clean_name
from lms.people.providers.domains import is_own_address
from lms.people.providers.leaving import note_provisioned, placed_of, reaches_beyond, set_active
from lms.people.providers.models import ProvisionedPerson
from lms.people.providers.tokens import Directory

MOST_LISTED = 200
NOBODY = N_("There is nobody of this id.")
USER_NAME_TAKEN = N_("The directory has somebody of this userName already.")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a directory says of a person."""

    user_name: str
    name: str
    email: str | None
    external_id: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A person as a directory sees them."""

    id: int
    entry: Entry
    row: ProvisionedPerson | None


def list_people(
    directory: Directory, *, day: date, where: dict[str, str], start: int, count: int
) -> tuple[int, Sequence[Person]]:
    """How many there are in all, and a page of them, by id. `where` holds `user_name`, `external_id` or `email`."""
    query = _visible(directory, day)
    if "user_name" in where:
        name = clean_email(where["user_name"])
        own = and_(ProvisionedPerson.id.is_(None), User.email == name)
        query = query.where(or_(ProvisionedPerson.user_name == name, own))
    if "external_id" in where:
        query = query.where(ProvisionedPerson.external_id == where["external_id"])
    if "email" in where:
        query = query.where(User.email == clean_email(where["email"]))
    total = db.session.scalar(select(func.count()).select_from(query.subquery())) or 0
    rows = db.session.execute(
        query.order_by(User.id).offset(max(0, start - 1)).limit(min(max(0, count), MOST_LISTED))
    ).all()
    placed = placed_of(directory, [user.id for user, _ in rows], day)
    return total, [_person(user, row, user.id in placed) for user, row in rows]


def get_person(directory: Directory, user_id: int, day: date) -> Person:
    """Somebody whom this directory added, or who has a place below its agency. Raises NotFound for everybody else."""
    found = db.session.execute(_visible(directory, day).where(User.id == user_id)).one_or_none()
    if found is None:
        raise NotFound(NOBODY)
    user, row = found
    return _person(user, row, bool(placed_of(directory, [user.id], day)))


def hold_person(directory: Directory, user_id: int, day: date) -> Person:
    """As `get_person`, and nobody else changes them until this transaction ends. Raises NotFound."""
    db.session.execute(select(User.id).where(User.id == user_id).with_for_update())
    return get_person(directory, user_id, day)


def add_person(directory: Directory, entry: Entry, *, day: date) -> Person:
    """Add somebody, or bring back whom the directory had deleted. The caller commits. Raises Conflict, Invalid.

    An account that is there already is taken only by an address in a proven domain of the agency; otherwise a new
    one is made, without an e-mail address: nobody gets hold of an address by naming it.
    """
    user_name = _checked_user_name(entry.user_name)
    known = _row_of_name(directory, user_name)
    if known is not None and known.removed_at is None:
        raise Conflict(USER_NAME_TAKEN)
    if known is not None:
        known.removed_at = None
        return change_person(directory, known.user_id, entry, day=day)
    email = _own_email(directory, entry)
    user = db.session.scalar(select(User).where(User.email == email)) if email else None
    is_new = user is None
    if user is None:
        user = _make_user(directory, entry, email)
    elif db.session.execute(_visible(directory, day).where(User.id == user.id)).first() is not None:
        raise Conflict(USER_NAME_TAKEN)
    row = _make_row(directory, user, user_name, entry, made_account=is_new)
    set_active(directory, user, row, entry.is_active, day)
    note_provisioned(directory, "added", user.id)
    return get_person(directory, user.id, day)


def change_person(directory: Directory, user_id: int, entry: Entry, *, day: date) -> Person:
    """Take over what the directory says now. Name and address it says only of an account that it made, and only as
    long as nothing of that reaches beyond its agency; of all others whether the person is active.

    The caller commits. Raises NotFound, Conflict, Invalid.
    """
    person = get_person(directory, user_id, day)
    user = db.session.get_one(User, user_id)
    user_name = _checked_user_name(entry.user_name)
    taken = _row_of_name(directory, user_name)
    if taken is not None and taken.user_id != user_id:
        raise Conflict(USER_NAME_TAKEN)
    row = person.row or _make_row(directory, user, user_name, person.entry, made_account=False)
    row.user_name, row.external_id, row.changed_at = user_name, _checked_external(entry.external_id), utc_now()
    if row.made_account and not reaches_beyond(directory, user_id, day):
        _take_particulars(directory, user, entry)
    set_active(directory, user, row, entry.is_active, day)
    return get_person(directory, user_id, day)


def delete_person(directory: Directory, user_id: int, *, day: date) -> None:
    """End the person's place; the account and every record stay. The caller commits. Raises NotFound."""
    person = get_person(directory, user_id, day)
    user = db.session.get_one(User, user_id)
    row = person.row or _make_row(directory, user, person.entry.user_name, person.entry, made_account=False)
    set_active(directory, user, row, False, day)
    row.removed_at = row.changed_at = utc_now()
    note_provisioned(directory, "deleted", user_id)


def _take_particulars(directory: Directory, user: User, entry: Entry) -> None:
    """Name and address as the directory says them, the address where it is free and in a proven domain."""
    changed = []
    if user.name != _name_of(entry):
        user.name = _name_of(entry)
        changed.append("name")
    email = _own_email(directory, entry)
    if email and email != user.email and db.session.scalar(select(User.id).where(User.email == email)) is None:
        email_changes.take_address(user, email)
        changed.append("email")
    if changed:
        note_provisioned(directory, "changed", user.id, fields=changed)


def _visible(directory: Directory, day: date) -> Select[Any]:
    """Accounts with the directory's row: whom it added and did not delete, and who has a place below its agency."""
    own = and_(ProvisionedPerson.user_id == User.id, ProvisionedPerson.agency_id == directory.agency.id)
    placed = (
        select(Membership.user_id)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(
            Membership.ended_on.is_(None) | (Membership.ended_on > day),
            Agency.path.like(f"{directory.agency.path}%"),
        )
    )
    added = and_(ProvisionedPerson.id.is_not(None), ProvisionedPerson.removed_at.is_(None))
    query: Any = select(User, ProvisionedPerson).outerjoin(ProvisionedPerson, own)
    found: Select[Any] = query.where(or_(added, User.id.in_(placed)))
    return found


def _person(user: User, row: ProvisionedPerson | None, is_placed: bool) -> Person:
    name = row.user_name if row is not None else (user.email or f"person-{user.id}")
    is_active = is_placed and user.disabled_at is None
    return Person(user.id, Entry(name, user.name, user.email, row.external_id if row else None, is_active), row)


def _row_of_name(directory: Directory, user_name: str) -> ProvisionedPerson | None:
    found: ProvisionedPerson | None = db.session.scalar(
        select(ProvisionedPerson).where(
            ProvisionedPerson.agency_id == directory.agency.id, ProvisionedPerson.user_name == user_name
        )
    )
    return found


def _make_row(
    directory: Directory, user: User, user_name: str, entry: Entry, *, made_account: bool
) -> ProvisionedPerson:
    now = utc_now()
    row = db.session.scalar(
        select(ProvisionedPerson).where(
            ProvisionedPerson.agency_id == directory.agency.id, ProvisionedPerson.user_id == user.id
        )
    )
    if row is None:
        row = ProvisionedPerson(agency_id=directory.agency.id, user_id=user.id, made_account=made_account)
        row.created_at, row.is_active, row.ended_places = now, False, []
        row.disabled_account = False
        db.session.add(row)
    row.user_name, row.external_id, row.changed_at = user_name, _checked_external(entry.external_id), now
    row.removed_at = None
    db.session.flush()
    return row


def _make_user(directory: Directory, entry: Entry, email: str | None) -> User:
    now = utc_now()
    user = User(
        name=_name_of(entry), email=email, email_verified_at=now if email else None, language="en", created_at=now
    )
    db.session.add(user)
    db.session.flush()
    note("account.made", "user", user.id, actor_id=None, agency_id=directory.agency.id, token_id=directory.token_id)
    return user


def _own_email(directory: Directory, entry: Entry) -> str | None:
    """The address, where it lies in a domain that the agency has proven."""
    for said in (entry.email, entry.user_name):
        email = clean_email(said or "")
        if "@" in email and is_own_address(email, directory.agency):
            return email
    return None


def _name_of(entry: Entry) -> str:
    return (clean_name(entry.name) or clean_name(entry.user_name))[:200]


def _checked_user_name(text: str) -> str:
    name = clean_email(text)
    if not name or len(name) > 320:
        raise Invalid(N_("A userName of at most 320 characters is needed."), "userName")
    return name


def _checked_external(text: str | None) -> str | None:
    if text is not None and len(text) > 200:
        raise Invalid(N_("An externalId has at most 200 characters."), "externalId")
    return text or None
