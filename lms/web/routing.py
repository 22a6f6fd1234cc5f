"""Numbers in addresses: only those that a row could have; any other is an address where nothing is."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import IntegerConverter, ValidationError

LARGEST_ID = 2**63 - 1
LONGEST = len(str(LARGEST_ID))


class RecordId(IntegerConverter):
    """`<int:…>`; a larger number would be an error inside the database instead of a 404 (fault 45)."""

    def to_python(self, value: str) -> int:
        if len(value) > LONGEST or int(value) > LARGEST_ID:
            raise ValidationError
        return int(super().to_python(value))


def install(app: Flask) -> None:
    app.url_map.converters["int"] = RecordId
