"""How the people of a staff list stand with the course or certification that it is about."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from lms.access import sight_of
from lms.certification import rule_files
from lms.certification.assigned import assigned_to
from lms.certification.assignment_rules import AsOf
from lms.certification.models import Certificate, CertificationVersion
from lms.clock import local_day, utc_now
from lms.database import db
from lms.learning.assignments import Draft, make_assignment
from lms.people.models import Membership
from lms.people.viewer import Viewer
from lms.reporting.staff_choices import Choice, sample_of, subject_of
from lms.reporting.staff_standings import Standing, standings_on_page
from lms.wall.sight import looking_as
from tests.certification.test_assignments import place
from tests.conftest import QueryCount
from tests.reporting.records import add_course, administrator, award, enroll
from tests.support.days import SITE_ZONE
from tests.support.world import World

NOW = utc_now()
AS_OF = AsOf.at(NOW, SITE_ZONE)


def days(number: int) -> timedelta:
    return timedelta(days=number)


def last_day(moment: datetime) -> date:
    return local_day(moment - timedelta(microseconds=1), SITE_ZONE)


@pytest.fixture
def school(world: World) -> int:
    return world.agency("School")


@pytest.fixture
def course(world: World) -> int:
    return add_course(world, "one")


def looked_at(world: World, agency: int, look: Callable[[Viewer], object]) -> object:
    def step() -> object:
        viewer = administrator(agency)
        with looking_as(sight_of(viewer)):
            return look(viewer)

    return world.read(step)


def standings(world: World, agency: int, users: list[int], *, here: bool = True, **choice: str) -> dict[int, Standing]:
    def look(viewer: Viewer) -> object:
        subject = subject_of(Choice(**(choice or {"course_slug": "one"})))
        assert subject is not None
        return standings_on_page(viewer, subject, users, users if here else [], AS_OF)

    found = looked_at(world, agency, look)
    assert isinstance(found, dict)
    return found


def assign(world: World, agency: int, course: int, maker: int, due_days: int = 10, ago: int = 30) -> None:
    draft = Draft(agency, course, None, "everybody", None, None, due_days)
    began = NOW - days(ago)
    world.write(lambda: make_assignment(draft, day=local_day(began, SITE_ZONE), now=began, actor_id=maker))


def test_each_person_stands_as_their_agency_sees_it(world: World, school: int, course: int) -> None:
    certified, endless, begun, done, ended, nothing = (world.user(agency=school) for _ in range(6))
    until, before = NOW + days(100), NOW - days(100)

    def step() -> None:
        for cycle, end in enumerate((until - days(50), until), 1):
            award(certified, course, valid_from=before, expires_at=end, cycle=cycle)
        for cycle, end in enumerate((until, None), 1):
            award(endless, course, valid_from=before, expires_at=end, cycle=cycle)
        enroll(begun, course, NOW)
        enroll(done, course, before, completed_at=NOW)
        award(ended, course, valid_from=before, expires_at=NOW - days(1))
        db.session.execute(update(Membership).values(started_on=AS_OF.day - days(1000)))

    world.write(step)
    world.write(lambda: enroll(ended, course, NOW, cycle=2))

    found = standings(world, school, [certified, endless, begun, done, ended, nothing])

    assert found[certified] == Standing("certified", last_day(until))
    assert found[endless] == Standing("certified")
    assert found[begun] == Standing("in-progress", is_begun=True)
    assert found[done] == Standing("completed", is_begun=True)
    assert found[ended] == Standing("in-progress", ended_on=last_day(NOW - days(1)), is_begun=True)
    assert found[nothing] == Standing("not-begun")


def test_who_is_overdue_or_has_it_from_elsewhere_is_told_and_no_more(world: World, school: int, course: int) -> None:
    late, soon, elsewhere = (world.user() for _ in range(3))
    for user in (late, elsewhere):
        place(world, user, school, AS_OF.day - days(100))
    place(world, soon, school, AS_OF.day - days(2))
    world.write(lambda: award(elsewhere, course, valid_from=NOW - days(400), expires_at=NOW + days(400)))
    world.write(lambda: enroll(late, course, NOW))
    assign(world, school, course, world.user())

    found = standings(world, school, [late, soon, elsewhere])

    due = world.read(lambda: assigned_to(late, AS_OF))[0].due_on
    assert found[late] == Standing("overdue", due_on=due, is_begun=True)
    assert found[soon] == Standing("not-begun", due_on=AS_OF.day + days(8))
    assert found[elsewhere] == Standing("elsewhere")


def test_of_who_has_left_only_certificates_are_known(world: World, school: int, course: int) -> None:
    gone, begun = world.user(), world.user()
    for user in (gone, begun):
        place(world, user, school, AS_OF.day - days(300), AS_OF.day - days(100))
    world.write(lambda: award(gone, course, valid_from=NOW - days(200), expires_at=NOW + days(100)))
    world.write(lambda: enroll(begun, course, NOW))

    assert standings(world, school, [gone, begun], here=False) == {
        gone: Standing("certified", last_day(NOW + days(100)))
    }


def test_a_list_may_be_about_a_certification(world: World, school: int, course: int) -> None:
    holds, begun, lacks = (world.user(name, agency=school) for name in ("Holds", "Begun", "Lacks"))
    until = NOW + days(30)

    rules = {"id": "first-aid", "title": {"en": "First responder"}, "requires": [{"course": "one"}]}
    world.write(lambda: rule_files.save_rules(rules, now=NOW, actor_id=None))

    def step() -> None:
        evidence = award(holds, course, valid_from=NOW - days(9), expires_at=None)
        row = db.session.scalars(select(CertificationVersion)).one()
        certificate = Certificate(
            code="T-CERTIFIED", kind="certification", user_id=holds, certification_id=row.certification_id,
            certification_version_id=row.id, evidence_certificate_id=evidence.id, cycle=1, facts={}, language="en",
            issued_at=NOW, completed_on=AS_OF.day, valid_from=NOW, expires_at=until,
        )  # fmt: skip
        db.session.add(certificate)
        enroll(begun, course, NOW)

    world.write(step)

    def names(standing: str) -> set[str]:
        choice = Choice(certification_slug="first-aid", standing=standing)
        found = looked_at(world, school, lambda one: sample_of(one, choice, AS_OF)[1])
        return {name for _id, name in found}  # type: ignore[attr-defined]

    assert standings(world, school, [holds, begun, lacks], certification_slug="first-aid") == {
        holds: Standing("certified", last_day(until)),
        begun: Standing("in-progress", is_begun=True),
        lacks: Standing("not-begun"),
    }
    assert [names(one) for one in ("holds", "lacks", "expiring")] == [{"Holds"}, {"Begun", "Lacks"}, {"Holds"}]


def test_a_page_takes_the_same_queries_for_two_people_and_for_forty(
    world: World, school: int, course: int, count_queries: QueryCount
) -> None:
    assign(world, school, course, world.user())
    admin = world.user("Admin")
    world.grant(admin, "agency-administrator", school)
    client, counts = world.client_of(admin), []
    for more in (2, 40):
        begun = world.user(agency=school)
        world.write(lambda: enroll(begun, course, NOW))  # noqa: B023
        for _ in range(more):
            user = world.user(agency=school)
            world.write(lambda: award(user, course, valid_from=NOW, expires_at=None))  # noqa: B023
            world.user(agency=school)
        count_queries.statements.clear()
        assert "was due on" in client.get("/people?course=one").text
        counts.append(count_queries.count)

    assert counts[0] == counts[1] <= 17
