"""A person's own data: all of it handed out, or erased after a pause, with what the retention rule keeps.

Erasing goes through the rooms from the last to the first, each with its own function, in one transaction; files go by
a message of the same transaction, so that a kill in between leaves none behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from lms import merging, outbox
from lms.access import Viewer, visible_users
from lms.certification.models import Certificate
from lms.certification.persons import retention_ends
from lms.cohorts.models import Cohort
from lms.database import db, run_transaction
from lms.errors import N_, Conflict, NotAllowed, NotFound, Overtaken
from lms.files import FileStore
from lms.people import roles
from lms.people.audit import note
from lms.people.merged import accounts_of
from lms.people.models import Membership, User
from lms.people.person_models import Erasure
from lms.people.persons import FINAL, FIRST, Erasing
from lms.person_rooms import FIRSTS, ROOMS
from lms.records.claims import records_kept_until
from lms.settings import Settings

OVER = merging.OVER
PAUSE_DAYS = 7
FILES = "erase-files"
"""The outbox message that takes an erased person's files out of the store."""

OPEN = ("asked", "approved")

WHAT_GOES = (
    N_("Your name, your e-mail address, your password and your sign-ins; nobody can sign in as you any more."),
    N_("Your answers, your reflections, your results and which modules you read."),
    N_("Your licenses, and their numbers on certificates."),
    N_("Training done elsewhere with its evidence, the PDFs of your certificates and the texts of your badges."),
    N_("Your roles, your seats in teams, your name on the certificates of teams, and messages to you."),
)

WHAT_REMAINS = (
    N_("A number in place of your name: the audit trail says by numbers who did what, so that misuse can be found."),
    N_("Where you worked and when, and which courses you completed, as long as the stubs of your certificates."),
)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an erasure would keep, and for how long. `holds_until`: not before that, since a record is being kept."""

    certificates: int
    kept_until: datetime | None
    keeps_name: bool
    years: int
    holds_until: datetime | None
    coordinates: tuple[str, ...]


def forecast(user_id: int, settings: Settings, now: datetime) -> Forecast:
    """What would remain of a person and why."""
    ends = retention_ends(user_id, settings.retention_years)
    count = db.session.scalar(select(func.count(Certificate.id)).where(Certificate.user_id == user_id)) or 0
    teams = db.session.scalars(
        select(Cohort.name).where(Cohort.coordinator_id == user_id, Cohort.archived_at.is_(None)).order_by(Cohort.name)
    )
    return Forecast(
        certificates=count,
        kept_until=ends if ends is not None and ends > now else None,
        keeps_name=settings.erasure_keeps_name,
        years=settings.retention_years,
        holds_until=records_kept_until(user_id, now),
        coordinates=tuple(teams),
    )


def erasure_of(user_id: int) -> Erasure | None:
    """The latest erasure that a person asked for."""
    found: Erasure | None = db.session.scalar(
        select(Erasure).where(Erasure.user_id == user_id).order_by(Erasure.id.desc()).limit(1)
    )
    return found


def ask_erasure(user_id: int, now: datetime) -> Erasure:
    """A person asks to be erased; they have shown who they are. The caller commits. Raises Conflict."""
    user = db.session.scalars(select(User).where(User.id == user_id).with_for_update()).one()
    before = erasure_of(user_id)
    if user.erased_at is not None or (before is not None and before.state in OPEN):
        raise Overtaken(N_("You have asked for this already."))
    _refuse_leaders(user_id)
    erasure = Erasure(user_id=user_id, state="asked", asked_at=now)
    db.session.add(erasure)
    db.session.flush()
    _note("erasure.asked", erasure, actor_id=user_id)
    return erasure


def _refuse_leaders(user_id: int) -> None:
    """Raises Conflict where somebody would be missing: a team's coordinator, the last state administrator."""
    leads = select(Cohort.id).where(Cohort.coordinator_id == user_id, Cohort.archived_at.is_(None))
    if db.session.scalar(leads.limit(1)) is not None:
        raise Conflict(N_("Hand over or archive the teams that you coordinate first."))
    roles.refuse_last_state_administrator(user_id)


def stop(erasure: Erasure, *, actor_id: int, now: datetime) -> None:
    """The person or an administrator stops it before it is done. The caller commits. Raises Conflict."""
    db.session.refresh(erasure, with_for_update=True)
    if erasure.state not in OPEN:
        raise Overtaken(N_("There is nothing to stop any more."))
    erasure.state, erasure.stopped_at, erasure.stopped_by_id = "stopped", now, actor_id
    _note("erasure.stopped", erasure, actor_id=actor_id)
    _mail(erasure, "stopped")


def stop_own(user_id: int, now: datetime) -> None:
    """The person stops their own. The caller commits. Raises Conflict."""
    erasure = erasure_of(user_id)
    if erasure is None:
        raise Overtaken(N_("There is nothing to stop any more."))
    stop(erasure, actor_id=user_id, now=now)


def stop_for(viewer: Viewer, erasure_id: int, *, now: datetime, today: date) -> None:
    """An administrator stops it. The caller commits. Raises NotFound, NotAllowed, Conflict."""
    erasure = find_erasure(viewer, erasure_id)
    _require_wholly(viewer, erasure, today)
    stop(erasure, actor_id=viewer.id, now=now)


def _require_wholly(viewer: Viewer, erasure: Erasure, today: date) -> None:
    if not merging.manages_wholly(viewer, erasure.user_id, today):
        raise NotAllowed(N_("This person also works for agencies that you do not administer. Ask the state."))


def find_erasure(viewer: Viewer, erasure_id: int) -> Erasure:
    """An erasure of somebody in the viewer's reach. Raises NotFound."""
    erasure = db.session.scalars(
        select(Erasure).where(Erasure.id == erasure_id, Erasure.user_id.in_(visible_users(viewer, OVER)))
    ).one_or_none()
    if erasure is None:
        raise NotFound(merging.NOTHING)
    return erasure


def erasures_for(viewer: Viewer, limit: int = 200) -> list[tuple[Erasure, User]]:
    """Those of people in the viewer's reach: what waits first, then the newest."""
    rows = db.session.execute(
        select(Erasure, User)
        .join(User, User.id == Erasure.user_id)
        .where(Erasure.user_id.in_(visible_users(viewer, OVER)))
        .order_by(Erasure.state.not_in(OPEN), Erasure.id.desc())
        .limit(limit)
    )
    return [(row[0], row[1]) for row in rows]


def decide(viewer: Viewer, erasure_id: int, *, approve: bool, reason: str, now: datetime, today: date) -> None:
    """Approve (then it is done after the pause) or refuse with a reason. The caller commits. Raises NotAllowed,
    Conflict, Invalid."""
    erasure = find_erasure(viewer, erasure_id)
    db.session.refresh(erasure, with_for_update=True)
    if erasure.user_id == viewer.id:
        raise NotAllowed(N_("Nobody decides on their own request."))
    _require_wholly(viewer, erasure, today)
    if erasure.state != "asked":
        raise Overtaken(N_("This was decided already."))
    erasure.decided_at, erasure.decided_by_id = now, viewer.id
    if approve:
        _refuse_leaders(erasure.user_id)
        erasure.state, erasure.due_at = "approved", now + timedelta(days=PAUSE_DAYS)
    else:
        erasure.state, erasure.decided_reason = "refused", merging.checked_reason(reason)
    _note(f"erasure.{erasure.state}", erasure, actor_id=viewer.id, reason=erasure.decided_reason)
    _mail(erasure, erasure.state)


def work_off(now: datetime, settings: Settings) -> int:
    """Erase whose pause is over, and finish whose retention is; how many. Each in a transaction of its own: run it
    again after a kill."""
    due = db.session.scalars(
        select(Erasure.id)
        .where(
            or_(
                (Erasure.state == "approved") & (Erasure.due_at <= now),
                (Erasure.state == "done") & Erasure.finished_at.is_(None) & (Erasure.kept_until <= now),
            )
        )
        .order_by(Erasure.id)
    ).all()
    db.session.rollback()
    return sum(run_transaction(lambda number=number: erase(number, now, settings)) for number in due)  # type: ignore[misc]


def erase(erasure_id: int, now: datetime, settings: Settings) -> bool:
    """Do it, unless it was stopped, or a record of the person is being kept for somebody: then it waits. The caller
    commits."""
    erasure = db.session.get_one(Erasure, erasure_id, with_for_update=True, populate_existing=True)
    is_first = erasure.state == "approved"
    if not is_first and (erasure.state != "done" or erasure.finished_at is not None):
        return False
    if is_first and _must_wait(erasure, now):
        return False
    mail_to, language = _address(erasure.user_id)
    kept_until = retention_ends(erasure.user_id, settings.retention_years)
    stages = [FIRST] if is_first else []
    is_over = kept_until is None or kept_until <= now
    if is_over:
        stages.append(FINAL)
    for stage in stages:
        for user_id in accounts_of(erasure.user_id):
            _erase_account(user_id, now, stage, settings)
    db.session.expire_all()
    if is_first:
        erasure.state, erasure.done_at, erasure.kept_until = "done", now, None if is_over else kept_until
        _note("erasure.done", erasure, actor_id=None)
        if mail_to:
            _mail_to(erasure, "done", mail_to, language)
    if is_over:
        erasure.finished_at = now
        _note("erasure.finished", erasure, actor_id=None)
    return True


def _must_wait(erasure: Erasure, now: datetime) -> bool:
    holds_until = records_kept_until(erasure.user_id, now)
    if holds_until is not None and holds_until > now:
        erasure.due_at = holds_until
        return True
    try:
        _refuse_leaders(erasure.user_id)
    except Conflict:
        erasure.due_at = now + timedelta(days=1)
        return True
    return False


def _erase_account(user_id: int, now: datetime, stage: str, settings: Settings) -> None:
    erasing = Erasing(user_id, now, stage, settings.erasure_keeps_name, FIRSTS)
    for room in reversed(ROOMS):
        room.erase(erasing)
        db.session.flush()
        db.session.expire_all()
    names = sorted({one for one in erasing.files_to_delete if one})
    if names:
        outbox.enqueue(FILES, f"{FILES}:{user_id}:{stage}:{now.isoformat()}", {"names": names})


def delete_files(payload: Mapping[str, Any], files: FileStore) -> None:
    """Take the files of an erased person out of the store; again does no harm."""
    for name in payload["names"]:
        files.delete(name)


def _address(user_id: int) -> tuple[str | None, str]:
    user = db.session.get_one(User, user_id)
    return user.email, user.language


def _note(action: str, erasure: Erasure, *, actor_id: int | None, reason: str | None = None) -> None:
    """One event for each agency that the person belongs or belonged to: each of them finds it."""
    places = select(Membership.agency_id).where(Membership.user_id == erasure.user_id).distinct()
    agencies: list[int | None] = sorted(db.session.scalars(places)) or [None]  # type: ignore[assignment]
    for agency_id in agencies:
        note(action, "user", erasure.user_id, actor_id=actor_id, agency_id=agency_id, reason=reason, erasure=erasure.id)


def _mail(erasure: Erasure, what: str) -> None:
    address, language = _address(erasure.user_id)
    if address:
        _mail_to(erasure, what, address, language)


def _mail_to(erasure: Erasure, what: str, address: str, language: str) -> None:
    outbox.enqueue(
        "mail",
        f"erasure-{what}:{erasure.id}",
        {
            "to": address,
            "template": "erasure",
            "language": language,
            "values": {"what": what, "days": PAUSE_DAYS, "reason": erasure.decided_reason or ""},
        },
    )
