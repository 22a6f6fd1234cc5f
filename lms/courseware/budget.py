"""How much one file may hold: counted before it is parsed, so that no text can make reading slow, on any machine."""

from __future__ import annotations

import re

LARGEST_FILE_BYTES = 1_048_576
"""About forty times the longest module that ships. A megabyte of ordinary prose is read within a second or so."""

MOST_LINES = 30_000
MOST_MARKS = 100_000
"""Each line may begin a block and each mark may open a link or emphasis; the parser's time hangs on these, not on the
letters. Ordinary modules have 40 to 90 letters a line and 2 to 5 marks in 100 letters: a megabyte of them passes, and
a megabyte built of nothing but brackets, which would take the parser ten seconds, does not."""

LONGEST_LINE = 5_000
DEEPEST_NESTING = 20
"""markdown-it stops reading at this depth, in silence; so such a file is refused aloud."""
TOO_DEEP = "Lists or quotes are nested too deeply here; use fewer levels."

_MARK = re.compile(r"[\[\]!*_`<>&\\~|#]")
_QUOTES_IN_QUOTES = re.compile(rf"\s*(?:>\s*){{{DEEPEST_NESTING}}}")

Refusal = tuple[int, str, str]
"""Line, code and message."""


def refusal(text: str) -> Refusal | None:
    """Why a text is not even parsed."""
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        return line, "X000", "There is a NUL character in this file; save it as plain UTF-8 text."
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        line = text.count("\n", 0, error.start) + 1
        return line, "X000", "There is a broken character in this file; save it as UTF-8 text."
    if size > LARGEST_FILE_BYTES:
        return 1, "X000", too_large(size)
    return _over_budget(text)


def too_large(size: int) -> str:
    return f"This file is too large ({size:,} bytes); split it (at most {LARGEST_FILE_BYTES:,})."


def _over_budget(text: str) -> Refusal | None:
    marks = 0
    for number, line in enumerate(text.split("\n"), 1):
        marks += len(_MARK.findall(line))
        if len(line) > LONGEST_LINE:
            return number, "X000", f"This line is too long; break it (at most {LONGEST_LINE:,} characters)."
        if _QUOTES_IN_QUOTES.match(line):
            return number, "X000", TOO_DEEP
        if marks > MOST_MARKS:
            message = f"Up to here there are more than {MOST_MARKS:,} marks such as [ * | and `; split the file."
            return number, "X000", message
        if number > MOST_LINES:
            return number, "X000", f"The file has more than {MOST_LINES:,} lines; split it."
    return None
