"""Saving: each answer on its own, the newest wins, and what was acknowledged is there whatever happens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lms.database import db
from lms.people.models import UserSession
from tests.assessment.conftest import Taker
from tests.support.pages import form_of, page_of


def test_a_question_stands_in_the_page_as_others_rely_on(taker: Taker) -> None:
    page = taker.page

    assert taker.form.questions == {
        "t-single": "single",
        "t-multiple": "multiple",
        "t-true": "true-false",
        "t-order": "ordering",
        "t-number": "numeric",
    }
    assert "Save answers" in page
    assert "Submit answers" in page


def test_nothing_on_the_page_tells_what_is_right(taker: Taker) -> None:
    page = taker.page

    assert "There is no hurry" not in page
    assert "Begin calmly" not in page
    assert "correct" not in page


def test_the_save_button_keeps_every_answer(taker: Taker) -> None:
    answer = taker.save(taker.right)

    assert (answer.status_code, answer.headers["Location"]) == (303, taker.address)
    assert len(taker.saved) == 5
    page = taker.page
    assert page.count(" checked") == 4
    assert "Saved " in page


def test_one_answer_is_saved_on_its_own_with_its_time(taker: Taker) -> None:
    answer = taker.put("t-number", {"t-number": "3"}, 1)

    assert answer.status_code == 200
    assert answer.json is not None
    assert answer.json["stored"] is True
    assert answer.json["text"].startswith("Saved ")
    assert taker.saved == {"t-number": {"text": "3"}}


def test_an_older_arrival_changes_nothing_and_says_so(taker: Taker) -> None:
    taker.put("t-number", {"t-number": "3"}, 7)

    late = taker.put("t-number", {"t-number": "9"}, 5)

    assert late.json is not None
    assert (late.json["stored"], late.json["sequence"]) == (False, 7)
    assert taker.saved["t-number"] == {"text": "3"}


def test_an_answer_sent_again_after_a_lost_reply_counts_as_saved(taker: Taker) -> None:
    first = taker.put("t-number", {"t-number": "3"}, 7)

    again = taker.put("t-number", {"t-number": "3"}, 7)

    assert first.json is not None
    assert again.json == first.json


def test_another_answer_with_a_used_sequence_is_not_taken(taker: Taker) -> None:
    taker.put("t-number", {"t-number": "3"}, 7)

    other = taker.put("t-number", {"t-number": "4"}, 7)

    assert other.json is not None
    assert other.json["stored"] is False
    assert taker.saved["t-number"] == {"text": "3"}


def test_the_highest_sequence_wins(taker: Taker) -> None:
    taker.put("t-number", {"t-number": "1"}, 1)
    taker.put("t-number", {"t-number": "2"}, 2)

    assert taker.saved["t-number"] == {"text": "2"}


def test_an_answer_can_be_taken_back(taker: Taker) -> None:
    taker.put("t-multiple", {"t-multiple": taker.right["t-multiple"]}, 1)

    taker.put("t-multiple", {}, 2)

    assert taker.saved["t-multiple"] is None


def test_a_form_body_saves_one_answer_too(taker: Taker) -> None:
    token = taker.form.fields["csrf_token"][0]

    answer = taker.client.put(
        f"{taker.address}/responses/t-number", data={"t-number": "3", "sequence": "4", "csrf_token": token}
    )

    assert answer.status_code == 200
    assert taker.saved == {"t-number": {"text": "3"}}


def test_without_script_an_emptied_question_is_emptied(taker: Taker) -> None:
    taker.save(taker.right)
    form = taker.form
    del form.fields["t-multiple"]

    taker.client.post(f"{taker.address}/responses", data=form.fields)

    assert taker.saved["t-multiple"] is None
    assert taker.saved["t-number"] == {"text": "3"}


def test_a_stale_second_tab_takes_nothing_back(taker: Taker) -> None:
    first_tab, second_tab = taker.form, taker.form
    taker.save({"t-number": "3"}, first_tab)

    taker.save({"t-single": taker.right["t-single"]}, second_tab)

    assert taker.saved["t-number"] == {"text": "3"}
    assert taker.saved["t-single"] is not None


def test_what_was_changed_in_the_second_tab_counts(taker: Taker) -> None:
    first_tab, second_tab = taker.form, taker.form
    taker.save({"t-number": "3"}, first_tab)

    taker.save({"t-number": "4"}, second_tab)

    assert taker.saved["t-number"] == {"text": "4"}


def test_saved_answers_are_there_after_signing_in_again(taker: Taker) -> None:
    taker.put("t-number", {"t-number": "3"}, 1)
    taker.world.write(lambda: db.session.query(UserSession).update({"ended_at": UserSession.created_at}))
    assert taker.client.get(taker.address).status_code == 303

    taker.world.sign_in(taker.client, taker.user_id)

    assert 'value="3"' in taker.page


def test_an_old_form_token_loses_no_entry(taker: Taker) -> None:
    stale = {**taker.form.fields, **taker.right, "csrf_token": "of another day"}

    asked = taker.client.post(f"{taker.address}/submit", data=stale)
    again = form_of(asked.get_data(as_text=True), "/submit")
    sent = taker.client.post(again.action, data=again.fields)

    assert asked.status_code == 400
    assert sent.status_code == 303
    assert 'data-score-percent="100"' in page_of(taker.client, taker.address)


def test_switching_the_language_keeps_the_answers(taker: Taker) -> None:
    taker.save({"t-number": "3"})
    english, spanish = taker.form, form_of(page_of(taker.client, f"{taker.address}?lang=es"), "/submit")

    assert english.questions == spanish.questions
    assert spanish.fields["t-number"] == ["3"]
    assert english.fields["seen.t-number"] == spanish.fields["seen.t-number"]


def test_switching_the_language_keeps_entries_that_were_not_saved(taker: Taker) -> None:
    entries = {**taker.form.fields, "t-number": "3", **{"t-single": taker.right["t-single"]}}

    switched = taker.client.post(f"/language?lang=es&to={taker.address}", data=entries)
    page = page_of(taker.client, switched.headers["Location"])

    form = form_of(page, "/submit")
    assert form.fields["t-number"] == ["3"]
    assert form.fields["t-single"] == taker.right["t-single"]
    assert taker.saved == {}


def test_an_answer_from_another_attempt_is_refused_and_the_page_kept(taker: Taker, other: Taker) -> None:
    answer = taker.save({"t-number": "3", "t-single": other.right["t-single"]})
    page = answer.get_data(as_text=True)

    assert answer.status_code == 422
    assert 'value="3"' in page
    assert 'href="#q-t-single"' in page


def test_a_text_that_is_too_long_is_refused_and_kept_in_the_page(taker: Taker) -> None:
    answer = taker.save({"t-number": "7" * 300})

    assert answer.status_code == 422
    assert "7" * 300 in answer.get_data(as_text=True)


@pytest.mark.parametrize("sequence", [-1, "x", None, 1.5, True, 2**60, "9" * 400, [], {}])
def test_a_sequence_that_is_none_is_refused(taker: Taker, sequence: Any) -> None:
    assert taker.put("t-number", {"t-number": "3"}, sequence).status_code in (400, 422)
    assert taker.saved == {}


@pytest.mark.parametrize(
    "values",
    [[], "text", 7, {"t-number": {"deep": 1}}, {"t-number": [["deep"]]}, {"t-number": None}, {"t-number": True}],
)
def test_values_of_no_known_shape_are_refused(taker: Taker, values: Any) -> None:
    assert taker.put("t-number", values, 1).status_code == 400


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", "a\udfffb"])
def test_text_that_no_keyboard_makes_is_refused(taker: Taker, text: str) -> None:
    assert taker.put("t-number", {"t-number": text}, 1).status_code == 400
    assert taker.saved == {}


def test_a_nul_byte_in_a_form_is_refused(taker: Taker) -> None:
    assert taker.save({"t-number": "1\x00"}).status_code == 400


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"7", b'{"values": ' + b"[" * 100_000, b"\xff\xfe", b'{"sequence": NaN}']
)
def test_json_that_cannot_be_read_is_refused(taker: Taker, body: bytes) -> None:
    token = taker.form.fields["csrf_token"][0]

    answer = taker.client.put(
        f"{taker.address}/responses/t-number",
        data=body,
        headers={"X-CSRFToken": token, "Content-Type": "application/json"},
    )

    assert answer.status_code == 400


def test_ten_megabytes_are_refused(taker: Taker) -> None:
    token = taker.form.fields["csrf_token"][0]
    body = json.dumps({"values": {"t-number": "9" * 10_000_000}, "sequence": 1})
    address = f"{taker.address}/responses/t-number"

    as_json = taker.client.put(address, data=body, headers={"X-CSRFToken": token, "Content-Type": "application/json"})
    as_form = taker.client.post(
        f"{taker.address}/responses", data={"t-number": "9" * 10_000_000}, headers={"X-CSRFToken": token}
    )

    assert (as_json.status_code, as_form.status_code) == (413, 413)


@pytest.mark.parametrize("attempt_id", ["0", "999999", str(2**63 - 1), str(2**63), "9" * 60, "-1", "x"])
def test_an_attempt_that_is_not_there_is_not_found(taker: Taker, attempt_id: str) -> None:
    token = taker.form.fields["csrf_token"][0]
    headers = {"X-CSRFToken": token}

    answers = [
        taker.client.get(f"/attempts/{attempt_id}"),
        taker.client.post(f"/attempts/{attempt_id}/submit", data={"idempotency_key": "k"}, headers=headers),
        taker.client.post(f"/attempts/{attempt_id}/responses", headers=headers),
        taker.client.put(f"/attempts/{attempt_id}/responses/t-number", json={"sequence": 1}, headers=headers),
    ]

    assert {answer.status_code for answer in answers} == {404}


def test_nobody_reaches_anothers_attempt(taker: Taker, other: Taker) -> None:
    token = other.form.fields["csrf_token"][0]
    headers = {"X-CSRFToken": token}

    answers = [
        other.client.get(taker.address),
        other.client.post(f"{taker.address}/submit", data={"idempotency_key": "k"}, headers=headers),
        other.client.post(f"{taker.address}/responses", headers=headers),
        other.client.put(f"{taker.address}/responses/t-number", json={"sequence": 1}, headers=headers),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert taker.saved == {}


def test_a_question_that_was_not_drawn_is_not_found(taker: Taker) -> None:
    assert taker.put("t-elsewhere", {}, 1).status_code == 404


def test_a_submitted_attempt_takes_no_more_answers(taker: Taker) -> None:
    token = taker.form.fields["csrf_token"][0]
    taker.submit(taker.right)

    answer = taker.put("t-number", {"t-number": "9"}, 99, token)

    assert answer.status_code == 409
    assert taker.saved["t-number"] == {"text": "3"}


def test_a_save_that_the_submit_with_the_same_answer_overtook_is_as_good_as_kept(taker: Taker) -> None:
    token = taker.form.fields["csrf_token"][0]
    taker.submit(taker.right)

    answer = taker.put("t-number", {"t-number": "3"}, 99, token)

    assert (answer.status_code, answer.json and answer.json["stored"]) == (200, True)
    assert taker.saved["t-number"] == {"text": "3"}


def test_an_answer_that_was_touched_counts_also_where_it_is_what_the_page_had_saved_before(taker: Taker) -> None:
    taker.put("t-number", {"t-number": "3"}, 1)
    form = taker.form
    taker.put("t-number", {"t-number": "4"}, 2)

    taker.save({"t-number": "3", "seen.t-number": ""}, form)

    assert taker.saved["t-number"] == {"text": "3"}


def test_saving_one_answer_takes_few_queries(taker: Taker, count_queries) -> None:
    token = taker.form.fields["csrf_token"][0]
    taker.put("t-number", {"t-number": "1"}, 1, token)
    count_queries.statements.clear()

    taker.put("t-number", {"t-number": "2"}, 2, token)

    assert count_queries.count <= 4
