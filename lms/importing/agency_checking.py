"""What would become of a list of agencies: each row is new, there already, or has a problem; nothing is written."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from lms.database import db
from lms.errors import N_, Sentence
from lms.importing.agency_rows import AgencyRow, Number
from lms.people.agency_models import AgencyNumber
from lms.people.models import Agency
from lms.people.names import fold

MOST_LEVELS = 40
"""More would not fit into the path of an agency."""

MANY = 500
"""So many values are looked for at once."""

NOT_FOUND = N_("There is no agency “%(text)s” here or in this file to be the one above. Write its code or whole name.")
AMBIGUOUS = N_("More than one agency is called “%(text)s”. Write the code of the one above.")
LOOP = N_("The agencies above it lead back to this one. Correct which one lies below which.")
TOO_DEEP = N_("Agencies cannot be nested so deeply.")
ABOVE_HAS_PROBLEM = N_("The one above it, in line %(line)s, has a problem itself. Mend that line first.")
ABOVE_IS_ARCHIVED = N_("The agency above is archived. Bring it back first.")
SAME_CODE = N_("Line %(line)s has the same code. A code is one agency’s alone.")
SAME_NUMBER = N_("Line %(line)s has the same id %(value)s. Each is one agency’s alone.")
SAME_NAME = N_("Line %(line)s has the same name below the same agency.")
CODE_TAKEN = N_("Another agency has this code. A list renames nothing.")
NUMBER_TAKEN = N_("Another agency has the id %(value)s.")
ONLY_EVERYWHERE = N_("A state is added only by who administers everything.")
DIFFERS = {
    "parent": N_("It is here already, below another agency. A list changes nothing: move it on its own page."),
    "archived": N_("It is here already, and archived. Bring it back on its own page."),
    "kind": N_("It is here already, as another kind. A list changes nothing: correct it on its own page."),
    "county": N_("It is here already, in another county or none. A list changes nothing: correct it on its own page."),
    "code": N_("It is here already, with another code or none. A list changes nothing: correct it on its own page."),
    "ori": N_("It is here already, with another ORI or none. A list changes nothing: correct it on its own page."),
    "number": N_("It is here already, without the id %(value)s. A list changes nothing: add it on its own page."),
}
"""By what differs, why a row about an agency that is here is left out."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What becomes of a row. `agency_id`: it is there already. Above a new one lies `parent_id`, or what the row in
    `parent_line` makes; with neither it stands at the top."""

    row: AgencyRow
    problem: Sentence | None = None
    agency_id: int | None = None
    parent_id: int | None = None
    parent_line: int | None = None

    @property
    def is_new(self) -> bool:
        return self.problem is None and self.agency_id is None

    def to_json(self) -> dict[str, Any]:
        row = self.row
        return {
            "line": row.line, "name": row.name, "kind": row.kind, "county": row.county, "code": row.code,
            "ori": row.ori, "numbers": [list(one) for one in row.numbers], "parent_id": self.parent_id,
            "parent_line": self.parent_line,
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """`new` in an order in which each comes after the one above it; the others by line."""

    new: Sequence[Fate]
    unchanged: Sequence[Fate]
    problems: Sequence[Fate]


@dataclass(slots=True)
class Book:
    """The agencies that a list may name, and what of others stands against it."""

    top_id: int | None
    agencies: dict[int, Agency]
    codes: dict[str, int]
    numbers: dict[Number, int]
    by_name: dict[str, list[int]] = field(default_factory=dict)
    below: dict[tuple[int | None, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for one in self.agencies.values():
            self.by_name.setdefault(fold(one.name), []).append(one.id)
            self.below.setdefault((one.parent_id, fold(one.name)), one.id)


def check_rows(rows: Sequence[AgencyRow], top: Agency | None, *, is_everywhere: bool) -> Plan:
    """Rows that name no agency above go below `top` (None: to the top of the tree); the list may name it and what lies
    below it. Four queries and one for some hundred codes or ids."""
    checker = _Checker(rows, _load_book(rows, top), is_everywhere)
    fates = [checker.fate(row) for row in rows]
    return Plan(
        new=checker.new,
        unchanged=[one for one in fates if one.agency_id is not None],
        problems=[one for one in fates if one.problem is not None],
    )


def _load_book(rows: Sequence[AgencyRow], top: Agency | None) -> Book:
    query = select(Agency).order_by(Agency.id)
    if top is not None:
        query = query.where(Agency.path.like(f"{top.path}%"))
    agencies = {one.id: one for one in db.session.scalars(query)}
    codes: dict[str, int] = {one.code: one.id for one in agencies.values() if one.code}
    for some in _some({row.code for row in rows if row.code}):
        found = db.session.execute(select(Agency.code, Agency.id).where(Agency.code.in_(some)))
        codes.update((str(code), number) for code, number in found)
    numbers: dict[Number, int] = {}
    for some in _some({value for row in rows for _kind, _label, value in row.numbers}):
        held = select(AgencyNumber).where(AgencyNumber.value.in_(some), AgencyNumber.is_in_use)
        numbers.update(((one.kind, one.label, one.value), one.agency_id) for one in db.session.scalars(held))
    return Book(top.id if top else None, agencies, codes, numbers)


def _some(values: Collection[str]) -> Iterator[list[str]]:
    coming = iter(sorted(values))
    while some := list(itertools.islice(coming, MANY)):
        yield some


class _Checker:
    def __init__(self, rows: Sequence[AgencyRow], book: Book, is_everywhere: bool) -> None:
        self.book, self.is_everywhere = book, is_everywhere
        self.fates: dict[int, Fate] = {}
        self.new: list[Fate] = []
        self.names: dict[tuple[str, int | None, str], int] = {}
        self.codes: dict[str, AgencyRow] = {}
        self.numbers: dict[Number, int] = {}
        self.by_name: dict[str, list[AgencyRow]] = {}
        for row in rows:
            self.by_name.setdefault(fold(row.name), []).append(row)
            if row.code:
                self.codes.setdefault(row.code, row)
            for number in row.numbers:
                self.numbers.setdefault(number, row.line)

    def fate(self, row: AgencyRow, trail: tuple[int, ...] = ()) -> Fate:
        """`trail`: lines of the rows below it that are being looked at."""
        if row.line in self.fates:
            return self.fates[row.line]
        if row.line in trail:
            return Fate(row, Sentence(LOOP))
        if len(trail) > MOST_LEVELS:
            return Fate(row, Sentence(TOO_DEEP))
        found = self._find(row, (*trail, row.line))
        self.fates[row.line] = found
        if found.is_new:
            self.new.append(found)
        return found

    def _find(self, row: AgencyRow, trail: tuple[int, ...]) -> Fate:
        problem = row.problem or self._double(row)
        if problem is not None:
            return Fate(row, problem)
        above = self._above(row, trail)
        if isinstance(above, Sentence):
            return Fate(row, above)
        present = self._present(row, above)
        twin = self._twin(row, above)
        if twin is not None:
            return Fate(row, twin)
        if present is not None:
            return self._compare(row, self.book.agencies[present], above)
        problem = self._against(row, above)
        return Fate(row, problem) if problem else Fate(row, parent_id=above.agency_id, parent_line=above.line)

    def _double(self, row: AgencyRow) -> Sentence | None:
        if row.code and self.codes[row.code].line != row.line:
            return Sentence(SAME_CODE, {"line": self.codes[row.code].line})
        for number in row.numbers:
            if self.numbers[number] != row.line:
                return Sentence(SAME_NUMBER, {"line": self.numbers[number], "value": number[2]})
        return None

    def _above(self, row: AgencyRow, trail: tuple[int, ...]) -> _Above | Sentence:
        if not row.parent:
            return _Above(self.book.top_id, None)
        by_code = self.codes.get(row.parent)
        if by_code is not None:
            return self._as_above(by_code, trail)
        coded = self.book.codes.get(row.parent)
        if coded in self.book.agencies:
            return _Above(coded, None)
        key = fold(row.parent)
        others = [one for one in self.by_name.get(key, ()) if one.line != row.line]
        present = set(self.book.by_name.get(key, ()))
        if len(others) + len(present) == 0:
            is_own = any(one.line == row.line for one in self.by_name.get(key, ()))
            return Sentence(LOOP) if is_own else Sentence(NOT_FOUND, {"text": row.parent[:60]})
        if len(others) > 1 or len(present) > 1:
            return Sentence(AMBIGUOUS, {"text": row.parent[:60]})
        if not others:
            return _Above(present.pop(), None)
        found = self._as_above(others[0], trail)
        if present and isinstance(found, _Above) and found.agency_id not in present:
            return Sentence(AMBIGUOUS, {"text": row.parent[:60]})
        return found

    def _as_above(self, row: AgencyRow, trail: tuple[int, ...]) -> _Above | Sentence:
        if row.line in trail:
            return Sentence(LOOP)
        found = self.fate(row, trail)
        if found.problem is not None:
            return Sentence(ABOVE_HAS_PROBLEM, {"line": row.line})
        return _Above(found.agency_id, None if found.agency_id else row.line)

    def _present(self, row: AgencyRow, above: _Above) -> int | None:
        """The agency that a row means: by its code and name, else by its name below the same one; or the one that the
        whole list is about."""
        coded = self.book.agencies.get(self.book.codes.get(row.code or "", 0))
        if coded is not None and fold(coded.name) == fold(row.name):
            return coded.id
        found = self.book.below.get((above.agency_id, fold(row.name))) if above.line is None else None
        top = self.book.agencies.get(self.book.top_id or 0)
        if found is None and top is not None and not row.parent and fold(top.name) == fold(row.name):
            return top.id
        return found

    def _twin(self, row: AgencyRow, above: _Above) -> Sentence | None:
        key = ("line" if above.line else "id", above.line or above.agency_id, fold(row.name))
        first = self.names.setdefault(key, row.line)
        return None if first == row.line else Sentence(SAME_NAME, {"line": first})

    def _compare(self, row: AgencyRow, agency: Agency, above: _Above) -> Fate:
        lacking = next((one for one in row.numbers if self.book.numbers.get(one) != agency.id), None)
        differing = {
            "parent": bool(row.parent) and (above.line is not None or above.agency_id != agency.parent_id),
            "archived": agency.archived_at is not None,
            "kind": row.kind != agency.kind,
            "county": bool(row.county) and row.county != agency.county_fips,
            "code": bool(row.code) and row.code != agency.code,
            "ori": bool(row.ori) and row.ori != agency.ori,
            "number": lacking is not None,
        }
        first = next((name for name, differs in differing.items() if differs), None)
        if first is None:
            return Fate(row, agency_id=agency.id)
        return Fate(row, Sentence(DIFFERS[first], {"value": lacking[2]} if lacking else {}))

    def _against(self, row: AgencyRow, above: _Above) -> Sentence | None:
        """What stands against making it."""
        parent = self.book.agencies.get(above.agency_id or 0)
        if parent is not None and parent.archived_at is not None:
            return Sentence(ABOVE_IS_ARCHIVED)
        if row.code and row.code in self.book.codes:
            return Sentence(CODE_TAKEN)
        if row.kind == "state" and not self.is_everywhere:
            return Sentence(ONLY_EVERYWHERE)
        taken = next((number for number in row.numbers if number in self.book.numbers), None)
        return Sentence(NUMBER_TAKEN, {"value": taken[2]}) if taken else None


@dataclass(frozen=True, slots=True)
class _Above:
    """The agency above a row: one that is there, or what the row in a line makes; neither: the top of the tree."""

    agency_id: int | None
    line: int | None
