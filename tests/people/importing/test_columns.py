"""Columns are guessed from messy headers, in English and Spanish."""

from __future__ import annotations

import pytest

from lms.people.importing.columns import EXPORT_HEAD, guess_columns, is_secret


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Last Name", "last_name"),
        ("LAST_NAME ", "last_name"),
        ("E-mail addr.", "email"),
        ("E-Mail Address (work)", "email"),
        ("Job Class", "discipline"),
        ("Bldg", "agency"),
        ("Hire date", "starts_on"),
        ("Emp #", "staff_number"),
        ("EmployeeID", "staff_number"),
        ("Employee  Number", "staff_number"),
        ("Apellidos", "last_name"),
        ("Correo electrónico", "email"),
        ("Cargo", "discipline"),
        ("Escuela", "agency"),
        ("Fecha de ingreso", "starts_on"),
        ("No. de empleado", "staff_number"),
        ("Nombre completo", "name"),
    ],
)
def test_a_messy_header_is_known(header: str, field: str) -> None:
    assert guess_columns(["Nonsense", header]) == {field: 1}


@pytest.mark.parametrize("header", ["Supervisor name", "Emergency contact", "Home phone", "Shoe size", "Username", ""])
def test_a_header_about_something_else_is_left_alone(header: str) -> None:
    assert guess_columns([header]) == {}


def test_parts_of_a_name_win_over_a_whole_one() -> None:
    assert guess_columns(["Name", "First", "Last"]) == {"first_name": 1, "last_name": 2}


def test_nombre_alone_is_a_whole_name_and_beside_apellidos_a_first_one() -> None:
    assert guess_columns(["Nombre", "Correo"]) == {"name": 0, "email": 1}
    assert guess_columns(["Nombre", "Apellidos"]) == {"first_name": 0, "last_name": 1}


def test_addresses_are_known_by_what_stands_in_the_column() -> None:
    sample = [["Ann", "ann@a.example"], ["Bo", "bo@a.example"]]

    assert guess_columns(["Name", "Reach me"], sample) == {"name": 0, "email": 1}


def test_the_headers_of_our_own_export_are_all_known() -> None:
    assert set(guess_columns(EXPORT_HEAD)) == {
        "person_id", "name", "email", "staff_number", "agency", "discipline", "starts_on",
    }  # fmt: skip


@pytest.mark.parametrize("header", ["Password", "Contraseña", "SSN", "Social Security"])
def test_secrets_are_never_matched(header: str) -> None:
    assert is_secret(header)
    assert guess_columns([header]) == {}
