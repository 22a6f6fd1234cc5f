"""Whether every sentence of the site has its Spanish: the catalog as the sources are now, and the mails."""

from __future__ import annotations

import re
from functools import cache
from io import BytesIO
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, meta

ROOT = Path(__file__).resolve().parents[1]
SPANISH = ROOT / "lms" / "translations" / "es" / "LC_MESSAGES" / "messages.po"
MAILS = ROOT / "templates" / "mail"
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%%|%(?!\()")


@cache
def extracted() -> tuple[str | tuple[str, ...], ...]:
    """Every message of the sources, found as `make translations` finds it."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)
    keywords = {**DEFAULT_KEYWORDS, "N_": None}
    found = {message for _, _, message, _, _ in extract_from_dir(ROOT, methods, options, keywords=keywords)}
    return tuple(sorted(found, key=str))


@cache
def spanish() -> Catalog:
    with SPANISH.open("rb") as file:
        return read_po(file, locale="es")


def sentences() -> list[Message]:
    return [message for message in spanish() if message.id]


def forms(text: str | tuple[str, ...] | list[str]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


def placeholders(text: str) -> set[str]:
    return {found for found in PLACEHOLDER.findall(text) if found != "%%"}


def test_the_sources_hold_many_messages() -> None:
    assert len(extracted()) > 500


def test_every_message_has_a_spanish_translation() -> None:
    catalog = spanish()

    missing = [
        text
        for text in extracted()
        if (message := catalog.get(forms(text)[0])) is None or not all(forms(message.string))
    ]

    assert missing == [], f"{len(missing)} messages lack Spanish; run make translations and fill them in"


def test_no_translation_is_a_guess() -> None:
    assert [message.id for message in sentences() if message.fuzzy] == []


def test_the_catalog_holds_nothing_that_the_site_no_longer_says() -> None:
    said = {forms(text)[0] for text in extracted()}

    assert [message.id for message in sentences() if forms(message.id)[0] not in said] == []
    assert not spanish().obsolete


def test_a_translation_has_the_placeholders_of_its_message() -> None:
    differing = [
        (message.id, text)
        for message in sentences()
        for text in forms(message.string)
        if placeholders(text) != placeholders(forms(message.id)[-1])
    ]

    assert differing == []


def test_a_translation_can_be_filled_in() -> None:
    for message in sentences():
        if "python-format" in message.flags:
            values = dict.fromkeys(re.findall(r"%\((\w+)\)", forms(message.id)[-1]), "x")
            for text in forms(message.string):
                assert text % values


def test_a_translation_speaks_formally() -> None:
    familiar = re.compile(r"\b(tú|tus?|tuy[oa]s?|contigo|vosotros|vuestr[oa]s?)\b", re.IGNORECASE)

    assert [text for message in sentences() for text in forms(message.string) if familiar.search(text)] == []


def test_the_compiled_catalog_is_made_of_the_written_one() -> None:
    buffer = BytesIO()
    write_mo(buffer, spanish())
    buffer.seek(0)
    with SPANISH.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)

    made = read_mo(buffer)

    assert [(message.id, message.string) for message in compiled if message.id] == [
        (message.id, message.string) for message in made if message.id
    ]


@pytest.mark.parametrize("english", sorted(MAILS.glob("*.en.txt")), ids=lambda path: path.name)
def test_every_mail_has_spanish_text_with_the_same_values(english: Path) -> None:
    path = english.with_name(english.name.replace(".en.txt", ".es.txt"))
    environment = Environment(loader=FileSystemLoader(MAILS), autoescape=False)

    used = [
        meta.find_undeclared_variables(environment.parse(one.read_text(encoding="utf-8"))) for one in (english, path)
    ]

    assert used[0] == used[1]
    assert path.read_text(encoding="utf-8").startswith("Subject: ")
    assert path.read_text(encoding="utf-8") != english.read_text(encoding="utf-8")


def test_every_mail_that_is_queued_has_a_text() -> None:
    queued = {
        name
        for path in (ROOT / "lms").rglob("*.py")
        for name in re.findall(r'"template": "([\w-]+)"', path.read_text(encoding="utf-8"))
    }

    assert queued
    assert queued <= {path.name.removesuffix(".en.txt") for path in MAILS.glob("*.en.txt")}


def test_every_module_calls_translation_by_a_name_that_is_looked_for() -> None:
    """A sentence behind another name is in no catalog, and nothing else would tell."""
    called = re.compile(r"import \w*gettext as (\w+)")
    names = {name for path in (ROOT / "lms").rglob("*.py") for name in called.findall(path.read_text(encoding="utf-8"))}

    assert names == {"_"}
