"""From the text of a Markdown file to its lines, blocks and headings, in one pass."""

from __future__ import annotations

import re

from lms.courseware.checks.source import NOTE, REFERENCE, Block, Heading, Source
from lms.courseware.comments import parse_comment

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]|\Z)")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[([ xX])\][ \t]+)?")
_COMMENT = re.compile(r"[ \t>]*<!--(.*?)-->[ \t]*\Z")
_QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)+")
_AREAS = {"pool": "pool", "scenario": "scenario", "inject": "inject", "facilitator": "facilitator"}


def read_source(path: str, text: str) -> Source:
    """Never raises; takes time in proportion to the text."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").split("\n")
    source = Source(path, path.partition("/")[0], lines)
    _Walker(source).walk()
    return source


class _Walker:
    """Goes over the lines once; `block` is the one that is being gathered."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.block: Block | None = None
        self.area = "prose"
        self.section = 0
        self.fence = ""

    def walk(self) -> None:
        start = self._front_matter()
        hidden_until = 0
        for number in range(start, len(self.source.lines) + 1):
            text = self.source.lines[number - 1]
            if number <= hidden_until:
                continue
            if self._is_code(text):
                self.source.code_lines.add(number)
                self._close()
            elif not text.strip():
                self._close()
            elif "<!--" in text and (end := self._comment(text, number)):
                hidden_until = end
            elif match := _HEADING.match(text):
                self._heading(len(match[1]), text[match.end() :].strip().rstrip("#").strip(), number)
            else:
                self._words(text, number)
        self._close()

    def _front_matter(self) -> int:
        lines = self.source.lines
        if not lines or lines[0].rstrip() != "---":
            return 1
        for number, text in enumerate(lines[1:], 2):
            if text.rstrip() == "---":
                self.source.front = (2, number)
                return number + 1
        return 1

    def _is_code(self, text: str) -> bool:
        match = _FENCE.match(text)
        if self.fence:
            if match and match[1].startswith(self.fence) and not text.strip().strip(match[1][0]):
                self.fence = ""
            return True
        if match:
            self.fence = match[1]
            return True
        return False

    def _comment(self, text: str, number: int) -> int:
        """The last line of the hidden comment that begins here; 0 where there is none."""
        if not text.lstrip(" \t>").startswith("<!--"):
            return 0
        match = _COMMENT.match(text)
        content, end = (match[1], number) if match else self._long_comment(text, number)
        if not end:
            return 0
        if self.block is None or not text.startswith((" ", "\t")):
            self._close()
        comment = parse_comment(content, number)
        if comment is not None:
            self.source.comments.append(comment)
            self.area = _AREAS.get(comment.name, self.area)
        return end

    def _long_comment(self, text: str, number: int) -> tuple[str, int]:
        lines = self.source.lines[number - 1 : number + 49]
        for index, line in enumerate(lines):
            if line.rstrip().endswith("-->") and (index or "-->" in text):
                return " ".join(lines[: index + 1]).strip()[4:-3], number + index
        return "", 0

    def _heading(self, level: int, text: str, number: int) -> None:
        self._close()
        if level <= 2:
            self.area = "prose"
            self.section += 1
        self.source.headings.append(Heading(level, text, number, self.area))

    def _words(self, text: str, number: int) -> None:
        note, item = NOTE.match(text), _ITEM.match(text)
        if note:
            self._open("note", number)
            if self.block is not None:
                self.source.notes.setdefault(note[1], self.block)
            text = note[2]
        elif item:
            self._open("item", number)
            if self.block is not None:
                self.block.tick = item[1].lower() if item[1] else None
            text = text[item.end() :]
        elif text.lstrip().startswith(">"):
            if self.block is None or self.block.kind != "quote":
                self._open("quote", number)
            text = _QUOTE.sub("", text, count=1)
        elif text.lstrip().startswith("|"):
            if self.block is None or self.block.kind != "table":
                self._open("table", number)
        elif text.startswith(": "):
            self._open("definition", number)
            text = text[2:]
        elif self.block is None or self.block.kind == "table":
            self._open("paragraph", number)
        if self.block is not None:
            self.block.lines.append(text)
            if "[^" in text and self.block.kind != "note" and REFERENCE.search(text):
                self.source.section_sources.add(self.section)

    def _open(self, kind: str, number: int) -> None:
        self._close()
        self.block = Block(kind, number, self.area, self.section)

    def _close(self) -> None:
        if self.block is not None and self.block.lines:
            self.source.blocks.append(self.block)
        self.block = None
