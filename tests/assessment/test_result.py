"""Results teach: what was given, what is right, why, and what to read again; unless the author says never."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.assessment.models import Attempt
from lms.certification.models import Certificate
from lms.courseware.folder import load_folder
from lms.database import db
from tests.assessment.conftest import Taker, prepare
from tests.assessment.test_submitting import quiz_with
from tests.certification.test_certifying import save
from tests.support.pages import page_of
from tests.support.world import TEST_COURSES, World


def test_each_question_says_what_is_right_and_why(taker: Taker) -> None:
    taker.submit(taker.wrong)

    page = taker.page

    assert "Run away quickly" in page
    assert "There is no hurry." in page
    assert "Begin calmly." in page
    assert "Your answer" in page
    assert page.count("Not right") == 5


def test_what_was_right_is_folded_and_what_was_not_is_open(taker: Taker) -> None:
    right = taker.right
    taker.submit({**taker.wrong, "t-single": right["t-single"], "t-true": right["t-true"]})

    page = taker.page

    assert page.count('<details class="card told">') == 2
    assert page.count('<details class="card told" open>') == 3
    assert page.count('<summary><h3><span class="tag') == 5


def test_sources_lead_back_only_to_what_is_on_the_page(client: FlaskClient, world: World) -> None:
    files = load_folder(TEST_COURSES / "tiny")
    text = files["en/90-final.md"].replace(b"Begin calmly.", b"Begin calmly.[^calm]")
    text = text.replace(b"as often as you like.", b"as often as you like.[^often]")
    files["en/90-final.md"] = text + (
        b"\n[^calm]: [On calm](https://example.org/calm), checked 2026-11-20\n"
        b"\n[^often]: [On repeating](https://example.org/often), checked 2026-11-20\n"
    )
    world.publish_files(files)
    taker = prepare(client, world)

    module = page_of(client, "/learn/tiny/final")
    taker.submit(taker.wrong)
    result = taker.page

    assert 'href="#fnref-often"' in module
    for page in (module, result):
        ways = re.findall(r'href="#(fnref-[^"]+)"', page)
        assert ways
        assert [way for way in ways if f'id="{way}"' not in page] == []
    assert "https://example.org/calm" in module
    assert 'href="#fnref-calm"' in result


def test_a_self_check_explains_saved_answers_at_once(taker: Taker) -> None:
    taker.open("second-steps")
    taker.save(taker.wrong)

    page = taker.page

    assert "That one comes much later." in page
    assert "Submit answers" in page


def test_a_quiz_that_somebody_may_fail_never_explains_before_the_end(client: FlaskClient, world: World) -> None:
    world.publish_files(quiz_with("pass_mark: 80, feedback: immediate"))
    taker = prepare(client, world)

    taker.save(taker.wrong)

    assert "There is no hurry." not in taker.page


def test_an_author_may_keep_the_answers(client: FlaskClient, world: World) -> None:
    world.publish_files(quiz_with("pass_mark: 80, feedback: never"))
    taker = prepare(client, world)
    taker.submit(taker.wrong)

    page = taker.page

    assert 'data-score-percent="0"' in page
    assert "There is no hurry." not in page
    assert "does not show its answers" in page


def test_the_result_stands_in_spanish_too(taker: Taker) -> None:
    taker.submit(taker.right)

    page = page_of(taker.client, f"{taker.address}?lang=es")

    assert 'data-score-percent="100"' in page
    assert 'lang="es"' in page


def test_a_reflection_is_shown_to_its_writer_and_not_counted(client: FlaskClient, world: World) -> None:
    files = load_folder(TEST_COURSES / "tiny")
    files["en/90-final.md"] += (
        b"\n### What comes to mind?\n\n<!-- q: t-mind; type: reflection; lo: LO1 -->\n\nA few words.\n"
    )
    world.publish_files(files)
    taker = prepare(client, world)

    taker.submit({**taker.right, "t-mind": "My own thought.\nIn two lines."})

    assert 'data-score-percent="100"' in taker.page
    assert "My own thought." in taker.page


def test_a_certification_that_was_earned_with_it_is_told_on_the_result(client: FlaskClient, world: World) -> None:
    world.publish("tiny")
    save(world)
    taker = prepare(client, world)

    taker.submit(taker.right)

    assert "You have earned the certification “First responder”" in taker.page
    code = world.read(lambda: db.session.scalars(select(Certificate.code).where(Certificate.kind != "course")).one())
    assert f'<a href="/certificates/{code}">See this certificate</a>' in taker.page


def test_a_written_answer_waits_for_a_trainer_and_passes_nobody(client: FlaskClient, world: World) -> None:
    files = load_folder(TEST_COURSES / "tiny")
    files["en/90-final.md"] += (
        b"\n### Say it in your words.\n\n<!-- q: t-words; type: written; lo: LO1 -->\n\n- Names a helper\n- Names a step\n"
        b"\n> [!NOTE]\n> A trainer reads it.\n"
    )
    world.publish_files(files)
    taker = prepare(client, world)

    taker.submit({**taker.right, "t-words": "I would tell the nurse."})

    page = taker.page
    assert 'data-passed=""' in page
    assert "waits for a trainer" in page
    assert "I would tell the nurse." in page
    assert "Names a helper" not in page


def test_a_scale_shows_each_statement_once_with_what_was_chosen(client: FlaskClient, world: World) -> None:
    files = load_folder(TEST_COURSES / "tiny")
    scale = b"\n### How far do you agree?\n\n<!-- q: t-sure; type: likert; scale: 1..5; low: no; high: yes -->\n\n- I can say it.\n"
    world.publish_files({**files, "en/90-final.md": files["en/90-final.md"] + scale})
    taker = prepare(client, world)
    name = re.findall(r'name="(t-sure\.[^"]+)"', taker.page)[0]

    taker.submit({**taker.right, name: "4"})

    assert taker.page.count("I can say it.") == 1
    assert "I can say it. <strong>4</strong>" in taker.page


def test_an_attempt_that_failed_before_one_that_passed_says_so_and_asks_for_nothing(taker: Taker) -> None:
    taker.submit(taker.wrong)
    failed = taker.address
    taker.open()
    taker.submit(taker.right)

    page = page_of(taker.client, failed)

    assert "You have passed this quiz since" in page
    assert "Take it again" not in page


def test_a_result_counts_in_whole_points_beside_the_percentage(taker: Taker) -> None:
    taker.submit(taker.right)

    assert "That is 5 of 5." in taker.page


def test_saving_something_else_than_a_number_says_so_and_loses_nothing(taker: Taker) -> None:
    name = next(name for name in taker.right if name.startswith("t-number"))

    answer = taker.save({name: "several"})

    assert answer.status_code == 422
    assert "“several” is no number" in answer.text
    assert taker.saved["t-number"] == {"text": "several"}


def with_questions_before_and_after() -> dict[str, bytes]:
    files = {path: text for path, text in load_folder(TEST_COURSES / "tiny").items() if not path.startswith("es/")}
    files["course.yaml"] = files["course.yaml"].replace(b"languages: [en, es]", b"languages: [en]")
    for number, (module_id, role) in enumerate((("before", b"pre"), ("after", b"post"))):
        text = files["en/02-second-steps.md"].replace(b"id: second-steps", b"id: " + module_id.encode())
        text = text.replace(b"t-second", b"t-" + module_id.encode()).replace(b"pool: second", b"pool: " + role)
        text = text.replace(b"role: check, feedback: immediate", b"role: " + role + b", blueprint: steps")
        files[f"en/8{number}-{module_id}.md"] = text
        entry = f"  - {{id: {module_id}}}\n".encode()
        files["course.yaml"] = files["course.yaml"].replace(b"pass: {require", entry + b"pass: {require")
    return files


def test_the_questions_after_show_what_was_right_before(client: FlaskClient, world: World) -> None:
    world.publish_files(with_questions_before_and_after())
    taker = prepare(client, world)
    for values in ("wrong", "right"):
        taker.open("before")
        taker.submit(getattr(taker, values))
    before = taker.page

    taker.open("after")
    taker.submit(taker.right)

    assert "Before the modules 0% of your answers were right, and now 100%." in taker.page
    assert "Before the modules" not in before


@pytest.mark.parametrize("waits", ["before", "after"])
def test_answers_that_wait_for_a_trainer_do_not_stand_beside_others(
    client: FlaskClient, world: World, waits: str
) -> None:
    world.publish_files(with_questions_before_and_after())
    taker = prepare(client, world)
    for module_id in ("before", "after"):
        taker.open(module_id)
        taker.submit(taker.right)
        if module_id == waits:
            attempt = taker.attempt_id
            world.write(lambda number=attempt: setattr(db.session.get_one(Attempt, number), "awaits_marking", True))

    assert "Before the modules" not in taker.page


def test_who_passed_over_the_questions_before_is_told_nothing_of_them(client: FlaskClient, world: World) -> None:
    world.publish_files(with_questions_before_and_after())
    taker = prepare(client, world)

    taker.open("after")
    taker.submit(taker.right)

    assert "Before the modules" not in taker.page


TYPED = """
### {word}

<!-- q: t-word; type: short; lo: LO1 -->

- `{answer}`

> [!NOTE]
> A note.

### {number}

<!-- q: t-age; type: numeric; lo: LO1; unit: {unit} -->

- `18`

> [!NOTE]
> A note.
"""


def with_typed_answers() -> dict[str, bytes]:
    """The tiny course with a final of two typed answers, in English and Spanish."""
    files = load_folder(TEST_COURSES / "tiny")
    head = files["en/90-final.md"].decode().partition("\n### ")[0]
    in_english = TYPED.format(word="Name the lie", answer="fraud", number="How old?", unit="years")
    in_spanish = TYPED.format(word="Nombre la mentira", answer="fraude", number="¿Qué edad?", unit="años")
    files["en/90-final.md"] = (head + in_english).replace("draw: 5", "draw: all").encode()
    files["es/90-final.md"] = (head + in_spanish).replace("draw: 5", "draw: all").encode()
    return files


@pytest.mark.parametrize(("word", "age"), [("fraude", "18 años"), ("Fraud", "18 years"), ("fraud", "18 años")])
def test_a_typed_answer_is_right_in_the_language_in_which_it_is_given(
    client: FlaskClient, world: World, word: str, age: str
) -> None:
    world.publish_files(with_typed_answers())
    taker = prepare(client, world)

    taker.submit({"t-word": word, "t-age": age})

    for language in ("en", "es"):
        page = page_of(client, f"{taker.address}?lang={language}")
        assert 'data-score-percent="100"' in page
        assert '<details class="card told" open>' not in page


def test_what_another_language_takes_is_not_shown_as_the_answer(client: FlaskClient, world: World) -> None:
    world.publish_files(with_typed_answers())
    taker = prepare(client, world)

    taker.submit({"t-word": "lie", "t-age": "17"})

    assert "fraude" not in taker.page
    assert "fraud" in taker.page
