"""What leads to one person, claimed table by table: put two accounts together, hand everything out, erase.

Each room has a `claims.py` with its `ROOM`. A claim names one way from a table to a person and says what becomes of its
rows in each of the three. Who adds a table adds a claim; a test names every foreign key that nobody claims.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import Column, ColumnElement, Date, DateTime, Select, Table, delete, func, select, update

from lms.database import Model, UtcDateTime, db, dialect_name
from lms.files import FileStore
from lms.people.person_models import MergeMove

MOVES = "moves"
"""Merging: the row belongs to the account that stays from then on."""

FOLLOWS = "follows"
"""Merging: the row hangs on one that moves, and is the same person's with it."""

FIRST, FINAL = "first", "final"
"""Erasing happens in two stages: at once, with stubs left for the retention rule; and when that has run out."""

PERSONS = "lms_users"


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of rows when their person is erased. `words` go into the data map of README."""

    kind: str
    words: str
    values: Mapping[str, Any] = field(default_factory=dict)


def goes(words: str = "goes") -> Fate:
    """The rows are deleted."""
    return Fate("goes", words)


def blanked(words: str, **values: Any) -> Fate:
    """The rows stay with these values in place of what told something."""
    return Fate("blanked", words, values)


def stays(words: str) -> Fate:
    """The rows stay as they are, for this reason."""
    return Fate("stays", words)


def by_hand(words: str) -> Fate:
    """The room's own `erase` does it."""
    return Fate("by hand", words)


@dataclass(frozen=True, slots=True)
class Claim:
    """One way from a table to a person: `way` is the column that points to the person, or to a row that leads there.

    `merge` is MOVES, FOLLOWS or the reason why it stays. `export` gives columns by the names under which the person
    reads them (`column>table.column` looks a name up by an id), or is the reason why nothing is given; `kept_back` are
    columns that are not given: secrets, and what is only of use inside. `finally_` is what becomes of the rows when
    retention is over; None: they have gone, or stay for good. The first claim of a table is the one that its data map
    tells of; further ones are of people who did something to the row.
    """

    table: str
    way: str
    name: str
    holds: str = ""
    why: str = ""
    kept: str = ""
    seen_by: str = ""
    merge: str = MOVES
    export: Mapping[str, str] | str = ""
    kept_back: Sequence[str] = ()
    erase: Fate = field(default_factory=goes)
    finally_: Fate | None = None


@dataclass(slots=True)
class Merging:
    """Two accounts being put together: `gone` into `kept`. Every value that changes goes through `put` or `move`.

    `merge_id` None: nothing is kept to undo it by.
    """

    merge_id: int | None
    kept_id: int
    gone_id: int
    now: datetime
    today: date
    cycles: dict[tuple[int, int, int], int] = field(default_factory=dict)
    """New cycles of courses, by person, course and old cycle: certificates follow their enrollments."""

    def put(self, table: str, row_id: int, column: str, value: Any) -> None:
        """Change one value of one row, so that it can be undone."""
        found = table_of(table)
        before = db.session.scalar(select(found.c[column]).where(found.c.id == row_id))
        if before != value:
            db.session.execute(update(found).where(found.c.id == row_id).values({column: value}))
            self.note(table, [row_id], column, before, value)

    def move(self, table: str, column: str) -> int:
        """Give every row of the account that goes to the one that stays; how many those were."""
        found = table_of(table)
        ids = list(db.session.scalars(select(found.c.id).where(found.c[column] == self.gone_id).order_by(found.c.id)))
        if ids:
            db.session.execute(update(found).where(found.c[column] == self.gone_id).values({column: self.kept_id}))
            self.note(table, ids, column, self.gone_id, self.kept_id)
        return len(ids)

    def note(self, table: str, ids: Sequence[int], column: str, before: Any, after: Any) -> None:
        """Keep what a value was and what it became."""
        if self.merge_id is None:
            return
        rows = [
            {
                "merge_id": self.merge_id,
                "table_name": table,
                "row_id": row_id,
                "column_name": column,
                "before": plain(before),
                "after": plain(after),
            }
            for row_id in ids
        ]
        db.session.execute(MergeMove.__table__.insert(), rows)  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Erasing:
    """A person being erased, with every account that was put together with theirs. Files go once it is committed."""

    user_id: int
    now: datetime
    stage: str
    keeps_name: bool
    firsts: Mapping[str, Claim]
    files_to_delete: list[str] = field(default_factory=list)
    attempts_kept: list[int] = field(default_factory=list)
    """Attempts that stubs of certificates rest on."""

    @property
    def is_final(self) -> bool:
        return self.stage == FINAL


@dataclass(frozen=True, slots=True)
class PersonRoom:
    """What one room does. `untouched` are tables below a person that hold nothing of one, each with its reason."""

    name: str
    claims: tuple[Claim, ...]
    merge: Callable[[Merging], None]
    erase: Callable[[Erasing], None]
    untouched: Mapping[str, str] = field(default_factory=dict)
    undo: Callable[[Unmerging], None] | None = None
    """What an undone merge has to decide before its moves go backwards: which rows stay with who stays."""
    files_of: Callable[[int, FileStore], list[tuple[str, str]]] | None = None
    """Files of a person that their data holds beside the tables: (name in the zip, name in the file store)."""


@dataclass(slots=True)
class Unmerging:
    """A merge being undone. Moves of the rows in `staying` are left as they are; `following` rows go along."""

    merge_id: int
    kept_id: int
    gone_id: int
    merged_at: datetime
    moves: Sequence[MergeMove] = ()
    staying: set[tuple[str, int]] = field(default_factory=set)
    following: list[tuple[str, int, dict[str, Any]]] = field(default_factory=list)
    """Rows that were made since and go along all the same, with what changes in them."""
    courses: set[int] = field(default_factory=set)
    """Courses of which the account that stays keeps something: there its cycles keep their numbers."""

    def moved(self, table: str, column: str) -> list[int]:
        """Ids of the rows of which the merge changed this value."""
        return [one.row_id for one in self.moves if (one.table_name, one.column_name) == (table, column)]


def table_of(name: str) -> Table:
    return Model.metadata.tables[name]


def pointed_at(table: str, column: str) -> Column[Any] | None:
    """The column that a foreign key of a column points to; one of several columns only where it has none of its own."""
    for constraint in sorted(table_of(table).foreign_key_constraints, key=lambda one: len(one.columns)):
        for own, element in zip(constraint.columns, constraint.elements, strict=True):
            if own.name == column:
                return element.column
    return None


def is_of(claim: Claim, claims: Mapping[str, Claim], user_id: int) -> ColumnElement[bool]:
    """The condition that rows of a claim lead to a person; `claims` has the first claim of each table."""
    way = table_of(claim.table).c[claim.way]
    target = pointed_at(claim.table, claim.way)
    if target is None or target.table.name == PERSONS or claim.table == PERSONS:
        return way == user_id
    parent = claims[target.table.name]
    return way.in_(select(target).where(is_of(parent, claims, user_id)))


def first_claims(rooms: Sequence[PersonRoom]) -> dict[str, Claim]:
    """The first claim of each table."""
    found: dict[str, Claim] = {}
    for room in rooms:
        for claim in room.claims:
            found.setdefault(claim.table, claim)
    return found


def move_claims(merging: Merging, claims: Sequence[Claim]) -> None:
    """Give over every row whose claim says so."""
    for claim in claims:
        if claim.merge == MOVES:
            merging.move(claim.table, claim.way)


def erase_claims(erasing: Erasing, claims: Sequence[Claim]) -> None:
    """Delete or blank what the claims say, in their order: what hangs on a row stands before it."""
    for claim in claims:
        fate = claim.finally_ if erasing.is_final and claim.finally_ is not None else claim.erase
        table, condition = table_of(claim.table), is_of(claim, erasing.firsts, erasing.user_id)
        if fate.kind == "goes":
            db.session.execute(delete(table).where(condition))
        elif fate.kind == "blanked":
            db.session.execute(update(table).where(condition).values(fate.values))


def export_claims(room: PersonRoom, firsts: Mapping[str, Claim], user_id: int) -> dict[str, Any]:
    """Everything that a room keeps of a person, under the names that the person reads."""
    found: dict[str, Any] = {}
    for claim in room.claims:
        if isinstance(claim.export, str):
            continue
        rows = db.session.execute(_exported(claim, claim.export, firsts, user_id)).mappings()
        found[claim.name] = [{key: plain(value) for key, value in row.items()} for row in rows]
    return found


def _exported(claim: Claim, columns: Mapping[str, str], firsts: Mapping[str, Claim], user_id: int) -> Select[Any]:
    table = table_of(claim.table)
    chosen: list[Any] = []
    for key, source in columns.items():
        column, _arrow, target = source.partition(">")
        if not target:
            chosen.append(table.c[column].label(key))
            continue
        other, _dot, shown = target.partition(".")
        beside = table_of(other).alias()
        pointed = pointed_at(claim.table, column)
        assert pointed is not None, source
        lookup = select(beside.c[shown]).where(beside.c[pointed.name] == table.c[column])
        chosen.append(lookup.scalar_subquery().label(key))
    return select(*chosen).where(is_of(claim, firsts, user_id)).order_by(table.c.id)


def count_claim(claim: Claim, firsts: Mapping[str, Claim], user_id: int) -> Select[Any]:
    """How many rows of a claim lead to a person."""
    return select(func.count()).select_from(table_of(claim.table)).where(is_of(claim, firsts, user_id))


def plain(value: Any) -> Any:
    """A value as JSON has it: moments and days as ISO text."""
    return value.isoformat() if isinstance(value, date | datetime) else value


def typed(table: str, column: str, value: Any) -> Any:
    """A value out of JSON as its column has it."""
    kind = table_of(table).c[column].type
    if value is None or not isinstance(value, str):
        return value
    if isinstance(kind, UtcDateTime | DateTime):
        return datetime.fromisoformat(value)
    return date.fromisoformat(value) if isinstance(kind, Date) else value


def defer_ownership() -> None:
    """Until this transaction ends, what belongs to one person may belong to two: it changes hands row by row."""
    if dialect_name() == "sqlite":
        db.session.connection().exec_driver_sql("PRAGMA defer_foreign_keys=ON")
    else:
        db.session.connection().exec_driver_sql("SET CONSTRAINTS ALL DEFERRED")
