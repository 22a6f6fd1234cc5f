"""What is known when a row of a staff list is judged: people who are there, rows before it, and the verdict; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lms.people.importing.licensed import Held, Licensed
from lms.people.importing.troubles import Trouble


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is there, as the list's administrator may see them."""

    id: int
    name: str
    name_key: str
    email: str | None
    has_account: bool
    is_disabled: bool
    places: frozenset[tuple[int, str]] = frozenset()
    """Agency and discipline of the places that are open."""
    numbers: Mapping[int, str | None] = field(default_factory=dict)
    """Staff ids by employer."""
    agency_ids: frozenset[int] = frozenset()
    further_emails: frozenset[str] = frozenset()
    """Addresses of accounts that were put together with theirs, so far as the list names them."""
    further_numbers: frozenset[tuple[int, str]] = frozenset()
    """The same of staff ids, by employer."""
    licenses: tuple[Held, ...] = ()


@dataclass(frozen=True, slots=True)
class Earlier:
    """A row before this one in the same file, about somebody."""

    position: int
    line: int
    name: str
    name_key: str
    email: str | None
    number: str | None
    agency_id: int | None
    discipline: str | None
    match_user_id: int | None = None
    same_as: int | None = None
    license: Licensed | None = None

    @property
    def root(self) -> int:
        return self.position if self.same_as is None else self.same_as


@dataclass(frozen=True, slots=True)
class Known:
    """Who may be meant. People are those in reach of the import; whoever works elsewhere is not among them."""

    by_id: Mapping[int, Person] = field(default_factory=dict)
    by_number: Mapping[tuple[int, str], Person] = field(default_factory=dict)
    by_email: Mapping[str, Person] = field(default_factory=dict)
    by_name: Mapping[str, Sequence[Person]] = field(default_factory=dict)
    foreign_numbers: frozenset[tuple[int, str]] = frozenset()
    """Ids of the same employer that are held by people out of reach."""
    holders: Mapping[tuple[str, str, str], Sequence[Person]] = field(default_factory=dict)
    """Who in reach has a license, by its key."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of a row."""

    outcome: str
    reason: Trouble | None = None
    match_user_id: int | None = None
    same_as: int | None = None
    twin_user_id: int | None = None
    twin_position: int | None = None
    drops_email: bool = False


class FileSoFar:
    """The rows of the file before the present one, by what people are told by."""

    def __init__(self, employers: Mapping[int, int]) -> None:
        self._employers = employers
        self.by_email: dict[str, list[Earlier]] = {}
        self.by_number: dict[tuple[int | None, str], list[Earlier]] = {}
        self.by_name: dict[str, list[Earlier]] = {}
        self.by_user: dict[int, list[Earlier]] = {}
        self.by_root: dict[int, list[Earlier]] = {}
        self.by_license: dict[tuple[str, str, str], list[Earlier]] = {}

    def add(self, row: Earlier) -> None:
        key = self.number_key(row.agency_id, row.number)
        if row.email:
            self.by_email.setdefault(row.email, []).append(row)
        if key:
            self.by_number.setdefault(key, []).append(row)
        if row.name_key:
            self.by_name.setdefault(row.name_key, []).append(row)
        if row.match_user_id:
            self.by_user.setdefault(row.match_user_id, []).append(row)
        self.by_root.setdefault(row.root, []).append(row)
        if row.license:
            self.by_license.setdefault(row.license.key, []).append(row)

    def of_person(self, user_id: int | None, root: int | None) -> list[Earlier]:
        """The rows about somebody who is there, or whom a row before is the first to name."""
        rows = [*self.by_user.get(user_id or 0, ()), *self.by_root.get(root or 0, ())]
        return sorted(set(rows), key=lambda row: row.position)

    def number_key(self, agency_id: int | None, number: str | None) -> tuple[int | None, str] | None:
        """Staff ids are those of an employer."""
        return (self._employers.get(agency_id or 0), number) if number else None
