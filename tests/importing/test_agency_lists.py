"""Adding agencies from a list: every row is accounted for before anything is written, and nothing else is touched."""

from __future__ import annotations

import html
import io
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.batches import Batch
from lms.clock import utc_now
from lms.database import db
from lms.errors import Invalid
from lms.importing import agency_adding, agency_rows
from lms.jobs import deliver_due
from lms.people import agencies, agency_numbers
from lms.people.agency_models import AgencyNumber
from lms.people.importing import agency_columns
from lms.people.models import AGENCY_KINDS, Agency, AuditEvent, RoleGrant
from tests.support.days import site_day
from tests.support.sheets import workbook
from tests.support.visits import send
from tests.support.world import World

ADDRESS = "/agencies/list"
HEAD = "Name,Kind,Parent,Code,County,ORI,NCES id\n"


class County:
    """A district with a school, its administrator, and a hospital that is none of theirs."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.district = world.agency("River District", kind="district")
        self.oak = world.agency("Oak School", parent=self.district, kind="school")
        self.hospital = world.agency("City Hospital", kind="hospital")
        self.admin = world.user("Admin", agency=self.district)
        world.grant(self.admin, "agency-administrator", self.district)
        self.state = world.user("State")
        world.grant(self.state, "state-administrator")

    def client(self, *, is_state: bool = False) -> FlaskClient:
        return self.world.client_of(self.state if is_state else self.admin)

    def check(self, content: str | bytes, *, parent: int | None = None, is_state: bool = False) -> str:
        """The page after the upload."""
        data = content.encode() if isinstance(content, str) else content
        values = {"parent_id": self.district if parent is None else parent, "file": (io.BytesIO(data), "list.csv")}
        return send(self.client(is_state=is_state), ADDRESS, values, page=ADDRESS).text

    def confirm(self, page: str, *, is_state: bool = False) -> Any:
        sealed = re.search(r'name="list" value="([^"]*)"', page)
        assert sealed
        return send(self.client(is_state=is_state), f"{ADDRESS}/confirm", {"list": sealed[1]}, page=ADDRESS)

    def add(self, content: str, *, parent: int | None = None, is_state: bool = False) -> Batch:
        """Upload, confirm and let the worker do it."""
        assert self.confirm(self.check(content, parent=parent, is_state=is_state), is_state=is_state).status_code == 303
        deliver_due(self.world.app)
        found = self.world.read(lambda: db.session.scalars(select(Batch).order_by(Batch.id.desc())).first())
        assert found is not None
        return found

    def tree(self) -> dict[str, str | None]:
        """Every agency with the name of the one above."""
        rows = self.world.read(lambda: list(db.session.scalars(select(Agency).order_by(Agency.id))))
        names = {one.id: one.name for one in rows}
        return {one.name: names.get(one.parent_id or 0) for one in rows}

    def code_of(self, agency: int) -> str:
        code = self.world.read(lambda: db.session.get_one(Agency, agency).code)
        assert code is not None
        return code


@pytest.fixture
def county(world: World) -> County:
    return County(world)


def counts(page: str) -> dict[str, int]:
    found = re.findall(r'data-outcome="(\w+)".*?<td class="num">([\d,]+)</td>', page)
    return {name: int(number.replace(",", "")) for name, number in found}


def problems(page: str) -> dict[int, str]:
    table = page.partition('id="problem-rows-caption"')[2].partition("</table>")[0]
    rows = re.findall(r'<th scope="row" class="num">(\d+)</th><td[^>]*>.*?</td><td>(.*?)</td>', table, re.S)
    return {int(line): html.unescape(reason) for line, reason in rows}


def test_a_list_is_checked_confirmed_and_added_in_an_order_in_which_it_can_be(county: County) -> None:
    text = HEAD + "Elm Annex,school,ELM,,,,\nElm School,School,River District,ELM,Boone,,290000100001\n"

    page = county.check(text)
    before = county.tree()
    batch = county.add(text)

    assert counts(page) == {"create": 2, "unchanged": 0, "problem": 0}
    assert "Elm School" not in before
    assert (batch.state, batch.done, batch.problems) == ("finished", 2, [])
    assert county.tree()["Elm Annex"] == "Elm School"
    assert county.tree()["Elm School"] == "River District"
    elm = county.world.read(lambda: db.session.scalars(select(Agency).where(Agency.code == "ELM")).one())
    number = county.world.read(lambda: db.session.scalars(select(AgencyNumber)).one())
    assert (elm.kind, elm.county_fips, elm.path) == ("school", "29019", f"/{county.district}/{elm.id}/")
    assert (number.agency_id, number.kind, number.value) == (elm.id, "nces-school", "290000100001")
    notes = county.world.read(
        lambda: list(db.session.scalars(select(AuditEvent.actor_id).where(AuditEvent.action == "agency.added")))
    )
    assert notes == [county.admin, county.admin]


def test_the_same_list_again_changes_nothing(county: County) -> None:
    text = HEAD + "Elm School,school,,ELM,Boone,MO0010000,290000100001\nElm Annex,school,ELM,,,,\n"
    county.add(text)
    before = county.tree()

    page = county.check(text)

    assert counts(page) == {"create": 0, "unchanged": 2, "problem": 0}
    assert "There is nothing to add." in page
    assert county.tree() == before


def test_an_excel_workbook_with_a_title_above_is_read_alike(county: County) -> None:
    rows = [["Schools of the county", None, None], [], ["Agency", "Type", "County"], ["Elm School", "School", 29019]]

    page = county.check(workbook(rows))

    assert counts(page) == {"create": 1, "unchanged": 0, "problem": 0}


def test_names_that_are_words_for_kinds_are_no_headers(county: County) -> None:
    page = county.check("Name,Kind\nSchool,school\nClinic,clinic\n")

    assert counts(page) == {"create": 2, "unchanged": 0, "problem": 0}


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (",school,,,,,", "There is no name."),
        ("Elm,,,,,,", "There is no kind. Write one of: state, district"),
        ("Elm,library,,,,,", "“library” is no kind of agency that is known here."),
        ("Elm,school,,,Atlantis,,", "“Atlantis” is the name of no county here"),
        ("Elm,school,,,St. Louis,,", "or of more than one. Write the FIPS code"),
        ("Elm,school,,,,,123", "A school’s NCES id has 12 digits"),
        ("Elm,school,Nowhere,,,,", "There is no agency “Nowhere” here or in this file"),
        ("Elm,school,City Hospital,,,,", "There is no agency “City Hospital” here or in this file"),
        ("Elm,school,Elm,,,,", "The agencies above it lead back to this one."),
        ("Elm,state,,,,,", "A state is added only by who administers everything."),
        (f"{'E' * 201},school,,,,,", "This name is too long: at most 200 characters fit."),
        (f"Elm,school,,{'c' * 65},,,", "The code is too long: at most 64 characters fit."),
        ("Elm,school,,,,12345678901234567,", "This ORI is too long: at most 16 characters fit."),
        ("Oak School,hospital,,,,,", "It is here already, as another kind."),
        ("Oak School,school,,,Boone,,", "It is here already, in another county or none."),
        ("Oak School,school,,NEW,,,", "It is here already, with another code or none."),
        ("Oak School,school,,,,MO0010000,", "It is here already, with another ORI or none."),
        ("Oak School,school,,,,,290000100001", "It is here already, without the id 290000100001."),
    ],
)
def test_a_row_with_a_problem_is_left_out_and_says_why_by_its_line(county: County, row: str, said: str) -> None:
    page = county.check(HEAD + "Fir School,school,,,,,\n" + row + "\n")

    assert counts(page) == {"create": 1, "unchanged": 0, "problem": 1}
    assert said.replace("’", "'") in problems(page)[3].replace("’", "'")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("A,school,B,,,,\nB,school,A,,,,\n", {2: "line 3, has a problem itself", 3: "lead back to this one"}),
        ("A,school,,X,,,\nB,school,,X,,,\n", {3: "Line 2 has the same code."}),
        ("A,school,,,,,\nA,school,,,,,\n", {3: "Line 2 has the same name below the same agency."}),
        ("A,school,,,,,290000100001\nB,school,,,,,290000100001\n", {3: "Line 2 has the same id 290000100001."}),
        (
            "A,district,,,,,\nB,district,,,,,\nSame,school,A,,,,\nSame,school,B,,,,\nC,clinic,Same,,,,\n",
            {6: "More than one agency is called “Same”."},
        ),
        (
            "A,library,,,,,\nB,school,A,,,,\n",
            {2: "is no kind", 3: "The one above it, in line 2, has a problem itself."},
        ),
    ],
)
def test_loops_doubles_and_names_that_mean_two_are_told_by_line(
    county: County, rows: str, said: dict[int, str]
) -> None:
    found = problems(county.check(HEAD + rows))

    assert set(found) == set(said)
    assert all(text in found[line] for line, text in said.items())


def test_a_name_that_is_its_own_parents_name_is_no_loop(county: County) -> None:
    county.add(HEAD + "Lincoln,district,,,,,\n")

    batch = county.add(HEAD + "Lincoln,school,Lincoln,LIN,,,\n")

    assert batch.problems == []
    assert (
        county.world.read(lambda: db.session.scalars(select(Agency).where(Agency.code == "LIN")).one()).kind == "school"
    )


def test_a_chain_as_long_as_the_list_is_refused_row_by_row(county: County) -> None:
    rows = "".join(f"A{number},school,A{number + 1},,,,\n" for number in range(600))

    page = county.check(HEAD + rows)

    assert counts(page) == {"create": 0, "unchanged": 0, "problem": 600}


def test_codes_and_ids_of_agencies_elsewhere_are_taken(county: County) -> None:
    taken = county.code_of(county.hospital)
    county.world.write(
        lambda: agency_numbers.add_number(
            county.hospital, kind="ccn", label="", value="260001", started_on=site_day(), actor_id=None
        )
    )

    page = county.check(f"Name,Kind,Code,CCN\nElm,school,{taken},\nFir,clinic,,260001\n")

    assert problems(page)[2].startswith("Another agency has this code.")
    assert problems(page)[3] == "Another agency has the id 260001."


def test_an_agency_below_another_one_is_not_moved(county: County) -> None:
    county.add(HEAD + "North,district,,N,,,\n")

    page = county.check(f"Name,Kind,Parent,Code\nOak School,school,N,{county.code_of(county.oak)}\n")

    assert problems(page)[2].startswith("It is here already, below another agency.")
    assert county.tree()["Oak School"] == "River District"


def test_archived_agencies_take_nothing_and_are_not_doubled(county: County) -> None:
    county.world.write(lambda: agencies.archive_agency(county.oak, actor_id=None))

    found = problems(county.check(HEAD + "Oak School,school,,,,,\nAnnex,school,Oak School,,,,\n"))

    assert found[2].startswith("It is here already, and archived.")
    assert "in line 2, has a problem itself" in found[3]


def test_the_district_itself_may_stand_in_its_list(county: County) -> None:
    page = county.check(HEAD + "River District,district,,,,,\nElm,school,River District,,,,\n")

    assert counts(page) == {"create": 1, "unchanged": 1, "problem": 0}


def test_nobody_adds_beyond_their_own_agencies(county: County) -> None:
    values = {"parent_id": county.hospital, "file": (io.BytesIO((HEAD + "Elm,school,,,,,\n").encode()), "list.csv")}
    at_top = {"parent_id": 0, "file": (io.BytesIO((HEAD + "Elm,school,,,,,\n").encode()), "list.csv")}
    client = county.client()

    answers = [send(client, ADDRESS, one, page=ADDRESS).status_code for one in (values, at_top)]

    assert set(answers) <= {404, 422}
    assert "Elm" not in county.tree()


def test_who_administers_everything_adds_states_at_the_top(county: County) -> None:
    batch = county.add(HEAD + "Kansas,state,,KS,,,\nTopeka,district,KS,,,,\n", parent=0, is_state=True)

    assert batch.done == 2
    assert county.tree()["Kansas"] is None
    assert county.tree()["Topeka"] == "Kansas"


def test_who_lost_the_role_before_it_runs_adds_nothing(county: County) -> None:
    page = county.check(HEAD + "Elm,school,,,,,\n")
    assert county.confirm(page).status_code == 303
    county.world.write(
        lambda: setattr(
            db.session.scalars(select(RoleGrant).where(RoleGrant.user_id == county.admin)).one(),
            "revoked_at",
            utc_now(),
        )
    )

    deliver_due(county.world.app)

    batch = county.world.read(lambda: db.session.scalars(select(Batch)).one())
    assert batch.cause == agency_adding.GONE
    assert "Elm" not in county.tree()


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_whose_role_reaches_less_by_then_adds_nothing_beyond_it(county: County, is_confirmed: bool) -> None:
    page = county.check(HEAD + "Elm,school,,,,,\n")
    if is_confirmed:
        assert county.confirm(page).status_code == 303
    county.world.write(
        lambda: setattr(
            db.session.scalars(select(RoleGrant).where(RoleGrant.user_id == county.admin)).one(),
            "agency_id",
            county.oak,
        )
    )

    if is_confirmed:
        deliver_due(county.world.app)
    else:
        assert county.confirm(page).status_code == 404

    assert "Elm" not in county.tree()


def test_what_is_not_as_it_was_shown_is_shown_again_and_not_done(county: County) -> None:
    page = county.check(HEAD + "Elm,school,,,,,\nFir,school,,,,,\n")
    county.world.agency("Elm", parent=county.district, kind="school")

    answer = county.confirm(page)

    assert answer.status_code == 409
    assert "It is not as it was shown any more" in answer.text
    assert counts(answer.text) == {"create": 1, "unchanged": 1, "problem": 0}
    assert "Fir" not in county.tree()


def test_a_list_counts_only_for_who_uploaded_it(county: County) -> None:
    page = county.check(HEAD + "Elm,school,,,,,\n")

    assert county.confirm(page, is_state=True).status_code == 409
    assert send(county.client(), f"{ADDRESS}/confirm", {"list": "x"}, page=ADDRESS).status_code == 409


def test_a_piece_that_runs_again_after_a_kill_adds_nothing_twice(county: County) -> None:
    batch = county.add(HEAD + "Elm,school,,ELM,,,\nAnnex,school,ELM,,,,\n")
    before = county.tree()

    with county.world.app.app_context():
        again = db.session.get_one(Batch, batch.id)
        db.session.expunge(again)
        db.session.rollback()
        again.cursor = {}
        piece = agency_adding.add_piece(again, county.world.app.extensions["lms"])

    assert (piece.done, list(piece.problems)) == (2, [])
    assert county.tree() == before


def test_more_than_one_piece_finds_the_agencies_above_of_the_pieces_before(
    county: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(agency_adding, "ROWS", 2)
    rows = "".join(f"Annex {number},school,ELM,,,,\n" for number in range(5))

    batch = county.add(HEAD + rows + "Elm,school,,ELM,,,\n")

    assert (batch.state, batch.done, batch.problems) == ("finished", 6, [])
    assert {county.tree()[f"Annex {number}"] for number in range(5)} == {"Elm"}


def test_what_cannot_be_added_after_all_is_named_and_what_lies_below_it_too(county: County) -> None:
    page = county.check(HEAD + "Elm,school,,ELM,,,\nAnnex,school,ELM,,,,\nFir,school,,,,,\n")
    assert county.confirm(page).status_code == 303
    county.world.write(
        lambda: agencies.create_agency(name="Yew", kind="clinic", parent_id=county.hospital, code="ELM", actor_id=None)
    )

    deliver_due(county.world.app)

    batch = county.world.read(lambda: db.session.scalars(select(Batch)).one())
    assert {one["item"]: one["reason"] for one in batch.problems} == {
        "Elm": "Another agency has this code.",
        "Annex": "The agency above it could not be added.",
    }
    assert county.tree()["Fir"] == "River District"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "This file is empty."),
        ("Name,Kind\n", "There is no agency in this file"),
        ("Title,Kind\nElm,school\n", "No column says how the agencies are called."),
        ("Name,City\nElm,Rolla\n", "No column says what kind of agencies they are."),
        (b"%PDF-1.7", "This is no table that can be read here."),
        ("Name,Kind\n" + "Elm,school\n" * 5001, "This list has more than 5,000 rows."),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_in_plain_words(county: County, content: str | bytes, said: str) -> None:
    assert said in county.check(content)


def test_a_file_that_is_too_large_is_refused_before_it_is_read() -> None:
    with pytest.raises(Invalid, match="larger than"):
        agency_rows.read_table(io.BytesIO(b"x" * (agency_rows.MOST_BYTES + 1)))


def test_five_thousand_rows_of_usual_length_can_be_confirmed(county: County) -> None:
    rows = "".join(
        f"Elementary School {number} of the River District,school,,RIV-{number},Boone,,{290000100000 + number}\n"
        for number in range(5000)
    )

    answer = county.confirm(county.check(HEAD + rows))

    assert answer.status_code == 303


@pytest.mark.parametrize("language", ["en", "es"])
def test_every_header_and_kind_that_the_page_names_is_one_that_is_read(county: County, language: str) -> None:
    page = html.unescape(county.client().get(f"{ADDRESS}?lang={language}").text)

    named = [one for text in re.findall(r"<dt>([^<]+)</dt>", page) for one in text.split(", ")]
    kinds = re.search(r"(?:One of|Uno de): ([^.]+)\.", page)

    assert len(named) == 10
    assert [one for one in named if agency_columns.field_of(one) is None] == []
    assert kinds
    assert {agency_columns.kind_of(one) for one in kinds[1].split(", ")} == set(AGENCY_KINDS)


def test_an_unknown_kind_is_answered_with_words_of_the_readers_language(county: County) -> None:
    county.client().get("/?lang=es")
    values = {"parent_id": county.district, "file": (io.BytesIO(b"Nombre,Tipo\nCasa,castillo\n"), "list.csv")}

    page = send(county.client(), f"{ADDRESS}?lang=es", values, page=f"{ADDRESS}?lang=es").text

    kinds = re.search(r"Escriba uno de estos: ([^.]+)\.", page)
    assert kinds
    assert {agency_columns.kind_of(one) for one in kinds[1].split(", ")} == set(AGENCY_KINDS)
