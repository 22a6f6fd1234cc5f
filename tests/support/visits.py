"""Sending forms as a browser would: with the form token of a page that the person has open."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lms.database import db
from lms.outbox import OutboxMessage
from tests.support.world import World

PASSWORD = "four quiet otters read"


def send(
    client: FlaskClient,
    address: str,
    values: Mapping[str, Any] | None = None,
    *,
    page: str = "/sign-in",
    host: str = "localhost",
) -> TestResponse:
    """POST with a token out of `page` (for who is signed in, any page has one)."""
    answer = client.get(page, base_url=f"http://{host}", follow_redirects=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]*)"', answer.get_data(as_text=True))
    assert token, f"{page} has no form"
    return client.post(address, base_url=f"http://{host}", data={**(values or {}), "csrf_token": token[1]})


def sign_in(client: FlaskClient, email: str, password: str = PASSWORD, **values: str) -> TestResponse:
    """Fill in the sign-in page."""
    return send(client, "/sign-in", {"email": email, "password": password, **values})


def mails(world: World) -> list[dict[str, Any]]:
    """What was queued as mail, oldest first."""
    return world.read(
        lambda: [
            dict(row.payload)
            for row in db.session.query(OutboxMessage).filter_by(kind="mail").order_by(OutboxMessage.id)
        ]
    )


def link_in(mail: Mapping[str, Any]) -> str:
    """The path of the link in a mail."""
    return re.sub(r"^https?://[^/]+", "", mail["values"]["link"])


def accept_policies(client: FlaskClient, to: str = "/home") -> TestResponse:
    """Accept what is in force, as who signs in for the first time does."""
    address = f"/policies/accept?next={to}"
    page = client.get(address).get_data(as_text=True)
    shown = dict(re.findall(r'name="(text-[a-z]+)" value="([^"]*)"', page))
    return send(client, address, {**shown, "agrees": "y"}, page=address)
