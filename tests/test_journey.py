"""One learner, from Markdown files to a certificate, through HTTP only: no mocks, nothing reached into."""

from __future__ import annotations

from flask.testing import FlaskClient

from lms.database import db
from lms.outbox import OutboxMessage
from tests.support.pages import Form, form_of, page_of, right_values
from tests.support.world import World


def answer_quiz(client: FlaskClient, world: World, module_page: str) -> str:
    """Start the quiz on a module's page, answer all of it rightly, submit; returns the result page."""
    start = form_of(page_of(client, module_page), "/attempts")
    attempt = client.post(start.action, data=start.fields).headers["Location"]
    form = form_of(page_of(client, attempt), "/submit")
    sent = client.post(form.action, data={**form.fields, **right_values(world, attempt)})
    assert sent.status_code == 303
    return page_of(client, sent.headers["Location"])


def press(client: FlaskClient, form: Form) -> str:
    """Send a form as it stands and follow it; returns the address it leads to."""
    answer = client.post(form.action, data=form.fields)
    assert answer.status_code == 303, answer.get_data(as_text=True)[:2000]
    return answer.headers["Location"]


def test_a_learner_goes_from_the_catalog_to_a_certificate(client: FlaskClient, world: World) -> None:
    agency = world.agency("General Hospital")
    nurse = world.user("Nora Nurse", agency=agency, discipline="healthcare")
    world.publish("tiny")
    world.sign_in(client, nurse)

    assert "A tiny course" in page_of(client, "/catalog")
    first = press(client, form_of(page_of(client, "/courses/tiny"), "/enroll"))
    assert client.get(first).headers["Location"].endswith("/learn/tiny/first-steps")
    locked = page_of(client, "/learn/tiny/final")
    assert "not open yet" in locked
    second = press(client, form_of(page_of(client, "/learn/tiny/first-steps"), "/complete"))
    assert second.endswith("/learn/tiny/second-steps")
    press(client, form_of(page_of(client, second), "/complete"))
    answer_quiz(client, world, second)
    result = answer_quiz(client, world, "/learn/tiny/final")

    assert 'data-score-percent="100"' in result
    assert 'data-passed="true"' in result
    assert "You have earned the certificate" in result
    assert "Completed" in page_of(client, "/catalog")
    mails = world.read(lambda: [row.payload for row in db.session.query(OutboxMessage).filter_by(kind="mail")])
    assert [mail["template"] for mail in mails] == ["certificate_earned"]
