"""Badges checked by programs of npm that are not ours: jose, jsonld, and @digitalbazaar's vc, status list and proofs."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from lms.certification.badges import linked_proof
from lms.certification.badges.credential import claims
from lms.certification.badges.proof import make_key, public_jwk, sign
from lms.certification.badges.status import list_claims
from lms.keys import OpenKey
from tests.certification.badge_samples import BEGUN, CERTIFIED, SITE_URL, VENDOR, award
from tests.certification.conftest import SAMPLE, Learners
from tests.certification.test_badges import certified, rotate, rotate_proof, token_of, with_other_claims
from tests.certification.test_pages import revoke
from tests.support import node
from tests.support.openbadges import parts_of

CONTEXTS = {
    "https://www.w3.org/ns/credentials/v2": "credentials-v2.json",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json": "ob-v3p0-context-3.0.3.json",
}


@pytest.fixture(scope="module")
def key() -> OpenKey:
    made = make_key()
    return OpenKey(made.kid, made.public_text, made.private, BEGUN)


def ask(token: str, keys: dict[str, Any], issuer: str, status: str = "", now: datetime | None = None) -> dict[str, Any]:
    """What the verifiers say of a badge."""
    contexts = {url: json.loads((VENDOR / name).read_text()) for url, name in CONTEXTS.items()}
    question = {"token": token, "statusToken": status, "jwks": keys, "contexts": contexts, "issuer": issuer}
    found: dict[str, Any] = node.ask("verify.mjs", question | {"now": now.isoformat() if now else None})
    return found


def signed(key: OpenKey, now: datetime | None = None, **changes: Any) -> dict[str, Any]:
    """What they say of a badge that was signed here and now, with nothing set in its list."""
    keys = {"keys": [public_jwk(key.kid, key.public_text, SITE_URL)]}
    now = now or BEGUN + timedelta(days=1)
    status = sign(list_claims(SITE_URL, 1, [], now), key, SITE_URL)
    return ask(sign(claims(award(**changes)), key, SITE_URL), keys, f"{SITE_URL}/badges/issuer", status, now)


@pytest.mark.parametrize("facts", [SAMPLE, CERTIFIED])
@pytest.mark.parametrize("shows_name", [True, False])
def test_signature_structure_terms_and_status_are_accepted(key: OpenKey, facts: Any, shows_name: bool) -> None:
    found = signed(key, facts=facts, shows_name=shows_name)

    assert set(found["header"]) == {"alg", "typ", "kid"}
    for part in ("signature", "structure", "terms", "status"):
        assert found[part]["ok"], found[part]
    assert found["terms"]["value"] > 30
    assert found["status"]["value"] == {"issuer": f"{SITE_URL}/badges/issuer", "isSet": [False], "verified": True}


def test_a_term_that_no_context_defines_would_be_noticed(key: OpenKey) -> None:
    keys = {"keys": [public_jwk(key.kid, key.public_text, SITE_URL)]}
    token = sign({**claims(award()), "shoe_size": 43}, key, SITE_URL)

    found = ask(token, keys, f"{SITE_URL}/badges/issuer", now=BEGUN)

    assert not found["terms"]["ok"]


def test_before_its_first_day_and_after_its_last_it_is_refused(key: OpenKey) -> None:
    early = signed(key, BEGUN - timedelta(days=1))
    late = signed(key, BEGUN + timedelta(days=800))

    assert "JWTClaimValidationFailed" in early["signature"]["error"] or "nbf" in early["signature"]["error"]
    assert "ERR_JWT_EXPIRED" in late["signature"]["error"]


def test_jose_verifies_what_the_site_serves_refuses_a_change_and_sees_a_revocation(
    learners: Learners, client: FlaskClient
) -> None:
    own, code = certified(learners)
    token = token_of(own, code)
    entry = parts_of(token)[1]["credentialStatus"]

    def now() -> dict[str, Any]:
        keys = client.get("/.well-known/jwks.json").get_json()
        status = client.get(entry["statusListCredential"].removeprefix("http://localhost")).get_data(as_text=True)
        return {"keys": keys, "issuer": "http://localhost/badges/issuer", "status": status}

    valid = ask(token, **now())
    changed = ask(with_other_claims(token, name="Another course"), **now())
    rotate(learners)
    after_rotation = ask(token, **now())
    revoke(learners, code)
    revoked = ask(token, **now())

    assert valid["signature"]["ok"], valid
    assert valid["status"]["value"]["isSet"] == [False]
    assert "ERR_JWS_SIGNATURE_VERIFICATION_FAILED" in changed["signature"]["error"]
    assert after_rotation["signature"]["ok"]
    assert after_rotation["status"]["value"]["isSet"] == [False]
    assert revoked["signature"]["ok"]
    assert revoked["status"]["value"]["isSet"] == [True]


# --- the proof in JSON ----------------------------------------------------------------------------------------------


def ask_of_proof(client: FlaskClient, credential: dict[str, Any], now: datetime | None = None) -> dict[str, Any]:
    """What the verifiers say of a badge in JSON, with the documents that the site serves and no others."""
    documents = {url: json.loads((VENDOR / name).read_text()) for url, name in CONTEXTS.items()}
    for url in (credential["proof"]["verificationMethod"], credential["issuer"]["id"]):
        documents[url] = client.get(url.removeprefix("http://localhost")).get_json()
    question = {"credential": credential, "documents": documents, "now": now.isoformat() if now else None}
    found: dict[str, Any] = node.ask("proof.mjs", question)
    return found


def test_the_proof_in_json_is_accepted_by_others_and_by_the_key_that_was_rotated_away(
    learners: Learners, client: FlaskClient
) -> None:
    own, code = certified(learners)
    badge = own.get(f"/certificates/{code}/badge.json").get_json()

    before = ask_of_proof(client, badge)
    rotate_proof(learners)
    after = ask_of_proof(client, badge)
    anew = ask_of_proof(client, own.get(f"/certificates/{code}/badge.json").get_json())

    assert before == {"verified": True, "errors": []}
    assert after == {"verified": True, "errors": []}
    assert anew == {"verified": True, "errors": []}


@pytest.mark.parametrize("change", [{"name": "Another course"}, {"validUntil": "2099-01-01T00:00:00Z"}])
def test_others_refuse_a_changed_badge_in_json(learners: Learners, client: FlaskClient, change: Any) -> None:
    own, code = certified(learners)
    badge = own.get(f"/certificates/{code}/badge.json").get_json()

    found = ask_of_proof(client, {**badge, **change})

    assert not found["verified"]
    assert any("signature" in error.lower() for error in found["errors"]), found


def test_others_refuse_a_proof_by_a_key_that_the_issuer_does_not_name(learners: Learners, client: FlaskClient) -> None:
    own, code = certified(learners)
    badge = own.get(f"/certificates/{code}/badge.json").get_json()
    made = linked_proof.make_key()
    stranger = OpenKey(made.kid, made.public_text, made.private, BEGUN)
    credential = {name: value for name, value in badge.items() if name != "proof"}
    forged = linked_proof.with_proof(credential, stranger, "http://localhost", BEGUN)

    answer = client.get(forged["proof"]["verificationMethod"].removeprefix("http://localhost"))

    assert answer.status_code == 404
    assert forged["proof"]["verificationMethod"] not in client.get("/badges/issuer").get_json()["assertionMethod"]
