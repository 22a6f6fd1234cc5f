"""How an agency's certificates look: chosen by its administrator, frozen into awards; a logo that brings nothing along."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image, PngImagePlugin
from pypdf import PdfReader
from werkzeug.test import TestResponse

from lms.certification import branding
from lms.certification.branding import Look, branded
from lms.certification.change_plans import Correction, plan_reissue
from lms.certification.facts import CertificateFacts, Signatory
from lms.certification.logos import LARGEST, MOST_KEPT, clean_logo
from lms.clock import utc_now
from lms.errors import Invalid
from tests.certification.conftest import SAMPLE, Learners
from tests.certification.test_designs import text_of
from tests.support.pages import page_of
from tests.support.world import World, form_token


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 30), mode: str = "RGB", **more: Any) -> bytes:
    output = io.BytesIO()
    Image.new(mode, size, 120 if mode in ("L", "P") else (20, 90, 60, 128)[: len(mode)]).save(output, kind, **more)
    return output.getvalue()


def administrator(world: World, agency: int) -> FlaskClient:
    user = world.user(agency=agency)
    world.grant(user, "agency-administrator", agency)
    return world.client_of(user)


def send(client: FlaskClient, agency: int, **entries: Any) -> TestResponse:
    address = f"/agencies/{agency}/certificate"
    return client.post(address, data={"design": "", **entries, "csrf_token": form_token(client, address)})


def a_file(content: bytes, name: str = "logo.png") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def look(world: World, agency: int) -> Look:
    return world.read(lambda: branding.look_of(agency))


# --- the page -------------------------------------------------------------------------------------------------------


def test_what_an_administrator_chooses_is_printed_on_the_next_award(learners: Learners) -> None:
    world, agency = learners.world, learners.agency
    client = administrator(world, agency)

    answer = send(
        client,
        agency,
        design="classic",
        logo=a_file(picture()),
        first_name="Dr. Ana Ruiz",
        first_title="Chief",
        statement="We  stand\nup.",
    )
    user, code = learners.certified(now=utc_now())
    content = world.client_of(user).get(f"/certificates/{code}.pdf").data

    assert answer.status_code == 303
    facts = CertificateFacts.from_json(learners.row(code).facts)
    assert (facts.design, facts.statement) == ("classic", "We stand up.")
    assert facts.agency_signatories == (Signatory("Dr. Ana Ruiz", "Chief"),)
    assert "Dr. Ana Ruiz" in text_of(content)
    assert len(PdfReader(io.BytesIO(content)).pages[0].images) >= 2  # the code and the logo


def test_an_issued_certificate_stays_as_it_was(learners: Learners) -> None:
    client = administrator(learners.world, learners.agency)
    send(client, learners.agency, statement="The first sentence.")
    _, code = learners.certified(now=utc_now())

    send(client, learners.agency, statement="The second sentence.")

    assert learners.row(code).facts["statement"] == "The first sentence."


def test_an_award_that_is_corrected_to_be_another_agency_s_is_in_the_look_of_that_one(learners: Learners) -> None:
    world, other = learners.world, learners.world.agency("River Clinic")
    author = world.user("Administrator")
    wrong = Look("classic", "a" * 64, (Signatory("Ana Ruiz"),), "From the wrong one.")
    right = Look(statement="From the right one.")
    for agency, chosen in ((learners.agency, wrong), (other, right)):
        world.write(lambda a=agency, c=chosen: branding.save_look(a, c, actor_id=author))
    _, code = learners.certified()
    row = learners.row(code)

    def planned(correction: Correction) -> CertificateFacts:
        return world.read(lambda: plan_reissue(row, correction).facts)

    moved, renamed = planned(Correction(other, "River Clinic")), planned(Correction(learners.agency, "General Hosp."))
    assert (moved.design, moved.logo, moved.agency_signatories) == ("", "", ())
    assert moved.statement == "From the right one."
    assert (renamed.design, renamed.logo, renamed.statement) == ("classic", "a" * 64, "From the wrong one.")


def test_the_nearest_agency_above_that_chose_something_is_followed(world: World) -> None:
    state = world.agency("State")
    district = world.agency("District", parent=state)
    school, beside = world.agency("School", parent=district), world.agency("Beside", parent=state)
    for agency, sentence in ((state, "Of the state."), (district, "Of the district.")):
        world.write(lambda a=agency, s=sentence: branding.save_look(a, Look(statement=s), actor_id=world_admin(world)))

    found = {a: world.read(lambda a=a: branding.look_for(a)).statement for a in (state, district, school, beside)}

    assert found == {
        state: "Of the state.",
        district: "Of the district.",
        school: "Of the district.",
        beside: "Of the state.",
    }
    world.write(lambda: branding.save_look(district, Look(), actor_id=world_admin(world)))
    assert world.read(lambda: branding.look_for(school)).statement == "Of the state."


def world_admin(world: World) -> int:
    from lms.database import db
    from lms.people.models import User

    found = db.session.query(User.id).limit(1).scalar()
    if found is None:
        user = User(name="Admin", email="a@test.example", language="en", created_at=utc_now())
        db.session.add(user)
        db.session.flush()
        found = user.id
    return found


def test_facts_that_have_a_look_already_keep_it(context: Flask) -> None:
    facts = replace(SAMPLE, statement="As it was.")

    assert branded(facts, None) == facts
    assert branded(facts, 12345) is facts


@pytest.mark.parametrize(
    ("entries", "sentence"),
    [
        ({"statement": "Approved for 3 CLEE hours by POST."}, "This sentence speaks of approval"),
        ({"statement": "Vale 2 créditos."}, "This sentence speaks of approval"),
        ({"statement": "x" * 301}, "This is too long"),
        ({"first_title": "Chief"}, "Write the name of who signs."),
        ({"design": "../../etc/passwd"}, "Not a valid choice"),
        ({"logo": (b"<svg onload=alert(1)>", "logo.svg")}, "An SVG picture can hold programs"),
        ({"logo": (b"GIF89a...", "logo.png")}, "neither a PNG nor a JPEG"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_the_reason(entries: dict[str, Any], sentence: str, world: World) -> None:
    agency = world.agency()
    client = administrator(world, agency)
    if "logo" in entries:
        entries = {"logo": a_file(*entries["logo"])}

    answer = send(client, agency, **entries)

    assert answer.status_code == 422
    assert sentence in answer.get_data(as_text=True)
    assert look(world, agency) == Look()


def test_the_page_shows_the_logo_and_takes_it_away(world: World) -> None:
    agency = world.agency()
    client = administrator(world, agency)
    send(client, agency, logo=a_file(picture("JPEG"), "x.jpg"))

    assert f'src="/agencies/{agency}/certificate/logo.png"' in page_of(client, f"/agencies/{agency}/certificate")
    shown = client.get(f"/agencies/{agency}/certificate/logo.png")
    assert (shown.mimetype, shown.data[:4]) == ("image/png", b"\x89PNG")
    send(client, agency, remove_logo="y")
    assert look(world, agency).logo == ""
    assert client.get(f"/agencies/{agency}/certificate/logo.png").status_code == 404


@pytest.mark.parametrize("design", ["", "modern", "classic"])
def test_the_sample_shows_what_is_entered_saves_nothing_is_of_nobody_and_not_signed(design: str, world: World) -> None:
    agency = world.agency("Kingdom City Schools")
    client = administrator(world, agency)

    content = send(client, agency, design=design, statement="Our own sentence.", sample="1").data

    assert look(world, agency) == Look()
    assert "Kingdom City Schools" in text_of(content)
    assert "Our own sentence." in text_of(content)
    assert "sample" in text_of(content)
    assert "/AcroForm" not in PdfReader(io.BytesIO(content)).trailer["/Root"]


# --- logos ----------------------------------------------------------------------------------------------------------


def test_a_logo_is_painted_anew_and_keeps_nothing_but_its_dots() -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "made at home")
    exif = Image.Exif()
    exif[0x010E] = "taken at 38.9, -92.3"

    for content in (picture(pnginfo=words, exif=exif), picture("JPEG", exif=exif), picture("PNG", mode="P")):
        cleaned, digest = clean_logo(content + b"<?php hidden ?>")
        with Image.open(io.BytesIO(cleaned)) as opened:
            assert (opened.format, opened.mode, opened.size) == ("PNG", "RGB", (60, 30))
            assert dict(opened.info) == {}
            assert len(opened.getexif()) == 0
        assert not any(word in cleaned for word in (b"home", b"taken", b"php"))
        assert digest == hashlib.sha256(cleaned).hexdigest()


def test_a_large_logo_is_made_smaller_and_keeps_its_transparency() -> None:
    cleaned, _ = clean_logo(picture(size=(3000, 2000), mode="RGBA"))

    with Image.open(io.BytesIO(cleaned)) as opened:
        assert opened.mode == "RGBA"
        assert opened.width <= LARGEST[0]
        assert opened.height <= LARGEST[1]


def test_a_noisy_logo_does_not_swell_every_certificate() -> None:
    output = io.BytesIO()
    Image.effect_noise((1000, 500), 90).convert("RGB").save(output, "JPEG", quality=70)

    cleaned, _ = clean_logo(output.getvalue())

    assert len(cleaned) <= MOST_KEPT


def a_bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is enormous."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", head), (b"IDAT", zlib.compress(b"\0" * 1000)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (a_bomb(60_000, 60_000), "too large"),
        (a_bomb(5_000, 5_000), "too large"),
        (picture() + b"\0" * 500_000, "too large"),
        (picture()[:30], "cannot be read"),
        (b"\xff\xd8\xff" + b"junk" * 20, "cannot be read"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
        (b"RIFF1234WEBP", "neither"),
        (b"", "neither"),
    ],
)
def test_a_picture_that_is_none_or_too_much_is_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(Invalid, match=sentence):
        clean_logo(content)
