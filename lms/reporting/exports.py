"""Reports as files: the same rows as on the page, streamed as CSV that a spreadsheet opens and never runs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence

BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel reads UTF-8 as Windows-1252 and spoils names."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""A text that begins so is run as a formula by spreadsheets; the wide forms too, in East Asian settings."""

LINES_PER_CHUNK = 200

Cell = str | int | None


def neutral(cell: Cell) -> Cell:
    """The cell as a spreadsheet may show it: a text that could be a formula gets an apostrophe before it."""
    if isinstance(cell, str) and cell.startswith(FORMULA_STARTS):
        return f"'{cell}"
    return cell


class _Line:
    """What csv.writer writes to: it keeps nothing, and hands each line on."""

    def write(self, line: str) -> str:
        return line


def csv_chunks(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The file in pieces: the head at once, then some hundred lines each, so that memory stays the same."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    yield (BYTE_ORDER_MARK + _line(writer, head)).encode()
    lines: list[str] = []
    for row in rows:
        lines.append(_line(writer, row))
        if len(lines) == LINES_PER_CHUNK:
            yield "".join(lines).encode()
            lines.clear()
    if lines:
        yield "".join(lines).encode()


def _line(writer: object, cells: Sequence[Cell]) -> str:
    text: str = writer.writerow([neutral(cell) for cell in cells])  # type: ignore[attr-defined]
    return text
