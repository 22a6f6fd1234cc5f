"""A team's certificate and its award: one for each cycle, neither without the other, whoever writes the rows."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError

from lms import amending
from lms.certification.models import Certificate
from lms.clock import utc_now
from lms.cohorts import standing, teams
from lms.cohorts.models import Milestone, TeamAward
from lms.database import db, run_transaction
from tests.cohorts.conftest import DISCIPLINES, SITE, Teams
from tests.support.days import noon

CERTIFICATE = """
INSERT INTO lms_certificates
    (code, kind, cycle, facts, language, issued_at, completed_on, valid_from, is_name_hidden, team_cohort_id)
VALUES (:code, :kind, :cycle, '{}', 'en', :now, :today, :now, false, :cohort)
"""
AWARD = """
INSERT INTO lms_team_awards (cohort_id, certificate_id, cycle, composition, awarded_at)
VALUES (:cohort, (SELECT id FROM lms_certificates WHERE code = :code), :cycle, '[]', :now)
"""


def run(small: Teams, *statements: tuple[str, dict[str, Any]]) -> None:
    """Plain SQL in one transaction, past every rule of the program."""

    def step() -> None:
        for statement, values in statements:
            db.session.execute(text(statement), values)

    small.world.write(step)


def values(cohort: int | None, code: str = "AAAA-AAAA-AAAA", kind: str = "team", cycle: int = 1) -> dict[str, Any]:
    now = noon()
    return {
        "cohort": cohort,
        "code": code,
        "kind": kind,
        "cycle": cycle,
        "now": now.replace(tzinfo=None) if db.engine.dialect.name == "sqlite" else now,
        "today": date(2026, 1, 1).isoformat() if db.engine.dialect.name == "sqlite" else date(2026, 1, 1),
    }


@pytest.mark.usefixtures("context")
def test_a_team_certificate_without_an_award_cannot_be_committed(small: Teams) -> None:
    cohort = small.cohort()

    with pytest.raises(IntegrityError):
        run(small, (CERTIFICATE, values(cohort)))

    assert count(small, Certificate) == 0


@pytest.mark.usefixtures("context")
def test_with_its_award_in_the_same_transaction_it_can(small: Teams) -> None:
    cohort = small.cohort()

    run(small, (CERTIFICATE, values(cohort)), (AWARD, values(cohort)))

    assert (count(small, Certificate), count(small, TeamAward)) == (1, 1)


@pytest.mark.usefixtures("context")
def test_an_award_of_another_cycle_or_team_does_not_do(small: Teams) -> None:
    first, second = small.cohort(), small.cohort(name="Another team")

    for cohort, cycle in ((second, 1), (first, 2)):
        with pytest.raises(IntegrityError):
            run(small, (CERTIFICATE, values(first)), (AWARD, values(cohort, cycle=cycle)))


@pytest.mark.usefixtures("context")
def test_a_team_certificate_names_its_team_and_nobody_elses_does(small: Teams) -> None:
    cohort = small.cohort()
    run(small, (CERTIFICATE, values(cohort)), (AWARD, values(cohort)))

    with pytest.raises(IntegrityError, match="team_names_its_cohort"):
        run(small, (CERTIFICATE, values(None, "BBBB-BBBB-BBBB")))
    with pytest.raises(IntegrityError):
        run(small, (CERTIFICATE, values(cohort, "BBBB-BBBB-BBBB", kind="course", cycle=2)))


@pytest.mark.usefixtures("context")
def test_a_cycle_has_one_award_and_one_certificate_that_stands(small: Teams) -> None:
    cohort = small.cohort()
    run(small, (CERTIFICATE, values(cohort)), (AWARD, values(cohort)))

    with pytest.raises(IntegrityError):
        run(small, (CERTIFICATE, values(cohort, "BBBB-BBBB-BBBB")))
    with pytest.raises(IntegrityError):
        run(small, (AWARD, values(cohort)))


@pytest.mark.usefixtures("context")
def test_an_award_cannot_be_taken_from_under_its_certificate(small: Teams) -> None:
    cohort = small.cohort()
    run(small, (CERTIFICATE, values(cohort)), (AWARD, values(cohort)))

    with pytest.raises(IntegrityError):
        run(small, ("DELETE FROM lms_team_awards", {}))


def count(small: Teams, model: Any) -> int:
    return small.world.read(lambda: db.session.scalar(select(func.count()).select_from(model)) or 0)


def test_two_coordinators_at_once_make_one_certificate(small: Teams) -> None:
    cohort = small.cohort("m0")
    for user in small.people(cohort):
        small.certify(user)
    other = small.world.user("Second coordinator", agency=small.agency)
    milestone = small.world.read(lambda: db.session.scalars(select(Milestone.id).where(Milestone.key == "m0")).one())
    barrier = threading.Barrier(2)
    codes: list[str | None] = []

    def attest(actor: int) -> None:
        def step() -> str | None:
            from lms.cohorts.models import Cohort

            teams.attest_milestone(
                db.session.get_one(Cohort, cohort),
                milestone,
                date(2026, 1, 2),
                "",
                today=date(2026, 2, 1),
                actor_id=actor,
            )
            return standing.award_if_earned(cohort, utc_now(), SITE, actor_id=actor)

        with small.world.app.app_context():
            barrier.wait()
            codes.append(run_transaction(step))

    threads = [threading.Thread(target=attest, args=(actor,)) for actor in (small.coordinator, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(code is None for code in codes) == [False, True]
    assert count(small, TeamAward) == 1


def test_the_composition_stays_as_it_was_on_the_day(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    for user in people:
        small.certify(user)
    before = composition(small)

    member = small.members(cohort)[0]
    small.do(cohort, lambda one: teams.remove_member(one, member.id, utc_now(), actor_id=small.coordinator))
    newcomer = small.person(DISCIPLINES[0])
    small.join(cohort, newcomer)
    small.certify(newcomer)

    assert composition(small) == before
    assert [seat["people"][0]["user_id"] for seat in before] == people


def composition(small: Teams) -> list[Any]:
    return small.world.read(lambda: list(db.session.scalars(select(TeamAward)).one().composition))


def test_a_revoked_one_is_followed_only_by_the_next_cycle(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    for user in people:
        small.certify(user)
    settings = small.world.app.extensions["lms"].settings

    def revoke() -> None:
        held = db.session.scalars(select(Certificate).where(Certificate.kind == "team")).one()
        amending.revoke_certificate(held, "Not earned", settings, actor_id=small.coordinator)

    small.world.write(revoke)
    again = small.world.write(lambda: standing.award_if_earned(cohort, utc_now(), SITE))

    assert again is None
    assert count(small, TeamAward) == 1


def test_the_next_cycle_has_an_award_and_composition_of_its_own(small: Teams) -> None:
    cohort = small.cohort()
    for user in small.people(cohort):
        small.certify(user, days=900)
    later = utc_now() + timedelta(days=400)

    code = small.world.write(lambda: standing.award_if_earned(cohort, later, SITE))

    assert code is not None
    rows = small.world.read(
        lambda: db.session.execute(
            select(TeamAward.cycle, Certificate.cycle, Certificate.team_cohort_id)
            .join(Certificate, Certificate.id == TeamAward.certificate_id)
            .order_by(TeamAward.cycle)
        ).all()
    )
    assert [tuple(row) for row in rows] == [(1, 1, cohort), (2, 2, cohort)]


def test_milestones_that_records_show_are_printed_as_met_by_the_award(small: Teams) -> None:
    cohort = small.cohort("m0")
    for user in small.people(cohort):
        small.certify(user)
    milestone = small.world.read(lambda: db.session.scalars(select(Milestone.id).where(Milestone.key == "m0")).one())
    small.do(
        cohort,
        lambda one: teams.attest_milestone(
            one, milestone, date(2026, 1, 2), "", today=date(2026, 2, 1), actor_id=small.coordinator
        ),
    )
    small.world.write(lambda: standing.award_if_earned(cohort, utc_now(), SITE))

    facts = small.world.read(
        lambda: db.session.scalars(select(Certificate).where(Certificate.kind == "team")).one().facts
    )

    assert [(one["title"], one["met_on"], one["is_met_by_award"]) for one in facts["team"]["milestones"]] == [
        ("Charter signed", "2026-01-02", False),
        ("Course held by every member", None, True),
    ]
