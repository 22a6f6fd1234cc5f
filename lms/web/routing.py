"""Numbers in addresses, only those that a row could have; how much a request may carry; and that no form is JSON."""

from __future__ import annotations

from typing import Any

from flask import Flask, Request, request
from werkzeug.exceptions import UnsupportedMediaType
from werkzeug.routing import IntegerConverter, ValidationError

from lms.web.guards import MOST_BYTES_ATTRIBUTE

LARGEST_ID = 2**63 - 1
LONGEST = len(str(LARGEST_ID))


class RecordId(IntegerConverter):
    """`<int:…>`; a larger number would be an error inside the database instead of a 404 (fault 45)."""

    def to_python(self, value: str) -> int:
        if len(value) > LONGEST or int(value) > LARGEST_ID:
            raise ValidationError
        return int(super().to_python(value))


class FormRequest(Request):
    """Flask-WTF takes a JSON body for a form, whose fields then hold numbers, lists, or a depth that breaks the reading
    (fault 44). Views of ours that take JSON read it with `lms.web.entries`, which has limits."""

    def get_json(self, *args: Any, **options: Any) -> Any:
        """Raises UnsupportedMediaType."""
        raise UnsupportedMediaType("This address takes forms, no JSON.")


def install(app: Flask) -> None:
    """The first of all parts, so that the limit is known before anything reads a form."""
    app.request_class = FormRequest
    app.url_map.converters["int"] = RecordId

    @app.before_request
    def widen_limit() -> None:
        """Files are taken by the few views that say so (`guards.takes_files`), and by no other."""
        view = app.view_functions.get(request.endpoint or "")
        most = getattr(view, MOST_BYTES_ATTRIBUTE, None)
        if most is not None:
            request.max_content_length = max(most, app.config["MAX_CONTENT_LENGTH"])
