"""One Markdown file as lines, blocks, headings and links: as much structure as a look at words and sources needs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lms.courseware.comments import Comment, parse_comment
from lms.courseware.words import Slugs

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}(#{1,6})(?:[ \t]|\Z)")
_NOTE = re.compile(r" {0,3}\[\^([^\]\s]{1,80})\]:[ \t]*(.*)\Z")
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[([ xX])\][ \t]+)?")
_COMMENT = re.compile(r"[ \t>]*<!--(.*?)-->[ \t]*\Z")
_QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)+")
_ALERT = re.compile(r"\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*", re.I)
_CODE = re.compile(r"(`{1,3})(?!`)[^`]{1,500}\1(?!`)")
_IMAGE = re.compile(
    r"!\[([^\[\]]{0,500})\]\(\s{0,9}<?([^\s()<>]{0,500})>?(?:\s{1,9}[\"'][^\"'\n]{0,300}[\"'])?\s{0,9}\)"
)
_LINK = re.compile(
    r"(?<!!)\[([^\[\]]{0,500})\]\(\s{0,9}<?([^\s()<>]{0,500})>?(?:\s{1,9}[\"'][^\"'\n]{0,300}[\"'])?\s{0,9}\)"
)
_REFERENCE = re.compile(r"\[\^([^\]\s]{1,80})\]")
_MARKS = re.compile(r"\*{1,3}|(?<!\w)_{1,3}|_{1,3}(?!\w)|~~")
_AREAS = {"pool": "pool", "scenario": "scenario", "inject": "inject", "facilitator": "facilitator"}


@dataclass(frozen=True, slots=True)
class Heading:
    level: int
    text: str
    line: int
    area: str = "prose"


@dataclass(frozen=True, slots=True)
class Link:
    """`is_image` for what a page shows by itself."""

    text: str
    href: str
    line: int
    is_image: bool = False


@dataclass
class Block:
    """A paragraph, list item, quote, table, definition or source. `area` is the kind of section that it stands in."""

    kind: str
    line: int
    area: str
    section: int
    """The number of the H2 section that it stands in, from 0."""
    lines: list[str] = field(default_factory=list)
    tick: str | None = None
    """ "x" or " " for an option with a box."""

    @cached_property
    def raw(self) -> str:
        return "\n".join(self.lines)

    @cached_property
    def plain(self) -> str:
        """The words alone, in one line."""
        return plain_words(self.raw)

    @cached_property
    def has_source(self) -> bool:
        return _REFERENCE.search(self.raw) is not None

    def line_at(self, words: str) -> int:
        """The line on which these words begin, as near as can be told."""
        first = words.split()[0] if words.split() else words
        return next((self.line + index for index, text in enumerate(self.lines) if words in text), None) or next(
            (self.line + index for index, text in enumerate(self.lines) if first in text), self.line
        )


def plain_words(raw: str) -> str:
    """Markdown text without marks, addresses, sources and code."""
    text = _REFERENCE.sub("", _ALERT.sub("", raw))
    text = _LINK.sub(r"\1", _IMAGE.sub(" ", text))
    return " ".join(_MARKS.sub("", text.replace("`", "")).split())


@dataclass
class Source:
    """What `read_source` found. Lines count from 1."""

    path: str
    language: str
    lines: list[str]
    front: tuple[int, int] = (0, 0)
    """First line after the opening `---` and the line of the closing one; (0, 0) where there is none."""
    blocks: list[Block] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    comments: list[Comment] = field(default_factory=list)
    notes: dict[str, Block] = field(default_factory=dict)
    code_lines: set[int] = field(default_factory=set)
    section_sources: set[int] = field(default_factory=set)

    @property
    def stem(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def is_module(self) -> bool:
        return self.path.endswith(".md") and self.stem not in {"course.md", "glossary.md"}

    def text_lines(self) -> Iterator[tuple[int, str]]:
        """Every line of the body outside code, inline code left out."""
        for number, text in enumerate(self.lines, 1):
            if number > self.front[1] and number not in self.code_lines:
                yield number, _CODE.sub(" ", text) if "`" in text else text

    @cached_property
    def links(self) -> list[Link]:
        found: list[Link] = []
        for number, text in self.text_lines():
            if "](" not in text:
                continue
            if "![" in text:
                found += [Link(m[1].strip(), m[2], number, True) for m in _IMAGE.finditer(text)]
                text = _IMAGE.sub(lambda m: m[1].replace("[", "").replace("]", "") or "image", text)
            found += [Link(m[1].strip(), m[2], number) for m in _LINK.finditer(text)]
        return found

    @cached_property
    def slugs(self) -> frozenset[str]:
        slugs = Slugs()
        return frozenset(slugs.take(plain_words(heading.text)) for heading in self.headings)

    @cached_property
    def references(self) -> dict[str, int]:
        """Label of each source that the text refers to → the first line that does."""
        found: dict[str, int] = {}
        for number, text in self.text_lines():
            if "[^" in text and not _NOTE.match(text):
                for match in _REFERENCE.finditer(text):
                    found.setdefault(match[1], number)
        return found

    @cached_property
    def allowed(self) -> dict[int, set[str]]:
        """Line → codes of warnings that the author has answered there.

        `<!-- allow: W010; because: the module is about this word -->` speaks for itself and for the block or heading
        after it. Without a reason it allows nothing; errors cannot be allowed.
        """
        allowed: dict[int, set[str]] = {}
        for comment in self.comments:
            if comment.name != "allow" or not comment.values.get("because"):
                continue
            allowed.setdefault(comment.line, set()).add("X001")
            codes = set(re.findall(r"[A-Z]+\d{3}", comment.values["allow"]))
            starts = [(b.line, len(b.lines)) for b in self.blocks if b.line > comment.line]
            starts += [(h.line, 1) for h in self.headings if h.line > comment.line]
            first, length = min(starts, default=(comment.line, 1))
            for line in range(first, first + length):
                allowed.setdefault(line, set()).update(codes)
        return allowed

    def has_introduction_with_source(self, index: int) -> bool:
        """Whether the paragraph that introduces the list of block `index` names a source."""
        for block in reversed(self.blocks[:index]):
            if block.kind != "item":
                return block.kind == "paragraph" and block.raw.rstrip().endswith(":") and block.has_source
            if block.section != self.blocks[index].section:
                break
        return False


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
        note, item = _NOTE.match(text), _ITEM.match(text)
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
            if "[^" in text and self.block.kind != "note" and _REFERENCE.search(text):
                self.source.section_sources.add(self.section)

    def _open(self, kind: str, number: int) -> None:
        self._close()
        self.block = Block(kind, number, self.area, self.section)

    def _close(self) -> None:
        if self.block is not None and self.block.lines:
            self.source.blocks.append(self.block)
        self.block = None


def is_delimiter(text: str) -> bool:
    """Whether the line is the one below a table's header."""
    return "-" in text and "|" in text and not text.strip("|-: \t>")
