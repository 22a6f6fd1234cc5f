"""Numbers in addresses, only those that a row could have; and how much a request to an address may carry."""

from __future__ import annotations

from flask import Flask, request
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


def install(app: Flask) -> None:
    """The first of all parts, so that the limit is known before anything reads a form."""
    app.url_map.converters["int"] = RecordId

    @app.before_request
    def widen_limit() -> None:
        """Files are taken by the few views that say so (`guards.takes_files`), and by no other."""
        view = app.view_functions.get(request.endpoint or "")
        most = getattr(view, MOST_BYTES_ATTRIBUTE, None)
        if most is not None:
            request.max_content_length = max(most, app.config["MAX_CONTENT_LENGTH"])
