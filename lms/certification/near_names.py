"""Whether a corrected name is the same one spelled right, or another name that somebody should look at. Pure."""

from __future__ import annotations

import unicodedata

from lms.people.names import fold

LETTERS_PER_SLIP = 5
SHORTEST = 2
MOST_SLIPS = 3
"""One wrong letter for each five that the name has, at least one and at most three: `Jonh Smith`, not `John Smart`. A
single letter is the whole name, and so, nearly, is a Chinese character: with another one it is another name."""


def is_near(before: str, after: str) -> bool:
    """Whether only the spelling differs. Accents, capitals and spaces are free; letters are counted."""
    one, other = fold(before), fold(after)
    if not one or not other:
        return False
    if one == other:
        return True
    if len(one) < SHORTEST or _has_ideographs(one) or _has_ideographs(other):
        return False
    most = max(1, min(MOST_SLIPS, len(one) // LETTERS_PER_SLIP))
    return distance(one, other) <= most


def _has_ideographs(name: str) -> bool:
    return any(unicodedata.name(letter, "").startswith("CJK") for letter in name)


def distance(one: str, other: str) -> int:
    """How many letters have to be put in, taken out, changed, or swapped with their neighbor."""
    older: list[int] = []
    previous = list(range(len(other) + 1))
    for row, letter in enumerate(one, start=1):
        line = [row]
        for column, match in enumerate(other, start=1):
            cost = min(previous[column] + 1, line[column - 1] + 1, previous[column - 1] + (letter != match))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == match:
                cost = min(cost, older[column - 2] + 1)
            line.append(cost)
        older, previous = previous, line
    return previous[-1]
