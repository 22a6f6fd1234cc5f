"""Checking a file on the page and by command; the authority that anybody may fetch; keys replaced by command."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from cryptography import x509
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lms import keys
from lms.certification import authority, signers
from lms.certification.documents import draw
from lms.certification.signatures import examine
from lms.certification.signing import sign
from lms.clock import utc_now
from lms.commands import keys as key_commands
from lms.commands import records
from lms.database import db, run_transaction
from lms.errors import Conflict
from lms.web.limits import limiter
from tests.certification.conftest import SAMPLE, Learners
from tests.certification.test_signing import file_of, material, root, signed
from tests.support.pages import page_of
from tests.support.world import form_token


@pytest.fixture(autouse=True)
def fresh_limits(app: Flask) -> None:
    with app.app_context():
        limiter.reset()


def check(client: FlaskClient, content: bytes) -> TestResponse:
    entries = {"file": (io.BytesIO(content), "c.pdf"), "csrf_token": form_token(client, "/verify")}
    return client.post("/verify/file", data=entries)


def settings(app: Flask):
    return app.extensions["lms"].settings


def flipped(content: bytes) -> bytes:
    return content[:5000] + bytes([content[5000] ^ 1]) + content[5001:]


def issued_to(learners: Learners) -> tuple[str, bytes]:
    user, code = learners.certified(now=utc_now())
    return code, learners.world.client_of(user).get(f"/certificates/{code}.pdf").data


# --- the page -------------------------------------------------------------------------------------------------------


def test_an_issued_file_is_genuine_and_says_who_signed_it(learners: Learners, client: FlaskClient) -> None:
    _, content = issued_to(learners)

    page = check(client, content).get_data(as_text=True)

    assert "Exactly this PDF file was issued here" in page
    assert "Signed by Crosstrain documents on " in page
    assert 'data-status="valid"' in page


def test_a_genuine_file_of_a_revoked_certificate_says_that_it_was_revoked(
    learners: Learners, client: FlaskClient
) -> None:
    code, content = issued_to(learners)
    learners.change(code, revoked_at=utc_now(), revoked_reason="Copied answers")

    page = check(client, content).get_data(as_text=True)

    assert "The file is genuine" in page
    assert "This certificate was revoked" in page


@pytest.mark.parametrize(
    ("make", "status", "sentence"),
    [
        (flipped, 404, "was changed after it was signed, or made to look signed"),
        (lambda content: sign(draw(SAMPLE), material("Elsewhere")), 404, "signed, but not by this site"),
        (lambda content: draw(SAMPLE), 404, "carries no signature"),
        (lambda content: content[:9000], 422, "cannot be read as a PDF"),
        (lambda content: b"<script>alert(1)</script>", 422, "This is not a PDF file."),
        (lambda content: content + b" " * 400_000, 422, "larger than any certificate"),
    ],
)
def test_any_other_file_is_told_in_a_clear_sentence(
    make: Callable[[bytes], bytes],
    status: int,
    sentence: str,
    learners: Learners,
    client: FlaskClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lms.certification.examining.MOST_BYTES", 300_000)
    _, content = issued_to(learners)

    answer = check(client, make(content))

    assert answer.status_code == status
    assert sentence in answer.get_data(as_text=True)
    is_told_by_its_signature = make is flipped or sentence == "signed, but not by this site"
    heading = "This file was not issued here" if is_told_by_its_signature else "This file cannot be confirmed"
    assert heading in answer.get_data(as_text=True)


def test_a_file_with_our_signature_and_no_record_is_sent_to_its_code(
    learners: Learners, client: FlaskClient, app: Flask
) -> None:
    with app.app_context():
        own = signers.signing_material(settings(app))

    page = check(client, sign(draw(SAMPLE), own)).get_data(as_text=True)

    assert "no record of this file" in page


def test_the_page_that_explains_shows_the_fingerprint_of_the_authority_that_can_be_fetched(client: FlaskClient) -> None:
    pem = client.get("/.well-known/crosstrain-ca.pem").get_data(as_text=True)
    (root,) = x509.load_pem_x509_certificates(pem.encode())

    page = page_of(client, "/verify/offline").replace("<wbr>", "").replace("\n", "")

    assert authority.shown_fingerprint(root) in page
    assert "PRIVATE" not in pem
    form = page_of(client, "/verify").replace("<wbr>", "")
    assert 'href="/verify/offline"' in form
    assert authority.shown_fingerprint(root) in form


def test_the_authority_is_told_also_where_its_key_can_no_longer_be_opened(context: Flask) -> None:
    signers.signing_material(settings(context))
    other = replace(settings(context), secret_key="another secret, long enough to be one")

    assert signers.present_root(other) == signers.trusted_roots()[0]


# --- the commands ---------------------------------------------------------------------------------------------------


@pytest.fixture
def run(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    """Call a command on the test's application; its exit code and all that it said."""
    for module in (records, key_commands):
        monkeypatch.setattr(module, "create_app", lambda: app)

    def call(group: object, *arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(group, list(arguments))  # type: ignore[arg-type]
        return result.exit_code, result.output

    return call


def test_the_command_says_what_a_file_is_and_how_its_certificate_stands(
    learners: Learners, run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    code, content = issued_to(learners)
    good, bad = tmp_path / "good.pdf", tmp_path / "bad.pdf"
    good.write_bytes(content)
    bad.write_bytes(flipped(content))

    exit_code, said = run(records.certificate_group, "verify", str(good))
    assert exit_code == 0
    assert "Exactly this PDF file was issued here" in said
    assert "Signed by Crosstrain documents at 20" in said
    assert f"{code}: valid" in said

    exit_code, said = run(records.certificate_group, "verify", str(bad))
    assert exit_code == 1
    assert "was changed after it was signed" in said

    learners.change(code, revoked_at=utc_now(), revoked_reason="Copied answers")
    assert run(records.certificate_group, "verify", str(good))[0] == 1


def test_after_a_rotation_old_files_verify_and_new_ones_carry_the_new_key(
    learners: Learners, app: Flask, run: Callable[..., tuple[int, str]], client: FlaskClient
) -> None:
    _, old = issued_to(learners)

    assert run(key_commands.keys_group, "rotate", "document-signer")[0] == 0
    assert run(key_commands.keys_group, "rotate", "document-ca")[0] == 0
    assert run(key_commands.keys_group, "rotate", "badge")[0] == 0
    user, code = learners.certified("Ana Ruiz", now=utc_now())
    new = learners.world.client_of(user).get(f"/certificates/{code}.pdf").data
    exit_code, listed = run(key_commands.keys_group, "list")

    assert (exit_code, listed.count("in use"), listed.count("retired")) == (0, 3, 4)
    for content in (old, new):
        assert "Signed by Crosstrain documents" in check(client, content).get_data(as_text=True)
    assert client.get("/.well-known/crosstrain-ca.pem").get_data(as_text=True).count("BEGIN CERTIFICATE") == 2


# --- a deployer's own key -------------------------------------------------------------------------------------------


def test_a_pkcs12_file_signs_and_what_it_signed_is_known_after_it_is_gone(context: Flask, tmp_path: Path) -> None:
    file = tmp_path / "signer.p12"
    file.write_bytes(file_of())
    chosen = replace(settings(context), signing_pkcs12=str(file), signing_pkcs12_password="open sesame")

    own = signers.signing_material(chosen)
    again = signers.signing_material(chosen)
    file.unlink()

    assert own == again == material()
    assert len(keys.all_keys(signers.FROM_FILE)) == 1
    roots = [one.public_bytes(authority.Encoding.DER) for one in signers.trusted_roots()]
    assert roots == [root()]
    assert examine(signed(), roots).state == "genuine"
    with pytest.raises(Conflict, match="cannot be read"):
        signers.signing_material(chosen)


def test_a_pkcs12_file_that_comes_back_is_in_use_again(context: Flask, tmp_path: Path) -> None:
    file = tmp_path / "signer.p12"
    file.write_bytes(file_of())
    chosen = replace(settings(context), signing_pkcs12=str(file), signing_pkcs12_password="open sesame")
    signers.signing_material(chosen)
    other = authority.new_authority("Another", utc_now())
    run_transaction(lambda: keys.rotate(signers.FROM_FILE, chosen.secret_key, other))
    db.session.rollback()

    signers.signing_material(chosen)

    assert keys.find_in_use(signers.FROM_FILE).kid == material().kid  # type: ignore[union-attr]
    assert len(keys.all_keys(signers.FROM_FILE)) == 2


def test_with_another_secret_key_nothing_is_signed_and_the_reason_is_said(context: Flask) -> None:
    signers.signing_material(settings(context))

    with pytest.raises(Conflict, match="secret key has changed"):
        signers.signing_material(replace(settings(context), secret_key="another secret, long enough to be one"))
