"""One learner, from Markdown files to a certificate, a filled seat and a report: HTTP only, nothing reached into."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from lms.cohorts.templates import publish_templates
from lms.database import db
from lms.outbox import OutboxMessage
from tests.support.pages import form_of, page_of, right_values
from tests.support.world import World

TEAM = """\
id: pair
title: {en: Small team, es: Equipo pequeño}
description: {en: For tests., es: Para pruebas.}
valid_months: 12
grace_days: 30
size: {min: 1, max: 5}
requires_courses: [tiny]
requires_milestones: []
seats:
  - {id: health, discipline: healthcare, title: {en: Health care, es: Salud}, count: 1, required: true}
milestones:
  - {id: m0, title: {en: Charter signed, es: Acuerdo firmado}, rule: The coordinator attests it.}
"""


def press(client: FlaskClient, address: str, action: str, **more: Any) -> str:
    """Send the form of a page that goes to `action`, as it stands and with more filled in; the address it leads to.

    A form without an action goes to its own page: "".
    """
    form = form_of(page_of(client, address), action)
    answer = client.post(form.action or address, data={**form.fields, **more})
    assert answer.status_code == 303, answer.get_data(as_text=True)[:3000]
    return answer.headers["Location"]


def answer_quiz(client: FlaskClient, world: World, module_page: str) -> str:
    """Start the quiz on a module's page, answer all of it rightly, submit; returns the result page."""
    attempt = press(client, module_page, "/attempts")
    return page_of(client, press(client, attempt, "/submit", **right_values(world, attempt)))


def make_team(coordinator: FlaskClient) -> str:
    """The coordinator makes a team and a code to read out; returns the code."""
    team = press(
        coordinator,
        "/cohorts/new",
        "",
        **{"name": "County team", "starts_on-month": "1", "starts_on-day": "5", "starts_on-year": "2026"},
    )
    told = page_of(coordinator, press(coordinator, f"{team}/invite/code", "", max_uses="1", days="7"))
    found = re.search(r"The code is ([0-9A-Z-]+)\.", told)
    assert found is not None
    return found[1]


def test_a_learner_goes_from_a_markdown_file_to_a_filled_seat_and_a_report(
    client: FlaskClient, world: World, tmp_path: Path
) -> None:
    hospital = world.agency("General Hospital")
    nurse = world.user("Nora Nurse", agency=hospital, discipline="healthcare")
    leader, chief = world.user("Cora Coordinator", agency=hospital), world.user("Ada Administrator")
    world.grant(leader, "coordinator", hospital)
    world.grant(chief, "agency-administrator", hospital)
    (tmp_path / "pair.yaml").write_text(TEAM, encoding="utf-8")
    world.publish("tiny")
    world.write(lambda: publish_templates(tmp_path))
    world.sign_in(client, nurse)

    code = make_team(world.client_of(leader))
    team = press(client, "/cohorts/join", "", code=code)
    assert "A tiny course" in page_of(client, "/catalog")
    first = press(client, "/courses/tiny", "/enroll")
    assert client.get(first).headers["Location"].endswith("/learn/tiny/first-steps")
    assert "not open yet" in page_of(client, "/learn/tiny/final")
    second = press(client, "/learn/tiny/first-steps", "/complete")
    press(client, second, "/complete")
    answer_quiz(client, world, second)
    result = answer_quiz(client, world, "/learn/tiny/final")

    assert 'data-score-percent="100"' in result
    assert 'data-passed="true"' in result
    assert "Your certificate counts for “County team”: 1 of 1 seats are certified." in result
    assert "With it the team has earned its certificate." in result
    found = re.search(r'href="/certificates/([0-9A-Z-]+)"', result)
    assert found is not None
    stranger = world.app.test_client()
    verified = stranger.get(f"/verify/{found[1]}.json").get_json()
    assert verified["status"] == "valid"
    assert client.get(f"/certificates/{found[1]}.pdf").data.startswith(b"%PDF")
    assert "Certified" in page_of(client, team)
    report = world.client_of(chief).get("/reports/certified.csv").get_data(as_text=True)
    assert re.search(r"General Hospital.*\b1\b", report)
    mails = world.read(lambda: [row.payload["template"] for row in db.session.query(OutboxMessage)])
    assert "certificate_earned" in mails
