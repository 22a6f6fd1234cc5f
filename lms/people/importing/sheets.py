"""Excel workbooks as rows of texts; no database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import IO, Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from lms.errors import N_, Invalid
from lms.people.importing.columns import count_known
from lms.people.importing.text_files import Row
from lms.people.importing.unpacking import NOT_WHOLE

ROWS_LOOKED_AT = 30


def open_sheet(handle: IO[bytes], count: Callable[[Sequence[str]], int] = count_known) -> CalamineSheet:
    """The sheet with the list: of those that are shown the one with the best headers, as `count` knows them. Raises
    Invalid."""
    handle.seek(0)
    try:
        book = CalamineWorkbook.from_filelike(handle)
        shown = [
            one.name
            for one in book.sheets_metadata
            if one.visible == SheetVisibleEnum.Visible and one.typ == SheetTypeEnum.WorkSheet
        ]
        best: CalamineSheet | None = None
        most = -1
        for name in shown:
            sheet = book.get_sheet_by_name(name)
            head = sheet.to_python(skip_empty_area=False, nrows=ROWS_LOOKED_AT)
            known = max((count([text_of(cell) for cell in row]) for row in head), default=-1)
            if sheet.height and known > most:
                best, most = sheet, known
    except PasswordError as error:
        raise Invalid(N_("This file is locked with a password. Save it without one."), "file") from error
    except (CalamineError, OSError, ValueError) as error:
        raise Invalid(NOT_WHOLE, "file") from error
    if best is None:
        raise Invalid(N_("There is nothing in this workbook."), "file")
    return best


def read_sheet(sheet: CalamineSheet) -> Iterator[Row]:
    """Every row from the first of the sheet to the last that has something in it, with its number there.

    Of cells merged downwards each holds the text: one school written once beside all of its staff. Of others only the
    first does, as everywhere: those are titles.
    """
    begun = _merged_downwards(sheet)
    open_cells: dict[int, tuple[int, str]] = {}
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [text_of(cell) for cell in row]
        for column, (last, text) in list(open_cells.items()):
            if number > last:
                del open_cells[column]
            elif column < len(cells):
                cells[column] = cells[column] or text
        for column, last in begun.get(number, ()):
            if column < len(cells):
                open_cells[column] = (last, cells[column])
        yield number, cells


def _merged_downwards(sheet: CalamineSheet) -> dict[int, list[tuple[int, int]]]:
    """By the number of the first row: the columns of which cells are merged, and the number of the last row."""
    found: dict[int, list[tuple[int, int]]] = {}
    for (first, left), (last, right) in sheet.merged_cell_ranges or ():
        if left == right and last > first:
            found.setdefault(first + 1, []).append((left, last + 1))
    return found


def text_of(cell: Any) -> str:
    """A cell as somebody sees it: 1001 and not 1001.0, a day without its midnight."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
