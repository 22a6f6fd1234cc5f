"""Sorting into groups: each item of the left column goes into one of the groups of the right column.

`show` and the response are those of `pairs.py`; the groups keep the author's order.
"""

from __future__ import annotations

from typing import Any

from lms.courseware.course import Question
from lms.courseware.questions.pairs import Pairs


class Sort(Pairs):
    name = "sort"
    shuffles_rights = False

    def shuffled(self, question: Question, shuffle: Any, shuffle_options: bool) -> tuple[str, ...]:
        """Items are always shuffled: authors write them group by group."""
        return super().shuffled(question, shuffle, True)
