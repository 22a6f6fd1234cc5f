"""Matching: each left side of a table belongs to one right side; a row without a left side is a wrong choice.

`show` and the response are those of `pairs.py`.
"""

from __future__ import annotations

from lms.courseware.questions.pairs import Pairs


class Matching(Pairs):
    name = "matching"
