"""Second factors as a person sets them up and uses them: by the pages, with the codes that their app would show."""

from __future__ import annotations

import base64
import re
from datetime import timedelta
from typing import Any

import time_machine
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lms.clock import utc_now
from lms.people.authenticator_apps import code_at, present_step
from tests.support.authenticator import Authenticator
from tests.support.visits import send

SECURITY = "/account/security"


def secret_in(page: str) -> bytes:
    """The secret that a page shows as text, read as an app reads it."""
    found = re.search(r'<dt>Secret</dt><dd><code class="code">([A-Z2-7 ]+)</code>', page)
    assert found is not None, page
    text = found[1].replace(" ", "")
    return base64.b32decode(text + "=" * (-len(text) % 8))


def code_of(secret: bytes, steps: int = 0) -> str:
    """What the app shows now, or so many steps of 30 seconds later."""
    return code_at(secret, present_step() + steps)


def later(seconds: float = 90) -> time_machine.travel:
    """A while later, when codes that were used before are old. Time stands still there: a code stays the present one."""
    return time_machine.travel(utc_now() + timedelta(seconds=seconds), tick=False)


def set_up_app(client: FlaskClient) -> tuple[bytes, list[str]]:
    """Set up an app by the page; its secret, and the recovery codes that were shown on the next one."""
    page = client.get(f"{SECURITY}/app").text
    secret = secret_in(page)
    answer = send(client, f"{SECURITY}/app", {"setup": hidden(page, "setup"), "code": code_of(secret)}, page=SECURITY)
    assert answer.status_code == 303, answer.text
    return secret, codes_after(client, answer)


def codes_after(client: FlaskClient, answer: TestResponse) -> list[str]:
    """The recovery codes on the page to which an answer leads."""
    return codes_in(client.get(answer.headers["Location"]).text)


def codes_in(page: str) -> list[str]:
    return re.findall(r"<li><code class=\"code\">([a-z2-9-]+)</code></li>", page)


def hidden(page: str, name: str) -> str:
    """The value of a hidden field of a page."""
    found = re.search(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    assert found is not None, f"no field {name}"
    return found[1]


def options(client: FlaskClient, address: str, page: str = SECURITY) -> dict[str, Any]:
    """What the script asks for before it calls the browser: options and ticket."""
    token = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', client.get(page, follow_redirects=True).text)
    assert token is not None
    answer = client.post(address, headers={"X-CSRFToken": token[1], "Accept": "application/json"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def add_passkey(client: FlaskClient, device: Authenticator, name: str = "Phone") -> TestResponse:
    """Add a passkey by the page."""
    found = options(client, f"{SECURITY}/passkeys/options")
    values = {"name": name, "ticket": found["ticket"], "credential": device.create(found["options"])}
    return send(client, f"{SECURITY}/passkeys/new", values, page=SECURITY)


def passkey_sign_in(client: FlaskClient, device: Authenticator, **values: str) -> TestResponse:
    """Sign in with a passkey alone."""
    found = options(client, "/sign-in/passkey/options", "/sign-in")
    answer = {"ticket": found["ticket"], "credential": device.get(found["options"]), **values}
    return send(client, "/sign-in/passkey", answer)
