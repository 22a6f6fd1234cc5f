"""Answers out of a request, as a form or as JSON: the same names, limited in size and depth, no unreadable text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest

from lms.people.names import is_readable

Values = dict[str, list[str]]
MOST_NAMES = 2000
LONGEST_TEXT = 20_000
MOST_DEPTH = 50
"""Of objects and lists in each other: far over what any page or directory sends."""


def read_entries() -> tuple[Values, dict[str, Any]]:
    """The answers by name, and what else was sent: of a form its own fields, of JSON everything beside `values`.

    Raises BadRequest for what no page of ours would send: broken, deep or unreadable JSON, values that are no text.
    """
    if request.is_json:
        body = read_json_object()
        return _values(body.get("values", {})), {key: value for key, value in body.items() if key != "values"}
    values = {name: request.form.getlist(name) for name in request.form}
    return values, {name: given[0] for name, given in values.items()}


def read_json_object() -> dict[str, Any]:
    """The body as a JSON object. Raises BadRequest, also where it is nested so deeply that reading it would fail, and
    where a text in it cannot be kept."""
    try:
        body = json.loads(request.get_data(cache=True), parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        raise BadRequest("The JSON of this request cannot be read.") from None
    if not isinstance(body, dict):
        raise BadRequest("The JSON of this request has to be an object.")
    _refuse_unreadable(body)
    return body


def _refuse_unreadable(body: dict[str, Any]) -> None:
    """Without recursion: depth is what it guards against."""
    waiting: list[tuple[Any, int]] = [(body, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MOST_DEPTH:
            raise BadRequest("The JSON of this request is nested too deeply.")
        if isinstance(value, str) and not is_readable(value):
            raise BadRequest("A text of this request holds characters that cannot be kept.")
        if isinstance(value, dict):
            waiting += [(one, depth + 1) for pair in value.items() for one in pair]
        elif isinstance(value, list):
            waiting += [(one, depth + 1) for one in value]


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _values(given: Any) -> Values:
    if not isinstance(given, Mapping) or len(given) > MOST_NAMES:
        raise BadRequest("The answers have to be an object of names and texts.")
    values: Values = {}
    for name, value in given.items():
        texts = value if isinstance(value, list) else [value]
        if len(texts) > MOST_NAMES:
            raise BadRequest("There are too many answers.")
        values[_text(name)] = [_text(text) for text in texts]
    return values


def _text(value: Any) -> str:
    """A text that can be stored: no NUL byte, no half of a surrogate pair. Numbers are taken as they are written."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return str(value)
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise BadRequest("An answer has to be a text.")
    if not is_readable(value):
        raise BadRequest("An answer holds characters that cannot be kept.")
    return value
