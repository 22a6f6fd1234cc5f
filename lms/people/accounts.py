"""Accounts: who may sign in with what, new passwords, and links to set one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update

from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, Invalid, Overtaken
from lms.outbox import enqueue
from lms.people import passwords
from lms.people.audit import note
from lms.people.models import RoleGrant, User
from lms.people.names import checked_name, clean_email, has_letters
from lms.people.person_models import PasswordReset
from lms.people.second_factors import factors_of
from lms.people.signins import end_all_sessions, end_session, token_hash
from lms.people.tickets import end_tickets
from lms.wall.sight import SYSTEM, looking_as

RESET_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signing in needs to know of an account, read before the slow work."""

    user_id: int
    password_hash: str | None
    is_demo: bool
    is_disabled: bool


def language_of(user_id: int) -> str:
    """The language that a person chose, for pages before they are signed in."""
    with looking_as(SYSTEM):
        found = db.session.scalar(select(User.language).where(User.id == user_id))
        db.session.rollback()
    return found or ""


def find_credentials(email: str) -> Credentials | None:
    row = db.session.execute(
        select(
            User.id,
            User.password_hash,
            User.is_demo,
            or_(User.disabled_at.is_not(None), User.merged_into_id.is_not(None)),
        ).where(User.email == clean_email(email))
    ).one_or_none()
    return Credentials(row[0], row[1], row[2], bool(row[3])) if row else None


def check_credentials(found: Credentials | None, password: str, *, allow_demo: bool) -> bool:
    """Whether this is the account's password and the account may be used; the same work in every case. Raises Busy."""
    is_right = passwords.verify_password(found.password_hash if found else None, password)
    return is_right and found is not None and not found.is_disabled and (allow_demo or not found.is_demo)


def password_mark(user_id: int) -> str:
    """Another text after each change of the password, and nothing of it: limits of tries begin anew with it."""
    return token_hash(db.session.get_one(User, user_id).password_hash or "")[:16]


def may_sign_in(user_id: int, *, allow_demo: bool) -> bool:
    """Whether an account may be used here, by whatever proof."""
    with looking_as(SYSTEM):  # nobody is signed in yet
        row = db.session.execute(select(User.disabled_at, User.is_demo).where(User.id == user_id)).one_or_none()
    return row is not None and row[0] is None and (allow_demo or not row[1])


def create_user(
    *, name: str, email: str, password_hash: str | None, language: str, now: datetime, is_demo: bool = False
) -> User:
    """An account whose e-mail has been proven. The caller commits. Raises Invalid, Conflict."""
    name, email = checked_name(name), clean_email(email)
    if not has_letters(name):
        raise Invalid(N_("Enter your name."), "name")
    if db.session.scalar(select(User.id).where(User.email == email)):
        raise Conflict(N_("There is an account with this e-mail address already."))
    user = User(
        name=name,
        email=email,
        email_verified_at=now,
        password_hash=password_hash,
        language=language,
        created_at=now,
        is_demo=is_demo,
    )
    db.session.add(user)
    db.session.flush()
    return user


def create_administrator(*, email: str, name: str, password_hash: str, now: datetime) -> User:
    """A state administrator, for the command line; an account that exists gets the role. The caller commits."""
    user = db.session.scalars(select(User).where(User.email == clean_email(email))).one_or_none()
    if user is None:
        user = create_user(name=name, email=email, password_hash=password_hash, language="en", now=now)
    else:
        if user.merged_into_id is not None:
            raise Conflict(N_("This account was put together with another one. Use the address that signs in."))
        user.password_hash, user.has_short_password = password_hash, False
        user.disabled_at = None
        end_all_sessions(user.id)
    held = select(RoleGrant.id).where(
        RoleGrant.user_id == user.id,
        RoleGrant.role == "state-administrator",
        RoleGrant.agency_id.is_(None),
        RoleGrant.revoked_at.is_(None),
        RoleGrant.until.is_(None),
    )
    if db.session.scalar(held) is None:
        db.session.add(RoleGrant(user_id=user.id, role="state-administrator", agency_id=None, granted_at=now))
    note("role.granted", "user", user.id, actor_id=None, role="state-administrator", by="command line")
    return user


def change_profile(
    user_id: int, *, name: str, certificate_name: str, language: str, wants_early_reminders: bool = True
) -> User:
    """What a person says of themselves. Certificates already issued keep the name they carry. The caller commits."""
    user = db.session.get_one(User, user_id)
    name, certificate_name = checked_name(name), checked_name(certificate_name, "certificate_name")
    if not has_letters(name):
        raise Invalid(N_("Enter your name."), "name")
    if certificate_name and not has_letters(certificate_name):
        raise Invalid(N_("Type the name as it should be printed."), "certificate_name")
    changed = [
        key
        for key, value in (
            ("name", name),
            ("certificate_name", certificate_name or None),
            ("language", language),
            ("wants_early_reminders", wants_early_reminders),
        )
        if getattr(user, key) != value
    ]
    user.name, user.certificate_name, user.language = name, certificate_name or None, language
    user.wants_early_reminders = wants_early_reminders
    if changed:
        note("account.changed", "user", user.id, actor_id=user.id, fields=changed)
    return user


def set_password(user_id: int, password_hash: str, *, is_short: bool = False, keep_session: int | None = None) -> None:
    """A new password: every other sign-in ends, open links end, a mail says so. The caller commits.

    `is_short`: too short to stand alone. Raises Overtaken where the second factor that allowed it is gone meanwhile.
    """
    # Held until the end: the last factor cannot be removed at the same moment.
    user = db.session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
    if is_short and not factors_of(user_id):
        raise Overtaken(N_("Your second factor was removed meanwhile, so the password has to be longer."))
    now = utc_now()
    user.password_hash, user.has_short_password = password_hash, is_short
    end_all_sessions(user_id, but=keep_session)
    end_tickets(user_id)
    db.session.execute(
        update(PasswordReset)
        .where(PasswordReset.user_id == user_id, PasswordReset.used_at.is_(None))
        .values(used_at=now)
    )
    note("password.changed", "user", user_id, actor_id=user_id)
    enqueue(
        "mail",
        f"password-changed:{user_id}:{now.isoformat()}",
        {
            "to_user_id": user_id,
            "template": "password-changed",
            "language": user.language,
            "values": {"name": user.name},
        },
    )


def keep_new_hash(user_id: int, old_hash: str, new_hash: str) -> None:
    """Store the same password under today's costs, unless it was changed meanwhile. The caller commits."""
    db.session.execute(
        update(User).where(User.id == user_id, User.password_hash == old_hash).values(password_hash=new_hash)
    )


def ask_for_reset(email: str, *, token: str, link: str) -> None:
    """Send a link to set a new password, where the e-mail is known. The caller commits.

    Writes once in either case and answers nothing, so that the page tells a stranger nothing.
    """
    user = db.session.scalars(
        select(User).where(User.email == clean_email(email), User.disabled_at.is_(None))
    ).one_or_none()
    note("password.reset-asked", "user", user.id if user else None, actor_id=None)
    if user is None:
        return
    now = utc_now()
    digest = token_hash(token)
    db.session.add(
        PasswordReset(
            user_id=user.id, token_hash=digest, created_at=now, expires_at=now + timedelta(minutes=RESET_MINUTES)
        )
    )
    enqueue(
        "mail",
        f"password-reset:{digest}",
        {
            "to": user.email,
            "template": "password-reset",
            "language": user.language,
            "values": {"name": user.name, "link": link, "minutes": RESET_MINUTES},
        },
    )


def find_reset(token: str) -> User | None:
    """Whose password a link may set now."""
    with looking_as(SYSTEM):  # whoever has the link is the person, not signed in
        return db.session.scalars(
            select(User)
            .join(PasswordReset, PasswordReset.user_id == User.id)
            .where(
                PasswordReset.token_hash == token_hash(token),
                PasswordReset.used_at.is_(None),
                PasswordReset.expires_at > utc_now(),
                User.disabled_at.is_(None),
            )
        ).one_or_none()


def use_reset(token: str, password_hash: str, *, is_short: bool = False) -> int:
    """Set the password by a link, once; returns whose. The caller commits. Raises Conflict."""
    now = utc_now()
    used = db.session.execute(
        update(PasswordReset)
        .where(
            PasswordReset.token_hash == token_hash(token),
            PasswordReset.used_at.is_(None),
            PasswordReset.expires_at > now,
        )
        .values(used_at=now)
        .returning(PasswordReset.user_id)
    ).scalar()
    if used is None:
        raise Overtaken(N_("This link was used already or is too old. Ask for a new one."))
    user = db.session.get_one(User, used)
    if user.disabled_at is not None:
        raise Overtaken(N_("This link was used already or is too old. Ask for a new one."))
    user.email_verified_at = user.email_verified_at or now
    set_password(used, password_hash, is_short=is_short)
    return used


def end_own_sign_in(user_id: int, session_id: int) -> None:
    """End one of one's own sign-ins; another person's, or one that has ended, changes nothing. The caller commits."""
    if end_session(session_id, user_id):
        note("sign-in.ended-own", "user", user_id, actor_id=user_id)


def end_other_sign_ins(user_id: int, *, but: int | None) -> None:
    """End every sign-in of one's own but this one. The caller commits."""
    end_all_sessions(user_id, but=but)
    note("sign-in.ended-own", "user", user_id, actor_id=user_id)
