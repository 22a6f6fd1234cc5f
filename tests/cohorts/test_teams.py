"""Seats filled by certificates, the team certificate once, standing in time, and who may come in."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from lms.certification.models import Certificate
from lms.clock import utc_now
from lms.cohorts import invitations, standing, teams, templates
from lms.cohorts.board import load_board
from lms.cohorts.models import Cohort, CohortTemplate, TeamAward
from lms.database import db
from lms.errors import Conflict, Invalid, NotFound
from lms.outbox import OutboxMessage
from tests.cohorts.conftest import DISCIPLINES, SITE, ZONE, Teams, viewer_of
from tests.conftest import QueryCount
from tests.support.days import noon, site_day
from tests.support.world import SHIPPED_COURSES, World

DAY = timedelta(days=1)


def test_the_last_certificate_fills_the_seat_and_issues_the_team_certificate(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    for user in people[1:]:
        small.certify(user)
    before = small.board(cohort)

    (filled,) = small.certify(people[0])

    assert [(one.discipline, one.count) for one in before.board.needs] == [("schools", 1)]
    assert (filled.seat_title, filled.certified_seats, filled.standing) == (
        {"en": "School", "es": "Escuela"},
        4,
        "certified",
    )
    after = small.board(cohort)
    assert after.board.standing == "certified"
    (certificate,) = after.certificates
    assert certificate.code == filled.certificate_code
    assert [line["discipline"] for line in certificate.facts["team"]["composition"]] == list(DISCIPLINES)


def test_a_team_certificate_is_issued_once(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    for user in people:
        small.certify(user)

    again = [small.world.write(lambda: standing.award_if_earned(cohort, utc_now(), SITE)) for _ in range(2)]

    assert again == [None, None]
    count = small.world.read(lambda: db.session.scalar(select(func.count()).select_from(TeamAward)))
    assert count == 1


def test_the_composition_of_the_day_stays_when_people_leave(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    for user in people:
        small.certify(user)
    first = small.members(cohort)[0]

    small.do(cohort, lambda row: teams.remove_member(row, first.id, utc_now(), actor_id=small.coordinator))

    award = small.world.read(lambda: db.session.scalars(select(TeamAward)).one())
    assert [seat["people"][0]["user_id"] for seat in award.composition] == people
    assert small.board(cohort).board.standing == "at-risk"


def test_the_standing_lapses_when_a_seat_s_certificate_does(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    now = noon()
    for user in people[1:]:
        small.certify(user, now=now)
    small.certify(people[0], days=100, now=now)

    seen = [small.board(cohort, now + days * DAY).board.standing for days in (99, 100, 130, 131)]

    assert seen == ["certified", "at-risk", "at-risk", "lapsed"]


def test_a_renewal_within_grace_makes_the_team_certified_again_without_a_second_certificate(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    now = noon()
    for user in people[1:]:
        small.certify(user, now=now)
    small.certify(people[0], days=100, now=now)

    (filled,) = small.certify(people[0], now=now + 110 * DAY, cycle=2)

    assert (filled.standing, filled.certificate_code) == ("certified", None)


def test_after_its_year_a_ready_team_gets_the_certificate_of_the_next_cycle(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    now = noon()
    for user in people:
        small.certify(user, days=900, now=now)

    later = now + 400 * DAY
    before = small.board(cohort, later).board.standing
    code = small.world.write(lambda: standing.award_if_earned(cohort, later, SITE))

    assert (before, code is not None) == ("lapsed", True)
    assert [one.cycle for one in small.board(cohort, later).certificates] == [2, 1]


def test_a_revoked_team_certificate_is_not_made_anew_by_itself(small: Teams) -> None:
    cohort = small.cohort()
    for user in small.people(cohort):
        small.certify(user)

    def revoke() -> str | None:
        certificate = db.session.scalars(select(Certificate).where(Certificate.kind == "team")).one()
        certificate.revoked_at, certificate.revoked_reason = utc_now(), "A mistake"
        db.session.flush()
        return standing.award_if_earned(cohort, utc_now(), SITE)

    code = small.world.write(revoke)

    assert code is None
    assert small.board(cohort).board.standing == "lapsed"


def test_required_milestones_hold_the_team_certificate_back_until_attested(small: Teams) -> None:
    cohort = small.cohort(milestones="m0, m1")
    for user in small.people(cohort):
        small.certify(user)
    waiting = small.board(cohort)
    charter = waiting.milestones[0]
    today = site_day()

    small.do(
        cohort,
        lambda row: teams.attest_milestone(row, charter.id, today, "", today=today, actor_id=small.coordinator),
    )
    code = small.world.write(lambda: standing.award_if_earned(cohort, utc_now(), SITE))

    assert (waiting.board.standing, waiting.board.unmet_milestones) == ("ready", ("m0",))
    assert code is not None


def test_a_certificate_of_another_person_or_course_fills_no_seat(small: Teams) -> None:
    cohort = small.cohort()
    small.people(cohort)

    filled = small.certify(small.person("healthcare"))

    assert filled == []
    assert small.board(cohort).board.certified_count == 0


@pytest.mark.parametrize("per_seat", [1, 4])
def test_the_board_costs_the_same_queries_for_any_size(small: Teams, count_queries: QueryCount, per_seat: int) -> None:
    cohort = small.cohort()
    for discipline in [*DISCIPLINES * per_seat][:15]:
        user = small.person(discipline)
        small.join(cohort, user)
        small.certify(user)
    small.board(cohort)

    def load() -> None:
        row = db.session.get_one(Cohort, cohort)
        count_queries.statements.clear()
        load_board(row, utc_now(), ZONE)

    small.world.read(load)

    assert count_queries.count == 7


def test_who_finds_no_free_seat_of_their_discipline_waits(small: Teams) -> None:
    cohort = small.cohort()
    for discipline in ("healthcare", "healthcare", "housing"):
        small.join(cohort, small.person(discipline))

    members = small.members(cohort)

    assert [one.seat_id is None for one in members] == [False, True, True]


def test_a_full_team_takes_nobody_more(small: Teams) -> None:
    cohort = small.cohort()
    for _ in range(15):
        small.join(cohort, small.person("housing"))

    with pytest.raises(Conflict):
        small.join(cohort, small.person("housing"))


def test_moving_ends_one_place_and_begins_the_next(small: Teams) -> None:
    cohort = small.cohort()
    small.join(cohort, small.person("healthcare"))
    small.join(cohort, small.person("healthcare"))
    seat = next(key for key, one in small.board(cohort).seats.items() if one.discipline == "healthcare")
    waiting = small.members(cohort)[1]

    with pytest.raises(Conflict):
        small.do(
            cohort, lambda row: teams.place_member(row, waiting.id, seat, utc_now(), is_alternate=False, actor_id=1)
        )
    small.do(cohort, lambda row: teams.place_member(row, waiting.id, seat, utc_now(), is_alternate=True, actor_id=1))

    rows = [(one.seat_id, one.is_alternate, one.left_at is None) for one in small.members(cohort)]
    assert rows == [(seat, False, True), (None, False, False), (seat, True, True)]


def test_nobody_is_placed_in_a_seat_of_another_discipline(small: Teams) -> None:
    cohort = small.cohort()
    small.join(cohort, small.person("housing"))
    (waiting,) = small.members(cohort)
    seat = next(iter(small.board(cohort).seats))

    with pytest.raises(Invalid):
        small.do(
            cohort, lambda row: teams.place_member(row, waiting.id, seat, utc_now(), is_alternate=False, actor_id=1)
        )


def mail_to_nurse(small: Teams, cohort: int) -> None:
    small.do(
        cohort,
        lambda row: invitations.invite_by_mail(
            row,
            "Nurse@Test.example",
            utc_now(),
            site_name="Site",
            site_url="http://localhost",
            language="en",
            actor_id=small.coordinator,
        ),
    )


def test_a_mail_that_waits_is_not_sent_once_a_newer_one_took_its_place(small: Teams) -> None:
    cohort = small.cohort()

    mail_to_nurse(small, cohort)
    mail_to_nurse(small, cohort)

    kinds = small.world.read(lambda: db.session.scalars(select(OutboxMessage.kind)).all())
    assert list(kinds) == ["mail"]


def test_a_mailed_link_lets_one_person_in_once(small: Teams) -> None:
    cohort = small.cohort()
    mail_to_nurse(small, cohort)
    message = small.world.read(lambda: db.session.scalars(select(OutboxMessage)).one())
    token = message.payload["values"]["link"].rpartition("/")[2]
    nurse, other = small.person("healthcare"), small.person("schools")

    def accept(user: int) -> int:
        return small.world.write(lambda: invitations.accept_invitation(token, viewer_of(user), utc_now()).user_id)

    assert message.payload["to"] == "nurse@test.example"
    assert accept(nurse) == nurse
    with pytest.raises(NotFound):
        accept(other)


def test_a_code_is_read_leniently_and_ends_after_its_uses_or_days(small: Teams) -> None:
    cohort = small.cohort()
    code = small.world.write(
        lambda: invitations.make_code(
            db.session.get_one(Cohort, cohort), utc_now(), max_uses=2, days=2, actor_id=small.coordinator
        )
    )
    typed = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    people = [small.person(discipline) for discipline in DISCIPLINES]

    def accept(user: int, days: int = 0) -> int:
        moment = utc_now() + days * DAY
        return small.world.write(lambda: invitations.accept_invitation(typed, viewer_of(user), moment).id)

    first = accept(people[0])
    with pytest.raises(NotFound):
        accept(people[1], days=2)
    accept(people[1])
    with pytest.raises(NotFound):
        accept(people[2])
    with pytest.raises(NotFound):
        accept(people[0])
    assert small.members(cohort)[0].id == first


def test_archiving_closes_a_team_and_keeps_everything(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    small.do(cohort, lambda row: teams.archive_cohort(row, utc_now(), actor_id=small.coordinator))

    filled = [one for user in people for one in small.certify(user)]

    assert filled == []
    assert len(small.board(cohort).people) == 4
    with pytest.raises(Conflict):
        small.join(cohort, small.person("housing"))


def test_the_shipped_templates_are_taken_and_publishing_them_again_changes_nothing(world: World) -> None:
    folder = SHIPPED_COURSES / "cohorts"

    first = world.write(lambda: templates.publish_templates(folder))
    again = world.write(lambda: templates.publish_templates(folder))

    assert first.added == ("county-team", "demo-team")
    assert again.unchanged == ("county-team", "demo-team")
    county = world.read(lambda: db.session.scalars(select(CohortTemplate).order_by(CohortTemplate.slug)).first())
    assert county is not None
    assert len(templates.rules_of(county.rules).milestones) == 9


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("discipline: schools", "discipline: plumbing"),
        ("grace_days: 30", "grace_days: true"),
        ("size: {min: 4, max: 15}", "size: {min: 4, max: 3}"),
        ("requires_courses: [tiny]", "requires_courses: []"),
        ("requires_milestones: []", "requires_milestones: [m9]"),
        ("id: small-team", "id: [small-team"),
    ],
)
def test_a_faulty_template_is_refused_and_nothing_is_written(world: World, tmp_path: Path, old: str, new: str) -> None:
    from tests.cohorts.conftest import TEMPLATE

    good = TEMPLATE.replace("MILESTONES", "")
    (tmp_path / "small-team.yaml").write_text(good.replace(old, new), encoding="utf-8")

    with pytest.raises(Invalid):
        world.write(lambda: templates.publish_templates(tmp_path))

    assert world.read(lambda: db.session.scalars(select(CohortTemplate)).all()) == []
