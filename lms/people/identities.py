"""People that a host application hands over: matched by (issuer, subject), never by an unverified e-mail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select

from lms.clock import utc_now
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.people.audit import note
from lms.people.memberships import start_membership
from lms.people.models import ROLES, Agency, Membership, RoleGrant, User
from lms.people.names import clean_email, clean_name
from lms.people.providers.models import ExternalIdentity


@dataclass(frozen=True, slots=True)
class HostPerson:
    """Who a host says is signed in. `subject` is the host's own lasting id of the person.

    `discipline` is a word of the glossary; `roles` are the host's words, which count only through `LMS_HOST_ROLES`.
    """

    subject: str
    name: str
    email: str | None = None
    email_verified: bool = False
    language: str = "en"
    agency_code: str | None = None
    discipline: str | None = None
    roles: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class RoleRule:
    """A host's role means one of ours over an agency (by its code), or over the person's own where none is named."""

    role: str
    agency_code: str | None


def read_role_rules(text: str) -> Mapping[str, RoleRule]:
    """Rules out of `nurse-educator=author, chief=agency-administrator@KC-GEN`. Raises ValueError."""
    rules = {}
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        host_role, equals, ours = part.partition("=")
        role, _, code = ours.strip().partition("@")
        if not equals or role not in ROLES:
            raise ValueError(f"LMS_HOST_ROLES: {part!r} does not name one of {', '.join(ROLES)}")
        rules[host_role.strip()] = RoleRule(role, code or None)
    return rules


def find_person(issuer: str, subject: str) -> int | None:
    """The id of the person that this issuer means by this subject."""
    return db.session.scalar(
        select(ExternalIdentity.user_id).where(ExternalIdentity.issuer == issuer, ExternalIdentity.subject == subject)
    )


def needs_update(user_id: int, person: HostPerson, rules: Mapping[str, RoleRule]) -> bool:
    """Whether name, place or roles differ from what the host says now (two reads, no write)."""
    user = db.session.get_one(User, user_id)
    if user.name != _name_of(person):
        return True
    if person.agency_code and person.discipline in DISCIPLINES:
        held = db.session.scalar(
            select(Membership.id)
            .join(Agency, Agency.id == Membership.agency_id)
            .where(
                Membership.user_id == user_id,
                Membership.ended_on.is_(None),
                Membership.discipline == person.discipline,
                Agency.code == person.agency_code,
            )
        )
        known = db.session.scalar(
            select(Agency.id).where(Agency.code == person.agency_code, Agency.archived_at.is_(None))
        )
        if held is None and known is not None:
            return True
    wanted = {(rule.role, agency_id) for rule, agency_id in _wanted_roles(person, rules)}
    return wanted != _held_roles(user_id)


def take_person(issuer: str, person: HostPerson, rules: Mapping[str, RoleRule], now: datetime, *, day: date) -> int:
    """Make or bring up to date the person that a host hands over; returns their id. The caller commits.

    `day` is the local day on which a new place begins: in the evening the day of UTC is tomorrow, and the person
    would belong nowhere until then.

    An e-mail is kept only when the host verified it and no other account has it; accounts are never joined by it.
    """
    known = find_person(issuer, person.subject)
    user_id = known if known is not None else _make(issuer, person, now)
    user = db.session.get_one(User, user_id)
    user.name = _name_of(person)
    _place(user_id, person, day)
    _give_roles(user_id, person, rules, now)
    return user_id


def _name_of(person: HostPerson) -> str:
    """The host's name for a person as it is kept; without one, the host's id stands in, never an empty line."""
    return (clean_name(person.name) or clean_name(person.subject))[:200]


def _make(issuer: str, person: HostPerson, now: datetime) -> int:
    email = clean_email(person.email) if person.email and person.email_verified else None
    if email and db.session.scalar(select(User.id).where(User.email == email)):
        email = None
    user = User(
        name=_name_of(person),
        email=email,
        email_verified_at=now if email else None,
        language=person.language[:2],
        created_at=now,
    )
    db.session.add(user)
    db.session.flush()
    db.session.add(ExternalIdentity(user_id=user.id, issuer=issuer, subject=person.subject, created_at=now))
    note("person.handed-over", "user", user.id, actor_id=user.id, issuer=issuer)
    return user.id


def _place(user_id: int, person: HostPerson, day: date) -> None:
    if person.discipline not in DISCIPLINES or not person.agency_code:
        return
    agency = db.session.scalars(select(Agency).where(Agency.code == person.agency_code)).one_or_none()
    if agency is None or agency.archived_at is not None:
        return
    held = db.session.scalars(
        select(Membership).where(Membership.user_id == user_id, Membership.ended_on.is_(None))
    ).all()
    if any(one.agency_id == agency.id and one.discipline == person.discipline for one in held):
        return
    start_membership(user_id, agency.id, person.discipline, day=day, actor_id=user_id, at=utc_now())


def _wanted_roles(person: HostPerson, rules: Mapping[str, RoleRule]) -> list[tuple[RoleRule, int]]:
    wanted = []
    for host_role in person.roles:
        rule = rules.get(host_role)
        code = (rule.agency_code or person.agency_code) if rule else None
        agency_id = db.session.scalar(select(Agency.id).where(Agency.code == code)) if code else None
        if rule is not None and agency_id is not None:
            wanted.append((rule, agency_id))
    return wanted


def _held_roles(user_id: int) -> set[tuple[str, int | None]]:
    """What the host gave. A role everywhere never came from it: `lms create-admin` gave that, and it stays."""
    rows = db.session.execute(
        select(RoleGrant.role, RoleGrant.agency_id).where(
            RoleGrant.user_id == user_id,
            RoleGrant.revoked_at.is_(None),
            RoleGrant.granted_by_id.is_(None),
            RoleGrant.agency_id.is_not(None),
        )
    )
    return {(role, agency_id) for role, agency_id in rows}


def _give_roles(user_id: int, person: HostPerson, rules: Mapping[str, RoleRule], now: datetime) -> None:
    """Roles that the host gives come and go with it; roles that a person here granted stay."""
    wanted: set[tuple[str, int | None]] = {(rule.role, over) for rule, over in _wanted_roles(person, rules)}
    held = _held_roles(user_id)
    for role, agency_id in wanted - held:
        db.session.add(RoleGrant(user_id=user_id, role=role, agency_id=agency_id, granted_at=now))
        note("role.granted-by-host", "user", user_id, actor_id=user_id, agency_id=agency_id, role=role)
    for role, agency_id in held - wanted:
        rows = select(RoleGrant).where(
            RoleGrant.user_id == user_id,
            RoleGrant.role == role,
            RoleGrant.agency_id == agency_id,
            RoleGrant.granted_by_id.is_(None),
            RoleGrant.revoked_at.is_(None),
        )
        for grant in db.session.scalars(rows):
            grant.revoked_at = now
            note("role.revoked-by-host", "user", user_id, actor_id=user_id, agency_id=agency_id, role=role)
