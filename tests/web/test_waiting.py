"""What waits for an administrator's decision is counted on the home page, on People and in the weekly overview."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import pytest
from flask import Flask

from lms import daily, privacy
from lms.clock import utc_now
from lms.database import db
from lms.mail import write_mail
from lms.people import joining
from lms.people.models import Membership
from lms.settings import Settings
from tests.support.days import site_day
from tests.support.world import World
from tests.web.test_people import Office, office

__all__ = ["office"]


@pytest.fixture
def waits(world: World, office: Office) -> Office:
    """Somebody asks to join the agency, and one of its people asks to be erased."""
    newcomer = world.user("Nia Walker")

    def step() -> None:
        joining.add_request(newcomer, office.agency, "schools", now=utc_now())
        privacy.ask_erasure(office.person, utc_now())

    world.write(step)
    return office


@pytest.mark.parametrize("address", ["/home", "/people"])
def test_requests_are_counted_where_an_administrator_looks(waits: Office, address: str) -> None:
    page = waits.admin.get(address).text

    assert "1 person asks to join" in page
    assert "1 person asks to be erased" in page


@pytest.mark.parametrize("address", ["/home", "/people"])
def test_nothing_is_counted_for_the_administrator_of_another_agency(waits: Office, address: str) -> None:
    assert "Waits for your decision" not in waits.other_admin.get(address).text


def test_a_request_that_only_the_state_may_decide_is_not_counted_for_an_agency(waits: Office, world: World) -> None:
    day = site_day() - timedelta(days=1)
    elsewhere = world.agency("Elsewhere")
    world.write(
        lambda: db.session.add(
            Membership(user_id=waits.person, agency_id=elsewhere, discipline="schools", started_on=day)
        )
    )

    assert "asks to be erased" not in waits.admin.get("/home").text
    assert "asks to join" in waits.admin.get("/home").text


@pytest.mark.parametrize(("language", "words"), [("en", "asking to join: 1"), ("es", "para incorporarse: 1")])
def test_the_weekly_overview_counts_them_even_where_nothing_ends(
    app: Flask, waits: Office, language: str, words: str
) -> None:
    with app.app_context():
        found = daily.digest_to_send({"user_id": waits.admin_id}, utc_now(), Settings())
        assert found is not None
        _user, digest, waiting = found

        values = {"counts": (), "overdue": 0, "due_soon": 0, "waiting": asdict(waiting)}
        mail = write_mail("weekly-digest", language, values, to="a@a.example", effect_key="one", settings=Settings())

    assert digest.is_empty
    assert (waiting.joining, waiting.erasures, waiting.total) == (1, 1, 2)
    assert words in mail.get_content()
