"""Codes: their shape, their check symbol, and how people type them."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from lms.certification.codes import check_symbol, code_within, new_code, normalize_code
from lms.people.spoken_codes import ALPHABET

bodies = st.text(alphabet=ALPHABET, min_size=11, max_size=11)


def grouped(body: str) -> str:
    symbols = body + check_symbol(body)
    return f"{symbols[:4]}-{symbols[4:8]}-{symbols[8:]}"


def test_a_new_code_has_three_groups_of_four_and_is_its_own_normal_form() -> None:
    codes = {new_code() for _ in range(500)}

    assert len(codes) == 500
    assert all(re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4}-){2}[0-9A-HJKMNP-TV-Z]{4}", code) for code in codes)
    assert all(normalize_code(code) == code for code in codes)


@given(bodies)
def test_however_it_is_typed_it_is_the_same_code(body: str) -> None:
    code = grouped(body)
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")

    assert normalize_code(f"  {typed} ") == code
    assert normalize_code(code.replace("-", "").replace("1", "I")) == code
    assert normalize_code(code.replace("-", " – ")) == code
    assert normalize_code(code.translate({ord(one): ord(one) + 0xFEE0 for one in code})) == code, "as wide letters"


@given(
    bodies, st.sampled_from(("https://site.test/verify/{}", " http://127.0.0.1:8000/lms/verify/{}?lang=es#name-form "))
)
def test_a_code_is_found_in_the_address_that_is_pasted_whole(body: str, address: str) -> None:
    code = grouped(body)

    assert code_within(address.format(code)) == code
    assert code_within(f" {code} ") == code


@given(bodies, st.integers(0, 11), st.sampled_from(ALPHABET))
def test_one_wrong_symbol_is_always_found(body: str, place: int, other: str) -> None:
    symbols = body + check_symbol(body)
    if symbols[place] == other:
        return

    assert normalize_code(symbols[:place] + other + symbols[place + 1 :]) is None


def test_nearly_every_swap_of_neighbors_is_found() -> None:
    swaps = [(one, two) for one in ALPHABET for two in ALPHABET if one < two]
    missed = [
        pair for pair in swaps if check_symbol("".join(pair) + "0" * 9) == check_symbol("".join(pair[::-1]) + "0" * 9)
    ]

    assert len(missed) == 1


@given(st.text(max_size=40))
def test_any_text_is_a_code_or_nothing(text: str) -> None:
    code = normalize_code(text)

    assert code is None or normalize_code(code) == code


def test_too_short_too_long_and_foreign_symbols_are_no_codes() -> None:
    code = new_code()

    assert normalize_code(code[:-1]) is None
    assert normalize_code(code + "0") is None
    assert normalize_code("U" * 12) is None
    assert normalize_code("") is None
