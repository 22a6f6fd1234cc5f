"""Long work: piece by piece, each counted once, whatever dies in between; seen by its asker alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select

from lms import batches, jobs, outbox
from lms.batches import Batch, Piece
from lms.clock import utc_now
from lms.database import db, run_transaction
from lms.errors import Conflict
from lms.jobs import deliver_due
from lms.outbox import OutboxMessage
from lms.people.models import User
from tests.support.visits import send
from tests.support.world import World


@pytest.fixture
def asker(world: World) -> int:
    return world.user("Asker", email="asker@test.example")


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Batch, Any], Piece]], None]:
    """Make a function the runner of the kind `test`."""

    def use(function: Callable[[Batch, Any], Piece]) -> None:
        monkeypatch.setitem(jobs.RUNNERS, "test", function)

    return use


def ask(app: Flask, asker: int, **params: Any) -> int:
    with app.app_context():
        return run_transaction(lambda: batches.begin("test", params, asked_by_id=asker, total=3).id)


def load(app: Flask, batch_id: int) -> Batch:
    with app.app_context():
        return db.session.get_one(Batch, batch_id)


def three_items(batch: Batch, runtime: Any) -> Piece:
    """One item a piece; the second one cannot be done."""
    at = batch.cursor.get("at", 0)
    problems = (("Item 2", "It has no name."),) if at == 1 else ()
    return Piece(done=0 if problems else 1, problems=problems, cursor={"at": at + 1}, is_last=at == 2)


def test_a_batch_runs_to_its_end_and_names_what_was_not_done(app: Flask, asker: int, runner: Any) -> None:
    runner(three_items)
    batch_id = ask(app, asker)

    deliver_due(app)

    batch = load(app, batch_id)
    assert (batch.state, batch.done, batch.left_out, batch.pieces) == ("finished", 2, 1, 3)
    assert batch.problems == [{"item": "Item 2", "reason": "It has no name."}]


def test_a_batch_lets_other_messages_pass_and_goes_on_at_the_next_turn(
    app: Flask, asker: int, runner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "SLICE_SECONDS", -1)
    runner(three_items)
    batch_id = ask(app, asker)
    deliver_due(app)
    assert load(app, batch_id).pieces == 0

    monkeypatch.undo()
    runner(three_items)
    while deliver_due(app):
        pass

    assert load(app, batch_id).state == "finished"


def test_a_piece_that_two_workers_did_counts_once(app: Flask, asker: int) -> None:
    batch_id = ask(app, asker)
    piece = Piece(done=5, cursor={"at": 1})

    with app.app_context():
        first = run_transaction(lambda: batches.record_piece(batch_id, 0, piece, utc_now()))
        second = run_transaction(lambda: batches.record_piece(batch_id, 0, piece, utc_now()))

    assert (first, second) == (True, False)
    assert load(app, batch_id).done == 5


def test_a_worker_that_dies_within_a_piece_leaves_it_to_the_next_one(app: Flask, asker: int, runner: Any) -> None:
    calls: list[int] = []

    def dies_once(batch: Batch, runtime: Any) -> Piece:
        calls.append(batch.cursor.get("at", 0))
        if len(calls) == 2:
            raise RuntimeError("killed")
        return three_items(batch, runtime)

    runner(dies_once)
    batch_id = ask(app, asker)
    deliver_due(app)
    with app.app_context():
        message = db.session.scalars(select(OutboxMessage)).one()
        message_id = message.id
        assert message.tries == 1

        def make_due() -> None:
            db.session.get_one(OutboxMessage, message_id).due_at = utc_now()

        run_transaction(make_due)

    deliver_due(app)

    assert calls == [0, 1, 1, 2]
    assert load(app, batch_id).state == "finished"


def test_a_problem_with_a_sentence_ends_the_batch_and_is_shown(app: Flask, asker: int, runner: Any) -> None:
    def refuses(batch: Batch, runtime: Any) -> Piece:
        raise Conflict("You may no longer do this.")

    runner(refuses)
    batch_id = ask(app, asker)

    deliver_due(app)

    batch = load(app, batch_id)
    assert (batch.state, batch.cause) == ("failed", "You may no longer do this.")


def test_a_stopped_batch_keeps_what_was_done_and_does_no_more(app: Flask, asker: int, runner: Any) -> None:
    batch_id = ask(app, asker)

    def stops_itself(batch: Batch, runtime: Any) -> Piece:
        run_transaction(lambda: batches.cancel(batch_id, asked_by_id=asker, now=utc_now()))
        return three_items(batch, runtime)

    runner(stops_itself)
    deliver_due(app)

    batch = load(app, batch_id)
    assert (batch.state, batch.done) == ("cancelled", 1)


def test_only_the_asker_sees_the_work(app: Flask, asker: int, world: World) -> None:
    batch_id = ask(app, asker)
    other = world.user("Other", email="other@test.example")

    own, foreign = world.client_of(asker), world.client_of(other)

    assert own.get(f"/batches/{batch_id}").status_code == 200
    assert foreign.get(f"/batches/{batch_id}").status_code == 404
    assert send(foreign, f"/batches/{batch_id}/cancel", page="/batches").status_code == 404
    assert load(app, batch_id).state == "waiting"


def test_a_piece_that_another_worker_recorded_meanwhile_is_dropped_and_the_batch_goes_on_there(
    app: Flask, asker: int, runner: Any
) -> None:
    batch_id = ask(app, asker)

    def is_slow(batch: Batch, runtime: Any) -> Piece:
        run_transaction(lambda: batches.record_piece(batch_id, 0, Piece(done=1, cursor={"at": 1}), utc_now()))
        return Piece(done=1, cursor={"at": 1}, is_last=True)

    runner(is_slow)
    deliver_due(app)

    batch = load(app, batch_id)
    assert (batch.done, batch.pieces, batch.state) == (1, 1, "running")
    with app.app_context():
        message = db.session.scalars(select(OutboxMessage)).one()
    assert message.delivered_at is None


def test_a_piece_holds_no_transaction_open(app: Flask, asker: int, runner: Any) -> None:
    held: list[bool] = []

    def looks(batch: Batch, runtime: Any) -> Piece:
        held.append(db.session().in_transaction())
        assert (batch.kind, batch.params) == ("test", {"course": "tiny"})
        held.append(db.session().in_transaction())
        return Piece(is_last=True)

    runner(looks)
    ask(app, asker, course="tiny")

    deliver_due(app)

    assert held == [False, False]


def test_work_that_fails_again_and_again_is_given_up_and_whoever_runs_the_site_can_revive_it(
    app: Flask, asker: int, runner: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(batch: Batch, runtime: Any) -> Piece:
        raise RuntimeError("broken")

    monkeypatch.setattr(outbox, "MAX_TRIES", 1)
    runner(breaks)
    batch_id = ask(app, asker)
    deliver_due(app)
    given_up = load(app, batch_id)
    assert (given_up.state, given_up.cause) == ("failed", batches.GIVEN_UP)

    runner(three_items)
    with app.app_context():
        message_id = db.session.scalars(select(OutboxMessage.id)).one()
        run_transaction(lambda: outbox.try_again(message_id))
    deliver_due(app)

    assert (load(app, batch_id).state, load(app, batch_id).cause) == ("finished", None)


def test_the_work_of_somebody_who_was_disabled_meanwhile_ends(
    app: Flask, asker: int, runner: Any, world: World
) -> None:
    runner(three_items)
    batch_id = ask(app, asker)
    world.write(lambda: setattr(db.session.get_one(User, asker), "disabled_at", utc_now()))

    deliver_due(app)

    batch = load(app, batch_id)
    assert (batch.state, batch.done) == ("failed", 0)


def test_a_cause_is_said_with_what_it_speaks_of(app: Flask, asker: int, runner: Any) -> None:
    def refuses(batch: Batch, runtime: Any) -> Piece:
        raise Conflict("There is no %(thing)s any more.", thing="seat")

    runner(refuses)
    batch_id = ask(app, asker)

    deliver_due(app)

    assert load(app, batch_id).cause == "There is no seat any more."


def test_the_page_of_work_under_way_is_never_reloaded_under_the_reader(app: Flask, asker: int, world: World) -> None:
    batch_id = ask(app, asker)
    client = world.client_of(asker)

    page = client.get(f"/batches/{batch_id}").get_data(as_text=True)

    assert "http-equiv" not in page
    assert 'role="status"' in page
    assert "Look again" in page


def test_a_file_is_given_out_under_its_name_in_any_script_to_the_asker_alone(
    app: Flask, asker: int, runner: Any, world: World
) -> None:
    name = 'Certificados "María" 人.zip'
    app.extensions["lms"].files.write("batches/one", b"PK")
    listed = [{"name": name, "stored": "batches/one", "type": "application/zip"}]
    runner(lambda batch, runtime: Piece(done=1, result={"files": listed}, is_last=True))
    batch_id = ask(app, asker)
    deliver_due(app)
    other = world.user("Other", email="other@test.example")

    answer = world.client_of(asker).get(f"/batches/{batch_id}/files/{quote(name)}")

    assert (answer.status_code, answer.data) == (200, b"PK")
    assert f"filename*=UTF-8''{quote(name)}" == answer.headers["Content-Disposition"].split("; ")[-1]
    assert world.client_of(other).get(f"/batches/{batch_id}/files/{quote(name)}").status_code == 404
