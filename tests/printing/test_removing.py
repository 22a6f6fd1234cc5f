"""Courses on paper leave the file store when nobody can fetch them, or nobody did for long."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lms import daily, outbox
from lms.clock import utc_now
from lms.courseware.folder import load_folder
from lms.files import FileStore
from lms.jobs import deliver_due
from lms.printing import removing
from lms.printing.keeping import FOLDER
from tests.printing.test_fetching import no_prints, ordered
from tests.support.world import TEST_COURSES, World

__all__ = ["no_prints"]


@pytest.fixture
def learner(world: World) -> FlaskClient:
    world.publish("tiny")
    return world.client_of(world.user())


def files_of(world: World) -> FileStore:
    found: FileStore = world.app.extensions["lms"].files
    return found


def age(world: World, days: int) -> None:
    """All that is stored was written so many days ago."""
    root = Path(world.app.extensions["lms"].settings.instance_path) / "files"
    moment = (utc_now() - timedelta(days=days)).timestamp()
    for name in files_of(world).names_in(FOLDER):
        os.utime(root / name, (moment, moment))


def removed(world: World) -> int:
    settings = world.app.extensions["lms"].settings
    return world.read(lambda: removing.remove_old(files_of(world), settings, utc_now()))


def correct(world: World) -> None:
    files = load_folder(TEST_COURSES / "tiny")
    world.publish_files({**files, "en/course.md": files["en/course.md"] + b"\nOne more line.\n"}, change="correction")


def test_what_is_of_the_present_version_stays(world: World, learner: FlaskClient) -> None:
    ordered(world, learner, "packet")
    age(world, removing.UNUSED_DAYS - 1)

    assert removed(world) == 0
    assert learner.get("/courses/tiny/print.pdf").status_code == 200


def test_what_nobody_fetched_for_long_goes_and_can_be_made_again(world: World, learner: FlaskClient) -> None:
    ordered(world, learner, "packet")
    age(world, removing.UNUSED_DAYS + 1)

    assert removed(world) == 1
    assert files_of(world).names_in(FOLDER) == []
    assert learner.get("/courses/tiny/print.pdf").status_code == 303
    ordered(world, learner, "packet")
    assert learner.get("/courses/tiny/print.pdf").status_code == 200


def test_what_was_fetched_meanwhile_stays(world: World, learner: FlaskClient) -> None:
    ordered(world, learner, "packet")
    age(world, removing.UNUSED_DAYS + 1)

    before = learner.get("/courses/tiny/print.pdf")

    assert removed(world) == 0
    assert learner.get("/courses/tiny/print.pdf").data == before.data


def test_a_store_that_takes_no_writing_keeps_nobody_from_a_file(
    world: World, learner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered(world, learner, "packet")
    age(world, 2)

    def no_room(*given: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_room)

    assert learner.get("/courses/tiny/print.pdf").status_code == 200


def test_what_is_of_an_older_version_goes_after_a_day(world: World, learner: FlaskClient) -> None:
    ordered(world, learner, "packet")
    correct(world)
    fresh = removed(world)
    age(world, removing.GRACE_DAYS + 1)

    assert fresh == 0
    assert removed(world) == 1


def test_other_files_of_the_store_are_left_alone(world: World, learner: FlaskClient) -> None:
    files_of(world).write("prints-of-somebody/else.pdf", b"x")
    ordered(world, learner, "packet")
    age(world, removing.UNUSED_DAYS + 1)

    removed(world)

    assert files_of(world).read("prints-of-somebody/else.pdf") == b"x"
    files_of(world).delete("prints-of-somebody/else.pdf")


def test_the_day_s_work_removes_them(world: World, learner: FlaskClient) -> None:
    ordered(world, learner, "packet")
    age(world, removing.UNUSED_DAYS + 1)
    world.write(lambda: outbox.enqueue(daily.PRINTS, "daily-prints:today", {}, utc_now()))

    while deliver_due(world.app):
        pass

    assert files_of(world).names_in(FOLDER) == []
