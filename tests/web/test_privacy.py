"""One's own data over HTTP: put together by the worker, fetched by nobody else, removed; and asking to be erased."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms import jobs, own_data, privacy
from lms.batches import Batch
from lms.clock import utc_now
from lms.database import db, run_transaction
from lms.outbox import enqueue
from lms.people.models import User
from lms.people.person_models import Erasure
from lms.person_rooms import ROOMS
from tests.support.days import site_day
from tests.support.scene import Scene
from tests.support.visits import PASSWORD, mails, send
from tests.support.world import World
from tests.web.test_people import Office, office

__all__ = ["office"]


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app)


def put_together(scene: Scene) -> tuple[FlaskClient, str]:
    """The owner's browser, and the address of the file that the worker made for them."""
    client = scene.client_of("owner")
    answer = send(client, "/account/data", page="/account/data")
    jobs.deliver_due(scene.app)
    return client, f"{answer.headers['Location']}/files/your-data.zip"


def test_everything_about_a_person_comes_in_one_zip(scene: Scene) -> None:
    client, address = put_together(scene)

    archive = zipfile.ZipFile(io.BytesIO(client.get(address).get_data()))

    names = set(archive.namelist())
    code = scene.values["code"]
    assert {"README.txt", f"certificates/{code}.pdf", *(f"data/{room.name}.json" for room in ROOMS)} <= names
    assert archive.read(f"certificates/{code}.pdf").startswith(b"%PDF")
    assert [name for name in names if name.startswith("evidence/")] != []
    people = json.loads(archive.read("data/people.json"))
    assert people["account"][0]["email"] == "owner@a.example"
    assert people["licenses"][0]["number"] == "OWNER-OF-A-4471"
    learned = json.loads(archive.read("data/learning.json"))
    assert learned["courses"][0]["course"] == "tiny"
    assert json.loads(archive.read("data/assessment.json"))["answers"] != []
    assert json.loads(archive.read("data/certification.json"))["certificates"][0]["code"] == code
    assert json.loads(archive.read("data/cohorts.json"))["teams"][0]["team"] == "Team of A"


def test_the_file_of_somebody_who_reads_spanish_has_a_spanish_name(scene: Scene) -> None:
    with scene.app.app_context():
        run_transaction(lambda: db.session.query(User).filter_by(id=scene.owner).update({"language": "es"}))

    client, address = put_together(scene)

    assert client.get(address.replace("your-data", "sus-datos")).status_code == 200


def test_each_part_holds_what_the_claims_name_and_nothing_else(scene: Scene) -> None:
    """The schema of the file: lists of rows, each with exactly the names that README's claims give."""
    with scene.app.app_context():
        data = own_data.collect(scene.owner)

    more = {"people": {"what_was_done_about_you", "messages_to_you"}}
    for room in ROOMS:
        claims = {claim.name: set(claim.export) for claim in room.claims if not isinstance(claim.export, str)}
        assert set(data[room.name]) == set(claims) | more.get(room.name, set())
        for name, fields in claims.items():
            assert all(set(row) == fields for row in data[room.name][name]), name
    assert json.loads(json.dumps(data)) == data


def test_mails_that_went_to_the_address_are_named_too(scene: Scene) -> None:
    scene.world.write(lambda: enqueue("mail", "by-address", {"to": "owner@a.example", "template": "accounts-merged"}))

    with scene.app.app_context():
        data = own_data.collect(scene.owner)

    assert "accounts-merged" in [one["kind"] for one in data["people"]["messages_to_you"]]


def test_no_secret_is_in_it(scene: Scene) -> None:
    client, address = put_together(scene)

    archive = zipfile.ZipFile(io.BytesIO(client.get(address).get_data()))
    whole = b"".join(archive.read(name) for name in archive.namelist() if name.startswith("data/")).decode()

    assert [word for word in ("token_hash", "password_hash", "csrf_token", "argon2") if word in whole] == []


def test_nobody_else_fetches_it(scene: Scene) -> None:
    _client, address = put_together(scene)

    answers = {role: scene.client_of(role).get(address).status_code for role in ("learner", "admin_a", "state")}

    assert set(answers.values()) == {404}


def test_it_is_put_together_once_at_a_time(scene: Scene) -> None:
    client = scene.client_of("owner")
    send(client, "/account/data", page="/account/data")

    assert send(client, "/account/data", page="/account/data").status_code == 409


def test_the_file_is_removed_after_seven_days(scene: Scene) -> None:
    _client, address = put_together(scene)
    with scene.app.app_context():
        finished = db.session.scalars(select(Batch.finished_at).where(Batch.kind == own_data.KIND)).one()
        stored = db.session.scalars(select(Batch.result).where(Batch.kind == own_data.KIND)).one()["files"][0]["stored"]
    assert finished is not None
    files = scene.app.extensions["lms"].files

    with scene.app.app_context():
        early = own_data.remove_old(files, finished + timedelta(days=7, seconds=-1))
        late = own_data.remove_old(files, finished + timedelta(days=7))

    assert (early, late) == (0, 1)
    assert files.read(stored) is None
    assert address.endswith(".zip")


def ask(client: FlaskClient, password: str = PASSWORD, sure: str = "y"):
    return send(client, "/account/erasure", {"password": password, "is_sure": sure}, page="/account")


@pytest.fixture
def asker(world: World, office: Office) -> FlaskClient:
    world.set_password(office.person, PASSWORD)
    return world.client_of(office.person)


def erasure_of(world: World) -> Erasure:
    return world.read(lambda: db.session.scalars(select(Erasure)).one())


def test_asking_needs_the_password_and_the_tick(world: World, office: Office, asker: FlaskClient) -> None:
    assert ask(asker, "not the password").status_code == 422
    assert ask(asker, sure="").status_code == 422

    assert ask(asker).status_code == 303
    assert erasure_of(world).state == "asked"
    assert ask(asker).status_code == 409


def test_who_has_no_password_is_told_to_set_one(world: World, office: Office) -> None:
    page = world.client_of(office.person).get("/account/erasure").text

    assert "Set a password first" in page


def test_the_page_says_what_goes_what_remains_and_why(world: World, office: Office, asker: FlaskClient) -> None:
    page = asker.get("/account/erasure").text

    assert "Your answers, your reflections, your results" in page
    assert "A number in place of your name" in page
    assert "Backups of this site are not changed" in page


def decide(browser: FlaskClient, number: int, decision: str, reason: str = ""):
    return send(browser, f"/people/erasures/{number}", {"decision": decision, "reason": reason}, page="/account")


def test_an_administrator_approves_and_the_worker_erases_after_the_pause(
    app: Flask, world: World, office: Office, asker: FlaskClient
) -> None:
    ask(asker)
    number = erasure_of(world).id
    assert "Ann Lee" in office.admin.get("/people/erasures").text

    answer = decide(office.admin, number, "approve")
    with time_machine.travel(utc_now() + timedelta(days=7), tick=False):
        jobs.plan(app)

    assert answer.status_code == 303
    assert erasure_of(world).state == "done"
    user = world.read(lambda: db.session.get_one(User, office.person))
    assert (user.name, user.email, user.password_hash) == (f"Erased person {office.person}", None, None)
    assert asker.get("/home").status_code == 303
    assert [mail["values"]["what"] for mail in mails(world) if mail["template"] == "erasure"][-1] == "done"


def test_whoever_decides_reads_of_the_person_and_not_of_themselves(
    office: Office, world: World, asker: FlaskClient
) -> None:
    ask(asker)
    number = erasure_of(world).id

    page = office.admin.get(f"/people/erasures/{number}").text

    assert "password and sign-ins of Ann Lee" in page
    main = page[page.index("<main") : page.index("</main>")]
    assert "your " not in main.lower()
    assert " you " not in main.lower()


def test_refusing_needs_a_reason_which_the_person_reads(world: World, office: Office, asker: FlaskClient) -> None:
    ask(asker)
    number = erasure_of(world).id

    assert decide(office.admin, number, "refuse").status_code == 422
    assert decide(office.admin, number, "refuse", "A court has asked for it").status_code == 303

    assert "A court has asked for it" in asker.get("/account/erasure").text


def test_another_agencys_administrator_sees_and_decides_nothing(
    world: World, office: Office, asker: FlaskClient
) -> None:
    ask(asker)
    number = erasure_of(world).id

    assert "Ann Lee" not in office.other_admin.get("/people/erasures").text
    assert decide(office.other_admin, number, "approve").status_code == 404
    assert send(office.other_admin, f"/people/erasures/{number}/stop", page="/account").status_code == 404


def test_the_person_or_the_administrator_stops_it_within_the_pause(
    world: World, office: Office, asker: FlaskClient
) -> None:
    ask(asker)
    decide(office.admin, erasure_of(world).id, "approve")

    stopped = send(asker, "/account/erasure/stop", page="/account/erasure")
    ask(asker)
    second = world.read(lambda: db.session.scalars(select(Erasure.id).order_by(Erasure.id.desc())).first())
    decide(office.admin, second, "approve")
    stopped_too = send(office.admin, f"/people/erasures/{second}/stop", page="/account")

    assert (stopped.status_code, stopped_too.status_code) == (303, 303)
    with world.app.app_context():
        assert privacy.work_off(utc_now() + timedelta(days=30), world.app.extensions["lms"].settings) == 0


def test_a_code_of_an_erased_person_is_answered_truthfully_and_without_the_name(scene: Scene) -> None:
    code, settings = scene.values["code"], scene.app.extensions["lms"].settings
    with scene.app.app_context():
        scene.world.write(lambda: privacy.ask_erasure(scene.owner, utc_now()))
        number = db.session.scalars(select(Erasure.id).where(Erasure.user_id == scene.owner)).one()
        scene.world.write(lambda: approve(scene, number))
        db.session.rollback()  # what this context had read is older
        privacy.work_off(utc_now() + timedelta(days=8), settings)

    page = scene.client_of("stranger").get(f"/verify/{code}")
    told = scene.client_of("stranger").get(f"/verify/{code}.json").get_json()

    assert page.status_code == 200
    assert "This certificate is valid" in page.text
    assert "The name is not kept here any more" in page.text
    assert "Owner of A" not in page.text
    assert (told["status"], told["name"], told["is_name_erased"], told["is_name_hidden"]) == (
        "valid",
        None,
        True,
        False,
    )
    assert scene.client_of("admin_a").get(f"/certificates/{code}.pdf").status_code == 409


def approve(scene: Scene, number: int) -> None:
    from lms.people.signins import load_viewer

    viewer = load_viewer(scene.people["state"])
    assert viewer is not None
    privacy.decide(viewer, number, approve=True, reason="", now=utc_now(), today=site_day())
