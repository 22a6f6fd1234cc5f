"""Badges over HTTP: who may fetch one, that it stays the same, what revoking and rotating keys do, public addresses."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from pypdf import PdfReader
from sqlalchemy import select

from lms import keys
from lms.catalog.models import CourseVersion
from lms.certification.badges import issuing, linked_proof, proof
from lms.certification.badges.models import Badge
from lms.certification.badges.reading import token_in
from lms.certification.facts import CertificateFacts, EvidenceFacts
from lms.clock import utc_now
from lms.database import db
from lms.web.limits import limiter
from tests.certification.badge_samples import CERTIFIED
from tests.certification.conftest import NOON, Learners
from tests.certification.test_pages import LOCAL, revoke, send
from tests.support.openbadges import bits_of, parts_of, verify_badge
from tests.support.pages import form_of, page_of, text_of

SECRET = "a secret for tests only, 32 characters or more"


@pytest.fixture(autouse=True)
def fresh_limits(app: Flask) -> None:
    with app.app_context():
        limiter.reset()


def certified(learners: Learners, name: str = "Nora Núñez") -> tuple[FlaskClient, str]:
    """The browser of somebody certified just now, and the code."""
    user, code = learners.certified(name, now=utc_now() - timedelta(minutes=5), site=LOCAL)
    return learners.world.client_of(user), code


def token_of(client: FlaskClient, code: str) -> str:
    answer = client.get(f"/certificates/{code}/badge.jwt")
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def rotate(learners: Learners) -> None:
    learners.world.write(lambda: keys.rotate(proof.PURPOSE, SECRET, proof.make_key()))


def rotate_proof(learners: Learners) -> None:
    learners.world.write(lambda: keys.rotate(linked_proof.PURPOSE, SECRET, linked_proof.make_key()))


# --- one's own ------------------------------------------------------------------------------------------------------


def test_the_badge_is_a_signed_credential_that_says_what_the_certificate_says(learners: Learners) -> None:
    client, code = certified(learners)

    answer = client.get(f"/certificates/{code}/badge.jwt")
    header, claims = parts_of(answer.get_data(as_text=True))

    assert answer.mimetype == "application/vc+jwt"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert set(header) == {"alg", "typ", "kid"}
    assert (header["alg"], header["typ"]) == ("RS256", "JWT")
    assert header["kid"].startswith("http://localhost/badges/keys/")
    assert claims["id"] == f"http://localhost/verify/{code}"
    assert claims["credentialSubject"]["identifier"][0]["identityHash"] == "Nora Núñez"
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", claims["sub"])


def test_the_json_is_the_same_credential_with_a_proof_of_its_own(learners: Learners) -> None:
    client, code = certified(learners)

    found = client.get(f"/certificates/{code}/badge.json").get_json()
    proof_of_json = found.pop("proof")

    assert found == linked_proof.credential_in(parts_of(token_of(client, code))[1])
    assert proof_of_json["cryptosuite"] == "eddsa-rdfc-2022"


def test_the_verification_page_knows_a_badge_in_json_however_it_is_formatted(learners: Learners) -> None:
    client, code = certified(learners)
    badge = client.get(f"/certificates/{code}/badge.json").get_json()

    page = upload(client, json.dumps(badge, indent=7, sort_keys=True).encode())

    assert code in page


@pytest.mark.parametrize("part", ["name", "proofValue", "created", "verificationMethod"])
def test_the_verification_page_knows_nothing_of_a_changed_badge_in_json(learners: Learners, part: str) -> None:
    client, code = certified(learners)
    badge = client.get(f"/certificates/{code}/badge.json").get_json()
    changed = badge if part == "name" else badge["proof"]
    changed[part] = changed[part][:-1] + ("x" if changed[part][-1] != "x" else "y")

    page = upload(client, json.dumps(badge).encode())

    assert code not in page


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"{}",
        b'{"id": 7, "proof": []}',
        b'{"a":' + b"[" * 90_000,
        b'{"a":' * 18_000,
        b'{"id": "' + b"x" * 200_000 + b'"}',
    ],
)
def test_rubbish_in_json_is_no_badge(learners: Learners, content: bytes) -> None:
    client, code = certified(learners)

    page = upload(client, content)

    assert "This badge was not issued here" in page
    assert code not in page


def test_the_picture_carries_the_very_same_credential(learners: Learners) -> None:
    client, code = certified(learners)

    answer = client.get(f"/certificates/{code}/badge.png")

    assert answer.mimetype == "image/png"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert token_in(answer.data) == token_of(client, code)
    with Image.open(io.BytesIO(answer.data)) as image:
        image.verify()


def test_two_badges_of_one_person_have_nothing_in_common(learners: Learners) -> None:
    user, first = learners.certified(now=NOON)
    renewal = learners.enroll(user, completed=("first-steps", "second-steps"), cycle=2)
    second = learners.award(renewal, learners.attempt(renewal))
    assert second is not None
    client = learners.world.client_of(user)

    subjects = {parts_of(token_of(client, code))[1]["sub"] for code in (first, second)}

    assert len(subjects) == 2


def test_who_may_fetch_the_badge_is_who_may_fetch_the_pdf(learners: Learners) -> None:
    world = learners.world
    client, code = certified(learners)
    own_admin, colleague, other_admin = (world.user() for _ in range(3))
    world.grant(own_admin, "agency-administrator", learners.agency)
    world.grant(other_admin, "agency-administrator", world.agency("Outside"))

    for kind in ("jwt", "json", "png"):
        address = f"/certificates/{code}/badge.{kind}"
        asked = [world.client_of(person).get(address).status_code for person in (own_admin, colleague, other_admin)]
        stranger = world.app.test_client().get(address)
        assert asked == [200, 404, 404]
        assert client.get(address).status_code == 200
        assert stranger.status_code == (401 if kind == "json" else 303)


def test_unknown_malformed_and_others_codes_are_answered_alike(learners: Learners) -> None:
    _, code = certified(learners)
    other = learners.world.client_of(learners.world.user())

    codes = (code, "7K0M-Q4XT-0003", "nonsense")
    answers = [other.get(f"/certificates/{one}/badge.jwt") for one in codes]

    texts = {text_of(answer).replace(one, "") for answer, one in zip(answers, codes, strict=True)}
    assert [answer.status_code for answer in answers] == [404] * 3
    assert len(texts) == 1, texts


def test_a_revoked_certificate_gives_no_badge_any_more(learners: Learners) -> None:
    client, code = certified(learners)
    token_of(client, code)

    revoke(learners, code)

    assert [client.get(f"/certificates/{code}/badge.{kind}").status_code for kind in ("jwt", "json", "png")] == [
        409
    ] * 3


def test_a_course_that_gives_no_badge_gives_none(learners: Learners) -> None:
    client, code = certified(learners)

    def leave_out() -> None:
        version = db.session.get_one(CourseVersion, learners.version)
        version.facts = {**version.facts, "has_badge": False}

    learners.world.write(leave_out)

    assert client.get(f"/certificates/{code}/badge.jwt").status_code == 404
    assert "badge.png" not in page_of(client, f"/certificates/{code}")
    assert PdfReader(io.BytesIO(client.get(f"/certificates/{code}.pdf").data)).attachments == {}


def test_the_badge_stays_the_same_and_good_when_the_key_is_rotated(learners: Learners, client: FlaskClient) -> None:
    own, code = certified(learners)
    before = token_of(own, code)
    old_key = parts_of(before)[0]["kid"]

    rotate(learners)
    _, newer = certified(learners, "Other")
    holder = learners.world.client_of(learners.row(newer).user_id or 0)

    assert token_of(own, code) == before
    assert parts_of(token_of(holder, newer))[0]["kid"] != old_key
    verify_badge(before, client)
    shown = client.get(old_key.removeprefix("http://localhost")).get_json()
    all_keys = client.get("/.well-known/jwks.json").get_json()["keys"]
    assert shown["kid"] == old_key
    assert shown in all_keys
    assert len(all_keys) == 2
    assert {frozenset(key) for key in all_keys} == {frozenset({"kty", "n", "e", "kid", "alg", "use"})}


def test_a_hidden_name_makes_another_badge_with_the_same_place_in_the_list(learners: Learners) -> None:
    client, code = certified(learners)
    named = token_of(client, code)

    send(client, f"/certificates/{code}/name", f"/certificates/{code}", hide="1")
    nameless = token_of(client, code)
    send(client, f"/certificates/{code}/name", f"/certificates/{code}", hide="0")

    assert "Núñez" not in json.dumps(parts_of(nameless)[1], ensure_ascii=False)
    assert parts_of(nameless)[1]["credentialStatus"] == parts_of(named)[1]["credentialStatus"]
    assert parts_of(nameless)[1]["sub"] == parts_of(named)[1]["sub"]
    assert token_of(client, code) == named


def test_asking_again_signs_nothing(learners: Learners, monkeypatch: pytest.MonkeyPatch) -> None:
    client, code = certified(learners)
    token_of(client, code)
    monkeypatch.setattr(issuing, "sign", None)

    assert token_of(client, code)


def test_two_first_views_at_once_get_the_same_badge(learners: Learners) -> None:
    user, code = learners.certified(now=utc_now() - timedelta(minutes=5), site=LOCAL)
    clients, start = [learners.world.client_of(user) for _ in range(4)], threading.Barrier(4)
    tokens: list[str] = []

    def fetch(client: FlaskClient) -> None:
        start.wait()
        tokens.append(token_of(client, code))

    threads = [threading.Thread(target=fetch, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(tokens) == 4
    assert len(set(tokens)) == 1
    with learners.world.app.app_context():
        assert len(keys.all_keys(proof.PURPOSE)) == 1


# --- in the PDF -----------------------------------------------------------------------------------------------------


def test_the_pdf_carries_the_badge(learners: Learners) -> None:
    client, code = certified(learners)

    content = client.get(f"/certificates/{code}.pdf").data

    reader = PdfReader(io.BytesIO(content))
    assert reader.attachments == {"credential.jwt": [token_of(client, code).encode()]}
    (file,) = reader.trailer["/Root"]["/AF"]
    assert file.get_object()["/AFRelationship"] == "/Data"


def test_a_pdf_drawn_again_after_a_rotation_carries_the_same_badge(learners: Learners, app: Flask) -> None:
    client, code = certified(learners)
    first = PdfReader(io.BytesIO(client.get(f"/certificates/{code}.pdf").data)).attachments["credential.jwt"]

    rotate(learners)
    app.extensions["lms"].files.delete(learners.row(code).document_name)

    again = PdfReader(io.BytesIO(client.get(f"/certificates/{code}.pdf").data))
    assert again.attachments["credential.jwt"] == first


# --- the public addresses -------------------------------------------------------------------------------------------


def test_everything_that_a_badge_names_answers_at_its_address(learners: Learners, client: FlaskClient) -> None:
    own, code = certified(learners)
    header, claims = parts_of(token_of(own, code))
    achievement = claims["credentialSubject"]["achievement"]
    status = claims["credentialStatus"]["statusListCredential"]

    answers = {
        address: client.get(address.removeprefix("http://localhost"))
        for address in (header["kid"], claims["iss"], achievement["id"], achievement["image"]["id"], status)
    }

    for address, answer in answers.items():
        assert answer.status_code == 200, address
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert answer.headers["Cache-Control"].startswith("public")
        assert "Set-Cookie" not in answer.headers
        known = client.get(address.removeprefix("http://localhost"), headers={"If-None-Match": answer.headers["ETag"]})
        assert known.status_code == 304
    found = answers[achievement["id"]].get_json()
    assert {name: found[name] for name in achievement} == achievement
    profile = answers[claims["iss"]].get_json()
    assert (profile["id"], profile["type"]) == (claims["iss"], ["Profile"])


@pytest.mark.parametrize(
    "address", ["/badges/keys/x", "/badges/achievements/x", "/badges/achievements/x.png", "/badges/status/99"]
)
def test_what_no_badge_names_is_not_found(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


def test_no_public_address_of_a_badge_tells_who_earned_it(learners: Learners, client: FlaskClient) -> None:
    own, code = certified(learners)
    _, claims = parts_of(token_of(own, code))
    achievement = claims["credentialSubject"]["achievement"]["id"]
    status = claims["credentialStatus"]["statusListCredential"]

    texts = [client.get(one.removeprefix("http://localhost")).data for one in (achievement, status, claims["iss"])]

    for text in texts:
        assert code.encode() not in text
        assert "Núñez".encode() not in text


def test_a_badge_is_not_set_in_the_list_until_it_is_revoked_or_replaced(
    learners: Learners, client: FlaskClient
) -> None:
    browsers = [certified(learners, name) for name in ("A", "B", "C")]
    (_, stands), (_, revoked), (_, replaced) = browsers
    places = {}
    for own, code in browsers:
        entry = parts_of(token_of(own, code))[1]["credentialStatus"]
        places[code] = (entry["statusListCredential"].removeprefix("http://localhost"), int(entry["statusListIndex"]))
    address = places[stands][0]
    before = client.get(address)

    revoke(learners, revoked)
    learners.change(replaced, superseded_by_id=learners.row(stands).id)
    after = client.get(address)

    assert bits_of(before.get_data(as_text=True)) == set()
    assert bits_of(after.get_data(as_text=True)) == {places[revoked][1], places[replaced][1]}
    assert before.headers["ETag"] != after.headers["ETag"]
    assert len({index for _, index in places.values()}) == 3


def test_a_place_in_the_list_is_given_once(learners: Learners, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([5, 5, 5, 6])
    monkeypatch.setattr("lms.certification.badges.issuing.secrets.randbelow", lambda _: next(drawn))
    browsers = [certified(learners, name) for name in ("A", "B")]

    for own, code in browsers:
        token_of(own, code)

    with learners.world.app.app_context():
        assert set(db.session.scalars(select(Badge.status_index))) == {5, 6}


# --- checked by others ----------------------------------------------------------------------------------------------


def test_openbadgeslib_verifies_the_badge_and_its_status(learners: Learners, client: FlaskClient) -> None:
    own, code = certified(learners)
    token = token_of(own, code)

    credential = verify_badge(token, client)
    assert credential.recipient_id == parts_of(token)[1]["sub"]

    revoke(learners, code)
    with pytest.raises(Exception, match="'revocation' is set"):
        verify_badge(token, client)


def test_openbadgeslib_refuses_a_changed_badge_and_an_expired_one(learners: Learners, client: FlaskClient) -> None:
    own, code = certified(learners)
    token = token_of(own, code)
    changed = with_other_claims(token, name="Another course")
    user, old = learners.certified("Old", now=NOON - timedelta(days=3000), site=LOCAL)
    expired = token_of(learners.world.client_of(user), old)

    with pytest.raises(Exception, match="Invalid signature"):
        verify_badge(changed, client)
    with pytest.raises(Exception, match="expired"):
        verify_badge(expired, client)


# --- verification by the file ---------------------------------------------------------------------------------------


def upload(client: FlaskClient, content: bytes) -> str:
    answer = send(client, "/verify/file", "/verify", file=(io.BytesIO(content), "x"))
    return answer.get_data(as_text=True)


def test_a_badge_brought_to_verification_is_known_with_its_standing(learners: Learners, client: FlaskClient) -> None:
    own, code = certified(learners)
    token, baked = token_of(own, code).encode(), own.get(f"/certificates/{code}/badge.png").data

    for content in (token, token + b"\n", baked):
        page = upload(client, content)
        assert "The badge is genuine" in page
        assert f'data-certificate="{code}" data-status="valid"' in page
    rotate(learners)
    revoke(learners, code)
    assert 'data-status="revoked"' in upload(client, token)


def test_a_changed_badge_and_a_strangers_are_not(learners: Learners, client: FlaskClient) -> None:
    own, code = certified(learners)
    token = token_of(own, code)
    head, body, signature = token.split(".")
    spoilt = [
        with_other_claims(token, name="Another course"),
        f"{head}.{body[:-4]}AAAA.{signature}",
        f"{head}.{body}.{signature[:-6]}AAAAAA",
        f"{head}.{body}.",
        token.replace(head, hashlib.sha256(b"x").hexdigest()),
        foreign_token(token),
        learners.world.app.test_client().get("/badges/status/1").get_data(as_text=True),
    ]

    for text in spoilt:
        assert "This badge was not issued here" in upload(client, text.encode()), text[:40]


def with_other_claims(token: str, **changes: object) -> str:
    """The same signature under other words."""
    head, _, signature = token.split(".")
    body = json.dumps(parts_of(token)[1] | changes).encode()
    return f"{head}.{base64.urlsafe_b64encode(body).decode().rstrip('=')}.{signature}"


def foreign_token(token: str) -> str:
    """The same claims and header, signed by a key that is not ours."""
    from joserfc import jws
    from joserfc.jwk import RSAKey

    key = RSAKey.generate_key(2048, private=True, auto_kid=False)
    header, claims = parts_of(token)
    return jws.serialize_compact(header, json.dumps(claims).encode(), key, algorithms=["RS256"])


def test_a_badge_without_a_signature_is_no_badge(learners: Learners, client: FlaskClient) -> None:
    own, code = certified(learners)
    _, body, _ = token_of(own, code).split(".")

    page = upload(client, f"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{body}.AA".encode())

    assert "This badge was not issued here" in page


# --- the share page -------------------------------------------------------------------------------------------------


def share(client: FlaskClient, code: str) -> str:
    send(client, f"/certificates/{code}/links", f"/certificates/{code}")
    found = re.search(r'href="(/shared/[^"]+)"', page_of(client, f"/certificates/{code}"))
    assert found
    return found[1]


def test_a_share_link_shows_the_certificate_its_pdf_and_its_badge(learners: Learners) -> None:
    own, code = certified(learners)
    stranger = learners.world.app.test_client()
    address = share(own, code)

    answer = stranger.get(address)
    page = answer.get_data(as_text=True)
    links = set(re.findall(r'(?:href|src)="(/certificates/[^"]+)"', page))

    assert "Nora Núñez" in page
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow"
    assert '<meta name="robots" content="noindex, nofollow">' in page
    assert len(links) == 5
    assert [stranger.get(one.replace("&amp;", "&")).status_code for one in links] == [200] * 5


def test_a_link_taken_back_opens_neither_page_nor_badge(learners: Learners) -> None:
    own, code = certified(learners)
    stranger = learners.world.app.test_client()
    address = share(own, code)
    token = address.rpartition("/")[2]
    back = form_of(page_of(own, f"/certificates/{code}"), "/revoke")

    assert own.post(back.action, data=back.fields).status_code == 303

    assert stranger.get(address).status_code == 404
    assert stranger.get(f"/certificates/{code}/badge.jwt?share={token}").status_code == 404
    assert stranger.get(f"/shared/{'x' * 32}").status_code == 404
    assert stranger.get("/shared/x").status_code == 404


def test_a_revoked_certificates_share_page_says_so_and_gives_nothing(learners: Learners) -> None:
    own, code = certified(learners)
    address = share(own, code)

    revoke(learners, code)
    page = page_of(learners.world.app.test_client(), address)

    assert 'data-status="revoked"' in page
    assert "Copied answers" not in page
    assert f"/certificates/{code}.pdf" not in page
    assert "badge" not in re.sub(r"<(link|script)[^>]*>", "", page)
    assert "linkedin" not in page


def test_guessing_share_links_is_limited(learners: Learners, client: FlaskClient) -> None:
    answers = [client.get(f"/shared/{'x' * 32}").status_code for _ in range(31)]

    assert answers == [404] * 30 + [429]


def test_the_link_to_linkedin_carries_no_name(learners: Learners) -> None:
    own, code = certified(learners)

    found = re.search(
        r'href="(https://www.linkedin.com/[^"]+)" rel="noopener noreferrer"', page_of(own, f"/certificates/{code}")
    )

    assert found
    assert code in found[1]
    assert "Nora" not in found[1]


# --- standing, evidence, license and credit on the public page ----------------------------------------------------------------


def give_facts(learners: Learners, code: str) -> None:
    """A certification's evidence, license and credit on a certificate that a course made."""
    row = learners.row(code)
    facts = CertificateFacts.from_json(row.facts)
    evidence = [EvidenceFacts("First course", NOON.date(), code="7K0M-Q4XT-0003")]
    plain = facts.to_json() | {
        "evidence": [{**CERTIFIED.to_json()["evidence"][0], "title": one.title, "code": one.code} for one in evidence],
        "credit": CERTIFIED.to_json()["credit"],
        "license": CERTIFIED.to_json()["license"],
    }
    learners.change(code, facts=plain)


def test_the_public_page_shows_evidence_credit_and_a_masked_license(learners: Learners, client: FlaskClient) -> None:
    _, code = certified(learners)
    give_facts(learners, code)

    page, twin = page_of(client, f"/verify/{code}"), client.get(f"/verify/{code}.json").get_json()

    for text in (page, json.dumps(twin, ensure_ascii=False)):
        assert "First course" in text
        assert "7K0M-Q4XT-0003" in text
        assert "Missouri POST" in text
        assert "P-77" in text
        assert "2019012345" not in text
        assert "•••••••345" in text


def test_a_revoked_one_tells_its_day_and_never_its_reason_or_who(learners: Learners, client: FlaskClient) -> None:
    _, code = certified(learners)
    learners.change(code, revoked_at=NOON, revoked_reason="Copied answers")

    page, twin = page_of(client, f"/verify/{code}"), client.get(f"/verify/{code}.json").get_json()

    assert "Revoked on March 14, 2026" in page
    assert (twin["status"], twin["revoked_at"][:10]) == ("revoked", "2026-03-14")
    for text in (page, json.dumps(twin)):
        assert "Copied answers" not in text


def test_before_its_first_day_it_is_not_valid_yet(learners: Learners, client: FlaskClient) -> None:
    _, code = certified(learners)
    begins = utc_now() + timedelta(days=3)
    learners.change(code, valid_from=begins)

    page, twin = page_of(client, f"/verify/{code}"), client.get(f"/verify/{code}.json").get_json()

    assert "This certificate is not valid yet" in page
    assert (twin["status"], twin["valid_from"]) == ("not-yet", begins.isoformat())


def test_the_readme_names_every_key_of_the_twin(learners: Learners, client: FlaskClient) -> None:
    _, code = certified(learners)
    told = (Path(__file__).parents[2] / "README.md").read_text().partition("the twin of the page")[2]
    rows = [
        line.split("|")[1] for line in told.partition("Each certificate has a badge")[0].splitlines() if "| `" in line
    ]

    named = {key for row in rows for key in re.findall(r"`(\w+)`", row)}

    assert named == set(client.get(f"/verify/{code}.json").get_json())


def test_a_hidden_name_hides_license_and_codes_of_evidence(learners: Learners, client: FlaskClient) -> None:
    _, code = certified(learners)
    give_facts(learners, code)
    learners.change(code, is_name_hidden=True)

    page, twin = page_of(client, f"/verify/{code}"), client.get(f"/verify/{code}.json").get_json()

    assert "First course" in page
    assert "/verify/7K0M-Q4XT-0003" not in page
    assert "345</span>" not in page
    assert twin["license"] is None
    assert twin["evidence"][0]["code"] is None


def test_the_holder_sees_the_license_whole(learners: Learners) -> None:
    own, code = certified(learners)
    give_facts(learners, code)

    assert "2019012345" in page_of(own, f"/certificates/{code}")


def test_a_short_license_number_shows_nothing() -> None:
    from lms.certification.verification import masked_number

    assert masked_number("12345") == "•••••"
    assert masked_number("123456") == "•••456"


def test_an_expired_course_certificate_leads_to_its_renewal(learners: Learners) -> None:
    user, old = learners.certified("Old", now=NOON - timedelta(days=3000), site=LOCAL)
    own, code = certified(learners)

    assert 'href="/courses/tiny">Renew it' in page_of(learners.world.client_of(user), f"/certificates/{old}")
    assert "Renew it" not in page_of(own, f"/certificates/{code}")
