"""What a badge says and what it never says; the list of those that do not stand; its picture and what is read of one."""

from __future__ import annotations

import base64
import gzip
import io
import json
import struct
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PIL import Image

from lms.certification.badges.credential import achievement, claims, credential_of
from lms.certification.badges.image import KEYWORD, SIZE, SMALL, baked, picture
from lms.certification.badges.reading import is_badge, token_in
from lms.certification.badges.status import LIST_BITS, encoded, list_claims
from lms.certification.facts import MilestoneLine, SeatLine, TeamFacts
from tests.certification.badge_samples import BEGUN, CERTIFIED, SITE_URL, award
from tests.certification.conftest import SAMPLE

TEAM = replace(
    SAMPLE,
    kind="team",
    printed_name="Cole County team",
    team=TeamFacts("Cole County team", (SeatLine("Nurse", "healthcare", "Nora Núñez"),), (MilestoneLine("Met"),)),
)


def test_the_registered_claims_are_the_credentials_own() -> None:
    found = claims(award())

    assert found["iss"] == found["issuer"]["id"] == f"{SITE_URL}/badges/issuer"
    assert found["jti"] == found["id"] == f"{SITE_URL}/verify/{SAMPLE.code}"
    assert found["sub"] == found["credentialSubject"]["id"]
    assert datetime.fromtimestamp(found["nbf"], UTC) == datetime.fromisoformat(found["validFrom"]) == BEGUN
    assert datetime.fromtimestamp(found["exp"], UTC) == datetime.fromisoformat(found["validUntil"])
    assert "iat" not in found
    assert "vc" not in found


def test_what_never_ends_has_no_end() -> None:
    found = claims(award(expires_at=None))

    assert "exp" not in found
    assert "validUntil" not in found


@pytest.mark.parametrize("facts", [SAMPLE, CERTIFIED, TEAM])
def test_every_kind_has_what_open_badges_asks_for(facts) -> None:  # type: ignore[no-untyped-def]
    found = credential_of(award(facts=facts))
    achieved = found["credentialSubject"]["achievement"]

    assert found["@context"][0] == "https://www.w3.org/ns/credentials/v2"
    assert found["type"] == ["VerifiableCredential", "OpenBadgeCredential"]
    assert all(achieved[name] for name in ("id", "type", "name", "description", "achievementType", "image"))
    assert achieved["criteria"]["narrative"]
    assert achieved["image"]["caption"].startswith("Badge: ")
    assert found["credentialStatus"]["statusListIndex"] == "4711"


def test_a_course_names_its_objectives_and_hours() -> None:
    subject = credential_of(award())["credentialSubject"]

    assert [one["targetName"] for one in subject["achievement"]["alignment"]] == list(SAMPLE.objectives)
    assert subject["achievement"]["alignment"][0]["targetUrl"] == f"{SITE_URL}/courses/{SAMPLE.course_slug}"
    assert subject["result"][0]["value"] == "1.00"
    assert subject["result"][0]["resultDescription"] == subject["achievement"]["resultDescription"][0]["id"]
    assert "No accreditation is claimed." in subject["narrative"]
    assert "not approved" in subject["narrative"]


def test_a_certification_lists_its_evidence_by_code() -> None:
    evidence = credential_of(award(facts=CERTIFIED))["evidence"]

    assert evidence[0]["id"] == f"{SITE_URL}/verify/7K0M-Q4XT-0003"
    assert evidence[0]["name"] == "Understanding trafficking"
    assert "Cole County" in evidence[1]["narrative"]
    assert "id" not in evidence[1]


def test_approved_credit_is_said_with_its_approval() -> None:
    narrative = credential_of(award(facts=CERTIFIED))["credentialSubject"]["narrative"]

    assert "1.00 hours (clee, legal-studies) from Missouri POST, approval P-77" in narrative
    assert "No accreditation" not in narrative


def test_a_hidden_name_is_nowhere_and_neither_is_what_would_tell_it() -> None:
    text = json.dumps(claims(award(facts=CERTIFIED, shows_name=False)), ensure_ascii=False)

    assert CERTIFIED.printed_name not in text
    assert "identifier" not in json.loads(text)["credentialSubject"]
    assert "/verify/7K0M-Q4XT-0003" not in json.dumps(json.loads(text)["evidence"])


def test_no_badge_tells_a_score_a_license_an_agency_or_a_members_name() -> None:
    texts = [json.dumps(claims(award(facts=facts)), ensure_ascii=False) for facts in (SAMPLE, CERTIFIED, TEAM)]

    for text in texts:
        for secret in ("2019012345", "Kingdom City General Hospital", "Nora Núñez", "@example", "birth"):
            assert secret not in text


def test_the_same_achievement_has_the_same_address_and_another_one_another() -> None:
    key, _ = achievement(SAMPLE, SITE_URL)

    assert achievement(replace(SAMPLE, printed_name="Somebody else", code="X"), SITE_URL)[0] == key
    assert achievement(replace(SAMPLE, contact_minutes=90), SITE_URL)[0] != key
    assert achievement(replace(SAMPLE, language="es"), SITE_URL)[0] != key


def test_a_spanish_certificate_has_a_spanish_badge() -> None:
    found = credential_of(award(facts=replace(SAMPLE, language="es")))["credentialSubject"]["achievement"]

    assert found["inLanguage"] == "es"
    assert found["criteria"]["narrative"].startswith("Completó todos los módulos")


# --- the status list ------------------------------------------------------------------------------------------------


def test_the_list_has_all_its_bits_and_only_the_right_ones_are_set() -> None:
    text = encoded([0, 9, LIST_BITS - 1])

    bits = gzip.decompress(base64.urlsafe_b64decode(text[1:] + "=" * (-len(text[1:]) % 4)))
    assert text[0] == "u"
    assert len(bits) * 8 >= 131_072
    assert (bits[0], bits[1], bits[-1]) == (0b1000_0000, 0b0100_0000, 1)
    assert sum(byte.bit_count() for byte in bits) == 3


def test_the_list_is_the_same_within_the_hour_and_ends_within_a_day() -> None:
    now = datetime(2026, 11, 25, 12, 10, tzinfo=UTC)

    first = list_claims(SITE_URL, 1, [7], now)

    assert list_claims(SITE_URL, 1, [7], now + timedelta(minutes=40)) == first
    assert list_claims(SITE_URL, 1, [7], now + timedelta(minutes=60)) != first
    assert list_claims(SITE_URL, 1, [8], now) != first
    assert timedelta(0) < datetime.fromisoformat(first["validUntil"]) - now <= timedelta(hours=24)
    assert datetime.fromisoformat(first["validFrom"]) <= now


# --- the picture ----------------------------------------------------------------------------------------------------


def test_the_picture_is_a_small_square_and_carries_the_credential_in_its_own_chunk() -> None:
    plain = picture("Understanding trafficking", "Office", is_team=False)
    content = baked(plain, "aaa.bbb.ccc")

    with Image.open(io.BytesIO(content)) as image:
        image.load()
        assert image.size == (SIZE, SIZE)
        assert image.text == {KEYWORD: "aaa.bbb.ccc"}  # type: ignore[attr-defined]
    assert content.count(b"iTXt") == 1
    assert len(plain) < 40_000
    assert len(picture("Understanding trafficking", "Office", is_team=False, size=SMALL)) < 10_000
    assert token_in(content) == "aaa.bbb.ccc"
    assert token_in(plain) is None


def test_titles_differ_in_the_picture_and_a_long_one_stays_within_it() -> None:
    short = picture("Short", "Office", is_team=False)
    long = picture("A very long title of a course " * 8, "Office of everything " * 6, is_team=False)

    assert short != picture("Other", "Office", is_team=False)
    with Image.open(io.BytesIO(long)) as image:
        shown = image.convert("RGB")
        edge = {shown.getpixel((x, y)) for x in (44, SIZE - 45) for y in range(370, 590)}
    assert len(edge) == 1, "letters stand on the edge of the field"


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(*chunks: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def test_a_packed_chunk_of_another_baker_is_read_and_a_bomb_is_not() -> None:
    head = KEYWORD.encode() + b"\0\1\0en\0translated\0"

    assert token_in(png(chunk(b"iTXt", head + zlib.compress(b"aaa.bbb.ccc")))) == "aaa.bbb.ccc"
    assert token_in(png(chunk(b"iTXt", head + zlib.compress(b"a" * 50_000_000)))) is None
    assert token_in(png(chunk(b"iTXt", head + b"not packed"))) is None


@pytest.mark.parametrize(
    "content",
    [
        png(),
        png(b"\xff\xff\xff\xffiTXt"),
        png(chunk(b"iTXt", KEYWORD.encode())),
        png(chunk(b"iTXt", KEYWORD.encode() + b"\0\0")),
        png(chunk(b"tEXt", KEYWORD.encode() + b"\0aaa.bbb.ccc")),
        b"",
        b"aaa.bbb",
        b"a.b.c" * 30_000,
        b"\xff.\xff.\xff",
    ],
)
def test_what_is_no_badge_has_nothing_in_it(content: bytes) -> None:
    assert token_in(content) is None


def test_a_pdf_is_no_badge() -> None:
    assert not is_badge(b"%PDF-1.7\n...")
    assert is_badge(b" aaa.bbb.ccc\n")
