"""One row of a staff list as an entry: whom it names, where they work and as what, or what is wrong with it; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from lms.courseware.course import DISCIPLINES
from lms.errors import N_
from lms.people.importing import columns as c
from lms.people.importing import professions
from lms.people.importing.boards import BoardBook
from lms.people.importing.days import read_day
from lms.people.importing.licensed import Licensed, read_license
from lms.people.importing.troubles import NOTHING, Trouble
from lms.people.names import LONGEST_NAME, SUFFIXES, clean_email, clean_name, fold, name_key

LONGEST_EMAIL = 320
LONGEST_NUMBER = 64
FORMULA_STARTS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
NO_BOARDS = BoardBook()
EMAIL = re.compile(r"[^\s@<>()\[\],;:\"\\]{1,64}@[^\s@<>()\[\],;:\"\\]+\.[^\s@<>()\[\],;:\"\\.]{2,}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row says. Of one with trouble, as much as can be read."""

    name: str = ""
    email: str | None = None
    number: str | None = None
    person_id: int | None = None
    agency_id: int | None = None
    discipline: str | None = None
    starts_on: date | None = None
    license: Licensed | None = None

    @property
    def name_key(self) -> str:
        return name_key(self.name)


@dataclass(frozen=True, slots=True)
class AgencyBook:
    """The agencies that rows may name: by code, name or ORI. Two of one name are under neither."""

    by_key: Mapping[str, int | None]
    names: Mapping[int, str] = field(default_factory=dict)

    def find(self, text: str, aliases: Mapping[str, Sequence[str]]) -> int | None:
        for key in (agency_key(text), *(agency_key(one) for one in aliases.get(fold(text), ()))):
            found = self.by_key.get(key)
            if found is not None:
                return found
        return None

    def is_doubled(self, text: str) -> bool:
        return self.by_key.get(agency_key(text), 0) is None


@dataclass(frozen=True, slots=True)
class Plan:
    """How the rows of a file are read: which column is which, what values mean, and what stands where nothing does."""

    columns: Mapping[str, int]
    agencies: Mapping[str, int] = field(default_factory=dict)
    disciplines: Mapping[str, str] = field(default_factory=dict)
    default_agency_id: int | None = None
    default_discipline: str | None = None
    boards: Mapping[str, str] = field(default_factory=dict)
    default_board: str | None = None
    board_hint: str = ""
    """What the header of the license numbers says of their board."""
    aliases: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Read:
    """An entry with its trouble, if there is one, and the values (field, text) that nothing is known to mean."""

    entry: Entry
    trouble: Trouble | None = None
    unknown: tuple[tuple[str, str], ...] = ()
    remark: Trouble | None = None
    """What does not keep the row from coming in, and is to be said of it all the same."""


def agency_key(text: str) -> str:
    return fold(text)[:120]


def restored(cell: str) -> str:
    """A cell without the apostrophe that our own files put before what could be a formula."""
    if len(cell) > 1 and cell[0] == "'" and cell[1] in ("'", *FORMULA_STARTS):
        return cell[1:]
    return cell


def guarded(cell: str) -> str:
    """For our own files: an apostrophe of the text itself, where `restored` would take it for one of theirs."""
    return f"'{cell}" if cell.startswith("'") else cell


def read_entry(cells: Sequence[str], plan: Plan, book: AgencyBook, boards: BoardBook = NO_BOARDS) -> Read:
    """What a row says. The first trouble is told; there may be more."""

    def cell(name: str) -> str:
        at = plan.columns.get(name)
        text = cells[at].replace("\0", "").strip() if at is not None and at < len(cells) else ""
        return "" if "\ufffd" in text else restored(text)

    troubles: list[Trouble] = []
    if any("\0" in cell or "\ufffd" in cell for cell in cells):
        troubles.append(
            Trouble(N_("There are characters in this row that cannot be read. Type the row again, or save as UTF-8."))
        )
    email, number = _email(cell(c.EMAIL), troubles), _number(cell(c.STAFF_NUMBER), troubles)
    entry = Entry(_name(cell, troubles), email, number, _person_id(cell(c.PERSON_ID), troubles))
    agency_id, unknown_agency = _agency(cell(c.AGENCY), plan, book, troubles)
    discipline, unknown_discipline = _discipline(cell(c.DISCIPLINE), plan, troubles)
    starts_on = _starts_on(cell(c.STARTS_ON), troubles)
    licensed = read_license(cell, plan, boards)
    if licensed.trouble is not None:
        troubles.append(licensed.trouble)
    if not troubles and not (entry.email or entry.number or entry.person_id):
        troubles.append(
            Trouble(N_("Give an e-mail address or a staff id: by the name alone nobody can be found again."))
        )
    whole = replace(entry, agency_id=agency_id, discipline=discipline, starts_on=starts_on, license=licensed.license)
    unknown = tuple(one for one in (unknown_agency, unknown_discipline, licensed.unknown) if one is not None)
    return Read(whole, troubles[0] if troubles else None, unknown, licensed.remark)


def _name(cell: Any, troubles: list[Trouble]) -> str:
    first, last = cell(c.FIRST_NAME), cell(c.LAST_NAME)
    parts = [first, cell(c.MIDDLE_NAME), last] if first or last else [turned(cell(c.NAME))]
    name = clean_name(" ".join(part for part in parts if part))
    if not name:
        troubles.append(Trouble(N_("There is no name in this row. Fill it in.")))
    elif len(name) > LONGEST_NAME:
        troubles.append(Trouble(N_("This name is too long: at most %(most)s characters fit."), {"most": LONGEST_NAME}))
        name = name[:LONGEST_NAME]
    return name


def turned(text: str) -> str:
    """`Ruiz, Ana María` as it is spoken: `Ana María Ruiz`; `Ana Ruiz, RN` stays."""
    last, comma, first = text.partition(",")
    if not comma or not first.strip() or not last.strip():
        return text.replace(",", " ") if comma and (not first.strip() or not last.strip()) else text
    given, more, suffix = first.partition(",")
    if set(re.sub(r"[.,]", " ", fold(first)).split()) <= SUFFIXES:
        return text
    tail = f" {suffix.strip()}" if more and suffix.strip() else ""
    return f"{given.strip()} {last.strip()}{tail}"


def _email(text: str, troubles: list[Trouble]) -> str | None:
    if fold(text) in NOTHING:
        return None
    inner = re.search(r"<([^<>]*)>", text)
    email = clean_email((inner[1] if inner else text).removeprefix("mailto:").rstrip(";,. "))
    if not EMAIL.fullmatch(email) or len(email) > LONGEST_EMAIL or ".." in email:
        troubles.append(
            Trouble(N_("“%(text)s” is no e-mail address. Correct it, or leave the cell empty."), {"text": text[:80]})
        )
        return None
    return email


def _number(text: str, troubles: list[Trouble]) -> str | None:
    number = clean_name(text)
    if fold(number) in NOTHING:
        return None
    if len(number) > LONGEST_NUMBER:
        troubles.append(
            Trouble(N_("This staff id is too long: at most %(most)s characters fit."), {"most": LONGEST_NUMBER})
        )
        return None
    return number


def _person_id(text: str, troubles: list[Trouble]) -> int | None:
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) < 19:
        return int(text)
    troubles.append(
        Trouble(N_("“%(text)s” is no person id. Leave the cell empty for new people."), {"text": text[:80]})
    )
    return None


def _agency(
    text: str, plan: Plan, book: AgencyBook, troubles: list[Trouble]
) -> tuple[int | None, tuple[str, str] | None]:
    if not text:
        if plan.default_agency_id is None:
            troubles.append(
                Trouble(N_("There is no agency in this row. Fill it in, or choose one for the whole file."))
            )
        return plan.default_agency_id, None
    chosen = plan.agencies.get(agency_key(text))
    found = chosen or book.find(text, plan.aliases)
    if found is not None and found in book.names:
        return found, None
    if book.is_doubled(text):
        message = N_("Several agencies here are called “%(text)s”. Write the agency's code instead.")
    else:
        message = N_("There is no agency “%(text)s” here. Match this name to an agency, or add the agency first.")
    troubles.append(Trouble(message, {"text": text[:80]}))
    return None, (c.AGENCY, text)


def _discipline(text: str, plan: Plan, troubles: list[Trouble]) -> tuple[str | None, tuple[str, str] | None]:
    if text:
        found = plan.disciplines.get(professions.key_of(text)) or professions.guess_discipline(text)
        if found in DISCIPLINES:
            return found, None
    if plan.default_discipline is not None:
        return plan.default_discipline, (c.DISCIPLINE, text) if text else None
    if not text:
        message = N_("There is no discipline in this row. Fill it in, or choose one for the whole file.")
        troubles.append(Trouble(message))
        return None, None
    message = N_("It is not known which discipline “%(text)s” is. Match it to one.")
    troubles.append(Trouble(message, {"text": text[:80]}))
    return None, (c.DISCIPLINE, text)


def _starts_on(text: str, troubles: list[Trouble]) -> date | None:
    if fold(text) in NOTHING:
        return None
    try:
        return read_day(text)
    except (ValueError, OverflowError):
        message = N_("“%(text)s” is no day that can be read. Write it as 2026-03-14 or 3/14/2026.")
        troubles.append(Trouble(message, {"text": text[:80]}))
        return None
