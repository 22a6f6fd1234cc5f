"""CSV of any delimiter and encoding as rows of texts, one line after the other; no database."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from charset_normalizer import from_bytes

from lms.errors import N_, Invalid

Row = tuple[int, list[str]]
"""The line on which a row begins, and its cells."""

SAMPLE = 262_144
DELIMITERS = (",", ";", "\t", "|")
OLD_ENCODINGS = ["cp1252", "mac_roman", "cp850"]
"""What spreadsheets wrote before UTF-8: Windows, Mac, DOS."""

MOST_LINES = 200
"""Of one row: no note in a cell is so long."""

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

NO_TABLE = N_("This is no table that can be read here. Save it as CSV or as an Excel workbook (.xlsx).")
OPEN_QUOTE = N_(
    "From line %(line)s on this cannot be read as a table: a quotation mark is never closed, or a cell is endless. "
    "Correct that line, then upload the file again."
)


def find_encoding(handle: IO[bytes]) -> str:
    """How a text is written, looked at from the beginning to the end: one accent on the last line decides too.

    Raises Invalid for what is no text.
    """
    handle.seek(0)
    sample = handle.read(SAMPLE)
    for mark, name in BOMS:
        if sample.startswith(mark):
            return name
    if sample.count(0) > len(sample) / 5:
        return "utf-16-le" if sample[1::2].count(0) > sample[::2].count(0) else "utf-16-be"
    if sum(1 for byte in sample if byte < 32 and byte not in (0, 9, 10, 11, 12, 13)) > len(sample) / 50:
        raise Invalid(NO_TABLE, "file")
    foreign = _foreign_lines(handle)
    if foreign is None:
        return "utf-8"
    found = from_bytes(foreign, cp_isolation=OLD_ENCODINGS).best()
    return found.encoding if found else "cp1252"


def _foreign_lines(handle: IO[bytes]) -> bytes | None:
    """Lines that are not plain ASCII, so far as they are needed to tell the encoding; None where all is UTF-8."""
    handle.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    is_utf8, kept = True, bytearray()
    while piece := handle.read(SAMPLE):
        if is_utf8:
            try:
                decoder.decode(piece)
            except UnicodeDecodeError:
                is_utf8 = False
        if len(kept) < SAMPLE and not piece.isascii():
            kept += b"\n".join(line for line in piece.split(b"\n") if not line.isascii())
    if is_utf8:
        try:
            decoder.decode(b"", final=True)
            return None
        except UnicodeDecodeError:
            pass
    return bytes(kept[:SAMPLE])


def find_delimiter(text: str) -> str:
    """What parts the cells: the mark that cuts the first lines into the most columns, the same number each."""
    first = text.split("\n", 1)[0].strip().lower()
    if first.startswith("sep=") and len(first) == 5 and first[4] in ",;|":
        return first[4]
    best, most = ",", 0.0
    lines = text.splitlines(keepends=True)
    for mark in DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(lines[:200], delimiter=mark) if any(cell.strip() for cell in row)]
        except csv.Error:
            continue
        common = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        score = (common - 1) * (widths.count(common) / max(len(widths), 1)) + sum(widths) / 1e6
        if common > 1 and score > most:
            best, most = mark, score
    return best


def read_text(handle: IO[bytes], encoding: str, delimiter: str) -> Iterator[Row]:
    """Every row with the line on which it begins, blank ones too. Raises Invalid where it breaks off, or where a cell
    has swallowed the rows below it."""
    handle.seek(0)
    text = io.TextIOWrapper(_Unclosed(handle), encoding=encoding, errors="replace", newline="")
    lines = _Lines(text)
    reader, line, width = csv.reader(lines, delimiter=delimiter), 1, 1
    try:
        for row in reader:
            raw = lines.taken()
            if len(raw) > 1 and _has_swallowed(raw, delimiter, width):
                raise Invalid(OPEN_QUOTE, "file", line=line)
            is_hint = line == 1 and len(row) <= 2 and row and row[0].strip().lower().startswith("sep=")
            if not is_hint:
                yield line, row
            width = max(width, len(row)) if len(raw) == 1 else width
            line = reader.line_num + 1
    except csv.Error as error:
        raise Invalid(OPEN_QUOTE, "file", line=line) from error
    finally:
        text.detach()


class _Lines:
    """Lines on their way to a reader, remembered until it has made a row of them."""

    def __init__(self, text: Iterable[str]) -> None:
        self._text = iter(text)
        self._taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = next(self._text)
        if len(self._taken) < MOST_LINES:
            self._taken.append(line)
        return line

    def taken(self) -> list[str]:
        found, self._taken = self._taken, []
        return found


def _has_swallowed(raw: Sequence[str], delimiter: str, width: int) -> bool:
    """Whether a row of several lines is no row: its last quotation mark is missing, or further rows lie within it.

    An address or a note may take some lines; it is not cut into as many cells as the rows above, line after line.
    """
    if sum(line.count('"') for line in raw) % 2 or len(raw) >= MOST_LINES:
        return True
    like_rows = [line for line in raw[1:] if width > 1 and line.count(delimiter) >= width - 1]
    return raw[0].count(delimiter) >= width - 1 and bool(like_rows) and width > 2


def sample_of(handle: IO[bytes], encoding: str) -> str:
    """The beginning as text, whole lines only."""
    handle.seek(0)
    text = handle.read(SAMPLE).decode(encoding, errors="replace").lstrip("\ufeff")
    return text if len(text) < SAMPLE // 8 else text.rpartition("\n")[0] or text


class _Unclosed(io.BufferedReader):
    """A reader over a file that stays open when the reader goes."""

    def __init__(self, handle: IO[bytes]) -> None:
        super().__init__(_Raw(handle))


class _Raw(io.RawIOBase):
    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._handle.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)
