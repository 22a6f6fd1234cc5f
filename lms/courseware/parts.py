"""A heading and what stands below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markdown_it.token import Token

from lms.courseware.document import Block, Document


@dataclass(frozen=True, slots=True)
class Part:
    """`head` is None before the first heading; `end` is the line after the part's last."""

    head: Block | None
    blocks: tuple[Block, ...]
    line: int
    end: int

    @property
    def intro(self) -> tuple[Block, ...]:
        """What stands before the first H3."""
        first = next((i for i, block in enumerate(self.blocks) if block.level == 3), len(self.blocks))
        return self.blocks[:first]

    @property
    def intro_end(self) -> int:
        after = self.blocks[len(self.intro) :]
        return after[0].line if after else self.end

    def parts(self) -> list[Part]:
        """The H3s inside, each with what stands below it."""
        return split_parts(self.blocks[len(self.intro) :], 3, self.line, self.end)

    def metadata(self) -> list[Token]:
        """The heading's own tokens and the hidden lines before the first H3."""
        head = list(self.head.tokens) if self.head else []
        return head + [token for block in self.intro if block.type == "comment" for token in block.tokens]


def split_parts(blocks: Sequence[Block], level: int, line: int, end: int) -> list[Part]:
    starts = [index for index, block in enumerate(blocks) if block.level == level]
    parts = []
    before = blocks[: starts[0]] if starts else blocks
    if before:
        parts.append(Part(None, tuple(before), line, blocks[starts[0]].line if starts else end))
    for index, following in zip(starts, [*starts[1:], len(blocks)], strict=bool(starts)):
        stop = blocks[following].line if following < len(blocks) else end
        parts.append(Part(blocks[index], tuple(blocks[index + 1 : following]), blocks[index].line, stop))
    return parts


def source_of(document: Document, blocks: Sequence[Block], begin: int, end: int) -> str:
    """The author's lines, without used metadata and without definitions, which are written at the file's end."""
    left_out = set(document.definition_lines)
    for block in blocks:
        if block.type == "comment" and id(block.tokens[0]) in document.used_comments:
            left_out.update(range(block.line, block.end))
    lines = ["" if number in left_out else document.lines[number - 1] for number in range(begin, end)]
    return "\n".join(lines).strip("\n")
