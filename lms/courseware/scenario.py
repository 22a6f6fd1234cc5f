"""A branching scenario: steps, and choices that are links to the headings of other steps."""

from __future__ import annotations

import re
from collections.abc import Sequence

from markdown_it.token import Token

from lms.courseware.comments import Comment
from lms.courseware.course import Choice, Scenario, Step
from lms.courseware.document import Block, Document, split_blocks
from lms.courseware.parts import Part, source_of
from lms.courseware.questions.block import inline_source

_SCORE = re.compile(r"-?[0-9]{1,4}\Z")
_KEYS = frozenset({"step", "score", "end", "role"})


def read_scenario(document: Document, comment: Comment, title: str, part: Part) -> Scenario:
    """The scenario below an H2; what is wrong with a step is a problem, and its text is still shown."""
    parts = part.parts()
    marks = [_mark(document, inner) for inner in parts]
    ids = {_slug(inner): mark.values["step"] for inner, mark in zip(parts, marks, strict=True) if mark}
    steps: dict[str, Step] = {}
    intro = [token for block in part.intro for token in block.tokens]
    for inner, mark in zip(parts, marks, strict=True):
        if mark is None:
            intro += [token for block in (inner.head, *inner.blocks) if block for token in block.tokens]
            continue
        step = _read_step(document, inner, mark, ids)
        if step.id in steps:
            document.report(mark.line, "Q002", f"The step “{step.id[:40]}” stands here twice; ids are used once.")
        steps.setdefault(step.id, step)
    start = comment.values.get("start") or next(iter(steps), "")
    if not comment.values["scenario"]:
        document.report(comment.line, "FM002", "The scenario has no id; write `<!-- scenario: some-id; start: … -->`.")
    return Scenario(comment.values["scenario"], title, start, document.html(intro), tuple(steps.values()), part.line)


def _slug(part: Part) -> str:
    return str(part.head.tokens[0].attrs["id"]) if part.head else ""


def _mark(document: Document, part: Part) -> Comment | None:
    """The metadata line of a step."""
    tokens = [token for block in (part.head, *part.blocks) if block for token in block.tokens]
    mark = document.take_comment(tokens, "step", line=part.line)
    if mark is None or not mark.values["step"]:
        message = "This heading stands in a scenario but is no step: add `<!-- step: some-id -->` below it."
        document.report(part.line, "Q001", message)
        return None
    for key in set(mark.values) - _KEYS:
        document.report(mark.line, "X001", f"“{key}” means nothing for a step.", is_error=False)
    return mark


def _read_step(document: Document, part: Part, mark: Comment, ids: dict[str, str]) -> Step:
    shown: list[Block] = []
    choices: list[Choice] = []
    for block in part.blocks:
        found = _choices(document, block, ids)
        choices += found
        if not found:
            shown.append(block)
    score = mark.values.get("score", "0")
    if not _SCORE.match(score):
        document.report(mark.line, "FM002", "`score` is a whole number, such as 0, 1 or -1.")
        score = "0"
    return Step(
        id=mark.values["step"],
        title=document.plain(part.head.tokens) if part.head else "",
        html=document.html([token for block in shown for token in block.tokens]),
        choices=tuple(choices),
        score=int(score),
        is_end=mark.values.get("end", "false") in {"true", ""},
        role=mark.values.get("role") or None,
        line=part.line,
        source="\n\n".join(source_of(document, [], b.line, b.end) for b in shown if b.type != "comment"),
        title_source=inline_source(part.head.tokens) if part.head else "",
    )


def _choices(document: Document, block: Block, ids: dict[str, str]) -> list[Choice]:
    """The choices of a list, or of a paragraph that is nothing but one link to a heading."""
    if block.type == "paragraph":
        return _choice(document, block, ids, is_alone=True)
    if block.type not in {"bullet_list", "ordered_list"}:
        return []
    items = split_blocks(block.inner, block.line)
    found = [choice for item in items for choice in _choice(document, item, ids, is_alone=False)]
    if found and len(found) < len(items):
        message = "Some items of this list are choices and some are not; link each choice to the heading of a step."
        document.report(block.line, "S001", message)
    return found


def _choice(document: Document, block: Block, ids: dict[str, str], is_alone: bool) -> list[Choice]:
    inline = next((token for token in block.tokens if token.type == "inline"), None)
    children = [child for child in (inline.children if inline else None) or () if child.content or child.nesting]
    if not children or children[0].type != "link_open" or (is_alone and children[-1].type != "link_close"):
        return []
    href = str(children[0].attrs.get("href", ""))
    if not href.startswith("#") or (is_alone and _links(children) != 1):
        return []
    slug = document.place_of(href)
    return [Choice(document.plain(block.tokens), ids.get(slug, slug), block.line, inline_source(block.tokens))]


def _links(children: Sequence[Token]) -> int:
    return sum(child.type == "link_open" for child in children)
