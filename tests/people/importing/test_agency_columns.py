"""Columns of lists of agencies, and the words for kinds and counties, as states and districts write them."""

from __future__ import annotations

import pytest

from lms.people.agencies import counties
from lms.people.importing.agency_columns import KIND_WORDS, county_of, field_of, kind_of
from lms.people.models import AGENCY_KINDS


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Name", ("name", "")),
        ("AGENCY NAME", ("name", "")),
        ("Nombre de la agencia", ("name", "")),
        ("Parent (code)", ("parent", "")),
        ("County FIPS", ("county", "")),
        ("NCES School ID", ("nces-school", "")),
        ("LEAID", ("nces-district", "")),
        ("National Provider Identifier (NPI)", ("npi", "")),
        ("State id: MO DESE", ("state", "MO DESE")),
        ("Other ID (Juvenile office)", ("other", "Juvenile office")),
        ("State id", None),
        ("Principal", None),
    ],
)
def test_a_header_means_what_people_call_it(header: str, field: tuple[str, str] | None) -> None:
    assert field_of(header) == field


@pytest.mark.parametrize(
    ("text", "fips"),
    [
        ("Boone", "29019"),
        ("boone county", "29019"),
        ("Condado de Boone", "29019"),
        ("29019", "29019"),
        ("019", "29019"),
        ("19", "29019"),
        ("De Kalb", None),
        ("Saint Charles", "29183"),
        ("Ste Genevieve", "29186"),
        ("St. Louis County", "29189"),
        ("Saint Louis City", "29510"),
        ("St. Louis", None),
        ("99999", None),
        ("²", None),
    ],
)
def test_a_county_is_known_by_name_or_code_and_never_guessed(text: str, fips: str | None) -> None:
    assert county_of(text, counties()) == fips


def test_every_kind_has_words_and_its_own_code_is_one_of_them() -> None:
    assert set(KIND_WORDS.values()) == set(AGENCY_KINDS)
    assert [kind_of(kind) for kind in AGENCY_KINDS] == list(AGENCY_KINDS)
    assert kind_of("Sheriff's Office") == kind_of("Oficina del sheriff") == "sheriff"
    assert kind_of("library") is None
