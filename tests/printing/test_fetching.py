"""Who may have packet and key, how they come to be, what is noted, and the command."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from lms.commands import printing as command
from lms.database import db
from lms.jobs import deliver_due
from lms.people.models import AuditEvent
from lms.printing import keeping
from tests.support.visits import send
from tests.support.world import World

PAGE = "/courses/tiny/print"


@pytest.fixture(autouse=True)
def no_prints(app: Flask) -> Iterator[None]:
    """The file store outlives a test; what another one had drawn would be there already."""

    def remove() -> None:
        shutil.rmtree(Path(app.extensions["lms"].settings.instance_path) / "files" / "prints", ignore_errors=True)

    remove()
    yield
    remove()


@pytest.fixture
def trainer(world: World) -> FlaskClient:
    world.publish("tiny")
    person = world.user()
    world.grant(person, "author")
    return world.client_of(person)


@pytest.fixture
def learner(world: World, trainer: FlaskClient) -> FlaskClient:
    return world.client_of(world.user())


def ordered(world: World, client: FlaskClient, kind: str, language: str = "en", form: str = "1") -> None:
    answer = send(client, PAGE, {"is_key": "1" if kind == "key" else "", "language": language, "form": form}, page=PAGE)
    assert answer.status_code == 303, answer.text
    while deliver_due(world.app):
        pass


def noted(world: World, action: str) -> list[AuditEvent]:
    return world.read(lambda: list(db.session.scalars(select(AuditEvent).where(AuditEvent.action == action))))


def test_a_learner_has_the_packet_made_and_takes_it_without_the_key(world: World, learner: FlaskClient) -> None:
    before = learner.get("/courses/tiny/print.pdf?language=es&form=2")
    ordered(world, learner, "packet", "es", "2")
    page = learner.get(f"{PAGE}?language=es&form=2").text
    fetched = learner.get("/courses/tiny/print.pdf?language=es&form=2")

    assert before.status_code == 303
    assert before.headers["Location"] == f"{PAGE}?language=es&form=2"
    assert "tiny-packet-es-form-2.pdf" in page
    assert (
        "key"
        not in page.lower()
        .partition("<main")[2]
        .partition("</main")[0]
        .replace("same form number", "")
        .split("packet and key")[0]
    )
    assert fetched.mimetype == "application/pdf"
    assert "formulario 2" in PdfReader(io.BytesIO(fetched.data)).pages[0].extract_text()


def test_a_learner_neither_fetches_nor_orders_the_key(world: World, trainer: FlaskClient, learner: FlaskClient) -> None:
    ordered(world, trainer, "key")

    assert learner.get("/courses/tiny/key.pdf").status_code == 403
    assert send(learner, PAGE, {"is_key": "1"}, page=PAGE).status_code == 403
    assert noted(world, "course.key-fetched") == []


def test_a_trainer_fetches_the_key_and_that_is_noted(world: World, trainer: FlaskClient) -> None:
    ordered(world, trainer, "key", form="3")

    fetched = trainer.get("/courses/tiny/key.pdf?form=3")

    assert fetched.mimetype == "application/pdf"
    assert fetched.headers["Cache-Control"] == "private, no-store"
    (event,) = noted(world, "course.key-fetched")
    assert (event.detail["form"], event.detail["language"]) == (3, "en")


def test_it_is_drawn_once_and_then_a_file(world: World, trainer: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    ordered(world, trainer, "packet")
    monkeypatch.setattr(keeping, "make", lambda *_: pytest.fail("drawn again"))

    again = send(trainer, PAGE, {"is_key": "", "language": "en", "form": "1"}, page=PAGE)

    assert again.headers["Location"] == f"{PAGE}?language=en&form=1"
    assert trainer.get("/courses/tiny/print.pdf").status_code == 200


def test_two_orders_at_once_draw_it_once(
    world: World, trainer: FlaskClient, learner: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, drawn = keeping.make, []
    monkeypatch.setattr(keeping, "make", lambda wanted, *rest: drawn.append(wanted) or make(wanted, *rest))
    for client in (trainer, learner):
        send(client, PAGE, {"is_key": "", "language": "en", "form": "1"}, page=PAGE)

    while deliver_due(world.app):
        pass

    assert [one.kind for one in drawn] == ["packet"]
    assert learner.get("/courses/tiny/print.pdf").status_code == 200


def test_a_new_version_is_another_file(world: World, trainer: FlaskClient) -> None:
    ordered(world, trainer, "packet")
    from lms.courseware.folder import load_folder
    from tests.support.world import TEST_COURSES

    files = load_folder(TEST_COURSES / "tiny")
    changed = files["en/course.md"] + b"\nOne more line.\n"
    world.publish_files({**files, "en/course.md": changed}, change="correction")

    assert trainer.get("/courses/tiny/print.pdf").status_code == 303


@pytest.mark.parametrize("query", ["language=fr", "form=0", "form=6", "form=x", "form=99999999999"])
def test_a_language_or_form_that_is_not_there_is_refused(trainer: FlaskClient, query: str) -> None:
    assert trainer.get(f"/courses/tiny/print.pdf?{query}").status_code == 422


def test_the_course_page_leads_to_the_print_page(client: FlaskClient, learner: FlaskClient) -> None:
    assert f'href="{PAGE}"' in learner.get("/courses/tiny").text
    assert f'href="{PAGE}"' not in client.get("/courses/tiny").text


@pytest.mark.sqlite_only
def test_the_command_writes_the_key_and_notes_it(
    world: World, trainer: FlaskClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "create_app", lambda: world.app)
    out = tmp_path / "key.pdf"

    done = CliRunner().invoke(command.print_command, ["tiny", "--key", "--language", "es", "--out", str(out)])
    refused = CliRunner().invoke(command.print_command, ["gone", "--out", str(out)])

    assert done.exit_code == 0, done.output
    assert "CLAVE" in PdfReader(out).pages[0].extract_text()
    assert len(noted(world, "course.key-fetched")) == 1
    assert refused.exit_code == 1
    assert "There is no such course." in refused.output
