"""What is around every page: weight, help, navigation by role, and nothing inline anywhere."""

from __future__ import annotations

import re
from pathlib import Path

import brotli
import pytest
import yaml
from flask import Flask
from flask.testing import FlaskClient

from lms.app import create_app
from lms.web.help import help_lines_in
from tests.support.world import World

ROOT = Path(__file__).parents[2]
NOT_PAGES = {"mail", "documents"}
"""Mails and printed documents are never shown by a browser under our content policy."""

TEMPLATES = sorted(
    path for path in (ROOT / "templates").rglob("*.html") if not NOT_PAGES & set(path.relative_to(ROOT).parts)
)
STATIC_ADDRESS = re.compile(r'(?:href|src)="(/static/[^"]+)"')
KIB = 1024

pytestmark = pytest.mark.sqlite_only


def packed(body: bytes) -> int:
    return len(brotli.compress(body, quality=5))


def weight_of(client: FlaskClient, address: str) -> dict[str, int]:
    """Bytes over the wire of a page and of each file that it names."""
    page = client.get(address)
    assert page.status_code == 200, address
    weights = {address: packed(page.data)}
    for file in sorted(set(STATIC_ADDRESS.findall(page.text))):
        weights[file] = len(client.get(file, headers={"Accept-Encoding": "br"}).data)
    return weights


def test_the_stylesheet_weighs_at_most_8_kb(client: FlaskClient) -> None:
    answer = client.get("/static/app.css", headers={"Accept-Encoding": "br"})

    assert len(answer.data) <= 8 * KIB


def test_a_learners_page_weighs_at_most_45_kb_in_at_most_five_requests(world: World, client: FlaskClient) -> None:
    world.publish("tiny")
    world.sign_in(client, world.user("Rosa Diaz", agency=world.agency()))

    for address in ("/home", "/catalog", "/courses/tiny"):
        weights = weight_of(client, address)

        assert sum(weights.values()) <= 45 * KIB, weights
        assert len(weights) <= 5, weights
        assert sum(size for name, size in weights.items() if name.endswith(".js")) <= 3 * KIB


def test_every_part_of_the_pages_together_still_fits_into_an_admin_page(client: FlaskClient) -> None:
    assert sum(weight_of(client, "/styleguide").values()) <= 80 * KIB


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_template_carries_inline_script_style_or_handler(template: Path) -> None:
    text = template.read_text(encoding="utf-8")

    assert re.search(r"<style\b", text) is None
    assert re.search(r"<script(?![^>]*\bsrc=)", text) is None
    assert re.search(r"\sstyle\s*=", text) is None
    assert re.search(r"<[a-z][^>]*\son[a-z]+\s*=", text) is None
    assert "javascript:" not in text


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_template_loads_from_another_site(template: Path) -> None:
    text = template.read_text(encoding="utf-8")

    assert (
        re.search(r"<(?:script|link|img|iframe|video|audio|source)\b[^>]*(?:src|href)=[\"'](?:https?:)?//", text)
        is None
    )


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_footer_shows_the_lines_of_the_data_file(client: FlaskClient, language: str) -> None:
    lines = yaml.safe_load((ROOT / "courses/resources/hotlines.yaml").read_text(encoding="utf-8"))["lines"]

    footer = client.get(f"/help?lang={language}").text.partition("<footer")[2]

    for line in lines:
        assert (f'href="tel:{line["tel"]}"' in footer) == line["footer"], line["id"]
        if line["footer"]:
            assert line["name"][language] in footer
            assert line["number"] in footer


def test_the_help_page_shows_every_line_with_its_note(client: FlaskClient) -> None:
    page = client.get("/help").text

    for line in help_lines_in("en"):
        assert line.number in page
        assert line.url == "" or line.url in page


@pytest.mark.parametrize("address", ["/", "/help", "/accessibility", "/privacy", "/nothing-here"])
def test_every_page_has_the_way_out_the_skip_link_and_one_heading(client: FlaskClient, address: str) -> None:
    page = client.get(address).text

    assert 'data-quick-exit href="https://www.weather.gov/"' in page
    assert 'class="skip" href="#main"' in page
    assert page.count("<h1") == 1
    assert '<main id="main"' in page
    assert "history" in page.partition("<footer")[2]


def test_the_exit_address_leads_to_the_neutral_page(client: FlaskClient) -> None:
    answer = client.get("/exit")

    assert answer.status_code == 303
    assert answer.location == "https://www.weather.gov/"


def test_page_titles_do_not_name_the_topic(client: FlaskClient) -> None:
    for address in ("/", "/help", "/privacy", "/accessibility"):
        title = re.search(r"<title>(.*?)</title>", client.get(address).text, re.DOTALL)

        assert title is not None
        assert "traffick" not in title[1].lower()


def sections(page: str) -> list[str]:
    return re.findall(r'<li><a href="(/[a-z-]*)', page.partition('aria-label="Main"')[2].partition("</nav>")[0])


def test_the_navigation_shows_what_a_role_may_open_and_only_pages_that_exist(app: Flask, world: World) -> None:
    agency = world.agency()
    learner, administrator = world.user(agency=agency), world.user(agency=agency)
    world.grant(administrator, "agency-administrator", agency)
    rules = {rule.rule.rstrip("/") for rule in app.url_map.iter_rules()}

    of_stranger = sections(app.test_client().get("/help").text)
    of_learner = sections(world.client_of(learner).get("/help").text)
    of_administrator = sections(world.client_of(administrator).get("/help").text)

    assert "/home" not in of_stranger
    assert "/home" in of_learner
    assert "/reports" not in of_learner
    assert set(of_learner) < set(of_administrator)
    assert "/reports" in of_administrator
    assert set(of_administrator) <= rules


def test_the_section_one_is_in_is_marked(world: World) -> None:
    client = world.client_of(world.user(agency=world.agency()))

    page = client.get("/catalog").text

    assert re.search(r'href="/catalog" aria-current="page"', page)


def test_signing_out_is_a_form_with_a_token(world: World) -> None:
    client = world.client_of(world.user("Rosa Diaz", agency=world.agency()))

    page = client.get("/help").text

    assert re.search(
        r'<form method="post" action="/sign-out"><input type="hidden" name="csrf_token" value="[^"]+', page
    )
    assert "Rosa Diaz" in page


def test_the_styleguide_is_for_development_only(client: FlaskClient, tmp_path: Path) -> None:
    elsewhere = create_app(
        {
            "instance_path": str(tmp_path),
            "secret_key": "s" * 40,
            "env": "production",
            "site_url": "https://training.example",
            "trusted_hosts": "training.example",
        }
    )

    assert client.get("/styleguide").status_code == 200
    assert elsewhere.test_client().get("/styleguide", base_url="https://training.example").status_code == 404


def test_a_refused_form_says_what_is_wrong_and_keeps_what_was_entered(client: FlaskClient) -> None:
    token = re.search(r'name="csrf_token" type="hidden" value="([^"]+)"', client.get("/styleguide").text)
    assert token is not None

    answer = client.post("/styleguide", data={"csrf_token": token[1], "about": "Kept words", "begins_on-month": "2"})

    assert answer.status_code == 422
    assert 'class="error-summary' in answer.text
    assert 'href="#name"' in answer.text
    assert 'href="#format-0"' in answer.text
    assert "Kept words" in answer.text
    assert 'aria-describedby="name-hint name-error"' in answer.text
    assert "Enter a day that is in the calendar" in answer.text
