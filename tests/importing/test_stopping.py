"""Work of an import that was stopped, given up or overtaken: it goes on or is taken back, and nothing is lost by it."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from lms import batches
from lms.batches import Batch
from lms.clock import utc_now
from lms.database import db
from lms.importing import applying, removing, undoing
from lms.importing.running import RUNNERS
from lms.people.importing.models import Import
from lms.people.models import Membership, RoleGrant
from tests.importing.conftest import Place
from tests.importing.test_applying import HEAD, all_of, import_now
from tests.support.importing import Importer

FIVE = HEAD + "".join(
    f"P{number} Lee{number},p{number}@a.example,{number},Oak School,Teacher,\n" for number in range(5)
)

SECOND = "second@district.example"


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "ROWS", 2)
    monkeypatch.setattr(undoing, "CHANGES", 3)


def begin(place: Place, what: str = "confirm") -> None:
    """Have it begun without letting the worker do anything."""
    importer = place.importer
    work, importer.work = importer.work, lambda: None  # type: ignore[method-assign]
    try:
        {"check": importer.check, "confirm": importer.confirm, "undo": importer.undo}[what]()
    finally:
        importer.work = work  # type: ignore[method-assign]


def run_piece(place: Place, batch: Batch) -> Any:
    """One piece, as the worker does it; whether it was recorded tells nothing of what it wrote."""
    world = place.importer.world
    piece = world.read(lambda: RUNNERS[batch.kind](batch, world.app.extensions["lms"]))
    world.write(lambda: batches.record_piece(batch.id, batch.pieces, piece, utc_now()))
    return piece


def batch_of(place: Place) -> Batch:
    def read() -> Batch:
        batch = db.session.get_one(Batch, place.importer.row().batch_id)
        db.session.expunge(batch)
        return batch

    return place.importer.world.read(read)


def stop(place: Place) -> None:
    batch = batch_of(place)
    place.importer.world.write(lambda: batches.cancel(batch.id, asked_by_id=place.importer.admin, now=utc_now()))


@pytest.fixture
def halfway(place: Place) -> Place:
    """Two of five people are in, then somebody has stopped it."""
    place.importer.upload(FIVE)
    place.importer.check()
    begin(place)
    run_piece(place, batch_of(place))
    stop(place)
    return place


def taught(place: Place) -> int:
    return int(all_of(place, select(func.count(Membership.id)).where(Membership.agency_id == place.oak))[0])


def test_an_import_that_was_stopped_halfway_goes_on_with_the_rest(halfway: Place) -> None:
    page = halfway.importer.page()
    assert (taught(halfway), "Go on with the rows that are left" in page) == (2, True)

    assert halfway.importer.post("go-on") == 303
    halfway.importer.work()

    assert (taught(halfway), halfway.importer.row().state) == (5, "applied")


def test_an_import_that_was_stopped_halfway_is_taken_back(halfway: Place) -> None:
    assert "Undo the import" in halfway.importer.page()

    halfway.importer.undo()

    assert (taught(halfway), halfway.importer.row().state) == (0, "undone")


def test_an_undo_that_was_stopped_halfway_goes_on(place: Place) -> None:
    place.importer.upload(FIVE)
    place.importer.check()
    place.importer.confirm()
    begin(place, "undo")
    run_piece(place, batch_of(place))
    stop(place)

    assert place.importer.post("go-on") == 303
    place.importer.work()

    assert (taught(place), place.importer.row().state) == (0, "undone")


def test_work_that_is_under_way_is_not_taken_up_a_second_time(place: Place) -> None:
    place.importer.upload(FIVE)
    place.importer.check()
    begin(place)

    assert place.importer.post("go-on") == 409
    assert place.importer.post("undo") == 409


def test_a_worker_that_wakes_up_late_writes_nothing_more_of_an_import_that_is_being_undone(halfway: Place) -> None:
    late = batch_of(halfway)
    begin(halfway, "undo")
    run_piece(halfway, batch_of(halfway))

    run_piece(halfway, late)
    halfway.importer.work()

    assert (taught(halfway), halfway.importer.row().state) == (0, "undone")


def test_a_worker_that_wakes_up_late_leaves_the_rows_of_a_newer_check_alone(place: Place) -> None:
    importer = place.importer
    importer.upload(FIVE)
    begin(place, "check")
    late = batch_of(place)
    stop(place)
    importer.check()

    run_piece(place, late)

    assert importer.outcomes() == ["create"] * 5


def test_whoever_may_not_manage_people_any_more_leaves_it_to_somebody_else(place: Place) -> None:
    importer, world = place.importer, place.importer.world
    second = Importer(world, place.district, email=SECOND)
    importer.upload(FIVE)
    importer.check()
    begin(place)
    world.write(
        lambda: setattr(
            db.session.scalars(select(RoleGrant).where(RoleGrant.user_id == importer.admin)).one(),
            "revoked_at",
            utc_now(),
        )
    )
    importer.work()

    second.id = importer.id
    assert "Go on" in second.page()
    assert second.post("go-on") == 303
    second.work()

    assert (taught(place), importer.row().state) == (5, "applied")


def test_to_another_administrator_work_that_is_under_way_is_under_way(place: Place) -> None:
    importer = place.importer
    second = Importer(importer.world, place.district, email=SECOND)
    importer.upload(FIVE)
    importer.check()
    begin(place)
    second.id = importer.id

    page = second.page()

    assert "The work ended early" not in page
    assert "Look again" in page
    assert second.post("match", {"column-0": "name"}) == 409


@pytest.mark.parametrize("what", ["confirm", "undo"])
def test_what_is_being_worked_on_keeps_its_rows_beyond_the_seventh_day(place: Place, what: str) -> None:
    importer = place.importer
    with time_machine.travel("2026-12-01T10:00:00Z", tick=False):
        importer.again()
        importer.upload(FIVE)
        importer.check()
        if what == "undo":
            importer.confirm()
    with time_machine.travel("2026-12-08T09:59:00Z", tick=False):
        importer.again()
        begin(place, what)
        run_piece(place, batch_of(place))
    with time_machine.travel("2026-12-08T10:01:00Z", tick=False):
        importer.again()
        removed = importer.world.read(lambda: removing.remove_old(importer.files, utc_now()))
        importer.work()

    assert removed == 0
    assert taught(place) == (5 if what == "confirm" else 0)


def test_names_in_what_was_not_done_go_with_the_rows_after_seven_days(place: Place) -> None:
    importer = place.importer
    with time_machine.travel("2026-12-01T10:00:00Z", tick=False):
        importer.again()
        import_now(importer, FIVE)
    batch = batch_of(place)
    importer.world.write(
        lambda: setattr(db.session.get_one(Batch, batch.id), "problems", [{"item": "P1 Lee1", "reason": "x"}])
    )

    with time_machine.travel("2026-12-08T10:01:00Z", tick=False):
        importer.world.read(lambda: removing.remove_old(importer.files, utc_now()))

    assert batch_of(place).problems == []
    assert importer.world.read(lambda: db.session.get_one(Import, importer.id).removed_at) is not None
