"""Workers that are killed, jobs that come twice, schedulers that run beside each other (faults 13 to 18)."""

from __future__ import annotations

import io
import signal
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select

from lms import outbox
from lms.app import create_app
from lms.batches import Batch
from lms.clock import utc_now
from lms.database import Model, db, run_transaction
from lms.jobs import deliver_due
from lms.outbox import CLAIM_MINUTES, OutboxMessage
from lms.reporting import bundles
from lms.reporting.bundle_keeping import Wish
from tests.certification.conftest import Learners
from tests.faults.server import SECRET
from tests.support.world import World

ROOT = Path(__file__).parents[2]


def at_once(app: Flask, count: int, step: Callable[[], object]) -> list[object]:
    """Run a step in so many threads that begin together."""
    gate, results = threading.Barrier(count), list[object]()

    def run() -> None:
        gate.wait()
        with app.app_context():
            results.append(run_transaction(step))

    threads = [threading.Thread(target=run) for _ in range(count)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return results


def test_two_schedulers_at_the_same_moment_queue_one_reminder(app: Flask) -> None:
    reminder = {"to": "a@test.example", "template": "password-changed", "language": "en", "values": {"name": "Ana"}}

    results = at_once(app, 4, lambda: outbox.enqueue("mail", "reminder:7:2026-12-01", reminder))

    assert sorted(results, key=bool) == [False, False, False, True]
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(OutboxMessage)) == 1


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_a_worker_killed_in_the_middle_of_long_work_leaves_it_to_the_next_one(
    tmp_path: Path, pieces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real process and a real SIGKILL, in the drawing and in the packing: what comes out is whole, each thing once."""
    app = create_app({"instance_path": str(tmp_path), "secret_key": SECRET, "demo": True})
    with app.app_context():
        Model.metadata.create_all(db.engine)
    world = World(app)
    learners = Learners(world)
    codes = [learners.certified(f"Person {number}")[1] for number in range(3)]
    administrator = world.user("Ada", agency=learners.agency)
    world.grant(administrator, "agency-administrator", learners.agency)
    batch_id = world.write(lambda: bundles.ask(Wish(), asked_by_id=administrator).id)
    arguments = [app.extensions["lms"].settings.database, str(tmp_path), str(pieces)]

    killed = subprocess.run([sys.executable, "-m", "tests.faults.worker", *arguments], cwd=ROOT, check=False)
    monkeypatch.setattr(bundles, "VOLUME", 2)
    monkeypatch.setattr(bundles, "DRAWN", 1)
    too_early = deliver_due(app)
    with time_machine.travel(utc_now() + timedelta(minutes=CLAIM_MINUTES, seconds=1)):
        while deliver_due(app):
            pass

    with app.app_context():
        batch = db.session.get_one(Batch, batch_id)
        files = [app.extensions["lms"].files.read(one["stored"]) for one in batch.result["files"]]
        db.session.remove()
        db.engine.dispose()
    assert killed.returncode == -signal.SIGKILL
    assert too_early == 0, "its claim still held"
    assert (batch.state, batch.done, batch.left_out) == ("finished", 3, 0)
    names = [name for content in files for name in zipfile.ZipFile(io.BytesIO(content or b"")).namelist()]
    assert [name[:14] for name in names if name != "index.csv"] == codes
