"""Second factors of a person: which there are, what follows when one comes or goes, and resetting what was lost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.outbox import enqueue
from lms.people import authenticator_apps, disabling, passkeys, recovery_codes, tickets
from lms.people.audit import note
from lms.people.factor_models import AuthenticatorApp, Passkey
from lms.people.models import User
from lms.people.names import clean_email
from lms.people.passkeys import NewPasskey
from lms.people.recovery_codes import CodeSet
from lms.people.signins import end_all_sessions
from lms.people.viewer import Viewer
from lms.wall.sight import SYSTEM, looking_as


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person can prove themselves with beside the password."""

    has_app: bool
    passkeys: int

    def __bool__(self) -> bool:
        return self.has_app or self.passkeys > 0


def factors_of(user_id: int) -> Factors:
    """In two queries."""
    with looking_as(SYSTEM):  # asked between password and second step, and for whoever resets what somebody lost
        app = db.session.scalar(select(AuthenticatorApp.id).where(AuthenticatorApp.user_id == user_id))
        keys = db.session.scalars(select(Passkey.id).where(Passkey.user_id == user_id)).all()
    return Factors(app is not None, len(keys))


def add_app(viewer: Viewer, secret: bytes, code: str, codes: CodeSet, secret_key: str) -> bool:
    """Take an app whose code is right; with the first factor come recovery codes: whether these are new ones.

    The caller commits. Raises Invalid.
    """
    is_first = not factors_of(viewer.id)
    authenticator_apps.set_up(viewer.id, secret, code, secret_key)
    return _added(viewer, "app", codes if is_first else None)


def add_passkey(viewer: Viewer, made: NewPasskey, name: str, codes: CodeSet) -> bool:
    """Keep a passkey; as `add_app`. Raises Conflict."""
    is_first = not factors_of(viewer.id)
    passkeys.keep_passkey(viewer.id, made, name)
    return _added(viewer, "passkey", codes if is_first else None)


def _added(viewer: Viewer, kind: str, codes: CodeSet | None) -> bool:
    if codes is not None:
        recovery_codes.keep_codes(viewer.id, codes)
    note("second-factor.added", "user", viewer.id, actor_id=viewer.id, kind=kind)
    _close_other_doors(viewer)
    tell(viewer.id, f"{kind}-added")
    return codes is not None


def remove_factor(viewer: Viewer, *, passkey_id: int | None, is_required: bool) -> None:
    """Remove the app, or the passkey named. The last factor takes the recovery codes with it.

    The caller commits. Raises Conflict where the last one has to stay: a role asks for it, or the password is too short
    to stand alone; Overtaken where it is gone already.
    """
    # The row of the person is held: two that remove the last two at once go one after the other.
    user = db.session.scalars(select(User).where(User.id == viewer.id).with_for_update()).one()
    kind = "app" if passkey_id is None else "passkey"
    was_there = authenticator_apps.remove(user.id) if passkey_id is None else passkeys.remove(user.id, passkey_id)
    if not was_there:
        raise Overtaken(N_("This is removed already."))
    if not factors_of(user.id):
        refuse_last(user, is_required=is_required)
        recovery_codes.remove(user.id)
    note("second-factor.removed", "user", user.id, actor_id=user.id, kind=kind)
    _close_other_doors(viewer)
    tell(user.id, f"{kind}-removed")


def refuse_last(user: User, *, is_required: bool) -> None:
    """Raises Conflict where a person may not be left without any second factor."""
    if is_required:
        raise Conflict(N_("Your role asks for a second factor. Set up another one first, then remove this one."))
    if user.has_short_password:
        raise Conflict(N_("Without a second factor your password is too short. Choose a longer one first."))


def renew_codes(viewer: Viewer, codes: CodeSet) -> None:
    """Ten new codes in the place of the old ones. The caller commits. Raises Conflict without a second factor."""
    if not factors_of(viewer.id):
        raise Conflict(N_("Recovery codes stand in for a second factor. Set one up first."))
    recovery_codes.keep_codes(viewer.id, codes)
    note("recovery-codes.made", "user", viewer.id, actor_id=viewer.id)
    tell(viewer.id, "codes-made")


def use_recovery_code(user_id: int, hashed: bytes | None) -> bool:
    """Whether the code was good; noted and told by mail. The caller commits."""
    if not recovery_codes.use_code(user_id, hashed):
        return False
    note("recovery-code.used", "user", user_id, actor_id=user_id)
    tell(user_id, "code-used", left=recovery_codes.count_left(user_id))
    return True


def reset_factors(viewer: Viewer, user_id: int, reason: str, *, may_manage_all: bool) -> None:
    """Take all second factors of somebody who lost theirs, and end their sign-ins. The caller commits.

    The viewer is whoever might also switch the account off. Raises Invalid, NotAllowed, NotFound, Conflict.
    """
    if not reason.strip():
        raise Invalid(N_("Enter a reason."), "reason")
    disabling.refuse_unless_over(viewer, user_id, may_manage_all=may_manage_all)
    _reset(user_id)
    disabling.note_over_places("second-factor.reset", user_id, viewer.id, reason.strip())


def end_sign_ins(viewer: Viewer, user_id: int, *, may_manage_all: bool) -> None:
    """Sign a person out everywhere. The caller commits. Raises NotAllowed, NotFound."""
    disabling.refuse_unless_over(viewer, user_id, may_manage_all=may_manage_all)
    end_all_sessions(user_id)
    tickets.end_tickets(user_id)
    disabling.note_over_places("sign-in.ended", user_id, viewer.id)


def reset_by_command(email: str) -> None:
    """The same from the command line, for whom nobody else can help. The caller commits. Raises NotFound, Conflict."""
    user_id = db.session.scalar(select(User.id).where(User.email == clean_email(email)))
    if user_id is None:
        raise NotFound(N_("There is no account with this e-mail address."))
    _reset(user_id)
    note("second-factor.reset", "user", user_id, actor_id=None, by="command line")


def _reset(user_id: int) -> None:
    user = db.session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
    if not factors_of(user_id):
        raise Conflict(N_("This person has no second factor."))
    authenticator_apps.remove(user_id)
    passkeys.remove(user_id)
    recovery_codes.remove(user_id)
    if user.has_short_password:
        # It was allowed beside a second factor only; "Forgot your password?" leads to a longer one.
        user.password_hash, user.has_short_password = None, False
    end_all_sessions(user_id)
    tickets.end_tickets(user_id)
    tell(user_id, "reset", needs_password=user.password_hash is None)


def stop_guessing(user_id: int) -> None:
    """After wrong codes in a row: the person is told that somebody knows their password. The caller commits."""
    note("sign-in.stopped", "user", user_id, actor_id=None)
    tell(user_id, "stopped")


def _close_other_doors(viewer: Viewer) -> None:
    """With a factor changed, only the sign-in at which it was done goes on."""
    end_all_sessions(viewer.id, but=viewer.session_id)
    tickets.end_tickets(viewer.id)


def tell(user_id: int, what: str, **values: Any) -> None:
    """Queue the mail about a change to somebody's sign-in. The caller commits."""
    user = db.session.get_one(User, user_id)
    enqueue(
        "mail",
        f"sign-in-{what}:{user_id}:{utc_now().isoformat()}",
        {
            "to_user_id": user_id,
            "template": "sign-in-changed",
            "language": user.language,
            "values": {"name": user.name, "what": what, **values},
        },
    )
