"""What a learner gave, out of form values: only what was on the page is taken, and only as much as is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lms.courseware.course import Question
from lms.errors import N_, Invalid

Values = Mapping[str, Sequence[str]]

NOT_ON_THE_PAGE = N_("That answer was not on the page. Load the page again; your saved answers are kept.")


def check_text(text: str, question: Question) -> str:
    """The same text where every character of it can be kept; else Invalid (a NUL byte or half a character)."""
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise Invalid(N_("This answer holds characters that cannot be saved."), field=question.id)
    return text


def given_text(question: Question, values: Values, most: int) -> str | None:
    """The one text of a question; None where there is none but white space."""
    texts = values.get(question.id, ())
    if len(texts) > 1:
        raise Invalid(NOT_ON_THE_PAGE, field=question.id)
    text = check_text(texts[0], question).replace("\r\n", "\n") if texts else ""
    if len(text) > most:
        raise Invalid(N_("This answer is too long: at most %(most)s characters."), field=question.id, most=most)
    return text if text.strip() else None


def given_choices(question: Question, values: Values, tokens: Mapping[str, str]) -> list[str]:
    """The item ids that were ticked, in the order of the source."""
    ids = {token: item for item, token in tokens.items()}
    chosen = set()
    for value in values.get(question.id, ()):
        if value and value not in ids:
            raise Invalid(NOT_ON_THE_PAGE, field=question.id)
        if value:
            chosen.add(ids[value])
    return [option.id for option in question.options if option.id in chosen]


def given_rows(
    question: Question,
    values: Values,
    tokens: Mapping[str, str],
    rows: Sequence[str],
    allowed: Mapping[str, Any],
) -> dict[str, Any]:
    """For each row's item id what was chosen for it; `allowed` maps the values on the page to what is stored."""
    ids = {tokens[item]: item for item in rows if item in tokens}
    prefix = f"{question.id}."
    given = {}
    for name, chosen in values.items():
        if not name.startswith(prefix):
            continue
        field = ids.get(name.removeprefix(prefix))
        answers = [value for value in chosen if value]
        if field is None or len(answers) > 1 or any(value not in allowed for value in answers):
            raise Invalid(NOT_ON_THE_PAGE, field=question.id)
        if answers:
            given[field] = allowed[answers[0]]
    return {item: given[item] for item in rows if item in given}


def stored(response: Any, key: str, kind: type) -> Any:
    """What a response holds under its key; an empty value of that kind where it holds nothing usable."""
    value = response.get(key) if isinstance(response, dict) else None
    return value if isinstance(value, kind) else kind()


def in_order(order: Sequence[str], ids: Sequence[str]) -> list[str]:
    """The ids in the order of the attempt; any that the order does not name come last."""
    known = [item for item in order if item in ids]
    return known + [item for item in ids if item not in known]
