"""What pages show of an import: its rows, likely duplicates side by side, counts, and what an undo had to keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from lms.database import db
from lms.errors import N_, Invalid
from lms.importing.asking import DAYS_KEPT
from lms.importing.checking import total_of
from lms.people.finding import address_of
from lms.people.importing.models import GOOD, Import, ImportChange, ImportRow
from lms.people.importing.staff import load_subtree
from lms.people.models import Agency, AuditEvent, Membership, User
from lms.wall.sight import SYSTEM, looking_as

__all__ = ["total_of"]

MOST_SHOWN = 50
MOST_MISSING = 500


@dataclass(frozen=True, slots=True)
class Side:
    """One of two who may be the same person."""

    name: str
    email: str | None
    number: str | None
    places: tuple[tuple[str, str], ...]
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Twins:
    position: int
    row: Side
    other: Side
    reason: Mapping[str, Any]


def list_rows(row: Import, outcome: str, *, after: int = 0, limit: int = MOST_SHOWN) -> Sequence[ImportRow]:
    """Rows of an outcome in the order of the file."""
    return db.session.scalars(
        select(ImportRow)
        .where(ImportRow.import_id == row.id, ImportRow.outcome == outcome, ImportRow.position > after)
        .order_by(ImportRow.position)
        .limit(limit)
    ).all()


def stream_rows(row: Import, outcomes: Sequence[str]) -> Iterator[ImportRow]:
    """All rows of some outcomes, page by page."""
    after = 0
    while True:
        page = db.session.scalars(
            select(ImportRow)
            .where(ImportRow.import_id == row.id, ImportRow.outcome.in_(outcomes), ImportRow.position > after)
            .order_by(ImportRow.position)
            .limit(500)
        ).all()
        if not page:
            return
        yield from page
        after = page[-1].position
        db.session.expunge_all()


def has_uploaded(row: Import, user_id: int) -> bool:
    """Whether somebody brought the file: they know what stands in it."""
    found = select(AuditEvent.id).where(
        AuditEvent.action == "import.uploaded", AuditEvent.subject_kind == "import", AuditEvent.subject_id == row.id,
        AuditEvent.actor_id == user_id,
    )  # fmt: skip
    return db.session.scalar(found.limit(1)) is not None


def count_good(row: Import) -> int:
    return sum(int(row.counts.get(outcome, 0)) for outcome in GOOD)


def agencies_of(row: Import) -> dict[int, str]:
    """The agencies that rows may name, by id."""
    return dict(load_subtree(row.agency_id).book.names)


def list_twins(row: Import) -> list[Twins]:
    """The first rows of which somebody must say whether they are another person, each beside that person."""
    rows = list_rows(row, "decide")
    names = agencies_of(row)
    users = _people([one.twin_user_id for one in rows if one.twin_user_id], list(names))
    earlier = {
        one.position: one
        for one in db.session.scalars(
            select(ImportRow).where(
                ImportRow.import_id == row.id,
                ImportRow.position.in_([one.twin_position for one in rows if one.twin_position]),
            )
        )
    }
    found = []
    for one in rows:
        other = users.get(one.twin_user_id or 0)
        if other is None and one.twin_position in earlier:
            other = _side(earlier[one.twin_position], names)
        if other is not None:
            found.append(Twins(one.position, _side(one, names), other, one.reason))
    return found


def _side(row: ImportRow, names: Mapping[int, str]) -> Side:
    place = (names.get(row.agency_id or 0, ""), row.discipline or "")
    return Side(row.name, row.email, row.number, (place,), row.line)


def _people(ids: Sequence[int], agency_ids: Sequence[int]) -> dict[int, Side]:
    places: dict[int, list[tuple[str, str]]] = {}
    rows = db.session.execute(
        select(Membership.user_id, Agency.name, Membership.discipline)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(
            Membership.user_id.in_(ids), Membership.ended_on.is_(None), Membership.agency_id.in_(agency_ids)
        )
        .order_by(Membership.id)
    )  # fmt: skip
    for user_id, name, discipline in rows:
        places.setdefault(user_id, []).append((name, discipline))
    users = db.session.execute(select(User.id, User.name, address_of()).where(User.id.in_(ids)))
    return {user_id: Side(name, email, None, tuple(places.get(user_id, ()))) for user_id, name, email in users}


def confirmed_options(data: Mapping[str, Any], count: int) -> dict[str, Any]:
    """What was confirmed. Raises Invalid where other places would end than those that were shown."""
    if data["end_missing"] and str(count) != str(data["end_count"]):
        raise Invalid(
            N_("Other people than those that you saw are missing now. Look at the list again, then confirm."),
            "end_missing",
        )
    return {
        "invite": bool(data["invite"]),
        "language": data["language"],
        "course_id": data["course_id"],
        "cohort_id": data["cohort_id"],
        "end_missing": bool(data["end_missing"]) and count > 0,
        "end_up_to": int(data["end_up_to"] or 0),
    }


CHANGE_NAMES = (
    ("person-made", N_("New people")),
    ("place-made", N_("Places given")),
    ("record-made", N_("Staff ids noted")),
    ("number-given", N_("Staff ids added")),
    ("name-changed", N_("Names corrected")),
    ("email-changed", N_("E-mail addresses corrected")),
    ("address-listed", N_("E-mail addresses noted")),
    ("license-added", N_("Licenses entered")),
    ("license-changed", N_("Licenses changed")),
    ("enrolled", N_("Enrolled in the course")),
    ("seated", N_("Brought into the team")),
    ("team-invited", N_("Invited into the team")),
    ("invited", N_("Invitations by mail")),
    ("place-ended", N_("Places ended")),
)


def change_counts(row: Import) -> list[tuple[str, int]]:
    """What was changed, as words to be translated and how often."""
    rows = db.session.execute(
        select(ImportChange.kind, func.count()).where(ImportChange.import_id == row.id).group_by(ImportChange.kind)
    )
    counts = {one[0]: one[1] for one in rows}
    return [(name, counts[kind]) for kind, name in CHANGE_NAMES if counts.get(kind)]


result_facts = change_counts


def kept_changes(row: Import) -> list[tuple[str, str]]:
    """What an undo could not take back: the person's name, and why."""
    query = (
        select(User.name, ImportChange.kept_because)
        .join(User, User.id == ImportChange.user_id)
        .where(ImportChange.import_id == row.id, ImportChange.kept_because.is_not(None))
        .distinct()
        .order_by(User.name, ImportChange.kept_because)
        .limit(MOST_MISSING)
    )
    with looking_as(SYSTEM):  # who lost the place by the undo is nobody's any more; the list had named them
        return [(name, str(reason)) for name, reason in db.session.execute(query)]


def undo_until(row: Import) -> datetime | None:
    return row.applied_at + timedelta(days=DAYS_KEPT) if row.applied_at else None
