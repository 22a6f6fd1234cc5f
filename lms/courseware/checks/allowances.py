"""Whether `<!-- allow: CODE; because: … -->` names a warning and gives a reason: errors cannot be allowed away."""

from __future__ import annotations

from collections.abc import Iterator

from lms.courseware.checks.codes import CODES, ERRORS
from lms.courseware.checks.source import codes_of
from lms.courseware.checks.subject import Subject, finding
from lms.courseware.comments import Comment
from lms.courseware.course import Problem

_FORM = "write `<!-- allow: W010; because: the reason in a few words -->`"


def check(subject: Subject) -> Iterator[Problem]:
    for source in subject.sources.values():
        for comment in source.comments:
            if comment.name == "allow":
                for message in _faults(comment):
                    yield finding(source.path, comment.line, "X006", message)


def _faults(comment: Comment) -> Iterator[str]:
    codes = codes_of(comment)
    if not codes:
        yield f"This line allows nothing; {_FORM}."
    for code in codes:
        if code not in CODES:
            yield f"The checker has no code “{code[:20]}”; copy the code of the warning."
        elif code in ERRORS:
            yield f"{code} is an error and cannot be allowed; mend what it speaks of."
    if not comment.values.get("because"):
        yield f"Nobody can see why this is allowed; {_FORM}."
    unknown = [key for key in comment.values if key not in {"allow", "because"}]
    if unknown:
        yield f"“{unknown[0][:40]}” means nothing here; {_FORM}."
