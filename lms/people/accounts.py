"""Accounts: who may sign in with what, new passwords, and links to set one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select, update

from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, Invalid, Overtaken
from lms.outbox import enqueue
from lms.people import passwords
from lms.people.audit import note
from lms.people.models import PasswordReset, RoleGrant, User
from lms.people.names import checked_name, clean_email
from lms.people.signins import end_all_sessions, token_hash
from lms.wall.sight import SYSTEM, looking_as

RESET_MINUTES = 60


@dataclass(frozen=True, slots=True)
class Credentials:
    """What signing in needs to know of an account, read before the slow work."""

    user_id: int
    password_hash: str | None
    is_demo: bool
    is_disabled: bool


def find_credentials(email: str) -> Credentials | None:
    row = db.session.execute(
        select(User.id, User.password_hash, User.is_demo, User.disabled_at).where(User.email == clean_email(email))
    ).one_or_none()
    return Credentials(row[0], row[1], row[2], row[3] is not None) if row else None


def check_credentials(found: Credentials | None, password: str, *, allow_demo: bool) -> bool:
    """Whether this is the account's password and the account may be used; the same work in every case. Raises Busy."""
    is_right = passwords.verify_password(found.password_hash if found else None, password)
    return is_right and found is not None and not found.is_disabled and (allow_demo or not found.is_demo)


def create_user(
    *, name: str, email: str, password_hash: str | None, language: str, now: datetime, is_demo: bool = False
) -> User:
    """An account whose e-mail has been proven. The caller commits. Raises Invalid, Conflict."""
    name, email = checked_name(name), clean_email(email)
    if not name:
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
        user.password_hash = password_hash
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
    if not name:
        raise Invalid(N_("Enter your name."), "name")
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


def set_password(user_id: int, password_hash: str, *, keep_session: int | None = None) -> None:
    """A new password: every other sign-in ends, open links end, a mail says so. The caller commits."""
    user = db.session.get_one(User, user_id)
    now = utc_now()
    user.password_hash = password_hash
    end_all_sessions(user_id, but=keep_session)
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


def use_reset(token: str, password_hash: str) -> int:
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
    set_password(used, password_hash)
    return used
