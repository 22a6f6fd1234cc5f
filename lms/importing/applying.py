"""Applying an import: people, places and staff ids are made piece by piece, each change written down for the undo."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import insert, select, update

from lms.batches import Piece
from lms.clock import local_day, utc_now
from lms.database import db, run_transaction
from lms.errors import N_
from lms.importing import inviting, licensing, placing
from lms.importing.asking import is_held_by
from lms.importing.checking import require_right
from lms.importing.ending import end_places
from lms.importing.work import Work
from lms.people.audit import note
from lms.people.importing.entries import Entry
from lms.people.importing.known import Person
from lms.people.importing.lookups import license_of, load_known, taken_emails
from lms.people.importing.matching import is_same_name
from lms.people.importing.models import GOOD, Import, ImportChange, ImportRow, StaffRecord
from lms.people.importing.staff import load_subtree
from lms.people.models import Membership, User
from lms.people.names import name_key, search_text

ROWS = 250
"""Of one piece, which is one transaction."""

CHANGED = N_(
    "This has changed since the check: the person left, was switched off, or somebody of another name has the e-mail "
    "address or staff id by now. Nothing was done."
)


def apply_piece(import_id: int, cursor: Mapping[str, Any], runtime: Any, batch_id: int | None = None) -> Piece:
    """The next rows, in one transaction; after the last row the places that were confirmed to end.

    Rows that a killed piece had applied are counted, not applied again.
    """
    row = db.session.get_one(Import, import_id, populate_existing=True)
    require_right(row, runtime.settings)
    db.session.rollback()
    state: dict[str, Any] = {"after": 0, "invited": 0, **cursor}
    return run_transaction(lambda: _piece(import_id, state, runtime, batch_id))


def _piece(import_id: int, state: dict[str, Any], runtime: Any, batch_id: int | None) -> Piece:
    row = db.session.get_one(Import, import_id, with_for_update=True, populate_existing=True)
    if not is_held_by(row, batch_id):
        return Piece(cursor=state, is_last=True)
    now = utc_now()
    day = local_day(now, runtime.settings.time_zone)
    if state.get("ending"):
        return _end_piece(row, state, day, now)
    rows = list(
        db.session.scalars(
            select(ImportRow)
            .where(ImportRow.import_id == import_id, ImportRow.position > state["after"])
            .order_by(ImportRow.position)
            .limit(ROWS)
        )
    )
    open_rows = [one for one in rows if one.outcome in GOOD and one.applied_at is None]
    work = _work(row, open_rows, day, now)
    _apply(work, open_rows)
    licensing.give_licenses(work, open_rows)
    applied = [one for one in rows if one.user_id is not None]
    invited = inviting.invite_people(work, open_rows, state["invited"], runtime.settings)
    placing.place_people(work, open_rows, runtime.settings)
    if work.changes:
        db.session.execute(insert(ImportChange), work.changes)
    new = {**state, "after": rows[-1].position if rows else state["after"], "invited": invited}
    is_through = len(rows) < ROWS
    is_last = is_through and not row.options.get("end_missing")
    new["ending"] = is_through
    if is_last:
        _finish(row, now)
    total = row.counts.get("read", 0)
    return Piece(done=len(applied), problems=work.problems, cursor=new, is_last=is_last, total=total)


def _end_piece(row: Import, state: dict[str, Any], day: date, now: datetime) -> Piece:
    is_last = end_places(row, load_subtree(row.agency_id), day) == 0
    if is_last:
        _finish(row, now)
    return Piece(done=0, cursor=state, is_last=is_last)


def _finish(row: Import, now: datetime) -> None:
    if row.state == "applying":
        row.state, row.applied_at = "applied", now
        counts = {key: value for key, value in row.counts.items() if key != "left_out"}
        note("import.applied", "import", row.id, actor_id=row.asked_by_id, agency_id=row.agency_id, counts=counts)


def _work(row: Import, rows: Sequence[ImportRow], day: date, now: datetime) -> Work:
    """What is so at this moment, not at the check: others may have imported meanwhile."""
    subtree = load_subtree(row.agency_id)
    entries = [
        Entry(
            one.name,
            one.email,
            one.number,
            one.match_user_id or one.person_id,
            one.agency_id,
            one.discipline,
            None,
            license_of(one),
        )
        for one in rows
    ]
    known = load_known(entries, subtree, day)
    wanted = {one.same_as for one in rows if one.same_as is not None}
    roots = db.session.execute(
        select(ImportRow.position, ImportRow.user_id).where(
            ImportRow.import_id == row.id, ImportRow.position.in_(wanted), ImportRow.user_id.is_not(None)
        )
    )
    taken = taken_emails({one.email for one in rows if one.email})
    ids = {known.by_id[one.match_user_id or 0].id for one in rows if one.match_user_id in known.by_id}
    users = {user.id: user for user in db.session.scalars(select(User).where(User.id.in_(ids)))}
    found = {one[0]: one[1] for one in roots if one[1] is not None}
    return Work(row, subtree, known, day, now, taken, found, users)


def _apply(work: Work, rows: Sequence[ImportRow]) -> None:
    """People first, all in one statement, then what hangs on them."""
    news: list[tuple[ImportRow, User]] = []
    for row in rows:
        if _known_person(work, row) is None and row.same_as is None and row.match_user_id is None:
            user = _new_user(work, row)
            db.session.add(user)
            news.append((row, user))
    db.session.flush()
    for row, user in news:
        work.made[user.id] = user
        work.roots[row.position] = user.id
        row.user_id = user.id
        work.change("person-made", user.id)
    for row in rows:
        _apply_row(work, row)
    db.session.add_all([*work.places.values(), *work.records.values()])
    db.session.flush()
    for place in work.places.values():
        work.change("place-made", place.user_id, place.id)
        note(
            "membership.started", "user", place.user_id, actor_id=work.row.asked_by_id, agency_id=place.agency_id,
            discipline=place.discipline, on=place.started_on.isoformat(),
        )  # fmt: skip
    for record in work.records.values():
        work.change("record-made", record.user_id, record.id, number=record.number, email=record.email)
    db.session.flush()


def _known_person(work: Work, row: ImportRow) -> Person | None:
    """Who a row is about, if they are there: as checked, or made since by another import."""
    if row.match_user_id is not None:
        return work.known.by_id.get(row.match_user_id)
    if row.same_as is not None:
        return work.known.by_id.get(work.roots.get(row.same_as, 0))
    employer = work.subtree.employers.get(row.agency_id or 0)
    if row.number and employer is not None and (employer, row.number) in work.known.by_number:
        return work.known.by_number[employer, row.number]
    return work.known.by_email.get(row.email or "")


def _new_user(work: Work, row: ImportRow) -> User:
    """A person without a password. An address that belongs to an account elsewhere stays with that account, and nobody
    here learns of it: the person takes the place by accepting the invitation."""
    is_free = row.email is not None and row.email not in work.taken
    if row.email is not None:
        work.taken.setdefault(row.email, 0)
    return User(
        name=row.name,
        email=row.email if is_free else None,
        language=work.row.options.get("language", "en"),
        created_at=work.now,
        search_text=search_text(row.name, row.email),
        name_key=name_key(row.name),
    )


def _apply_row(work: Work, row: ImportRow) -> None:
    person = _known_person(work, row) if row.user_id is None else None
    user_id = row.user_id or (person.id if person else None)
    if user_id is None and row.same_as is not None:
        user_id = work.roots.get(row.same_as)
    is_foreign = (work.subtree.employers.get(row.agency_id or 0), row.number) in work.known.foreign_numbers
    if user_id is None or row.agency_id not in work.subtree.ids or (person and not _is_as_checked(row, person)):
        work.problems.append((row.name, CHANGED))
        return
    row.user_id, row.applied_at = user_id, work.now
    work.roots.setdefault(row.position, user_id)
    _give_place(work, row, user_id, person)
    if not is_foreign:
        _give_record(work, row, user_id, person)
    if person is not None and not person.has_account:
        _correct(work, row, person)


def _is_as_checked(row: ImportRow, person: Person) -> bool:
    """Whether somebody may still be who a row is about. Whom only this moment found has at least a like name."""
    was_found = row.match_user_id is not None or row.same_as is not None
    return not person.is_disabled and (was_found or is_same_name(row.name_key, person.name_key))


def _give_place(work: Work, row: ImportRow, user_id: int, person: Person | None) -> None:
    assert row.agency_id is not None
    assert row.discipline is not None
    place = (row.agency_id, row.discipline)
    if (person is not None and place in person.places) or (user_id, *place) in work.places:
        return
    if person is None and user_id not in work.made and _holds(user_id, *place):
        return
    work.places[user_id, *place] = Membership(
        user_id=user_id,
        agency_id=place[0],
        discipline=place[1],
        started_on=row.starts_on or work.day,
        recorded_on=work.day,
    )


def _holds(user_id: int, agency_id: int, discipline: str) -> bool:
    held = select(Membership.id).where(
        Membership.user_id == user_id, Membership.agency_id == agency_id, Membership.discipline == discipline,
        Membership.ended_on.is_(None),
    )  # fmt: skip
    return db.session.scalar(held) is not None


def _give_record(work: Work, row: ImportRow, user_id: int, person: Person | None) -> None:
    """The staff id, and the address where the account has none."""
    employer = work.subtree.employers[row.agency_id or 0]
    made = work.made.get(user_id)
    shadow_email = row.email if made is not None and made.email is None else None
    held = person and (person.numbers.get(employer) or (employer, row.number) in person.further_numbers)
    if (not row.number or held) and not shadow_email:
        return
    record = _record_of(work, employer, user_id)
    if record is None:
        work.records[employer, user_id] = StaffRecord(
            agency_id=employer, user_id=user_id, number=row.number, email=shadow_email
        )
    elif row.number and record.number is None:
        record.number = row.number
        if record.id is not None:
            work.change("number-given", user_id, record.id)


def _record_of(work: Work, employer: int, user_id: int) -> StaffRecord | None:
    found = work.records.get((employer, user_id))
    if found is not None or user_id in work.made:
        return found
    query = select(StaffRecord).where(StaffRecord.agency_id == employer, StaffRecord.user_id == user_id)
    return db.session.scalars(query).one_or_none()


def _correct(work: Work, row: ImportRow, person: Person) -> None:
    """Name and address of somebody who has not signed in yet: the list knows better."""
    user = work.users.get(person.id) or db.session.get_one(User, person.id)
    if row.name and name_key(row.name) != person.name_key and user.name != row.name:
        work.change("name-changed", user.id, None, before=user.name, after=row.name)
        user.name = row.name
    if row.email and row.email not in (person.email, user.email, *person.further_emails):
        owner = work.taken.get(row.email)
        own = row.email if owner in (None, user.id) else None
        if own != user.email:
            work.change("email-changed", user.id, None, before=user.email, after=own)
            user.email = own
        if own is None:
            _list_address(work, row, user)
        else:
            work.taken[own] = user.id
    db.session.flush()
    text = search_text(user.name, user.email or row.email or person.email)
    if user.search_text != text:
        db.session.execute(update(User).where(User.id == user.id).values(search_text=text))


def _list_address(work: Work, row: ImportRow, user: User) -> None:
    """Note an address that is an account's elsewhere, as for somebody new: that it is one shows nowhere."""
    employer = work.subtree.employers[row.agency_id or 0]
    record = _record_of(work, employer, user.id)
    if record is None:
        record = StaffRecord(agency_id=employer, user_id=user.id, number=None, email=row.email)
        work.records[employer, user.id] = record
    elif record.id is not None:
        work.change("address-listed", user.id, record.id, before=record.email, after=row.email)
    record.email = row.email
