"""Two languages: how one is chosen, how days and numbers read in it, and a switch that loses nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from flask import Flask, g
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict
from wtforms import Form

from lms.web.forms.fields import DayField
from lms.web.language import format_day, format_minutes, format_moment, format_number, format_share
from tests.support.world import World

pytestmark = pytest.mark.sqlite_only

CENTRAL = ZoneInfo("America/Chicago")


def language_of(page: str) -> str:
    found = re.search(r'<html lang="(\w+)" dir="ltr">', page)
    assert found is not None
    return found[1]


@pytest.fixture(params=["en", "es"])
def spoken(request: pytest.FixtureRequest, app: Flask) -> Iterator[str]:
    with app.test_request_context("/"):
        g.language = request.param
        yield request.param


def test_the_address_decides_and_is_remembered(client: FlaskClient) -> None:
    asked = language_of(client.get("/help?lang=es").text)
    later = language_of(client.get("/privacy").text)
    back = language_of(client.get("/privacy?lang=en").text)

    assert (asked, later, back) == ("es", "es", "en")


def test_without_a_choice_the_persons_language_comes_before_the_browsers(world: World, client: FlaskClient) -> None:
    as_stranger = language_of(client.get("/help", headers={"Accept-Language": "es-MX,es;q=0.9,en;q=0.5"}).text)
    world.sign_in(client, world.user(language="es", agency=world.agency()))

    as_person = language_of(client.get("/help", headers={"Accept-Language": "en-US"}).text)

    assert as_stranger == "es"
    assert as_person == "es"


@pytest.mark.parametrize("asked", ["de", "", "../en", "es%00"])
def test_a_language_that_is_not_offered_changes_nothing(client: FlaskClient, asked: str) -> None:
    answer = client.get(f"/help?lang={asked}")

    assert answer.status_code in (200, 400)
    assert language_of(answer.text) == "en"


def test_a_signed_in_choice_is_kept_for_the_session(world: World) -> None:
    client = world.client_of(world.user(agency=world.agency()))

    client.get("/help?lang=es")

    assert language_of(client.get("/help").text) == "es"


def test_the_switch_keeps_the_address_and_its_query(client: FlaskClient) -> None:
    page = client.get("/help?need=housing&page=2").text

    assert 'href="/help?need=housing&amp;page=2&amp;lang=es"' in page


def test_days_and_moments_are_those_of_the_place(spoken: str) -> None:
    moment = datetime(2026, 11, 24, 3, 30, tzinfo=UTC)

    day = format_day(moment, CENTRAL)

    assert day == {"en": "November 23, 2026", "es": "23 de noviembre de 2026"}[spoken]
    assert (
        format_day(date(2026, 11, 24), CENTRAL) == {"en": "November 24, 2026", "es": "24 de noviembre de 2026"}[spoken]
    )
    assert format_moment(moment, CENTRAL).replace("\u202f", " ").startswith(day)
    assert "9:30" in format_moment(moment, CENTRAL)
    assert "CST" in format_moment(moment, CENTRAL)
    assert format_day(None, CENTRAL) == format_moment(None, CENTRAL) == ""


def test_numbers_are_written_as_in_this_country(spoken: str) -> None:
    assert format_number(11482.5) == "11,482.5"
    assert format_number(Decimal("1145")) == "1,145"
    assert format_number(None) == ""
    assert format_share(0.799).replace("\xa0", " ") in ("79%", "79 %")


def test_minutes_are_said_in_hours_and_minutes(app: Flask) -> None:
    with app.test_request_context("/"):
        said = [format_minutes(minutes) for minutes in (0, 1, 45, 60, 80, 121)]

    assert said == ["0 minutes", "1 minute", "45 minutes", "1 hour", "1 hour 20 minutes", "2 hours 1 minute"]


def token_of(page: str) -> str:
    found = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def switch(client: FlaskClient, entries: dict[str, str | list[str]]) -> str:
    """Press the language button that belongs to the page's form; the page that comes after."""
    page = client.get("/styleguide?plain=1").text
    found = re.search(r'form="sample" formmethod="post" formaction="([^"]+)" formnovalidate lang="es"', page)
    assert found is not None
    address = found[1].replace("&amp;", "&")
    answer = client.post(address, data={"csrf_token": token_of(page), **entries})
    assert answer.status_code == 303
    return client.get(answer.location).text


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_switching_without_script_keeps_every_entry_but_the_password(
    world: World, client: FlaskClient, is_signed_in: bool
) -> None:
    if is_signed_in:
        world.sign_in(client, world.user(agency=world.agency()))
    entries: dict[str, str | list[str]] = {
        "name": "Rosa <Díaz>",
        "passphrase": "not a real secret",
        "password": "not a real secret",
        "about": "Line one",
        "format": "group",
        "days": ["mon", "tue"],
        "begins_on-month": "2",
        "begins_on-day": "31",
        "begins_on-year": "2027",
        "agrees": "y",
    }

    page = switch(client, entries)

    assert language_of(page) == "es"
    assert 'value="Rosa &lt;Díaz&gt;"' in page
    assert "Line one" in page
    assert 'value="group" checked' in page
    assert page.count('name="days" value="mon" checked') == page.count('name="days" value="tue" checked') == 1
    assert '<option value="2" selected>' in page
    assert 'value="31"' in page
    assert 'name="agrees" value="y" checked' in page
    assert "not a real secret" not in page


def test_kept_entries_are_shown_once(client: FlaskClient) -> None:
    switch(client, {"name": "Rosa"})

    assert 'value="Rosa"' not in client.get("/styleguide?plain=1").text


def test_the_switch_never_leads_to_another_site(client: FlaskClient) -> None:
    token = token_of(client.get("/styleguide").text)

    for to in ("https://evil.example/", "//evil.example/", "/\\evil.example", "/\t/evil.example"):
        answer = client.post("/language", query_string={"lang": "es", "to": to}, data={"csrf_token": token})

        assert answer.location == "/"


class DayForm(Form):
    day = DayField("Day")


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        (("2", "29", "2028"), date(2028, 2, 29)),
        ((" 3", "9 ", "2027"), date(2027, 3, 9)),
        (("", "", ""), None),
    ],
)
def test_three_boxes_make_a_day(parts: tuple[str, str, str], expected: date | None) -> None:
    form = DayForm(MultiDict(zip(("day-month", "day-day", "day-year"), parts, strict=True)))

    assert form.validate()
    assert form.day.data == expected


@pytest.mark.parametrize(
    "parts", [("2", "29", "2027"), ("13", "1", "2027"), ("2", "", "2027"), ("x", "1", "2027"), ("1", "1", "0")]
)
def test_what_is_not_in_the_calendar_is_refused_and_kept(app: Flask, parts: tuple[str, str, str]) -> None:
    with app.test_request_context("/"):
        form = DayForm(MultiDict(zip(("day-month", "day-day", "day-year"), parts, strict=True)))

        assert not form.validate()
        assert "calendar" in str(form.day.errors[0])
        assert (form.day.parts.month, form.day.parts.day, form.day.parts.year) == parts


def test_a_stored_day_fills_the_boxes() -> None:
    form = DayForm(None, data={"day": date(2027, 3, 9)})

    assert (form.day.parts.month, form.day.parts.day, form.day.parts.year) == ("3", "9", "2027")
