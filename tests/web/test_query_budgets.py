"""How many statements each step of a learner's way takes, session included: the same for few people and for many."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

from lms.clock import utc_now
from lms.database import db
from lms.learning.enrollments import enroll
from lms.learning.models import Enrollment, ModuleProgress
from lms.learning.progress import load_standing
from tests.conftest import QueryCount
from tests.support.pages import form_of, page_of, right_values
from tests.support.world import World

pytestmark = pytest.mark.sqlite_only

BUDGETS = {
    "home": 6,
    "catalog": 3,
    "course page": 4,
    "module page": 2,
    "module page with a quiz": 3,
    "starting a quiz": 7,
    "quiz page": 3,
    "saving an answer": 3,
    "submitting": 30,
    "result": 7,
}
"""The most that each step may take. Lower one when a step takes less; raise one only with a reason in the commit."""


def crowd(world: World) -> None:
    """Other people in other agencies who are in the same courses, with progress of their own."""
    world.publish("schools")
    for number in range(12):
        user = world.user(agency=world.agency(), discipline="schools" if number % 2 else "healthcare")

        def join(user: int = user) -> None:
            for slug in ("tiny", "schools"):
                made = enroll(user, load_standing(user, slug).course_id, utc_now())
                moments = dict.fromkeys(("opened_at", "last_seen_at"), utc_now())
                db.session.add(ModuleProgress(enrollment_id=made.id, module_id="first-steps", **moments))

        world.write(join)


def learner(world: World) -> FlaskClient:
    """Somebody who has read all of the tiny course but not taken its quizzes."""
    user = world.user(agency=world.agency())

    def step() -> None:
        standing, now = load_standing(user, "tiny"), utc_now()
        enrollment = Enrollment(
            user_id=user, course_id=standing.course_id, version_id=standing.version_id, enrolled_at=now
        )
        db.session.add(enrollment)
        db.session.flush()
        for module in ("first-steps", "second-steps"):
            moments = dict.fromkeys(("opened_at", "last_seen_at", "read_at", "completed_at"), now)
            db.session.add(ModuleProgress(enrollment_id=enrollment.id, module_id=module, **moments))

    world.write(step)
    return world.client_of(user)


def costs(world: World, client: FlaskClient, count: QueryCount) -> dict[str, int]:
    """Statements of each step on one way through the course; what is parsed and drawn once is there already."""
    found: dict[str, int] = {}

    def step(name: str, call: Callable[[], Any]) -> Any:
        count.statements.clear()
        answer = call()
        found[name] = count.count
        assert answer.status_code in (200, 303), (name, answer.status_code)
        return answer

    for address in ("/learn/tiny/first-steps", "/learn/tiny/second-steps", "/learn/tiny/final", "/courses/tiny"):
        page_of(client, address)
    step("home", lambda: client.get("/home"))
    step("catalog", lambda: client.get("/catalog"))
    step("course page", lambda: client.get("/courses/tiny"))
    step("module page", lambda: client.get("/learn/tiny/first-steps"))
    step("module page with a quiz", lambda: client.get("/learn/tiny/final"))
    start = form_of(page_of(client, "/learn/tiny/final"), "/attempts")
    address = step("starting a quiz", lambda: client.post(start.action, data=start.fields)).headers["Location"]
    step("quiz page", lambda: client.get(address))
    form, right = form_of(page_of(client, address), "/submit"), right_values(world, address)
    body = {"values": {key: value for key, value in right.items() if key.startswith("t-single")}, "sequence": 5}
    headers = {"X-CSRFToken": form.fields["csrf_token"][0]}
    step("saving an answer", lambda: client.put(f"{address}/responses/t-single", json=body, headers=headers))
    form = form_of(page_of(client, address), "/submit")
    step("submitting", lambda: client.post(f"{address}/submit", data={**form.fields, **right}))
    page_of(client, address)
    step("result", lambda: client.get(address))
    return found


def test_each_step_keeps_to_its_budget_among_few_people_and_among_many(world: World, count_queries: QueryCount) -> None:
    world.publish("tiny")
    among_few = costs(world, learner(world), count_queries)
    crowd(world)

    among_many = costs(world, learner(world), count_queries)

    assert among_many == among_few
    assert {name: taken for name, taken in among_few.items() if taken > BUDGETS[name]} == {}
