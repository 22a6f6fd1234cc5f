"""Making a team, and who sits where in it: every change is dated, nothing is deleted."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select

from lms.clock import add_months
from lms.cohorts.models import Cohort, CohortTemplate, Member, Milestone, Seat
from lms.cohorts.templates import ATTESTED, rules_of
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people.audit import note
from lms.people.models import Agency
from lms.people.names import checked_name
from lms.people.signins import load_viewer
from lms.people.viewer import Place, Viewer

MONTHS_BEFORE_START = 12
"""A milestone may have been met while the team was being brought together, not in another year's work."""


def create_cohort(
    template: CohortTemplate,
    *,
    name: str,
    agency_id: int,
    coordinator_id: int,
    starts_on: date,
    ready_by: date | None,
    now: datetime,
    actor_id: int | None = None,
) -> Cohort:
    """A new team with its own copy of the template's rules, seats, milestones. Raises Invalid; the caller commits."""
    name = checked_name(name)
    if not name:
        raise Invalid(N_("Give the team a name."), field="name")
    if ready_by is not None and ready_by < starts_on:
        raise Invalid(N_("The team cannot be ready before it starts."), field="ready_by")
    cohort = Cohort(
        name=name,
        template_id=template.id,
        rules=template.rules,
        agency_id=agency_id,
        coordinator_id=coordinator_id,
        starts_on=starts_on,
        ready_by=ready_by,
        created_at=now,
        agency=db.session.get_one(Agency, agency_id),
    )
    db.session.add(cohort)
    db.session.flush()
    db.session.add_all(_seats(cohort.id, template.rules) + _milestones(cohort.id, template.rules))
    note("cohort.made", "cohort", cohort.id, actor_id=actor_id or coordinator_id, agency_id=agency_id)
    db.session.flush()
    return cohort


def add_member(
    cohort: Cohort, viewer: Viewer, now: datetime, *, seat_id: int | None = None, actor_id: int | None = None
) -> Member:
    """Take a person in: into the offered seat, else the first free one of a discipline of theirs, else waiting.

    Who is in already stays as they are. Raises Conflict when the team is archived or full. The caller commits.
    """
    known = current_member(cohort.id, viewer.id)
    if known is not None:
        return known
    lock_cohort(cohort.id)
    refuse_closed(cohort)
    size = db.session.scalar(
        select(func.count()).select_from(Member).where(Member.cohort_id == cohort.id, Member.left_at.is_(None))
    )
    most = rules_of(cohort.rules).max_size
    if (size or 0) >= most:
        raise Conflict(N_("This team is full: it has %(most)s people."), most=most)
    seat = _free_seat(cohort.id, viewer, seat_id)
    member = Member(
        cohort_id=cohort.id,
        seat_id=seat.id if seat else None,
        user_id=viewer.id,
        agency_id=_agency_for(viewer.places, seat.discipline if seat else None),
        is_alternate=False,
        joined_at=now,
    )
    db.session.add(member)
    _note_place("member.joined", cohort, member, actor_id or viewer.id)
    return member


def place_member(
    cohort: Cohort, member_id: int, seat_id: int | None, now: datetime, *, is_alternate: bool, actor_id: int
) -> Member:
    """Move a member to a seat (None: to wait for one). The old place is ended, a new one begun; the caller commits.

    Raises Conflict when the seat is taken, Invalid when the member's disciplines do not match it.
    """
    lock_cohort(cohort.id)
    refuse_closed(cohort)
    member = find_member(cohort, member_id)
    person = load_viewer(member.user_id)
    places = person.places if person else ()
    is_alternate = is_alternate and seat_id is not None
    if (member.seat_id, member.is_alternate) == (seat_id, is_alternate):
        return member
    agency_id = member.agency_id
    if seat_id is not None:
        seat = find_seat(cohort, seat_id)
        if seat.discipline not in {place.discipline for place in places}:
            raise Invalid(N_("This person does not work in the discipline of that seat."), field="seat_id")
        if _occupant(seat.id, is_alternate) is not None:
            raise Conflict(N_("That seat is taken. Move or remove the person in it first."))
        agency_id = _agency_for(places, seat.discipline)
    member.left_at = now
    db.session.flush()
    moved = Member(
        cohort_id=cohort.id,
        seat_id=seat_id,
        user_id=member.user_id,
        agency_id=agency_id,
        is_alternate=is_alternate,
        joined_at=now,
    )
    db.session.add(moved)
    _note_place("member.placed", cohort, moved, actor_id)
    return moved


def remove_member(cohort: Cohort, member_id: int, now: datetime, *, actor_id: int) -> Member:
    """End a person's time in the team; their certificates stay theirs. The caller commits."""
    lock_cohort(cohort.id)
    refuse_closed(cohort)
    member = find_member(cohort, member_id)
    member.left_at = now
    _note_place("member.removed", cohort, member, actor_id)
    return member


def attest_milestone(
    cohort: Cohort, milestone_id: int, met_on: date, remark: str, *, today: date, actor_id: int
) -> Milestone:
    """Note the day on which a milestone was met, by whom it is attested, and a remark. Raises Invalid, NotFound.

    Attesting again replaces the day: the audit keeps the former. The caller commits.
    """
    refuse_closed(cohort)
    milestone = db.session.get(Milestone, milestone_id)
    if milestone is None or milestone.cohort_id != cohort.id:
        raise NotFound(N_("There is nothing here that you may see."))
    if milestone.rule != ATTESTED:
        raise Conflict(N_("This milestone follows from records. It cannot be attested."))
    if met_on > today:
        raise Invalid(N_("The day cannot be in the future."), field="met_on")
    if met_on < add_months(cohort.starts_on, -MONTHS_BEFORE_START):
        raise Invalid(
            N_("This is more than a year before the team began. Work that old is not counted for it."), field="met_on"
        )
    former = milestone.met_on.isoformat() if milestone.met_on else None
    milestone.met_on, milestone.met_by_id, milestone.note = met_on, actor_id, remark.strip() or None
    note(
        "milestone.attested",
        "milestone",
        milestone.id,
        actor_id=actor_id,
        agency_id=cohort.agency_id,
        met_on=met_on.isoformat(),
        former=former,
    )
    db.session.flush()
    return milestone


def archive_cohort(cohort: Cohort, now: datetime, *, actor_id: int) -> None:
    """Close a team: it can be read, not changed; no certificate is issued to it any more. The caller commits."""
    if cohort.archived_at is None:
        cohort.archived_at = now
        note("cohort.archived", "cohort", cohort.id, actor_id=actor_id, agency_id=cohort.agency_id)
        db.session.flush()


def lock_cohort(cohort_id: int) -> None:
    """Hold the team's row until the transaction ends, so that two changes see one another."""
    db.session.execute(select(Cohort.id).where(Cohort.id == cohort_id).with_for_update())


def current_member(cohort_id: int, user_id: int) -> Member | None:
    return db.session.scalar(
        select(Member).where(Member.cohort_id == cohort_id, Member.user_id == user_id, Member.left_at.is_(None))
    )


def find_member(cohort: Cohort, member_id: int) -> Member:
    """A present member of this team. Raises NotFound."""
    member = db.session.get(Member, member_id)
    if member is None or member.cohort_id != cohort.id or member.left_at is not None:
        raise NotFound(N_("This person is no longer in that place. Load the team's page again."))
    return member


def has_left_place(cohort: Cohort, member_id: int) -> bool:
    """Whether this was a member's place in the team and is none any more: they were moved, or have left."""
    member = db.session.get(Member, member_id)
    return member is not None and member.cohort_id == cohort.id and member.left_at is not None


def find_seat(cohort: Cohort, seat_id: int) -> Seat:
    """A seat of this team. Raises NotFound."""
    seat = db.session.get(Seat, seat_id)
    if seat is None or seat.cohort_id != cohort.id or seat.removed_at is not None:
        raise NotFound(N_("There is nothing here that you may see."))
    return seat


def refuse_closed(cohort: Cohort) -> None:
    if cohort.archived_at is not None:
        raise Conflict(N_("This team is archived. Nothing in it can be changed."))


def _seats(cohort_id: int, rules: dict[str, Any]) -> list[Any]:
    asked = [seat for seat in rules["seats"] for _ in range(seat.get("count", 1))]
    return [
        Seat(
            cohort_id=cohort_id,
            position=position,
            key=seat["id"],
            discipline=seat["discipline"],
            title=seat["title"],
            is_required=seat.get("required", True),
        )
        for position, seat in enumerate(asked)
    ]


def _milestones(cohort_id: int, rules: dict[str, Any]) -> list[Any]:
    return [
        Milestone(
            cohort_id=cohort_id, key=one["id"], position=place, title=one["title"], rule=one.get("met_by", ATTESTED)
        )
        for place, one in enumerate(rules["milestones"])
    ]


def _free_seat(cohort_id: int, viewer: Viewer, seat_id: int | None) -> Seat | None:
    """The offered seat if it is free and fits, else the first free one of a discipline of theirs, required first."""
    taken = select(Member.seat_id).where(
        Member.cohort_id == cohort_id,
        Member.seat_id.is_not(None),
        Member.left_at.is_(None),
        Member.is_alternate.is_(False),
    )
    rows = select(Seat).where(
        Seat.cohort_id == cohort_id,
        Seat.removed_at.is_(None),
        Seat.discipline.in_(sorted(viewer.disciplines)),
        Seat.id.not_in(taken),
    )
    free = list(db.session.scalars(rows.order_by(Seat.is_required.desc(), Seat.position)))
    return next((seat for seat in free if seat.id == seat_id), free[0] if free else None)


def _occupant(seat_id: int, is_alternate: bool) -> int | None:
    return db.session.scalar(
        select(Member.id).where(
            Member.seat_id == seat_id, Member.is_alternate.is_(is_alternate), Member.left_at.is_(None)
        )
    )


def _agency_for(places: tuple[Place, ...], discipline: str | None) -> int | None:
    """The agency a person sits for: where they work in the seat's discipline, else their first."""
    fitting = [place.agency_id for place in places if place.discipline == discipline]
    return next(iter(fitting or [place.agency_id for place in places]), None)


def _note_place(action: str, cohort: Cohort, member: Member, actor_id: int) -> None:
    db.session.flush()
    note(
        action,
        "cohort",
        cohort.id,
        actor_id=actor_id,
        agency_id=cohort.agency_id,
        user_id=member.user_id,
        seat_id=member.seat_id,
        is_alternate=member.is_alternate,
    )
