"""Many certificates as files: whole after a kill, only what the asker may see, what was left out named."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from datetime import timedelta

import pikepdf
import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from lms import batches, jobs
from lms.batches import Batch
from lms.certification import awards, store
from lms.certification.models import Certificate
from lms.clock import utc_now
from lms.database import db, run_transaction
from lms.jobs import deliver_due
from lms.outbox import OutboxMessage
from lms.people.models import RoleGrant
from lms.reporting import bundles
from lms.reporting.bundle_keeping import KIND, Wish
from tests.certification.conftest import NOON, Learners, learners  # noqa: F401 - a fixture
from tests.support.visits import send
from tests.support.world import World


@pytest.fixture(autouse=True)
def no_children_stay() -> Iterator[None]:
    yield
    bundles._close_room()


class Office:
    """An administrator, and what they ask for."""

    def __init__(self, learners: Learners) -> None:  # noqa: F811
        self.learners, self.world = learners, learners.world
        self.app: Flask = learners.world.app
        self.administrator = self.world.user("Ada", agency=learners.agency)
        self.world.grant(self.administrator, "agency-administrator", learners.agency)
        self.client = self.world.client_of(self.administrator)

    def ask(self, **wish) -> int:
        return self.world.write(lambda: bundles.ask(Wish(**wish), asked_by_id=self.administrator).id)

    def work(self) -> None:
        while deliver_due(self.app):
            pass

    def batch(self, number: int) -> Batch:
        return self.world.read(lambda: db.session.get_one(Batch, number))

    def file(self, number: int, name: str) -> bytes:
        answer = self.client.get(f"/batches/{number}/files/{name}")
        assert answer.status_code == 200, name
        return answer.data

    def zip(self, number: int, volume: int = 1) -> zipfile.ZipFile:
        return zipfile.ZipFile(io.BytesIO(self.file(number, f"certificates-{volume}.zip")))


@pytest.fixture
def office(learners: Learners) -> Office:  # noqa: F811
    return Office(learners)


def index_of(archive: zipfile.ZipFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(archive.read("index.csv").decode("utf-8-sig"))))


def test_the_zip_holds_each_pdf_and_an_index_and_names_what_was_left_out(office: Office) -> None:
    codes = [office.learners.certified(f"Person {number}")[1] for number in range(3)]
    revoked = office.learners.row(codes[1]).id
    office.world.write(
        lambda: awards.revoke(db.session.get_one(Certificate, revoked), "Wrong", office.administrator, NOON)
    )

    number = office.ask(is_merged=True)
    office.work()

    batch = office.batch(number)
    assert (batch.state, batch.total, batch.done, batch.left_out) == ("finished", 3, 2, 1)
    assert batch.problems == [{"item": f"Person 1 ({codes[1]})", "reason": "It was revoked."}]
    archive = office.zip(number)
    assert archive.testzip() is None
    rows = index_of(archive)
    assert [(row["code"], row["name"], row["agency"], row["status"]) for row in rows] == [
        (codes[0], "Person 0", "General Hospital", "valid"),
        (codes[2], "Person 2", "General Hospital", "valid"),
    ]
    assert sorted(archive.namelist()) == sorted([row["file"] for row in rows] + ["index.csv"])
    row = office.learners.row(codes[0])
    files = office.app.extensions["lms"].files
    assert archive.read(rows[0]["file"]) == files.read(row.document_name)
    assert store.stored_document(row.document_name, row.document_hash, files) is not None
    with pikepdf.open(io.BytesIO(office.file(number, "certificates-1.pdf"))) as merged:
        assert len(merged.pages) == 4


def test_a_slash_in_a_name_makes_no_two_files_one(office: Office) -> None:
    codes = [office.learners.certified(name)[1] for name in ("Ana Ruiz, RN/BSN", "Bo Lee, RN/BSN", "=cmd|'/C calc'!A0")]

    number = office.ask()
    office.work()

    rows = {row["code"]: row for row in index_of(office.zip(number))}
    assert rows[codes[0]]["file"] == f"{codes[0]} Ana Ruiz_ RN-BSN.pdf"
    assert len({row["file"] for row in rows.values()}) == 3
    assert all(row["file"].startswith(code) for code, row in rows.items())
    assert rows[codes[2]]["name"] == "'=cmd|'/C calc'!A0"


def test_volumes_hold_everything_once(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "VOLUME", 3)
    monkeypatch.setattr(bundles, "DRAWN", 2)
    codes = [office.learners.certified(f"Person {number}")[1] for number in range(7)]

    number = office.ask()
    office.work()

    assert office.batch(number).done == 7
    found = [row["code"] for volume in (1, 2, 3) for row in index_of(office.zip(number, volume))]
    assert found == codes


def test_a_worker_killed_in_any_piece_changes_nothing_of_what_comes_out(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each piece is done twice: once by a worker that dies before it can record it."""
    monkeypatch.setattr(bundles, "VOLUME", 2)
    monkeypatch.setattr(bundles, "DRAWN", 1)
    codes = [office.learners.certified(f"Person {number}")[1] for number in range(3)]
    dying: set[str] = set()

    def dies_once(batch: Batch, runtime: object):
        piece = bundles.do_piece(batch, runtime)
        if str(batch.cursor) not in dying:
            dying.add(str(batch.cursor))
            raise RuntimeError("killed")
        return piece

    monkeypatch.setitem(jobs.RUNNERS, KIND, dies_once)
    number = office.ask(is_merged=True)
    for _ in range(20):
        office.work()

        def make_due() -> None:
            for message in db.session.scalars(select(OutboxMessage).where(OutboxMessage.delivered_at.is_(None))):
                message.due_at, message.tries = utc_now(), 0

        with office.app.app_context():
            run_transaction(make_due)

    batch = office.batch(number)
    assert len(dying) >= 5
    assert (batch.state, batch.done, batch.left_out) == ("finished", 3, 0)
    found = [row["code"] for volume in (1, 2) for row in index_of(office.zip(number, volume))]
    assert found == codes
    assert [one["name"] for one in batch.result["files"]] == [
        "certificates-1.zip", "certificates-1.pdf", "certificates-2.zip", "certificates-2.pdf",
    ]  # fmt: skip


def test_only_what_the_asker_may_see_when_it_runs_is_in_it(office: Office, world: World) -> None:
    _, own = office.learners.certified("Own")
    elsewhere = Learners.__new__(Learners)
    elsewhere.world, elsewhere.agency, elsewhere.version = world, world.agency("Elsewhere"), office.learners.version
    elsewhere.certified("Foreign")
    number = office.ask()
    office.work()
    assert [row["code"] for row in index_of(office.zip(number))] == [own]

    second = office.ask()

    def demote() -> None:
        for grant in db.session.scalars(select(RoleGrant).where(RoleGrant.user_id == office.administrator)):
            grant.revoked_at = utc_now()

    office.world.write(demote)
    office.work()

    batch = office.batch(second)
    assert (batch.state, batch.done, batch.result) == ("failed", 0, {})
    assert batch.cause is not None


def test_dates_and_courses_narrow_it(office: Office) -> None:
    course = office.world.read(lambda: db.session.scalars(select(Certificate.course_id)).first())
    _, early = office.learners.certified("Early")
    _, late = office.learners.certified("Late", now=NOON + timedelta(days=10))
    course = office.learners.row(early).course_id
    day = office.learners.row(late).completed_on

    numbers = [
        office.ask(since=day),
        office.ask(until=day - timedelta(days=1)),
        office.ask(course_id=(course or 0) + 1),
    ]
    office.work()

    assert [row["code"] for row in index_of(office.zip(numbers[0]))] == [late]
    assert [row["code"] for row in index_of(office.zip(numbers[1]))] == [early]
    empty = office.batch(numbers[2])
    assert (empty.state, empty.total, empty.result["files"]) == ("finished", 0, [])


def test_a_name_that_a_spreadsheet_would_run_is_only_text(office: Office) -> None:
    office.learners.certified("=cmd()")

    number = office.ask()
    office.work()

    assert index_of(office.zip(number))[0]["name"] == "'=cmd()"


def test_the_page_asks_and_leads_to_the_work(office: Office, world: World) -> None:
    page = office.client.get("/reports/certificates")
    assert "Signatures are lost" in page.text
    agency = office.learners.agency

    answer = send(
        office.client, "/reports/certificates", {"agency": str(agency), "what": "course:tiny", "is_merged": "y"}
    )
    wrong = {"since-month": "3", "since-day": "2", "since-year": "2026"}
    wrong |= {"until-month": "3", "until-day": "1", "until-year": "2026", "what": ""}

    assert answer.status_code == 303
    assert office.client.get(answer.headers["Location"]).status_code == 200
    assert send(office.client, "/reports/certificates", wrong).status_code == 422
    foreign = {"agency": str(world.agency("Elsewhere")), "what": ""}
    assert send(office.client, "/reports/certificates", foreign).status_code == 404
    for _ in range(2):
        send(office.client, "/reports/certificates", {"what": ""})
    assert send(office.client, "/reports/certificates", {"what": ""}).status_code == 422, "enough is under way"


def test_whoever_lost_the_role_gets_no_file_any_more(office: Office) -> None:
    office.learners.certified("Ana Ruiz")
    number = office.ask()
    office.work()
    address = f"/batches/{number}/files/certificates-1.zip"
    assert office.client.get(address).status_code == 200

    def move_role() -> None:
        grant = db.session.scalars(select(RoleGrant).where(RoleGrant.user_id == office.administrator)).one()
        grant.agency_id = elsewhere

    elsewhere = office.world.agency("Elsewhere")
    office.world.write(move_role)

    assert office.client.get(address).status_code == 403


def test_whoever_lost_the_role_reads_no_name_on_the_page_of_the_work(office: Office) -> None:
    _, code = office.learners.certified("Ana Ruiz")
    row = office.learners.row(code).id
    office.world.write(lambda: awards.revoke(db.session.get_one(Certificate, row), "Wrong", office.administrator, NOON))
    number = office.ask()
    office.work()
    before = office.client.get(f"/batches/{number}").text
    office.world.write(lambda: db.session.query(RoleGrant).update({"revoked_at": utc_now()}))

    after = office.client.get(f"/batches/{number}").text

    assert "Ana Ruiz" in before
    assert "Ana Ruiz" not in after


def test_a_role_that_ends_while_the_work_runs_takes_what_was_packed_before_along(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files are about all that any of their pieces reached."""
    monkeypatch.setattr(bundles, "VOLUME", 1)
    other = office.world.agency("Elsewhere")
    office.world.grant(office.administrator, "agency-administrator", other)
    office.learners.certified("First")
    number = office.ask()

    def narrow_once(batch: Batch, runtime: object, real=bundles.do_piece) -> object:
        if batch.pieces == 2:
            office.world.write(
                lambda: db.session.query(RoleGrant).filter_by(agency_id=other).update({"revoked_at": utc_now()})
            )
        return real(batch, runtime)

    monkeypatch.setitem(jobs.RUNNERS, KIND, narrow_once)
    office.work()

    batch = office.batch(number)
    assert (batch.state, batch.done) == ("finished", 1)
    assert office.client.get(f"/batches/{number}/files/certificates-1.zip").status_code == 403


def test_the_files_go_after_thirty_days_and_the_page_says_so(office: Office) -> None:
    office.learners.certified("Ana Ruiz")
    number = office.ask(is_merged=True)
    office.work()
    stored = [one["stored"] for one in office.batch(number).result["files"]]
    files = office.app.extensions["lms"].files
    assert len(stored) == 2

    with time_machine.travel(utc_now() + timedelta(days=29)):
        jobs.plan(office.app)
    kept = [files.read(name) is not None for name in stored]
    with time_machine.travel(utc_now() + timedelta(days=31)):
        jobs.plan(office.app)
        page = office.world.client_of(office.administrator).get(f"/batches/{number}").text

    assert kept == [True, True]
    assert [files.read(name) for name in stored] == [None, None]
    assert "The file is gone" in page
    assert office.batch(number).result["files"] == []


def test_files_of_work_that_was_given_up_before_it_was_noted_go_too(office: Office) -> None:
    """A worker killed between writing a volume and recording it leaves a file that no result names."""
    number = office.ask(is_merged=True)
    files = office.app.extensions["lms"].files
    names = [f"batches/{number}/certificates-1.{ending}" for ending in ("zip", "pdf")]
    for name in names:
        files.write(name, b"names")

    def give_up() -> None:
        batch = db.session.get_one(Batch, number)
        batch.cursor, batch.failed_at, batch.cause = {"volume": 1, "pack": True}, utc_now(), batches.GIVEN_UP

    office.world.write(give_up)

    with time_machine.travel(utc_now() + timedelta(days=31)):
        jobs.plan(office.app)

    assert [files.read(name) for name in names] == [None, None]


def test_files_of_work_that_was_tried_again_after_their_removal_go_again(office: Office) -> None:
    office.learners.certified("Ana Ruiz")
    number = office.ask()

    def give_up() -> None:
        batch = db.session.get_one(Batch, number)
        batch.failed_at, batch.cause = utc_now(), batches.GIVEN_UP

    office.world.write(give_up)
    with time_machine.travel(utc_now() + timedelta(days=31)):
        jobs.plan(office.app)
        office.work()
        stored = office.batch(number).result["files"][0]["stored"]
        page = office.world.client_of(office.administrator).get(f"/batches/{number}").text
    with time_machine.travel(utc_now() + timedelta(days=63)):
        jobs.plan(office.app)

    assert "The file is gone" not in page
    assert office.app.extensions["lms"].files.read(stored) is None
