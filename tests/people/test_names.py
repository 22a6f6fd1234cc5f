"""Names as people type them: regular, and nothing in them that nobody sees."""

from __future__ import annotations

import pytest

from lms.people.names import clean_name


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ana \t Ruiz\r\n", "Ana Ruiz"),
        ("Ana\x00Ruiz", "AnaRuiz"),
        ("\u202egnihtyna Ana", "gnihtyna Ana"),
        ("Ana\u200b \u2066Ruiz\u2069\ufeff", "Ana Ruiz"),
        ("\u0646\u06cc\u200c\u0645\u0627", "\u0646\u06cc\u200c\u0645\u0627"),  # Persian, with its joiner
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),  # Hindi, likewise
        ("Nu\u0301n\u0303ez", "N\u00fa\u00f1ez"),
    ],
)
def test_a_name_is_made_regular(typed: str, kept: str) -> None:
    assert clean_name(typed) == kept


@pytest.mark.parametrize("typed", ["\u202e", "\u200b\u200b", "\u200d", " \u2060 ", "\u00ad", "\ufeff"])
def test_what_nobody_sees_is_no_name(typed: str) -> None:
    assert clean_name(typed) == ""
