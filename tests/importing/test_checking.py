"""Checking: what becomes of each row, in plain words, with nothing dropped."""

from __future__ import annotations

import io
import random
import tracemalloc
import unicodedata
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select

from lms.clock import utc_now
from lms.database import db
from lms.errors import Invalid
from lms.importing import asking, checking
from lms.importing.asking import Upload
from lms.importing.checking import check_piece, total_of
from lms.people.importing.models import Import
from lms.people.models import RoleGrant, User
from tests.conftest import QueryCount
from tests.importing.conftest import Place
from tests.support.sheets import workbook

HEAD = "Name,E-mail,Staff id,Agency,Job\n"


def reasons(place: Place) -> list[str]:
    return [row.reason.get("message", "") % row.reason.get("values", {}) for row in place.importer.rows()]


def checked(place: Place, *lines: str, head: str = HEAD) -> list[str]:
    place.importer.upload(head + "\n".join(lines))
    place.importer.check()
    return place.importer.outcomes()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (",a@a.example,1,Oak School,Teacher", "There is no name in this row"),
        ("Ann,not-an-address,1,Oak School,Teacher", "“not-an-address” is no e-mail address"),
        ("Ann,a@a.example;b@a.example,1,Oak School,Teacher", "is no e-mail address"),
        ("Ann,,,Oak School,Teacher", "Give an e-mail address or a staff id"),
        ("Ann,a@a.example,1,Nowhere,Teacher", "There is no agency “Nowhere” here"),
        ("Ann,a@a.example,1,City Hospital,Teacher", "There is no agency “City Hospital” here"),
        ("Ann,a@a.example,1,Oak School,Wizard", "It is not known which discipline “Wizard” is"),
        ("A\0nn,a@a.example,1,Oak School,Teacher", "There are characters in this row that cannot be read"),
        (f"{'A' * 201},a@a.example,1,Oak School,Teacher", "This name is too long"),
        (f"Ann,a@a.example,{'1' * 65},Oak School,Teacher", "This staff id is too long"),
    ],
)
def test_a_row_that_cannot_come_in_says_why(place: Place, line: str, says: str) -> None:
    assert checked(place, line) == ["problem"]
    assert says in reasons(place)[0]


def test_names_are_turned_and_made_regular(place: Place) -> None:
    decomposed = unicodedata.normalize("NFD", "Núñez")

    checked(
        place, f'"{decomposed}, José  María",a@a.example,1,Oak School,Teacher',
        '"Ana Ruiz, RN",b@a.example,2,Oak School,RN', "  Bo\u00a0Lee ,c@a.example,3,oak school,Teacher",
    )  # fmt: skip

    assert [row.name for row in place.importer.rows()] == ["José María Núñez", "Ana Ruiz, RN", "Bo Lee"]


def test_the_sum_of_all_outcomes_is_the_number_of_rows_read(place: Place) -> None:
    rng = random.Random(7)
    kinds = [
        "", ",,,,", HEAD.strip(), "Ann,a@a.example,1,Oak School,Teacher", "Bo,,,Oak School,Teacher",
        "Cy,c@a.example,,Nowhere,Teacher", "Di,d@a.example,9,Elm School,Nurse", "Ed Ann,a@a.example,1,Elm School,Nurse",
    ]  # fmt: skip
    lines = [rng.choice(kinds) for _ in range(500)]

    checked(place, *lines, "End,e@a.example,5,Oak School,Teacher")

    counts = place.importer.counts()
    assert counts["read"] == 501
    assert total_of(counts) == 501
    assert sum(counts["left_out"].values()) + len(place.importer.rows()) == 501


def test_the_same_person_with_two_places_is_one_person(place: Place) -> None:
    outcomes = checked(
        place, "Ann Lee,a@a.example,1,Oak School,Teacher", "Ann Lee,a@a.example,1,Elm School,Teacher",
        "Ann Lee,a@a.example,1,Oak School,Teacher",
    )  # fmt: skip

    assert outcomes == ["create", "update", "unchanged"]
    assert reasons(place)[1:] == ["A further place of the person of line 2.", "The same as line 2."]


def test_the_same_address_under_another_name_is_asked_about(place: Place) -> None:
    assert checked(place, "Ann Lee,desk@a.example,,Oak School,Teacher", "Bo Kim,desk@a.example,,Oak School,Teacher") == [
        "create", "decide",
    ]  # fmt: skip


def test_two_of_one_name_are_asked_about_unless_all_ids_differ(place: Place) -> None:
    assert checked(
        place, "Ann Lee,a@a.example,,Oak School,Teacher", "\"Lee, Ann\",,7,Elm School,Teacher",
        "Cy Dee,c@a.example,8,Oak School,Teacher", "Cy Dee,d@a.example,9,Oak School,Teacher",
    ) == ["create", "decide", "create", "create"]  # fmt: skip


def test_somebody_who_is_there_under_the_same_name_is_shown_beside_the_row(place: Place) -> None:
    place.importer.world.user("José Núñez", email="j.nunez@a.example", agency=place.oak, discipline="schools")
    place.importer.upload(HEAD + '"NUNEZ, JOSE",,77,Oak School,Teacher\n')

    page = place.importer.check()

    assert place.importer.outcomes() == ["decide"]
    assert "j.nunez@a.example" in page
    assert "NUNEZ" in page


def test_a_decision_is_kept_through_the_next_check(place: Place) -> None:
    known = place.importer.world.user("Ann Lee", email="a@a.example", agency=place.oak, discipline="schools")
    place.importer.upload(HEAD + "Ann Lee,,77,Oak School,Teacher\nAnn Lee,,78,Oak School,Teacher\n")
    place.importer.check()

    assert place.importer.post("decide", {"row-1": "same", "rest": "other"}) == 303
    place.importer.work()

    rows = place.importer.rows()
    assert [(row.outcome, row.match_user_id) for row in rows] == [("update", known), ("create", None)]


def test_people_are_found_by_staff_id_and_by_address(place: Place) -> None:
    place.importer.upload(HEAD + "Ann Lee,a@a.example,1,Oak School,Teacher\nBo Kim,,2,Oak School,Teacher\n")
    place.importer.check()
    place.importer.confirm()

    assert checked(place, "Ann Lee-Day,,1,Oak School,Teacher", "Bo Kim,b@a.example,2,Oak School,Teacher") == [
        "update", "update",
    ]  # fmt: skip
    assert reasons(place) == ["Gets the name in the file.", "Gets the e-mail address."]


def test_a_person_with_an_account_keeps_their_own_name(place: Place) -> None:
    place.importer.world.user("Ann Lee", email="a@a.example", agency=place.oak, discipline="schools")

    assert checked(place, "Ann Lee-Day,a@a.example,,Oak School,Teacher") == ["unchanged"]
    assert "own spelling is kept" in reasons(place)[0]


def test_a_switched_off_account_is_a_problem(place: Place) -> None:
    world = place.importer.world
    user = world.user("Ann Lee", email="a@a.example", agency=place.oak, discipline="schools")
    world.write(lambda: setattr(db.session.get_one(User, user), "disabled_at", utc_now()))

    assert checked(place, "Ann Lee,a@a.example,,Oak School,Teacher") == ["problem"]
    assert "switched off" in reasons(place)[0]


def test_a_person_id_of_another_agency_tells_nothing(place: Place) -> None:
    foreign = place.importer.world.user("Secret Person", email="s@h.example", agency=place.hospital)

    outcomes = checked(place, f"{foreign},Ann Lee,Oak School,Teacher", head="Person id,Name,Agency,Job\n")
    unknown = reasons(place)
    checked(place, "999999,Ann Lee,Oak School,Teacher", head="Person id,Name,Agency,Job\n")

    assert outcomes == ["problem"]
    assert unknown == reasons(place)
    assert "Secret" not in place.importer.page()


def test_the_page_of_somebody_who_works_elsewhere_is_that_of_somebody_new(place: Place) -> None:
    place.importer.world.user("Ann Lee", email="taken@h.example", agency=place.hospital)

    assert checked(place, "Ann Lee,taken@h.example,1,Oak School,Teacher", "Bo Kim,free@h.example,2,Oak School,Teacher") == [
        "create", "create",
    ]  # fmt: skip
    assert reasons(place) == ["", ""]


def test_words_that_are_not_known_are_matched_once_and_remembered(place: Place) -> None:
    text = HEAD + "Ann Lee,a@a.example,1,Main bldg,Wizard\n"
    place.importer.upload(text)
    page = place.importer.check()
    assert "Words that are not known yet" in page

    place.importer.post("values", {"agency-0": place.oak, "discipline-0": "housing"})
    place.importer.work()
    first = place.importer.rows()[0]
    place.importer.upload(text)
    place.importer.check()

    assert (first.outcome, first.agency_id, first.discipline) == ("create", place.oak, "housing")
    assert place.importer.outcomes() == ["create"]


def test_chosen_columns_are_remembered_for_the_same_headers(place: Place) -> None:
    text = "Who,Mail,Nick\nAnn Lee,a@a.example,Annie\n"
    place.importer.upload(text)
    place.importer.check(
        **{"column-0": "", "column-2": "name", "default_agency": str(place.oak), "default_discipline": "schools"}
    )

    page = place.importer.upload(text)

    assert "as in your last import" in page
    assert place.importer.row().plan["columns"] == {"email": 1, "name": 2}
    assert place.importer.row().plan["default_discipline"] == "schools"


def test_two_columns_for_one_thing_are_refused(place: Place) -> None:
    place.importer.upload(HEAD + "Ann Lee,a@a.example,1,Oak School,Teacher\n")

    assert place.importer.post("match", {"column-0": "name", "column-1": "name"}) == 422
    assert place.importer.post("match", {"column-1": "email"}) == 422


def test_a_file_that_is_too_large_is_refused_with_a_sentence(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "MOST_BYTES", 1_000_000)

    with closing(io.BytesIO(b"Name,E-mail\n" + b"x" * 1_000_001)) as handle, pytest.raises(Invalid) as caught:
        asking.begin_import(Upload(handle, "big.csv"), place.district, asked_by_id=None, files=place.importer.files)

    assert caught.value.message.startswith("This file is larger than")


def test_a_file_far_too_large_is_refused_before_it_is_read(place: Place) -> None:
    answer = place.importer.client.post(
        "/people/import", data=b"x" * 60_000_000, content_type="multipart/form-data; boundary=x"
    )

    assert answer.status_code == 413
    assert "larger than this page takes" in answer.get_data(as_text=True)


def test_a_piece_that_is_checked_again_after_a_kill_keeps_each_row_once(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "ROWS", 2)
    importer = place.importer
    importer.upload(HEAD + "".join(f"P{n} Lee{n},p{n}@a.example,{n},Oak School,Teacher\n" for n in range(5)))
    runtime, import_id = importer.world.app.extensions["lms"], importer.id
    importer.world.write(lambda: setattr(db.session.get_one(Import, import_id), "state", "checking"))

    def twice() -> None:
        cursor: dict[str, Any] = {}
        while True:
            check_piece(import_id, cursor, runtime)  # recorded nowhere: the worker was killed
            checking.forget(importer.row().stored or "")
            piece = check_piece(import_id, cursor, runtime)
            cursor = dict(piece.cursor)
            if piece.is_last:
                return

    importer.world.read(twice)

    assert [row.position for row in importer.rows()] == [1, 2, 3, 4, 5]
    assert importer.counts()["create"] == 5


def test_the_queries_of_a_piece_do_not_grow_with_its_rows(place: Place, count_queries: QueryCount) -> None:
    def cost(rows: int) -> int:
        importer = place.importer
        importer.upload(HEAD + "".join(f"P{n} Lee{n},p{n}@a.example,{n},Oak School,Teacher\n" for n in range(rows)))
        runtime, import_id = importer.world.app.extensions["lms"], importer.id
        importer.world.write(lambda: setattr(db.session.get_one(Import, import_id), "state", "checking"))
        count_queries.statements.clear()
        importer.world.read(lambda: check_piece(import_id, {}, runtime))
        # one INSERT carries many rows, and more of them the more there are; each of them some hundred
        return len([one for one in count_queries.statements if one.startswith("SELECT") and "set_config" not in one])

    assert cost(10) == cost(800) <= 16


def test_the_memory_of_a_check_does_not_grow_with_the_file(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "ROWS", 250)

    def peak(rows: int) -> int:
        importer = place.importer
        importer.upload(HEAD + "".join(f"P{n} Lee{n},p{n}@a.example,{n},Oak School,Teacher\n" for n in range(rows)))
        runtime, import_id = importer.world.app.extensions["lms"], importer.id
        importer.world.write(lambda: setattr(db.session.get_one(Import, import_id), "state", "checking"))

        def run() -> int:
            cursor: dict[str, Any] = {}
            tracemalloc.start()
            while True:
                piece = check_piece(import_id, cursor, runtime)
                cursor = dict(piece.cursor)
                if piece.is_last:
                    _now, most = tracemalloc.get_traced_memory()
                    tracemalloc.stop()
                    return most

        return importer.world.read(run)

    peak(250)  # what is loaded once
    small, large = peak(500), peak(4000)

    assert large < small * 1.6


def test_a_workbook_is_checked_as_a_csv_is(place: Place) -> None:
    content = workbook(
        [["Staff list"], [], ["Last Name", "First Name", "Emp #", "Bldg", "Job Class", "Hire date"],
         ["Núñez", "José", 1001, "Oak School", "Teacher", (43689, "date")], [], ["Smith", "Ann", 1002, "Oak School", "RN", 43690]],
    )  # fmt: skip

    place.importer.upload(content, "staff.xlsx")
    place.importer.check()

    rows = place.importer.rows()
    assert [(row.name, row.number, str(row.starts_on), row.line) for row in rows] == [
        ("José Núñez", "1001", "2019-08-12", 4), ("Ann Smith", "1002", "2019-08-13", 6),
    ]  # fmt: skip


def test_staged_rows_keep_no_cells_of_rows_that_are_good(place: Place) -> None:
    checked(place, "Ann Lee,a@a.example,1,Oak School,Teacher", ",b@a.example,2,Oak School,Teacher")

    assert [row.cells for row in place.importer.rows()] == [None, ["", "b@a.example", "2", "Oak School", "Teacher"]]


def test_an_administrator_without_reach_any_more_stops_the_check(place: Place) -> None:
    importer = place.importer
    importer.upload(HEAD + "Ann Lee,a@a.example,1,Oak School,Teacher\n")
    importer.post("match", {"column-0": "name", "column-1": "email", "column-3": "agency", "column-4": "discipline"})

    def revoke() -> None:
        for grant in db.session.scalars(select(RoleGrant).where(RoleGrant.user_id == importer.admin)):
            grant.revoked_at = utc_now()

    importer.world.write(revoke)
    importer.work()

    assert importer.rows() == []
