"""Undo: what an import changed goes back, what happened since stays and is named."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from lms import journey
from lms.assessment.models import Attempt
from lms.clock import utc_now
from lms.database import db
from lms.importing import claiming, undoing
from lms.importing.undoing import undo_piece
from lms.learning.models import Enrollment
from lms.outbox import OutboxMessage
from lms.people.importing.models import Import, StaffRecord
from lms.people.memberships import end_membership, start_membership
from lms.people.models import Invitation, Membership, User
from lms.people.signins import load_viewer
from tests.conftest import QueryCount
from tests.importing.conftest import Place
from tests.importing.test_applying import HEAD, TWO, all_of, import_now, user_of
from tests.support.days import site_day
from tests.support.visits import link_in, mails

DAY = date(2026, 12, 1)


def attempt_of(user: int) -> None:
    """Somebody has opened the final, straight from its address."""
    enrollment = db.session.scalars(select(Enrollment).where(Enrollment.user_id == user)).one()
    db.session.add(
        Attempt(
            enrollment_id=enrollment.id, version_id=enrollment.version_id, module_id="final", role="final", number=1,
            language="en", drawn=[], secret="x", started_at=utc_now(),
        )
    )  # fmt: skip


def picture(place: Place) -> dict[str, Any]:
    """Everything that an import touches, as it stands."""

    def read() -> dict[str, Any]:
        tables: dict[str, tuple[Any, ...]] = {
            "users": (User, User.id, User.name, User.email, User.name_key, User.search_text),
            "places": (Membership, Membership.id, Membership.user_id, Membership.agency_id, Membership.discipline,
                       Membership.started_on, Membership.ended_on),
            "records": (StaffRecord, StaffRecord.id, StaffRecord.user_id, StaffRecord.number, StaffRecord.email),
            "enrollments": (Enrollment, Enrollment.id, Enrollment.user_id),
        }  # fmt: skip
        return {
            name: sorted(tuple(row) for row in db.session.execute(select(*columns)))
            for name, (_table, *columns) in tables.items()
        }

    return place.importer.world.read(read)


@pytest.fixture
def before(place: Place) -> dict[str, Any]:
    """A district with a person each for every kind of change."""
    world = place.importer.world
    world.publish("tiny")
    import_now(place.importer, HEAD + "Old Name,,5,Oak School,Teacher,\nNo Number,n@a.example,,Oak School,Teacher,\n")
    world.user("Gone Person", email="g@a.example", agency=place.oak, discipline="schools")
    return picture(place)


def test_nobody_gets_the_number_of_somebody_whom_an_undo_removed(place: Place) -> None:
    row = HEAD + "{},{}@a.example,,Oak School,Teacher,\n"
    import_now(place.importer, row.format("Tasha Removed", "tasha"))
    removed = user_of(place, "Tasha Removed").id
    place.importer.undo()

    import_now(place.importer, row.format("Newly Come", "new"))
    new = user_of(place, "Newly Come").id

    assert new > removed
    person = place.importer.client.get(f"/people/{new}").get_data(as_text=True)
    audit = place.importer.client.get("/audit").get_data(as_text=True)
    assert "undone import" not in person
    assert "undone import removed" in audit
    assert "undone import removed: Newly Come" not in audit


CHANGES = (
    TWO + "New Name,o@a.example,5,Oak School,Teacher,\nNo Number,n@a.example,6,Elm School,Teacher,\n"
)  # fmt: skip


def test_an_undone_import_leaves_everything_as_it_was(place: Place, before: dict[str, Any]) -> None:
    import_now(place.importer, CHANGES, invite="y", course_id="1", end_missing="y")
    assert picture(place) != before

    page = place.importer.undo()

    assert picture(place) == before
    assert "is as it was before." in page
    assert (
        all_of(
            place, select(OutboxMessage.id).where(OutboxMessage.kind == "mail", OutboxMessage.delivered_at.is_(None))
        )
        == []
    )


def test_an_undo_that_was_killed_goes_on(place: Place, before: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undoing, "CHANGES", 3)
    import_now(place.importer, CHANGES, course_id="1", end_missing="y")
    importer = place.importer
    runtime = importer.world.app.extensions["lms"]
    importer.world.write(lambda: setattr(db.session.get_one(Import, importer.id), "state", "undoing"))

    def run() -> None:
        cursor: dict[str, Any] = {}
        while importer.row().state == "undoing":
            undo_piece(importer.id, cursor, runtime)
            cursor = dict(undo_piece(importer.id, cursor, runtime).cursor)

    importer.world.read(run)

    assert picture(place) == before


def test_whoever_has_accepted_since_stays_and_is_named(place: Place) -> None:
    import_now(place.importer, TWO, invite="y")
    world = place.importer.world
    token = link_in(next(mail for mail in mails(world) if mail["to"] == "a@a.example")).rpartition("/")[2]
    world.write(lambda: claiming.accept_as_new(token, name="Ann Lee", password_hash="x", language="en", day=DAY))

    page = place.importer.undo()

    assert "Ann Lee" in page
    assert "has accepted the invitation since" in page
    assert "Ann Lee" in place.importer.people()
    assert "Bo Kim" not in place.importer.people()


def test_one_who_stays_among_many_costs_the_undo_no_statements_for_each_of_the_others(
    place: Place, count_queries: QueryCount
) -> None:
    rows = "".join(f"Given{n} Family{n},p{n}@a.example,K{n},Oak School,Teacher,\n" for n in range(120))
    import_now(place.importer, HEAD + rows)
    stays = user_of(place, "Given60 Family60").id
    place.importer.world.write(lambda: start_membership(stays, place.elm, "schools", day=DAY, actor_id=None))
    count_queries.statements.clear()

    place.importer.undo()

    tried = [one for one in count_queries.statements if one.startswith("DELETE FROM lms_users")]
    assert len(tried) <= 16
    assert list(place.importer.people()) == ["The Administrator", "Given60 Family60"]


def test_whoever_has_records_since_stays_without_the_place(place: Place) -> None:
    import_now(place.importer, TWO)
    world, ann = place.importer.world, user_of(place, "Ann Lee").id
    world.write(lambda: start_membership(ann, place.elm, "schools", day=DAY, actor_id=None))

    page = place.importer.undo()

    assert "Records were made for this person since" in page
    assert place.importer.people()["Ann Lee"][1] == {(place.elm, "schools")}


def test_a_place_that_ended_since_and_a_course_that_was_begun_stay(place: Place) -> None:
    world = place.importer.world
    world.publish("tiny")
    ann = world.user("Ann Lee", email="a@a.example", agency=place.elm, discipline="schools")
    import_now(place.importer, TWO, course_id="1")
    (spot,) = all_of(place, select(Membership.id).where(Membership.user_id == ann, Membership.agency_id == place.oak))

    def happen() -> None:
        end_membership(spot, day=site_day(), actor_id=None)
        viewer = load_viewer(ann)
        assert viewer is not None
        journey.complete_module(viewer, "tiny", "first-steps", world.app.extensions["lms"].settings)

    world.write(happen)
    page = place.importer.undo()

    assert "has begun the course since" in page
    assert "changed again since" in page
    assert all_of(place, select(Enrollment.user_id)) == [ann]


def test_an_invitation_of_an_undone_import_opens_nothing(place: Place) -> None:
    place.importer.world.user("Bo Kim", email="b@h.example", agency=place.hospital)
    import_now(place.importer, HEAD + "Bo Kim,b@h.example,2,Elm School,Nurse,\n", invite="y")

    place.importer.undo()

    assert all_of(place, select(Invitation.id).where(Invitation.withdrawn_at.is_(None))) == []


def test_after_seven_days_nothing_is_undone(place: Place) -> None:
    with time_machine.travel("2026-12-01T10:00:00Z"):
        place.importer.again()
        import_now(place.importer, TWO)
    row = place.importer.row()
    assert row.applied_at is not None

    with time_machine.travel("2026-12-08T10:00:30Z"):
        place.importer.again()
        assert place.importer.post("undo") == 409

    assert "Ann Lee" in place.importer.people()


def test_an_import_is_undone_once(place: Place) -> None:
    import_now(place.importer, TWO)
    place.importer.undo()

    assert place.importer.post("undo") == 409


def test_a_staff_id_that_a_later_list_added_stays_when_the_earlier_one_is_undone(place: Place) -> None:
    world = place.importer.world
    world.user("Ann Lee", email="a@a.example", agency=place.oak, discipline="schools")
    world.user("Other", email="taken@h.example", agency=place.hospital)
    import_now(place.importer, HEAD + "Cy Day,taken@h.example,,Oak School,Teacher,\n")
    first = place.importer.id
    import_now(place.importer, HEAD + "Cy Day,taken@h.example,77,Oak School,Teacher,\n")

    place.importer.id = first
    page = place.importer.undo()

    assert all_of(place, select(StaffRecord.number)) == ["77"]
    assert "Cy Day" in page


def test_the_place_of_somebody_who_was_erased_since_is_not_opened_again(place: Place) -> None:
    world = place.importer.world
    gone = world.user("Gone Person", email="g@a.example", agency=place.oak, discipline="schools")
    import_now(place.importer, TWO, end_missing="y")
    world.write(lambda: setattr(db.session.get_one(User, gone), "erased_at", utc_now()))

    place.importer.undo()

    (place_of,) = all_of(place, select(Membership).where(Membership.user_id == gone))
    assert place_of.ended_on is not None


def test_who_began_to_answer_without_opening_a_module_stays_enrolled(place: Place) -> None:
    world = place.importer.world
    world.publish("tiny")
    import_now(place.importer, TWO, course_id="1")
    ann = user_of(place, "Ann Lee").id
    world.write(lambda: attempt_of(ann))

    place.importer.undo()

    assert all_of(place, select(Enrollment.user_id)) == [ann]
    assert place.importer.row().state == "undone"
