"""The one invisible line of metadata: `<!-- name: value; key: value; flag -->`, as hidden tokens of the Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

LONGEST_COMMENT_LINES = 50
"""A comment that does not end within so many lines is read as text, so that looking for its end stays cheap."""

_KEY = re.compile(r"[a-z][a-z0-9-]*\Z")


@dataclass(frozen=True, slots=True)
class Comment:
    """`name` is the first key (`q`, `pool`, `only`, …); `values` holds every key, the first included; a flag is ""."""

    name: str
    values: dict[str, str]
    line: int
    repeated: tuple[str, ...] = ()
    """Keys that were written twice; the first one counts."""


def parse_comment(content: str, line: int) -> Comment | None:
    """The metadata in a comment's text, or None where it is an ordinary comment."""
    values: dict[str, str] = {}
    repeated: list[str] = []
    for part in _parts(content):
        key, separator, value = _split(part)
        if not _KEY.match(key) or (not separator and " " in part.strip()):
            return None
        if key in values:
            repeated.append(key)
        else:
            values[key] = value
    if not values:
        return None
    return Comment(next(iter(values)), values, line, tuple(repeated))


def _parts(content: str) -> list[str]:
    """The parts between semicolons; `video: captions=a.vtt` is a flag and a part."""
    parts = [part for part in content.split(";") if part.strip()]
    if parts:
        name, separator, rest = parts[0].partition(":")
        if separator and name.strip() == "video":
            parts[:1] = [name, rest] if rest.strip() else [name]
    return parts


def _split(part: str) -> tuple[str, str, str]:
    match = re.match(r"\s*([^\s:=]+)\s*([:=])(.*)\Z", part, re.DOTALL)
    if match is None:
        return part.strip(), "", ""
    return match[1], match[2], " ".join(match[3].split())


def comment_plugin(md: MarkdownIt) -> None:
    """Turns comments into hidden `comment` tokens, on a line of their own (also in list items) and inside a line."""
    alternatives = ["paragraph", "reference", "blockquote", "list"]
    md.block.ruler.before("html_block", "comment", _block_comment, {"alt": alternatives})
    md.inline.ruler.before("autolink", "comment", _inline_comment)
    md.add_render_rule("comment", _render_nothing)


def _render_nothing(self: object, tokens: object, index: int, options: object, env: object) -> str:
    return ""


def _block_comment(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if state.is_code_block(start_line):
        return False
    start = state.bMarks[start_line] + state.tShift[start_line]
    if not state.src.startswith("<!--", start):
        return False
    for line in range(start_line, min(end_line, start_line + LONGEST_COMMENT_LINES)):
        close = state.src.find("-->", start + 4, state.eMarks[line])
        if close < 0:
            continue
        if state.src[close + 3 : state.eMarks[line]].strip():
            return False
        if not silent:
            token = state.push("comment", "", 0)
            token.map = [start_line, line + 1]
            token.content = state.src[start + 4 : close]
            state.line = line + 1
        return True
    return False


def _inline_comment(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("<!--", state.pos):
        return False
    if "comment_end" not in state.env or state.env["comment_end"][0] is not state.src:
        state.env["comment_end"] = (state.src, state.src.rfind("-->"))
    if state.env["comment_end"][1] < state.pos + 4:
        return False
    close = state.src.index("-->", state.pos + 4)
    if not silent:
        token: Token = state.push("comment", "", 0)
        token.content = state.src[state.pos + 4 : close]
    state.pos = close + 3
    return True
