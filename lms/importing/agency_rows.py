"""The rows of a list of agencies, read out of a file: what each says, or what is wrong with it by itself."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from lms.counties import counties
from lms.errors import N_, Invalid, Sentence
from lms.people import agency_numbers
from lms.people.agencies import LONGEST_CODE, LONGEST_ORI
from lms.people.importing import agency_columns as columns
from lms.people.importing.tables import open_table
from lms.people.names import checked_name

MOST_ROWS = 5_000
MOST_BYTES = 5_000_000

NO_NAME = N_("There is no name. Write how the agency is called.")
NO_KIND = N_(
    "There is no kind. Write one of: state, district, school, hospital, clinic, police, sheriff, advocacy, other."
)
UNKNOWN_KIND = N_(
    "“%(text)s” is no kind of agency that is known here. Write one of: state, district, school, hospital, clinic, "
    "police, sheriff, advocacy, other."
)
UNKNOWN_COUNTY = N_(
    "“%(text)s” is the name of no county here, or of more than one. Write the FIPS code, such as 29019 for Boone."
)
LONG_CODE = N_("The code is too long: at most %(most)s characters fit.")
LONG_ORI = N_("This ORI is too long: at most %(most)s characters fit.")

Number = tuple[str, str, str]
"""Kind, whose id it is (for kinds that do not say it), and the id."""


@dataclass(frozen=True, slots=True)
class AgencyRow:
    """What a row says; `parent` as it stands there. `problem`: why it cannot be taken, whatever else there is."""

    line: int
    name: str
    kind: str = ""
    parent: str = ""
    county: str | None = None
    code: str | None = None
    ori: str | None = None
    numbers: tuple[Number, ...] = ()
    problem: Sentence | None = None


@dataclass(frozen=True, slots=True)
class AgencyTable:
    """A list as it was read, blank rows left out: only columns that are known, each row after its line. `unused` are
    headers that mean nothing here."""

    headers: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    unused: tuple[str, ...] = ()


def read_table(handle: IO[bytes]) -> AgencyTable:
    """Read a CSV or an Excel workbook. Raises Invalid, with what to do instead."""
    if handle.seek(0, 2) > MOST_BYTES:
        message = N_("This file is larger than %(most)s MB. Save only the list of agencies, as CSV.")
        raise Invalid(message, "file", most=MOST_BYTES // 1_000_000)
    table = open_table(handle, columns.count_known)
    if table.is_oneroster:
        raise Invalid(N_("This is a OneRoster zip. Save the list of agencies as CSV or as an Excel workbook."), "file")
    seen: dict[tuple[str, str], int] = {}
    for at, header in enumerate(table.headers):
        field = columns.field_of(header)
        if field is not None:
            seen.setdefault(field, at)
    for wanted, message in (
        (columns.NAME, N_("No column says how the agencies are called. Give that column the header “Name”.")),
        (columns.KIND, N_("No column says what kind of agencies they are. Give that column the header “Kind”.")),
    ):
        if (wanted, "") not in seen:
            raise Invalid(message, "file")
    rows = (
        (line, tuple(cells[at] for at in seen.values()))
        for line, cells in table.rows
        if not isinstance(cells, str) and any(cells[at] for at in seen.values())
    )
    taken = tuple(itertools.islice(rows, MOST_ROWS + 1))
    if len(taken) > MOST_ROWS:
        message = N_("This list has more than %(most)s rows. Part it into several files, those above first.")
        raise Invalid(message, "file", most=f"{MOST_ROWS:,}")
    if not taken:
        raise Invalid(N_("There is no agency in this file: nothing stands below its headers."), "file")
    unused = [header for at, header in enumerate(table.headers) if at not in seen.values()]
    return AgencyTable(tuple(table.headers[at] for at in seen.values()), taken, tuple(unused))


def rows_of(table: AgencyTable) -> list[AgencyRow]:
    """What the rows say."""
    fields = [columns.field_of(header) or ("", "") for header in table.headers]
    return [_row(line, cells, fields) for line, cells in table.rows]


def _row(line: int, cells: Sequence[str], fields: Sequence[tuple[str, str]]) -> AgencyRow:
    said = {field: cell.replace("\0", "") for field, cell in zip(fields, cells, strict=True) if cell}
    shown = said.get((columns.NAME, ""), "")[:200]
    try:
        return _checked(line, said)
    except Invalid as problem:
        return AgencyRow(line, shown, problem=Sentence(problem.message, problem.values))


def _checked(line: int, said: dict[tuple[str, str], str]) -> AgencyRow:
    """Raises Invalid with what is wrong."""
    name = checked_name(said.get((columns.NAME, ""), ""))
    if not name:
        raise Invalid(NO_NAME)
    kind_text = said.get((columns.KIND, ""), "")
    if not kind_text:
        raise Invalid(NO_KIND)
    kind = columns.kind_of(kind_text)
    if kind is None:
        raise Invalid(UNKNOWN_KIND, text=kind_text[:60])
    county_text = said.get((columns.COUNTY, ""), "")
    county = columns.county_of(county_text, counties()) if county_text else None
    if county_text and county is None:
        raise Invalid(UNKNOWN_COUNTY, text=county_text[:60])
    code = said.get((columns.CODE, ""))
    if code and len(code) > LONGEST_CODE:
        raise Invalid(LONG_CODE, most=LONGEST_CODE)
    ori = said.get((columns.ORI, ""), "").upper() or None
    if ori and len(ori) > LONGEST_ORI:
        raise Invalid(LONG_ORI, most=LONGEST_ORI)
    parent = said.get((columns.PARENT, ""), "")
    return AgencyRow(line, name, kind, parent, county, code, ori, _numbers(said, kind))


def _numbers(said: dict[tuple[str, str], str], kind: str) -> tuple[Number, ...]:
    """The outside ids of a row. Raises Invalid."""
    found: dict[tuple[str, str], str] = {}
    for (field, label), text in said.items():
        number_kind = field
        if field == columns.NCES:
            number_kind = "nces-district" if kind == "district" else "nces-school"
        if number_kind in agency_numbers.FORMS or number_kind in agency_numbers.WITH_LABEL:
            label = agency_numbers.checked_label(number_kind, label)
            found[number_kind, label] = agency_numbers.checked_value(number_kind, text)
    return tuple((number_kind, label, value) for (number_kind, label), value in found.items())
