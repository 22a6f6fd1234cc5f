"""Answers as they arrive: which belong to which question, which were touched, and storing the newest of each."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from lms.assessment.models import Attempt, Response
from lms.assessment.tokens import item_tokens, response_mark
from lms.courseware.course import Question
from lms.courseware.questions import question_type
from lms.database import DIALECT_INSERTS, db, dialect_name
from lms.errors import Invalid

Values = Mapping[str, Sequence[str]]
"""Form values by name, as `<question-id>`, `<question-id>.<token>`, and `seen.<question-id>`."""

SEEN = "seen."
"""Names of the marks that a page carries for each question that it shows (see `tokens.response_mark`)."""


def by_question(values: Values, question_ids: Sequence[str]) -> dict[str, dict[str, Sequence[str]]]:
    """The values of each question; names that belong to no question of the attempt are left out (fault 26)."""
    known = set(question_ids)
    grouped: dict[str, dict[str, Sequence[str]]] = {}
    for name, given in values.items():
        question_id = name.partition(".")[0]
        if question_id in known:
            grouped.setdefault(question_id, {})[name] = given
    return grouped


def read_response(secret: str, question: Question, values: Values) -> Any:
    """What the values of one question say, as it is stored. Raises Invalid for what was not on the page."""
    kind = question_type(question.type)
    return kind.accept(question, values, item_tokens(secret, question.id, kind.items(question)))


def readable(secret: str, questions: Mapping[str, Question], values: Values) -> dict[str, Any]:
    """The responses in a form that can be read, by question, whatever the others hold; the rest as they were typed."""
    grouped = by_question(values, tuple(questions))
    entered: dict[str, Any] = {}
    for question_id, question in questions.items():
        if question_id in grouped or SEEN + question_id in values:
            try:
                entered[question_id] = read_response(secret, question, grouped.get(question_id, {}))
            except Invalid:
                entered[question_id] = {"text": "".join(grouped[question_id].get(question_id, ()))}
    return entered


def changed_responses(
    attempt: Attempt, questions: Mapping[str, Question], stored: Mapping[str, Any], values: Values
) -> dict[str, Any]:
    """The responses in a form that differ from what is stored and were touched on that page.

    A question that the page showed and that comes back as it was shown was not touched: what another tab saved since
    stays. A question without any value was emptied if the page showed it (it carries its mark), else it was not sent.
    """
    grouped = by_question(values, tuple(questions))
    changed: dict[str, Any] = {}
    for question_id, question in questions.items():
        seen = next(iter(values.get(SEEN + question_id, ())), None)
        if question_id not in grouped and seen is None:
            continue
        response = read_response(attempt.secret, question, grouped.get(question_id, {}))
        is_untouched = seen is not None and response_mark(attempt.secret, question_id, response) == seen
        if not is_untouched and response != stored.get(question_id):
            changed[question_id] = response
    return changed


def store_response(attempt_id: int, question_id: str, response: Any, sequence: int, now: datetime) -> bool:
    """Keep one response unless a newer one is kept; whether it was. The caller commits."""
    values = {
        "attempt_id": attempt_id,
        "question_id": question_id,
        "sequence": sequence,
        "value": response,
        "saved_at": now,
    }
    return db.session.execute(_upsert(dialect_name()), values).first() is not None


def store_responses(attempt_id: int, responses: Sequence[tuple[str, Any, int]], now: datetime) -> None:
    """Keep several at once, as (question, response, sequence), each unless a newer one is kept. The caller commits."""
    rows = [
        {"attempt_id": attempt_id, "question_id": question_id, "sequence": sequence, "value": response, "saved_at": now}
        for question_id, response, sequence in responses
    ]
    if rows:
        db.session.connection().execute(_upsert(dialect_name(), is_told=False), rows)


@cache
def _upsert(dialect: str, *, is_told: bool = True) -> Any:
    """The statement that keeps an answer, made once: it is the one that runs most."""
    table = Response.__table__
    row = DIALECT_INSERTS[dialect](table)
    statement = row.on_conflict_do_update(
        index_elements=["attempt_id", "question_id"],
        set_={name: row.excluded[name] for name in ("sequence", "value", "saved_at")},
        where=table.c.sequence < row.excluded.sequence,
    )
    return statement.returning(table.c.id) if is_told else statement


def body_hash(values: Values, question_ids: Sequence[str]) -> str:
    """SHA-256 of the answers in a submitted body, in any order; form tokens and buttons are no part of it."""
    grouped = by_question(values, question_ids)
    plain = {name: list(given) for named in grouped.values() for name, given in named.items()}
    return hashlib.sha256(json.dumps(plain, sort_keys=True, ensure_ascii=True).encode()).hexdigest()
