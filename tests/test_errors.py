"""Errors as consoles and logs print them: the sentence, with its values in it."""

from __future__ import annotations

from lms.errors import Conflict, Invalid, Sentence


def test_an_error_that_is_printed_says_its_values_and_not_their_names() -> None:
    error = Conflict("Version %(old)s is older than %(new)s.", old=1, new=Sentence("version %(number)s", {"number": 2}))

    assert str(error) == "Version 1 is older than version 2."


def test_an_error_without_values_may_say_percent() -> None:
    assert str(Invalid("At least 80% must be reached.")) == "At least 80% must be reached."
