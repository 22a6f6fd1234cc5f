"""What a correction, a revision and a retrain mean to people who are in the course."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask

from lms import journey
from lms.access import Viewer
from lms.assessment.sittings import load_sitting
from lms.catalog.publish import Publication
from lms.courseware.folder import load_folder
from lms.learning.enrollments import enrollments_of
from lms.learning.progress import Standing, load_standing
from lms.people.signins import load_viewer
from lms.settings import Settings
from tests.support.pages import right_values
from tests.support.world import World


@pytest.fixture
def files(tiny_course: Path) -> dict[str, bytes]:
    return load_folder(tiny_course)


def edited(files: dict[str, bytes]) -> dict[str, bytes]:
    path = "en/01-first-steps.md"
    return {**files, path: files[path] + b"\n\nOne more line.\n"}


def publish(world: World, files: dict[str, bytes], change: str | None = None) -> Publication:
    return world.write(lambda: journey.publish(files, change=change, published_by_id=None))


class Learner:
    """A person who goes through the tiny course as far as asked."""

    def __init__(self, app: Flask, world: World) -> None:
        self.world = world
        self.settings: Settings = app.extensions["lms"].settings
        user_id = world.user()
        viewer = world.read(lambda: load_viewer(user_id))
        assert viewer is not None
        self.viewer: Viewer = viewer

    def enroll(self) -> Learner:
        self.world.write(lambda: journey.enroll(self.viewer, "tiny"))
        return self

    def read(self, module_id: str) -> Learner:
        self.world.write(lambda: journey.complete_module(self.viewer, "tiny", module_id, self.settings))
        return self

    def start(self, module_id: str) -> int:
        return self.world.write(
            lambda: journey.start_attempt(self.viewer, "tiny", module_id, self.settings, language="en")
        )

    def submit(self, attempt_id: int) -> journey.Submission:
        values = right_values(self.world, f"/attempts/{attempt_id}")
        given = {name: value if isinstance(value, list) else [value] for name, value in values.items()}
        return self.world.write(lambda: journey.submit_attempt(self.viewer, attempt_id, given, "key", self.settings))

    def finish(self) -> Learner:
        self.enroll().read("first-steps").read("second-steps")
        self.submit(self.start("second-steps"))
        self.submit(self.start("final"))
        return self

    @property
    def standing(self) -> Standing:
        return self.world.read(lambda: load_standing(self.viewer.id, "tiny"))


@pytest.fixture
def learner(app: Flask, world: World, files: dict[str, bytes]) -> Learner:
    publish(world, files)
    return Learner(app, world)


def test_a_correction_reaches_everybody_in_progress_at_once(
    learner: Learner, world: World, files: dict[str, bytes]
) -> None:
    learner.enroll().read("first-steps")

    publication = publish(world, edited(files), "correction")

    assert publication.touched == 1
    assert learner.standing.version_number == 2
    assert learner.standing.is_completed("first-steps")


def test_a_revision_leaves_people_who_have_begun_on_their_version(
    learner: Learner, world: World, files: dict[str, bytes]
) -> None:
    learner.enroll().read("first-steps")

    publication = publish(world, edited(files), "revision")

    assert publication.touched == 0
    assert (learner.standing.version_number, learner.standing.current_number) == (1, 2)


def test_a_revision_moves_people_who_have_opened_nothing_yet(
    learner: Learner, world: World, files: dict[str, bytes]
) -> None:
    learner.enroll()

    publication = publish(world, edited(files), "revision")

    assert publication.touched == 1
    assert learner.standing.version_number == 2


def test_a_retrain_asks_those_who_completed_the_course_to_renew(
    learner: Learner, world: World, files: dict[str, bytes], app: Flask
) -> None:
    learner.finish()
    in_progress = Learner(app, world).enroll().read("first-steps")

    publication = publish(world, edited(files), "retrain")

    assert (publication.touched, publication.asked_to_renew) == (0, 1)
    assert learner.standing.asks_for_renewal
    assert not in_progress.standing.asks_for_renewal
    page = world.client_of(learner.viewer.id).get("/courses/tiny").get_data(as_text=True)
    assert "Renew what changed" in page


def test_a_correction_after_a_retrain_does_not_take_the_request_back(
    learner: Learner, world: World, files: dict[str, bytes]
) -> None:
    learner.finish()
    retrained = edited(files)
    publish(world, retrained, "retrain")

    publish(world, edited(retrained), "correction")

    assert learner.standing.asks_for_renewal
    (listed,) = world.read(lambda: enrollments_of(learner.viewer.id))
    assert listed.asks_for_renewal
    assert listed.completed_ids == {"first-steps", "second-steps", "final"}


def test_a_correction_alone_asks_nobody_to_renew(learner: Learner, world: World, files: dict[str, bytes]) -> None:
    learner.finish()

    publish(world, edited(files), "correction")

    assert not learner.standing.asks_for_renewal
    (listed,) = world.read(lambda: enrollments_of(learner.viewer.id))
    assert not listed.asks_for_renewal


@pytest.mark.parametrize("change", ["correction", "revision", "retrain"])
def test_whoever_completed_a_course_keeps_the_version_they_completed(
    learner: Learner, world: World, files: dict[str, bytes], change: str
) -> None:
    learner.finish()

    publish(world, edited(files), change)

    assert learner.standing.version_number == 1


def test_an_open_attempt_keeps_its_version_and_still_completes_the_module(
    learner: Learner, world: World, files: dict[str, bytes]
) -> None:
    learner.enroll().read("first-steps").read("second-steps")
    learner.submit(learner.start("second-steps"))
    attempt_id = learner.start("final")
    harder = {**edited(files), "en/90-final.md": files["en/90-final.md"].replace(b"pass_mark: 80", b"pass_mark: 100")}

    publish(world, harder, "correction")
    submission = learner.submit(attempt_id)

    pinned = world.read(lambda: load_sitting(learner.viewer.id, attempt_id))
    assert pinned.attempt.pass_mark == 80
    assert pinned.course.content_hash != learner.standing.content_hash
    assert learner.standing.is_completed("final")
    assert submission.certificate_code is not None


def test_a_module_that_a_correction_took_away_leaves_its_open_attempt_submittable(
    learner: Learner, world: World, files: dict[str, bytes]
) -> None:
    learner.enroll().read("first-steps")
    attempt_id = learner.start("second-steps")
    fewer = {path: content for path, content in edited(files).items() if path != "en/02-second-steps.md"}
    facts = fewer["course.yaml"].replace(b"  - {id: second-steps, prerequisites: [first-steps]}\n", b"")
    fewer["course.yaml"] = facts.replace(b"[first-steps, second-steps]", b"[first-steps]")

    publish(world, fewer, "correction")
    submission = learner.submit(attempt_id)

    assert submission.receipt is not None
    assert not learner.standing.is_completed("second-steps")


def test_publishing_unchanged_content_touches_nobody(learner: Learner, world: World, files: dict[str, bytes]) -> None:
    learner.enroll()

    publication = publish(world, files, "correction")

    assert (publication.outcome, publication.touched) == ("unchanged", 0)


def test_a_correction_of_the_newer_version_leaves_those_on_the_older_one(
    learner: Learner, world: World, files: dict[str, bytes]
) -> None:
    learner.enroll().read("first-steps")
    publish(world, edited(files), "revision")

    publish(world, edited(edited(files)), "correction")

    assert learner.standing.version_number == 1


def test_a_correction_of_a_corrected_version_reaches_everybody_in_either(
    learner: Learner, world: World, files: dict[str, bytes]
) -> None:
    learner.enroll().read("first-steps")
    publish(world, edited(files), "correction")

    publish(world, edited(edited(files)), "correction")

    assert learner.standing.version_number == 3
