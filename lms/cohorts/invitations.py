"""Invitations into a team: a mailed link for one person, or a code that is read out in a room."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, select, update
from sqlalchemy.orm import joinedload

from lms.cohorts.models import Cohort, CohortInvitation, Member
from lms.cohorts.teams import add_member, current_member, refuse_closed
from lms.database import count_changed, db
from lms.errors import N_, Invalid, NotFound
from lms.outbox import enqueue, forget_unsent
from lms.people.audit import note
from lms.people.models import Agency
from lms.people.names import clean_email
from lms.people.spoken_codes import CODE_SYMBOLS, grouped, new_spoken_code, normalize_join_code, spoken_hash
from lms.people.viewer import Viewer
from lms.wall.sight import SYSTEM, looking_as

LINK_DAYS = 14
"""A mailed link lies in an inbox for so long at most."""

MAX_CODE_DAYS = 30
MAX_CODE_USES = 50
_MISSING = N_("This invitation does not work: it was used, withdrawn or is too old. Ask the coordinator for a new one.")
_REPLACED = N_("A newer mail was sent to the same address. Use the link in that one.")


def invite_by_mail(
    cohort: Cohort, email: str, now: datetime, *, site_name: str, site_url: str, language: str, actor_id: int
) -> CohortInvitation:
    """A single-use link, mailed through the outbox; only its hash is kept here. Raises Conflict. The caller commits.

    A link that was mailed to the same address before ends: one person has one way in.
    """
    refuse_closed(cohort)
    email = clean_email(email)
    for earlier in open_invitations(cohort.id, now):
        if earlier.email == email:
            withdraw_invitation(cohort, earlier.id, now, actor_id=actor_id)
    token = secrets.token_urlsafe(32)
    invitation = _add(cohort, token, now, now + timedelta(days=LINK_DAYS), actor_id, email=email)
    enqueue(
        "mail",
        f"cohort-invitation:{invitation.id}",
        {
            "to": invitation.email,
            "template": "cohort-invitation",
            "language": language,
            "values": {
                "site_name": site_name,
                "site_url": site_url,
                "cohort_name": cohort.name,
                "coordinator_name": cohort.coordinator.name,
                "link": f"{site_url.rstrip('/')}/cohorts/invitations/{token}",
                "days": LINK_DAYS,
            },
        },
    )
    return invitation


def make_code(cohort: Cohort, now: datetime, *, max_uses: int, days: int, actor_id: int) -> str:
    """A code to read out, as XXXX-XXXX; shown once, only its hash is kept. Raises Invalid, Conflict."""
    refuse_closed(cohort)
    if not 1 <= max_uses <= MAX_CODE_USES:
        raise Invalid(N_("A code may be used 1 to %(most)s times."), field="max_uses", most=MAX_CODE_USES)
    if not 1 <= days <= MAX_CODE_DAYS:
        raise Invalid(N_("A code may be open for 1 to %(most)s days."), field="days", most=MAX_CODE_DAYS)
    code = new_spoken_code()
    _add(cohort, code, now, now + timedelta(days=days), actor_id, max_uses=max_uses)
    return grouped(code)


def find_invitation(token: str, now: datetime) -> CohortInvitation:
    """The open invitation behind a link's token or a typed code, for whoever has it. Raises NotFound."""
    invitation = _look_up(token)
    if invitation is None or not _still_opens(invitation, now):
        raise NotFound(_REPLACED if invitation is not None and _is_replaced(invitation, now) else _MISSING)
    return invitation


def find_mailed(token: str, now: datetime) -> CohortInvitation:
    """The open invitation behind a mailed link, for somebody who is not signed in yet. Raises NotFound.

    Codes are left out: they are short, and may only be tried by whoever is signed in.
    """
    invitation = find_invitation(token, now)
    if invitation.email is None:
        raise NotFound(_MISSING)
    return invitation


def team_joined_by(token: str, user_id: int) -> int | None:
    """The team behind a link or code, used up or not, where this person is in it already."""
    invitation = _look_up(token)
    if invitation is None or current_member(invitation.cohort_id, user_id) is None:
        return None
    return invitation.cohort_id


def _look_up(token: str) -> CohortInvitation | None:
    """Whatever is behind a link or code, open or not, with its team and coordinator: whoever has it is no member yet,
    and so sees none of this by themselves."""
    with looking_as(SYSTEM):
        return db.session.scalar(
            select(CohortInvitation)
            .options(joinedload(CohortInvitation.cohort).joinedload(Cohort.coordinator))
            .where(CohortInvitation.token_hash == _hash(token))
        )


def _still_opens(invitation: CohortInvitation, now: datetime) -> bool:
    return (
        invitation.withdrawn_at is None
        and invitation.expires_at > now
        and invitation.uses < invitation.max_uses
        and invitation.cohort.archived_at is None
    )


def _is_replaced(invitation: CohortInvitation, now: datetime) -> bool:
    if invitation.email is None:
        return False
    newer = select(CohortInvitation.id).where(
        CohortInvitation.cohort_id == invitation.cohort_id,
        CohortInvitation.email == invitation.email,
        CohortInvitation.id > invitation.id,
        _is_open(now),
    )
    with looking_as(SYSTEM):
        return db.session.scalar(newer.limit(1)) is not None


def agency_name_of(cohort: Cohort) -> str:
    """Who runs the team, for the page that asks "join?"."""
    return str(db.session.scalar(select(Agency.name).where(Agency.id == cohort.agency_id)) or "")


def accept_invitation(token: str, viewer: Viewer, now: datetime) -> Member:
    """Join by a link or a code. Whoever is in already uses nothing up. Raises NotFound, Conflict; caller commits."""
    invitation = find_invitation(token, now)
    cohort = invitation.cohort
    known = current_member(cohort.id, viewer.id)
    if known is not None:
        return known
    used = count_changed(
        update(CohortInvitation)
        .where(CohortInvitation.id == invitation.id, _is_open(now))
        .values(uses=CohortInvitation.uses + 1)
        .execution_options(synchronize_session=False)
    )
    if not used:
        raise NotFound(_MISSING)
    member = add_member(cohort, viewer, now, seat_id=invitation.seat_id)
    note("invitation.used", "cohort-invitation", invitation.id, actor_id=viewer.id, agency_id=cohort.agency_id)
    return member


def withdraw_invitation(cohort: Cohort, invitation_id: int, now: datetime, *, actor_id: int) -> None:
    """From now on the link or code lets nobody in. Raises NotFound. The caller commits."""
    invitation = db.session.get(CohortInvitation, invitation_id)
    if invitation is None or invitation.cohort_id != cohort.id:
        raise NotFound(N_("There is nothing here that you may see."))
    if invitation.withdrawn_at is None:
        invitation.withdrawn_at = now
        forget_unsent([f"cohort-invitation:{invitation.id}"])
        note("invitation.withdrawn", "cohort-invitation", invitation.id, actor_id=actor_id, agency_id=cohort.agency_id)


def open_invitations(cohort_id: int, now: datetime) -> list[CohortInvitation]:
    """Those that still let somebody in, newest first."""
    rows = select(CohortInvitation).where(CohortInvitation.cohort_id == cohort_id, _is_open(now))
    return list(db.session.scalars(rows.order_by(CohortInvitation.id.desc())))


def _is_open(now: datetime) -> ColumnElement[bool]:
    return and_(
        CohortInvitation.withdrawn_at.is_(None),
        CohortInvitation.expires_at > now,
        CohortInvitation.uses < CohortInvitation.max_uses,
    )


def _hash(token: str) -> str:
    """SHA-256 of a link's token, or of a code in its normal form: the two differ by length."""
    if len(normalize_join_code(token)) == CODE_SYMBOLS:
        return spoken_hash(token)
    return hashlib.sha256(token.encode()).hexdigest()


def _add(
    cohort: Cohort,
    token: str,
    now: datetime,
    expires_at: datetime,
    actor_id: int,
    *,
    email: str | None = None,
    max_uses: int = 1,
) -> CohortInvitation:
    invitation = CohortInvitation(
        cohort_id=cohort.id,
        token_hash=_hash(token),
        email=email,
        max_uses=max_uses,
        uses=0,
        created_by_id=actor_id,
        created_at=now,
        expires_at=expires_at,
    )
    db.session.add(invitation)
    db.session.flush()
    kind = "mail" if email else "code"
    note("invitation.made", "cohort", cohort.id, actor_id=actor_id, agency_id=cohort.agency_id, kind=kind)
    return invitation
