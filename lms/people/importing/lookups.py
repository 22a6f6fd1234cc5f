"""Who the rows of a piece may be about: a fixed number of queries, however many rows there are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select

from lms.database import db
from lms.people.importing.entries import Entry
from lms.people.importing.known import Earlier, FileSoFar, Known, Person
from lms.people.importing.licensed import Held, Licensed
from lms.people.importing.models import GOOD, ImportRow, StaffRecord
from lms.people.importing.staff import Subtree
from lms.people.invitations import has_account_of_their_own
from lms.people.models import Agency, License, Membership, User

FACTS = (
    User.id,
    User.name,
    User.name_key,
    User.email,
    User.disabled_at,
    User.merged_into_id,
    has_account_of_their_own().label("has_account"),
)

OF_ROW = 10
"""So many columns of an earlier row come before those of its license."""

MOST_NAMESAKES = 20_000
"""Of one piece. Where more share the names of a piece, the rest are not compared."""


def load_known(entries: Sequence[Entry], subtree: Subtree, day: date) -> Known:
    """The people in reach of an import that these entries may be about: a fixed number of queries. Who was put together
    with somebody is that person now, by every address and staff id of either.

    In reach is who has, or had, a place in the subtree and has none elsewhere now that would outrank a past one.
    """
    emails = {entry.email for entry in entries if entry.email}
    numbers = {entry.number for entry in entries if entry.number}
    ids = {entry.person_id for entry in entries if entry.person_id}
    names = {entry.name_key for entry in entries if entry.name_key}
    keys = {entry.license.key for entry in entries if entry.license}
    records = _records(numbers, emails, subtree)
    holders = holders_of(keys)
    licensed = {user_id for ids_of in holders.values() for user_id in ids_of}
    found = _users(ids | licensed | {record.user_id for record in records}, emails, names, subtree)
    heads = _heads(found)
    rows = _with_heads(found, heads)
    places = _places([row.id for row in rows], subtree, day)
    numbers_of = _numbers([row.id for row in rows], subtree)
    licenses = held_licenses([row.id for row in rows]) if keys else {}
    people = {}
    for row in rows:
        held = places.get(row.id)
        if held is not None and held.is_in_reach:
            mine = numbers_of.get(row.id, {})
            staff_email = next((one[1] for one in mine.values() if one[1]), None)
            people[row.id] = Person(
                row.id, row.name, row.name_key, row.email or staff_email, bool(row.has_account),
                row.disabled_at is not None, frozenset(held.open), {key: one[0] for key, one in mine.items()},
                frozenset(agency_id for agency_id, _discipline in held.open),
                frozenset(one.email for one in found if one.email and heads.get(one.id) == row.id),
                frozenset((one.agency_id, one.number) for one in records
                          if one.number and heads.get(one.user_id) == row.id),
                tuple(licenses.get(row.id, ())),
            )  # fmt: skip
    in_reach = {key: [people[one] for one in ids_of if one in people] for key, ids_of in holders.items()}
    return replace(_known(people, heads, records, emails), holders=in_reach)


def holders_of(keys: Collection[tuple[str, str, str]]) -> dict[tuple[str, str, str], list[int]]:
    """Who has licenses with these keys, in reach or not."""
    found: dict[tuple[str, str, str], list[int]] = defaultdict(list)
    if not keys:
        return found
    rows = db.session.execute(
        select(License.board, License.state, License.number_key, License.user_id)
        .where(License.number_key.in_({key[2] for key in keys}), License.ended_at.is_(None))
        .order_by(License.id)
        .limit(MOST_NAMESAKES)
    )
    for board, state, number_key, user_id in rows:
        if (board, state, number_key) in keys:
            found[board, state, number_key].append(user_id)
    return found


def held_licenses(user_ids: Collection[int]) -> dict[int, list[Held]]:
    """The licenses of people that were not ended, the oldest first."""
    found: dict[int, list[Held]] = defaultdict(list)
    rows = db.session.execute(
        select(License.user_id, License.id, License.board, License.state, License.number, License.expires_on)
        .where(License.user_id.in_(user_ids), License.ended_at.is_(None))
        .order_by(License.id)
    )
    for user_id, license_id, board, state, number, expires_on in rows:
        found[user_id].append(Held(license_id, board, state, number, expires_on))
    return found


def _heads(rows: Sequence[Any]) -> dict[int, int]:
    """Of those who were put together with somebody: the account that stands for them now."""
    found = {row.id: row.merged_into_id for row in rows if row.merged_into_id is not None}
    while True:
        query = select(User.id, User.merged_into_id).where(
            User.id.in_(set(found.values())), User.merged_into_id.is_not(None)
        )
        further = {one[0]: one[1] for one in db.session.execute(query)} if found else {}
        if not further:
            return found
        found = {user_id: further.get(head, head) for user_id, head in found.items()}


def _with_heads(rows: Sequence[Any], heads: Mapping[int, int]) -> list[Any]:
    """The same with the accounts that stand for some in their place."""
    own = {row.id: row for row in rows if row.id not in heads}
    missing = set(heads.values()) - own.keys()
    if missing:
        own.update({row.id: row for row in db.session.execute(select(*FACTS).where(User.id.in_(missing)))})
    return list(own.values())


def _known(
    people: dict[int, Person], heads: Mapping[int, int], records: Sequence[StaffRecord], emails: Collection[str]
) -> Known:
    by_name: dict[str, list[Person]] = defaultdict(list)
    by_number = {}
    for person in people.values():
        by_name[person.name_key].append(person)
        by_number.update({(employer, number): person for employer, number in person.numbers.items() if number})
        by_number.update(dict.fromkeys(person.further_numbers, person))
    foreign = {
        (one.agency_id, one.number)
        for one in records
        if one.number is not None and heads.get(one.user_id, one.user_id) not in people
    }
    by_email = {email: person for person in people.values() for email in person.further_emails & set(emails)}
    by_email |= {person.email: person for person in people.values() if person.email in emails and person.email}
    by_id = people | {user_id: people[head] for user_id, head in heads.items() if head in people}
    return Known(by_id, by_number, by_email, by_name, frozenset(foreign))


def _records(numbers: Collection[str], emails: Collection[str], subtree: Subtree) -> list[StaffRecord]:
    return list(
        db.session.scalars(
            select(StaffRecord).where(
                StaffRecord.agency_id.in_(subtree.employer_ids),
                or_(StaffRecord.number.in_(numbers), StaffRecord.email.in_(emails)),
            )
        )
    )


def _users(ids: Collection[int], emails: Collection[str], names: Collection[str], subtree: Subtree) -> Sequence[Any]:
    found = {
        row.id: row for row in db.session.execute(select(*FACTS).where(or_(User.id.in_(ids), User.email.in_(emails))))
    }
    here = select(Membership.user_id).join(Agency, Agency.id == Membership.agency_id)
    here = here.where(Agency.path.like(f"{subtree.path}%"), Membership.ended_on.is_(None))
    namesakes = select(*FACTS).where(User.name_key.in_(names), User.id.in_(here)).order_by(User.id)
    for row in db.session.execute(namesakes.limit(MOST_NAMESAKES)):
        found.setdefault(row.id, row)
    return list(found.values())


class _Held:
    """The places of a person, as far as they decide whether the import reaches them."""

    def __init__(self) -> None:
        self.open: set[tuple[int, str]] = set()
        self.was_here = self.is_elsewhere = False

    @property
    def is_in_reach(self) -> bool:
        return bool(self.open) or (self.was_here and not self.is_elsewhere)


def _places(user_ids: Collection[int], subtree: Subtree, day: date) -> dict[int, _Held]:
    found: dict[int, _Held] = defaultdict(_Held)
    rows = db.session.execute(
        select(Membership.user_id, Membership.agency_id, Membership.discipline, Membership.ended_on, Agency.path)
        .join(Agency, Agency.id == Membership.agency_id)
        .where(Membership.user_id.in_(user_ids))
    )
    for user_id, agency_id, discipline, ended_on, path in rows:
        held, is_open = found[user_id], ended_on is None or ended_on > day
        if path.startswith(subtree.path):
            held.was_here = True
            if is_open:
                held.open.add((agency_id, discipline))
        elif is_open:
            held.is_elsewhere = True
    return found


def _numbers(user_ids: Collection[int], subtree: Subtree) -> dict[int, dict[int, tuple[str | None, str | None]]]:
    found: dict[int, dict[int, tuple[str | None, str | None]]] = defaultdict(dict)
    rows = db.session.execute(
        select(StaffRecord.user_id, StaffRecord.agency_id, StaffRecord.number, StaffRecord.email).where(
            StaffRecord.user_id.in_(user_ids), StaffRecord.agency_id.in_(subtree.employer_ids)
        )
    )
    for user_id, agency_id, number, email in rows:
        found[user_id][agency_id] = (number, email)
    return found


def load_so_far(
    import_id: int, before: int, entries: Sequence[Entry], match_ids: Iterable[int], subtree: Subtree
) -> FileSoFar:
    """The rows before a position that share an e-mail, a staff id, a name or a person with these: one query."""
    so_far = FileSoFar(subtree.employers)
    if before <= 1:
        return so_far
    shares = or_(
        ImportRow.email.in_({entry.email for entry in entries if entry.email}),
        ImportRow.number.in_({entry.number for entry in entries if entry.number}),
        ImportRow.name_key.in_({entry.name_key for entry in entries if entry.name_key}),
        ImportRow.match_user_id.in_(set(match_ids)),
        ImportRow.license_key.in_({entry.license.key[2] for entry in entries if entry.license}),
    )
    rows = db.session.execute(
        select(
            ImportRow.position, ImportRow.line, ImportRow.name, ImportRow.name_key, ImportRow.email, ImportRow.number,
            ImportRow.agency_id, ImportRow.discipline, ImportRow.match_user_id, ImportRow.same_as,
            ImportRow.license_board, ImportRow.license_state, ImportRow.license_number, ImportRow.license_expires_on,
        )
        .where(
            ImportRow.import_id == import_id,
            ImportRow.position < before,
            ImportRow.outcome.in_(GOOD),
            shares,
        )
        .order_by(ImportRow.position)
    )  # fmt: skip
    for row in rows:
        facts: tuple[Any, ...] = tuple(row)
        so_far.add(replace(Earlier(*facts[:OF_ROW]), license=_licensed(*facts[OF_ROW:])))
    return so_far


def license_of(row: ImportRow) -> Licensed | None:
    """What a row that was checked says of a license."""
    return _licensed(row.license_board, row.license_state, row.license_number, row.license_expires_on)


def _licensed(board: str | None, state: str | None, number: str | None, expires_on: date | None) -> Licensed | None:
    return Licensed(board or "", state or "", number, expires_on) if number else None


def taken_emails(emails: Collection[str]) -> dict[str, int]:
    """Whose account an address is, anywhere: for the moment of writing only, never for a page."""
    rows = db.session.execute(select(User.email, User.id).where(User.email.in_(emails)))
    return {str(email): user_id for email, user_id in rows}


def count_rows(import_id: int) -> dict[str, int]:
    """How many rows have which outcome."""
    rows = db.session.execute(
        select(ImportRow.outcome, func.count()).where(ImportRow.import_id == import_id).group_by(ImportRow.outcome)
    )
    return {one[0]: one[1] for one in rows}


def unmatched_places(import_id: int, subtree: Subtree, day: Any, *, but: int | None) -> ColumnElement[bool]:
    """The SQL condition of places in the subtree whose people no row names, not even one with a problem: of one that
    is left out and by which nobody was found, the name alone counts."""
    named = select(ImportRow.match_user_id).where(
        ImportRow.import_id == import_id, ImportRow.match_user_id.is_not(None)
    )
    made = select(ImportRow.user_id).where(ImportRow.import_id == import_id, ImportRow.user_id.is_not(None))
    likely = select(ImportRow.twin_user_id).where(
        ImportRow.import_id == import_id, ImportRow.twin_user_id.is_not(None), ImportRow.outcome == "decide"
    )
    left_out = select(ImportRow.name_key).where(
        ImportRow.import_id == import_id,
        ImportRow.outcome.in_(("decide", "problem")),
        ImportRow.match_user_id.is_(None),
        ImportRow.name_key != "",
    )
    namesakes = select(User.id).where(User.name_key.in_(left_out))
    below = select(Agency.id).where(Agency.path.like(f"{subtree.path}%"))
    return and_(
        Membership.agency_id.in_(below),
        Membership.started_on <= day,
        Membership.ended_on.is_(None),
        Membership.user_id.not_in(named),
        Membership.user_id.not_in(made),
        Membership.user_id.not_in(likely),
        Membership.user_id.not_in(namesakes),
        Membership.user_id != (but or 0),
    )
