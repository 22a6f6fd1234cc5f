"""What the tables of ASVS say of pages and code as a whole, where no other test does."""

from __future__ import annotations

import ast
import base64
import math
import re
from pathlib import Path

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from lms import keys
from lms.clock import utc_now
from lms.database import db
from lms.people import recovery_codes
from lms.people.models import UserSession
from lms.people.signins import begin_session
from lms.web.account_security import SETUP_SEALED_FOR
from lms.web.kept import open_entries
from tests.support.visits import PASSWORD, sign_in
from tests.support.world import World

ROOT = Path(__file__).parents[2]
PAGES_WITH_PASSWORDS = ("/sign-in", "/account/password", "/sign-in/again")
EMAIL = "ana@test.example"


@pytest.fixture
def ana(world: World) -> int:
    user = world.user("Ana Ruiz", email=EMAIL, agency=world.agency())
    world.set_password(user, PASSWORD)
    return user


def test_password_boxes_are_masked_and_take_what_is_pasted(client: FlaskClient, world: World, ana: int) -> None:
    signed_in = world.client_of(ana)
    found = []
    for address in PAGES_WITH_PASSWORDS:
        page = (client if address == "/sign-in" else signed_in).get(address).text
        found += re.findall(r'<input[^>]*name="[a-z_]*password[a-z_]*"[^>]*>', page)

    assert len(found) == 5
    assert all('type="password"' in one and "autocomplete=" in one and "onpaste" not in one for one in found)
    assert not any("paste" in path.read_text(encoding="utf-8") for path in (ROOT / "lms" / "static").glob("*.js"))


def test_a_password_counts_after_ten_years(client: FlaskClient, ana: int) -> None:
    with time_machine.travel(utc_now().replace(year=utc_now().year + 10, day=1)):
        assert sign_in(client, EMAIL).headers["Location"] == "/home"


def test_no_form_of_an_account_asks_for_a_hint_or_a_secret_question() -> None:
    forms = [ROOT / "lms" / "web" / "forms" / name for name in ("accounts.py", "security.py")]
    names = [
        target.id
        for path in forms
        for one in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(one, ast.Assign)
        for target in one.targets
        if isinstance(target, ast.Name)
    ]

    assert "password" in names
    assert not [name for name in names if "hint" in name.removesuffix("_HINT").lower() or "question" in name]


def test_rooms_of_people_draw_no_number_from_a_guessable_generator() -> None:
    files = [*(ROOT / "lms" / "people").glob("*.py"), *(ROOT / "lms" / "web").glob("*.py")]
    guessable = [path.name for path in files if re.search(r"^\s*(import|from) random\b", path.read_text("utf-8"), re.M)]

    assert len(files) > 50
    assert guessable == []


def test_a_recovery_code_is_hard_to_guess() -> None:
    made = recovery_codes.new_codes()
    letters = recovery_codes.GROUPS * recovery_codes.GROUP_LETTERS

    assert letters * math.log2(len(set(recovery_codes.LETTERS))) > 75
    assert {len(recovery_codes.clean_code(code)) for code in made.codes} == {letters}
    assert len(made.salt) * 8 >= 32


def test_a_session_token_has_256_bits(world: World, ana: int) -> None:
    tokens = {world.write(lambda: begin_session(ana, hours=1, agent="")) for _ in range(20)}

    assert len(tokens) == 20
    assert {len(base64.urlsafe_b64decode(token + "=")) for token in tokens} == {32}


@pytest.mark.parametrize("address", ["/home", "/account", "/account/security", "/catalog", "/certificates", "/help"])
def test_every_page_of_somebody_signed_in_offers_to_sign_out(world: World, ana: int, address: str) -> None:
    assert '<form method="post" action="/sign-out">' in world.client_of(ana).get(address).text


def test_no_page_that_is_only_opened_begins_a_sign_in(app: Flask, client: FlaskClient, world: World, ana: int) -> None:
    addresses = [rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()) and not rule.arguments]

    for address in addresses:
        client.get(address)

    assert len(addresses) > 30
    assert world.read(lambda: db.session.query(UserSession).count()) == 0


def test_a_token_of_one_kind_is_none_of_another(app: Flask, client: FlaskClient) -> None:
    secret = app.extensions["lms"].settings.secret_key
    client.get("/sign-in")
    cookie = client.get_cookie("lms")
    assert cookie is not None
    sealed = keys.seal(b"1:secret", secret, SETUP_SEALED_FOR)

    with app.test_request_context("/"):
        assert open_entries(cookie.value.partition(".")[2]) is None
        assert open_entries(sealed.decode()) is None
    assert keys.unseal(sealed, secret, "signing keys") is None
