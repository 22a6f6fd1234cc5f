"""Awards: earned, once, frozen, dated by the site's days; revoked with a reason; never without a passed attempt."""

from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import IntegrityError

from lms.catalog.models import CourseVersion
from lms.certification import awards
from lms.certification.codes import new_code
from lms.certification.facts import AwardSite, CertificateFacts, MilestoneLine, SeatLine, TeamFacts
from lms.certification.holders import valid_courses
from lms.certification.models import Certificate
from lms.certification.reasons import why_not_yet
from lms.certification.standing import is_valid_at, status_of
from lms.certification.validity import expiry_of, last_valid_day
from lms.clock import utc_now
from lms.database import db
from lms.errors import Conflict, Invalid
from lms.learning.models import Enrollment
from lms.people.models import AuditEvent, Membership, User
from tests.certification.conftest import NOON, SITE, Learners

DONE = ("first-steps", "second-steps")


def facts_of(learners: Learners, code: str) -> CertificateFacts:
    return CertificateFacts.from_json(learners.row(code).facts)


def test_a_passed_final_with_its_prerequisites_earns_a_certificate(learners: Learners) -> None:
    user, enrollment = learners.enrolled(completed=DONE)

    code = learners.award(enrollment, learners.attempt(enrollment))

    assert code is not None
    certificate = learners.row(code)
    assert (certificate.user_id, certificate.kind, certificate.cycle) == (user, "course", 1)
    assert certificate.agency_id == learners.agency
    assert certificate.discipline == "healthcare"
    assert certificate.attempt_passed is True


def test_the_frozen_copy_says_all_that_is_printed_and_no_score(learners: Learners) -> None:
    _, code = learners.certified("Nora Núñez")

    facts = facts_of(learners, code)

    assert facts.printed_name == "Nora Núñez"
    assert facts.agency_name == "General Hospital"
    assert facts.title == "A tiny course"
    assert (facts.course_slug, facts.course_code, facts.version_number) == ("tiny", "TST-001", 1)
    assert facts.contact_hours == "0.50"
    assert facts.pass_mark == 80
    assert facts.objectives
    assert facts.completed_on == date(2026, 3, 14)
    assert "score" not in str(facts.to_json())
    assert CertificateFacts.from_json(facts.to_json()) == facts


def test_the_copy_stays_when_the_person_is_renamed_and_the_course_changes(learners: Learners) -> None:
    user, code = learners.certified("Nora Núñez")

    def rename() -> None:
        db.session.get_one(User, user).name = "Nora Smith"
        db.session.get_one(CourseVersion, learners.version).facts = {}

    learners.world.write(rename)

    assert facts_of(learners, code).printed_name == "Nora Núñez"
    assert facts_of(learners, code).title == "A tiny course"


def test_the_name_to_print_is_the_one_that_the_person_chose(learners: Learners) -> None:
    user, enrollment = learners.enrolled("N. Núñez", completed=DONE)
    learners.world.write(lambda: setattr(db.session.get_one(User, user), "certificate_name", "Nora Núñez, RN"))

    code = learners.award(enrollment, learners.attempt(enrollment))

    assert code is not None
    assert facts_of(learners, code).printed_name == "Nora Núñez, RN"


def test_a_certificate_is_in_the_language_in_which_the_quiz_was_taken(learners: Learners) -> None:
    _, enrollment = learners.enrolled(completed=DONE)

    code = learners.award(enrollment, learners.attempt(enrollment, language="es"))

    assert code is not None
    assert facts_of(learners, code).language == "es"
    assert facts_of(learners, code).title == "Un curso pequeño"


@pytest.mark.parametrize("passed", [False, None])
def test_a_failed_or_open_attempt_earns_nothing(learners: Learners, passed: bool | None) -> None:
    _, enrollment = learners.enrolled(completed=DONE)

    assert learners.award(enrollment, learners.attempt(enrollment, passed=passed, score=79)) is None
    assert learners.count() == 0


def test_a_passed_final_without_its_prerequisites_earns_nothing(learners: Learners) -> None:
    _, enrollment = learners.enrolled(completed=("first-steps",))

    assert learners.award(enrollment, learners.attempt(enrollment)) is None


def test_a_failed_second_try_after_a_pass_still_rests_on_the_passed_one(learners: Learners) -> None:
    _, enrollment = learners.enrolled(completed=DONE)
    passed = learners.attempt(enrollment)
    failed = learners.attempt(enrollment, passed=False, number=2, score=10)

    code = learners.award(enrollment, failed)

    assert code is not None
    assert learners.row(code).attempt_id == passed


def test_reading_the_last_module_after_the_pass_earns_it_too(learners: Learners) -> None:
    _, enrollment = learners.enrolled(completed=DONE)
    passed = learners.attempt(enrollment)

    code = learners.award(enrollment, None)

    assert code is not None
    assert learners.row(code).attempt_id == passed


def test_asking_twice_gives_the_same_certificate(learners: Learners) -> None:
    _, enrollment = learners.enrolled(completed=DONE)
    attempt = learners.attempt(enrollment)

    first = learners.award(enrollment, attempt)
    second = learners.award(enrollment, attempt, now=NOON + timedelta(days=1))

    assert first == second
    assert learners.count() == 1


def test_two_graders_at_once_make_one_certificate(learners: Learners) -> None:
    _, enrollment = learners.enrolled(completed=DONE)
    attempt = learners.attempt(enrollment)
    start, codes = threading.Barrier(2), []

    def grade() -> None:
        start.wait()
        codes.append(learners.award(enrollment, attempt))

    graders = [threading.Thread(target=grade) for _ in range(2)]
    for grader in graders:
        grader.start()
    for grader in graders:
        grader.join()

    assert len(codes) == 2
    assert len(set(codes)) == 1
    assert learners.count() == 1


def test_a_next_cycle_earns_a_further_certificate(learners: Learners) -> None:
    user, first = learners.certified()
    enrollment = learners.enroll(user, completed=DONE, cycle=2)

    second = learners.award(enrollment, learners.attempt(enrollment))

    assert second is not None
    assert second != first
    assert learners.count() == 2


def test_rows_that_do_not_belong_together_are_refused_as_a_bug(learners: Learners) -> None:
    _, mine = learners.enrolled(completed=DONE)
    _, theirs = learners.enrolled("Other", completed=DONE)
    attempt = learners.attempt(theirs)

    with pytest.raises(ValueError, match="do not belong together"):
        learners.award(mine, attempt)


def test_the_award_is_in_the_audit_without_a_name(learners: Learners) -> None:
    user, code = learners.certified("Nora Núñez")

    event = learners.world.read(
        lambda: db.session.scalars(select(AuditEvent).where(AuditEvent.action == "certificate.issued")).one()
    )

    assert (event.actor_id, event.subject_id, event.agency_id) == (user, learners.row(code).id, learners.agency)
    assert "Nora" not in str(event.detail)


def test_the_agency_is_the_one_of_the_day_and_a_moved_person_keeps_it(learners: Learners) -> None:
    user, code = learners.certified()
    elsewhere = learners.world.agency("Elsewhere")

    def move() -> None:
        old = db.session.scalars(select(Membership).where(Membership.user_id == user)).one()
        old.ended_on = date(2026, 3, 15)
        db.session.add(
            Membership(user_id=user, agency_id=elsewhere, discipline="schools", started_on=date(2026, 3, 15))
        )

    learners.world.write(move)
    renewal = learners.enroll(user, completed=DONE, cycle=2)
    later = learners.award(renewal, learners.attempt(renewal), now=NOON + timedelta(days=30))

    assert later is not None
    assert learners.row(code).agency_id == learners.agency
    assert learners.row(later).agency_id == elsewhere


# --- days -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("completed_on", "months", "last"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2026, 7, 30), 24, date(2028, 7, 30)),
        (date(2026, 8, 31), 6, date(2027, 2, 28)),
        (date(2026, 3, 14), None, None),
    ],
)
def test_the_last_valid_day_follows_the_stated_rule(completed_on: date, months: int | None, last: date | None) -> None:
    assert last_valid_day(completed_on, months) == last


def test_expiry_is_the_start_of_the_next_local_day_on_days_when_the_clocks_change() -> None:
    assert expiry_of(date(2028, 3, 12), "America/Chicago") == datetime(2028, 3, 13, 5, tzinfo=UTC)
    assert expiry_of(date(2028, 3, 11), "America/Chicago") == datetime(2028, 3, 12, 6, tzinfo=UTC)
    assert expiry_of(date(2026, 10, 31), "America/Chicago") == datetime(2026, 11, 1, 5, tzinfo=UTC)
    assert expiry_of(None, "America/Chicago") is None


def test_late_in_the_evening_the_local_day_counts_not_the_one_in_greenwich(learners: Learners) -> None:
    evening = datetime(2026, 3, 15, 3, 30, tzinfo=UTC)

    _, code = learners.certified(now=evening)

    assert learners.row(code).completed_on == date(2026, 3, 14)
    assert facts_of(learners, code).valid_until == date(2028, 3, 14)
    assert learners.row(code).expires_at == datetime(2028, 3, 15, 5, tzinfo=UTC)


def test_it_expires_at_the_very_instant_and_not_before(learners: Learners) -> None:
    user, code = learners.certified()
    certificate = learners.row(code)
    end = certificate.expires_at
    assert end is not None
    moments = [certificate.valid_from, end - timedelta(microseconds=1), end]

    standings = [status_of(certificate, moment) for moment in moments]
    by_query = [learners.world.read(lambda at=at: bool(valid_courses([user], at)[user])) for at in moments]

    assert standings == ["valid", "valid", "expired"]
    assert by_query == [True, True, False]


def test_before_its_first_instant_it_does_not_count_even_where_the_clock_jumped_back(learners: Learners) -> None:
    user, code = learners.certified()
    before = learners.row(code).valid_from - timedelta(hours=1)

    assert status_of(learners.row(code), before) == "not-yet"
    assert learners.world.read(lambda: valid_courses([user], before)) == {user: {}}


# --- standing -------------------------------------------------------------------------------------------------------


def test_holders_tell_the_longest_of_several(learners: Learners) -> None:
    user, _ = learners.certified()
    renewal = learners.enroll(user, completed=DONE, cycle=2)
    learners.award(renewal, learners.attempt(renewal), now=NOON + timedelta(days=100))
    nobody = learners.world.user()

    held = learners.world.read(lambda: valid_courses([user, nobody], NOON + timedelta(days=101)))

    assert held[nobody] == {}
    assert held[user] == {"tiny": datetime(2028, 6, 23, 5, tzinfo=UTC)}


def test_a_revoked_certificate_says_so_and_counts_no_more(learners: Learners) -> None:
    user, code = learners.certified()
    admin = learners.world.user("Admin")

    learners.world.write(
        lambda: awards.revoke(
            db.session.get_one(Certificate, learners.row(code).id), " Copied answers ", admin, utc_now()
        )
    )

    certificate = learners.row(code)
    assert status_of(certificate, utc_now()) == "revoked"
    assert certificate.revoked_reason == "Copied answers"
    assert learners.world.read(lambda: valid_courses([user], NOON + timedelta(days=1))) == {user: {}}


def test_revoking_needs_a_reason_and_happens_once(learners: Learners) -> None:
    _, code = learners.certified()
    number = learners.row(code).id

    with pytest.raises(Invalid):
        learners.world.write(lambda: awards.revoke(db.session.get_one(Certificate, number), "  ", 1, utc_now()))
    learners.world.write(
        lambda: awards.revoke(db.session.get_one(Certificate, number), "Why", learners.row(code).user_id, utc_now())
    )
    with pytest.raises(Conflict):
        learners.world.write(lambda: awards.revoke(db.session.get_one(Certificate, number), "Why", 1, utc_now()))


def test_passing_again_does_not_undo_a_revocation(learners: Learners) -> None:
    user, code = learners.certified()
    number = learners.row(code).id
    learners.world.write(lambda: awards.revoke(db.session.get_one(Certificate, number), "Why", user, utc_now()))
    enrollment = learners.world.read(
        lambda: db.session.scalars(select(Enrollment.id).where(Enrollment.user_id == user)).one()
    )

    again = learners.award(enrollment, learners.attempt(enrollment, number=2))

    assert again is None
    assert learners.count() == 1


def test_sql_and_python_agree_on_every_standing(learners: Learners) -> None:
    codes = [learners.certified(f"Person {number}")[1] for number in range(4)]
    learners.change(codes[1], revoked_at=NOON, revoked_reason="Why")
    learners.change(codes[2], superseded_by_id=learners.row(codes[0]).id)
    learners.change(codes[3], expires_at=None)
    moments = [NOON - timedelta(days=1), NOON, NOON + timedelta(days=400), NOON + timedelta(days=4000)]

    for moment in moments:
        valid = learners.world.read(
            lambda at=moment: set(db.session.scalars(select(Certificate.code).where(is_valid_at(at))))
        )
        assert valid == {code for code in codes if status_of(learners.row(code), moment) == "valid"}


def test_a_learner_sees_why_there_is_no_certificate_yet(learners: Learners) -> None:
    user, enrollment = learners.enrolled(completed=("first-steps",))
    learners.attempt(enrollment, passed=False)

    (course,) = learners.world.read(lambda: why_not_yet(user, "en", NOON.date()))

    assert course.slug == "tiny"
    assert [(one.reason, one.module_id) for one in course.missing] == [
        ("not-completed", "second-steps"),
        ("not-passed", "final"),
    ]


def test_a_renewal_that_was_begun_says_what_is_missing_although_an_earlier_certificate_is_held(
    learners: Learners,
) -> None:
    user, _code = learners.certified()
    learners.enroll(user, completed=("first-steps", "second-steps"), cycle=2)

    (course,) = learners.world.read(lambda: why_not_yet(user, "en", NOON.date()))

    assert [(one.reason, one.module_id) for one in course.missing] == [("not-passed", "final")]


def test_a_quiz_that_was_taken_over_into_a_renewal_of_what_changed_is_not_said_to_be_missing(
    learners: Learners,
) -> None:
    user, first = learners.enrolled(completed=("first-steps", "second-steps", "final"))
    learners.award(first, learners.attempt(first))
    second = learners.enroll(user, completed=("first-steps", "second-steps", "final"), cycle=2)
    third = learners.enroll(user, completed=("first-steps", "final"), cycle=3)

    def link() -> None:
        for later, earlier in ((second, first), (third, second)):
            db.session.get_one(Enrollment, later).renews_id = earlier

    learners.world.write(link)

    found = learners.world.read(lambda: why_not_yet(user, "en", NOON.date()))

    assert [[(one.reason, one.module_id) for one in course.missing] for course in found] == [
        [("not-completed", "second-steps")],
        [],
    ]
    assert learners.award(second, None) is not None, "what issues says the same of the second"


# --- what the database itself refuses -------------------------------------------------------------------------------

COLUMNS = (
    "(code, kind, user_id, course_id, version_id, attempt_id, attempt_passed, cycle, facts, language, issued_at,"
    " completed_on, valid_from, is_name_hidden)"
)


def insert(
    learners: Learners, user: int | None, attempt: int | None, passed: bool | None, kind: str = "course"
) -> None:
    """A certificate by SQL, past every service."""

    def step() -> None:
        db.session.execute(
            text(
                f"INSERT INTO lms_certificates {COLUMNS} VALUES (:code, :kind, :user, :course, :version, :attempt,"
                " :passed, 1, '{}', 'en', :now, '2026-03-14', :now, :no)"
            ),
            {
                "code": new_code(),
                "kind": kind,
                "user": user,
                "course": db.session.get_one(CourseVersion, learners.version).course_id if kind == "course" else None,
                "version": learners.version if kind == "course" else None,
                "attempt": attempt,
                "passed": passed,
                "now": "2026-03-14 17:00:00+00:00",
                "no": False,
            },
        )

    learners.world.write(step)


def test_sql_cannot_make_a_certificate_without_an_attempt(learners: Learners) -> None:
    user, _ = learners.enrolled()

    with pytest.raises(IntegrityError, match="course_needs_a_passed_attempt"):
        insert(learners, user, None, None)


@pytest.mark.parametrize("passed", [False, None])
def test_sql_cannot_make_a_certificate_on_an_attempt_that_was_not_passed(
    learners: Learners, passed: bool | None
) -> None:
    user, enrollment = learners.enrolled()
    attempt = learners.attempt(enrollment, passed=passed, score=10)

    with pytest.raises(IntegrityError):
        insert(learners, user, attempt, True)
    with pytest.raises(IntegrityError, match="course_needs_a_passed_attempt"):
        insert(learners, user, attempt, False)


def test_sql_can_make_one_on_a_passed_attempt_so_the_refusals_above_mean_something(learners: Learners) -> None:
    user, enrollment = learners.enrolled()

    insert(learners, user, learners.attempt(enrollment), True)

    assert learners.count() == 1


def test_sql_cannot_take_the_pass_away_from_under_a_certificate(learners: Learners) -> None:
    _, code = learners.certified()
    attempt = learners.row(code).attempt_id

    with pytest.raises(IntegrityError):
        learners.world.write(
            lambda: db.session.execute(
                text("UPDATE lms_attempts SET passed = :no WHERE id = :id"), {"no": False, "id": attempt}
            )
        )
    with pytest.raises(IntegrityError):
        learners.world.write(
            lambda: db.session.execute(text("DELETE FROM lms_attempts WHERE id = :id"), {"id": attempt})
        )


def test_sql_cannot_make_two_certificates_of_one_cycle_or_one_nobody_holds(learners: Learners) -> None:
    user, code = learners.certified()
    attempt = learners.row(code).attempt_id

    with pytest.raises(IntegrityError):
        insert(learners, user, attempt, True)
    with pytest.raises(IntegrityError):
        insert(learners, None, attempt, True)


def test_sql_cannot_revoke_without_a_reason_or_end_it_before_it_begins(learners: Learners) -> None:
    _, code = learners.certified()

    with pytest.raises(IntegrityError, match="revoked_with_a_reason"):
        learners.change(code, revoked_at=NOON)
    with pytest.raises(IntegrityError, match="expires_after_it_begins"):
        learners.change(code, expires_at=NOON)


# --- teams ----------------------------------------------------------------------------------------------------------


def test_a_team_certificate_says_its_composition_milestones_and_exercise(learners: Learners) -> None:
    team = TeamFacts(
        "County team",
        (SeatLine("School", "schools", "Ana", "District"), SeatLine("Health care", "healthcare")),
        (MilestoneLine("Charter signed", date(2026, 1, 2)), MilestoneLine("Open")),
        date(2026, 2, 20),
    )

    def award() -> tuple[CertificateFacts, int | None]:
        certificate = awards.award_team_certificate(
            cohort_id=1,
            title="Small team",
            team=team,
            agency_id=learners.agency,
            agency_name="General Hospital",
            language="en",
            valid_months=12,
            cycle=1,
            now=NOON,
            site=SITE,
        )
        db.session.rollback()  # without its award (tests/cohorts/test_team_awards.py) it cannot be committed
        return CertificateFacts.from_json(certificate.facts), certificate.user_id

    facts, user_id = learners.world.write(award)

    assert facts.team == team
    assert facts.printed_name == "County team"
    assert facts.valid_until == date(2027, 3, 14)
    assert user_id is None
    assert CertificateFacts.from_json(facts.to_json()) == facts


def test_what_the_site_says_of_itself_is_copied(learners: Learners) -> None:
    site = AwardSite(
        "https://x.gov/", "X", "America/Chicago", "Legal name", "Street 1", "CEP 1", "Approved by Y.", "Ann", "Head"
    )

    _, code = learners.certified(site=site)

    facts = facts_of(learners, code)
    assert facts.verify_url == f"https://x.gov/verify/{code}"
    assert facts.accreditation_statement == "Approved by Y."
    assert (facts.provider_address, facts.provider_numbers, facts.signatory_name) == ("Street 1", "CEP 1", "Ann")
