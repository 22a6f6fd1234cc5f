"""A record as a row of headings, paragraphs and tables, cut into pieces that are drawn one at a time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date

from lms.records import wording

PIECE_WEIGHT = 250
"""About so many lines are laid out at a time: some ten pages, a second's work."""

ROWS_TOGETHER = 60
LETTERS_IN_A_LINE = 90

Rows = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Block:
    """One of: `h1` … `h5` and `p` with a text; `facts` with rows of (term, value); `table` with heads and rows.

    The first cell of each row is its heading.
    """

    kind: str
    text: str = ""
    heads: tuple[str, ...] = ()
    rows: Rows = ()

    @property
    def weight(self) -> int:
        """About how many lines it takes."""
        cells = [max((_lines(cell, 30) for cell in row), default=1) for row in self.rows]
        return 1 + _lines(self.text, LETTERS_IN_A_LINE) + sum(cells) + bool(self.heads)


def _lines(text: str, letters: int) -> int:
    return 1 + len(text) // letters


def pieces(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    """The blocks in pieces of bounded size; no piece ends with a heading."""
    piece: list[Block] = []
    weight = 0
    for block in blocks:
        opens = block.kind in ("h2", "h3", "h4", "h5")
        if piece and weight + block.weight > PIECE_WEIGHT and (opens or weight > PIECE_WEIGHT):
            rest: list[Block] = []
            while piece and piece[-1].kind.startswith("h"):
                rest.insert(0, piece.pop())
            if piece:
                yield piece
            piece, weight = rest, sum(one.weight for one in rest)
        piece.append(block)
        weight += block.weight
    if piece:
        yield piece


class Writer:
    """Writes a record's blocks in one language, with moments in UTC and in the site's time."""

    def __init__(self, record: Mapping[str, Any], language: str) -> None:
        self.record = record
        self.language = language if language in wording.WORDS else "en"
        self.zone = ZoneInfo(record["site"]["time_zone"])

    def word(self, key: str, **values: Any) -> str:
        return wording.word(self.language, key, **values)

    def at(self, moment: str | None, otherwise: str = "–") -> str:
        """2026-03-14 17:00:00 UTC (2026-03-14 12:00:00 CDT); empty ones as `otherwise`."""
        if moment is None:
            return otherwise
        utc = datetime.fromisoformat(moment).astimezone(UTC)
        local = utc.astimezone(self.zone)
        return f"{utc:%Y-%m-%d %H:%M:%S} UTC ({local:%Y-%m-%d %H:%M:%S %Z})"

    def day(self, day: str | None, otherwise: str = "–") -> str:
        if day is None:
            return otherwise
        return str(format_date(date.fromisoformat(day), "long", locale=f"{self.language}_US"))

    def facts(self, *pairs: tuple[str, str | None]) -> Block:
        """Terms by their key in the words; what is None is left out."""
        return Block("facts", rows=tuple((self.word(key), value) for key, value in pairs if value is not None))

    def tables(self, caption: str, heads: tuple[str, ...], rows: Rows) -> Iterator[Block]:
        """A table, in several where it is long; each with its heads."""
        names = tuple(self.word(head) for head in heads)
        for start in range(0, len(rows), ROWS_TOGETHER):
            yield Block("table", self.word(caption) if caption else "", names, rows[start : start + ROWS_TOGETHER])
