"""Having a record made: who may, what is noted, how it survives a kill, how much is laid out at once, when it goes."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
import time_machine
from pypdf import PdfReader
from sqlalchemy import select

from lms.certification.press import Press
from lms.clock import utc_now
from lms.database import db
from lms.errors import Invalid, NotFound
from lms.jobs import deliver_due, plan
from lms.people.models import AuditEvent, Membership, RoleGrant
from lms.records import making
from lms.records.asking import DAYS_KEPT
from lms.records.reach import joined
from tests.records.conftest import Made, Records
from tests.support.visits import send

FORM = {
    "since-month": "1",
    "since-day": "1",
    "since-year": "2026",
    "purpose": "court",
    "reason": "Request 12",
}


def form(day: date, **changes: str) -> dict[str, str]:
    until = {"until-month": str(day.month), "until-day": str(day.day), "until-year": str(day.year)}
    return {**FORM, **until, **changes}


def events(records: Records, action: str) -> list[AuditEvent]:
    return records.world.read(
        lambda: list(db.session.scalars(select(AuditEvent).where(AuditEvent.action == action).order_by(AuditEvent.id)))
    )


def test_an_administrator_asks_sees_what_will_be_in_it_and_fetches_it(records: Records) -> None:
    records.certified()
    client, address = records.world.client_of(records.administrator), f"/people/{records.nurse}/record"

    asked = send(client, address, form(records.today), page=address)
    nothing_yet = events(records, "record.asked")
    sure = send(client, address, form(records.today, sure="1"), page=address)
    noted = events(records, "record.asked")
    deliver_due(records.app)
    page = client.get(sure.headers["Location"]).text
    fetched = client.get(f"{sure.headers['Location']}/files/training-record-1.pdf")

    assert asked.status_code == 200
    assert "Nora Núñez" in asked.text
    assert nothing_yet == []
    assert [(one.actor_id, one.subject_id, one.reason, one.detail["since"]) for one in noted] == [
        (records.administrator, records.nurse, "Request 12", "2026-01-01")
    ]
    assert noted[0].agency_id == records.agency
    assert "training-record-1.pdf" in page
    assert fetched.data.startswith(b"%PDF-")
    assert [one.actor_id for one in events(records, "batch.file-fetched")] == [records.administrator]


def test_it_is_noted_before_anything_is_made(records: Records) -> None:
    batch = records.batch(records.ask())

    assert batch.state == "waiting"
    assert [one.id for one in events(records, "record.asked")] == [batch.params["audit_event"]]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": ""}, "Say why the record is made."),
        ({"purpose": ""}, "Choose what the record is for."),
        ({"since-year": "2027"}, "The last day lies before the first."),
        ({"until-year": "2099"}, "The last day cannot lie in the future."),
        ({"since-year": "1950"}, "A record holds at most 30 years."),
    ],
)
@pytest.mark.sqlite_only
def test_what_is_wrong_is_said_beside_its_field(records: Records, changes: dict[str, str], sentence: str) -> None:
    address = f"/people/{records.nurse}/record"
    client = records.world.client_of(records.administrator)

    answer = send(client, address, form(records.today, sure="1", **changes), page=address)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert events(records, "record.asked") == []


def test_nobody_outside_the_scope_gets_one(records: Records) -> None:
    world = records.world
    elsewhere = world.agency("Elsewhere")
    stranger, author, colleague = world.user(agency=elsewhere), world.user(), world.user(agency=records.agency)
    world.grant(stranger, "agency-administrator", elsewhere)
    world.grant(author, "author", records.agency)
    address = f"/people/{records.nurse}/record"

    answers = {user: world.client_of(user).get(address).status_code for user in (stranger, author, colleague)}

    assert answers == {stranger: 404, author: 403, colleague: 403}
    with pytest.raises(NotFound):
        records.ask(stranger)
    assert events(records, "record.asked") == []


def test_who_loses_the_role_while_it_is_made_gets_nothing(records: Records) -> None:
    batch_id = records.ask()
    take_role(records)

    deliver_due(records.app)

    batch = records.batch(batch_id)
    assert (batch.state, batch.result) == ("failed", {})
    assert records.app.extensions["lms"].files.read(making.finished_name(batch_id)) is None


def test_who_loses_the_role_before_fetching_it_gets_nothing(records: Records) -> None:
    batch_id = records.ask()
    deliver_due(records.app)
    client = records.world.client_of(records.administrator)
    take_role(records)

    answer = client.get(f"/batches/{batch_id}/files/training-record-{batch_id}.pdf")

    assert answer.status_code == 404
    assert events(records, "batch.file-fetched") == []


def take_role(records: Records) -> None:
    def step() -> None:
        grant = db.session.scalars(select(RoleGrant).where(RoleGrant.user_id == records.administrator)).one()
        grant.revoked_at = utc_now()

    records.world.write(step)


def test_a_former_agency_gets_only_its_own_days_and_what_is_its_own(records: Records) -> None:
    records.certified()
    other = records.world.agency("Elsewhere")

    def move() -> None:
        place = db.session.scalars(select(Membership).where(Membership.user_id == records.nurse)).one()
        place.ended_on = records.today
        db.session.add(
            Membership(user_id=records.nurse, agency_id=other, discipline="housing", started_on=date(2024, 1, 1))
        )

    records.world.write(move)

    with pytest.raises(Invalid):
        records.ask()
    made = records.make(until=records.today - timedelta(days=1), since=date(2020, 1, 1))
    assert made.record["asked"]["is_of_former_agency"] is True
    assert [one["agency"] for one in made.record["person"]["places"]] == ["General Hospital"]
    assert made.record["certificates"] == []


def test_days_of_places_that_touch_are_one_span() -> None:
    first, second, third = (date(2026, 1, 1), date(2026, 2, 1)), (date(2026, 2, 1), date(2026, 3, 1)), date(2026, 5, 1)

    assert joined([second, (third, third + timedelta(days=3)), first]) == (
        (date(2026, 1, 1), date(2026, 3, 1)),
        (third, third + timedelta(days=3)),
    )


def test_a_person_has_their_own_record_made(records: Records) -> None:
    records.learn()
    client = records.world.client_of(records.nurse)

    sure = send(client, "/account/record", form(records.today, sure="1", reason=""), page="/account/record")
    deliver_due(records.app)

    assert client.get(f"{sure.headers['Location']}/files/training-record-1.pdf").status_code == 200
    assert [one.agency_id for one in events(records, "record.asked")] == [None]


def test_whoever_left_the_page_finds_the_way_back_to_the_finished_record(records: Records) -> None:
    records.learn()
    client = records.world.client_of(records.nurse)
    sure = send(client, "/account/record", form(records.today, sure="1", reason=""), page="/account/record")
    deliver_due(records.app)

    asked, account = client.get("/account/record").text, client.get("/account").text
    other = records.world.client_of(records.administrator).get("/account/record").text

    assert f'href="{sure.headers["Location"]}"' in asked
    assert 'href="/batches"' in account
    assert "/batches/" not in other


@pytest.mark.sqlite_only
def test_only_some_records_of_one_asker_are_made_at_a_time(records: Records) -> None:
    client = records.world.client_of(records.nurse)
    entries = form(records.today, sure="1", reason="For my file")

    answers = [send(client, "/account/record", entries, page="/account/record") for _ in range(4)]

    assert [one.status_code for one in answers] == [303, 303, 303, 422]
    assert "You have enough of this under way." in answers[-1].text
    assert "For my file" in answers[-1].text
    assert len(events(records, "record.asked")) == 3
    deliver_due(records.app)
    assert send(client, "/account/record", entries, page="/account/record").status_code == 303


def test_a_worker_that_is_killed_goes_on_where_the_last_piece_ended(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms.records.blocks.PIECE_WEIGHT", 20)
    records.certified()
    whole = records.make().record
    draw, bind = Press.draw_part, Press.draw_bound
    drawn: list[str] = []

    def dies_once(press: Press, sheet: Any, label: str) -> bytes:
        drawn.append(label)
        if drawn.count(label) == 1 and label == "part2":
            raise RuntimeError("killed")
        return draw(press, sheet, label)

    def dies_at_the_end(press: Press, sheet: Any, parts: Iterator[bytes]) -> bytes:
        drawn.append("end")
        content = bind(press, sheet, parts)
        if drawn.count("end") == 1:
            raise RuntimeError("killed")
        return content

    monkeypatch.setattr(Press, "draw_part", dies_once)
    monkeypatch.setattr(Press, "draw_bound", dies_at_the_end)
    batch_id = records.ask()
    for hours in range(3):
        with time_machine.travel(utc_now() + timedelta(hours=hours)):
            deliver_due(records.app)

    assert records.batch(batch_id).state == "finished"
    assert (drawn.count("part0"), drawn.count("part2"), drawn.count("end")) == (1, 2, 2)
    content = records.app.extensions["lms"].files.read(making.finished_name(batch_id))
    assert content is not None
    assert content.count(b"/Type /ObjStm") == 1
    assert whole["courses"]


def test_sixty_attempts_are_laid_out_a_few_pages_at_a_time(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    records.learn()
    records.answer("second-steps")
    for _ in range(60):
        records.answer("final", {"t-number": ["4"]})
    laid_out = Press._laid_out
    pages: list[int] = []

    def counted(press: Press, sheets: Any) -> Any:
        document = laid_out(press, sheets)
        pages.append(len(document.pages))
        return document

    monkeypatch.setattr(Press, "_laid_out", counted)
    made = records.make()

    count = len(PdfReader(made_file(made)).pages)
    assert count > 60
    assert max(pages) < 20
    assert len(made.record["courses"][0]["attempts"]) == 61
    assert made.text.count("Final quiz: attempt") == 60
    pages_of = PdfReader(made_file(made)).pages
    assert all(str(number) in page.extract_text().split() for number, page in enumerate(pages_of, 1))
    assert f"Pages {count}" in made.text


def made_file(made: Made) -> Any:
    return io.BytesIO(made.pdf)


def test_the_file_goes_after_thirty_days_and_the_page_says_so(records: Records) -> None:
    batch_id = records.ask()
    deliver_due(records.app)
    files = records.app.extensions["lms"].files
    with time_machine.travel(utc_now() + timedelta(days=DAYS_KEPT - 1)):
        plan(records.app)
        is_there_before = files.read(making.finished_name(batch_id)) is not None

    with time_machine.travel(utc_now() + timedelta(days=DAYS_KEPT + 1)):
        plan(records.app)
        plan(records.app)
        page = records.world.client_of(records.administrator).get(f"/batches/{batch_id}").text

    assert is_there_before
    assert files.read(making.finished_name(batch_id)) is None
    assert "The file is gone" in page
    assert len(events(records, "record.removed")) == 1


def test_what_a_record_was_made_from_does_not_stay(records: Records) -> None:
    records.certified()
    batch_id = records.ask()

    deliver_due(records.app)

    folder = records.settings.instance / "files" / making.folder_of(batch_id)
    assert [one.name for one in folder.iterdir()] == ["record.pdf"]
