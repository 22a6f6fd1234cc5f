"""Licenses of a staff list: added or changed, never another one removed; masked; taken back as they were."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from lms.certification.credit_bodies import publish_bodies
from lms.clock import utc_now
from lms.database import db
from lms.importing import checking, claiming
from lms.importing.applying import apply_piece
from lms.importing.checking import check_piece
from lms.people import licenses
from lms.people.importing.models import Import, ImportChange, ImportRow, StaffRecord
from lms.people.models import AuditEvent, License
from tests.conftest import QueryCount
from tests.importing.conftest import Place
from tests.importing.test_applying import all_of, user_of
from tests.importing.test_checking import reasons
from tests.importing.test_claiming import erase_now
from tests.support.days import site_day
from tests.support.importing import Importer
from tests.support.visits import link_in, mails
from tests.support.world import SHIPPED_COURSES

HEAD = "Name,E-mail,Staff id,Agency,Job,License type,License #,License state,Lic Exp\n"
ANN = "Ann Lee,a@a.example,1,Oak School,Nurse"
BO = "Bo Kim,b@a.example,2,Oak School,Nurse"
NURSING = {"missouri-nursing"}


@pytest.fixture(autouse=True)
def boards(place: Place) -> None:
    place.importer.world.write(lambda: publish_bodies(SHIPPED_COURSES / "credit-bodies", utc_now()))


def checked(place: Place, *lines: str, head: str = HEAD, **defaults: str) -> list[str]:
    place.importer.upload(head + "\n".join(lines))
    place.importer.check(**defaults)
    return place.importer.outcomes()


def imported(place: Place, *lines: str, **options: Any) -> str:
    checked(place, *lines)
    return place.importer.confirm(**options)


def held(place: Place, name: str = "Ann Lee") -> list[tuple[str, str, str, date | None]]:
    user = user_of(place, name).id
    rows = all_of(
        place, select(License).where(License.user_id == user, License.ended_at.is_(None)).order_by(License.id)
    )
    return [(one.board, one.state, one.number, one.expires_on) for one in rows]


def enter(place: Place, user: int, number: str, board: str = "missouri-nursing", expires_on: date | None = None) -> int:
    return place.importer.world.write(
        lambda: licenses.add_license(
            user, board=board, state="MO", number=number, expires_on=expires_on, is_printed=False,
            boards={board}, now=utc_now(),
        ).id
    )  # fmt: skip


def with_account(place: Place) -> int:
    ann = place.importer.world.user("Ann Lee", email="a@a.example", agency=place.oak, discipline="healthcare")
    record = StaffRecord(agency_id=place.district, user_id=ann, number="1", email=None)
    place.importer.world.write(lambda: db.session.add(record))
    return ann


def test_a_license_comes_with_its_person(place: Place) -> None:
    imported(place, f"{ANN},RN,RN-0012345,MO,4/30/2027")

    assert held(place) == [("missouri-nursing", "MO", "RN-0012345", date(2027, 4, 30))]
    ann = user_of(place, "Ann Lee").id
    assert "license.added" in all_of(place, select(AuditEvent.action).where(AuditEvent.subject_id == ann))
    assert "Licenses entered" in place.importer.page()


@pytest.mark.parametrize(
    ("license", "says"),
    [
        (",123,MO,", "There is a license number without its board"),
        ("RN,123,Narnia,", "“Narnia” is no state"),
        ("POST,123,KS,", "It is not known which board gave the license “POST KS”"),
        ("Missouri POST,123,KS,", "It is not known which board gave the license “Missouri POST KS”"),
        ("missouri-post,123,,soon", "“soon” is no last day of a license"),
        ("RN,123,MO,13/13/2027", "is no last day of a license"),
        ("RN,•••345,MO,", "This license number is masked"),
        (f"RN,{'1' * 65},MO,", "This license number is too long"),
        ("RN,./,MO,", "There is no number in the column"),
        ("ANCC,123,,", "There is no state of the license in this row"),
        ("Dental Hygienist,123,MO,", "It is not known which board gave the license “Dental Hygienist MO”"),
    ],
)
def test_a_license_that_cannot_come_in_says_why(place: Place, license: str, says: str) -> None:
    assert checked(place, f"{ANN},{license}") == ["problem"]
    assert says in reasons(place)[0]


def test_a_license_without_a_number_does_not_keep_the_row_out_and_is_told(place: Place) -> None:
    assert checked(place, f"{ANN},RN,,MO,4/30/2027", f"{BO},,,,") == ["create", "create"]
    assert reasons(place) == ["Comes in without a license: there is no number of it in this row.", ""]


def test_an_unknown_board_is_matched_once_and_known_for_the_next_file(place: Place) -> None:
    page_of = place.importer.check
    place.importer.upload(HEAD + f"{ANN},Krankenschwester,1,MO,\n{BO},Krankenschwester,2,MO,\n")
    page = page_of()
    (name,) = re.findall(r'<select name="(license_board-\d+)"', page)
    place.importer.post("values", {name: "missouri-nursing"})
    place.importer.work()
    first = place.importer.outcomes()

    again = checked(place, "Cy Ode,c@a.example,3,Oak School,Nurse,Krankenschwester,3,MO,")

    assert (first, again) == (["create", "create"], ["create"])
    assert {row.license_board for row in place.importer.rows()} == NURSING


def test_licenses_of_a_board_that_is_not_known_here_are_left_out_once_somebody_says_so(place: Place) -> None:
    place.importer.upload(HEAD + f"{ANN},Dental Hygienist,1,MO,\n")
    (name,) = re.findall(r'<select name="(license_board-\d+)"', place.importer.check())

    place.importer.post("values", {name: "none"})
    place.importer.work()

    assert place.importer.outcomes() == ["create"]
    assert "Comes in without the license" in reasons(place)[0]
    place.importer.confirm()
    assert held(place) == []


def test_the_header_of_the_numbers_says_the_board_where_no_column_does(place: Place) -> None:
    head = "Name,E-mail,Agency,Job,RN License #,License state\n"

    assert checked(place, "Ann Lee,a@a.example,Oak School,Nurse,123,MO", head=head) == ["create"]
    assert {row.license_board for row in place.importer.rows()} == NURSING


def test_one_board_is_chosen_for_the_whole_file_and_remembered(place: Place) -> None:
    head = "Name,E-mail,Agency,Job,License No\n"
    line = "Ann Lee,a@a.example,Oak School,Officer,123"
    assert checked(place, line, head=head) == ["problem"]

    assert checked(place, line, head=head, default_board="missouri-post") == ["create"]
    assert checked(place, line, head=head) == ["create"]
    assert [(row.license_board, row.license_state) for row in place.importer.rows()] == [("missouri-post", "MO")]


def test_the_same_list_again_changes_nothing(place: Place) -> None:
    lines = (f"{ANN},RN,RN-0012345,MO,4/30/2027", f"{BO},RN,77,MO,")
    imported(place, *lines)

    assert checked(place, *lines) == ["unchanged", "unchanged"]
    assert checked(place, f"{ANN},RN,rn 12345,MO,", f"{BO},RN,0077,MO,") == ["update", "unchanged"]
    assert checked(place, f"{ANN},RN,rn 0012345,MO,") == ["unchanged"]


def test_a_list_renews_the_last_day_and_adds_a_license_of_another_board(place: Place) -> None:
    imported(place, f"{ANN},RN,123,MO,4/30/2025")

    assert checked(place, f"{ANN},RN,123,MO,4/30/2027") == ["update"]
    place.importer.confirm()
    assert checked(place, f"{ANN},RN,99,OH,") == ["update"]
    place.importer.confirm()

    assert held(place) == [("missouri-nursing", "MO", "123", date(2027, 4, 30)), ("ohio-nursing", "OH", "99", None)]


def test_a_list_corrects_the_number_of_who_has_not_signed_in(place: Place) -> None:
    imported(place, f"{ANN},RN,123,MO,4/30/2027")

    assert checked(place, f"{ANN},RN,124,MO,") == ["update"]
    place.importer.confirm()

    assert held(place) == [("missouri-nursing", "MO", "124", date(2027, 4, 30))]


def test_what_somebody_has_entered_is_kept_and_the_row_says_so(place: Place) -> None:
    ann = with_account(place)
    enter(place, ann, "123", expires_on=date(2027, 4, 30))

    assert checked(place, f"{ANN},RN,124,MO,") == ["unchanged"]
    assert "the one that is here already is kept" in reasons(place)[0]
    assert checked(place, f"{ANN},RN,123,MO,4/30/2025") == ["unchanged"]
    assert "the later day is kept" in reasons(place)[0]
    assert checked(place, f"{ANN},RN,123,MO,4/30/2029") == ["update"]
    place.importer.confirm()
    assert held(place) == [("missouri-nursing", "MO", "123", date(2029, 4, 30))]


def test_a_person_with_two_numbers_of_one_board_is_told_by_the_number(place: Place) -> None:
    ann = with_account(place)
    enter(place, ann, "123")
    enter(place, ann, "456")

    assert checked(place, f"{ANN},RN,123,MO,", f"{ANN},RN,456,MO,4/30/2029") == ["unchanged", "update"]


def test_several_rows_of_a_person_give_several_licenses_in_one_go(place: Place) -> None:
    lines = (f"{ANN},RN,123,MO,", f"{ANN},RN,9,OH,", f"{ANN},RN,123,MO,4/30/2027", f"{ANN},RN,123,MO,")
    assert checked(place, *lines) == ["create", "update", "update", "unchanged"]
    place.importer.confirm()

    assert held(place) == [("missouri-nursing", "MO", "123", date(2027, 4, 30)), ("ohio-nursing", "OH", "9", None)]


def test_two_numbers_of_one_person_and_board_in_one_file_are_a_problem(place: Place) -> None:
    imported(place, f"{ANN},RN,123,MO,")

    assert checked(place, f"{ANN},RN,124,MO,", f"{ANN},RN,123,MO,") == ["update", "problem"]
    assert "Line 2 gives this person another license number" in reasons(place)[1]
    assert checked(place, f"{ANN},RN,123,MO,4/30/2027", f"{ANN},RN,123,MO,4/30/2028") == ["update", "problem"]
    assert "Line 2 gives another last day" in reasons(place)[1]


def test_a_license_of_somebody_else_in_reach_is_a_problem_that_names_nobody(place: Place) -> None:
    other = place.importer.world.user("Other Person", email="o@a.example", agency=place.elm)
    enter(place, other, "RN-123")

    assert checked(place, f"{ANN},RN,rn123,MO,", f"{BO},RN,123,OH,") == ["problem", "create"]
    assert "Somebody else in your agencies has this license already" in reasons(place)[0]
    assert "Other Person" not in place.importer.page()


def test_whoever_has_the_license_elsewhere_is_not_told_of(place: Place) -> None:
    far = place.importer.world.user("Far Person", email="f@h.example", agency=place.hospital)
    enter(place, far, "123")

    assert checked(place, f"{ANN},RN,123,MO,") == ["create"]
    place.importer.confirm()
    assert held(place) == [("missouri-nursing", "MO", "123", None)]


def test_one_license_for_two_people_of_a_file_is_a_problem_also_pieces_later(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "ROWS", 1)

    assert checked(place, f"{ANN},RN,RN 123,MO,", f"{BO},RN,rn-123,MO,") == ["create", "problem"]
    assert "Line 2 gives the same license to somebody else" in reasons(place)[1]


def test_a_license_that_somebody_got_between_check_and_confirm_is_not_given_twice(place: Place) -> None:
    other = place.importer.world.user("Other Person", email="o@a.example", agency=place.elm)
    checked(place, f"{ANN},RN,123,MO,")
    enter(place, other, "123")

    page = place.importer.confirm()

    assert "Somebody else has the license of this row since the check" in page
    assert held(place) == []


def test_numbers_are_masked_on_every_page_of_the_import(place: Place) -> None:
    place.importer.upload(HEAD + f"{ANN},RN,RN-7654321,MO,\n,b@a.example,2,Oak School,Nurse,RN,RN-1234567,MO,\n")
    pages = [place.importer.page("/match"), place.importer.check()]
    pages += [place.importer.page(f"/rows?outcome={outcome}") for outcome in ("create", "problem")]
    pages += [place.importer.page("/confirm"), place.importer.confirm()]
    ann = user_of(place, "Ann Lee").id
    pages.append(place.importer.client.get(f"/people/{ann}").get_data(as_text=True))

    assert not any("7654321" in page or "1234567" in page for page in pages)
    assert "•••321" in pages[0]
    assert "Missouri Board of Nursing · MO · •••321" in pages[2]


def test_only_who_brought_the_file_gets_the_whole_numbers_back(place: Place) -> None:
    place.importer.upload(HEAD + ",b@a.example,2,Oak School,Nurse,RN,RN-1234567,MO,\n")
    place.importer.check()
    colleague = Importer(place.importer.world, place.district, email="colleague@district.example")
    address = f"/people/import/{place.importer.id}/problems.csv"

    own = place.importer.client.get(address).get_data(as_text=True)
    theirs = colleague.client.get(address).get_data(as_text=True)

    assert "RN-1234567" in own
    assert "1234567" not in theirs
    assert "•••567" in theirs


def test_the_exported_list_holds_no_licenses_and_changes_none(place: Place) -> None:
    imported(place, f"{ANN},RN,RN-7654321,MO,4/30/2027")
    before = held(place)

    exported = place.importer.client.get("/people/export.csv").get_data(as_text=True)
    place.importer.upload(exported)
    place.importer.check()

    assert "321" not in "".join("".join(line[1:]) for line in csv.reader(io.StringIO(exported)))
    assert set(place.importer.outcomes()) == {"unchanged"}
    assert held(place) == before


def picture(place: Place) -> list[Any]:
    columns = (License.id, License.user_id, License.board, License.state, License.number, License.number_key,
               License.expires_on, License.is_printed, License.ended_at)  # fmt: skip
    return place.importer.world.read(
        lambda: [tuple(row) for row in db.session.execute(select(*columns).order_by(License.id))]
    )


def test_an_undo_takes_back_what_the_import_did_to_licenses_and_nothing_else(place: Place) -> None:
    imported(place, f"{ANN},RN,123,MO,4/30/2025")
    enter(place, user_of(place, "Ann Lee").id, "9", board="missouri-post")
    before = picture(place)

    imported(place, f"{ANN},RN,124,MO,4/30/2027", f"{ANN},RN,5,OH,", f"{BO},RN,77,MO,")
    assert picture(place) != before
    page = place.importer.undo()

    assert picture(place) == before
    assert "is as it was before." in page
    actions = all_of(place, select(AuditEvent.action).where(AuditEvent.action.like("license.%")))
    assert sorted(set(actions)) == ["license.added", "license.changed", "license.import-undone", "license.restored"]


def test_an_undo_leaves_licenses_that_were_changed_since(place: Place) -> None:
    ann = with_account(place)
    enter(place, ann, "123")
    imported(place, f"{ANN},RN,123,MO,4/30/2027", f"{ANN},RN,5,OH,", f"{ANN},POST,6,MO,")

    def change() -> None:
        by_number = {one.number: one for one in db.session.scalars(select(License).where(License.user_id == ann))}
        by_number["123"].expires_on = date(2031, 1, 1)
        by_number["5"].number = "55"
        by_number["6"].is_printed = True

    place.importer.world.write(change)
    page = place.importer.undo()

    assert held(place) == [
        ("missouri-nursing", "MO", "123", date(2031, 1, 1)), ("ohio-nursing", "OH", "55", None),
        ("missouri-post", "MO", "6", None),
    ]  # fmt: skip
    assert "This was changed again since the import" in page


def test_an_undo_leaves_the_license_of_who_has_accepted_since(place: Place) -> None:
    imported(place, f"{ANN},RN,123,MO,", invite="y")
    world = place.importer.world
    token = link_in(next(mail for mail in mails(world) if mail["to"] == "a@a.example")).rpartition("/")[2]
    day = site_day()
    world.write(lambda: claiming.accept_as_new(token, name="Ann Lee", password_hash="x", language="en", day=day))

    page = place.importer.undo()

    assert held(place) == [("missouri-nursing", "MO", "123", None)]
    assert "has accepted the invitation since" in page


def test_a_license_goes_with_its_person_to_the_account_that_takes_over(place: Place) -> None:
    world = place.importer.world
    far = world.user("Ann Far", email="a@a.example", agency=place.hospital)
    imported(place, f"{ANN},RN,123,MO,", invite="y")
    token = link_in(next(mail for mail in mails(world) if mail["to"] == "a@a.example")).rpartition("/")[2]

    world.write(lambda: claiming.accept_as(token, far, day=site_day()))

    assert held(place, "Ann Far") == [("missouri-nursing", "MO", "123", None)]


def test_erasing_somebody_leaves_no_license_in_what_is_kept_of_the_list(place: Place) -> None:
    imported(place, f"{ANN},RN,7654321,MO,")
    ann = user_of(place, "Ann Lee").id

    erase_now(place.importer.world, ann)

    (row,) = all_of(place, select(ImportRow))
    assert (row.license_number, row.license_key, row.license_board) == (None, None, None)
    assert "license-added" not in all_of(place, select(ImportChange.kind))
    assert all_of(place, select(License)) == []


def lines_of(rows: int) -> str:
    return HEAD + "".join(
        f"P{n} Lee{n},p{n}@a.example,{n},Oak School,Nurse,RN,L{n},MO,4/30/2027\n" for n in range(rows)
    )


def test_the_queries_of_a_piece_do_not_grow_with_its_licenses(place: Place, count_queries: QueryCount) -> None:
    importer = place.importer
    runtime = importer.world.app.extensions["lms"]

    def reads() -> int:
        return len([one for one in count_queries.statements if one.startswith("SELECT") and "set_config" not in one])

    def cost(rows: int) -> tuple[int, int]:
        importer.upload(lines_of(rows))
        import_id = importer.id
        importer.world.write(lambda: setattr(db.session.get_one(Import, import_id), "state", "checking"))
        count_queries.statements.clear()
        importer.world.read(lambda: check_piece(import_id, {}, runtime))
        check = reads()
        importer.world.write(lambda: setattr(db.session.get_one(Import, import_id), "state", "applying"))
        count_queries.statements.clear()
        importer.world.read(lambda: apply_piece(import_id, {}, runtime))
        return check, reads()

    few = cost(10)

    assert cost(240) == few
    assert few[0] <= 20


def test_a_license_is_found_by_the_number_that_it_has_now_in_any_spelling(place: Place) -> None:
    imported(place, f"{ANN},RN,RN-0012.345,MO,")

    keys = all_of(place, select(License.number_key))
    place.importer.world.write(lambda: setattr(db.session.scalars(select(License)).one(), "number", "x 9"))

    assert (keys, all_of(place, select(License.number_key))) == (["RN0012345"], ["X9"])


def test_the_memory_of_a_check_does_not_grow_with_the_licenses_of_a_file(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checking, "ROWS", 250)
    importer = place.importer
    runtime = importer.world.app.extensions["lms"]

    def peak(rows: int) -> int:
        importer.upload(lines_of(rows))
        import_id = importer.id
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
