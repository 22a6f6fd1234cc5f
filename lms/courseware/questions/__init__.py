"""The question types, one file each; more of them join by the entry point group `lms.question_types`."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import entry_points
from types import MappingProxyType

from lms.courseware.questions.likert import Likert
from lms.courseware.questions.matching import Matching
from lms.courseware.questions.multiple import Multiple
from lms.courseware.questions.numeric import Numeric
from lms.courseware.questions.ordering import Ordering
from lms.courseware.questions.reflection import Reflection
from lms.courseware.questions.short import Short
from lms.courseware.questions.single import Single
from lms.courseware.questions.sort import Sort
from lms.courseware.questions.true_false import TrueFalse
from lms.courseware.questions.type import QuestionType
from lms.courseware.questions.written import Written
from lms.errors import NotFound

__all__ = ["ALIASES", "ENTRY_POINTS", "TYPES", "question_type"]

ENTRY_POINTS = "lms.question_types"
ALIASES = {"truefalse": "true-false", "true_false": "true-false"}


def _found() -> dict[str, QuestionType]:
    """Our own types first, so that nothing installed can take their names."""
    types: list[QuestionType] = [
        Single(),
        Multiple(),
        TrueFalse(),
        Ordering(),
        Matching(),
        Sort(),
        Numeric(),
        Short(),
        Reflection(),
        Written(),
        Likert(),
    ]
    found = {each.name: each for each in types}
    for entry_point in entry_points(group=ENTRY_POINTS):
        if entry_point.name not in found:
            found[entry_point.name] = entry_point.load()()
    return found


TYPES: Mapping[str, QuestionType] = MappingProxyType(_found())


def question_type(name: str) -> QuestionType:
    """The type of that name. Raises NotFound where there is none."""
    found = TYPES.get(ALIASES.get(name, name))
    if found is None:
        raise NotFound(f"There is no type of question called “{name[:40]}”.")
    return found
