"""Stylesheets and scripts without what only their authors need: comments, indentation, spaces around signs. Pure."""

from __future__ import annotations

import re

_CSS_TEXT = re.compile(r"(\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')|/\*.*?\*/", re.DOTALL)
_SPACE = re.compile(r"\s+")
_AROUND = re.compile(r"\s*([{};,>])\s*")
"""A space before `:` or `(` and around `+` means something in CSS; around these signs it never does."""


def smaller_css(source: str) -> str:
    """The same rules. What stands in quotation marks is left as it is."""
    pieces: list[str] = []
    end = 0
    for found in _CSS_TEXT.finditer(source):
        pieces += [_squeezed(source[end : found.start()]), found[1] or ""]
        end = found.end()
    pieces.append(_squeezed(source[end:]))
    return "".join(pieces).strip()


def _squeezed(rules: str) -> str:
    rules = _AROUND.sub(r"\1", _SPACE.sub(" ", rules))
    return rules.replace(": ", ":").replace(";}", "}")


def smaller_script(source: str) -> str:
    """The same lines without indentation, empty lines and lines of comment. No text of ours runs over a line's end."""
    lines = (line.strip() for line in source.splitlines())
    kept = [
        line for line in lines if line and not line.startswith("//") and not re.fullmatch(r"/\*(?:(?!\*/).)*\*/", line)
    ]
    return "\n".join(kept) + "\n"
