"""Right answers written as inline code in a list: `` - `text` ``."""

from __future__ import annotations

from lms.courseware.course import Option
from lms.courseware.document import Block, split_blocks
from lms.courseware.questions.block import Item, QuestionBlock


def take_codes(block: QuestionBlock) -> tuple[Option, ...]:
    """The items of the last list that has code in it; `source` is the code itself. Other items are reported (Q009)."""
    lists = [inner for inner in block.blocks if inner.type == "bullet_list" and _has_code(inner)]
    options = []
    items = block.items(block.take("bullet_list", lambda inner: bool(lists) and inner is lists[-1]))
    for item, option in zip(items, block.options(items), strict=True):
        code = _code(item)
        if code is None:
            message = "Write the right answer alone in backticks, such as - `45`; add feedback as “> …” below it."
            block.report(item.line, "Q009", message)
            continue
        options.append(
            Option(
                id=option.id,
                text=code,
                html=option.html,
                is_correct=True,
                feedback_html=option.feedback_html,
                line=item.line,
                source=code,
                feedback_source=option.feedback_source,
            )
        )
    return tuple(options)


def _has_code(block: Block) -> bool:
    """Whether any item begins with code."""
    for item in split_blocks(block.inner):
        inline = next((token for token in item.tokens if token.type == "inline"), None)
        if inline is not None and inline.children and inline.children[0].type == "code_inline":
            return True
    return False


def _code(item: Item) -> str | None:
    words = [block for block in item.blocks if block.type not in {"blockquote", "alert", "comment"}]
    if len(words) != 1 or words[0].type != "paragraph":
        return None
    children = [child for child in words[0].tokens[1].children or () if child.type != "comment" and child.content]
    return children[0].content if [child.type for child in children] == ["code_inline"] else None
