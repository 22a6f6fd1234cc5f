"""Signed PDFs: intact, valid and trusted; anything changed is seen; keys may be rotated and files be lost."""

from __future__ import annotations

import asyncio
import contextlib
import io
import random
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import time_machine
from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.pdf_utils.writer import copy_into_new_writer
from pyhanko.sign.timestamps import DummyTimeStamper
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from lms.certification import authority, examining, signing
from lms.certification.authority import SigningMaterial
from lms.certification.documents import Order, draw, draw_orders
from lms.certification.examining import MOST_BYTES, examine_strange
from lms.certification.press import Attached
from lms.certification.pressroom import Pressroom
from lms.certification.signatures import examine
from lms.certification.signing import sign
from lms.errors import Busy, Conflict
from lms.keys import NewKey, OpenKey
from tests.certification.conftest import SAMPLE
from tests.support.verapdf import build_judge, missing_for_judge

NOW = datetime.now(UTC)
BADGE = (Attached("badge.json", "Open Badge", b'{"type": "VerifiableCredential"}'),)


def opened(key: NewKey) -> OpenKey:
    return OpenKey(key.kid, key.public_text, key.private, NOW)


def an_authority(name: str = "Crosstrain") -> NewKey:
    return _authority(name)


@cache
def _authority(name: str) -> NewKey:
    return authority.new_authority(name, NOW)


def material(name: str = "Crosstrain") -> SigningMaterial:
    return _material(name)


@cache
def _material(name: str) -> SigningMaterial:
    return authority.material_of(opened(authority.new_signer(name, opened(an_authority(name)), NOW)), "")


def root(name: str = "Crosstrain") -> bytes:
    return authority.root_of(an_authority(name).public_text).public_bytes(Encoding.DER)


@cache
def signed() -> bytes:
    return draw_orders([Order(SAMPLE, attachments=BADGE, signer=material())])[0]


# --- what a signed file is ------------------------------------------------------------------------------------------


def test_a_signed_certificate_is_intact_valid_and_trusted() -> None:
    reader = PdfFileReader(io.BytesIO(signed()))
    (signature,) = reader.embedded_signatures
    context = ValidationContext(trust_roots=[asn1_x509.Certificate.load(root())], allow_fetching=False)

    status = validate_pdf_signature(signature, context)

    assert (status.intact, status.valid, status.trusted, status.bottom_line) == (True, True, True, True)
    assert signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached"
    assert reader.root["/Perms"]["/DocMDP"]["/Reference"][0]["/TransformParams"]["/P"] == 1
    assert signature.sig_field["/Rect"] == [0, 0, 0, 0]
    assert status.signing_cert.public_key.curve == ("named", "secp256r1")


def test_a_signed_certificate_is_still_pdf_a_3a_and_pdf_ua_1(tmp_path: Path) -> None:
    missing = missing_for_judge()
    if missing is not None:
        pytest.skip(missing)
    (tmp_path / "signed.pdf").write_bytes(signed())
    (tmp_path / "arabic.pdf").write_bytes(sign(draw(replace(SAMPLE, printed_name="عبد الرحمن")), material()))

    found = build_judge(tmp_path).judge(sorted(tmp_path.glob("*.pdf")))

    assert len(found) == 4
    assert {key: report for key, report in found.items() if report != "PASS"} == {}


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("pdfsig", "-nocert"), ("Signature is Valid", "Total document signed", "ETSI.CAdES.detached")),
        (("qpdf", "--check"), ("No syntax or stream encoding errors found",)),
    ],
)
def test_other_programs_find_nothing_wrong(command: tuple[str, ...], words: tuple[str, ...], tmp_path: Path) -> None:
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    file = tmp_path / "signed.pdf"
    file.write_bytes(signed())

    run = subprocess.run([*command, str(file)], capture_output=True, text=True, check=True)

    assert [word for word in words if word not in run.stdout] == []


def test_the_signature_is_checked_with_openssl_in_the_way_that_the_page_tells(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    page = (Path(__file__).parents[2] / "templates/certification/offline.html").read_text()
    recipe = page.partition("<code>python3")[2].partition("</code>")[0]
    (tmp_path / "certificate.pdf").write_bytes(signed())
    (tmp_path / "crosstrain-ca.pem").write_text(an_authority().public_text)

    run = subprocess.run(["bash", "-ec", f"python3{recipe}"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "CMS Verification successful" in run.stderr


def longest_chain() -> SigningMaterial:
    """The same key with more certificates above it, which the signature carries."""
    own = material()
    return replace(own, chain=(*own.chain, *(an_authority_in_der(name) for name in ("One between", "Another between"))))


def an_authority_in_der(name: str) -> bytes:
    return authority.root_of(an_authority(name).public_text).public_bytes(Encoding.DER)


@pytest.mark.parametrize("key", [material, longest_chain])
def test_the_room_that_is_kept_for_a_signature_is_what_the_library_would_keep(
    key: Callable[[], SigningMaterial],
) -> None:
    def room(content: bytes) -> int:
        (signature,) = PdfFileReader(io.BytesIO(content)).embedded_signatures
        first, before, after, _rest = signature.byte_range
        return int(after - first - before)

    measured = asyncio.run(signing._signed(draw(SAMPLE), key(), "", None))

    assert abs(room(sign(draw(SAMPLE), key())) - room(measured)) <= 20, (
        "each of the two numbers of an ECDSA signature is some bytes shorter now and then, and a byte is two digits"
    )


def test_every_one_of_many_signatures_fits_in_the_room_that_was_tried_out_once() -> None:
    drawn = draw(SAMPLE)

    assert {examine(sign(drawn, material()), [root()]).state for _ in range(40)} == {"genuine"}


def test_what_draws_in_bulk_signs_too() -> None:
    with Pressroom(1) as room:
        drawings = list(room.draw_each([Order(SAMPLE, signer=material()), Order(SAMPLE)]))

    assert [examine(one.content or b"", [root()]).state for one in drawings] == ["genuine", "unsigned"]


def test_signing_adds_less_than_a_third_to_the_size() -> None:
    unsigned = draw(SAMPLE, attachments=BADGE)

    assert len(signed()) < len(unsigned) * 1.3


# --- what is not ----------------------------------------------------------------------------------------------------


def test_a_flipped_bit_anywhere_is_seen() -> None:
    content = signed()
    start = content.rindex(b"/Contents <")
    end = content.index(b">", start)
    places = {*random.Random(1).sample(range(len(content)), 150), *range(len(content) - 40, len(content))}
    places |= set(range(start, end + 2, 7)) | set(range(start, start + 220))

    unseen = []
    for place in sorted(places):
        changed = bytearray(content)
        changed[place] ^= 1
        if examine(bytes(changed), [root()]).state in ("genuine", "foreign"):
            unseen.append(place)

    assert unseen == []


def _appended(content: bytes) -> bytes:
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    writer.root["/Lang"] = writer.root["/Lang"]
    writer.update_root()
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


def _encrypted(content: bytes) -> bytes:
    writer = copy_into_new_writer(PdfFileReader(io.BytesIO(content)))
    writer.encrypt("owner", "user")
    output = io.BytesIO()
    writer.write(output)
    return output.getvalue()


@pytest.mark.parametrize(
    ("make", "state"),
    [
        (lambda: signed(), "genuine"),
        (lambda: signed() + b"\n", "changed"),
        (lambda: _appended(signed()), "changed"),
        (lambda: draw(SAMPLE), "unsigned"),
        (lambda: sign(draw(SAMPLE), material("Elsewhere")), "foreign"),
        (lambda: _encrypted(draw(SAMPLE)), "encrypted"),
        (lambda: signed()[:-2000], "unreadable"),
        (lambda: b"%PDF-1.7\n" + b"[" * 200_000, "unreadable"),
        (lambda: b"PK\x03\x04 a zip", "not-pdf"),
        (lambda: b"", "not-pdf"),
        (lambda: signed() + b" " * MOST_BYTES, "too-large"),
    ],
)
def test_a_strange_file_is_told_for_what_it_is(make: Callable[[], bytes], state: str) -> None:
    assert examine_strange(make(), [root()]).state == state


def test_a_file_that_would_be_read_for_ever_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = "import resource as r; r.setrlimit(r.RLIMIT_CPU, (1, 1))\nwhile True: pass"
    monkeypatch.setattr(examining, "CHILD", (sys.executable, "-c", endless))

    assert examining.examine_strange(signed(), []).state == "unreadable"


def test_a_machine_that_does_not_get_to_a_file_does_not_call_it_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examining, "CHILD", ("sleep", "60"))
    monkeypatch.setattr(examining, "LONGEST_WAIT_SECONDS", 0.2)

    with pytest.raises(Busy):
        examining.examine_strange(signed(), [])


def test_a_file_with_a_second_signature_is_not_what_was_issued() -> None:
    elsewhere = signing.signers.SimpleSigner(
        asn1_x509.Certificate.load(material("Elsewhere").certificate),
        asn1_keys.PrivateKeyInfo.load(material("Elsewhere").private),
        SimpleCertificateStore(),
    )
    output = io.BytesIO()
    signing.signers.PdfSigner(
        signing.signers.PdfSignatureMetadata(field_name="Second", md_algorithm="sha256"), elsewhere
    ).sign_pdf(IncrementalPdfFileWriter(io.BytesIO(draw(SAMPLE))), output=output)
    unsealed = output.getvalue()

    assert examine(unsealed, [root()]).state == "foreign"
    assert examine(_appended(unsealed), [root()]).state == "changed"


# --- keys -----------------------------------------------------------------------------------------------------------


def test_what_an_older_key_signed_still_verifies_under_the_same_authority() -> None:
    newer = authority.new_signer("Crosstrain", opened(an_authority()), NOW)

    assert newer.kid != material().kid
    assert examine(signed(), [authority.root_of(newer.public_text).public_bytes(Encoding.DER)]).state == "genuine"


def test_a_signature_verifies_for_twenty_years() -> None:
    content = signed()

    with time_machine.travel(NOW + timedelta(days=20 * 365), tick=False):
        assert examine(content, [root()]).state == "genuine"


def test_a_signer_that_is_made_later_ends_with_its_authority() -> None:
    later = authority.new_signer("Crosstrain", opened(an_authority()), NOW + timedelta(days=3650))

    own, above = authority.certificates_in(later.public_text)
    assert own.not_valid_after_utc == above.not_valid_after_utc


def test_the_private_key_is_in_no_text_of_the_material() -> None:
    assert "private" not in repr(material())


def file_of(password: str | None = "open sesame") -> bytes:
    key = load_der_private_key(material().private, None)
    own, above = (x509.load_der_x509_certificate(one) for one in (material().certificate, *material().chain))
    secrecy = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return pkcs12.serialize_key_and_certificates(b"documents", key, own, [above], secrecy)  # type: ignore[arg-type]


def test_a_deployers_own_key_signs_from_its_pkcs12_file() -> None:
    own = authority.read_pkcs12(file_of(), "open sesame", "")

    content = sign(draw(SAMPLE), own)

    assert own == material()
    assert examine(content, [own.chain[-1]]).state == "genuine"


@pytest.mark.parametrize(("content", "password"), [(file_of(), "wrong"), (b"no such file", "x")])
def test_a_pkcs12_file_that_cannot_be_opened_is_refused_in_a_sentence(content: bytes, password: str) -> None:
    with pytest.raises(Conflict, match="cannot be opened"):
        authority.read_pkcs12(content, password, "")


def test_who_signs_may_be_inside_an_event_loop(time_server: str) -> None:
    async def serve() -> list[bytes]:
        return [sign(draw(SAMPLE), replace(material(), timestamp_url=url)) for url in ("", time_server)]

    found = [examine(content, [root()]) for content in asyncio.run(serve())]

    assert [(one.state, one.has_timestamp) for one in found] == [("genuine", False), ("genuine", True)]


# --- timestamps -----------------------------------------------------------------------------------------------------


@cache
def timestamper() -> DummyTimeStamper:
    """A timestamp authority, with its certificate under the authority of the site."""
    issuer = authority.root_of(an_authority().public_text)
    issuer_key = load_der_private_key(an_authority().private, None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = rsa.generate_private_key(65537, 2048)  # the fake knows only RSA
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Time")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(77)
        .not_valid_before(NOW - timedelta(hours=1))
        .not_valid_after(NOW + timedelta(days=900))
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(issuer_key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    own = asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))
    return DummyTimeStamper(own, asn1_keys.PrivateKeyInfo.load(private))


class TimeServer(BaseHTTPRequestHandler):
    """Answers as RFC 3161 says, or as `mood` says."""

    mood = "well"
    asked = 0
    release = threading.Event()

    def do_POST(self) -> None:
        type(self).asked += 1
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.mood == "dribbles":
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            with contextlib.suppress(OSError):
                while not self.release.wait(0.05):
                    self.wfile.write(b"0")
            return
        if self.mood == "hangs":
            self.release.wait(20)
            return
        self.send_response(200 if self.mood == "well" else 500)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.end_headers()
        if self.mood == "well":
            self.wfile.write(timestamper().request_tsa_response(tsp.TimeStampReq.load(body)).dump())

    def log_message(self, *given: object) -> None:
        pass


@pytest.fixture
def time_server() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), TimeServer)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    TimeServer.mood, TimeServer.asked = "well", 0
    TimeServer.release.clear()
    yield f"http://127.0.0.1:{server.server_port}/"
    TimeServer.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_timestamp_server_confirms_the_moment(time_server: str) -> None:
    content = sign(draw(SAMPLE), replace(material(), timestamp_url=time_server))

    found = examine(content, [root()])

    assert (found.state, found.has_timestamp) == ("genuine", True)


@pytest.mark.parametrize("mood", ["hangs", "fails", "dribbles"])
def test_a_timestamp_server_that_hangs_or_fails_is_not_waited_for(
    time_server: str, mood: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "TIMESTAMP_SECONDS", 0.3)
    TimeServer.mood = mood

    contents = [sign(draw(SAMPLE), replace(material(), timestamp_url=time_server)) for _ in range(3)]

    assert [examine(one, [root()]).state for one in contents] == ["genuine"] * 3
    assert not examine(contents[0], [root()]).has_timestamp
    assert TimeServer.asked == 1  # the others did not even ask
