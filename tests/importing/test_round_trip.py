"""Exporting the staff list and importing it again changes nothing, whoever is in it."""

from __future__ import annotations

import csv
import io
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from lms.clock import utc_now
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.people.importing.models import StaffRecord
from lms.people.models import Agency, Membership, User
from lms.people.names import clean_email, clean_name
from tests.importing.conftest import Place
from tests.importing.test_applying import HEAD, import_now
from tests.support.importing import Importer
from tests.support.world import World

NAMES = st.one_of(
    st.sampled_from(["=SUM(A1)", "-Ann", "'=x", "''y", "O'Neil, Bo", "José \"Pepe\" Núñez", "@home", "Ruiz, Ana", "Ana Ruiz"]),
    st.text(min_size=1, max_size=30),
).map(clean_name).filter(lambda name: bool(name) and "\ufffd" not in name)  # fmt: skip
PLACES = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(DISCIPLINES)), min_size=1, max_size=3, unique=True
)  # fmt: skip
PEOPLE = st.lists(
    st.tuples(NAMES, st.booleans(), st.booleans(), st.booleans(), PLACES), min_size=1, max_size=8
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE)
@pytest.mark.sqlite_only
def test_exporting_and_importing_changes_nothing(
    world: World, people: list[tuple[str, bool, bool, bool, list[tuple[int, str]]]]
) -> None:
    district = world.agency("River District", kind="district")
    schools = [district] + [world.agency(name, parent=district) for name in ("Oak", "Elm", "Elm")]

    def fill() -> None:
        for agency in db.session.scalars(select(Agency).where(Agency.id.in_(schools[2:]))):
            agency.code = None  # two of one name, without a code
        for at, (name, has_email, has_number, has_account, places) in enumerate(people):
            user = User(
                name=name, email=clean_email(f"p{at}@x{district}.example") if has_email else None, language="en", created_at=utc_now(),
                email_verified_at=utc_now() if has_account else None,
            )  # fmt: skip
            db.session.add(user)
            db.session.flush()
            if has_number:
                db.session.add(StaffRecord(agency_id=district, user_id=user.id, number=f"0{at}", email=None))
            for index, discipline in places:
                db.session.add(
                    Membership(user_id=user.id, agency_id=schools[index], discipline=discipline, started_on=date(2020, 1, 1))
                )  # fmt: skip

    world.write(fill)
    importer = Importer(world, district)
    exported = importer.client.get("/people/export.csv").get_data()

    importer.upload(exported)
    importer.check()

    rows = list(csv.reader(io.StringIO(exported.decode("utf-8-sig"))))
    assert set(importer.outcomes()) == {"unchanged"}, [row.reason for row in importer.rows()]
    assert importer.counts()["read"] == len(rows) - 1 == 1 + sum(len(places) for *_rest, places in people)


def test_an_exported_list_moves_to_another_site(place: Place) -> None:
    import_now(place.importer, HEAD + "José Núñez,j@a.example,1,Oak School,Teacher,8/12/2019\n")

    answer = place.importer.client.get("/people/export.csv")

    lines = list(csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    assert lines[0][:7] == ["Person id", "Name", "E-mail", "Staff id", "Agency", "Discipline", "Start date"]
    assert lines[1][1:4] == ["José Núñez", "j@a.example", "1"]
    assert lines[1][5:7] == ["schools", "2019-08-12"]


def test_the_file_of_problems_comes_in_once_it_is_mended(place: Place) -> None:
    place.importer.upload(HEAD + "=Ann Lee,bad,1,Oak School,Teacher,\nBo Kim,b@a.example,2,Nowhere,Nurse,8/12/2019\n")
    place.importer.check()

    text = place.importer.client.get(f"/people/import/{place.importer.id}/problems.csv").get_data(as_text=True)
    lines = list(csv.reader(io.StringIO(text.lstrip("\ufeff"))))
    assert lines[1][0] == "'=Ann Lee"
    assert [line[-2] for line in lines[1:]] == ["2", "3"]
    assert "is no e-mail address" in lines[1][-1]

    place.importer.upload(text.replace("bad", "a@a.example").replace("Nowhere", "Elm School"))
    place.importer.check()

    assert [(row.outcome, row.name) for row in place.importer.rows()] == [("create", "=Ann Lee"), ("create", "Bo Kim")]


def test_an_export_shows_only_people_in_reach(place: Place) -> None:
    place.importer.world.user("Far Person", email="f@h.example", agency=place.hospital)

    assert "Far Person" not in place.importer.client.get("/people/export.csv").get_data(as_text=True)
