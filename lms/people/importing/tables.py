"""A staff list opened, whatever it is: CSV, an Excel workbook, or the zip of OneRoster; no database."""

from __future__ import annotations

import itertools
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO

from lms.errors import N_, Invalid
from lms.people.importing import oneroster
from lms.people.importing.columns import count_known, is_secret
from lms.people.importing.sheets import open_sheet, read_sheet
from lms.people.importing.text_files import NO_TABLE, find_delimiter, find_encoding, read_text, sample_of
from lms.people.importing.unpacking import look_through

LOOKED_AT = 40
"""The row of headers is looked for among so many: above it stand titles, dates and logos."""

MOST_COLUMNS = 300
MOST_CELL = 2_000
"""Characters; what is longer is no name and no address."""

BLANK, HEADING = "blank", "heading"

OLD_EXCEL = b"\xd0\xcf\x11\xe0"
ZIP = b"PK\x03\x04"
DOCUMENTS = (b"%PDF", b"{\\rtf", b"\x89PNG", b"\xff\xd8\xff")

Count = Callable[[Sequence[str]], int]

ReadRow = tuple[int, list[str] | str]
"""The line, and its cells; or, in one word, why it is none to import."""


@dataclass(frozen=True, slots=True)
class Table:
    """`rows` come after the headers, once. `facts` say how it was read: format, encoding, delimiter, sheet."""

    headers: tuple[str, ...]
    header_line: int
    rows: Iterator[ReadRow]
    sample: tuple[tuple[str, ...], ...]
    facts: Mapping[str, str] = field(default_factory=dict)
    aliases: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Further ids of the agencies that the file names."""

    @property
    def is_oneroster(self) -> bool:
        return self.facts.get("format") == "oneroster"


def open_table(handle: IO[bytes], count: Count = count_known) -> Table:
    """The list in a file; `count` says how many of some texts are headers of such a list. Raises Invalid, with what to
    do instead."""
    handle.seek(0)
    start = handle.read(8)
    if not start:
        raise Invalid(N_("This file is empty."), "file")
    if start.startswith(ZIP):
        return _open_archive(handle, count)
    if start.startswith(OLD_EXCEL):
        sheet = open_sheet(handle, count)
        return _from_rows(read_sheet(sheet), {"format": "xls", "sheet": sheet.name}, count)
    if start.startswith(DOCUMENTS):
        raise Invalid(NO_TABLE, "file")
    encoding = find_encoding(handle)
    delimiter = find_delimiter(sample_of(handle, encoding))
    rows = read_text(handle, encoding, delimiter)
    return _from_rows(rows, {"format": "csv", "encoding": encoding, "delimiter": delimiter}, count)


def _open_archive(handle: IO[bytes], count: Count) -> Table:
    names = _names_in(handle)
    if "xl/workbook.xml" in names:
        look_through(handle, is_sheet=True)
        sheet = open_sheet(handle, count)
        return _from_rows(read_sheet(sheet), {"format": "xlsx", "sheet": sheet.name}, count)
    if any(name.rpartition("/")[2] == "users.csv" for name in names):
        archive = look_through(handle, is_sheet=False)
        roster = oneroster.open_roster(archive)
        rows, sample = _with_sample(roster.rows)
        facts = {"format": "oneroster", "version": roster.version}
        return Table(oneroster.HEAD, 1, _cleaned(rows, oneroster.HEAD), sample, facts, roster.aliases)
    raise Invalid(NO_TABLE, "file")


def _names_in(handle: IO[bytes]) -> set[str]:
    try:
        return set(zipfile.ZipFile(handle).namelist())
    except (zipfile.BadZipFile, OSError, ValueError):
        return set()


def _from_rows(rows: Iterable[tuple[int, list[str]]], facts: Mapping[str, str], count: Count) -> Table:
    """The same with the row of headers found and taken off. Raises Invalid where there is nothing."""
    coming = iter(rows)
    first = list(itertools.islice(coming, LOOKED_AT))
    at = _find_headers([row for _line, row in first], count)
    if at is None:
        raise Invalid(N_("There is nothing in this file."), "file")
    line, headers = first[at]
    if _is_data(headers, count):
        # Then nothing says that a row above is none of the list.
        line, headers, below = 0, [column_name(number) for number in range(len(headers))], first
    else:
        below = first[at + 1 :]
    head = tuple(" ".join(header.replace("\0", "").split())[:200] for header in headers[:MOST_COLUMNS])
    head = tuple(header or column_name(number) for number, header in enumerate(head))
    sample = tuple(tuple(row[:MOST_COLUMNS]) for _line, row in below if any(cell.strip() for cell in row))
    return Table(head, line, _cleaned(itertools.chain(below, coming), head), sample[:LOOKED_AT], facts)


def _find_headers(rows: Sequence[Sequence[str]], count: Count) -> int | None:
    """The row with most headers that are known; else the first of those with most cells. None: all is blank.

    One word alone makes no row of headers out of a row below others that are as full: somebody's place may be called
    Hospital. A row with an address is somebody's.
    """
    known = [0 if any("@" in cell for cell in row) else count(row) for row in rows]
    filled = [sum(1 for cell in row if cell.strip()) for row in rows]
    most, widest = max(known, default=0), max(filled, default=0)
    first_wide = filled.index(widest) if widest else None
    if most > 1 or (most and (first_wide is None or known.index(most) <= first_wide)):
        return known.index(most)
    return first_wide


def _is_data(headers: Sequence[str], count: Count) -> bool:
    """Whether the row found is no row of headers: a list that begins with its first person."""
    return count(headers) == 0 and any("@" in header or header.strip().isdigit() for header in headers)


def column_name(number: int) -> str:
    """A column without a header, as a spreadsheet calls it: `Column A`."""
    text, number = "", number + 1
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return f"Column {text}"


def _with_sample(rows: Iterator[ReadRow]) -> tuple[Iterator[ReadRow], tuple[tuple[str, ...], ...]]:
    first = list(itertools.islice(rows, LOOKED_AT))
    sample = tuple(tuple(cells) for _line, cells in first if not isinstance(cells, str))
    return itertools.chain(first, rows), sample


def _cleaned(rows: Iterable[ReadRow], headers: Sequence[str]) -> Iterator[ReadRow]:
    """Rows as wide as the headers, cells without spaces around, secrets forgotten; blank rows and headers that come
    again are named as such, so that they are counted."""
    width, secret = len(headers), [at for at, header in enumerate(headers) if is_secret(header)]
    again = [header.strip() for header in headers]
    for line, cells in rows:
        if isinstance(cells, str):
            yield line, cells
            continue
        row = [" ".join(cell[:MOST_CELL].split()) for cell in cells[:width]]
        row += [""] * (width - len(row))
        if not any(row):
            yield line, BLANK
            continue
        if row == again:
            yield line, HEADING
            continue
        for at in secret:
            row[at] = ""
        yield line, row
