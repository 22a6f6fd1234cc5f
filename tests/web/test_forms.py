"""All forms of all templates: mistakes are said on the page, nothing is cut or lost in silence, macros find their words."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import nodes
from jinja2.meta import find_undeclared_variables
from wtforms import Form
from wtforms.validators import Length

import lms.web.forms
from lms.resources import data_folder
from lms.web.forms.people import AuditFilters, RosterFilters
from lms.web.forms.reporting import ReportFilters
from tests.support.world import World, form_token

pytestmark = pytest.mark.sqlite_only

TEMPLATES = sorted(path for path in data_folder("templates").rglob("*.html") if path.parent.name != "documents")
FORMS = re.compile(r"<form\b(?P<head>(?:[^>{]|\{\{.*?\}\}|\{%.*?%\})*)>(?P<body>.*?)</form>", re.DOTALL)
TO_FILL_IN = re.compile(r'f\.field\(|<select|<textarea|<input(?![^>]*type="hidden")|include "questions/|caller\(\)')


def name_of(path: Path) -> str:
    return str(path.relative_to(data_folder("templates")))


def forms_to_fill_in() -> list[tuple[str, str, str]]:
    """(template, its whole text, head of the form) of each form that has something to type, choose or tick."""
    found = []
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        found += [(name_of(path), text, one["head"]) for one in FORMS.finditer(text) if TO_FILL_IN.search(one["body"])]
    return found


def test_the_walk_sees_the_forms() -> None:
    names = {name for name, _text, _head in forms_to_fill_in()}

    assert {"cohorts/new.html", "confirm.html", "macros/ui.html", "assessment/attempt.html"} <= names
    assert len(names) >= 24


def test_every_form_leaves_the_word_on_mistakes_to_the_page() -> None:
    assert [name for name, _text, head in forms_to_fill_in() if "novalidate" not in head] == []


def test_no_form_is_left_out_by_the_switch_of_language() -> None:
    """The language buttons belong to one form of a page, the one that the template names."""
    left_out = []
    for name, text, head in forms_to_fill_in():
        form_id = re.search(r'\bid="([\w-]+)"', head)
        if ("enctype" in head and "check_upload" in head) or name == "macros/ui.html":
            continue  # a chosen file no browser keeps; the filter bar is held below
        if "set has_no_switch = true" in text:
            continue  # the page cannot be shown again in another language
        if 'set page_form = "filters"' in text:
            continue  # of a list its filters are kept; ticks in it are not
        if form_id is None or not re.search(rf'set page_form = [^%]*"{form_id[1]}"', text):
            left_out.append(name)

    assert left_out == []


def test_every_filter_bar_is_known_to_the_switch_of_language() -> None:
    uses = [path for path in TEMPLATES if re.search(r"ui\.filter_bar|parts\.filters", path.read_text(encoding="utf-8"))]
    pages = [path for path in uses if not path.name.startswith("_") and path.name not in ("styleguide.html", "ui.html")]

    assert len(pages) >= 5
    for path in pages:
        text = path.read_text(encoding="utf-8")
        assert 'set page_form = "filters"' in text, name_of(path)
        assert "set page_form_get = true" in text, name_of(path)


def test_no_input_is_cut_by_the_browser() -> None:
    cut = [name_of(path) for path in TEMPLATES if "maxlength=" in path.read_text(encoding="utf-8")]

    assert cut == []


def test_no_field_brings_a_maxlength_of_its_own() -> None:
    """WTForms' `Length` writes one; `AtMost` says what is too long."""
    names = [one.name for one in pkgutil.iter_modules(lms.web.forms.__path__)]
    modules = [importlib.import_module(f"lms.web.forms.{name}") for name in names]
    forms = {one for module in modules for one in vars(module).values() if isinstance(one, type)}
    fields = [
        (form.__name__, name, field.kwargs.get("validators", ()))
        for form in forms
        if issubclass(form, Form)
        for name, field in vars(form).items()
        if hasattr(field, "field_class")
    ]

    assert len(fields) > 20
    assert [(form, name) for form, name, rules in fields if any(isinstance(rule, Length) for rule in rules)] == []


def test_what_a_macro_calls_is_there_on_every_page_and_every_error_page(app: Flask) -> None:
    """Macros are imported without the page's context: all that they name has to be the environment's own."""
    known = {*app.jinja_env.globals, "caller", "varargs", "kwargs"}
    missing = {}
    for path in TEMPLATES:
        if path.parent.name == "macros" and path.name != "shell.html":
            tree = app.jinja_env.parse(path.read_text(encoding="utf-8"))
            assert any(tree.find_all(nodes.Macro)), path
            own = {one.name for one in tree.find_all(nodes.Name) if one.ctx == "store"}
            missing[path.name] = find_undeclared_variables(tree) - known - own

    assert missing == {"charts.html": set(), "forms.html": set(), "ui.html": set()}


def test_filters_are_called_alike_and_stand_in_one_order(app: Flask) -> None:
    with app.test_request_context("/"):
        filters = (RosterFilters(), AuditFilters(), ReportFilters())
    order = ["q", "person", "agency", "discipline", "county", "course", "standing", "action", "status"]
    order += ["role", "license", "since", "until"]
    with_names: dict[str, set[str]] = {}
    for form in filters:
        names = [field.name for field in form]
        assert names == sorted(names, key=order.index)
        for field in form:
            with_names.setdefault(field.name, set()).add(f"{field.type} {field.label.text}")

    # People can be asked for a certification too, and says so.
    asked = {"SelectField Course", "SelectField Course or certification"}
    assert {name: words for name, words in with_names.items() if len(words) > 1} == {"course": asked}
    assert {filters[1].since.type, filters[1].until.type} == {"DateField"}


def language_button(page: str) -> tuple[str, str]:
    """The form that the Spanish button sends, and where to."""
    found = re.search(
        r'form="([\w-]+)" formmethod="post"(?: formenctype="[^"]+")? formaction="([^"]+)" formnovalidate lang="es"',
        page,
    )
    assert found is not None
    return found[1], found[2].replace("&amp;", "&")


def switch(client: FlaskClient, page: str, address: str, entries: dict[str, str]) -> str:
    """Press "Español" on a page on which this was entered; the page that comes then."""
    _form, action = language_button(page)
    answer = client.post(action, data={**entries, "csrf_token": form_token(client, address)})
    return client.get(answer.location).text if answer.status_code == 303 else answer.text


def test_a_stranger_keeps_the_address_typed_over_a_switch(client: FlaskClient) -> None:
    page = switch(client, client.get("/forgot").text, "/forgot", {"email": "rosa@example.org"})

    assert '<html lang="es"' in page
    assert 'value="rosa@example.org"' in page


def test_sign_in_keeps_all_but_the_password_over_a_switch_and_says_so(world: World, client: FlaskClient) -> None:
    stopped = client.post("/account", data={"name": "Rosa " * 40, "csrf_token": form_token(client, "/sign-in")})
    kept = re.search(r'name="kept" type="hidden" value="([^"]+)"', stopped.text)
    assert kept is not None
    entries = {"email": "rosa@example.org", "password": "not a real secret", "kept": kept[1], "next": "/account"}

    page = switch(client, stopped.text, "/sign-in", entries)

    assert '<html lang="es"' in page
    assert 'value="rosa@example.org"' in page
    assert f'value="{kept[1]}"' in page
    assert 'value="/account"' in page
    assert "not a real secret" not in page
    assert "Escríbala de nuevo: las contraseñas no se conservan." in page
    assert 'class="field-error"' not in page


def test_what_is_too_long_to_be_kept_is_not_lost_in_silence(client: FlaskClient) -> None:
    page = switch(client, client.get("/forgot").text, "/forgot", {"email": "r" * 3000})

    assert "era demasiado largo para conservarlo" in page


def test_a_page_that_offers_to_send_entries_again_has_no_switch_that_would_lose_them(world: World) -> None:
    client = world.client_of(world.user(agency=world.agency()))

    answer = client.post("/account", data={"name": "Rosa", "csrf_token": "old"})

    assert 'name="name" value="Rosa"' in answer.text
    assert "Español" not in answer.text


def test_a_refused_form_with_passwords_says_that_they_are_typed_again(world: World) -> None:
    client = world.client_of(world.user(agency=world.agency()))
    answer = client.post(
        "/sign-in", data={"email": "", "password": "secret", "csrf_token": form_token(client, "/account")}
    )

    assert "Only passwords have to be typed again." in answer.text
    assert "Type it again: passwords are not kept." in answer.text
