"""One Markdown file, parsed once: its blocks with their lines, ready to be read into sections and questions."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from markdown_it.token import Token

from lms.courseware.budget import DEEPEST_NESTING, TOO_DEEP, refusal
from lms.courseware.comments import Comment, parse_comment
from lms.courseware.course import Problem
from lms.courseware.links import Place
from lms.courseware.markdown import PARSER, Env, safe_html
from lms.courseware.settle import Settler

MOST_PROBLEMS = 300
"""Of one file; how many more there are is said at the end."""


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, heading, list, table, quote, alert or comment with all that is inside it; lines count from 1."""

    type: str
    tokens: tuple[Token, ...]
    line: int
    end: int
    """The line after the block's last."""

    @property
    def inner(self) -> tuple[Token, ...]:
        return self.tokens[1:-1]

    @property
    def level(self) -> int:
        """1 for H1 … 6 for H6; 0 where the block is no heading."""
        return int(self.tokens[0].tag[1]) if self.type == "heading" else 0

    @property
    def alert_kind(self) -> str:
        return str(self.tokens[0].meta.get("kind", "")) if self.type == "alert" else ""


def split_blocks(tokens: Sequence[Token], line: int = 1) -> list[Block]:
    """The blocks that stand side by side in these tokens."""
    blocks: list[Block] = []
    depth = start = 0
    for index, token in enumerate(tokens):
        if depth == 0:
            start = index
        depth += token.nesting
        if depth == 0:
            group = tuple(tokens[start : index + 1])
            first = next((t.map for t in group if t.map), None)
            begin, end = (first[0] + 1, first[1] + 1) if first else (line, line)
            blocks.append(Block(group[0].type.removesuffix("_open"), group, begin, end))
            line = begin
    return blocks


@dataclass
class Document:
    """A parsed file. `problems` collects what is found while it is read."""

    path: str
    language: str
    text: str
    lines: list[str] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    env: Env = field(default_factory=dict)
    front_matter: Block | None = None
    notes: Block | None = None
    used_comments: set[int] = field(default_factory=set)
    definition_lines: set[int] = field(default_factory=set)
    """The lines where sources and link references are defined."""

    @staticmethod
    def place_of(href: str) -> str:
        """The id that a link inside this file leads to."""
        return unquote(href.removeprefix("#"))

    def report(self, line: int, code: str, message: str, is_error: bool = True) -> None:
        self.problems.append(Problem(self.path, line, code, message, is_error))

    def told(self) -> list[Problem]:
        """The problems by line; of very many the first, and how many more there are. Errors come before warnings."""
        problems = sorted(self.problems, key=lambda problem: problem.line)
        if len(problems) <= MOST_PROBLEMS:
            return problems
        kept = sorted(problems, key=lambda problem: not problem.is_error)[:MOST_PROBLEMS]
        message = f"There are {len(problems) - MOST_PROBLEMS:,} more findings in this file; mend these first."
        return [*sorted(kept, key=lambda problem: problem.line), Problem(self.path, 1, "X000", message)]

    def html(self, tokens: Sequence[Token]) -> str:
        return safe_html(tokens, self.env)

    def inline_html(self, tokens: Sequence[Token]) -> str:
        """HTML without a paragraph around it, where the tokens are a single paragraph or heading."""
        inner = [token for token in tokens if token.type != "comment"]
        if len(inner) == 3 and inner[1].type == "inline":
            inner = [inner[1]]
        return self.html(inner)

    def plain(self, tokens: Sequence[Token]) -> str:
        """The words alone, for lists, reports and `<option>`."""
        return plain_text(tokens)

    def source(self, line: int, end: int) -> str:
        """The author's own lines, `end` not included."""
        return "\n".join(self.lines[line - 1 : end - 1]).strip("\n")

    def definitions_source(self) -> str:
        """The author's lines that define sources and link references."""
        return "\n".join(self.lines[number - 1] for number in sorted(self.definition_lines)).strip("\n")

    def comments(self, tokens: Sequence[Token], line: int = 1) -> Iterator[tuple[Token, Comment]]:
        """Each comment in these tokens, also inside lines, that is written as metadata."""
        for token, at in walk_comments(tokens, line):
            comment = parse_comment(token.content, at)
            if comment is not None:
                yield token, comment

    def take_comment(self, tokens: Sequence[Token], *names: str, line: int = 1) -> Comment | None:
        """The first comment of one of these names, which counts as understood from now on."""
        for token, comment in self.comments(tokens, line):
            if comment.name in names and id(token) not in self.used_comments:
                self.used_comments.add(id(token))
                for key in comment.repeated:
                    self.report(comment.line, "X001", f"“{key}” is written twice in this line; the first one counts.")
                return comment
        return None


def walk_comments(tokens: Sequence[Token], line: int = 1) -> Iterator[tuple[Token, int]]:
    for token in tokens:
        if token.map:
            line = token.map[0] + 1
        if token.type == "comment":
            yield token, line
        at = line
        for child in token.children or ():
            if child.type in {"softbreak", "hardbreak"}:
                at += 1
            elif child.type == "comment":
                yield child, at


def plain_text(tokens: Sequence[Token]) -> str:
    """The words of tokens, without marks, sources and hidden lines."""
    words: list[str] = []
    for token in tokens:
        if token.children is not None:
            words.append(plain_text(token.children))
        elif token.type in {"text", "code_inline", "fence", "code_block", "text_special"}:
            words.append(token.content)
        elif token.type in {"softbreak", "hardbreak"} or (token.nesting == -1 and token.block):
            words.append(" ")
        if token.type == "video":
            words.append(token.meta["title"])
    return " ".join("".join(words).split())


def open_document(
    path: str, text: str, language: str, place: Place | None = None, has_front_matter: bool = True
) -> Document:
    """Parses a file. Never raises: a file that is too large, too deep or not text has a problem and no blocks."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff")
    document = Document(path, language, text, text.split("\n"), env={"language": language})
    refused = refusal(text)
    if refused is not None:
        document.report(*refused)
        return document
    parsed = text if has_front_matter else "\n" + text
    if not has_front_matter:
        document.lines.insert(0, "")
    try:
        tokens = PARSER.parse(parsed, document.env)
    except (RecursionError, ValueError, IndexError, KeyError, AttributeError, TypeError) as error:
        document.report(1, "X000", f"This file cannot be read as Markdown ({type(error).__name__}).")
        return document
    too_deep = next((t for t in tokens if t.nesting == 1 and t.level >= DEEPEST_NESTING - 1), None)
    if too_deep is not None:
        line = too_deep.map[0] + 1 if too_deep.map else 1
        document.report(line, "X000", TOO_DEEP)
        return document
    Settler(document, place or Place(path, language)).settle(tokens)
    _fill(document, tokens)
    _note_definition_lines(document)
    return document


def _fill(document: Document, tokens: Sequence[Token]) -> None:
    for block in split_blocks(tokens):
        if block.type == "front_matter":
            document.front_matter = block
        elif block.type == "footnote_block":
            document.notes = block
        else:
            document.blocks.append(block)


def _note_definition_lines(document: Document) -> None:
    ranges = [lines for _, lines in document.env.get("source_definitions", ())]
    ranges += [reference["map"] for reference in document.env.get("references", {}).values() if "map" in reference]
    for begin, end in ranges:
        document.definition_lines.update(range(begin + 1, end + 1))


def report_unread_comments(document: Document) -> None:
    """Reports each comment that nothing has used: an author who wrote it meant something."""
    tokens = [token for block in document.blocks for token in block.tokens]
    tokens += document.notes.tokens if document.notes else ()
    for token, line in walk_comments(tokens):
        comment = parse_comment(token.content, line)
        is_for_the_checker = comment is not None and comment.name == "allow"
        if id(token) in document.used_comments or is_for_the_checker:
            continue
        shown = re.sub(r"\s+", " ", token.content).strip()[:60]
        document.report(
            line, "X001", f"The hidden line “{shown}” means nothing here; nobody will see it.", is_error=False
        )
