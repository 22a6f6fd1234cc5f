"""The catalog, course pages and course files, as a browser sees them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from lms.courseware.folder import load_folder
from tests.support.pages import form_of, page_of
from tests.support.world import World


@pytest.fixture
def files(tiny_course: Path) -> dict[str, bytes]:
    return load_folder(tiny_course)


def renamed(files: dict[str, bytes], slug: str, title: str, discipline: str) -> dict[str, bytes]:
    """Another course in the same shape."""
    facts = files["course.yaml"].replace(b"id: tiny", f"id: {slug}".encode()).replace(b"TST-001", b"TST-002")
    facts = facts.replace(b"disciplines: [shared]", f"disciplines: [{discipline}]".encode())
    text = files["en/course.md"].replace(b"A tiny course", title.encode())
    return {**files, "course.yaml": facts.replace(b"languages: [en, es]", b"languages: [en]"), "en/course.md": text} | {
        path: content for path, content in files.items() if path.startswith("en/") and path != "en/course.md"
    }


def without_spanish(files: dict[str, bytes]) -> dict[str, bytes]:
    return {path: content for path, content in files.items() if not path.startswith("es/")}


@pytest.fixture
def two_courses(world: World, files: dict[str, bytes]) -> None:
    world.publish_files(files)
    world.publish_files(without_spanish(renamed(files, "clinic-course", "The clinic course", "healthcare")))


def test_an_empty_catalog_says_so(client: FlaskClient) -> None:
    assert "No courses are published yet" in page_of(client, "/catalog")


def test_a_stranger_sees_all_courses_and_no_progress(client: FlaskClient, two_courses: None) -> None:
    page = page_of(client, "/catalog")

    assert "A tiny course" in page
    assert "The clinic course" in page
    assert 'name="status"' not in page


def test_the_ground_comes_before_what_builds_on_it(client: FlaskClient, world: World, files: dict[str, bytes]) -> None:
    for slug, code in (("advanced", b"ADV-301"), ("ground", b"ZGR-101")):
        other = renamed(files, slug, f"The {slug} course", "shared")
        world.publish_files(without_spanish({**other, "course.yaml": other["course.yaml"].replace(b"TST-002", code)}))

    page = page_of(client, "/catalog")

    assert page.index("/courses/ground") < page.index("/courses/advanced")


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("q=clinic", {"clinic-course"}),
        ("q=CLÍNIC+course", {"clinic-course"}),
        ("q=final+quiz", {"clinic-course", "tiny"}),
        ("q=nowhere", set()),
        ("discipline=healthcare", {"clinic-course", "tiny"}),
        ("discipline=schools", {"tiny"}),
        ("language=en", {"clinic-course", "tiny"}),
        ("language=es", set()),
        ("discipline=%00&q=", None),
        ("q=" + "x" * 5000, set()),
    ],
)
def test_filters_narrow_the_list(client: FlaskClient, two_courses: None, query: str, shown: set[str] | None) -> None:
    answer = client.get(f"/catalog?{query}")

    if shown is None:
        assert answer.status_code == 400
        return
    page = answer.get_data(as_text=True)
    assert {slug for slug in ("clinic-course", "tiny") if f"/courses/{slug}" in page} == shown


def test_the_list_shows_what_one_has_begun(client: FlaskClient, world: World, two_courses: None) -> None:
    world.sign_in(client, world.user())
    form = form_of(page_of(client, "/courses/tiny"), "/enroll")
    client.post(form.action, data=form.fields)

    assert "/courses/clinic-course" not in page_of(client, "/catalog?status=in-progress")
    assert "/courses/tiny" in page_of(client, "/catalog?status=in-progress")
    assert "/courses/tiny" not in page_of(client, "/catalog?status=new")


def test_the_number_of_queries_does_not_grow_with_the_number_of_courses(
    client: FlaskClient, world: World, files: dict[str, bytes], count_queries
) -> None:
    world.sign_in(client, world.user())
    world.publish_files(files)
    page_of(client, "/catalog")
    count_queries.statements.clear()
    page_of(client, "/catalog")
    with_one = count_queries.count
    for number in range(5):
        world.publish_files(without_spanish(renamed(files, f"more-{number}", f"More {number}", "housing")))
    count_queries.statements.clear()

    page_of(client, "/catalog")

    assert count_queries.count == with_one <= 4


def test_a_course_page_says_what_it_claims_and_what_not(client: FlaskClient, two_courses: None) -> None:
    page = page_of(client, "/courses/tiny")

    assert "Name the first step" in page
    assert "reach 80% in the final quiz" in page
    assert "No credit is approved" in page
    assert "not yet reviewed" in page
    assert "Speaks of stress in general terms." in page
    assert "Sign in to start" in page


def test_a_course_that_is_half_translated_says_so_in_spanish(client: FlaskClient, two_courses: None) -> None:
    page = page_of(client, "/courses/tiny?lang=es")

    assert "Un curso pequeño" in page
    assert 'lang="en"' in page
    assert "Second steps" in page


@pytest.mark.parametrize("address", ["/courses/none", "/courses/none/glossary", "/learn/none/final", "/learn/none"])
def test_an_unknown_course_is_not_found(client: FlaskClient, world: World, address: str) -> None:
    world.sign_in(client, world.user())

    assert client.get(address).status_code == 404


def test_enrolling_twice_is_enrolling_once(client: FlaskClient, world: World, two_courses: None) -> None:
    world.sign_in(client, world.user())
    form = form_of(page_of(client, "/courses/tiny"), "/enroll")

    first = client.post(form.action, data=form.fields)
    second = client.post(form.action, data=form.fields)

    assert first.headers["Location"] == second.headers["Location"] == "/learn/tiny"


def test_files_of_a_course_are_sent_with_a_fixed_type_and_kept_for_a_year(
    client: FlaskClient, world: World, files: dict[str, bytes]
) -> None:
    world.publish_files({**files, "media/one.png": b"\x89PNG", "media/deep/run.html": b"<script>1</script>"})
    world.sign_in(client, world.user())

    picture = client.get("/courses/tiny/assets/1/one.png")
    page = client.get("/courses/tiny/assets/1/deep/run.html")

    assert (picture.status_code, picture.mimetype) == (200, "image/png")
    assert "immutable" in picture.headers["Cache-Control"]
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    assert page.mimetype == "application/octet-stream"
    assert page.headers["Content-Disposition"].startswith("attachment")


def test_a_drawing_with_a_script_in_it_cannot_run(client: FlaskClient, world: World, files: dict[str, bytes]) -> None:
    drawing = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(2)</script></svg>'
    world.publish_files({**files, "media/one.svg": drawing})
    world.sign_in(client, world.user())

    policy = client.get("/courses/tiny/assets/1/one.svg").headers["Content-Security-Policy"]

    assert "sandbox" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


@pytest.mark.parametrize("path", ["1/../en/90-final.md", "1/none.png", "9/one.png", "99999999999/one.png", "1/%00"])
def test_no_other_file_is_reached(client: FlaskClient, world: World, files: dict[str, bytes], path: str) -> None:
    world.publish_files({**files, "media/one.png": b"\x89PNG"})
    world.sign_in(client, world.user())

    assert client.get(f"/courses/tiny/assets/{path}").status_code in (400, 404)


def test_a_stranger_gets_no_files(client: FlaskClient, world: World, files: dict[str, bytes]) -> None:
    world.publish_files({**files, "media/one.png": b"\x89PNG"})

    assert client.get("/courses/tiny/assets/1/one.png").status_code == 303


def with_glossaries(files: dict[str, bytes]) -> dict[str, bytes]:
    """The tiny course with words of the first module explained in both languages, and a second module in English only."""
    lesson, second = "en/01-first-steps.md", "en/02-second-steps.md"
    facts = files["course.yaml"].replace(b"{id: second-steps, prerequisites: [first-steps]}", b"{id: second-steps}")
    return {
        **files,
        "course.yaml": facts,
        "en/glossary.md": b"# Glossary\n\nBreath\n: What goes in and out.\n",
        "es/glossary.md": "# Glosario\n\nRespiración\n: Lo que entra y sale.\n".encode(),
        lesson: files[lesson] + b"\nTake a breath.\n",
        second: b"\n\nTake a breath.\n\n## ".join(files[second].split(b"\n\n## ", 1)),
        "es/01-first-steps.md": files["es/01-first-steps.md"] + "\nUna respiración.\n".encode(),
    }


def test_a_word_of_a_module_leads_to_its_meaning_in_the_modules_language(
    client: FlaskClient, world: World, files: dict[str, bytes]
) -> None:
    world.publish_files(with_glossaries(files))
    world.sign_in(client, world.user())
    form = form_of(page_of(client, "/courses/tiny"), "/enroll")
    client.post(form.action, data=form.fields)

    english = page_of(client, "/learn/tiny/first-steps")
    spanish = page_of(client, "/learn/tiny/first-steps?lang=es")
    not_translated = page_of(client, "/learn/tiny/second-steps?lang=es")

    assert 'class="term" href="/courses/tiny/glossary?words=en#breath"' in english
    assert 'href="/courses/tiny/glossary?words=es#respiraci%C3%B3n"' in spanish
    assert 'href="/courses/tiny/glossary?words=en#breath"' in not_translated


def test_the_glossary_shows_the_words_that_were_asked_for(
    client: FlaskClient, world: World, files: dict[str, bytes]
) -> None:
    world.publish_files(with_glossaries(files))

    page = page_of(client, "/courses/tiny/glossary?words=en&lang=es")

    assert '<dt id="breath">Breath</dt>' in page
    assert 'lang="en"' in page
    assert '<dt id="respiración">' in page_of(client, "/courses/tiny/glossary?words=xx&lang=es")


def test_the_glossary_goes_by_the_alphabet_of_its_language(
    client: FlaskClient, world: World, files: dict[str, bytes]
) -> None:
    spanish = (
        "# Glosario\n\nRespiración\n: Lo que entra y sale.\n\nÁnimo\n: Lo que sostiene.\n\nbolsa\n: Lo que se lleva.\n"
    )
    world.publish_files({**with_glossaries(files), "es/glossary.md": spanish.encode()})

    page = page_of(client, "/courses/tiny/glossary?lang=es")

    assert re.findall(r'<dt id="[^"]*">([^<]+)</dt>', page) == ["Ánimo", "bolsa", "Respiración"]


def test_a_course_says_which_minutes_count(client: FlaskClient, two_courses: None) -> None:
    page = page_of(client, "/courses/tiny")

    assert "30 minutes of teaching, about 55 minutes in all." in page
    assert "about 25 minutes more, which are not counted" in page


def test_a_course_of_which_nothing_is_translated_says_so(client: FlaskClient, two_courses: None) -> None:
    page = page_of(client, "/courses/clinic-course?lang=es")
    catalog = page_of(client, "/catalog?lang=es")

    assert "Sin traducir: se muestra en inglés" in page
    assert "Sin traducir: se muestra en inglés" in catalog


def test_the_catalog_and_the_page_of_a_course_name_the_same_minutes(client: FlaskClient, two_courses: None) -> None:
    found = re.search(r"[^·<>]* of teaching, about [^·<>]* in all", page_of(client, "/catalog"))
    assert found is not None

    assert found[0].strip() in page_of(client, "/courses/tiny")
