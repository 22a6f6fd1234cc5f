"""Report pages over HTTP: what each role sees, filters that were forged, and files with the same totals as the page."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from functools import partial

import pytest
from flask.testing import FlaskClient

from lms.certification.validity import expiry_of
from lms.clock import local_day, utc_now
from lms.reporting.at_a_glance import figures_at_a_glance
from tests.conftest import QueryCount
from tests.reporting.records import add_course, award, enroll
from tests.support.world import World

ADDRESSES = ("/reports", "/reports/expiring", "/reports/in-progress")
FILES = ("/reports/certified.csv", "/reports/expiring.csv", "/reports/in-progress.csv")


def two_agencies(world: World) -> tuple[FlaskClient, int, int]:
    """An administrator of one agency, signed in; that agency, and another one that is none of theirs."""
    course = add_course(world, "one")
    mine, other = world.agency("Mine"), world.agency("Other")
    for agency, name in ((mine, "Ana Own"), (other, "Otto Foreign")):
        certified, begun = world.user(name, agency=agency), world.user(f"{name} begun", agency=agency)
        now = utc_now()
        world.write(
            lambda user=certified, now=now: award(
                user, course, valid_from=now - timedelta(days=9), expires_at=now + timedelta(days=20)
            )
        )
        world.write(lambda user=begun, now=now: enroll(user, course, now - timedelta(days=40)))
    administrator = world.user("Administrator")
    world.grant(administrator, "agency-administrator", mine)
    return world.client_of(administrator), mine, other


def rows_of(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_the_county_and_the_city_of_st_louis_can_be_told_apart(world: World) -> None:
    administrator = world.user("Administrator")
    above = world.agency("State")
    for fips in ("29189", "29510"):
        world.agency(parent=above, county=fips)
    world.grant(administrator, "agency-administrator", above)

    page = world.client_of(administrator).get("/reports").get_data(as_text=True)

    assert '<option value="29189">St. Louis County</option>' in page
    assert '<option value="29510">St. Louis City</option>' in page


@pytest.mark.parametrize("address", [*ADDRESSES, *FILES])
def test_an_administrator_sees_and_exports_only_their_own_agencies(world: World, address: str) -> None:
    client, *_ = two_agencies(world)

    text = client.get(address).get_data(as_text=True)

    assert "Mine" in text
    assert "Other" not in text.replace("Other disciplines", "")
    assert "Otto Foreign" not in text


@pytest.mark.parametrize("address", [*ADDRESSES, *FILES])
def test_anothers_agency_is_not_found_like_one_that_is_none(world: World, address: str) -> None:
    client, _mine, other = two_agencies(world)

    foreign = client.get(address, query_string={"agency": other})
    nowhere = client.get(address, query_string={"agency": 10**15})

    assert (foreign.status_code, nowhere.status_code) == (404, 404)


@pytest.mark.parametrize(
    "query",
    ["agency=x", "agency=9223372036854775808", "agency=-1", "discipline=x", "course=x", "after=x", "after=9-9-9"],
)
def test_what_no_link_of_ours_says_is_not_found(world: World, query: str) -> None:
    client, *_ = two_agencies(world)

    assert client.get(f"/reports/expiring?{query}").status_code == 404


@pytest.mark.parametrize("address", [*ADDRESSES, *FILES])
def test_reports_are_for_administrators(world: World, address: str) -> None:
    learner = world.user(agency=world.agency())

    assert world.app.test_client().get(address).status_code == 303
    assert world.client_of(learner).get(address).status_code == 403


def test_the_file_has_the_totals_of_the_page(world: World) -> None:
    client, *_ = two_agencies(world)

    page = client.get("/reports").get_data(as_text=True)
    file = rows_of(client.get("/reports/certified.csv").data)

    on_page = re.search(
        r'data-people="(\d+)" data-certified="(\d+)" data-expiring="(\d+)" data-in-progress="(\d+)" data-idle="(\d+)"',
        page,
    )
    assert on_page is not None
    assert list(on_page.groups()) == ["2", "1", "1", "1", "1"]
    assert file[-1][2:8] == ["2", "1", "50", "1", "1", "1"]


def test_page_and_file_name_the_last_valid_day_of_what_expires(world: World) -> None:
    course, agency = add_course(world, "one"), world.agency("Mine")
    user, now = world.user("Ana", agency=agency), utc_now()
    last = local_day(now, "America/Chicago") + timedelta(days=20)
    ends_at = expiry_of(last, "America/Chicago")
    world.write(lambda: award(user, course, valid_from=now - timedelta(days=9), expires_at=ends_at))
    administrator = world.user()
    world.grant(administrator, "agency-administrator", agency)
    client = world.client_of(administrator)

    page = client.get("/reports/expiring").get_data(as_text=True)
    file = rows_of(client.get("/reports/expiring.csv").data)

    assert f">{last:%B} {last.day}, {last.year}</td>" in page
    assert (file[0][4], file[1][4]) == ("Valid through", last.isoformat())


def test_a_name_that_is_a_formula_is_neutral_in_the_file(world: World) -> None:
    course, agency = add_course(world, "one"), world.agency("=HYPERLINK()")
    user = world.user('=cmd|" /C calc"!A0', agency=agency)
    world.write(lambda: enroll(user, course, utc_now()))
    administrator = world.user()
    world.grant(administrator, "agency-administrator", agency)

    answer = world.client_of(administrator).get("/reports/in-progress.csv")

    assert answer.headers["Content-Disposition"].startswith('attachment; filename="in-progress-')
    assert rows_of(answer.data)[1][:2] == ['\'=cmd|" /C calc"!A0', "'=HYPERLINK()"]


def test_an_administrator_who_was_demoted_gets_nothing_at_the_next_request(world: World) -> None:
    from lms.database import db
    from lms.people.models import RoleGrant

    client, *_ = two_agencies(world)
    assert client.get("/reports/certified.csv").status_code == 200
    world.write(lambda: db.session.query(RoleGrant).update({"revoked_at": utc_now()}))

    assert client.get("/reports/certified.csv").status_code == 403


def figures_in(html: str) -> list[tuple[str, str]]:
    """The totals that a page carries as data, by name."""
    return sorted(set(re.findall(r'data-(people|certified|expiring|overdue)="(\d+)"', html)))


def test_the_home_page_shows_an_administrator_the_totals_of_the_overview(world: World) -> None:
    client, _, _ = two_agencies(world)

    home, overview = (client.get(address).get_data(as_text=True) for address in ("/home", "/reports"))

    assert figures_in(home) == figures_in(overview) != []
    assert 'href="/reports/expiring"' in home
    assert 'href="/people/import"' in home
    assert 'href="/reports/overdue"' not in home


def test_the_home_page_of_a_learner_shows_no_figures(world: World) -> None:
    _, mine, _ = two_agencies(world)

    home = world.client_of(world.user(agency=mine)).get("/home").get_data(as_text=True)

    assert figures_in(home) == []


def test_figures_of_more_people_than_can_be_counted_at_once_wait_for_the_reports(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _, _ = two_agencies(world)
    monkeypatch.setattr("lms.web.reporting.figures_at_a_glance", partial(figures_at_a_glance, most_places=1))

    assert figures_in(client.get("/home").get_data(as_text=True)) == []


def test_the_overview_takes_as_many_queries_for_many_as_for_few(world: World, count_queries: QueryCount) -> None:
    client, mine, _ = two_agencies(world)
    client.get("/reports")
    count_queries.statements.clear()
    client.get("/reports")
    few = count_queries.count
    for _number in range(12):
        agency = world.agency(parent=mine)
        world.user(agency=agency), world.user(agency=agency, discipline="schools")
    count_queries.statements.clear()

    client.get("/reports")

    assert count_queries.count == few <= 6
