"""A server that dies in the middle of a submit: nothing half-stored, nothing acknowledged lost (faults 4, 5, 6)."""

from __future__ import annotations

import http.client
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from lms.app import create_app
from lms.assessment.models import Attempt
from lms.assessment.sittings import load_responses
from lms.certification.models import Certificate
from lms.database import Model, db
from lms.people import signins
from tests.assessment.conftest import Taker, prepare
from tests.faults.server import SECRET
from tests.support.world import World

ROOT = Path(__file__).parents[2]


@dataclass
class Site:
    """A database with a learner before the final quiz, and servers over it to be killed."""

    app: Flask
    database: str
    instance: Path
    taker: Taker
    cookie: str

    @contextmanager
    def served(self, when: str = "") -> Iterator[int]:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = int(free.getsockname()[1])
        arguments = [self.database, str(self.instance), str(port), *([when] if when else [])]
        log = (self.instance / f"server-{when}.log").open("w")
        server = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.server", *arguments],
            cwd=ROOT,
            stdout=log,
            stderr=log,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        try:
            wait_for(port)
            yield port
        finally:
            server.kill()
            server.wait(10)
            log.close()

    def put(self, port: int, number: int, token: str) -> int:
        """Save the number as an answer, as the page's script does; the status, or 0 where the connection broke."""
        body = json.dumps({"values": {"t-number": str(number)}, "sequence": number}).encode()
        headers = {"Cookie": f"lms=s.{self.cookie}", "X-CSRFToken": token, "Content-Type": "application/json"}
        address = f"http://127.0.0.1:{port}{self.taker.address}/responses/t-number"
        try:
            request = urllib.request.Request(address, body, headers, method="PUT")
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except (http.client.HTTPException, OSError):
            return 0

    def send(self, port: int, path: str, fields: dict[str, Any]) -> int:
        """Send a form; the status, or 0 where the connection broke without a reply."""
        body = urllib.parse.urlencode(fields, doseq=True).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", body, {"Cookie": f"lms=s.{self.cookie}"})
        try:
            with urllib.request.build_opener(NoRedirect).open(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (http.client.HTTPException, OSError):
            return 0

    @property
    def attempt(self) -> Attempt:
        return self.taker.attempt

    def count(self, model: type) -> int:
        return self.taker.world.read(lambda: db.session.query(model).count())


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server did not start")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    database = f"sqlite:///{tmp_path / 'killed.sqlite'}"
    app = create_app({"database_url": database, "instance_path": str(tmp_path), "secret_key": SECRET})
    with app.app_context():
        Model.metadata.create_all(db.engine)
    world = World(app)
    world.publish("tiny")
    taker = prepare(app.test_client(), world)
    cookie = world.write(lambda: signins.begin_session(taker.user_id, hours=1, agent="test"))
    taker.client.set_cookie("lms", f"s.{cookie}")
    yield Site(app, database, tmp_path, taker, cookie)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_server_that_dies_before_the_commit_stores_nothing_and_the_retry_counts(site: Site) -> None:
    fields = {**site.taker.form.fields, **site.taker.right}
    path = f"{site.taker.address}/submit"

    with site.served("before-commit") as port:
        first = site.send(port, path, fields)
    assert (first, site.attempt.submitted_at, site.count(Certificate)) == (0, None, 0)
    assert site.taker.saved == {}
    with site.served() as port:
        second = site.send(port, path, fields)

    assert second == 303
    assert (site.attempt.passed, site.count(Certificate)) == (True, 1)


def test_a_server_that_dies_after_the_commit_gives_the_same_receipt_to_the_retry(site: Site) -> None:
    fields = {**site.taker.form.fields, **site.taker.right}
    path = f"{site.taker.address}/submit"

    with site.served("after-commit") as port:
        first = site.send(port, path, fields)
    receipt = site.attempt.receipt
    assert first == 0
    assert receipt is not None
    with site.served() as port:
        second = site.send(port, path, fields)

    assert second == 303
    assert (site.attempt.receipt, site.count(Certificate)) == (receipt, 1)


def test_answers_that_were_acknowledged_survive_a_killed_server(site: Site) -> None:
    fields = {**site.taker.form.fields, **site.taker.right}

    with site.served() as port:
        saved = site.send(port, f"{site.taker.address}/responses", fields)

    assert saved == 303
    kept = site.taker.world.read(lambda: load_responses(site.taker.attempt_id))
    assert len(kept) == 5


def test_whatever_was_acknowledged_is_there_after_a_kill_at_any_moment(site: Site) -> None:
    token, acknowledged = site.taker.form.fields["csrf_token"][0], [0]

    def save_until_it_breaks(port: int) -> None:
        while site.put(port, acknowledged[-1] + 1, token) == 200:
            acknowledged.append(acknowledged[-1] + 1)

    for seed in range(4):
        before = acknowledged[-1]
        with site.served() as port:
            saver = threading.Thread(target=save_until_it_breaks, args=(port,))
            saver.start()
            while acknowledged[-1] == before and saver.is_alive():
                time.sleep(0.01)
            time.sleep(random.Random(seed).uniform(0, 0.3))
        saver.join()
        stored = int(site.taker.saved["t-number"]["text"])

        assert acknowledged[-1] > before
        assert stored - acknowledged[-1] in (0, 1), "the last one acknowledged, or the one that was under way"
        acknowledged.append(stored)


def test_a_commit_waits_until_it_is_on_the_disk(site: Site) -> None:
    """A power cut is a kill of the whole machine: only a commit that was synced survives it (2 is FULL)."""
    assert site.taker.world.write(lambda: db.session.execute(text("PRAGMA synchronous")).scalar()) == 2
    assert site.taker.world.write(lambda: db.session.execute(text("PRAGMA journal_mode")).scalar()) == "wal"
