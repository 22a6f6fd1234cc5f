"""Written answers: they wait for a trainer, who marks them along their list and does not see who wrote them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.assessment.models import MarkedAnswer
from lms.certification.models import Certificate
from lms.clock import utc_now
from lms.courseware.folder import load_folder
from lms.database import db
from lms.outbox import OutboxMessage
from lms.people.models import AuditEvent, Membership, User
from lms.people.signins import load_viewer
from lms.wall.sight import SYSTEM, see
from tests.assessment.conftest import Taker, prepare
from tests.conftest import QueryCount
from tests.privacy.test_erasing import erase
from tests.support.pages import form_of, page_of, text_of
from tests.support.world import TEST_COURSES, World

WORDS = "I tell Officer Lee.\nThen I write down <b>what</b> I saw."
WRITTEN = """

### Say what you do first.

<!-- q: t-written; type: written; lo: LO1 -->

- Names a person to tell
- Keeps others safe

> [!NOTE]
> Tell somebody whose work it is.
"""


def course_with_written(pass_mark: int = 80, more: str = "") -> dict[str, bytes]:
    """The tiny course, whose final asks a written answer too: 6 points, of which 5 are marked by machine."""
    files = load_folder(TEST_COURSES / "tiny")
    path = "en/90-final.md"
    text = files[path].decode().replace("pass_mark: 80", f"pass_mark: {pass_mark}{more}")
    return {**files, path: (text.rstrip() + WRITTEN).encode()}


@pytest.fixture
def writer(client: FlaskClient, world: World) -> Taker:
    """Somebody who has submitted a final quiz: all right, and a written answer that waits."""
    world.publish_files(course_with_written(pass_mark=90))
    taker = prepare(client, world)
    taker.submit({**taker.right, "t-written": WORDS})
    return taker


def trainer_of(world: World, agency: int | None = None) -> FlaskClient:
    user = world.user("A Trainer")
    world.grant(user, "author", agency)
    return world.client_of(user)


def page_to_mark(writer: Taker) -> str:
    return f"/studio/marking/{writer.attempt_id}"


def mark(trainer: FlaskClient, address: str, *lines: str, comment: str = "", **more: Any) -> Any:
    """Tick the lines that read so (or `none1`), as a browser would."""
    page = page_of(trainer, address)
    values = re.findall(r'name="met1" value="([^"]+)"[^>]*><span>([^<]+)<', page)
    met = [value for value, text in values if text in lines]
    assert len(met) == len(lines), values
    return trainer.post(address, data={**form_of(page, "").fields, "met1": met, "comment1": comment, **more})


def count(world: World, model: type, **values: Any) -> int:
    return world.read(lambda: db.session.query(model).filter_by(**values).count())


def test_a_quiz_with_a_written_answer_is_neither_passed_nor_failed_until_it_is_marked(writer: Taker) -> None:
    attempt = writer.attempt

    assert (attempt.passed, attempt.awaits_marking, attempt.points, attempt.points_possible) == (None, True, "5", "5")
    assert count(writer.world, Certificate) == 0
    said = text_of(writer.page)
    assert "One part waits for a trainer" in said
    assert "You are told by mail" in said
    assert "You reached" not in said
    assert "Names a person to tell" not in said


def test_what_a_trainer_ticks_decides_and_what_follows_follows(writer: Taker) -> None:
    trainer = trainer_of(writer.world)

    done = mark(trainer, page_to_mark(writer), "Names a person to tell", "Keeps others safe", comment="Well seen.")

    assert done.status_code == 303
    attempt = writer.attempt
    assert (attempt.passed, attempt.awaits_marking, attempt.score_percent, attempt.points) == (True, False, 100, "6")
    assert count(writer.world, Certificate) == 1
    said = text_of(writer.page)
    assert "You passed" in said
    assert "You have earned the certificate" in said
    assert "The trainer's word to you: Well seen." in said
    assert said.count("Met") == 2


def test_half_of_the_list_earns_half_of_the_points(writer: Taker) -> None:
    mark(trainer_of(writer.world), page_to_mark(writer), "Keeps others safe")

    attempt = writer.attempt
    assert (attempt.points, attempt.score_percent, attempt.passed) == ("11/2", 91, True)
    said = text_of(writer.page)
    assert "Names a person to tell Not met" in said
    assert "Keeps others safe Met" in said


def test_none_of_the_list_can_fail_a_quiz_and_the_learner_may_try_again(writer: Taker) -> None:
    before = page_of(writer.client, "/learn/tiny/final")
    assert "A trainer has yet to mark your last answers." in before
    assert "Take it again" not in before
    refused = writer.client.post("/learn/tiny/final/attempts", data={"csrf_token": writer_token(writer)})
    assert refused.status_code == 409

    mark(trainer_of(writer.world), page_to_mark(writer), none1="y")

    assert (writer.attempt.score_percent, writer.attempt.passed) == (83, False)
    assert count(writer.world, Certificate) == 0
    assert "Take it again" in page_of(writer.client, "/learn/tiny/final")
    assert writer.open() != page_to_mark(writer)


def writer_token(writer: Taker) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page_of(writer.client, "/account"))
    assert found
    return found[1]


def test_whoever_marks_sees_the_answer_as_it_was_typed_and_not_whose_it_is(writer: Taker) -> None:
    trainer = trainer_of(writer.world)
    listed, page = page_of(trainer, "/studio/marking"), page_of(trainer, page_to_mark(writer))

    assert "I write down &lt;b&gt;what&lt;/b&gt; I saw." in page
    name = writer.world.read(lambda: db.session.get_one(User, writer.user_id).name)
    assert name not in text_of(listed) + text_of(page)
    assert writer.attempt.receipt in listed
    assert writer.attempt.receipt in page


def test_a_learner_is_told_by_a_mail_that_names_no_course(writer: Taker) -> None:
    mark(trainer_of(writer.world), page_to_mark(writer), none1="y")

    def payloads() -> list[Any]:
        return [one.payload for one in db.session.query(OutboxMessage).all()]

    told = [one for one in writer.world.read(payloads) if one.get("template") == "answers-marked"]
    assert [(one["to_user_id"], one["values"]) for one in told] == [(writer.user_id, {"attempt": writer.attempt_id})]


def test_every_answer_has_to_be_marked_and_what_was_entered_stays(writer: Taker) -> None:
    trainer = trainer_of(writer.world)

    neither = mark(trainer, page_to_mark(writer), comment="Half a thought")
    both = mark(trainer, page_to_mark(writer), "Keeps others safe", none1="y")
    long = mark(trainer, page_to_mark(writer), "Keeps others safe", comment="x" * 2001)
    odd = trainer.post(
        page_to_mark(writer), data={**form_of(page_of(trainer, page_to_mark(writer)), "").fields, "met1": ["no-line"]}
    )

    assert [one.status_code for one in (neither, both, long, odd)] == [422] * 4
    assert "Say what the answer does" in text_of(neither)
    assert "Half a thought" in neither.get_data(as_text=True)
    assert "Either some of these or none." in text_of(both)
    assert "At most 2000 fit" in text_of(long).replace(",", "")
    assert (writer.attempt.awaits_marking, count(writer.world, MarkedAnswer)) == (True, 0)


def test_of_two_who_mark_at_once_the_second_is_told_and_keeps_what_they_typed(writer: Taker) -> None:
    first, second = trainer_of(writer.world), trainer_of(writer.world)
    page = page_of(second, page_to_mark(writer))
    mark(first, page_to_mark(writer), none1="y")

    entered = {**form_of(page, "").fields, "none1": "y", "comment1": "Mine"}
    late = second.post(page_to_mark(writer), data=entered)

    assert late.status_code == 422
    assert "Somebody has marked these answers meanwhile" in text_of(late)
    assert "Mine" in form_of(late.get_data(as_text=True), "").fields["comment1"]
    assert count(writer.world, AuditEvent, action="attempt.marked") == 1
    again = form_of(late.get_data(as_text=True), "").fields
    assert second.post(page_to_mark(writer), data={**again, "reason": "Read it twice"}).status_code == 303


def test_a_mark_that_failed_somebody_can_be_put_right_and_one_that_passed_them_stands(writer: Taker) -> None:
    trainer = trainer_of(writer.world)
    mark(trainer, page_to_mark(writer), none1="y", comment="Too short")
    assert 'href="/studio/marking/' in page_of(trainer, "/studio/marking?state=marked")
    kept = page_of(trainer, page_to_mark(writer))
    assert "Too short" in kept

    silent = mark(trainer, page_to_mark(writer), "Names a person to tell", none1="")
    assert silent.status_code == 422
    assert 'id="reason"' in silent.get_data(as_text=True)
    again = mark(trainer, page_to_mark(writer), "Names a person to tell", none1="", reason="I had overlooked it")

    assert again.status_code == 303
    assert count(writer.world, AuditEvent, action="attempt.marked", reason="I had overlooked it") == 1
    assert marked_before(writer.world) == [[None, "5"], ["5", "11/2"]]
    assert writer.attempt.passed is True
    assert count(writer.world, Certificate) == 1
    assert "These marks stand" in text_of(page_of(trainer, page_to_mark(writer)))
    fields = form_of(kept, "").fields
    assert trainer.post(page_to_mark(writer), data={**fields, "met1": [], "none1": "y"}).status_code == 409
    assert writer.attempt.passed is True


def test_whoever_marks_a_quiz_that_never_shows_its_answers_is_not_asked_for_a_word_that_nobody_reads(
    client: FlaskClient, world: World
) -> None:
    files, path = course_with_written(pass_mark=90), "en/90-final.md"
    world.publish_files({**files, path: files[path].replace(b"feedback: after-submit", b"feedback: never")})
    taker = prepare(client, world)
    taker.submit({**taker.right, "t-written": WORDS})

    page = page_of(trainer_of(world), page_to_mark(taker))

    assert "learns the result, and neither the lines nor a word" in text_of(page)
    assert 'name="comment1"' not in page
    assert mark(trainer_of(world), page_to_mark(taker), "Keeps others safe").status_code == 303
    assert "Names a person to tell" not in taker.page


def marked_before(world: World) -> list[Any]:
    """Of each time that somebody marked, as the audit trail tells it: what it was worth before, and then."""
    events = select(AuditEvent.detail).where(AuditEvent.action == "attempt.marked").order_by(AuditEvent.id)
    told = world.read(lambda: list(db.session.scalars(events)))
    return [one["points"] for one in told]


def test_a_script_that_submits_is_told_that_a_trainer_has_a_part_in_it(client: FlaskClient, world: World) -> None:
    world.publish_files(course_with_written(pass_mark=90))
    taker = prepare(client, world)
    fields = taker.form.fields

    receipt = client.post(
        f"{taker.address}/submit",
        json={"values": {**taker.right, "t-written": WORDS}, "idempotency_key": "a-key"},
        headers={"X-CSRFToken": fields["csrf_token"][0], "Accept": "application/json"},
    ).get_json()

    assert (receipt["passed"], receipt["awaits_marking"]) == (None, True)


def test_nobody_marks_their_own_nor_those_of_another_agency(writer: Taker) -> None:
    world = writer.world
    stranger = trainer_of(world, world.agency())
    world.grant(writer.user_id, "author")

    for client in (stranger, writer.client):
        assert client.get(page_to_mark(writer)).status_code == 404
        assert "Nothing here" in page_of(client, "/studio/marking")
        assert "written answers to mark" not in text_of(page_of(client, "/home"))


def test_why_marks_changed_goes_with_whoever_is_erased(writer: Taker, app: Flask) -> None:
    world, trainer = writer.world, trainer_of(writer.world)
    mark(trainer, page_to_mark(writer), none1="y")
    mark(trainer, page_to_mark(writer), "Keeps others safe", none1="", reason="Pat told me more")
    state = world.user()
    world.grant(state, "state-administrator")
    with app.app_context():
        viewer = load_viewer(state)
        assert viewer is not None
        erase(writer.user_id, viewer, app.extensions["lms"].settings, utc_now())

    assert count(world, AuditEvent, action="attempt.marked") == 2
    assert count(world, AuditEvent, reason="Pat told me more") == 0


@pytest.mark.parametrize("tick", ["waits", "Keeps others safe"])
def test_what_an_erased_person_wrote_leaves_the_lists_of_who_marks(writer: Taker, app: Flask, tick: str) -> None:
    world = writer.world
    trainer, state = trainer_of(world), world.user("State")
    world.grant(state, "state-administrator")
    kept = page_of(trainer, page_to_mark(writer))
    if tick != "waits":
        mark(trainer, page_to_mark(writer), tick)
    viewer = world.read(lambda: load_viewer(state))
    assert viewer is not None

    with app.app_context():
        see(SYSTEM)
        erase(writer.user_id, viewer, app.extensions["lms"].settings, utc_now())

    assert count(world, MarkedAnswer) == 0
    for listed in ("/studio/marking", "/studio/marking?state=marked"):
        assert "data-attempt" not in page_of(trainer, listed)
    assert trainer.get(page_to_mark(writer)).status_code == 404
    late = trainer.post(page_to_mark(writer), data={**form_of(kept, "").fields, "none1": "y"})
    assert late.status_code == 404


def test_an_author_of_the_agency_finds_what_waits_on_the_home_page(writer: Taker) -> None:
    world = writer.world
    agency = world.read(lambda: writer_agency(writer))
    trainer = trainer_of(world, agency)

    assert "1 quiz with written answers to mark" in text_of(page_of(trainer, "/home"))

    mark(trainer, page_to_mark(writer), none1="y")
    assert "written answers to mark" not in text_of(page_of(trainer, "/home"))


def writer_agency(writer: Taker) -> int:
    return db.session.query(Membership.agency_id).filter_by(user_id=writer.user_id).scalar()


def test_an_empty_written_answer_waits_for_nobody_and_earns_nothing(client: FlaskClient, world: World) -> None:
    world.publish_files(course_with_written(pass_mark=80))
    taker = prepare(client, world)

    taker.submit({**taker.right, "t-written": "  ", "submit_anyway": "1"})

    assert (taker.attempt.awaits_marking, taker.attempt.score_percent, taker.attempt.passed) == (False, 83, True)


def test_a_check_that_nobody_has_to_pass_is_complete_at_once_and_marked_all_the_same(
    client: FlaskClient, world: World
) -> None:
    files = load_folder(TEST_COURSES / "tiny")
    path = "en/02-second-steps.md"
    files = {**files, path: (files[path].decode().rstrip() + WRITTEN).encode()}
    world.publish_files(files)
    taker = prepare(client, world)
    taker.open("second-steps")
    taker.submit({"t-written": WORDS})

    assert taker.attempt.awaits_marking is True
    assert "0%" not in text_of(page_of(client, "/learn/tiny/second-steps"))
    mark(trainer_of(world), page_to_mark(taker), "Keeps others safe")
    assert "25%" in text_of(page_of(client, "/learn/tiny/second-steps"))

    assert (taker.attempt.awaits_marking, taker.attempt.passed) == (False, None)
    assert "Keeps others safe Met" in text_of(taker.page)


def test_the_list_costs_the_same_for_many_as_for_few(writer: Taker, app: Flask, count_queries: QueryCount) -> None:
    trainer = trainer_of(writer.world)

    def cost() -> int:
        page_of(trainer, "/studio/marking")
        count_queries.statements.clear()
        page_of(trainer, "/studio/marking")
        return count_queries.count

    few = cost()
    for _ in range(3):
        one = prepare(app.test_client(), writer.world)
        one.submit({**one.right, "t-written": WORDS})
    assert cost() == few
    assert page_of(trainer, "/studio/marking").count("data-attempt=") == 4
