"""Reading pages as a browser without script would: forms with their hidden fields, and the right answers to send."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from html import unescape
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lms.assessment.models import Attempt
from lms.assessment.sittings import Sitting, load_sitting
from lms.assessment.tokens import item_tokens
from lms.courseware.course import Question
from lms.courseware.questions import question_type
from lms.database import db
from lms.learning.models import Enrollment
from tests.support.world import World


@dataclass
class Form:
    """A form of a page: where it goes, and what it carries untouched (hidden fields, chosen and typed values)."""

    action: str
    method: str = "get"
    fields: dict[str, Any] = field(default_factory=dict)
    questions: dict[str, str] = field(default_factory=dict)
    """Question id → type, of the fieldsets inside."""


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None
        self._select = self._area = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {key: value or "" for key, value in attrs}
        if tag == "form":
            self._open = Form(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._open)
        form = self._open
        if form is None:
            return
        if tag == "fieldset" and "data-question" in given:
            form.questions[given["data-question"]] = given["data-type"]
        if tag == "input" and given.get("name"):
            kind = given.get("type", "text")
            if kind not in ("radio", "checkbox") or "checked" in given:
                self._add(given["name"], given.get("value", "on"))
        self._select = given.get("name", "") if tag == "select" else self._select
        if tag == "option" and self._select and ("selected" in given or self._select not in form.fields):
            form.fields[self._select] = given.get("value", "")
        if tag == "textarea":
            self._area = given.get("name", "")
            form.fields[self._area] = ""

    def _add(self, name: str, value: str) -> None:
        assert self._open is not None
        self._open.fields.setdefault(name, []).append(value)

    def handle_data(self, data: str) -> None:
        if self._area and self._open is not None:
            self._open.fields[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._area = ""


def page_of(client: FlaskClient, address: str, status: int = 200) -> str:
    """The page at an address. Fails when it answers with another status."""
    answer = client.get(address)
    assert answer.status_code == status, f"{address}: {answer.status_code} {answer.get_data(as_text=True)[:1500]}"
    return answer.get_data(as_text=True)


def text_of(page: TestResponse | str) -> str:
    """What a page says: its words in one line, without tags."""
    html = page if isinstance(page, str) else page.get_data(as_text=True)
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def form_of(page: str, action: str) -> Form:
    """The first form of a page whose address ends so; "" finds the one that goes to its own page."""
    parser = _Forms()
    parser.feed(page)
    found = [form for form in parser.forms if (form.action.endswith(action) if action else not form.action)]
    assert found, f"no form to {action} among {[form.action for form in parser.forms]}"
    return found[0]


def attempt_id_of(address: str) -> int:
    return int(address.rsplit("/attempts/")[1].partition("/")[0])


def sitting_of(attempt_id: int) -> Sitting:
    """An attempt with its course; only inside an application context."""
    user_id = db.session.query(Enrollment.user_id).join(Attempt).filter(Attempt.id == attempt_id).scalar()
    return load_sitting(user_id, attempt_id)


def right_values(world: World, address: str) -> dict[str, Any]:
    """What a form would send for right answers to every question of the attempt at an address."""
    return world.read(lambda: _values(sitting_of(attempt_id_of(address)), is_right=True))


def wrong_values(world: World, address: str) -> dict[str, Any]:
    """Whole answers, each of them wrong."""
    return world.read(lambda: _values(sitting_of(attempt_id_of(address)), is_right=False))


def _values(sitting: Sitting, *, is_right: bool) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for question in sitting.marked_questions.values():
        kind = question_type(question.type)
        tokens = item_tokens(sitting.attempt.secret, question.id, kind.items(question))
        values |= _given(question, tokens, is_right=is_right)
    return values


def _given(question: Question, tokens: Mapping[str, str], *, is_right: bool) -> dict[str, Any]:
    options = question.options
    if question.type in ("single", "multiple", "true-false"):
        chosen = [tokens[option.id] for option in options if option.is_correct is is_right]
        return {question.id: chosen if question.type == "multiple" else chosen[:1]}
    if question.type == "ordering":
        places = range(1, len(options) + 1) if is_right else range(len(options), 0, -1)
        return {f"{question.id}.{tokens[o.id]}": str(place) for o, place in zip(options, places, strict=True)}
    if question.type in ("matching", "sort"):
        rights = [right.id for right in question.payload.rights]
        pairs = [(left, right if is_right else _other(rights, right)) for left, right in question.payload.answers]
        return {f"{question.id}.{tokens[left]}": tokens[right] for left, right in pairs}
    if question.type == "numeric":
        number = question.payload.bounds[0].low if is_right else Fraction(-999)
        return {question.id: str(number)}
    if question.type in ("short", "written", "reflection"):
        return {question.id: options[0].text if is_right and options else "not this"}
    if question.type == "likert":
        return {f"{question.id}.{tokens[option.id]}": "3" for option in options}
    return {}


def _other(ids: list[str], one: str) -> str:
    return next(each for each in ids if each != one)
