"""Numbers in addresses: those that a row could have, within the bounds that a route gives."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.routing import Map, Rule

from lms.web.routing import LARGEST_ID, RecordId, install


def numbers(rule: str) -> Map:
    app = Flask(__name__)
    install(app)
    assert app.url_map.converters["int"] is RecordId
    return Map([Rule(rule, endpoint="found")], converters=app.url_map.converters)


@pytest.mark.parametrize("number", [0, 1, LARGEST_ID])
def test_an_id_that_a_row_could_have_is_read(number: int) -> None:
    assert numbers("/<int:id>").bind("localhost").match(f"/{number}") == ("found", {"id": number})


@pytest.mark.parametrize("number", [str(LARGEST_ID + 1), "9" * 5000, "-1", "1.5", "x"])
def test_anything_else_is_an_address_where_nothing_is(number: str) -> None:
    with pytest.raises(NotFound):
        numbers("/<int:id>").bind("localhost").match(f"/{number}")


def test_a_bound_that_a_route_gives_holds() -> None:
    with pytest.raises(NotFound):
        numbers("/<int(max=9):id>").bind("localhost").match("/10")
