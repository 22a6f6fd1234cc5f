"""Exercises: players are told one inject at a time, and who leads reads the facilitator's notes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.clock import utc_now
from lms.cohorts import teams, templates
from lms.cohorts.models import Cohort
from lms.courseware.course import Course
from lms.courseware.folder import load_folder
from lms.courseware.read import read_course
from lms.database import db
from lms.learning.models import Enrollment, ModuleProgress
from tests.cohorts.conftest import Teams
from tests.printing.conftest import picture
from tests.support.pages import form_of, page_of
from tests.support.world import SHIPPED_COURSES, World

EXERCISE = b"""
## Situation manual

A small county.[^M1]

## For the facilitator: before you begin

<!-- facilitator -->

SECRET-BEGIN Read this the day before.[^F1]

## Inject A1: the call

<!-- inject: t-a1; step: notice; minutes: 12 -->

TOLD-ONE A phone rings.

## For the facilitator: what good looks like

<!-- facilitator -->

SECRET-ONE Somebody asks which bus.

## Inject A2: the bus

<!-- inject: t-a2; step: notice -->

TOLD-TWO The bus is found.

## Inject A3: the night

<!-- inject: t-a3; step: contact; minutes: 7 -->

TOLD-THREE It is late.

## For the facilitator: the end

<!-- facilitator -->

SECRET-END Pause.

## What it was built to show

TOLD-LAST Who calls whom.[^M2]

[^M1]: [Players' source](https://example.org/m1), checked 2026-11-20
[^F1]: [SECRET-SOURCE](https://example.org/f1), checked 2026-11-20
[^M2]: [Last source](https://example.org/m2), checked 2026-11-20
"""
PNG = picture()
PLAYED = "/learn/tiny/first-steps"
LED = "/courses/tiny/facilitator/first-steps"


@pytest.fixture
def files(tiny_course: Path) -> dict[str, bytes]:
    files = load_folder(tiny_course)
    path = "en/01-first-steps.md"
    del files["es/01-first-steps.md"]
    return {**files, path: files[path].replace(b"kind: module", b"kind: exercise") + EXERCISE}


@pytest.fixture
def small(world: World, tmp_path: Path) -> Teams:
    return Teams(world, tmp_path)


@pytest.fixture
def player(client: FlaskClient, world: World, files: dict[str, bytes]) -> FlaskClient:
    world.publish_files(files)
    world.sign_in(client, world.user(agency=world.agency(), discipline="healthcare"))
    return enrolled(client)


def enrolled(client: FlaskClient, slug: str = "tiny") -> FlaskClient:
    form = form_of(page_of(client, f"/courses/{slug}"), "/enroll")
    client.post(form.action, data=form.fields)
    return client


def with_role(world: World, role: str) -> FlaskClient:
    user = world.user(agency=world.agency())
    world.grant(user, role)
    return world.client_of(user)


def told_in(page: str) -> list[str]:
    return re.findall(r"TOLD-[A-Z]+", page)


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_a_player_begins_with_the_situation_and_is_told_nothing_beforehand(player: FlaskClient) -> None:
    page = page_of(player, PLAYED)

    assert "A small county." in page
    assert told_in(page) == []
    assert "the bus" not in page
    assert f'href="{PLAYED}?inject=1#inject-now"' in page


def test_a_player_goes_on_one_inject_at_a_time_and_keeps_what_was_told(player: FlaskClient) -> None:
    second, third, last = (page_of(player, f"{PLAYED}?inject={number}") for number in (2, 3, 4))

    assert told_in(second) == ["TOLD-ONE", "TOLD-TWO"]
    assert 'id="inject-now"' in second
    assert "Inject 2 of 3" in second
    assert told_in(third) == ["TOLD-ONE", "TOLD-TWO", "TOLD-THREE"]
    assert told_in(last) == ["TOLD-ONE", "TOLD-TWO", "TOLD-THREE", "TOLD-LAST"]
    assert "?inject=5" not in last


@pytest.mark.parametrize("asked", ["0", "5", "99999", "-1", "x", "all", "%C2%B2"])
def test_an_inject_that_there_is_not_begins_at_the_beginning(player: FlaskClient, asked: str) -> None:
    assert told_in(page_of(player, f"{PLAYED}?inject={asked}")) == []


@pytest.mark.parametrize("asked", ["", "?inject=1", "?inject=2", "?inject=3", "?inject=4", "?inject=all"])
def test_no_page_of_a_player_holds_what_is_for_the_facilitator(player: FlaskClient, asked: str) -> None:
    page = page_of(player, PLAYED + asked)

    assert "SECRET" not in page
    assert "For the facilitator" not in page
    assert "Facilitator's view" not in page.replace("&#39;", "'")


def test_a_source_that_only_the_facilitator_needs_is_left_out_and_the_others_keep_their_numbers(
    player: FlaskClient,
) -> None:
    page = page_of(player, f"{PLAYED}?inject=4")

    numbers = dict(re.findall(r'<li id="fn-(\w+)" value="(\d)">', page))
    assert re.findall(r'href="#fn-(\w+)" id="[^"]+">\[(\d)\]', page) == list(numbers.items())
    assert numbers == {"M1": "1", "M2": "3"}


def test_a_source_of_what_comes_later_is_not_named_beforehand(player: FlaskClient) -> None:
    first, last = page_of(player, PLAYED), page_of(player, f"{PLAYED}?inject=4")

    assert "Last source" not in first
    assert "https://example.org/m1" in first
    assert "Last source" in last


def test_a_quiz_names_only_the_sources_to_which_its_questions_refer(
    client: FlaskClient, world: World, files: dict[str, bytes]
) -> None:
    path = "en/90-final.md"
    text = files[path].decode()
    text = text.replace("Choose the first step.", "Choose the first step.[^Q1]", 1)
    text = text.replace("Breathe in slowly", "Breathe in slowly[^Q3]", 1)
    text += "\n## For the facilitator\n\n<!-- facilitator -->\n\nSECRET-NOTE Pause.[^Q2]\n\n"
    text += "[^Q1]: [Asked](https://example.org/q1), checked 2026-11-20\n"
    text += "[^Q2]: [SECRET-SOURCE](https://example.org/q2), checked 2026-11-20\n"
    text += "[^Q3]: [Of an option](https://example.org/q3), checked 2026-11-20\n"
    world.publish_files(
        {name: content for name, content in files.items() if name != "es/90-final.md"} | {path: text.encode()}
    )
    world.sign_in(client, world.user(agency=world.agency()))
    enrolled(client)
    world.write(lambda: complete_modules("first-steps", "second-steps"))
    form = form_of(page_of(client, "/learn/tiny/final"), "/attempts")

    page = page_of(client, client.post(form.action, data=form.fields).headers["Location"])

    assert "https://example.org/q1" in page
    assert "https://example.org/q3" in page
    assert "SECRET" not in page


def test_a_file_that_only_the_facilitator_s_notes_show_is_theirs_alone(small: Teams, files: dict[str, bytes]) -> None:
    path, world = "en/01-first-steps.md", small.world
    text = files[path].replace(b"SECRET-ONE", b"![SECRET map](../media/notes.png)\n\nSECRET-ONE")
    text = text.replace(b"TOLD-ONE", b"![A bus](../media/bus.png)\n\nTOLD-ONE")
    world.publish_files({**files, path: text, "media/notes.png": PNG, "media/bus.png": PNG}, change="correction")
    player, author = world.client_of(small.person("schools")), with_role(world, "author")

    answers = [
        client.get(f"/courses/tiny/assets/2/{name}.png").status_code
        for client in (player, author)
        for name in ("notes", "bus")
    ]

    assert answers == [404, 200, 200, 200]


def test_a_player_may_not_open_the_facilitators_view(player: FlaskClient) -> None:
    for address in (LED, f"{LED}?inject=1", f"{LED}?inject=all", "/courses/tiny/facilitator"):
        answer = player.get(address)

        assert answer.status_code == 403
        assert "SECRET" not in answer.get_data(as_text=True)


@pytest.mark.parametrize("role", ["author", "state-administrator"])
def test_authors_and_state_administrators_find_the_facilitators_view_from_the_course(
    world: World, files: dict[str, bytes], role: str
) -> None:
    world.publish_files(files)
    client = with_role(world, role)

    course, listed, page = (page_of(client, one) for one in ("/courses/tiny", "/courses/tiny/facilitator", LED))

    assert 'href="/courses/tiny/facilitator"' in course
    assert f'href="{LED}"' in listed
    assert "SECRET-BEGIN" in page
    assert f'href="{LED}"' in page_of(enrolled(client), PLAYED)


def test_the_facilitator_reads_inject_after_inject_with_its_note_and_its_time(
    world: World, files: dict[str, bytes]
) -> None:
    world.publish_files(files)
    client = with_role(world, "author")

    opening, first, third, last = (page_of(client, f"{LED}?inject={number}") for number in (0, 1, 3, 4))

    assert "TOLD" not in opening
    assert re.findall(r'<td class="num">(\w+)</td>', opening) == ["12", "7"]
    assert told_in(first) == ["TOLD-ONE"]
    assert "SECRET-ONE" in first
    assert "SECRET-BEGIN" not in first
    assert "Step 1 of 2 · Inject 1 of 3 · 12 minutes for the step" in words_of(first)
    assert f'href="{LED}?inject=2"' in first
    assert "SECRET-END" in third
    assert told_in(last) == ["TOLD-LAST"]


def test_an_exercise_that_is_not_translated_says_in_which_language_its_injects_are_named(
    world: World, files: dict[str, bytes]
) -> None:
    world.publish_files(files)
    client = with_role(world, "author")

    spanish, english = (page_of(client, f"{LED}?inject=1&lang={language}") for language in ("es", "en"))

    outline = spanish.partition('class="outline"')[2].partition("</nav>")[0]
    assert outline.count('<span lang="en">') == 3
    assert '<span lang="en">' not in english


def test_the_whole_exercise_stands_on_one_page_to_print(world: World, files: dict[str, bytes]) -> None:
    world.publish_files(files)

    page = page_of(with_role(world, "author"), f"{LED}?inject=all")

    assert told_in(page) == ["TOLD-ONE", "TOLD-TWO", "TOLD-THREE", "TOLD-LAST"]
    assert re.findall(r"SECRET-[A-Z]+", page) == ["SECRET-BEGIN", "SECRET-ONE", "SECRET-END", "SECRET-SOURCE"]


def test_who_leads_a_team_that_asks_for_the_course_sees_it_and_its_members_do_not(
    small: Teams, files: dict[str, bytes]
) -> None:
    small.world.publish_files(files, change="revision")
    coordinator = small.world.client_of(small.coordinator)
    before = coordinator.get(LED).status_code
    cohort = small.cohort()
    member = small.world.client_of(small.people(cohort)[0])

    assert before == 403
    assert "SECRET-BEGIN" in page_of(coordinator, LED)
    assert member.get(LED).status_code == 403


def test_who_led_a_team_that_is_archived_leads_no_exercise(small: Teams, files: dict[str, bytes]) -> None:
    small.world.publish_files(files, change="revision")
    cohort = small.cohort()
    small.do(cohort, lambda one: teams.archive_cohort(one, utc_now(), actor_id=small.coordinator))

    assert small.world.client_of(small.coordinator).get(LED).status_code == 403


def test_the_board_leads_to_the_exercise_by_which_a_milestone_is_met(small: Teams, tmp_path: Path) -> None:
    cohort = small.cohort()
    member = small.world.client_of(small.people(cohort)[0])
    coordinator = small.world.client_of(small.coordinator)
    path = tmp_path / "small-team.yaml"
    plain = path.read_text("utf-8")
    path.write_text(plain.replace('rule: "Attested."', 'rule: "Attested.", course: tiny'), "utf-8")
    without = page_of(coordinator, f"/cohorts/{cohort}")
    small.world.write(lambda: templates.publish_templates(tmp_path) and None)

    link = 'href="/courses/tiny/facilitator"'
    assert link not in without
    assert link in page_of(coordinator, f"/cohorts/{cohort}")
    assert link not in page_of(member, f"/cohorts/{cohort}")


def test_a_milestone_names_its_course_by_a_word(small: Teams, tmp_path: Path) -> None:
    small.cohort()
    path = tmp_path / "small-team.yaml"
    path.write_text(path.read_text("utf-8").replace('rule: "Attested."', 'rule: "Attested.", course: 7'), "utf-8")

    with pytest.raises(Exception, match="cannot be taken"):
        templates.read_template(path)


def shipped_exercise() -> Course:
    read, _ = read_course(load_folder(SHIPPED_COURSES / "tabletop-exercise"), "tabletop-exercise")
    assert read is not None
    return read


@pytest.mark.parametrize("module_id", ["scenario-a", "scenario-b", "review-and-plan"])
def test_no_sentence_for_the_facilitator_of_the_shipped_exercise_reaches_a_player(world: World, module_id: str) -> None:
    world.publish("tabletop-exercise")
    user = world.user(agency=world.agency(), discipline="schools")
    player = enrolled(world.client_of(user), "tabletop-exercise")
    world.write(lambda: complete_modules("prepare", "scenario-a", "scenario-b"))
    module = shipped_exercise().module(module_id, "en")
    assert module is not None
    kept_back = [words_of(part.html) for part in module.sections if part.is_facilitator]
    told = sum(part.kind == "inject" for part in module.sections)

    pages = [page_of(player, f"/learn/tabletop-exercise/{module_id}?inject={number}") for number in range(told + 2)]

    assert kept_back
    for page in map(words_of, pages):
        for text in kept_back:
            assert all(sentence not in page for sentence in re.split(r"(?<=[.?!]) ", text) if len(sentence) > 25)


def complete_modules(*module_ids: str) -> None:
    """For the one person who is enrolled."""
    enrollment = db.session.scalars(select(Enrollment)).one()
    now = utc_now()
    for module_id in module_ids:
        moments = {"opened_at": now, "last_seen_at": now, "read_at": now, "completed_at": now}
        db.session.add(ModuleProgress(enrollment_id=enrollment.id, module_id=module_id, **moments))


def test_every_step_of_the_shipped_exercise_has_its_minutes() -> None:
    modules = [shipped_exercise().module(module_id, "en") for module_id in ("scenario-a", "scenario-b")]

    for module in modules:
        assert module is not None
        steps = {part.inject_step for part in module.sections if part.inject}
        timed = [part.inject_step for part in module.sections if part.inject_minutes]
        assert set(timed) == steps
        assert len(timed) == len(steps)


def test_the_shipped_kinds_of_teams_name_the_exercise() -> None:
    for name in ("county-team", "demo-team"):
        rules = templates.read_template(SHIPPED_COURSES / "cohorts" / f"{name}.yaml")

        assert templates.exercise_courses(rules) == {"m6": "tabletop-exercise"}
        assert "tabletop-exercise" in templates.courses_asked_for(rules)


def test_a_team_is_led_also_by_who_leads_the_teams_of_its_agency(small: Teams, files: dict[str, bytes]) -> None:
    small.world.publish_files(files, change="revision")
    cohort = small.cohort()
    assert small.world.read(lambda: db.session.get_one(Cohort, cohort).agency_id) == small.agency
    leader, elsewhere = small.person("other"), small.person("other")
    small.world.grant(leader, "coordinator", small.agency)
    small.world.grant(elsewhere, "coordinator", small.world.agency("Elsewhere"))

    assert small.world.client_of(leader).get(LED).status_code == 200
    assert small.world.client_of(elsewhere).get(LED).status_code == 403
