"""The page of resources: without sign-in, by need and county, with what is not known said."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from lms.courseware.directory.entries import Directory
from lms.web.directory import the_directory
from tests.support.world import World


@pytest.fixture
def directory() -> Directory:
    return the_directory()


def test_anybody_reads_every_public_organization_with_source_and_day(client: FlaskClient, directory: Directory) -> None:
    page = client.get("/resources").text

    for one in directory.organizations:
        assert (f'id="{one.id}"' in page) is one.is_public
        if one.is_public:
            entry = page.partition(f'id="{one.id}"')[2].partition("</li>")[0]
            assert "checked on November" in entry
            assert all(f'href="{address}"' in entry for address in one.served.source)


def test_no_way_to_reach_that_rests_on_a_weak_page_is_shown(client: FlaskClient, directory: Directory) -> None:
    page = client.get("/resources").text

    weak = [words for one in directory.organizations for words in one.weak]
    assert weak
    assert not any(words in page for words in weak)


def test_a_way_from_a_secondary_page_says_check_first(client: FlaskClient, directory: Directory) -> None:
    page = client.get("/resources").text

    medium = [one.phone for one in directory.organizations if one.phone and one.phone.confidence == "M"]
    assert medium
    for phone in medium:
        after = page.partition(f'href="tel:{phone.tel}"')[2].partition("</a>")[2]
        assert "Check first" in after.partition("<a ")[0]


def test_authors_see_what_has_to_be_confirmed_and_others_do_not(world: World, directory: Directory) -> None:
    author, learner = world.user(), world.user()
    world.grant(author, "author")

    for_author = world.client_of(author).get("/resources").text
    for_learner = world.client_of(learner).get("/resources").text

    assert "To be confirmed" in for_author
    assert all(words in for_author for one in directory.organizations for words in one.weak)
    assert "To be confirmed" not in for_learner


def test_lines_to_call_stand_before_organizations_and_911_first(client: FlaskClient) -> None:
    main = client.get("/resources").text.partition("<main")[2]

    assert main.index("tel:911") < main.index("tel:+18883737888") < main.index('id="missouri-dss"')


def test_a_need_and_a_county_narrow_the_page_without_script(client: FlaskClient) -> None:
    page = client.get("/resources?need=native-survivors&county=29019").text

    assert 'id="stronghearts"' in page
    assert 'id="mhdc"' not in page
    assert '<option value="29019" selected>' in page
    assert '<option value="native-survivors" selected>' in page


def test_a_county_without_an_entry_of_its_own_is_told_so(client: FlaskClient) -> None:
    page = client.get("/resources?county=29019").text

    assert "We list none for Boone alone" in page
    assert 'id="mhdc"' in page


def test_what_is_not_known_is_said(client: FlaskClient) -> None:
    page = client.get("/resources").text
    entry = page.partition('id="deaflead"')[2].partition("</li>")[0]

    assert "Not known to us: phone, text messages." in entry
    assert "American Sign Language, English" in entry


def test_an_unknown_need_narrows_nothing_and_says_so(client: FlaskClient) -> None:
    page = client.get("/resources?need=horses&county=1").text

    assert "knows no such need or county" in page
    assert 'id="mhdc"' in page


def test_the_page_speaks_spanish(client: FlaskClient) -> None:
    page = client.get("/resources?lang=es").text

    assert "Sobrevivientes de pueblos originarios" in page
    assert "lengua de señas americana" in page
    assert "No lo sabemos" in page
