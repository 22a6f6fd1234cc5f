"""What questions have in common that are answered by typing: nothing to choose, so no items and no order."""

from __future__ import annotations

from typing import Any

from lms.courseware.course import Question


class Typed:
    is_scored = True
    is_marked_by_hand = False

    def items(self, question: Question) -> tuple[str, ...]:
        return ()

    def shuffled(self, question: Question, shuffle: Any, shuffle_options: bool) -> tuple[str, ...]:
        return ()
