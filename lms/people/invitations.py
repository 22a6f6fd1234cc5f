"""Invitations by mail: into an agency by its administrator, or to oneself where registration is open.

Either way the link proves the e-mail address, is used once, and only its hash is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select, update
from sqlalchemy.orm import aliased

from lms.clock import utc_now
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.outbox import enqueue
from lms.people.accounts import create_user
from lms.people.audit import note
from lms.people.importing.entries import turned
from lms.people.invited_places import end_links, ends_later, withdraw_now
from lms.people.memberships import start_membership
from lms.people.merged import known_addresses
from lms.people.models import Agency, Invitation, Membership, User
from lms.people.names import checked_name, clean_email, has_letters
from lms.people.providers.models import ExternalIdentity
from lms.people.signins import token_hash
from lms.wall.sight import SYSTEM, looking_as

INVITATION_DAYS = 14
REGISTRATION_HOURS = 24
MOST_LISTED = 500


@dataclass(frozen=True, slots=True)
class Letter:
    """The secret of a link, the link itself, and the language of the mail that carries it."""

    token: str
    link: str
    language: str


def invite(
    *, email: str, name: str, agency_id: int, discipline: str, invited_by_id: int, day: date, letter: Letter
) -> Invitation:
    """Invite a person into an agency; an open invitation of the same person there is replaced. The caller commits.

    Whether the e-mail has an account elsewhere makes no difference, so that inviting tells nothing about others.
    Raises Conflict where the person belongs to the agency already: a further discipline needs no mail.
    """
    email = clean_email(email)
    if discipline not in DISCIPLINES:
        raise Invalid(N_("Choose a discipline."), "discipline")
    agency = db.session.get_one(Agency, agency_id)
    if agency.archived_at is not None:
        raise Conflict(N_("This agency is archived; nobody can join it."))
    belongs = select(Membership.id).where(
        Membership.agency_id == agency_id,
        Membership.ended_on.is_(None) | (Membership.ended_on > day),
        Membership.user_id.in_(select(User.id).where(User.email == email, has_account_of_their_own())),
    )
    if db.session.scalar(belongs.limit(1)) is not None:
        raise Conflict(
            N_("%(email)s works at this agency already. Nothing was sent: add a further discipline on their own page."),
            email=email,
        )
    now = utc_now()
    same = select(Invitation).where(Invitation.email == email, Invitation.agency_id == agency_id, _is_open(now))
    end_links(db.session.scalars(same).all(), now)
    invitation = _new(email, checked_name(turned(name)), agency_id, discipline, invited_by_id, letter, now)
    note("invitation.sent", "invitation", invitation.id, actor_id=invited_by_id, agency_id=agency_id)
    _send(invitation, agency.name, letter)
    return invitation


def _new(
    email: str, name: str, agency_id: int | None, discipline: str | None, by_id: int, letter: Letter, now: datetime
) -> Invitation:
    invitation = Invitation(
        token_hash=token_hash(letter.token),
        email=email,
        name=name,
        agency_id=agency_id,
        discipline=discipline,
        invited_by_id=by_id,
        created_at=now,
        expires_at=now + timedelta(days=INVITATION_DAYS),
    )
    db.session.add(invitation)
    db.session.flush()
    return invitation


def resend(invitation_id: int, *, actor_id: int, letter: Letter) -> Invitation:
    """Send a new link and 14 more days; the link sent before ends, and its page says that a newer mail was sent.

    The caller commits. Raises Conflict.
    """
    earlier = get_unused(invitation_id, is_for_change=True)
    now = utc_now()
    end_links([earlier], now)
    agency = db.session.get_one(Agency, earlier.agency_id)
    invitation = _new(earlier.email, earlier.name, agency.id, earlier.discipline, actor_id, letter, now)
    invitation.for_user_id = earlier.for_user_id
    note("invitation.sent", "invitation", invitation.id, actor_id=actor_id, agency_id=agency.id, again=True)
    _send(invitation, agency.name, letter)
    return invitation


def withdraw(invitation_id: int, *, actor_id: int) -> Invitation:
    """Make a link useless. The caller commits. Raises Conflict."""
    invitation = get_unused(invitation_id, is_for_change=True)
    withdraw_now(invitation, utc_now(), actor_id)
    return invitation


def register(email: str, *, letter: Letter, sign_in_link: str) -> None:
    """Open registration: send a link that proves the address; to a known address, a mail that says there is an
    account. Answers nothing, so that the page tells a stranger nothing. The caller commits."""
    email = clean_email(email)
    now = utc_now()
    known = db.session.scalar(select(User.id).where(User.email == email, has_account_of_their_own()))
    digest = token_hash(letter.token)
    if known is not None:
        payload = {"to": email, "template": "account-exists", "language": letter.language}
        enqueue("mail", f"account-exists:{digest}", {**payload, "values": {"link": sign_in_link}})
        return
    db.session.add(
        Invitation(
            token_hash=digest,
            email=email,
            created_at=now,
            expires_at=now + timedelta(hours=REGISTRATION_HOURS),
        )
    )
    payload = {"to": email, "template": "verify-email", "language": letter.language}
    values = {"link": letter.link, "hours": REGISTRATION_HOURS}
    enqueue("mail", f"verify-email:{digest}", {**payload, "values": values})


def find_invitation(token: str) -> Invitation | None:
    """The invitation of a link that can be used now, whoever brings it."""
    with looking_as(SYSTEM):
        return db.session.scalars(
            select(Invitation).where(Invitation.token_hash == token_hash(token), _is_open(utc_now()))
        ).one_or_none()


def is_replaced(token: str) -> bool:
    """Whether a newer link into the same agency was mailed to the same address, and can be used now."""
    newer = aliased(Invitation)
    with looking_as(SYSTEM):
        found = db.session.scalar(
            select(newer.id)
            .join(Invitation, and_(Invitation.email == newer.email, Invitation.agency_id == newer.agency_id))
            .where(
                Invitation.token_hash == token_hash(token),
                newer.id > Invitation.id,
                newer.accepted_at.is_(None),
                newer.withdrawn_at.is_(None),
                newer.expires_at > utc_now(),
            )
            .limit(1)
        )
    return found is not None


def has_account(invitation: Invitation) -> bool:
    """Whether the invited address has an account: asked by whoever has the link that was mailed there.

    A person whom an import placed has none before they accept.
    """
    with looking_as(SYSTEM):
        query = select(User.id).where(User.email == invitation.email, has_account_of_their_own())
        return db.session.scalar(query) is not None


def has_account_of_their_own() -> ColumnElement[bool]:
    """The SQL condition that somebody looks after a person's account themselves: they have a password, have signed in,
    or have proven their address. Of people whom an import placed, none of it is so."""
    return or_(
        User.password_hash.is_not(None),
        User.email_verified_at.is_not(None),
        User.last_seen_at.is_not(None),
        User.disabled_at.is_not(None),
        exists().where(ExternalIdentity.user_id == User.id),
    )


def accept_as_new(token: str, *, name: str, password_hash: str | None, language: str, day: date) -> int:
    """Make the account and its place; returns the person's id. The caller commits. Raises Conflict, Invalid.

    `password_hash` None: the agency's own provider is how they sign in.
    """
    invitation = _use(token)
    user = _claimed(invitation, name, password_hash, language) or create_user(
        name=name, email=invitation.email, password_hash=password_hash, language=language, now=utc_now()
    )
    note("account.made", "user", user.id, actor_id=user.id, agency_id=invitation.agency_id)
    _take_place(invitation, user.id, day)
    return user.id


def _claimed(invitation: Invitation, name: str, password_hash: str | None, language: str) -> User | None:
    """The person whom an import placed with this address, or for whom it sent this invitation, made an account."""
    free = ~has_account_of_their_own()
    user = db.session.scalars(select(User).where(User.email == invitation.email, free).with_for_update()).one_or_none()
    if user is None:
        if db.session.scalar(select(User.id).where(User.email == invitation.email)) is not None:
            return None  # `create_user` says that there is an account
        mine = select(User).where(User.id == invitation.for_user_id, User.email.is_(None), free)
        user = db.session.scalars(mine.with_for_update()).one_or_none()
    if user is None:
        return None
    name = checked_name(name)
    if not has_letters(name):
        raise Invalid(N_("Enter your name."), "name")
    user.name, user.email, user.email_verified_at = name, invitation.email, utc_now()
    user.password_hash, user.language = password_hash, language
    return user


def accept_as(token: str, user_id: int, *, day: date) -> int:
    """Give the place to somebody who has an account with the invited address. The caller commits. Raises Conflict."""
    invitation = _use(token)
    if invitation.email not in known_addresses(user_id):
        raise Conflict(N_("This invitation was sent to another e-mail address."))
    _take_place(invitation, user_id, day)
    return user_id


def accept_for(token: str, user_id: int, *, day: date) -> int:
    """As `accept_as`, for somebody of whom it is proven otherwise that the invited address is theirs."""
    _take_place(_use(token), user_id, day)
    return user_id


def open_invitations(visible_agencies: Select[Any]) -> Sequence[Invitation]:
    """What was neither accepted nor withdrawn in agencies in scope, newest first; also what is too old by now."""
    return db.session.scalars(
        select(Invitation)
        .where(
            Invitation.agency_id.in_(visible_agencies),
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .order_by(Invitation.id.desc())
        .limit(MOST_LISTED)
    ).all()


def get_unused(invitation_id: int, *, is_for_change: bool = False) -> Invitation:
    """An invitation into an agency that nobody accepted yet. Raises NotFound, Conflict."""
    invitation = db.session.get(Invitation, invitation_id, with_for_update=is_for_change)
    if invitation is None or invitation.agency_id is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if invitation.accepted_at is not None:
        raise Overtaken(N_("This invitation was accepted already."))
    if invitation.withdrawn_at is not None:
        raise Overtaken(N_("This invitation was withdrawn already."))
    return invitation


def _is_open(now: datetime) -> ColumnElement[bool]:
    return and_(Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None), Invitation.expires_at > now)


def _use(token: str) -> Invitation:
    now = utc_now()
    used = db.session.execute(
        update(Invitation)
        .where(Invitation.token_hash == token_hash(token), _is_open(now))
        .values(accepted_at=now)
        .returning(Invitation.id)
    ).scalar()
    if used is None:
        raise Overtaken(N_("This invitation was used, withdrawn, or is too old. Ask for a new one."))
    return db.session.get_one(Invitation, used)


def _take_place(invitation: Invitation, user_id: int, day: date) -> None:
    invitation.accepted_by_id = user_id
    agency_id, discipline = invitation.agency_id, invitation.discipline
    if agency_id is not None and discipline is not None and not ends_later(user_id, (agency_id, discipline), day):
        start_membership(user_id, agency_id, discipline, day=day, actor_id=user_id, at=utc_now())
    note("invitation.accepted", "invitation", invitation.id, actor_id=user_id, agency_id=invitation.agency_id)


def _send(invitation: Invitation, agency_name: str, letter: Letter) -> None:
    values = {"name": invitation.name, "agency": agency_name, "link": letter.link, "days": INVITATION_DAYS}
    payload = {"to": invitation.email, "template": "invitation", "language": letter.language, "values": values}
    enqueue("mail", f"invitation:{invitation.token_hash}", payload)
