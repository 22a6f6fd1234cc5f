"""Invitations of an import: through the outbox, spread over time, never to whoever looks after an account here."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from lms.database import db
from lms.importing.work import Work
from lms.outbox import enqueue_new
from lms.people.importing.models import ImportRow, StaffRecord
from lms.people.invitations import INVITATION_DAYS
from lms.people.models import Agency, Invitation, User
from lms.people.signins import token_hash
from lms.settings import Settings

A_MINUTE = 200
"""So many mails fall due in a minute: a mail server that gets ten thousand at once takes us for a spammer."""


@dataclass(frozen=True, slots=True)
class Invitee:
    """Somebody without an account here, the address to write to, and the place that the mail speaks of."""

    user_id: int
    name: str
    address: str
    agency_id: int | None
    agency_name: str
    discipline: str | None
    language: str


def invite_people(work: Work, rows: Sequence[ImportRow], before: int, settings: Settings) -> int:
    """Queue a mail to each person who was placed and has not signed in; how many were queued with those `before`."""
    if not work.row.options.get("invite"):
        return before
    ids = {row.user_id for row in rows if row.user_id is not None}
    waiting = set(
        db.session.scalars(
            select(Invitation.for_user_id).where(
                Invitation.for_user_id.in_(ids), Invitation.accepted_at.is_(None), Invitation.withdrawn_at.is_(None),
                Invitation.expires_at > work.now,
            )
        )
    )  # fmt: skip
    addresses = _addresses(work, ids)
    names = _agency_names(rows)
    language = work.row.options.get("language", "en")
    invitees = []
    for row in rows:
        user_id = row.user_id
        address = addresses.get(user_id or 0)
        if user_id is None or user_id in waiting or address is None:
            continue
        waiting.add(user_id)
        agency_name = names[row.agency_id or 0]
        invitees.append(Invitee(user_id, row.name, address, row.agency_id, agency_name, row.discipline, language))
    site_url, by_id = settings.site_url, work.row.asked_by_id
    for invitation in send_invitations(invitees, invited_by_id=by_id, before=before, now=work.now, site_url=site_url):
        work.change("invited", invitation.for_user_id or 0, invitation.id)
    return before + len(invitees)


def send_invitations(
    invitees: Sequence[Invitee], *, invited_by_id: int | None, before: int, now: datetime, site_url: str
) -> list[Invitation]:
    """Queue a mail to each, A_MINUTE of them in a minute after those `before`; in the order of the invitees. The caller
    commits."""
    letters = [(one, secrets.token_urlsafe(32), due_at(now, count)) for count, one in enumerate(invitees, start=before)]
    invitations = [
        Invitation(
            token_hash=token_hash(token),
            email=one.address,
            name=one.name,
            agency_id=one.agency_id,
            discipline=one.discipline,
            invited_by_id=invited_by_id,
            created_at=now,
            expires_at=due + timedelta(days=INVITATION_DAYS),
            for_user_id=one.user_id,
        )
        for one, token, due in letters
    ]
    db.session.add_all(invitations)
    db.session.flush()
    for (one, token, due), invitation in zip(letters, invitations, strict=True):
        link = f"{site_url.rstrip('/')}/invitations/{token}"
        values = {"name": one.name, "agency": one.agency_name, "link": link, "days": INVITATION_DAYS}
        payload = {"to": one.address, "template": "invitation", "language": one.language, "values": values}
        enqueue_new("mail", f"invitation:{invitation.token_hash}", payload, due)
    return invitations


def due_at(now: datetime, count: int) -> datetime:
    """When a mail goes out before which there are `count` others."""
    return now + timedelta(minutes=count // A_MINUTE)


def _addresses(work: Work, ids: set[int]) -> dict[int, str]:
    """Where to write to people who have no account: their own address, else the one of the staff list."""
    found: dict[int, str] = {}
    accounts = {person.id for person in work.known.by_id.values() if person.has_account}
    open_ids = ids - accounts
    rows = db.session.execute(
        select(StaffRecord.user_id, StaffRecord.email).where(
            StaffRecord.user_id.in_(open_ids), StaffRecord.email.is_not(None)
        )
    )
    found.update((user_id, email) for user_id, email in rows if email)
    own = select(User.id, User.email).where(
        User.id.in_(open_ids), User.email.is_not(None), User.password_hash.is_(None), User.disabled_at.is_(None)
    )
    found.update((user_id, email) for user_id, email in db.session.execute(own) if email)
    return found


def _agency_names(rows: Sequence[ImportRow]) -> dict[int, str]:
    ids = {row.agency_id for row in rows if row.agency_id is not None}
    found = db.session.execute(select(Agency.id, Agency.name).where(Agency.id.in_(ids)))
    return {one[0]: one[1] for one in found}
