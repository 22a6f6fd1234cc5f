"""Changes to awards: a new row for what is printed differently, every code answers for ever, all of it undone in time."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from lms import amending
from lms.certification.change_models import CertificateChange
from lms.certification.change_plans import Correction, plan_extend, plan_reissue, plan_rename, resting_on
from lms.certification.changing import history_of
from lms.certification.facts import CertificateFacts, CreditLineFacts
from lms.certification.models import Certificate, Evidence
from lms.certification.near_names import is_near
from lms.certification.standing import status_of
from lms.certification.verification import find_coded, verification_of
from lms.database import db
from lms.errors import Conflict, Invalid, LmsError
from lms.learning.models import Enrollment
from lms.mail import write_mail
from lms.outbox import OutboxMessage
from lms.people.models import AuditEvent, User
from tests.certification.conftest import NOON, Learners
from tests.certification.test_certifying import award, certification_of, save
from tests.cohorts.conftest import Teams, small  # noqa: F401 - a fixture
from tests.support.pages import text_of
from tests.support.world import World

LATER = NOON + timedelta(hours=1)
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))")


class Office:
    """Changes certificates as an administrator would; each call commits and gives the code that stands then."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.settings = world.app.extensions["lms"].settings
        self.actor = world.user("Administrator")

    def change(self, code: str, planned: Callable[[Certificate], object], reason: str = "A slip", **values) -> str:
        def step() -> str:
            number = db.session.scalars(select(Certificate.id).where(Certificate.code == code)).one()
            change = amending.change_certificate(
                number, planned, reason, self.settings, actor_id=self.actor, now=values.get("now", LATER)
            )
            return change.new_certificate.code

        return self.world.write(step)

    def rename(self, code: str, name: str, **values) -> str:
        return self.change(code, lambda row: plan_rename(row, name), **values)

    def extend(self, code: str, day: date, **values) -> str:
        return self.change(code, lambda row: plan_extend(row, day, LATER, "America/Chicago"), **values)

    def reissue(self, code: str, agency: str, **values) -> str:
        return self.change(code, lambda row: plan_reissue(row, Correction(agency_name=agency)), **values)

    def revoke(self, code: str, now: datetime = LATER) -> None:
        self.world.write(
            lambda: amending.revoke_certificate(row(code), "Wrong", self.settings, actor_id=self.actor, now=now)
        )

    def ask_name(self, code: str, name: str, now: datetime = LATER) -> tuple[CertificateChange, str]:
        """The change, and the code that stands with it."""

        def step() -> tuple[CertificateChange, str]:
            change = amending.correct_own_name(row(code).id, name, "It is spelled so", self.settings, now=now)
            return change, change.new_certificate.code if change.new_certificate else code

        return self.world.write(step)

    def undo(self, code: str, now: datetime = LATER, place: int = 0) -> str:
        def step() -> str:
            done = [one for one in history_of(row(code).id) if one.state in ("done", "undone")]
            return amending.undo_change(done[place], "A mistake", self.settings, actor_id=self.actor, now=now).code

        return self.world.write(step)

    def status(self, code: str) -> tuple[str, str | None]:
        """What whoever checks the code is told."""

        def look() -> tuple[str, str | None]:
            found = find_coded(code)
            assert found is not None
            told = verification_of(found, LATER)
            return told.status, told.superseded_by

        return self.world.read(look)


@pytest.fixture
def office(world: World) -> Office:
    return Office(world)


def wait_for_whoever_waits() -> None:
    """Inside a transaction: go on only when another one waits for what this one holds."""
    until = time.monotonic() + 10
    while not db.session.scalar(WAITING):
        assert time.monotonic() < until, "nobody ever waited for this transaction"


def row(code: str) -> Certificate:
    return db.session.scalars(select(Certificate).where(Certificate.code == code)).one()


def test_a_correction_is_a_new_award_and_the_old_code_leads_to_it(learners: Learners, office: Office) -> None:
    _, code = learners.certified()
    before = learners.row(code)

    new = office.reissue(code, "Kingdom City Clinic")

    assert office.status(code) == ("superseded", new)
    assert office.status(new) == ("valid", None)
    old, other = learners.row(code), learners.row(new)
    assert old.facts == before.facts
    assert other.facts == {**old.facts, "code": new, "agency_name": "Kingdom City Clinic"}
    assert (other.valid_from, other.expires_at, other.attempt_id) == (old.valid_from, old.expires_at, old.attempt_id)
    assert other.document_hash is None


def test_an_undone_correction_makes_the_old_one_stand_and_the_new_code_says_so(
    learners: Learners, office: Office
) -> None:
    _, code = learners.certified()
    new = office.reissue(code, "Kingdom City Clinic")

    assert office.undo(new) == code

    assert office.status(code) == ("valid", None)
    assert office.status(new) == ("superseded", code)
    with pytest.raises(Conflict):
        office.undo(code)


def test_an_undone_revocation_restores_the_award(learners: Learners, office: Office) -> None:
    _, code = learners.certified()
    office.revoke(code)
    assert office.status(code)[0] == "revoked"

    office.undo(code)

    assert office.status(code) == ("valid", None)
    office.revoke(code)
    assert office.status(code)[0] == "revoked"
    templates = learners.world.read(
        lambda: [one.payload["template"] for one in db.session.scalars(select(OutboxMessage))]
    )
    assert sorted(templates) == ["certificate-changed", "certificate-revoked", "certificate-revoked"]


def test_a_change_can_be_undone_for_seven_days_and_not_at_the_end_of_them(learners: Learners, office: Office) -> None:
    _, code = learners.certified()
    new = office.rename(code, "Nora Núñez-Ortiz")

    with pytest.raises(Conflict):
        office.undo(new, now=LATER + timedelta(days=7))

    assert office.undo(new, now=LATER + timedelta(days=7) - timedelta(seconds=1)) == code


def test_what_something_newer_rests_on_is_undone_last(learners: Learners, office: Office) -> None:
    _, code = learners.certified()
    second = office.rename(code, "Nora Núñez-Ortiz")
    third = office.reissue(second, "Kingdom City Clinic")

    with pytest.raises(Conflict):
        office.undo(third, place=1)

    assert office.undo(third) == second
    assert office.undo(second, place=1) == code
    assert [office.status(one) for one in (code, second, third)] == [
        ("valid", None),
        ("superseded", code),
        ("superseded", second),
    ]


def test_an_extension_is_later_and_never_more_than_a_year_in_all(learners: Learners, office: Office) -> None:
    _, code = learners.certified()
    end = CertificateFacts.from_json(learners.row(code).facts).valid_until
    assert end == date(2028, 3, 14)

    for day in (end, end - timedelta(days=1), date(2029, 3, 15)):
        with pytest.raises(Invalid):
            office.extend(code, day)
    second = office.extend(code, date(2028, 9, 14))
    with pytest.raises(Invalid):
        office.extend(second, date(2029, 3, 15))
    third = office.extend(second, date(2029, 3, 14))

    assert learners.row(third).expires_at == datetime(2029, 3, 15, 5, tzinfo=UTC)
    assert office.status(code) == ("superseded", second)


def test_only_an_award_that_stands_is_changed_and_only_with_a_reason(learners: Learners, office: Office) -> None:
    _, code = learners.certified()
    with pytest.raises(Invalid):
        office.rename(code, "Nora Nunez", reason=" ")
    with pytest.raises(Invalid):
        office.reissue(code, "General Hospital")
    office.rename(code, "Nora Nunez")
    with pytest.raises(Conflict):
        office.rename(code, "Nora N.")
    _, other = learners.certified("Other")
    office.revoke(other)
    with pytest.raises(Conflict):
        office.extend(other, date(2028, 9, 14))


@pytest.mark.parametrize("name", ["★", "...", "\u202e", " "])
def test_a_name_of_which_nothing_would_be_printed_is_no_correction(
    learners: Learners, office: Office, name: str
) -> None:
    _, code = learners.certified()

    with pytest.raises(Invalid):
        office.rename(code, name)


def test_nobody_changes_their_own_award_as_an_administrator(learners: Learners, office: Office) -> None:
    user, code = learners.certified()
    office.actor = user

    with pytest.raises(Conflict):
        office.extend(code, date(2028, 9, 14))


def test_nobody_undoes_the_revocation_of_their_own_award(learners: Learners, office: Office) -> None:
    user, code = learners.certified()
    office.revoke(code)
    office.actor = user

    with pytest.raises(Conflict):
        office.undo(code)

    assert office.status(code)[0] == "revoked"


def test_a_certification_comes_back_only_with_what_it_rests_on(learners: Learners, office: Office) -> None:
    save(learners.world)
    user, code = learners.certified()
    award(learners.world, user)
    resting = certification_of(learners.world, user).code
    office.revoke(code)
    office.revoke(resting)

    with pytest.raises(Conflict, match="rests on"):
        office.undo(resting)

    office.undo(code)
    renamed = office.rename(code, "Nora Núñez-Ortiz")
    assert office.status(code) == ("superseded", renamed)
    assert office.undo(resting) == resting
    assert office.status(resting) == ("valid", None)


def test_whoever_checks_a_certification_reads_what_of_its_evidence_was_revoked_since(
    learners: Learners, office: Office
) -> None:
    save(learners.world)
    user, code = learners.certified()
    award(learners.world, user)
    resting = certification_of(learners.world, user).code
    client = learners.world.app.test_client()
    pages = {
        f"/verify/{resting}": client,
        f"/certificates/{resting}": learners.world.client_of(user),
    }

    before = [text_of(each.get(address)) for address, each in pages.items()]
    office.revoke(office.rename(code, "Nora Núñez-Ortiz"))

    assert all("Revoked since" not in page for page in before)
    for address, each in pages.items():
        page = text_of(each.get(address))
        assert page.count("Revoked since") == 1
        assert "Awarded March 14, 2026" in page
        assert "Computer-Based Training" not in page, "it may rest on training of any kind"
    told = client.get(f"/verify/{resting}.json").get_json()
    assert (told["status"], told["modality"]) == ("valid", None)
    assert [(one["code"], one["is_revoked"]) for one in told["evidence"]] == [(code, True)]


def test_what_was_taken_again_in_part_rests_on_the_whole(learners: Learners, office: Office) -> None:
    done = ("first-steps", "second-steps")
    user, enrollment = learners.enrolled(completed=done)
    whole = learners.award(enrollment, learners.attempt(enrollment))
    cycles = [enrollment, *(learners.enroll(user, completed=done, cycle=cycle) for cycle in (2, 3, 4))]
    for before, part in itertools.pairwise(cycles[:3]):
        learners.world.write(lambda one=part, of=before: setattr(db.session.get_one(Enrollment, one), "renews_id", of))
    codes = [learners.award(one, learners.attempt(one)) for one in cycles[1:]]
    assert whole is not None

    resting = learners.world.read(lambda: [one.code for one in resting_on(row(whole))])

    assert resting == codes[:2], "the fourth was the whole course again"


@pytest.mark.postgresql_only
def test_an_undo_does_not_lose_a_revocation_that_is_under_way(learners: Learners, office: Office) -> None:
    _, code = learners.certified()
    new, is_revoked, problems = office.rename(code, "Nora Núñez-Ortiz"), threading.Event(), []

    def undo() -> None:
        is_revoked.wait(10)
        try:
            office.undo(new)
        except LmsError as error:
            problems.append(error)

    def revoke() -> None:
        amending.revoke_certificate(row(new), "Wrong", office.settings, actor_id=office.actor, now=LATER)
        is_revoked.set()
        wait_for_whoever_waits()

    other = threading.Thread(target=undo)
    other.start()
    learners.world.write(revoke)
    other.join()

    assert [type(one) for one in problems] == [Conflict]
    assert [office.status(one)[0] for one in (code, new)] == ["superseded", "revoked"]


def test_credit_that_was_not_due_is_taken_off(learners: Learners, office: Office) -> None:
    _, code = learners.certified()
    lines = (
        CreditLineFacts("post", "POST", "clee", "legal", 60, "1.00"),
        CreditLineFacts("nursing", "Board of Nursing", "ce", None, 60, "1.20"),
    )
    facts = replace(CertificateFacts.from_json(learners.row(code).facts), credit=lines)
    learners.change(code, facts=facts.to_json())

    new = office.change(code, lambda one: plan_reissue(one, Correction(credit=(1,))))

    assert [line.body for line in CertificateFacts.from_json(learners.row(new).facts).credit] == ["nursing"]
    (change,) = learners.world.read(lambda: history_of(row(new).id))
    assert (
        change.before["credit"]
        == "Approved for 1.00 hours (CLEE, legal) by POST. Approved for 1.20 hours (ce) by Board of Nursing."
    )


@pytest.mark.parametrize(
    ("before", "after", "near"),
    [
        ("Jonh Smith", "John Smith", True),
        ("Jose Nunez", "José Núñez", True),
        ("JOSE NUNEZ", "José Núñez", True),
        ("Katarzyna Wisniewska", "Katarzyna Wiśniewsky", True),
        ("Ann Lee", "Ian Lee", False),
        ("John Smith", "John Smart", False),
        ("John Smith", "Jane Smith", False),
        ("Li", "Lu", True),
        ("Li", "", False),
        ("O", "X", False),
        ("o", "O", True),
        ("李伟", "王伟", False),
        ("李伟", " 李伟 ", True),
        ("김민준", "김민쥰", True),
    ],
)
def test_only_the_spelling_of_a_name_is_near(before: str, after: str, near: bool) -> None:
    assert is_near(before, after) is near


def test_a_holder_mends_the_spelling_alone_once_a_year(learners: Learners, office: Office) -> None:
    user, code = learners.certified("Nora Nunes")

    first, new = office.ask_name(code, "Nora Nuñez")
    again, _ = office.ask_name(new, "Nora Núñex")

    assert (first.state, first.decided_by_id) == ("done", None)
    assert again.state == "waiting"
    assert office.status(code) == ("superseded", new)
    assert office.status(new) == ("valid", None)
    assert learners.world.read(lambda: db.session.get_one(User, user).name) == "Nora Nunes"


def test_the_same_spelling_on_a_second_certificate_counts_as_once(learners: Learners, office: Office) -> None:
    user, code = learners.certified("Nora Nunes")
    enrollment = learners.enroll(user, completed=("first-steps", "second-steps"), cycle=2)
    second = learners.award(enrollment, learners.attempt(enrollment))

    states = [office.ask_name(one, "Nora Nuñez")[0].state for one in (code, second)]

    assert states == ["done", "done"]


def test_another_name_waits_for_somebody_who_is_not_its_holder(learners: Learners, office: Office) -> None:
    user, code = learners.certified("Nora Núñez")
    asked, _ = office.ask_name(code, "Nora Ortiz")
    assert (asked.state, office.status(code)) == ("waiting", ("valid", None))
    with pytest.raises(Conflict):
        office.ask_name(code, "Nora Oritz")

    def decide(actor: int) -> tuple[CertificateChange, str]:
        def step() -> tuple[CertificateChange, str]:
            change = amending.decide_name(
                db.session.get_one(CertificateChange, asked.id),
                approve=True,
                reason="Marriage certificate seen",
                settings=office.settings,
                actor_id=actor,
                now=LATER,
            )
            return change, change.new_certificate.code

        return learners.world.write(step)

    with pytest.raises(Conflict):
        decide(user)
    done, new = decide(office.actor)

    assert (done.id, done.state, done.decided_by_id, done.actor_id) == (asked.id, "done", office.actor, user)
    assert office.status(code) == ("superseded", new)


def test_a_refused_name_leaves_all_as_it_was_and_the_holder_is_told(learners: Learners, office: Office) -> None:
    _, code = learners.certified("Nora Núñez")
    asked, _ = office.ask_name(code, "Somebody Else")

    learners.world.write(
        lambda: amending.decide_name(
            db.session.get_one(CertificateChange, asked.id),
            approve=False,
            reason="Bring a document",
            settings=office.settings,
            actor_id=office.actor,
            now=LATER,
        )
    )

    assert office.status(code) == ("valid", None)
    message = learners.world.read(lambda: db.session.scalars(select(OutboxMessage)).one())
    assert message.payload["values"]["what"] == "refused"


def test_a_wish_does_not_outlive_the_certificate_that_it_was_for(learners: Learners, office: Office) -> None:
    _, code = learners.certified("Nora Núñez")
    asked, _ = office.ask_name(code, "Nora Ortiz")

    new = office.reissue(code, "Kingdom City Clinic")

    states = learners.world.read(lambda: {one.id: one.state for one in history_of(row(new).id)})
    assert states[asked.id] == "refused"


def test_a_corrected_certification_rests_on_the_same_evidence(learners: Learners, office: Office) -> None:
    save(learners.world)
    user, code = learners.certified()
    award(learners.world, user)
    first = certification_of(learners.world, user)

    new = office.rename(first.code, "Nora Nunez")
    office.rename(code, "Nora Nunez")

    other = learners.row(new)
    sources = learners.world.read(
        lambda: db.session.scalars(
            select(Evidence.source_certificate_id).where(Evidence.certificate_id == other.id)
        ).all()
    )
    assert sources == [learners.row(code).id]
    assert (
        learners.world.read(
            lambda: db.session.query(Certificate).filter_by(kind="certification", superseded_by_id=None).count()
        )
        == 1
    )


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("what", ["reissue", "rename", "extend", "undone", "refused"])
def test_the_mail_of_a_change_names_no_subject(context: Flask, language: str, what: str) -> None:
    values = {"what": what, "code": "OLD", "new_code": "NEW"}

    mail = write_mail(
        "certificate-changed", language, values, to="x@a.example", effect_key="k",
        settings=context.extensions["lms"].settings,
    )  # fmt: skip

    assert "traffick" not in mail.as_string().lower()
    assert mail["Subject"] in (
        "Crosstrain: your training record has changed",
        "Crosstrain: su registro de capacitación ha cambiado",
    )
    assert "/certificates/NEW/changes" in mail.get_content()
    assert ("OLD" in mail.get_content()) is (what in ("reissue", "rename", "extend"))


def test_every_change_is_in_the_audit_with_its_reason(learners: Learners, office: Office) -> None:
    _, code = learners.certified()
    new = office.rename(code, "Nora Nunez", reason="Passport seen")
    office.undo(new)

    events = learners.world.read(
        lambda: list(
            db.session.scalars(
                select(AuditEvent).where(AuditEvent.action.like("certificate.%")).order_by(AuditEvent.id)
            )
        )
    )

    assert [(one.action, one.reason) for one in events][1:] == [
        ("certificate.replaced", "Passport seen"),
        ("certificate.change-undone", "A mistake"),
    ]
    assert "Nunez" not in str([one.detail for one in events])


def test_a_corrected_team_certificate_is_still_the_teams(small: Teams) -> None:  # noqa: F811
    cohort = small.cohort()
    for user in small.people(cohort):
        small.certify(user)
    office = Office(small.world)
    code = small.world.read(
        lambda: db.session.scalars(select(Certificate.code).where(Certificate.kind == "team")).one()
    )
    end = small.world.read(lambda: CertificateFacts.from_json(row(code).facts).valid_until)
    assert end is not None

    new = office.change(code, lambda one: plan_extend(one, end + timedelta(days=20), LATER, "America/Chicago"))

    board = small.board(cohort)
    assert board.board.standing == "certified"
    assert [one.code for one in board.certificates] == [new]
    assert office.undo(new) == code
    assert [one.code for one in small.board(cohort).certificates] == [code]
    assert small.board(cohort).board.standing == "certified"


def test_a_corrected_member_keeps_the_seat_without_a_gap(small: Teams, learners: Learners) -> None:  # noqa: F811
    cohort = small.cohort()
    people = small.people(cohort)
    for user in people:
        small.certify(user)
    office = Office(small.world)

    def fill() -> str:
        own = db.session.scalars(select(Certificate).where(Certificate.user_id == people[0])).one()
        code = learners_code
        facts = CertificateFacts.from_json(row(code).facts)
        own.facts = replace(facts, code=own.code).to_json()
        return own.code

    learners_code = learners.certified()[1]
    code = small.world.write(fill)

    office.rename(code, "Nora Nunez")

    assert small.board(cohort).board.standing == "certified"
    count = small.world.read(lambda: db.session.query(Certificate).filter_by(kind="team").count())
    assert count == 1


def test_the_database_lets_no_two_awards_of_a_cycle_stand(learners: Learners, office: Office) -> None:
    _, code = learners.certified()
    new = office.rename(code, "Nora Nunez")

    def raise_the_old_one() -> None:
        row(code).superseded_by_id = None
        db.session.flush()

    with pytest.raises(IntegrityError):
        learners.world.write(raise_the_old_one)
    assert office.status(new) == ("valid", None)


STEPS = st.lists(
    st.tuples(st.sampled_from(["revoke", "rename", "extend", "reissue", "undo", "old"]), st.integers(0, 5)),
    max_size=12,
)


@pytest.mark.sqlite_only
@given(steps=STEPS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_changed_and_undone_every_code_answers_and_one_award_stands_at_most(
    learners: Learners, office: Office, steps: list[tuple[str, int]]
) -> None:
    """Random changes and undos, also of codes that no longer stand: nothing goes, no fact moves, no two stand."""
    user, first = learners.certified()
    facts = {first: learners.row(first).facts}
    codes = [first]

    for number, (step, pick) in enumerate(steps):
        code = codes[pick % len(codes)] if step == "old" else codes[-1]
        try:
            match step:
                case "revoke":
                    office.revoke(code)
                case "undo":
                    office.undo(code, place=pick % 3)
                case "extend":
                    codes.append(office.extend(code, date(2028, 3, 15) + timedelta(days=20 * number)))
                case "reissue":
                    codes.append(office.reissue(code, f"Agency {number}"))
                case _:
                    codes.append(office.rename(code, f"Name {number}"))
        except LmsError:
            pass
        except IndexError:
            assert step == "undo", "there was nothing to undo"
        facts |= {one: learners.row(one).facts for one in codes if one not in facts}
        check(learners, user, facts)


def check(learners: Learners, user: int, facts: dict[str, dict]) -> None:
    def look() -> None:
        rows = list(db.session.scalars(select(Certificate).where(Certificate.user_id == user)))
        by_id = {one.id: one for one in rows}
        assert {one.code: one.facts for one in rows} == facts, "no row goes, no fact moves"
        unreplaced = [one for one in rows if one.superseded_by_id is None]
        assert len(unreplaced) == 1, "one row of the cycle is the present one"
        standing = [one for one in rows if status_of(one, LATER) == "valid"]
        assert len(standing) == (1 if unreplaced[0].revoked_at is None else 0)
        for one in rows:
            found = find_coded(one.code)
            assert found is not None
            told, seen = verification_of(found, LATER), {one.id}
            assert told.status in ("valid", "revoked", "superseded")
            assert (told.superseded_by is not None) is (told.status == "superseded")
            while one.superseded_by_id is not None:
                assert one.superseded_by_id not in seen, "the codes lead in a circle"
                seen.add(one.superseded_by_id)
                one = by_id[one.superseded_by_id]
            assert one is unreplaced[0], "every code leads to the present one"
        changes = {one.id for one in db.session.scalars(select(CertificateChange)) if one.certificate_id in by_id}
        assert {one.id for one in history_of(rows[0].id)} == changes, "the history reaches every change"

    learners.world.read(look)
