"""Archives that came from outside: looked at before anything unpacks them; no database."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass
from typing import IO

from lms.errors import N_, Invalid

MOST_BYTES = 50_000_000
"""Of a file as it is uploaded. A list of 100,000 people takes about 10 MB."""

MOST_UNPACKED = 400_000_000
MOST_MEMBERS = 2_000
MOST_CELLS = 20_000_000
"""Between the first and the last cell of a sheet: what lies between them is held in memory, empty or not."""

PIECE = 1_000_000
ATTRIBUTES = rb"""(?:[^<>"']|"[^"<]*"|'[^'<]*')*?"""
TAG = rb"<(?:[\w.-]+:)?"
PLACE = re.compile(TAG + rb"(c|row)\s" + ATTRIBUTES + rb"""\br\s*=\s*["']([A-Za-z]{0,3})(\d{1,7})["']""")
"""Where a cell or a row says that it stands: with either quotation mark, with and without a prefix, as XML allows."""

UNPLACED = re.compile(TAG + rb"c(?=[\s/>])(?!" + ATTRIBUTES + rb"\br\s*=)")
"""A cell that does not say where it stands, and so stands in the row that was named last."""

WIDE = (b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")
"""How parts in UTF-16 begin: spreadsheets write UTF-8, and in another encoding nothing could be counted."""

NOT_WHOLE = N_("This file is damaged or not complete. Save it again in your spreadsheet, and upload it once more.")
TOO_LARGE = N_("Unpacked this file would be larger than %(most)s MB. Save only the list of people, as CSV.")
TOO_WIDE = N_(
    "The cells of this sheet lie too far apart: one is in %(cell)s. Copy only the list of people to a new sheet."
)


def look_through(handle: IO[bytes], *, is_sheet: bool) -> zipfile.ZipFile:
    """Read an archive once, without keeping anything, and count. Raises Invalid for what must not be unpacked.

    The sizes that an archive states may lie: zipfile stops at them, and then the checksum is wrong.
    """
    try:
        archive = zipfile.ZipFile(handle)
        members = archive.infolist()
        if len(members) > MOST_MEMBERS or sum(one.file_size for one in members) > MOST_UNPACKED:
            raise Invalid(TOO_LARGE, "file", most=MOST_UNPACKED // 1_000_000)
        for member in members:
            if member.flag_bits & 1:
                raise Invalid(N_("This file is locked with a password. Save it without one."), "file")
            with archive.open(member) as content:
                _read_through(content, is_sheet)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise Invalid(NOT_WHOLE, "file") from error
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise Invalid(NOT_WHOLE, "file") from error
        raise
    return archive


def _read_through(content: IO[bytes], is_sheet: bool) -> None:
    """Any part of a workbook may be a sheet: which ones are, the workbook says, and it may say anything."""
    extent, rest = _Extent(), b""
    while piece := content.read(PIECE):
        if not is_sheet:
            continue
        if not rest and piece.startswith(WIDE):
            raise Invalid(NOT_WHOLE, "file")
        text = rest + piece
        extent.take_in(text)
        rest = text[text.rfind(b"<") :] if b"<" in text else b" "
        if len(rest) > PIECE:
            raise Invalid(NOT_WHOLE, "file")


@dataclass(slots=True)
class _Extent:
    """From the first cell to the last. Rows without cells count only where cells do not say where they stand: sheets
    are often formatted down to their last row."""

    width: int = 1
    cell_row: int = 1
    named_row: int = 1
    has_unplaced: bool = False

    def take_in(self, text: bytes) -> None:
        for tag, column, row in PLACE.findall(text):
            self.width = max(self.width, _number(column.upper()))
            if tag == b"c":
                self.cell_row = max(self.cell_row, int(row))
            else:
                self.named_row = max(self.named_row, int(row))
        self.has_unplaced = self.has_unplaced or UNPLACED.search(text) is not None
        height = max(self.cell_row, self.named_row) if self.has_unplaced else self.cell_row
        if self.width * height > MOST_CELLS:
            raise Invalid(TOO_WIDE, "file", cell=f"{_letters(self.width)}{height}")


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _letters(number: int) -> str:
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text
