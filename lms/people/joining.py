"""Codes by which people ask to join an agency: made, shown, closed; asked by, approved or refused with a reason."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, select, update
from sqlalchemy.orm import joinedload

from lms.clock import utc_now
from lms.courseware.course import DISCIPLINES
from lms.database import count_changed, db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.outbox import enqueue
from lms.people.agency_models import JoinCode, JoinRequest
from lms.people.audit import note
from lms.people.memberships import holds_on, start_membership
from lms.people.models import Agency, Invitation, Membership, User
from lms.people.spoken_codes import derived_code, grouped, spoken_hash
from lms.wall.sight import SYSTEM, looking_as

MOST_USES = 5000
LONGEST_DAYS = 366
MOST_LISTED = 200
_MISSING = N_(
    "This code does not work. Look whether you typed it as it is written: each letter and number counts, dashes and "
    "spaces do not. If it is right, it was closed, is used up or is too old: ask at your agency for a new one."
)


def count_open_ways(agency_id: int, now: datetime) -> tuple[int, int]:
    """How many invitations into an agency, and how many of its codes, can be used now."""
    invited = select(func.count(Invitation.id)).where(
        Invitation.agency_id == agency_id,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
        Invitation.expires_at > now,
    )
    codes = select(func.count(JoinCode.id)).where(
        JoinCode.agency_id == agency_id, JoinCode.closed_at.is_(None), JoinCode.expires_at > now
    )
    return db.session.scalar(invited) or 0, db.session.scalar(codes) or 0


def make_code(
    agency_id: int,
    *,
    discipline: str | None,
    needs_approval: bool,
    most_uses: int,
    expires_at: datetime,
    secret_key: str,
    actor_id: int,
    now: datetime,
) -> JoinCode:
    """A new code of an agency in use. The caller commits. Raises Invalid, Conflict."""
    agency = db.session.get_one(Agency, agency_id)
    if agency.archived_at is not None:
        raise Conflict(N_("This agency is archived; nobody can join it."))
    if discipline is not None and discipline not in DISCIPLINES:
        raise Invalid(N_("Choose a discipline."), "discipline")
    if not 1 <= most_uses <= MOST_USES:
        raise Invalid(N_("A code may be used 1 to %(most)s times."), "most_uses", most=MOST_USES)
    if not 0 < (expires_at - now).total_seconds() <= LONGEST_DAYS * 86400:
        raise Invalid(N_("A code may end today at the earliest, and in a year at the latest."), "last_day")
    salt = secrets.token_hex(16)
    code = JoinCode(
        agency_id=agency_id,
        salt=salt,
        code_hash=spoken_hash(derived_code(secret_key, f"join-code:{salt}")),
        discipline=discipline,
        needs_approval=needs_approval,
        most_uses=most_uses,
        uses=0,
        created_by_id=actor_id,
        created_at=now,
        expires_at=expires_at,
    )
    db.session.add(code)
    db.session.flush()
    note("join-code.made", "join-code", code.id, actor_id=actor_id, agency_id=agency_id, needs_approval=needs_approval)
    return code


def shown_code(code: JoinCode, secret_key: str) -> str | None:
    """The code as it is read out; None where the secret key has changed since: it works, but cannot be shown."""
    text = derived_code(secret_key, f"join-code:{code.salt}")
    return grouped(text) if spoken_hash(text) == code.code_hash else None


def codes_of(agency_id: int) -> Sequence[JoinCode]:
    """The codes of an agency, the newest first."""
    return db.session.scalars(
        select(JoinCode).where(JoinCode.agency_id == agency_id).order_by(JoinCode.id.desc()).limit(MOST_LISTED)
    ).all()


def get_code(agency_id: int, code_id: int) -> JoinCode:
    """A code of that agency. Raises NotFound."""
    code = db.session.get(JoinCode, code_id)
    if code is None or code.agency_id != agency_id:
        raise NotFound(N_("There is nothing here that you may see."))
    return code


def close_code(agency_id: int, code_id: int, *, actor_id: int, now: datetime) -> None:
    """From now on nobody gets in by it; who asked stays in the queue. The caller commits. Raises NotFound, Conflict."""
    code = get_code(agency_id, code_id)
    if code.closed_at is not None:
        raise Overtaken(N_("This code is closed already."))
    code.closed_at = now
    note("join-code.closed", "join-code", code_id, actor_id=actor_id, agency_id=agency_id)


def is_open(code: JoinCode, now: datetime) -> bool:
    return code.closed_at is None and code.expires_at > now and code.uses < code.most_uses


def find_code(typed: str, now: datetime) -> JoinCode:
    """The open code that somebody typed, with its agency; whoever has it works there not yet, and so sees none of this
    by themselves. Raises NotFound."""
    with looking_as(SYSTEM):
        code = db.session.scalar(
            select(JoinCode).options(joinedload(JoinCode.agency)).where(JoinCode.code_hash == spoken_hash(typed))
        )
    if code is None or not is_open(code, now) or code.agency.archived_at is not None:
        raise NotFound(_MISSING)
    return code


def ask(typed: str, user_id: int, discipline: str | None, *, day: date, now: datetime) -> JoinRequest:
    """Ask for a place; without approval it is given at once. The caller commits.

    Raises NotFound for a code that does not work, Invalid without a discipline, Conflict for who belongs there or has
    asked already.
    """
    code = find_code(typed, now)
    chosen = discipline or code.discipline
    if chosen not in DISCIPLINES:
        raise Invalid(N_("Choose your discipline."), "discipline")
    here = and_(Membership.user_id == user_id, Membership.agency_id == code.agency_id, holds_on(day))
    if db.session.scalar(select(Membership.id).where(here, Membership.discipline == chosen).limit(1)):
        raise Conflict(N_("You work at this agency already."))
    if db.session.scalar(select(JoinRequest.id).where(_is_waiting(), _of(user_id), _at(code.agency_id))):
        raise Conflict(N_("You have asked already. Its administrators will answer you by mail."))
    used = count_changed(
        update(JoinCode)
        .where(JoinCode.id == code.id, JoinCode.uses < JoinCode.most_uses, JoinCode.closed_at.is_(None))
        .values(uses=JoinCode.uses + 1)
        .execution_options(synchronize_session=False)
    )
    if not used:
        raise NotFound(_MISSING)
    request = add_request(user_id, code.agency_id, chosen, code=code, now=now)
    if not code.needs_approval:
        start_membership(user_id, code.agency_id, chosen, day=day, actor_id=user_id, at=utc_now())
    return request


def add_request(
    user_id: int, agency_id: int, discipline: str, *, code: JoinCode | None = None, now: datetime
) -> JoinRequest:
    """A request of somebody who has shown by a code, or by their address (None), that they may ask. It waits, but by a
    code without approval."""
    is_waiting = code is None or code.needs_approval
    request = JoinRequest(
        code_id=code.id if code else None,
        agency_id=agency_id,
        user_id=user_id,
        discipline=discipline,
        state="waiting" if is_waiting else "approved",
        asked_at=now,
        decided_at=None if is_waiting else now,
    )
    db.session.add(request)
    db.session.flush()
    note("join-request.made", "user", user_id, actor_id=user_id, agency_id=agency_id, discipline=discipline)
    return request


def waiting(agencies: Select[Any]) -> Sequence[JoinRequest]:
    """Who asked and waits, the longest first, with the name: it was given by asking, though the person works elsewhere
    as yet, where the second wall hides them."""
    with looking_as(SYSTEM):
        return db.session.scalars(
            select(JoinRequest)
            .options(joinedload(JoinRequest.user), joinedload(JoinRequest.agency))
            .where(_is_waiting(), JoinRequest.agency_id.in_(agencies))
            .order_by(JoinRequest.id)
            .limit(MOST_LISTED)
        ).all()


def count_waiting(agencies: Select[Any], but_of: int) -> int:
    """How many wait in these agencies; one's own is for somebody else to decide."""
    wanted = (_is_waiting(), JoinRequest.agency_id.in_(agencies), JoinRequest.user_id != but_of)
    return db.session.scalar(select(func.count(JoinRequest.id)).where(*wanted)) or 0


def own_requests(user_id: int) -> Sequence[JoinRequest]:
    """What a person asked for, the newest first."""
    return db.session.scalars(
        select(JoinRequest)
        .options(joinedload(JoinRequest.agency))
        .where(_of(user_id))
        .order_by(JoinRequest.id.desc())
        .limit(20)
    ).all()


def decide(
    request_ids: Collection[int],
    agencies: Select[Any],
    *,
    is_approved: bool,
    reason: str,
    actor_id: int,
    day: date,
    now: datetime,
) -> int:
    """Approve or refuse those of these requests that wait in the agencies; of how many. Each person gets one mail. The
    caller commits. Raises Invalid for a refusal without a reason, Conflict where one's own is among them."""
    if not is_approved and not reason.strip():
        raise Invalid(N_("Say why. The person reads it."), "reason")
    found = db.session.scalars(
        select(JoinRequest)
        .where(JoinRequest.id.in_(request_ids), JoinRequest.agency_id.in_(agencies), _is_waiting())
        .order_by(JoinRequest.id)
        .with_for_update()
    ).all()
    if any(request.user_id == actor_id for request in found):
        raise Conflict(N_("Somebody else has to decide on what you asked for yourself."))
    for request in found:
        request.state = "approved" if is_approved else "refused"
        request.decided_at, request.decided_by_id = now, actor_id
        request.reason = reason.strip() or None
        if is_approved:
            start_membership(
                request.user_id, request.agency_id, request.discipline, day=day, actor_id=actor_id, at=utc_now()
            )
        note(
            f"join-request.{request.state}",
            "user",
            request.user_id,
            actor_id=actor_id,
            agency_id=request.agency_id,
            reason=request.reason,
        )
        _tell(request)
    return len(found)


def withdraw(user_id: int, request_id: int, now: datetime) -> None:
    """Ask no longer. The caller commits. Raises NotFound, Conflict."""
    request = db.session.get(JoinRequest, request_id)
    if request is None or request.user_id != user_id:
        raise NotFound(N_("There is nothing here that you may see."))
    if request.state != "waiting":
        raise Overtaken(N_("This was decided already."))
    request.state, request.decided_at = "withdrawn", now
    note("join-request.withdrawn", "user", user_id, actor_id=user_id, agency_id=request.agency_id)


def _tell(request: JoinRequest) -> None:
    user, agency = db.session.get_one(User, request.user_id), db.session.get_one(Agency, request.agency_id)
    values = {"agency": agency.name, "is_approved": request.state == "approved", "reason": request.reason or ""}
    payload = {"to_user_id": user.id, "template": "join-decided", "language": user.language, "values": values}
    enqueue("mail", f"join-decided:{request.id}", payload)


def _is_waiting() -> ColumnElement[bool]:
    return JoinRequest.state == "waiting"


def _of(user_id: int) -> ColumnElement[bool]:
    return JoinRequest.user_id == user_id


def _at(agency_id: int) -> ColumnElement[bool]:
    return JoinRequest.agency_id == agency_id
