"""What a question type reads: one question's blocks between its heading and the next, and the means to report."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from markdown_it.token import Token

from lms.courseware.comments import Comment
from lms.courseware.course import Option, Problem
from lms.courseware.document import Block, Document, split_blocks

_NUMBER = re.compile(r"\d{1,4}(\.\d{1,4})?\Z|\d{1,4}/[1-9]\d{0,3}\Z")
_OPTION_ID = re.compile(r"[a-z0-9-]{1,40}\Z")
_INLINE_COMMENT = re.compile(r"\s*<!--.*?-->", re.DOTALL)


def read_number(text: str) -> Fraction | None:
    """A small exact number such as 2, 0.5 or 1/3. (`Fraction("1e999999999")` would never end.)"""
    return Fraction(text) if _NUMBER.match(text) else None


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a list: `checked` is None where it has no box."""

    blocks: tuple[Block, ...]
    checked: bool | None
    line: int


@dataclass(frozen=True, slots=True)
class Cell:
    html: str
    text: str
    source: str


@dataclass
class QuestionBlock:
    """`blocks` are the author's blocks without metadata; a type takes those that are its answers."""

    document: Document
    id: str
    type: str
    comment: Comment
    line: int
    blocks: list[Block]
    problems: list[Problem] = field(default_factory=list)
    taken_at: int | None = None
    """The line where the answers begin."""
    used_keys: set[str] = field(default_factory=set)

    def report(self, line: int, code: str, message: str, is_error: bool = True) -> None:
        self.problems.append(Problem(self.document.path, line, code, message, is_error))

    def value(self, key: str, default: str = "") -> str:
        """A value of the metadata line."""
        self.used_keys.add(key)
        return self.comment.values.get(key, default)

    def take(self, kind: str, fits: Callable[[Block], bool] = lambda block: True) -> list[Block]:
        """Removes and returns the blocks of a kind: they are answers, not part of the prompt."""
        taken = [block for block in self.blocks if block.type == kind and fits(block)]
        self.blocks = [block for block in self.blocks if block not in taken]
        if taken:
            self.taken_at = min([taken[0].line, *([self.taken_at] if self.taken_at else [])])
        return taken

    def take_last(self, kind: str) -> list[Block]:
        lists = [block for block in self.blocks if block.type == kind]
        return self.take(kind, lambda block: block is lists[-1]) if lists else []

    def items(self, blocks: Sequence[Block]) -> list[Item]:
        """The items of lists, in order."""
        items = []
        for block in blocks:
            for item in split_blocks(block.inner, block.line):
                checked = item.tokens[0].meta.get("checked")
                items.append(Item(tuple(split_blocks(item.inner, item.line)), checked, item.line))
        return items

    def options(self, items: Sequence[Item]) -> tuple[Option, ...]:
        """Each item as an option, with its own id, feedback and credit."""
        options: list[Option] = []
        taken: set[str] = set()
        for position, item in enumerate(items, 1):
            option = self._option(item, str(position))
            if option.id in taken:
                self.report(item.line, "Q002", f"The option id “{option.id}” is used twice; give this one another.")
                option = self._option(item, f"{position}x", is_named=False)
            taken.add(option.id)
            options.append(option)
        return tuple(options)

    def _option(self, item: Item, option_id: str, is_named: bool = True) -> Option:
        document = self.document
        tokens = [token for block in item.blocks for token in block.tokens]
        opt = document.take_comment(tokens, "opt", line=item.line)
        credit = document.take_comment(tokens, "credit", line=item.line)
        if opt is not None and is_named:
            if _OPTION_ID.match(opt.values["opt"]):
                option_id = opt.values["opt"]
            else:
                self.report(opt.line, "FM002", "An option's id has small letters, digits and hyphens only.")
        feedback = [block for block in item.blocks if block.type in {"blockquote", "alert"}]
        words = [block for block in item.blocks if block not in feedback and block.type != "comment"]
        text_tokens = [token for block in words for token in block.tokens]
        return Option(
            id=option_id,
            text=document.plain(text_tokens),
            html=document.inline_html(text_tokens),
            is_correct=bool(item.checked),
            feedback_html=document.html([token for block in feedback for token in _said(block)]),
            credit=None if credit is None else self._credit(credit),
            line=item.line,
            source=self._item_source(words),
            feedback_source="\n\n".join(quote_source(document, block) for block in feedback),
        )

    def _credit(self, comment: Comment) -> Fraction | None:
        credit = read_number(comment.values["credit"])
        if credit is None or credit > 1:
            self.report(comment.line, "FM002", "`credit` is a share from 0 to 1, such as 0.5 or 1/3.")
            return None
        return credit

    def _item_source(self, blocks: Sequence[Block]) -> str:
        if len(blocks) == 1 and blocks[0].type == "paragraph":
            return inline_source(blocks[0].tokens)
        lines = "\n".join(self.document.source(block.line, block.end) for block in blocks)
        return textwrap.dedent(lines).strip()

    def rows(self, blocks: Sequence[Block]) -> tuple[list[list[Cell]], list[int]]:
        """The rows of tables, the header of the first one included, and the line of each row."""
        rows: list[list[Cell]] = []
        lines: list[int] = []
        for number, block in enumerate(blocks):
            start = len(rows)
            for token in block.tokens:
                if token.type == "tr_open":
                    rows.append([])
                    lines.append((token.map or [block.line - 1])[0] + 1)
                elif token.type == "inline":
                    cell = Cell(self.document.html([token]), self.document.plain([token]), inline_source([token]))
                    rows[-1].append(cell)
            if number:
                del rows[start], lines[start]
        return rows, lines


def inline_source(tokens: Sequence[Token]) -> str:
    """The author's Markdown of a single paragraph, heading or cell, without hidden comments."""
    content = next((token.content for token in tokens if token.type == "inline"), "")
    lines = (line.strip() for line in _INLINE_COMMENT.sub("", content).split("\n"))
    return "\n".join(line for line in lines if line)


def quote_source(document: Document, block: Block) -> str:
    """The author's Markdown inside a quote or alert."""
    lines = document.source(block.line, block.end).split("\n")
    if block.type == "alert":
        lines = lines[1:]
    return "\n".join(re.sub(r"^\s*> ?", "", line) for line in lines).strip()


def _said(block: Block) -> tuple[Token, ...]:
    """What a quote says, without the quote itself; an alert without its title."""
    if block.type == "blockquote":
        return block.inner
    close = next(i for i, token in enumerate(block.tokens) if token.type == "alert_title_close")
    return block.tokens[close + 1 : -1]


said = _said
