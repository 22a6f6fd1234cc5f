"""Cells that say their column: on a telephone the cells of a row stand below each other, without the heads above."""

from __future__ import annotations

import re
from collections.abc import Sequence

from flask import Flask
from markupsafe import Markup, escape

UNLABELLED = frozenset({"tick", "act"})
"""Columns of a box to tick or of links: what is in them says what it is."""

_OPENING = re.compile(r"<(tr|td|th)\b([^>]*)>")
_SPAN = re.compile(r'\bcolspan="(\d+)"')


def with_labels(rows: str, columns: Sequence[Sequence[str]]) -> Markup:
    """The rows of a table, each `<td>` with the name of its column; a cell that has a label keeps it. The heading of a
    row needs none unless it is a number. The rows are our own templates', so that no attribute holds a bare `>`."""
    at = 0

    def opened(found: re.Match[str]) -> str:
        nonlocal at
        tag, more = found[1], found[2]
        if tag == "tr":
            at = 0
            return found[0]
        span = _SPAN.search(more)
        here, at = at, at + (int(span[1]) if span else 1)
        is_name = tag == "th" and 'class="num"' not in more
        if is_name or "data-label" in more or here >= len(columns) or columns[here][0] in UNLABELLED:
            return found[0]
        return f'<{tag} data-label="{escape(columns[here][1])}"{more}>'

    return Markup(_OPENING.sub(opened, rows))  # noqa: S704 - the rows were escaped when they were drawn


def install(app: Flask) -> None:
    """Give the table macro its labels."""
    app.jinja_env.globals.update(with_labels=with_labels)
