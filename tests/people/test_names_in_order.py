"""By what a roster is in order: the last name of a name that is one field."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.people.names import LONGEST_SORT_KEY, sort_key


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("Tasha Brown", "brown  tasha"),
        ("Brown, Tasha", "brown  tasha"),
        ("Brown, Tasha, RN", "brown  tasha  rn"),
        ("Tasha Brown, RN", "brown  tasha  rn"),
        ("Martin Luther King Jr.", "king  martin luther  jr"),
        ("Martin Luther King, Jr.", "king  martin luther  jr"),
        ("John Smith III", "smith  john  iii"),
        ("María de la Cruz", "de la cruz  maria"),
        ("Vincent van Gogh", "van gogh  vincent"),
        ("Van Morrison", "morrison  van"),
        ("José Ortega y Gasset", "ortega y gasset  jose"),
        ("Ana O’Brien-Smith", "obrien smith  ana"),
        ("María García López", "lopez  maria garcia"),
        ("García López, María", "garcia lopez  maria"),
        ("Kim Do", "do  kim"),
        ("Tasha Brown (Tee)", "brown  tasha"),
        ("Learner Smith 45", "smith  learner  45"),
        ("Cher", "cher"),
        ("Jr.", "jr"),
        ("", ""),
    ],
)
def test_the_last_name_comes_first_as_far_as_one_field_tells_it(name: str, key: str) -> None:
    assert sort_key(name) == key


@given(st.text(max_size=200))
def test_whatever_is_typed_has_a_place_in_the_order_and_no_word_is_lost_unless_in_brackets(name: str) -> None:
    key = sort_key(name)

    assert len(key) <= LONGEST_SORT_KEY
    if name.isascii() and name.replace(" ", "").isalpha():
        assert sorted(key.split()) == sorted(name.casefold().split())
