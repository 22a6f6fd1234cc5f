"""One Markdown file as lines, blocks, headings and links: as much structure as a look at words and sources needs."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from lms.courseware.comments import Comment
from lms.courseware.words import Slugs

NOTE = re.compile(r" {0,3}\[\^([^\]\s]{1,80})\]:[ \t]*(.*)\Z")
_ALERT = re.compile(r"\[!(?:NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*", re.I)
_CODE = re.compile(r"(`{1,3})(?!`)[^`]{1,500}\1(?!`)")
_IMAGE = re.compile(
    r"!\[([^\[\]]{0,500})\]\(\s{0,9}<?([^\s()<>]{0,500})>?(?:\s{1,9}[\"'][^\"'\n]{0,300}[\"'])?\s{0,9}\)"
)
_LINK = re.compile(
    r"(?<!!)\[([^\[\]]{0,500})\]\(\s{0,9}<?([^\s()<>]{0,500})>?(?:\s{1,9}[\"'][^\"'\n]{0,300}[\"'])?\s{0,9}\)"
)
REFERENCE = re.compile(r"\[\^([^\]\s]{1,80})\]")
_MARKS = re.compile(r"\*{1,3}|(?<!\w)_{1,3}|_{1,3}(?!\w)|~~")


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
        return REFERENCE.search(self.raw) is not None

    def line_at(self, words: str) -> int:
        """The line on which these words begin, as near as can be told."""
        first = words.split()[0] if words.split() else words
        return next((self.line + index for index, text in enumerate(self.lines) if words in text), None) or next(
            (self.line + index for index, text in enumerate(self.lines) if first in text), self.line
        )


def plain_words(raw: str) -> str:
    """Markdown text without marks, addresses, sources and code."""
    text = REFERENCE.sub("", _ALERT.sub("", raw))
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
            if "[^" in text and not NOTE.match(text):
                for match in REFERENCE.finditer(text):
                    found.setdefault(match[1], number)
        return found

    @cached_property
    def allowed(self) -> dict[int, dict[str, str]]:
        """Line → code of a warning that the author has answered there → the author's reason.

        `<!-- allow: W010; because: the module is about this word -->` speaks for the block or heading after it.
        What is wrong with such a line is for `allowances.py` to say; errors cannot be allowed.
        """
        allowed: dict[int, dict[str, str]] = {}
        starts = sorted([*((b.line, len(b.lines)) for b in self.blocks), *((h.line, 1) for h in self.headings)])
        for comment in self.comments:
            reason = comment.values.get("because", "")
            if comment.name != "allow" or not reason:
                continue
            after = bisect_right(starts, (comment.line, 1 << 30))
            first, length = starts[after] if after < len(starts) else (comment.line, 1)
            for line in range(first, first + length):
                allowed.setdefault(line, {}).update(dict.fromkeys(codes_of(comment), reason))
        return allowed

    @cached_property
    def introduced_with_source(self) -> frozenset[int]:
        """The places in `blocks` of list items whose list is introduced by a paragraph that names a source."""
        found: set[int] = set()
        section = -1
        for index, block in enumerate(self.blocks):
            if block.kind != "item":
                section = block.section if block.has_source and block.plain.endswith(":") else -1
            elif block.section == section:
                found.add(index)
        return frozenset(found)


def codes_of(comment: Comment) -> list[str]:
    """The codes that an `allow` line names, parted by commas or spaces."""
    return comment.values["allow"].replace(",", " ").split()


def is_delimiter(text: str) -> bool:
    """Whether the line is the one below a table's header."""
    return "-" in text and "|" in text and not text.strip("|-: \t>")
