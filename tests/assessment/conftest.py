"""A learner who stands before the final quiz of the tiny course, over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lms.assessment.models import Attempt, Response
from lms.assessment.sittings import load_responses, values_of
from lms.database import db
from tests.support.pages import Form, attempt_id_of, form_of, page_of, right_values, wrong_values
from tests.support.world import World


@dataclass
class Taker:
    """A person at a browser without script, with an attempt at the final quiz open."""

    world: World
    client: FlaskClient
    user_id: int
    address: str = ""

    def open(self, module_id: str = "final") -> str:
        start = form_of(page_of(self.client, f"/learn/tiny/{module_id}"), "/attempts")
        self.address = self.client.post(start.action, data=start.fields).headers["Location"]
        return self.address

    @property
    def attempt_id(self) -> int:
        return attempt_id_of(self.address)

    @property
    def page(self) -> str:
        return page_of(self.client, self.address)

    @property
    def form(self) -> Form:
        return form_of(self.page, "/submit")

    @property
    def right(self) -> dict[str, Any]:
        return right_values(self.world, self.address)

    @property
    def wrong(self) -> dict[str, Any]:
        return wrong_values(self.world, self.address)

    def save(self, values: dict[str, Any], form: Form | None = None) -> TestResponse:
        return self.client.post(f"{self.address}/responses", data={**(form or self.form).fields, **values})

    def submit(self, values: dict[str, Any], form: Form | None = None) -> TestResponse:
        return self.client.post(f"{self.address}/submit", data={**(form or self.form).fields, **values})

    def put(self, question_id: str, values: Any, sequence: Any, token: str | None = None) -> TestResponse:
        token = self.form.fields["csrf_token"][0] if token is None else token
        return self.client.put(
            f"{self.address}/responses/{question_id}",
            json={"values": values, "sequence": sequence},
            headers={"X-CSRFToken": token},
        )

    @property
    def saved(self) -> dict[str, Any]:
        return self.world.read(lambda: values_of(load_responses(self.attempt_id)))

    @property
    def attempt(self) -> Attempt:
        return self.world.read(lambda: db.session.get_one(Attempt, self.attempt_id))

    @property
    def sequences(self) -> dict[str, int]:
        def read() -> dict[str, int]:
            return {r.question_id: r.sequence for r in db.session.query(Response).all()}

        return self.world.read(read)


def prepare(client: FlaskClient, world: World) -> Taker:
    """Enrolled, and through the two modules before the final quiz."""
    user_id = world.user(agency=world.agency(), discipline="healthcare")
    world.sign_in(client, user_id)
    taker = Taker(world, client, user_id)
    enroll = form_of(page_of(client, "/courses/tiny"), "/enroll")
    client.post(enroll.action, data=enroll.fields)
    for module_id in ("first-steps", "second-steps"):
        read = form_of(page_of(client, f"/learn/tiny/{module_id}"), "/complete")
        client.post(read.action, data=read.fields)
    taker.open("second-steps")
    taker.submit({})
    taker.open("final")
    return taker


@pytest.fixture
def taker(client: FlaskClient, world: World) -> Taker:
    world.publish("tiny")
    return prepare(client, world)


@pytest.fixture
def other(app: Any, world: World, taker: Taker) -> Taker:
    """Another person, with an attempt of their own."""
    return prepare(app.test_client(), world)
