"""Certifications of several courses: issued once, from evidence, by the same decision that explains."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from lms.catalog.models import Course
from lms.certification import awards, certifying, rule_files
from lms.certification.certifying import current_rules, standings_of
from lms.certification.dossiers import load_people
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate, CertificationVersion, Evidence
from lms.certification.training_models import ExternalTraining
from lms.certification.transcript import load_transcript
from lms.database import db
from lms.errors import Invalid
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import User
from tests.certification.conftest import NOON, SITE, Learners
from tests.support.world import World

RULES = {
    "id": "first-aid",
    "title": {"en": "First responder", "es": "Primera respuesta"},
    "requires": [{"course": "tiny"}],
    "valid_months": 24,
    "renewal": {"opens_months": 3, "grace_days": 60},
}


def save(world: World, **changes: object) -> str:
    return world.write(lambda: rule_files.save_rules({**RULES, **changes}, now=NOON, actor_id=None))


def award(world: World, user: int, now: datetime = NOON) -> list[str]:
    return world.write(lambda: [one.code for one in certifying.award_due(user, now, SITE)])


def certification_of(world: World, user: int) -> Certificate:
    return world.read(
        lambda: db.session.scalars(
            select(Certificate)
            .where(Certificate.user_id == user, Certificate.kind == "certification")
            .order_by(Certificate.cycle.desc())
        ).first()
    )


def test_who_meets_the_rule_gets_it_once_with_its_evidence(learners: Learners) -> None:
    save(learners.world)
    user, code = learners.certified()

    first, again = award(learners.world, user), award(learners.world, user)

    row = certification_of(learners.world, user)
    assert len(first) == 1
    assert again == []
    facts = CertificateFacts.from_json(row.facts)
    assert (facts.title, facts.valid_until, facts.evidence[0].code) == ("First responder", date(2028, 3, 14), code)
    sources = learners.world.read(lambda: db.session.scalars(select(Evidence.source_certificate_id)).all())
    assert sources == [learners.row(code).id]


def test_the_hours_of_its_courses_count_once_on_the_transcript(learners: Learners) -> None:
    save(learners.world)
    user, _ = learners.certified()
    award(learners.world, user)

    transcript = learners.world.read(lambda: load_transcript(user, NOON))

    assert [line.facts.contact_minutes for line in transcript.lines] == [30, 30]
    assert transcript.minutes == 30


def test_cross_training_taken_again_counts_again_and_only_for_who_has_a_discipline(learners: Learners) -> None:
    world = learners.world
    user, without = world.user("Teacher", agency=learners.agency, discipline="schools"), world.user("Nobody's")
    learners.enroll(without, completed=("second-steps",))
    learners.enroll(user, completed=("second-steps",))
    again = learners.enroll(user, completed=("second-steps",), cycle=2)
    later = datetime(2028, 2, 1, 17, tzinfo=UTC)
    world.write(
        lambda: db.session.execute(
            update(ModuleProgress).where(ModuleProgress.enrollment_id == again).values(completed_at=later)
        )
    )

    people = world.read(lambda: load_people([user, without], [], later.date(), SITE.time_zone))

    assert (people[user].cross_days, people[without].cross_days) == ((later.date(),), ())


def test_training_done_elsewhere_counts_once_it_is_approved(learners: Learners) -> None:
    save(learners.world)
    user = learners.world.user("Elsewhere", agency=learners.agency)
    course_id = learners.world.read(lambda: db.session.scalars(select(Course.id)).one())

    def hand_in() -> None:
        db.session.add(
            ExternalTraining(
                user_id=user,
                title="The same, by the academy",
                provider="Academy",
                completed_on=date(2026, 3, 1),
                contact_minutes=60,
                course_id=course_id,
                state="submitted",
                submitted_at=NOON,
                entered_by_id=user,
            )
        )

    learners.world.write(hand_in)
    assert award(learners.world, user) == []

    learners.world.write(
        lambda: db.session.execute(
            update(ExternalTraining).values(
                state="approved", decided_at=NOON, decided_by_id=user, decided_reason="Certificate seen."
            )
        )
    )

    assert len(award(learners.world, user)) == 1
    assert CertificateFacts.from_json(certification_of(learners.world, user).facts).evidence[0].provider == "Academy"


def test_a_revoked_course_certificate_shows_nothing_any_more(learners: Learners) -> None:
    save(learners.world)
    user, code = learners.certified()
    number = learners.row(code).id
    learners.world.write(lambda: awards.revoke(db.session.get_one(Certificate, number), "Wrong person", user, NOON))

    assert award(learners.world, user) == []


def test_a_renewal_adds_an_award_and_leaves_the_first_as_it_was(learners: Learners) -> None:
    save(learners.world)
    user, enrollment = learners.enrolled(completed=("first-steps", "second-steps"))
    learners.award(enrollment, learners.attempt(enrollment))
    award(learners.world, user)
    first = certification_of(learners.world, user)
    later = datetime(2028, 2, 1, 17, tzinfo=UTC)
    assert award(learners.world, user, later) == []

    again = learners.enroll(user, completed=("first-steps", "second-steps"), cycle=2)
    learners.award(again, learners.attempt(again), now=later)
    award(learners.world, user, later)

    second = certification_of(learners.world, user)
    assert (first.cycle, second.cycle) == (1, 2)
    assert CertificateFacts.from_json(second.facts).valid_until == date(2030, 3, 14)
    assert learners.row(first.code).facts == first.facts


def test_a_revoked_early_renewal_does_not_hide_the_award_before_it(learners: Learners) -> None:
    save(learners.world)
    user, enrollment = learners.enrolled(completed=("first-steps", "second-steps"))
    learners.award(enrollment, learners.attempt(enrollment))
    award(learners.world, user)
    first, later = certification_of(learners.world, user), datetime(2028, 2, 1, 17, tzinfo=UTC)
    again = learners.enroll(user, completed=("first-steps", "second-steps"), cycle=2)
    learners.award(again, learners.attempt(again), now=later)
    (code,) = award(learners.world, user, later)

    learners.change(code, revoked_at=later, revoked_reason="Wrong person")

    decision = learners.world.read(lambda: standings_of([user], current_rules(), later, SITE.time_zone))[0].decision
    assert (decision.holds, decision.holds_until, decision.cycle) == (True, date(2028, 3, 14), 3)
    assert not decision.is_earned, "what was there when it was revoked does not bring it back"
    assert learners.row(first.code).revoked_at is None


def test_what_was_taken_again_in_part_is_no_fresher_once_the_whole_was_revoked(learners: Learners) -> None:
    save(learners.world)
    user, enrollment = learners.enrolled(completed=("first-steps", "second-steps"))
    whole = learners.award(enrollment, learners.attempt(enrollment))
    later = datetime(2027, 2, 1, 17, tzinfo=UTC)
    part = learners.enroll(user, completed=("first-steps", "second-steps"), cycle=2)
    learners.world.write(lambda: setattr(db.session.get_one(Enrollment, part), "renews_id", enrollment))
    assert whole is not None
    assert learners.award(part, learners.attempt(part), now=later) is not None
    learners.change(whole, revoked_at=later, revoked_reason="Wrong person")

    person = learners.world.read(lambda: load_people([user], ["tiny"], later.date(), SITE.time_zone))[user]

    assert [(one.completed_on, one.is_part) for one in person.holdings] == [(date(2026, 3, 14), True)]


def test_an_award_keeps_the_rule_that_it_came_from(learners: Learners) -> None:
    save(learners.world)
    user, _ = learners.certified()
    award(learners.world, user)

    outcome = save(learners.world, valid_months=12)

    row = certification_of(learners.world, user)
    assert outcome == "changed"
    assert CertificateFacts.from_json(row.facts).valid_until == date(2028, 3, 14)
    numbers = learners.world.read(lambda: db.session.scalars(select(CertificationVersion.number)).all())
    assert sorted(numbers) == [1, 2]
    assert learners.world.read(lambda: [one.rule.valid_months for one in current_rules()]) == [12]


def test_the_same_rules_again_change_nothing_and_a_file_does_not_undo_the_browser(learners: Learners) -> None:
    editor = learners.world.user("Editor")
    save(learners.world)

    same = save(learners.world)
    learners.world.write(
        lambda: rule_files.save_rules({**RULES, "valid_months": 6}, now=NOON, actor_id=editor, reason="Board asked")
    )
    file_again = learners.world.write(lambda: rule_files.save_rules(RULES, now=NOON, actor_id=None, is_file=True))

    assert (same, file_again) == ("unchanged", "unchanged")
    assert learners.world.read(lambda: current_rules()[0].rule.valid_months) == 6


def test_the_standing_of_many_costs_as_many_statements_as_that_of_one(learners: Learners, count_queries) -> None:
    save(learners.world)
    users = [learners.certified(f"Person {number}")[0] for number in range(8)]

    def count(some: list[int]) -> int:
        count_queries.statements.clear()
        learners.world.read(lambda: standings_of(some, current_rules(), NOON, SITE.time_zone))
        return count_queries.count

    assert count(users) == count(users[:1]) <= 7


def test_sql_cannot_make_a_certification_without_evidence(learners: Learners) -> None:
    save(learners.world)
    user, _ = learners.certified()
    award(learners.world, user)
    row = certification_of(learners.world, user)

    with pytest.raises(IntegrityError):
        learners.world.write(
            lambda: db.session.execute(
                update(Certificate).where(Certificate.id == row.id).values(evidence_certificate_id=None)
            )
        )


def test_sql_cannot_rest_it_on_somebody_elses_certificate(learners: Learners) -> None:
    save(learners.world)
    user, _ = learners.certified()
    _, other = learners.certified("Other Person")
    foreign = learners.row(other).id
    award(learners.world, user)
    row = certification_of(learners.world, user)

    with pytest.raises(IntegrityError):
        learners.world.write(
            lambda: db.session.execute(
                update(Certificate).where(Certificate.id == row.id).values(evidence_certificate_id=foreign)
            )
        )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"title": {"es": "Solo"}}, "title needs an English text"),
        ({"requires": []}, "at least one course"),
        ({"requires": [{"course": "a", "one_of": ["b"]}]}, "either course"),
        ({"requires": [{"one_of": ["a", "b"], "count": 3}]}, "count must be a whole number from 1 to 2"),
        ({"requires": [{"course": "a", "min_percent": 101}]}, "min_percent"),
        ({"valid_months": 0}, "valid_months"),
        ({"valid_months": True}, "valid_months"),
        ({"renewal": {"opens_months": 30}}, "opens_months"),
        ({"disciplines": ["plumbing"]}, "disciplines must be out of"),
        ({"colour": "red"}, "mean nothing"),
    ],
)
def test_a_rule_that_means_nothing_is_refused_in_words(change: dict, words: str) -> None:
    with pytest.raises(Invalid) as caught:
        rule_files.check_rules("first-aid", {**RULES, **change})

    assert words in str(caught.value.values["fault"])


def test_one_bad_file_leaves_all_as_it_was(context: Flask, tmp_path) -> None:
    (tmp_path / "good.yaml").write_text("id: good\ntitle: {en: Good}\nrequires: [{course: tiny}]\n")
    (tmp_path / "worse.yaml").write_text("id: worse\ntitle: {en: Worse}\nrequires: []\n")

    with pytest.raises(Invalid):
        rule_files.publish_rules(tmp_path, NOON)

    assert current_rules() == []


def test_whoever_works_in_another_discipline_is_told_which_it_is_for(learners: Learners) -> None:
    save(learners.world, disciplines=["schools"])
    user, _ = learners.certified()

    decision = learners.world.read(lambda: standings_of([user], current_rules(), NOON, SITE.time_zone))[0].decision

    assert [(lack.reason, lack.disciplines) for lack in decision.lacks] == [("discipline", ("schools",))]
    assert award(learners.world, user) == []


@pytest.mark.postgresql_only
def test_two_courses_that_are_finished_at_once_do_not_wait_for_each_other(learners: Learners) -> None:
    save(learners.world)
    user, _ = learners.certified()
    together, errors = threading.Barrier(2), []

    def finish() -> None:
        def step() -> None:
            db.session.execute(select(User.id).where(User.id == user).with_for_update(read=True, key_share=True))
            together.wait(10)
            certifying.award_due(user, NOON, SITE)

        try:
            learners.world.write(step)
        except Exception as error:  # what a thread raises would be lost
            errors.append(error)

    threads = [threading.Thread(target=finish) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert certification_of(learners.world, user).cycle == 1
