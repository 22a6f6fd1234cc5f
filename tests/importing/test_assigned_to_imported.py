"""What was assigned long ago reaches imported people from the day of the import, and nobody is written to about it before
they have accepted their invitation."""

from __future__ import annotations

from datetime import date, timedelta

from lms.certification.assigned import assigned_to
from lms.certification.assignment_rules import AsOf
from lms.clock import utc_now
from lms.importing import claiming
from tests.certification.test_assignments import assign
from tests.importing.conftest import Place
from tests.importing.test_applying import HEAD, TWO, import_now, user_of
from tests.reporting.records import add_course
from tests.support.visits import link_in, mails

ZONE = "America/Chicago"


def standing(place: Place, user: int) -> tuple[str, date]:
    (one,) = place.importer.world.read(lambda: assigned_to(user, AsOf.at(utc_now(), ZONE)))
    return one.state, one.due_on


def today() -> date:
    return AsOf.at(utc_now(), ZONE).day


def old_rule(place: Place, **more: date) -> None:
    world = place.importer.world
    assign(world, place.district, add_course(world, "one"), maker=place.importer.admin, due_days=30, **more)


def test_days_count_from_the_import_and_not_from_an_old_hire_date(place: Place) -> None:
    old_rule(place)

    import_now(place.importer, TWO)

    due = today() + timedelta(days=30)
    assert standing(place, user_of(place, "Ann Lee").id) == ("due", due)
    assert standing(place, user_of(place, "Bo Kim").id) == ("due", due)


def test_a_fixed_day_that_is_over_gives_imported_people_the_days_of_newcomers(place: Place) -> None:
    old_rule(place, due_on=date(2026, 4, 1))

    import_now(place.importer, TWO)

    assert standing(place, user_of(place, "Ann Lee").id) == ("due", today() + timedelta(days=30))


def test_a_further_place_in_another_list_does_not_begin_the_days_anew(place: Place) -> None:
    import_now(place.importer, HEAD + "Ann Lee,a@a.example,1,Oak School,Teacher,\n")
    old_rule(place)
    world = place.importer.world
    before = standing(place, user_of(place, "Ann Lee").id)

    import_now(place.importer, HEAD + "Ann Lee,a@a.example,1,Elm School,Teacher,\n")

    assert standing(place, user_of(place, "Ann Lee").id) == before
    assert world.client_of(place.importer.admin).get("/people").status_code == 200


def test_an_account_that_takes_over_an_imported_place_is_not_late_by_its_hire_date(place: Place) -> None:
    old_rule(place)
    world = place.importer.world
    elsewhere = world.user("Ann Nurse Lee", email="a@a.example", agency=place.hospital)
    import_now(place.importer, TWO, invite="y")
    token = next(link_in(mail) for mail in mails(world) if mail["to"] == "a@a.example").rpartition("/")[2]

    world.write(lambda: claiming.accept_as(token, elsewhere, day=today()))

    assert standing(place, elsewhere) == ("due", today() + timedelta(days=30))
