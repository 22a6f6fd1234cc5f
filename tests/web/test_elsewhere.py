"""Credit for training done elsewhere: only of people in reach, and every record can be reached."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from flask import Flask

from lms.certification.credit_bodies import publish_bodies
from lms.certification.training_models import ExternalTraining
from lms.clock import utc_now
from lms.database import db
from tests.support.visits import send
from tests.support.world import SHIPPED_COURSES, World


class Trainings:
    """Two agencies, each with an officer; the state, and somebody who administers only one agency's part of it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.here, self.there = world.agency("Here"), world.agency("There")
        self.near = world.user("Nora Near", agency=self.here, discipline="law-enforcement")
        self.far = world.user("Fred Far", agency=self.there, discipline="law-enforcement")
        self.state, self.part = world.user("State"), world.user("Part", agency=self.here)
        world.grant(self.state, "state-administrator")
        world.grant(self.part, "state-administrator", self.here)
        world.write(lambda: publish_bodies(SHIPPED_COURSES / "credit-bodies", utc_now()))

    def approved(self, user: int, title: str, day: date = date(2026, 1, 2)) -> int:
        def add() -> int:
            training = ExternalTraining(
                user_id=user,
                title=title,
                provider="Academy",
                completed_on=day,
                contact_minutes=60,
                state="approved",
                submitted_at=utc_now(),
                entered_by_id=user,
                decided_at=utc_now(),
                decided_by_id=self.state,
                decided_reason="seen",
            )
            db.session.add(training)
            db.session.flush()
            return training.id

        return self.world.write(add)


@pytest.fixture
def trainings(world: World) -> Trainings:
    return Trainings(world)


def test_a_state_administrator_of_a_part_sees_and_changes_only_its_people(trainings: Trainings, app: Flask) -> None:
    near, far = trainings.approved(trainings.near, "Near course"), trainings.approved(trainings.far, "Far course")
    client = trainings.world.client_of(trainings.part)
    entries = {"body": "missouri-post", "category": "legal-studies", "topic": "", "provider_number": ""}

    page = client.get("/credit/trainings").text
    looked = client.get(f"/credit/trainings/{far}").status_code
    own = send(client, f"/credit/trainings/{near}", entries)
    foreign = send(client, f"/credit/trainings/{far}", entries, page=f"/credit/trainings/{near}")

    assert "Nora Near" in page
    assert "Fred Far" not in page
    assert (looked, own.status_code, foreign.status_code) == (404, 303, 404)
    assert trainings.world.read(lambda: db.session.get_one(ExternalTraining, far).credit_body) is None


def test_every_approved_training_is_on_some_page(trainings: Trainings) -> None:
    for number in range(55):
        trainings.approved(trainings.near, f"Course {number:03}", date(2026, 1, 2) - timedelta(days=number))
    client = trainings.world.client_of(trainings.state)

    first = client.get("/credit/trainings").text
    further = re.search(r'rel="next" href="([^"]+)"', first)
    assert further is not None
    second = client.get(further[1].replace("&amp;", "&")).text

    assert "Course 000" in first
    assert "Course 054" not in first
    assert "Course 054" in second
    assert "Course 000" not in second
    assert 'rel="next"' not in second


def test_training_with_credit_and_without_are_two_lists(trainings: Trainings) -> None:
    with_credit = trainings.approved(trainings.near, "Course A")
    trainings.approved(trainings.near, "Course B")
    client = trainings.world.client_of(trainings.state)
    send(client, f"/credit/trainings/{with_credit}", {"body": "missouri-post", "category": "legal-studies"})

    without_page, with_page = client.get("/credit/trainings").text, client.get("/credit/trainings?body=with").text

    assert ("Course A" in without_page, "Course B" in without_page) == (False, True)
    assert ("Course A" in with_page, "Course B" in with_page) == (True, False)
