"""Issuing to everybody who has earned it: looked at first, once each, only in the asker's reach when it runs."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from lms import awarding, batches, jobs
from lms.awarding import BATCH_KIND, read_lacks, written_lacks
from lms.batches import Batch
from lms.certification.certifying import current_rules, standings_of
from lms.certification.models import Certificate
from lms.clock import utc_now
from lms.database import db
from lms.outbox import OutboxMessage
from lms.people.models import RoleGrant
from tests.certification.conftest import NOON, SITE, Learners
from tests.certification.test_certifying import save
from tests.support.pages import text_of
from tests.support.visits import mails, send


@pytest.fixture
def admin(learners: Learners) -> int:
    user = learners.world.user("Ada Admin", agency=learners.agency)
    learners.world.grant(user, "agency-administrator", learners.agency)
    save(learners.world, requires=[{"course": "tiny", "min_percent": 90}], valid_months=None)
    return user


def almost(learners: Learners, name: str) -> int:
    user, enrollment = learners.enrolled(name, completed=("first-steps", "second-steps"))
    learners.award(enrollment, learners.attempt(enrollment, score=85))
    return user


def holders(learners: Learners) -> list[int]:
    return learners.world.read(
        lambda: sorted(db.session.scalars(select(Certificate.user_id).where(Certificate.kind == "certification")))
    )


def work(app: Flask) -> None:
    while jobs.deliver_due(app):
        pass


def ask(learners: Learners, admin: int) -> int:
    answer = send(learners.world.client_of(admin), "/certifications/first-aid/issue", page="/certifications")
    assert answer.status_code == 303
    return int(answer.location.rpartition("/")[2])


def batch_of(learners: Learners, batch_id: int) -> Batch:
    return learners.world.read(lambda: db.session.get_one(Batch, batch_id))


def test_the_look_ahead_names_who_gets_it_and_who_lacks_what_and_issues_nothing(learners: Learners, admin: int) -> None:
    learners.certified("Erna Earned")
    almost(learners, "Alma Almost")

    page = text_of(learners.world.client_of(admin).get("/certifications/first-aid/issue"))

    assert "Get it now: 1 Erna Earned" in page
    assert "Not yet, the nearest first: 1 Alma Almost It needs 90 percent or more. Pass it again: A tiny course" in page
    assert holders(learners) == []


def test_whoever_has_earned_it_gets_it_and_the_others_are_named_with_the_reason(
    app: Flask, learners: Learners, admin: int
) -> None:
    earned, _ = learners.certified("Erna Earned")
    almost(learners, "Alma Almost")

    batch_id = ask(learners, admin)
    work(app)
    page = text_of(learners.world.client_of(admin).get(f"/batches/{batch_id}"))

    batch = batch_of(learners, batch_id)
    assert (batch.state, batch.done, batch.left_out, batch.total) == ("finished", 1, 1, 2)
    assert holders(learners) == [earned]
    assert "For whom it was done Erna Earned" in page
    assert "Alma Almost It needs 90 percent or more. Pass it again: A tiny course" in page
    assert [mail["template"] for mail in mails(learners.world)] == ["certificate-issued"]


def test_twice_asked_it_is_issued_once(app: Flask, learners: Learners, admin: int) -> None:
    earned, _ = learners.certified("Erna Earned")

    ask(learners, admin)
    second = ask(learners, admin)
    work(app)

    assert holders(learners) == [earned]
    assert batch_of(learners, second).state == "finished"


def test_a_worker_killed_after_issuing_issues_nobody_twice_and_still_counts_them(
    app: Flask, learners: Learners, admin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As kill -9 between the piece's commit and its record: the piece runs again from the same place."""
    monkeypatch.setattr(awarding, "PEOPLE_PER_PIECE", 2)
    earned = [learners.certified(f"Person {number}")[0] for number in range(5)]
    batch_id = ask(learners, admin)
    runtime = app.extensions["lms"]
    learners.world.read(lambda: awarding.issue_piece(db.session.get_one(Batch, batch_id), runtime))
    assert len(holders(learners)) == 2

    work(app)

    batch = batch_of(learners, batch_id)
    assert holders(learners) == earned
    assert (batch.done, batch.left_out, batch.state) == (5, 0, "finished")
    assert len(batch.result["named"]) == 5


def test_only_people_who_work_in_the_askers_agencies_today_get_it(app: Flask, learners: Learners, admin: int) -> None:
    elsewhere = learners.world.agency("Elsewhere")
    foreign = learners.world.user("Foreign Person", agency=elsewhere)
    enrollment = learners.enroll(foreign, completed=("first-steps", "second-steps"))
    learners.award(enrollment, learners.attempt(enrollment))
    left, _ = learners.certified("Lena Left")
    learners.world.write(
        lambda: db.session.execute(
            db.text("UPDATE lms_memberships SET ended_on = '2026-04-01' WHERE user_id = :user"), {"user": left}
        )
    )

    page = text_of(learners.world.client_of(admin).get("/certifications/first-aid/issue"))
    ask(learners, admin)
    work(app)

    assert "Foreign" not in page
    assert "Lena" not in page
    assert holders(learners) == []


def test_who_lost_the_role_before_it_ran_issues_nothing(app: Flask, learners: Learners, admin: int) -> None:
    """Faults 34 and 35."""
    learners.certified("Erna Earned")
    batch_id = ask(learners, admin)
    learners.world.write(lambda: db.session.query(RoleGrant).update({"revoked_at": utc_now()}))

    work(app)

    assert batch_of(learners, batch_id).state == "failed"
    assert holders(learners) == []


def test_who_lost_the_role_since_reads_no_name_on_the_page_of_the_work(
    app: Flask, learners: Learners, admin: int
) -> None:
    learners.certified("Erna Earned")
    almost(learners, "Alma Almost")
    batch_id = ask(learners, admin)
    work(app)
    client = learners.world.client_of(admin)
    before = text_of(client.get(f"/batches/{batch_id}"))
    elsewhere = learners.world.agency("Elsewhere")
    learners.world.write(lambda: db.session.query(RoleGrant).update({"agency_id": elsewhere}))

    after = text_of(client.get(f"/batches/{batch_id}"))

    assert "Erna Earned" in before
    assert "Alma Almost" in before
    assert "Finished" in after
    assert "Your role no longer includes these people" in after
    assert "Erna Earned" not in after
    assert "Alma Almost" not in after


def test_one_that_was_archived_meanwhile_is_issued_to_nobody(app: Flask, learners: Learners, admin: int) -> None:
    learners.certified("Erna Earned")
    batch_id = ask(learners, admin)
    learners.world.write(lambda: db.session.execute(db.text("UPDATE lms_certifications SET archived_at = created_at")))

    work(app)

    assert batch_of(learners, batch_id).state == "failed"
    assert holders(learners) == []


def test_what_is_lacking_survives_being_written_down(learners: Learners, admin: int) -> None:
    user = almost(learners, "Alma Almost")

    decision = learners.world.read(lambda: standings_of([user], current_rules(), NOON, SITE.time_zone))[0].decision

    assert read_lacks(written_lacks(decision)) == decision.lacks
    assert decision.lacks
    assert learners.world.read(lambda: db.session.query(OutboxMessage).filter_by(kind="batch").count()) == 0
    assert BATCH_KIND in jobs.RUNNERS
    assert batches.MESSAGE_KIND in jobs.HANDLERS
