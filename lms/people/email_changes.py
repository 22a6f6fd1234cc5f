"""Another e-mail address of an account: it counts once a link that was mailed to it is followed."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select, update

from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, Invalid, Overtaken
from lms.outbox import enqueue
from lms.people.audit import note
from lms.people.models import User
from lms.people.names import clean_email, masked_email
from lms.people.person_models import PasswordReset
from lms.people.signins import end_all_sessions
from lms.people.tickets import end_tickets, find_ticket, make_ticket, use_ticket
from lms.people.viewer import Viewer
from lms.wall.sight import SYSTEM, looking_as

PURPOSE = "email-change"
LINK_MINUTES = 60


def ask(viewer: Viewer, email: str, *, link_of: Callable[[str], str], sign_in_link: str) -> None:
    """Mail a link to the new address. The caller commits. Raises Invalid where it is the present one.

    An address that has an account gets a mail that says so, and whoever asked sees the same page: it tells nothing.
    """
    user, email = db.session.get_one(User, viewer.id), clean_email(email)
    if email == user.email:
        raise Invalid(N_("This is your present address."), "email")
    end_tickets(viewer.id, PURPOSE)
    token = make_ticket(PURPOSE, viewer.id, minutes=LINK_MINUTES, data={"email": email})
    mail = {"to": email, "language": user.language}
    key = f"email-change:{viewer.id}:{utc_now().isoformat()}"
    if db.session.scalar(select(User.id).where(User.email == email)):
        enqueue("mail", key, {**mail, "template": "account-exists", "values": {"link": sign_in_link}})
    else:
        values = {"name": user.name, "link": link_of(token), "minutes": LINK_MINUTES}
        enqueue("mail", key, {**mail, "template": "email-change", "values": values})
    note("email.change-asked", "user", viewer.id, actor_id=viewer.id)


def find_new_address(viewer: Viewer, token: str) -> str | None:
    """The address that a link would set for this person; None for a link that is old, used or somebody else's."""
    found = find_ticket(PURPOSE, token)
    return str(found.data["email"]) if found is not None and found.user_id == viewer.id else None


def change(viewer: Viewer, token: str) -> None:
    """Take the new address, once: links to the old one end, other sign-ins end, both addresses are told.

    The caller commits. Raises Overtaken where the link is used up, Conflict where the address has an account by now.
    """
    if find_new_address(viewer, token) is None:
        raise Overtaken(N_("This link was used already or is too old. Ask for a new one."))
    used = use_ticket(PURPOSE, token)
    if used is None:
        raise Overtaken(N_("This link was used already or is too old. Ask for a new one."))
    user, email = db.session.get_one(User, viewer.id), str(used.data["email"])
    with looking_as(SYSTEM):
        is_taken = db.session.scalar(select(User.id).where(User.email == email)) is not None
    if is_taken:
        raise Conflict(N_("There is an account with this e-mail address already."))
    take_address(user, email)
    end_all_sessions(user.id, but=viewer.session_id)
    note("email.changed", "user", user.id, actor_id=viewer.id)


def take_address(user: User, email: str) -> None:
    """A proven address in the place of the old one: links to the old one end, both are told. The caller commits."""
    old, now = user.email, utc_now()
    user.email, user.email_verified_at = email, now
    db.session.execute(
        update(PasswordReset)
        .where(PasswordReset.user_id == user.id, PasswordReset.used_at.is_(None))
        .values(used_at=now)
    )
    end_tickets(user.id)
    for address in filter(None, (old, email)):
        enqueue(
            "mail",
            f"email-changed:{user.id}:{now.isoformat()}:{'old' if address == old else 'new'}",
            {
                "to": address,
                "template": "email-changed",
                "language": user.language,
                "values": {"name": user.name, "masked": masked_email(email)},
            },
        )
