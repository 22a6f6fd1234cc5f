"""The pages over HTTP: one's certificates, who may fetch a PDF, verification, the transcript, revoking."""

from __future__ import annotations

import hashlib
import io
import re
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from markupsafe import escape
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.certification import certifying, rule_files, sharing
from lms.certification.codes import new_code
from lms.certification.document_models import IssuedDocument
from lms.certification.facts import CertificateFacts, LicenseFacts
from lms.certification.press import MOST_WAITING, press
from lms.clock import utc_now
from lms.database import db
from lms.files import FileStore
from lms.people.models import AuditEvent, Membership, User
from lms.web.limits import limiter
from tests.certification.conftest import NOON, SITE, Learners
from tests.conftest import QueryCount
from tests.support.pages import form_of, page_of, text_of
from tests.support.world import form_token

LOCAL = replace(SITE, site_url="http://localhost")


@pytest.fixture(autouse=True)
def fresh_limits(app: Flask) -> None:
    with app.app_context():
        limiter.reset()


def send(client: FlaskClient, address: str, page: str, **entries: object) -> TestResponse:
    return client.post(address, data={**entries, "csrf_token": form_token(client, page)})


def revoke(learners: Learners, code: str) -> None:
    learners.change(code, revoked_at=utc_now(), revoked_reason="Copied answers")


# --- one's own ------------------------------------------------------------------------------------------------------


def test_the_list_shows_hours_validity_and_the_way_to_the_pdf(learners: Learners) -> None:
    user, code = learners.certified(site=LOCAL)

    page = page_of(learners.world.client_of(user), "/certificates")

    assert "A tiny course" in page
    assert "0.50 contact hours" in page
    assert "Valid through March 14, 2028" in page
    assert f"/certificates/{code}.pdf" in page


def test_with_nothing_earned_the_list_says_what_to_do_next(learners: Learners) -> None:
    user = learners.world.user()

    page = page_of(learners.world.client_of(user), "/certificates")

    assert "No certificates yet" in page
    assert 'href="/catalog"' in page


def test_the_list_says_why_a_course_has_no_certificate_yet(learners: Learners) -> None:
    user, _ = learners.enrolled(completed=("first-steps",))

    page = page_of(learners.world.client_of(user), "/certificates")

    assert "Why not yet?" in page
    assert '<a href="/learn/tiny/second-steps">' in page
    assert re.search(r"Pass the quiz: <a href=\"/learn/tiny/final\">", page)
    assert "/learn/tiny/first-steps" not in page


def test_the_page_carries_its_code_and_status(learners: Learners) -> None:
    user, code = learners.certified()
    client = learners.world.client_of(user)

    assert f'data-certificate="{code}" data-status="valid"' in page_of(client, f"/certificates/{code}")
    revoke(learners, code)
    page = page_of(client, f"/certificates/{code}")
    assert f'data-certificate="{code}" data-status="revoked"' in page
    assert "Copied answers" in page
    assert "Download PDF" not in page


def test_the_home_page_counts_them(learners: Learners) -> None:
    user, _ = learners.certified(now=utc_now())

    page = text_of(page_of(learners.world.client_of(user), "/home"))

    assert "1 valid certificate " in page


# --- the PDF --------------------------------------------------------------------------------------------------------


def test_the_first_view_draws_and_stores_the_pdf_and_the_second_reads_it(learners: Learners, app: Flask) -> None:
    user, code = learners.certified()
    client = learners.world.client_of(user)

    first = client.get(f"/certificates/{code}.pdf")
    assert first.status_code == 200
    assert first.mimetype == "application/pdf"
    row = learners.row(code)
    assert app.extensions["lms"].files.read(row.document_name) == first.data
    with press().lock:  # whoever draws now would wait
        second = client.get(f"/certificates/{code}.pdf")
        known = client.get(f"/certificates/{code}.pdf", headers={"If-None-Match": f'"{row.document_hash}"'})

    assert second.data == first.data
    assert second.get_etag()[0] == row.document_hash
    assert known.status_code == 304


def test_a_stored_file_that_was_lost_or_changed_is_drawn_again_and_every_one_stays_known(
    learners: Learners, app: Flask
) -> None:
    user, code = learners.certified()
    client, files = learners.world.client_of(user), app.extensions["lms"].files
    issued = [client.get(f"/certificates/{code}.pdf").data]

    files.delete(learners.row(code).document_name)
    issued.append(client.get(f"/certificates/{code}.pdf").data)
    files.write(learners.row(code).document_name, b"%PDF-1.7 forged")
    issued.append(client.get(f"/certificates/{code}.pdf").data)

    assert len(set(issued)) == 3
    assert files.read(learners.row(code).document_name) == issued[2]
    for content in issued:
        page = client.post(
            "/verify/file",
            data={"file": (io.BytesIO(content), "c.pdf"), "csrf_token": form_token(client, "/verify")},
        )
        assert (page.status_code, "The file is genuine" in text_of(page)) == (200, True)


def test_a_file_store_that_is_down_gives_a_sentence_and_issues_nothing(
    learners: Learners, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY"):
        monkeypatch.setenv(f"AWS_{name}", "test")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    user, code = learners.certified()
    client, runtime = learners.world.client_of(user), app.extensions["lms"]
    down = FileStore(replace(runtime.settings, files_url="s3://documents/training"))

    with monkeypatch.context() as patch:
        patch.setattr(runtime, "files", down)
        refused = client.get(f"/certificates/{code}.pdf")

    assert refused.status_code == 503
    assert "The place where documents are kept does not answer" in text_of(refused)
    assert learners.row(code).document_hash is None
    assert client.get(f"/certificates/{code}.pdf").status_code == 200


def test_two_first_views_at_once_issue_one_file(learners: Learners) -> None:
    user, code = learners.certified()
    clients, answers = [learners.world.client_of(user) for _ in range(2)], []
    requests = [
        threading.Thread(target=lambda one=one: answers.append(one.get(f"/certificates/{code}.pdf").data))
        for one in clients
    ]

    with press().lock:
        for request in requests:
            request.start()
        while press().waiting._value > MOST_WAITING - 2:
            time.sleep(0.01)
    for request in requests:
        request.join()

    assert answers[0] == answers[1]
    assert hashlib.sha256(answers[0]).hexdigest() == learners.row(code).document_hash
    assert learners.world.read(lambda: db.session.query(IssuedDocument).count()) == 1


def test_no_connection_is_held_while_a_pdf_is_drawn(learners: Learners) -> None:
    user, code = learners.certified()
    client, answers = learners.world.client_of(user), []
    request = threading.Thread(target=lambda: answers.append(client.get(f"/certificates/{code}.pdf")))
    with learners.world.app.app_context():
        db.session.remove()
        pool = db.engine.pool

    with press().lock:
        request.start()
        while press().waiting._value == MOST_WAITING:
            time.sleep(0.01)
        held = pool.checkedout()  # type: ignore[attr-defined]
    request.join()

    assert held == 0
    assert answers[0].status_code == 200


def test_when_too_many_pdfs_are_drawn_the_page_says_that_the_certificate_is_safe(
    learners: Learners, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms.certification.press.LONGEST_WAIT_SECONDS", 0.05)
    user, code = learners.certified()
    client = learners.world.client_of(user)

    with press().lock:
        refused = client.get(f"/certificates/{code}.pdf")

    assert refused.status_code == 503
    assert refused.headers["Retry-After"] == "5"
    assert "Yours is safe" in text_of(refused)
    assert client.get(f"/certificates/{code}.pdf").status_code == 200


def test_a_letter_that_no_font_has_is_told_to_the_administrator(learners: Learners) -> None:
    user, code = learners.certified("\U0002a6d6 Ana")
    client = learners.world.client_of(user)

    client.get(f"/certificates/{code}.pdf")
    client.get(f"/certificates/{code}.pdf")

    with learners.world.app.app_context():
        noted = db.session.scalars(select(AuditEvent).filter_by(action="certificate.letters-missing")).all()
        assert [event.detail for event in noted] == [{"letters": "U+2A6D6"}]


def test_who_may_fetch_the_pdf(learners: Learners) -> None:
    world = learners.world
    user, code = learners.certified()
    outside = world.agency("Outside")
    own_admin, other_admin, state_admin, colleague = (world.user() for _ in range(4))
    world.grant(own_admin, "agency-administrator", learners.agency)
    world.grant(other_admin, "agency-administrator", outside)
    world.grant(state_admin, "state-administrator")
    statuses = {
        who: world.client_of(person).get(f"/certificates/{code}.pdf").status_code
        for who, person in {
            "holder": user,
            "own": own_admin,
            "other": other_admin,
            "state": state_admin,
            "colleague": colleague,
        }.items()
    }

    assert statuses == {"holder": 200, "own": 200, "other": 404, "state": 200, "colleague": 404}
    stranger = world.app.test_client().get(f"/certificates/{code}.pdf")
    assert stranger.status_code == 303
    assert "/sign-in" in stranger.headers["Location"]


def test_an_agency_that_somebody_left_does_not_see_what_they_earned_afterwards(learners: Learners) -> None:
    world = learners.world
    user, earlier = learners.certified()
    later_agency = world.agency("Later")
    admin = world.user()
    world.grant(admin, "agency-administrator", learners.agency)

    def move() -> None:
        place = db.session.query(Membership).filter_by(user_id=user).one()
        place.ended_on = NOON.date() + timedelta(days=1)
        db.session.add(
            Membership(user_id=user, agency_id=later_agency, discipline="schools", started_on=place.ended_on)
        )

    world.write(move)
    renewal = learners.enroll(user, completed=("first-steps", "second-steps"), cycle=2)
    later = learners.award(renewal, learners.attempt(renewal), now=NOON + timedelta(days=10))
    client = world.client_of(admin)

    assert client.get(f"/certificates/{later}.pdf").status_code == 404
    assert client.get(f"/certificates/{earlier}.pdf").status_code == 200
    page = page_of(client, f"/people/{user}")
    assert f"/certificates/{earlier}" in page
    assert f"/certificates/{later}" not in page


def test_a_share_link_opens_the_pdf_until_it_is_taken_back(learners: Learners) -> None:
    user, code = learners.certified()
    client, stranger = learners.world.client_of(user), learners.world.app.test_client()
    page = f"/certificates/{code}"

    assert send(client, f"{page}/links", page).status_code == 303
    shared = re.search(r'href="(/shared/[^"]+)"', page_of(client, page))
    assert shared
    link = re.search(rf'href="(/certificates/{code}\.pdf\?share=[^"]+)"', page_of(stranger, shared[1]))
    assert link
    assert stranger.get(link[1]).status_code == 200
    back = form_of(page_of(client, page), "/revoke")
    assert client.post(back.action, data=back.fields).status_code == 303

    assert stranger.get(link[1]).status_code == 404
    assert shared[1] not in page_of(client, page)


def test_a_share_link_opens_no_other_certificate_and_a_guess_none(learners: Learners) -> None:
    user, code = learners.certified()
    _, other = learners.certified("Other")
    client, stranger = learners.world.client_of(user), learners.world.app.test_client()
    send(client, f"/certificates/{code}/links", f"/certificates/{code}")
    token = re.search(r"/shared/([^\"]+)", page_of(client, f"/certificates/{code}"))
    assert token

    assert stranger.get(f"/certificates/{other}.pdf?share={token[1]}").status_code == 404
    assert stranger.get(f"/certificates/{code}.pdf?share={'x' * 32}").status_code == 404
    assert stranger.get(f"/certificates/{code}.pdf?share=x").status_code == 404


def test_a_certificate_has_so_many_links_and_no_more(learners: Learners, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sharing, "MOST_LINKS", 2)
    user, code = learners.certified()
    client, page = learners.world.client_of(user), f"/certificates/{code}"

    statuses = [send(client, f"{page}/links", page).status_code for _ in range(3)]

    assert statuses == [303, 303, 409]


def test_no_shared_cache_and_no_search_engine_keeps_a_pdf(learners: Learners) -> None:
    user, code = learners.certified()
    client = learners.world.client_of(user)

    for address in (f"/certificates/{code}.pdf", "/transcript.pdf"):
        headers = client.get(address).headers
        assert headers["Cache-Control"] == "private, no-cache"
        assert headers["X-Robots-Tag"] == "noindex"


def test_only_verification_tells_which_codes_exist(learners: Learners) -> None:
    _, code = learners.certified()
    other, stranger = learners.world.client_of(learners.world.user()), learners.world.app.test_client()

    def answers(shown: str) -> list[tuple[int, str]]:
        found = (
            other.get(f"/certificates/{shown}"),
            other.get(f"/certificates/{shown}.pdf"),
            send(other, f"/certificates/{shown}/links", "/certificates"),
            stranger.get(f"/certificates/{shown}.pdf?share={'x' * 32}"),
        )
        return [(answer.status_code, text_of(answer).replace(shown, "CODE")) for answer in found]

    assert answers(code) == answers(new_code()) == answers("no-code")


def test_only_the_holder_makes_links_and_hides_the_name(learners: Learners) -> None:
    _, code = learners.certified()
    admin = learners.world.user()
    learners.world.grant(admin, "state-administrator")
    client = learners.world.client_of(admin)
    page = page_of(client, f"/certificates/{code}")

    assert "Share it" not in page
    for address in (f"/certificates/{code}/links", f"/certificates/{code}/name"):
        assert send(client, address, f"/certificates/{code}/revoke").status_code == 404


def test_a_revoked_certificate_gives_no_pdf_any_more(learners: Learners) -> None:
    user, code = learners.certified()
    client = learners.world.client_of(user)
    assert client.get(f"/certificates/{code}.pdf").status_code == 200

    revoke(learners, code)

    assert client.get(f"/certificates/{code}.pdf").status_code == 409


# --- verification ---------------------------------------------------------------------------------------------------


def test_anybody_with_the_code_sees_what_it_stands_for(learners: Learners, client: FlaskClient) -> None:
    _, code = learners.certified("Nora Núñez")

    answer = client.get(f"/verify/{code}")
    page = text_of(answer)

    assert f'data-certificate="{code}" data-status="valid"' in answer.get_data(as_text=True)
    for part in (
        "This certificate is valid",
        "Nora Núñez",
        "A tiny course",
        "0.50",
        "March 14, 2026",
        "March 14, 2028",
    ):
        assert part in page
    assert "Office of Professional Learning" in page
    assert "No accreditation is claimed." in page
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"


def test_neither_page_nor_twin_tells_score_mail_or_agency(learners: Learners, client: FlaskClient) -> None:
    user, code = learners.certified()
    mail = learners.world.read(lambda: db.session.get_one(User, user).email)

    texts = [
        client.get(f"/verify/{code}").get_data(as_text=True),
        client.get(f"/verify/{code}.json").get_data(as_text=True),
    ]

    for text in texts:
        assert mail not in text
        assert "General Hospital" not in text
        assert "score" not in text.lower()


def test_the_twin_says_the_same_as_json(learners: Learners, client: FlaskClient) -> None:
    _, code = learners.certified("Nora Núñez")

    found = client.get(f"/verify/{code}.json").get_json()

    assert (found["status"], found["name"], found["course"]) == ("valid", "Nora Núñez", "tiny")
    assert (found["completed_on"], found["valid_until"]) == ("2026-03-14", "2028-03-14")
    assert found["contact_hours"] == "0.50"


def test_a_code_is_found_however_it_is_typed(learners: Learners, client: FlaskClient) -> None:
    _, code = learners.certified()
    typed = code.lower().replace("-", "")

    assert client.get(f"/verify/{typed}").headers["Location"].endswith(f"/verify/{code}")
    assert client.get("/verify", query_string={"code": f" {typed} "}).headers["Location"].endswith(f"/verify/{code}")


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ("", 422, "Type the code that is printed on the certificate"),
        ("  - ", 422, "Type the code that is printed on the certificate"),
        ("7K0M-Q4XT", 404, "here are only 8"),
        ("7K0M-Q4XT-0003-9", 404, "here are 13"),
        ("7K0M-Q4XT-00U3", 404, "it may be a V"),
        ("<script>", 404, "“&lt;” is in no code"),
        ("7K0M-Q4XT-0004", 404, "is not as printed, or two have changed places"),
        ("A" * 3000, 404, "here are 3000"),
    ],
)
def test_what_is_no_code_is_answered_with_what_to_look_at(
    client: FlaskClient, typed: str, status: int, said: str
) -> None:
    answer = client.get("/verify", query_string={"code": typed})

    assert answer.status_code == status
    page = answer.get_data(as_text=True)
    assert said in page
    assert 'id="code-error"' in page
    assert f'value="{escape(typed.strip())}"' in page


def test_what_can_be_no_code_and_what_is_unknown_are_answered_alike(
    client: FlaskClient, count_queries: QueryCount
) -> None:
    codes = ("nonsense", new_code(), "7K0M-Q4XT-0004", "A" * 3000)
    pages, twins, costs = set(), set(), set()

    for code in codes:
        count_queries.statements.clear()
        page = client.get(f"/verify/{quote(code)}")
        costs.add(count_queries.count)
        twin = client.get(f"/verify/{quote(code)}.json")
        pages.add((page.status_code, text_of(page).replace(code, "")))
        twins.add((twin.status_code, twin.get_data(as_text=True)))

    assert len(pages) == len(twins) == len(costs) == 1
    assert pages.pop()[0] == twins.pop()[0] == 404
    assert costs == {3}  # the certificate, and the two keys of the fingerprint


def test_opening_the_page_blames_nobody(client: FlaskClient) -> None:
    assert 'id="code-error"' not in client.get("/verify").get_data(as_text=True)


def test_a_switch_of_language_keeps_the_code_and_looks_nothing_up(client: FlaskClient) -> None:
    answer = client.get("/verify?code=7k0m&lang=es")

    page = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert 'value="7k0m"' in page
    assert 'id="code-error"' not in page
    assert "<script>" not in answer.get_data(as_text=True).replace("<script src", "")


def test_an_unknown_code_is_answered_in_clear_words(client: FlaskClient) -> None:
    code = new_code()

    answer = client.get(f"/verify/{code}")

    assert answer.status_code == 404
    assert f"No certificate with the code {code} was issued here" in text_of(answer)
    twin = client.get(f"/verify/{code}.json")
    assert (twin.status_code, twin.get_json()["status"]) == (404, "unknown")


def test_revoked_expired_and_replaced_say_so(learners: Learners, client: FlaskClient) -> None:
    _, revoked = learners.certified("A")
    _, expired = learners.certified("B", now=datetime(2020, 1, 1, tzinfo=UTC))
    _, replaced = learners.certified("C")
    _, newer = learners.certified("D")
    revoke(learners, revoked)
    learners.change(replaced, superseded_by_id=learners.row(newer).id)

    pages = {code: page_of(client, f"/verify/{code}") for code in (revoked, expired, replaced)}

    assert 'data-status="revoked"' in pages[revoked]
    assert "This certificate was revoked" in pages[revoked]
    assert "Copied answers" not in pages[revoked]
    assert 'data-status="expired"' in pages[expired]
    assert 'data-status="superseded"' in pages[replaced]
    assert f"/verify/{newer}" in pages[replaced]
    assert client.get(f"/verify/{replaced}.json").get_json()["superseded_by"] == newer


def test_a_hidden_name_is_only_compared(learners: Learners, client: FlaskClient) -> None:
    user, code = learners.certified("Nora Núñez")
    own = learners.world.client_of(user)

    assert send(own, f"/certificates/{code}/name", f"/certificates/{code}", hide="1").status_code == 303
    address = f"/verify/{code}"
    assert "Nora" not in page_of(client, address)
    assert client.get(f"{address}.json").get_json()["name"] is None
    right = send(client, f"{address}/name", address, name=" nora NUNEZ")
    wrong = send(client, f"{address}/name", address, name="Nora Smith")

    assert "The name matches" in text_of(right)
    assert "The name does not match" in text_of(wrong)
    assert "Núñez" not in right.get_data(as_text=True)
    assert send(own, f"/certificates/{code}/name", f"/certificates/{code}", hide="0").status_code == 303
    assert "Nora Núñez" in page_of(client, address)


def test_an_uploaded_pdf_is_known_by_its_exact_bytes(learners: Learners, client: FlaskClient) -> None:
    user, code = learners.certified()
    content = learners.world.client_of(user).get(f"/certificates/{code}.pdf").data

    genuine = send(client, "/verify/file", "/verify", file=(io.BytesIO(content), "x.pdf"))
    changed = send(client, "/verify/file", "/verify", file=(io.BytesIO(content[:-1] + b" "), "x.pdf"))
    nothing = send(client, "/verify/file", "/verify")
    empty = send(client, "/verify/file", "/verify", file=(io.BytesIO(b""), "x.pdf"))

    assert genuine.status_code == 200
    assert "The file is genuine" in text_of(genuine)
    assert f'data-certificate="{code}"' in genuine.get_data(as_text=True)
    assert changed.status_code == 404
    assert "This file was not issued here" in text_of(changed)
    assert nothing.status_code == 422
    assert "Choose the PDF" in text_of(nothing)
    assert "This file is empty" in text_of(empty)


def test_an_address_pasted_into_the_box_for_codes_leads_to_its_certificate(
    learners: Learners, client: FlaskClient
) -> None:
    _, code = learners.certified()

    answer = client.get("/verify", query_string={"code": f"http://localhost/verify/{code}"})

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"/verify/{code}"


def test_the_answer_to_a_name_is_where_the_page_opens(learners: Learners, client: FlaskClient) -> None:
    user, code = learners.certified()
    send(learners.world.client_of(user), f"/certificates/{code}/name", f"/certificates/{code}", hide="1")

    page = page_of(client, f"/verify/{code}")

    assert f'action="/verify/{code}/name#name-form"' in page
    assert 'id="name-form"' in page


def test_a_genuine_file_of_a_revoked_certificate_is_still_revoked(learners: Learners, client: FlaskClient) -> None:
    user, code = learners.certified()
    content = learners.world.client_of(user).get(f"/certificates/{code}.pdf").data
    revoke(learners, code)

    answer = send(client, "/verify/file", "/verify", file=(io.BytesIO(content), "x.pdf"))

    assert 'data-status="revoked"' in answer.get_data(as_text=True)


def test_one_address_cannot_use_up_the_look_ups_of_all(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = app.extensions["lms"]
    monkeypatch.setattr(runtime, "settings", replace(runtime.settings, verify_limit="3 per minute"))
    code, ways = new_code(), ("", ".json")

    answers = [
        client.get(f"/verify/{code}{ways[number % 2]}", environ_base={"REMOTE_ADDR": "203.0.113.7"}).status_code
        for number in range(1300)
    ]
    other = client.get(f"/verify/{code}", environ_base={"REMOTE_ADDR": "203.0.113.8"})

    assert answers.count(404) == 3, "page and twin are counted together"
    assert answers.count(429) == 1297
    assert other.status_code == 404


def test_look_ups_are_limited_per_address(client: FlaskClient) -> None:
    answers = [client.get(f"/verify/{new_code()}.json") for _ in range(31)]

    assert [answer.status_code for answer in answers[:30]] == [404] * 30
    assert answers[30].status_code == 429
    assert 1 <= int(answers[30].headers["Retry-After"]) <= 61


def test_every_kind_of_look_up_counts_in_one(client: FlaskClient) -> None:
    page = "/verify"
    asked = [
        client.get(f"/verify/{new_code()}"),
        client.get(f"/shared/{'x' * 32}"),
        send(client, "/verify/file", page, file=(io.BytesIO(b"%PDF"), "x.pdf")),
        send(client, f"/verify/{new_code()}/name", page, name="Nora"),
        *(client.get(f"/verify/{new_code()}.json") for _ in range(26)),
    ]

    refused = client.get(f"/verify/{new_code()}"), client.get(f"/shared/{'x' * 32}")

    assert {answer.status_code for answer in asked} == {404, 422}, "422: the file is no PDF that could be read"
    assert [answer.status_code for answer in refused] == [429, 429]


def test_look_ups_from_everywhere_are_limited_together(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = app.extensions["lms"]
    monkeypatch.setattr(runtime, "settings", replace(runtime.settings, verify_limit_in_all="40 per minute"))

    answers = [
        client.get(f"/verify/{new_code()}.json", environ_base={"REMOTE_ADDR": f"192.0.2.{number}"}).status_code
        for number in range(42)
    ]

    assert answers == [404] * 40 + [429] * 2


def test_a_verification_costs_one_query(learners: Learners, client: FlaskClient, count_queries: QueryCount) -> None:
    _, code = learners.certified()
    count_queries.statements.clear()

    client.get(f"/verify/{code}")

    assert count_queries.count == 1


def test_the_list_costs_a_handful_of_queries_however_long(learners: Learners, count_queries: QueryCount) -> None:
    user, _ = learners.certified()
    for cycle in range(2, 6):
        enrollment = learners.enroll(user, completed=("first-steps", "second-steps"), cycle=cycle)
        learners.award(enrollment, learners.attempt(enrollment))
    learners.enroll(user, cycle=6)
    client = learners.world.client_of(user)
    client.get("/certificates")
    count_queries.statements.clear()

    client.get("/certificates")

    assert count_queries.count <= 14


# --- the transcript -------------------------------------------------------------------------------------------------


def test_the_transcript_sums_hours_by_year_and_leaves_revoked_ones_out(learners: Learners) -> None:
    user, _ = learners.certified()
    for cycle, moment in ((2, NOON + timedelta(days=30)), (3, NOON + timedelta(days=400))):
        enrollment = learners.enroll(user, completed=("first-steps", "second-steps"), cycle=cycle)
        learners.award(enrollment, learners.attempt(enrollment), now=moment)
    enrollment = learners.enroll(user, completed=("first-steps", "second-steps"), cycle=4)
    gone = learners.award(enrollment, learners.attempt(enrollment))
    assert gone is not None
    revoke(learners, gone)
    client = learners.world.client_of(user)

    page = text_of(page_of(client, "/transcript"))

    assert re.search(r"2027 1 0\.50", page)
    assert re.search(r"2026 2 1\.00", page)
    assert re.search(r"Total 3 1\.50", page)
    assert client.get("/transcript.pdf").data.startswith(b"%PDF-1.7")


# --- revoking -------------------------------------------------------------------------------------------------------


def test_an_administrator_revokes_with_a_reason(learners: Learners, client: FlaskClient) -> None:
    world = learners.world
    _, code = learners.certified()
    admin = world.user()
    world.grant(admin, "agency-administrator", learners.agency)
    browser, address = world.client_of(admin), f"/certificates/{code}/revoke"

    refused = send(browser, address, address, reason="")
    done = send(browser, address, address, reason="Copied answers")

    assert refused.status_code == 422
    assert done.status_code == 303
    assert 'data-status="revoked"' in page_of(client, f"/verify/{code}")
    event = world.read(lambda: db.session.query(AuditEvent).filter_by(action="certificate.revoked").one())
    assert (event.actor_id, event.reason) == (admin, "Copied answers")


def test_whoever_revokes_is_told_what_rests_on_it(learners: Learners) -> None:
    world = learners.world
    user, code = learners.certified()
    rules = {"id": "staff", "title": {"en": "Staff"}, "requires": [{"course": "tiny"}], "valid_months": 12}
    world.write(lambda: rule_files.save_rules(rules, now=NOON, actor_id=None))
    (award,) = world.write(lambda: [one.code for one in certifying.award_due(user, NOON, SITE)])
    admin = world.user()
    world.grant(admin, "agency-administrator", learners.agency)
    browser, address = world.client_of(admin), f"/certificates/{code}/revoke"

    before = page_of(browser, address)
    send(browser, address, address, reason="Copied answers")
    after = page_of(browser, f"/verify/{code}")

    assert f"Staff ({award})" in before
    assert f"Staff ({award})" in after
    assert "Rests on it" not in page_of(browser, f"/certificates/{award}/revoke")


def test_nobody_else_revokes(learners: Learners) -> None:
    world = learners.world
    user, code = learners.certified()
    other_admin, coordinator = world.user(), world.user()
    world.grant(other_admin, "agency-administrator", world.agency("Elsewhere"))
    world.grant(coordinator, "coordinator", learners.agency)
    address = f"/certificates/{code}/revoke"

    assert world.client_of(user).get(address).status_code == 403
    assert world.client_of(coordinator).get(address).status_code == 403
    assert world.client_of(other_admin).get(address).status_code == 404


@pytest.mark.parametrize("address", ["/certificates/x", "/certificates/x.pdf", "/certificates/x/revoke"])
def test_an_address_with_no_code_in_it_is_not_found(learners: Learners, address: str) -> None:
    admin = learners.world.user()
    learners.world.grant(admin, "state-administrator")

    assert learners.world.client_of(admin).get(address).status_code == 404


def test_every_page_speaks_spanish_words_where_the_catalog_has_them(learners: Learners) -> None:
    user, code = learners.certified()
    client = learners.world.client_of(user)

    for address in ("/certificates", f"/certificates/{code}", "/transcript", "/verify", f"/verify/{code}"):
        assert '<html lang="es"' in page_of(client, f"{address}?lang=es")
    assert client.get("/transcript.pdf").data.startswith(b"%PDF")


def test_only_the_holder_reads_the_whole_license_number_on_a_certificate(learners: Learners) -> None:
    user, code = learners.certified()
    admin = learners.world.user(agency=learners.agency)
    learners.world.grant(admin, "agency-administrator", learners.agency)
    facts = replace(
        CertificateFacts.from_json(learners.row(code).facts),
        license=LicenseFacts("nursing", "Board of Nursing", "MO", "RN-7654321"),
    )
    learners.change(code, facts=facts.to_json())

    own = learners.world.client_of(user).get(f"/certificates/{code}").text
    seen_by_others = learners.world.client_of(admin).get(f"/certificates/{code}").text

    assert "RN-7654321" in own
    assert "RN-7654321" not in seen_by_others
    assert "•••321" in seen_by_others
