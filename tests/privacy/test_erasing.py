"""What erasing promises of every history: no table holds a word of the person, certificates verify, then stubs go too."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select, text

from lms import batches, merging, privacy
from lms.assessment.models import Attempt, Response
from lms.certification.badges.issuing import withdrawn_indices
from lms.certification.badges.models import Badge
from lms.certification.models import Certificate
from lms.certification.verification import find_coded, verification_of
from lms.clock import utc_now
from lms.cohorts.models import Member, TeamAward
from lms.database import Model, db, dialect_name, writing
from lms.errors import Conflict, NotAllowed, Overtaken
from lms.learning.models import Enrollment
from lms.outbox import OutboxMessage, enqueue
from lms.people.audit import note
from lms.people.audit_checking import check_chain
from lms.people.models import AuditEvent, User
from lms.people.person_models import Erasure
from lms.people.persons import is_of, table_of
from lms.people.sealing import seal_all
from lms.people.signins import load_viewer
from lms.people.viewer import Viewer
from lms.person_rooms import FIRSTS
from lms.records.asking import KIND as RECORD
from lms.settings import Settings
from tests.support.days import site_day
from tests.support.histories import Ground, History, lay_ground
from tests.support.world import World

EXAMPLES = settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
LEFT = {
    "lms_users", "lms_erasures", "lms_merges", "lms_audit_events", "lms_audit_waiting", "lms_audit_links",
    "lms_batches", "lms_invitations",
}  # fmt: skip
"""Tables in which an id is all that stays in the end."""


@pytest.fixture
def state(world: World) -> Viewer:
    number = world.user("State")
    world.grant(number, "state-administrator")
    found = world.read(lambda: load_viewer(number))
    assert found is not None
    return found


@pytest.fixture
def ground(world: World, state: Viewer) -> Ground:
    return world.write(lambda: lay_ground(state.id))


@pytest.fixture
def config(app: Flask) -> Settings:
    found: Settings = app.extensions["lms"].settings
    return replace(found, retention_years=7)


def make_one(ground: Ground, seed: int) -> int:
    with writing():
        made = History(ground, Random(seed).randint).make()
        user = db.session.get_one(User, made)
        enqueue("mail", f"to-{made}", {"to_user_id": made, "template": "none", "values": {"name": user.name}})
        enqueue("mail", f"at-{made}", {"to": user.email, "template": "none"})
        return made


def erase(user: int, state: Viewer, config: Settings, now: datetime) -> None:
    with writing():
        erasure = privacy.ask_erasure(user, now)
    with writing():
        privacy.decide(state, erasure.id, approve=True, reason="", now=now, today=now.date())
    privacy.work_off(now + timedelta(days=7), config)


def everything() -> list[str]:
    """Every row of every table, as a text."""
    rows = [str(tuple(row)) for table in Model.metadata.sorted_tables for row in db.session.execute(select(table))]
    db.session.rollback()
    return rows


def has_word(line: str, *words: str) -> bool:
    """Whether a row holds one of these, and not only a longer one that begins with it."""
    return any(re.search(re.escape(word) + r"(?![0-9])", line) for word in words)


def tables_left(user: int) -> set[str]:
    """Tables that still have rows leading to a person."""
    found = set()
    for name, claim in FIRSTS.items():
        if db.session.execute(
            select(literal(1)).select_from(table_of(name)).where(is_of(claim, FIRSTS, user)).limit(1)
        ).first():
            found.add(name)
    db.session.rollback()
    return found


def assert_no_dangling() -> None:
    if dialect_name() == "sqlite":
        assert db.session.execute(text("PRAGMA foreign_key_check")).all() == []
        db.session.rollback()


@EXAMPLES
@given(seed=st.integers(0, 2**32))
def test_after_the_pause_no_table_holds_a_word_of_the_person_and_after_retention_not_even_a_stub(
    ground: Ground, app: Flask, state: Viewer, config: Settings, seed: int
) -> None:
    with app.app_context():
        user, now = make_one(ground, seed), datetime(2026, 11, 29, tzinfo=UTC)
        name, email = db.session.execute(select(User.name, User.email).where(User.id == user)).one()
        codes = list(db.session.scalars(select(Certificate.code).where(Certificate.user_id == user)))
        days = dict(db.session.execute(select(Certificate.code, Certificate.completed_on)).all())  # type: ignore[arg-type]
        db.session.rollback()
        assert any(has_word(line, name) for line in everything())

        erase(user, state, config, now)

        # One mail still tells the person that it is done, and one message takes files away; both go when delivered.
        told = [line for line in everything() if privacy.FILES not in line and "erasure-done:" not in line]
        assert [line for line in told if has_word(line, name, email, "mine.pdf", f"evidence/{user}-")] == []
        answers = select(Response.id).join(Attempt).join(Enrollment).where(Enrollment.user_id == user)
        assert db.session.scalars(answers).all() == []
        for code in codes:
            certificate = find_coded(code)
            if certificate is not None:
                verified = verification_of(certificate, now)
                assert (verified.name, verified.is_erased, verified.license) == (None, True, None)
                assert certificate.completed_on == days[code]
        assert_no_dangling()

        privacy.work_off(now + timedelta(days=366 * 40), config)

        assert tables_left(user) <= LEFT
        assert [code for code in codes if find_coded(code) is not None] == []
        assert db.session.scalars(select(Erasure.finished_at).where(Erasure.user_id == user)).one() is not None
        assert_no_dangling()


def test_stubs_stay_until_the_last_certificate_has_been_over_for_the_years_of_the_rule(
    ground: Ground, app: Flask, state: Viewer, config: Settings
) -> None:
    with app.app_context():
        user, now = make_one(ground, 5), utc_now()
        with writing():
            History.course_certificate(ground, user, ends=now + timedelta(days=100))

        erase(user, state, config, now)
        kept_until = db.session.scalars(select(Erasure.kept_until).where(Erasure.user_id == user)).one()

        assert kept_until is not None
        assert kept_until.date() == (now + timedelta(days=100)).date().replace(
            year=(now + timedelta(days=100)).year + 7
        )
        privacy.work_off(kept_until - timedelta(seconds=1), config)
        assert db.session.scalars(select(Certificate.id).where(Certificate.user_id == user)).all() != []
        privacy.work_off(kept_until, config)
        assert db.session.scalars(select(Certificate.id).where(Certificate.user_id == user)).all() == []


def test_the_rule_may_keep_the_printed_name_and_nothing_else(
    ground: Ground, app: Flask, state: Viewer, config: Settings
) -> None:
    with app.app_context():
        user, now = make_one(ground, 5), utc_now()
        with writing():
            code = History.course_certificate(ground, user, ends=now + timedelta(days=100))
        name = db.session.get_one(User, user).name

        erase(user, state, replace(config, erasure_keeps_name=True), now)

        certificate = find_coded(code)
        assert certificate is not None
        verified = verification_of(certificate, now)
        assert (verified.name, verified.status, verified.license) == (name, "valid", None)
        assert db.session.get_one(User, user).name == f"Erased person {user}"


def test_the_status_list_says_that_an_erased_badge_does_not_stand_and_its_place_stays_taken(
    ground: Ground, app: Flask, state: Viewer, config: Settings
) -> None:
    with app.app_context():
        user, now = make_one(ground, 5), utc_now()
        with writing():
            code = History.course_certificate(ground, user, ends=now + timedelta(days=100))
            number = db.session.scalars(select(Certificate.id).where(Certificate.code == code)).one()
            db.session.add(
                Badge(
                    certificate_id=number,
                    subject_id="x",
                    status_list=3,
                    status_index=77,
                    named_token="n",
                    issued_at=now,
                )
            )
        assert withdrawn_indices(3) == []

        erase(user, state, config, now)

        assert withdrawn_indices(3) == [77]
        privacy.work_off(now + timedelta(days=366 * 20), config)
        assert withdrawn_indices(3) == [77]


def test_whoever_thinks_better_of_it_within_the_pause_loses_nothing(
    ground: Ground, app: Flask, state: Viewer, config: Settings
) -> None:
    with app.app_context():
        user, now = make_one(ground, 7), utc_now()
        with writing():
            erasure = privacy.ask_erasure(user, now)
            privacy.decide(state, erasure.id, approve=True, reason="", now=now, today=now.date())
        before = tables_left(user)

        with writing():
            privacy.stop_own(user, now + timedelta(days=6))
        privacy.work_off(now + timedelta(days=30), config)

        assert tables_left(user) == before
        assert db.session.get_one(User, user).erased_at is None


def test_nothing_is_done_before_the_pause_is_over(ground: Ground, app: Flask, state: Viewer, config: Settings) -> None:
    with app.app_context():
        user, now = make_one(ground, 7), utc_now()
        with writing():
            erasure = privacy.ask_erasure(user, now)
            privacy.decide(state, erasure.id, approve=True, reason="", now=now, today=now.date())

        done = privacy.work_off(now + timedelta(days=7, seconds=-1), config)

        assert done == 0
        assert db.session.get_one(User, user).erased_at is None


def test_a_record_that_is_kept_for_somebody_puts_an_erasure_off(
    ground: Ground, app: Flask, state: Viewer, config: Settings
) -> None:
    with app.app_context():
        user, now = make_one(ground, 7), utc_now()
        with writing():
            batch = batches.begin(RECORD, {"user_id": user, "reason": "A court"}, asked_by_id=state.id)
            batch.finished_at = now

        erase(user, state, config, now)
        erasure = db.session.scalars(select(Erasure).where(Erasure.user_id == user)).one()

        assert (erasure.state, erasure.due_at) == ("approved", now + timedelta(days=30))
        db.session.rollback()
        privacy.work_off(now + timedelta(days=30), config)
        assert db.session.scalars(select(Erasure.state).where(Erasure.user_id == user)).one() == "done"


def test_erasing_takes_along_what_was_put_together_with_the_account(
    ground: Ground, app: Flask, state: Viewer, config: Settings
) -> None:
    with app.app_context():
        kept, gone, now = make_one(ground, 11), make_one(ground, 12), utc_now()
        old = db.session.get_one(User, gone).name
        with writing():
            merging.merge_accounts(state, kept, gone, "Same", now=now, today=now.date())

        erase(kept, state, config, now)

        assert [line for line in everything() if has_word(line, old) and "erasure-done:" not in line] == []
        assert db.session.get_one(User, gone).erased_at is not None


def test_the_audit_says_by_ids_what_was_done(ground: Ground, app: Flask, state: Viewer, config: Settings) -> None:
    with app.app_context():
        user, now = make_one(ground, 7), utc_now()

        erase(user, state, config, now)

        actions = db.session.scalars(
            select(AuditEvent.action).where(AuditEvent.subject_kind == "user", AuditEvent.subject_id == user)
        )
        assert {"erasure.asked", "erasure.approved", "erasure.done"} <= set(actions)


def test_what_was_typed_about_a_person_leaves_the_audit_and_its_chain_stays_whole(
    ground: Ground, app: Flask, state: Viewer, config: Settings
) -> None:
    with app.app_context():
        people, now = [make_one(ground, seed) for seed in range(8)], utc_now()
        with writing():
            rows = db.session.execute(
                select(Certificate.id, Certificate.user_id).where(Certificate.user_id.in_(people))
            )
            held, user = rows.first() or (0, 0)
            other = next(one for one in people if one != user)
            note("waiver.given", "user", user, actor_id=state.id, reason="Ill since May")
            note("waiver.given", "user", other, actor_id=user, reason="Of somebody else")
            note("certificate.revoked", "certificate", held, actor_id=state.id, reason="Ill at the test")
        seal_all()

        erase(user, state, config, now)

        said = "".join(str(one) for one in db.session.scalars(select(AuditEvent.reason)))
        db.session.rollback()
        assert "Ill" not in said
        assert "Of somebody else" in said
        seal_all()
        found = check_chain()
        assert (found.broken, found.blanked_count >= 2) == (None, True)


def test_who_coordinates_a_team_hands_it_over_first(ground: Ground, app: Flask, state: Viewer) -> None:
    with app.app_context(), pytest.raises(Conflict, match="Hand over"), writing():
        privacy.ask_erasure(state.id, utc_now())


def test_nobody_decides_on_their_own_request(world: World, ground: Ground, app: Flask, state: Viewer) -> None:
    second = world.user("Second")
    world.grant(second, "state-administrator")
    with app.app_context():
        viewer = load_viewer(second)
        assert viewer is not None
        with writing():
            erasure = privacy.ask_erasure(second, utc_now())

        with pytest.raises(NotAllowed), writing():
            privacy.decide(viewer, erasure.id, approve=True, reason="", now=utc_now(), today=site_day())


def test_what_was_decided_is_not_decided_again(ground: Ground, app: Flask, state: Viewer) -> None:
    with app.app_context():
        user, now = make_one(ground, 7), utc_now()
        with writing():
            erasure = privacy.ask_erasure(user, now)
            privacy.decide(state, erasure.id, approve=False, reason="A court asks", now=now, today=now.date())

        with pytest.raises(Overtaken), writing():
            privacy.decide(state, erasure.id, approve=True, reason="", now=now, today=now.date())


def test_files_of_an_erased_person_leave_the_store(ground: Ground, app: Flask, state: Viewer, config: Settings) -> None:
    files = app.extensions["lms"].files
    with app.app_context():
        user, now = make_one(ground, 1), utc_now()
        with writing():
            History.evidence(user, "evidence/of-them.pdf")
        files.write("evidence/of-them.pdf", b"paper")

        erase(user, state, config, now)
        message = db.session.scalars(select(OutboxMessage).where(OutboxMessage.kind == privacy.FILES)).one()
        privacy.delete_files(message.payload, files)

        assert files.read("evidence/of-them.pdf") is None


def test_the_name_goes_from_a_teams_certificate_too_and_its_teammates_names_stay(
    ground: Ground, app: Flask, state: Viewer, config: Settings
) -> None:
    with app.app_context():
        user, now = make_one(ground, 7), utc_now()
        name = db.session.get_one(User, user).name
        with writing():
            team = ground.teams[0]
            db.session.add(Member(cohort_id=team, user_id=user, joined_at=now, left_at=now))
            lines = [
                {"title": "Seat", "discipline": "schools", "person_name": one, "agency_name": ""}
                for one in (name, "Teammate")
            ]
            facts = {"team": {"cohort_name": "T", "composition": lines, "milestones": [], "exercise_on": None}}
            made = Certificate(
                code="TEAM-CERTIFICA", kind="team", team_cohort_id=team, cycle=1, facts=facts, language="en",
                issued_at=now, completed_on=now.date(), valid_from=now, document_name="t.pdf", document_hash="0" * 64,
            )  # fmt: skip
            db.session.add(made)
            db.session.flush()
            db.session.add(TeamAward(cohort_id=team, certificate_id=made.id, cycle=1, composition=[], awarded_at=now))

        erase(user, state, config, now)

        row = db.session.scalars(select(Certificate).where(Certificate.kind == "team")).one()
        assert [line["person_name"] for line in row.facts["team"]["composition"]] == ["", "Teammate"]
        assert (row.document_name, row.erased_at) == (None, None)
