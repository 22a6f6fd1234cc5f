"""The audit's words are said in Spanish too; that each action has one is held by tests/people/test_audit_words.py."""

from __future__ import annotations

import pytest
from flask import Flask
from flask_babel import force_locale, gettext

from lms.people.audit_words import ACTIONS, SUBJECTS


@pytest.mark.sqlite_only
def test_every_name_is_said_in_spanish_too(app: Flask) -> None:
    with app.test_request_context(), force_locale("es"):
        same = [name for name in (*ACTIONS.values(), *SUBJECTS.values()) if gettext(name) == name]

    assert same == ["Roles"], "the same word in both"
