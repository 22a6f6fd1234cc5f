"""The glossary of all courses: each word once, in the language that was asked for, with the courses that use it."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lms.courseware.folder import load_folder
from tests.conftest import QueryCount
from tests.support.pages import page_of, text_of
from tests.support.world import World

BREATH = "# Glossary\n\nBreath\n: What goes in and out.\n"
SPANISH = "# Glosario\n\nRespiración\n: Lo que entra y sale.\n"


class Shelf:
    """Publishes courses that differ in their words."""

    def __init__(self, world: World, files: dict[str, bytes]) -> None:
        self.world, self.files = world, files

    def course(
        self, slug: str = "tiny", *, title: str = "A tiny course", change: str | None = None, **glossaries: str
    ) -> None:
        """`glossaries` by language; a course in English alone where no other is named."""
        files = {path: content for path, content in self.files.items() if path.startswith(("en/", "media/"))}
        facts = self.files["course.yaml"].replace(b"id: tiny", f"id: {slug}".encode())
        facts = facts.replace(b"TST-001", f"TST-{slug.upper()}".encode())
        if "es" in glossaries:
            files |= {path: content for path, content in self.files.items() if path.startswith("es/")}
        else:
            facts = facts.replace(b"languages: [en, es]", b"languages: [en]")
        files["course.yaml"] = facts
        files["en/course.md"] = files["en/course.md"].replace(b"A tiny course", title.encode())
        for language, text in glossaries.items():
            files[f"{language}/glossary.md"] = text.encode()
        self.world.publish_files(files, change=change)


@pytest.fixture
def shelf(world: World, tiny_course: Path) -> Shelf:
    return Shelf(world, load_folder(tiny_course))


def test_a_word_of_two_courses_stands_once_and_leads_to_both(shelf: Shelf, client: FlaskClient) -> None:
    shelf.course(en=BREATH)
    shelf.course("clinic", title="The clinic course", en=BREATH + "\nClinic\n: A place.\n")

    page = page_of(client, "/glossary")

    assert page.count(">Breath</dt>") == page.count("What goes in and out.") == 1
    assert '<a href="/courses/clinic/glossary?words=en#breath">The clinic course</a>' in page
    assert '<a href="/courses/tiny/glossary?words=en#breath">A tiny course</a>' in page
    assert page.count("The clinic course") == 2


def test_what_courses_say_otherwise_of_a_word_stands_below_it_each_with_its_course(
    shelf: Shelf, client: FlaskClient
) -> None:
    shelf.course(en=BREATH)
    shelf.course("clinic", title="The clinic course", en=BREATH.replace("out.", "out. Nurses count it."))

    page = text_of(page_of(client, "/glossary"))

    assert page.count("Breath") == 1
    assert "What goes in and out. Nurses count it. The clinic course" in page
    assert "What goes in and out. A tiny course" in page


def test_words_are_shown_in_the_language_of_the_page_or_in_that_which_was_asked_for(
    shelf: Shelf, client: FlaskClient
) -> None:
    shelf.course(en=BREATH, es=SPANISH)

    spanish, english = page_of(client, "/glossary?lang=es"), page_of(client, "/glossary?lang=es&words=en")

    assert ("Respiración</dt>" in spanish, "Breath</dt>" in spanish) == (True, False)
    assert ("Respiración</dt>" in english, "Breath</dt>" in english) == (False, True)
    assert '<dl class="prose glossary" lang="en">' in english
    assert '<dl class="prose glossary">' in spanish


@pytest.mark.parametrize(("asked", "is_found"), [("respiracion", True), ("ENTRA sale", True), ("entra nunca", False)])
def test_a_search_looks_at_word_and_meaning_without_accents_and_capitals(
    shelf: Shelf, client: FlaskClient, asked: str, is_found: bool
) -> None:
    shelf.course(en=BREATH, es=SPANISH)

    page = page_of(client, f"/glossary?words=es&q={asked}")

    assert ("Respiración</dt>" in page) is is_found
    assert ("No word fits" in page) is not is_found
    assert f'value="{asked}"' in page


def test_without_words_the_page_says_so(shelf: Shelf, client: FlaskClient) -> None:
    assert "No words are explained here yet" in page_of(client, "/glossary")


def test_a_new_version_of_a_course_brings_its_words(shelf: Shelf, client: FlaskClient) -> None:
    shelf.course(en=BREATH)
    before = page_of(client, "/glossary")

    shelf.course(en=BREATH.replace("Breath", "Pause"), change="correction")

    assert "Breath</dt>" in before
    assert "Pause</dt>" in page_of(client, "/glossary")
    assert "Breath</dt>" not in page_of(client, "/glossary")


def test_a_link_to_a_module_leads_to_the_page_of_its_course(shelf: Shelf, client: FlaskClient) -> None:
    shelf.course(en=BREATH.replace("in and out.", "in and out; see [the steps](01-first-steps.md)."))

    assert '<a href="/courses/tiny">the steps</a>' in page_of(client, "/glossary")


def test_the_number_of_queries_does_not_grow_with_the_number_of_courses(
    shelf: Shelf, client: FlaskClient, count_queries: QueryCount
) -> None:
    shelf.course(en=BREATH)
    page_of(client, "/glossary?q=breath")
    count_queries.statements.clear()
    page_of(client, "/glossary?q=breath")
    with_one = count_queries.count
    for number in range(4):
        shelf.course(f"more{number}", en=BREATH)
    page_of(client, "/glossary?q=breath")
    count_queries.statements.clear()

    page_of(client, "/glossary?q=breath")

    assert count_queries.count == with_one <= 3
