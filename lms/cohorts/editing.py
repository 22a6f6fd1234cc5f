"""Changing a team as a whole: its name, its day, who runs and who leads it, and its seats. Each change is audited."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from lms.access import Permission, allows_over, require_over
from lms.cohorts.board import load_board
from lms.cohorts.models import Cohort, Member, Seat
from lms.cohorts.teams import lock_cohort, refuse_closed
from lms.cohorts.templates import MAX_PEOPLE, rules_of
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.outbox import enqueue
from lms.people.audit import note
from lms.people.models import Agency, User
from lms.people.names import checked_name, clean_email
from lms.people.signins import load_viewer
from lms.people.viewer import Viewer

CHANGED_MEANWHILE = N_("Somebody else changed this team while you were editing it. Nothing of yours was saved yet.")


def state_of(cohort: Cohort) -> str:
    """A short mark of all that can be edited here: two editors with one mark have seen the same."""
    seats = db.session.scalars(
        select(Seat.id).where(Seat.cohort_id == cohort.id, Seat.removed_at.is_(None)).order_by(Seat.id)
    )
    seen = (cohort.name, cohort.ready_by, cohort.agency_id, cohort.coordinator_id, tuple(seats))
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def change_cohort(
    cohort: Cohort,
    *,
    name: str,
    ready_by: date | None,
    agency_id: int,
    coordinator_email: str,
    seen: str,
    editor: Viewer,
    now: datetime,
) -> bool:
    """Rename a team, change its day, or hand it over; whether anything changed. The caller commits.

    `seen` is the `state_of` when the form was shown. Raises Conflict where it moved on since, Invalid, NotFound.
    """
    _hold(cohort, seen)
    name = checked_name(name)
    if not name:
        raise Invalid(N_("Give the team a name."), field="name")
    if ready_by is not None and ready_by < cohort.starts_on:
        raise Invalid(N_("The team cannot be ready before it starts."), field="ready_by")
    agency = _agency(cohort, agency_id, editor)
    coordinator = _coordinator(cohort, coordinator_email, agency)
    wanted: dict[str, Any] = {
        "name": name,
        "ready_by": ready_by,
        "agency_id": agency.id,
        "coordinator_id": coordinator.id,
    }
    former = {key: getattr(cohort, key) for key in wanted}
    changes = {key: [_plain(former[key]), _plain(value)] for key, value in wanted.items() if former[key] != value}
    if not changes:
        return False
    cohort.name, cohort.ready_by, cohort.agency, cohort.coordinator = name, ready_by, agency, coordinator
    db.session.flush()
    note("cohort.changed", "cohort", cohort.id, actor_id=editor.id, agency_id=agency.id, changes=changes)
    if "agency_id" in changes:  # so that the agency that gave the team away can read of it too
        gone = former["agency_id"]
        note("cohort.changed", "cohort", cohort.id, actor_id=editor.id, agency_id=gone, changes=changes)
    if "coordinator_id" in changes and coordinator.id != editor.id:
        _tell_coordinator(cohort, coordinator, now)
    return True


def add_seat(
    cohort: Cohort, *, discipline: str, title: dict[str, str], is_required: bool, seen: str, actor_id: int
) -> Seat:
    """One more seat, empty; `title` is by language. The team's present certificate does not ask for it, the next one
    does if it is required. Raises Conflict, Invalid. The caller commits."""
    _hold(cohort, seen)
    if discipline not in DISCIPLINES:
        raise Invalid(N_("Choose a discipline."), field="discipline")
    texts = {language: text.strip() for language, text in title.items() if text.strip()}
    if "en" not in texts:
        raise Invalid(N_("Give the seat a title."), field="title_en")
    seats = _open_seats(cohort)
    if len(seats) >= MAX_PEOPLE:
        raise Invalid(N_("A team has %(most)s seats at most."), field="title_en", most=MAX_PEOPLE)
    most = rules_of(cohort.rules).max_size
    if is_required and sum(one.is_required for one in seats) >= most:
        raise Invalid(
            N_("There are as many required seats as people who may join (%(most)s)."), field="is_required", most=most
        )
    last = db.session.scalar(select(func.max(Seat.position)).where(Seat.cohort_id == cohort.id))
    position = 0 if last is None else last + 1
    seat = Seat(
        cohort_id=cohort.id,
        position=position,
        key=f"added-{position}",
        discipline=discipline,
        title=texts,
        is_required=is_required,
    )
    db.session.add(seat)
    _note_seat("cohort.seat-added", cohort, seat, actor_id)
    return seat


def remove_seat(cohort: Cohort, seat_id: int, now: datetime, time_zone: str, *, actor_id: int) -> None:
    """Take an empty seat out of a team; its row and its past stay. Raises NotFound, Conflict. The caller commits."""
    lock_cohort(cohort.id)
    db.session.refresh(cohort)
    refuse_closed(cohort)
    seat = db.session.get(Seat, seat_id)
    if seat is None or seat.cohort_id != cohort.id:
        raise NotFound(N_("There is nothing here that you may see."))
    db.session.refresh(seat)
    if seat.removed_at is not None:
        raise Overtaken(N_("This seat has already been removed."))
    sitting = select(Member.id).where(Member.seat_id == seat.id, Member.left_at.is_(None)).limit(1)
    if db.session.scalar(sitting) is not None:
        raise Conflict(N_("Somebody sits in this seat. Move or remove them first."))
    if seat.is_required and sum(one.is_required for one in _open_seats(cohort)) == 1:
        raise Conflict(N_("This is the last required seat. A team needs at least one."))
    loaded = load_board(cohort, now, time_zone)
    if seat.id in (loaded.named_seat_ids if loaded.board.standing in ("certified", "at-risk") else ()):
        raise Conflict(N_("The team's certificate stands on this seat. It can be removed once that has ended."))
    seat.removed_at = now
    _note_seat("cohort.seat-removed", cohort, seat, actor_id)


def _hold(cohort: Cohort, seen: str) -> None:
    """One editor at a time, and only one who has seen the present state. Raises Conflict."""
    lock_cohort(cohort.id)
    db.session.refresh(cohort)
    refuse_closed(cohort)
    if state_of(cohort) != seen:
        raise Overtaken(CHANGED_MEANWHILE)


def _agency(cohort: Cohort, agency_id: int, editor: Viewer) -> Agency:
    agency = db.session.get(Agency, agency_id)
    if agency is None:
        raise NotFound(N_("There is nothing here that you may see."))
    if agency.id != cohort.agency_id:
        require_over(editor, Permission.LEAD_COHORTS, agency.path)
        if agency.archived_at is not None:
            raise Invalid(N_("This agency is archived. Choose another."), field="agency_id")
    return agency


def _coordinator(cohort: Cohort, email: str, agency: Agency) -> User:
    """Who leads from now on. Whoever stays as they were, in the same agency, need not be asked for again.

    One refusal for an unknown address and for somebody without the role: it must not tell who has an account here.
    """
    user = db.session.scalar(select(User).where(User.email == clean_email(email)))
    if user is not None and (user.id, agency.id) == (cohort.coordinator_id, cohort.agency_id):
        return user
    person = load_viewer(user.id) if user is not None else None
    if user is None or not allows_over(person, Permission.LEAD_COHORTS, agency.path):
        raise Invalid(
            N_(
                "Nobody with this address may lead teams of %(agency)s. An administrator can give them the role of a"
                " coordinator."
            ),
            field="coordinator_email",
            agency=agency.name,
        )
    return user


def _tell_coordinator(cohort: Cohort, coordinator: User, now: datetime) -> None:
    enqueue(
        "mail",
        f"team-handed-over:{cohort.id}:{coordinator.id}:{now.isoformat()}",
        {
            "to_user_id": coordinator.id,
            "template": "team-handed-over",
            "language": coordinator.language,
            "values": {"team_name": cohort.name, "cohort_id": cohort.id},
        },
    )


def _open_seats(cohort: Cohort) -> list[Seat]:
    return list(db.session.scalars(select(Seat).where(Seat.cohort_id == cohort.id, Seat.removed_at.is_(None))))


def _note_seat(action: str, cohort: Cohort, seat: Seat, actor_id: int) -> None:
    db.session.flush()
    note(
        action,
        "cohort",
        cohort.id,
        actor_id=actor_id,
        agency_id=cohort.agency_id,
        seat_id=seat.id,
        discipline=seat.discipline,
        title=seat.title,
        is_required=seat.is_required,
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
