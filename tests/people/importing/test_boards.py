"""Boards are told by what staff lists call licenses, beside a state or without one."""

from __future__ import annotations

import pytest
import yaml

from lms.people.importing.boards import Board, BoardBook, word_key
from lms.people.importing.columns import guess_columns
from lms.people.importing.entries import NO_BOARDS, AgencyBook, Plan, read_entry
from lms.people.importing.states import read_state
from tests.support.world import SHIPPED_COURSES


def shipped() -> BoardBook:
    boards = {}
    for path in sorted((SHIPPED_COURSES / "credit-bodies").glob("*.yaml")):
        facts = yaml.safe_load(path.read_text(encoding="utf-8"))
        names = [text for key in ("name", "short_name", "license_name") for text in facts[key].values()]
        boards[facts["id"]] = Board(facts["id"], facts.get("state") or "", tuple(names))
    return BoardBook(boards)


@pytest.mark.parametrize(
    ("text", "state", "board"),
    [
        ("RN", "MO", "missouri-nursing"),
        ("RN License #", "OH", "ohio-nursing"),
        ("Licensed Practical Nurse", "FL", "florida-nursing"),
        ("Missouri Board of Nursing", "", "missouri-nursing"),
        ("MO Board of Nursing", "", "missouri-nursing"),
        ("Enfermera registrada", "MO", "missouri-nursing"),
        ("Junta de Enfermería de Ohio", "", "ohio-nursing"),
        ("POST", "", "missouri-post"),
        ("POST number", "MO", "missouri-post"),
        ("Peace Officer", "", "missouri-post"),
        ("DESE", "", "missouri-dese"),
        ("Teaching certificate", "MO", "missouri-dese"),
        ("missouri-nursing", "", "missouri-nursing"),
        ("ANCC", "TX", "ancc"),
        ("RN", "", None),
        ("RN", "TX", None),
        ("POST", "FL", None),
        ("Dental Hygienist", "MO", None),
        ("License", "MO", None),
        ("", "MO", None),
    ],
)
def test_a_board_is_found_where_only_one_can_be_meant(text: str, state: str, board: str | None) -> None:
    assert shipped().find(text, state) == board


def test_what_was_said_of_a_word_beside_a_state_holds_beside_that_state_only() -> None:
    assert word_key("R.N.", "MI") == "r n mi"
    assert word_key("R.N.", "") != word_key("R.N.", "MI")


@pytest.mark.parametrize(
    ("text", "state"),
    [("mo", "MO"), ("M.O.", "MO"), ("Missouri", "MO"), ("State of Missouri", "MO"), ("Nueva York", "NY"), ("ZZ", None)],
)
def test_states_are_read_as_they_are_written(text: str, state: str | None) -> None:
    assert read_state(text) == state


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("RN License #", "license_number"),
        ("License No", "license_number"),
        ("POST number", "license_number"),
        ("Teaching Cert. No.", "license_number"),
        ("Número de licencia", "license_number"),
        ("Licencia de enfermería", "license_number"),
    ],
)
def test_a_header_of_license_numbers_is_known(header: str, field: str) -> None:
    assert guess_columns(["Nonsense", header]) == {field: 1}


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("Lic Exp", "license_expiry"),
        ("RN License Expiration Date", "license_expiry"),
        ("Fecha de vencimiento", "license_expiry"),
        ("Expires", "license_expiry"),
        ("License Type", "license_board"),
        ("Tipo de licencia", "license_board"),
        ("Lic. State", "license_state"),
        ("Estado de la licencia", "license_state"),
    ],
)
def test_what_belongs_to_a_license_is_known_beside_its_number_only(header: str, field: str) -> None:
    assert guess_columns(["License No", header]) == {"license_number": 0, field: 1}
    assert field not in guess_columns(["Name", header])


@pytest.mark.parametrize(
    "header", ["Driver License Number", "DL #", "CPR exp date", "License Status", "License Issue Date", "State", "Post"]
)
def test_other_papers_are_left_alone(header: str) -> None:
    assert guess_columns([header]) == {}
    assert guess_columns(["License No", header]) == {"license_number": 0}


def test_a_row_without_a_license_number_says_nothing_of_one() -> None:
    plan = Plan({"name": 0, "email": 1, "license_number": 2}, default_agency_id=1, default_discipline="schools")

    read = read_entry(["Ann", "a@a.example", "N/A"], plan, AgencyBook({}, {1: "Oak"}), NO_BOARDS)

    assert (read.trouble, read.entry.license, read.remark) == (None, None, None)
