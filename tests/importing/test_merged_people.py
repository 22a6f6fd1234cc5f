"""People whose accounts were put together: the next list finds them by whatever it knows them by."""

from __future__ import annotations

from sqlalchemy import select

from lms import merging
from lms.clock import utc_now
from lms.database import db
from lms.importing import ending
from lms.people.importing.models import Import, StaffRecord
from lms.people.importing.staff import load_subtree
from lms.people.models import User
from lms.people.signins import load_viewer
from tests.importing.conftest import Place
from tests.importing.test_applying import HEAD, all_of, import_now
from tests.support.days import site_day

TWICE = (
    HEAD
    + "Ann Lee,ann@a.example,1,Oak School,Teacher,\n"
    + "Ann Lee,ann.lee@a.example,2,Elm School,Teacher,\n"
    + "Bo Kim,bo@a.example,3,Oak School,Teacher,\n"
)


def put_together(place: Place, name: str) -> tuple[int, int]:
    world = place.importer.world
    kept, gone = (user.id for user in all_of(place, select(User).where(User.name == name).order_by(User.id)))
    viewer = world.read(lambda: load_viewer(place.importer.admin))
    assert viewer is not None
    now = utc_now()
    world.write(lambda: merging.merge_accounts(viewer, kept, gone, "The same person.", now=now, today=now.date()))
    return kept, gone


def test_a_list_that_still_has_somebody_twice_changes_nothing_after_a_merge(place: Place) -> None:
    import_now(place.importer, TWICE)
    kept, _gone = put_together(place, "Ann Lee")

    import_now(place.importer, TWICE)

    assert place.importer.outcomes() == ["unchanged"] * 3
    assert [row.match_user_id for row in place.importer.rows()[:2]] == [kept, kept]
    assert len(all_of(place, select(StaffRecord.id))) == 3


def test_somebody_is_found_by_the_old_address_alone_and_keeps_the_one_that_stays(place: Place) -> None:
    import_now(place.importer, TWICE)
    kept, _gone = put_together(place, "Ann Lee")

    import_now(place.importer, HEAD + "Ann Lee,ann.lee@a.example,,Elm School,Teacher,\n")

    assert place.importer.outcomes() == ["unchanged"]
    assert all_of(place, select(User.email).where(User.id == kept)) == ["ann@a.example"]


def test_who_was_put_together_between_check_and_confirm_comes_in_as_the_account_that_stays(place: Place) -> None:
    import_now(place.importer, TWICE)
    place.importer.upload(HEAD + "Ann Lee,ann.lee@a.example,2,Elm School,Nurse,\n")
    place.importer.check()
    kept, _gone = put_together(place, "Ann Lee")

    place.importer.confirm()

    assert ("healthcare" in {place for _agency, place in place.importer.people()["Ann Lee"][1]}) is True
    assert [row.user_id for row in place.importer.rows()] == [kept]


def test_whoever_a_list_names_by_the_old_address_is_not_missing_from_it(place: Place) -> None:
    import_now(place.importer, TWICE)
    put_together(place, "Ann Lee")
    place.importer.upload(HEAD + "Ann Lee,ann.lee@a.example,,Elm School,Teacher,\n")
    place.importer.check()

    def missing() -> list[str]:
        row = db.session.get_one(Import, place.importer.id)
        return [one.name for one in ending.list_missing(row, load_subtree(row.agency_id), site_day())]

    assert place.importer.world.read(missing) == ["Bo Kim"]


def test_a_staff_id_that_lost_its_zeros_is_the_same_one(place: Place) -> None:
    import_now(place.importer, HEAD + "Ann Lee,ann@a.example,00123,Oak School,Teacher,\n")

    import_now(
        place.importer,
        HEAD + "Ann Lee,ann@a.example,123,Oak School,Teacher,\nAnn Lee,ann@a.example,1230,Oak School,Teacher,\n",
    )

    assert place.importer.outcomes() == ["unchanged", "problem"]
    assert all_of(place, select(StaffRecord.number)) == ["00123"]
