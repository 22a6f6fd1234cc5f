"""Submitting: once, with a receipt; nothing that a browser sends decides about the score (faults 1, 2, 3, 23–26)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import time_machine
from flask import Flask

from lms.assessment.models import Attempt
from lms.certification.models import Certificate
from lms.clock import utc_now
from lms.courseware.folder import load_folder
from lms.database import db
from tests.assessment.conftest import Taker, prepare
from tests.support.pages import form_of, page_of
from tests.support.world import TEST_COURSES, World


def count(taker: Taker, model: type) -> int:
    return taker.world.read(lambda: db.session.query(model).count())


def quiz_with(settings: str) -> dict[str, bytes]:
    """The tiny course with other settings of its final quiz."""
    files = load_folder(TEST_COURSES / "tiny")
    path, before = "en/90-final.md", b"quiz: {role: final, pass_mark: 80, feedback: after-submit}"
    assert before in files[path]
    return {**files, path: files[path].replace(before, f"quiz: {{role: final, {settings}}}".encode())}


def test_a_submit_carries_the_answers_gives_a_receipt_and_a_certificate(taker: Taker) -> None:
    sent = taker.submit(taker.right)

    assert (sent.status_code, sent.headers["Location"]) == (303, taker.address)
    attempt = taker.attempt
    assert (attempt.score_percent, attempt.passed, attempt.points, attempt.points_possible) == (100, True, "5", "5")
    assert f'data-receipt="{attempt.receipt}"' in taker.page
    assert count(taker, Certificate) == 1


def test_sending_the_same_page_twice_is_one_submit(taker: Taker) -> None:
    form, answers = taker.form, taker.right

    first, second = taker.submit(answers, form), taker.submit(answers, form)

    assert first.headers["Location"] == second.headers["Location"]
    assert count(taker, Certificate) == 1


def test_a_double_click_at_the_same_moment_is_one_submit(taker: Taker, app: Flask) -> None:
    form, answers = taker.form, taker.right
    browsers = [taker.world.client_of(taker.user_id) for _ in range(4)]
    token = {"csrf_token": form.fields["csrf_token"]}
    for browser in browsers:
        browser.set_cookie("lms", taker.client.get_cookie("lms").value)

    def press(browser: object) -> int:
        data = {**form.fields, **answers, **token}
        return browser.post(f"{taker.address}/submit", data=data).status_code

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(press, browsers))

    assert statuses == [303, 303, 303, 303]
    assert count(taker, Certificate) == 1


def api_submit(taker: Taker, key: str, values: dict[str, object], token: str) -> tuple[int, dict[str, object]]:
    answer = taker.client.post(
        f"{taker.address}/submit",
        json={"idempotency_key": key, "values": values},
        headers={"X-CSRFToken": token, "Accept": "application/json"},
    )
    assert answer.json is not None
    return answer.status_code, answer.json


def test_the_same_key_and_answers_find_the_same_receipt(taker: Taker) -> None:
    token, answers = taker.form.fields["csrf_token"][0], taker.right

    first = api_submit(taker, "key-1", answers, token)
    second = api_submit(taker, "key-1", answers, token)

    assert first[0] == second[0] == 200
    assert first[1]["receipt"] == second[1]["receipt"]
    assert (first[1]["is_repeat"], second[1]["is_repeat"]) == (False, True)
    assert first[1]["score_percent"] == 100


def test_the_same_key_with_other_answers_is_a_conflict_and_changes_nothing(taker: Taker) -> None:
    token, right, wrong = taker.form.fields["csrf_token"][0], taker.right, taker.wrong
    api_submit(taker, "key-1", wrong, token)

    status, body = api_submit(taker, "key-1", right, token)

    assert (status, body["status"]) == (409, 409)
    assert taker.attempt.score_percent == 0


def test_another_key_after_the_end_shows_the_result_and_says_so(taker: Taker) -> None:
    early, late = taker.form, taker.form
    taker.submit(taker.wrong, early)

    answer = taker.submit(taker.right, late)
    page = page_of(taker.client, answer.headers["Location"])

    assert "had been submitted before" in page
    assert 'data-score-percent="0"' in page


@pytest.mark.parametrize("key", ["", "x" * 65])
def test_a_submit_without_a_usable_key_is_refused(taker: Taker, key: str) -> None:
    form = taker.form
    form.fields["idempotency_key"] = key

    assert taker.submit(taker.right, form).status_code == 422
    assert taker.attempt.submitted_at is None


def test_forged_fields_decide_nothing(taker: Taker) -> None:
    forged = {
        "score_percent": "100",
        "passed": "true",
        "points": "5",
        "pass_mark": "0",
        "user_id": "1",
        "t-elsewhere": "x",
        "submitted_at": "2020-01-01",
        "credit": "1",
    }

    taker.submit({**taker.wrong, **forged})

    assert (taker.attempt.score_percent, taker.attempt.passed, taker.attempt.pass_mark) == (0, False, 80)
    assert count(taker, Certificate) == 0


def test_empty_questions_are_asked_about_and_nothing_is_lost(taker: Taker) -> None:
    given = {name: value for name, value in taker.right.items() if not name.startswith(("t-single", "t-number"))}

    asked = taker.submit(given)
    page = asked.get_data(as_text=True)

    assert asked.status_code == 200
    assert "Choose the first step." in page
    assert "How many steps are there?" in page
    assert "Put the steps in order." not in page
    assert taker.attempt.submitted_at is None
    assert set(taker.saved) == {"t-multiple", "t-true", "t-order"}


def test_whoever_submits_anyway_is_marked_on_what_is_there(taker: Taker) -> None:
    given = {name: value for name, value in taker.right.items() if not name.startswith("t-number")}
    asked = taker.submit(given).get_data(as_text=True)
    form = form_of(asked, "/submit")

    sent = taker.client.post(form.action, data=form.fields)

    assert sent.status_code == 303
    assert (taker.attempt.score_percent, taker.attempt.passed) == (80, True)


def test_a_self_check_is_taken_as_it_is(taker: Taker) -> None:
    taker.open("second-steps")

    sent = taker.submit({})

    assert sent.status_code == 303
    assert (taker.attempt.passed, taker.attempt.score_percent) == (None, 0)


def test_a_failed_attempt_says_what_to_read_and_may_be_taken_again(taker: Taker) -> None:
    taker.submit(taker.wrong)
    page = taker.page

    assert 'data-passed="false"' in page
    assert "Not passed yet" in page
    assert '/learn/tiny/first-steps">First steps</a>' in page
    first = taker.attempt_id
    assert taker.open() != f"/attempts/{first}"
    assert taker.attempt.number == 2


def test_pressing_start_twice_opens_one_attempt(taker: Taker) -> None:
    start = {"csrf_token": taker.form.fields["csrf_token"]}

    first = taker.client.post("/learn/tiny/final/attempts", data=start)
    second = taker.client.post("/learn/tiny/final/attempts", data=start)

    assert first.headers["Location"] == second.headers["Location"] == taker.address
    assert count(taker, Attempt) == 2


def test_starting_in_many_tabs_at_once_opens_one_attempt(taker: Taker) -> None:
    taker.submit(taker.wrong)
    start = form_of(page_of(taker.client, "/learn/tiny/final"), "/attempts").fields
    browsers = [taker.world.app.test_client() for _ in range(4)]
    for browser in browsers:
        browser.set_cookie("lms", taker.client.get_cookie("lms").value)

    with ThreadPoolExecutor(4) as pool:
        addresses = {
            answer.headers["Location"]
            for answer in pool.map(lambda b: b.post("/learn/tiny/final/attempts", data=start), browsers)
        }

    assert len(addresses) == 1


@pytest.fixture
def limited(client: object, world: World) -> Taker:
    world.publish_files(quiz_with("pass_mark: 80, attempts: 2, cooldown_hours: 24"))
    return prepare(client, world)


def test_a_cool_down_says_when_the_next_attempt_opens(limited: Taker) -> None:
    limited.submit(limited.wrong)

    page = page_of(limited.client, "/learn/tiny/final")
    token = form_of(page_of(limited.client, "/courses/tiny"), "/sign-out").fields
    refused = limited.client.post("/learn/tiny/final/attempts", data=token)

    assert "You can take it again from" in page
    assert refused.status_code == 409


def test_the_servers_clock_ends_the_cool_down(limited: Taker) -> None:
    limited.submit(limited.wrong)

    with time_machine.travel(utc_now() + timedelta(hours=24, seconds=1)):
        limited.world.sign_in(limited.client, limited.user_id)
        second = limited.open()

    assert second.startswith("/attempts/")


def test_used_up_attempts_say_so(limited: Taker) -> None:
    limited.submit(limited.wrong)
    with time_machine.travel(utc_now() + timedelta(hours=25)):
        limited.world.sign_in(limited.client, limited.user_id)
        limited.open()
        limited.submit(limited.wrong)

    with time_machine.travel(utc_now() + timedelta(hours=99)):
        limited.world.sign_in(limited.client, limited.user_id)
        page = page_of(limited.client, "/learn/tiny/final")

    assert "You have used all attempts" in page
    assert "Take it again" not in page


def test_a_pass_mark_that_rises_later_takes_nothing_back(taker: Taker, world: World) -> None:
    given = {name: value for name, value in taker.right.items() if not name.startswith("t-number")}
    taker.submit({**given, "submit_anyway": "yes"})

    world.publish_files(quiz_with("pass_mark: 100, feedback: after-submit"), change="correction")

    assert taker.attempt.passed is True
    assert 'data-passed="true"' in taker.page
    assert count(taker, Certificate) == 1


def test_a_course_published_meanwhile_leaves_the_attempt_as_it_was(taker: Taker, world: World) -> None:
    page, answers = taker.form, taker.right
    files = quiz_with("pass_mark: 100, feedback: after-submit")
    files["en/90-final.md"] = files["en/90-final.md"].replace(b"Breathe in slowly", b"Wait a moment")

    world.publish_files(files, change="correction")

    assert "Breathe in slowly" in taker.page
    taker.submit(answers, page)
    assert (taker.attempt.pass_mark, taker.attempt.passed) == (80, True)


def test_passing_again_makes_no_second_certificate(taker: Taker) -> None:
    taker.submit(taker.right)
    taker.open()

    taker.submit(taker.right)

    assert count(taker, Certificate) == 1


def test_what_submitting_costs_does_not_grow_with_earlier_attempts(taker: Taker, count_queries) -> None:
    def submit_wrong() -> int:
        form, answers = taker.form, taker.wrong
        count_queries.statements.clear()
        taker.submit(answers, form)
        return count_queries.count

    first = submit_wrong()
    for _ in range(3):
        taker.open()
        last = submit_wrong()

    assert last == first <= 20
