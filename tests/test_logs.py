"""The log: one line a record, and nothing that a person wrote or is called."""

from __future__ import annotations

import json
import logging
import sys

import pytest
from flask import Flask
from sqlalchemy.exc import IntegrityError

from lms.clock import utc_now
from lms.database import db, writing
from lms.logs import JsonLines
from lms.people.models import User

WHO, ADDRESS = "Bea Secret\nof two lines", "ana@secret.example"
"""Not written out where the test calls: a stack quotes the lines of the program."""


def line_of(message: str, error: BaseException | None = None) -> str:
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord("lms.web", logging.ERROR, __file__, 1, message, (), info)
    return JsonLines().format(record)


@pytest.mark.parametrize("breaking", ["\n", "\r", "\u2028", "\x85", "\ud800"])
def test_a_line_break_in_a_field_makes_no_second_line(breaking: str) -> None:
    line = line_of(f"user{breaking}level: INFO")

    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == f"user{breaking}level: INFO"


def test_the_stack_of_a_database_error_holds_no_values(app: Flask) -> None:
    def add(name: str) -> None:
        with writing():
            db.session.add(User(name=name, email=ADDRESS, created_at=utc_now()))

    with app.app_context():
        add("Ana")
        with pytest.raises(IntegrityError) as caught:
            add(WHO)

    line = line_of("unexpected", caught.value)

    assert ADDRESS in str(caught.value.params)
    assert "ecret" not in line
    assert "IntegrityError" in line
    assert "INSERT INTO lms_users" in line
    assert sys._getframe().f_code.co_name in line
