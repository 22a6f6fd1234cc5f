"""One question: its metadata line, prompt, hint and explanation; the answers are read by its type."""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction

from markdown_it.token import Token

from lms.courseware.comments import Comment
from lms.courseware.course import Question
from lms.courseware.document import Block, Document
from lms.courseware.parts import Part, source_of
from lms.courseware.questions import ALIASES, TYPES
from lms.courseware.questions.block import QuestionBlock, inline_source, quote_source, read_number, said

_ID = re.compile(r"[a-z0-9][a-z0-9-]{1,79}\Z")
_COMMON_KEYS = frozenset({"q", "type", "lo", "points", "rev", "credit", "survey"})


def read_question(document: Document, part: Part) -> Question | None:
    """The question below an H3; None, with a problem, where it cannot be one."""
    head = part.head
    tokens = [token for block in (head, *part.blocks) if block for token in block.tokens if not block.level > 3]
    comment = document.take_comment(tokens, "q", line=part.line)
    if head is None or comment is None:
        message = "This heading stands in a pool but is no question: add `<!-- q: some-id; type: single -->` below it."
        document.report(part.line, "Q001", message)
        return None
    values = comment.values
    type_name = ALIASES.get(values.get("type", ""), values.get("type", ""))
    if not _ID.match(values["q"]):
        message = f"“{values['q'][:60]}” is no id; use small letters, digits and hyphens."
        document.report(comment.line, "FM002", message)
        return None
    if type_name not in TYPES:
        said = f"There is no type “{type_name[:40]}”" if type_name else "`type` is missing"
        document.report(comment.line, "Q003", f"{said}; write one of {', '.join(TYPES)}.")
        return None
    blocks = [block for block in part.blocks if block.type != "comment"]
    return _read(document, part, head, QuestionBlock(document, values["q"], type_name, comment, part.line, blocks))


def _read(document: Document, part: Part, head: Block, block: QuestionBlock) -> Question:
    comment = block.comment
    hints = [inner for inner in block.blocks if inner.alert_kind == "TIP"]
    block.blocks = [inner for inner in block.blocks if inner not in hints]
    options, payload, problems = TYPES[block.type].read(block)
    document.problems += problems
    body, explanation = _parted(block)
    settings = tuple((key, value) for key, value in comment.values.items() if key in block.used_keys - _COMMON_KEYS)
    for key in set(comment.values) - block.used_keys - _COMMON_KEYS:
        message = f"“{key}” means nothing for a question of type {block.type}."
        document.report(comment.line, "X001", message, is_error=False)
    return Question(
        id=block.id,
        type=block.type,
        prompt_html=document.html([token for token in head.tokens if token.type == "inline"]),
        prompt=document.plain(head.tokens),
        lo=comment.values.get("lo") or None,
        points=_points(document, comment),
        rev=_revision(document, comment),
        partial_credit=_is_partial(document, comment),
        hint_html=document.html(_inside(hints)),
        explanation_html=document.html(_inside(explanation)),
        options=options,
        payload=payload,
        survey=comment.values.get("survey") or None,
        path=document.path,
        line=part.line,
        body_html=document.html([token for inner in body for token in inner.tokens]),
        settings=settings,
        prompt_source=inline_source(head.tokens),
        body_source="\n\n".join(source_of(document, [], inner.line, inner.end) for inner in body),
        hint_source=_quoted(document, hints),
        explanation_source=_quoted(document, explanation),
    )


def _parted(block: QuestionBlock) -> tuple[list[Block], list[Block]]:
    """What is left: the prompt's body, and what explains. All that stands after the answers is shown after them."""
    body: list[Block] = []
    explanation: list[Block] = []
    for inner in block.blocks:
        is_after = block.taken_at is not None and inner.line > block.taken_at
        is_note = inner.alert_kind == "NOTE" and block.taken_at is None
        (explanation if is_after or is_note else body).append(inner)
    return body, explanation


def _inside(blocks: Sequence[Block]) -> list[Token]:
    """A box's content without the box, where it is a hint or an explanation; anything else as it stands."""
    return [
        token for block in blocks for token in (said(block) if block.alert_kind in {"TIP", "NOTE"} else block.tokens)
    ]


def _quoted(document: Document, blocks: Sequence[Block]) -> str:
    return "\n\n".join(
        quote_source(document, block)
        if block.alert_kind in {"TIP", "NOTE"}
        else source_of(document, [], block.line, block.end)
        for block in blocks
    )


def _points(document: Document, comment: Comment) -> Fraction:
    points = read_number(comment.values.get("points", "1"))
    if points is None or points <= 0:
        document.report(comment.line, "FM002", "`points` is a number above 0, such as 1, 2 or 0.5.")
        return Fraction(1)
    return points


def _revision(document: Document, comment: Comment) -> int:
    text = comment.values.get("rev", "1")
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        document.report(comment.line, "FM002", "`rev` is a whole number: 2 after the first change of meaning.")
        return 1
    return int(text)


def _is_partial(document: Document, comment: Comment) -> bool:
    text = comment.values.get("credit")
    if text not in {None, "partial", "none"}:
        document.report(comment.line, "FM002", "`credit` of a question is `partial`, or left out.")
    return text == "partial"
