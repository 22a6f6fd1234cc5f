"""A quick look that rules out most texts, so that a slow pattern only sees those in which it may find something."""

from __future__ import annotations

import re
from collections.abc import Callable

import re2

_AROUND = re.compile(r"\(\?<?[!=](?:[^()\\]|\\.|\((?:[^()\\]|\\.|\([^()]*\))*\))*\)|\\b")
"""Looks around and word boundaries, which RE2 does not have or takes for ASCII only."""


def quick_look(*patterns: str) -> Callable[[str], bool]:
    """Whether any of the patterns may match a text: never a wrong no, sometimes a needless yes.

    RE2 takes time in proportion to the text, whatever the patterns.
    """
    compiled = re2.compile("(?i)" + "|".join(f"(?:{_AROUND.sub('', pattern)})" for pattern in patterns))

    def may_match(text: str) -> bool:
        return compiled.search(text) is not None

    return may_match
