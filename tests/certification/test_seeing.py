"""What an agency sees of a person: what was completed while they worked there, and what they share; nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from lms.access import Permission, Viewer, sight_of
from lms.certification import record_shares
from lms.certification.assigned import assigned_to
from lms.certification.assignment_lists import people_of, touched_by
from lms.certification.assignment_rules import AsOf
from lms.certification.codes import new_code
from lms.certification.facts import LicenseFacts
from lms.certification.models import Certificate
from lms.certification.reach import reaches
from lms.certification.seeing import seen
from lms.certification.share_models import RecordShare
from lms.database import db
from lms.errors import NotFound
from lms.learning.assignments import Draft, make_assignment
from lms.people.memberships import end_membership, start_membership
from lms.people.models import Membership
from lms.records.reach import reach_of
from lms.reporting.bundle_keeping import Wish
from lms.reporting.bundles import chosen
from lms.reporting.inquiry import Filters, inquire
from lms.reporting.measures import load_overview
from lms.reporting.people_lists import list_expiring, stream_people
from lms.wall.sight import looking_as
from tests.certification.conftest import SAMPLE
from tests.reporting.records import add_course, administrator, award
from tests.support.visits import send
from tests.support.world import World

TODAY = date(2026, 11, 29)
NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
FIRST = date(2026, 1, 1)
DAYS = st.integers(0, 332)


@dataclass(frozen=True)
class History:
    """Places as (agency, first day, first day after or None), awards as (day, agency or None), shares as (agency,
    award or None, whether it was taken back)."""

    places: list[tuple[int, int, int | None]]
    awards: list[tuple[int, int | None]]
    shares: list[tuple[int, int | None, bool]]


HISTORIES = st.builds(
    History,
    places=st.lists(st.tuples(st.integers(0, 3), DAYS, st.none() | st.integers(0, 200)), max_size=4),
    awards=st.lists(st.tuples(DAYS, st.none() | st.integers(0, 3)), min_size=1, max_size=4),
    shares=st.lists(st.tuples(st.integers(0, 3), st.none() | st.integers(0, 3), st.booleans()), max_size=3),
)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def allowed(history: History, agencies: set[int]) -> set[int]:
    """By the rule in words, computed by hand: the numbers of the awards that these agencies see today."""
    spans = [(at, day(first), None if length is None else day(first + length)) for at, first, length in history.places]
    found = set()
    for number, (completed, awarded_as) in enumerate(history.awards):
        on = day(completed)
        was_here = any(at in agencies and first <= on and (end is None or on < end) for at, first, end in spans)
        is_shared = any(
            at in agencies
            and not is_over
            and which in (None, number)
            and any(one == at and first <= TODAY and (end is None or end > TODAY) for one, first, end in spans)
            for at, which, is_over in history.shares
        )
        if awarded_as in agencies or was_here or is_shared:
            found.add(number)
    return found


def live(history: History, agencies: list[int], course: int, user: int) -> list[int]:
    """Make the history true; returns the ids of the certificates."""
    for at, first, length in history.places:
        ended = None if length is None else day(first + length)
        db.session.add(
            Membership(
                user_id=user, agency_id=agencies[at], discipline="schools", started_on=day(first), ended_on=ended
            )
        )
    made = []
    for cycle, (completed, awarded_as) in enumerate(history.awards, 1):
        moment = datetime(*day(completed).timetuple()[:3], 12, tzinfo=UTC)
        one = award(user, course, valid_from=moment, expires_at=NOW + timedelta(days=20), cycle=cycle)
        one.agency_id = None if awarded_as is None else agencies[awarded_as]
        made.append(one)
    db.session.flush()
    for at, which, is_over in history.shares:
        if which is not None and which >= len(made):
            continue
        db.session.add(
            RecordShare(
                user_id=user,
                agency_id=agencies[at],
                certificate_id=None if which is None else made[which].id,
                shared_at=NOW,
                ended_at=NOW if is_over else None,
            )
        )
    return [one.id for one in made]


def tidy(history: History) -> History:
    """Without a second open place or share of the same kind, which the database refuses."""
    open_at: set[int] = set()
    places = []
    for at, first, length in history.places:
        if length is None and at in open_at:
            continue
        open_at |= {at} if length is None else set()
        places.append((at, first, length))
    taken: set[tuple[int, int | None]] = set()
    shares = []
    for at, which, is_over in history.shares:
        if (which is not None and which >= len(history.awards)) or (not is_over and (at, which) in taken):
            continue
        taken |= set() if is_over else {(at, which)}
        shares.append((at, which, is_over))
    return History(places, history.awards, shares)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HISTORIES)
def test_every_list_and_page_shows_an_agency_exactly_what_the_rule_says(
    context: Flask, world: World, history: History
) -> None:
    history = tidy(history)
    top = world.agency()
    agencies = [top, world.agency(parent=top), world.agency(), world.agency()]
    course = add_course(world, f"course-{top}")
    world.user("Somebody whose number the administrator of these tests has")
    user = world.user()
    ids = world.write(lambda: live(history, agencies, course, user))
    numbers = {certificate: number for number, certificate in enumerate(ids)}

    for place, below in ((0, {0, 1}), (1, {1}), (2, {2}), (3, {3})):
        viewer = administrator(agencies[place])
        rule = allowed(history, below)
        own = select(Certificate.id).where(Certificate.user_id == user)
        rows = own.where(seen(viewer, Permission.SEE_PEOPLE, TODAY))
        assert {numbers[one] for one in db.session.scalars(rows)} == rule
        files = own.where(chosen(viewer, Wish(), TODAY))
        assert {numbers[one] for one in db.session.scalars(files)} == rule
        reached = {
            numbers[one]
            for one in ids
            if reaches(viewer, Permission.SEE_PEOPLE, db.session.get_one(Certificate, one), TODAY)
        }
        assert reached == rule
        inquiry = inquire(viewer, Filters(), NOW, TODAY)
        listed = {numbers[line.id] for line in stream_people(list_expiring(inquiry)) if line.id in numbers}
        assert listed <= rule
        assert load_overview(inquiry).total.certified <= bool(rule)
        if db.session.get_bind().dialect.name == "postgresql":
            db.session.rollback()
            with looking_as(sight_of(viewer)):
                shown = {numbers[one] for one in db.session.scalars(own)}
            assert shown == rule
        db.session.rollback()


@pytest.fixture
def moved(world: World) -> tuple[int, int, int, str, str]:
    """Somebody who worked for Old until June and works for New since, with a certificate of either time."""
    old, new = world.agency("Old Agency"), world.agency("New Agency")
    world.user("Somebody whose number the administrator of these tests has")
    user = world.user("Mover")
    course = add_course(world, "moving")

    def live_here() -> tuple[str, str]:
        june = date(2026, 6, 1)
        db.session.add(
            Membership(user_id=user, agency_id=old, discipline="schools", started_on=date(2020, 1, 1), ended_on=june)
        )
        db.session.add(Membership(user_id=user, agency_id=new, discipline="schools", started_on=june))
        spring = award(user, course, valid_from=datetime(2026, 3, 1, tzinfo=UTC), expires_at=None)
        autumn = award(user, course, valid_from=datetime(2026, 9, 1, tzinfo=UTC), expires_at=None, cycle=2)
        spring.agency_id, autumn.agency_id = old, new
        for one in (spring, autumn):
            one.facts = replace(SAMPLE, code=one.code, completed_on=one.completed_on).to_json()
        return spring.code, autumn.code

    spring, autumn = world.write(live_here)
    return user, old, new, spring, autumn


def seen_codes(viewer: object, user: int, permission: Permission = Permission.SEE_PEOPLE) -> set[str]:
    query = select(Certificate.code).where(Certificate.user_id == user, seen(viewer, permission, TODAY))  # type: ignore[arg-type]
    return set(db.session.scalars(query))


@pytest.mark.usefixtures("context")
def test_who_moves_leaves_to_each_agency_what_was_earned_there(moved: tuple[int, int, int, str, str]) -> None:
    user, old, new, spring, autumn = moved

    assert seen_codes(administrator(old), user) == {spring}
    assert seen_codes(administrator(new), user) == {autumn}
    assert seen_codes(administrator(), user) == {spring, autumn}


@pytest.mark.usefixtures("context")
@pytest.mark.parametrize(("joined_hour", "sees"), [(9, True), (11, False), (None, True)])
def test_on_the_day_of_joining_what_was_earned_before_that_moment_stays_ones_own(
    world: World, joined_hour: int | None, sees: bool
) -> None:
    agency, user, course = world.agency("School"), world.user("Newcomer"), add_course(world, "same-day")
    earned = datetime(2026, 11, 27, 10, tzinfo=UTC)
    at = None if joined_hour is None else earned.replace(hour=joined_hour)

    def live_here() -> str:
        one = award(user, course, valid_from=earned, expires_at=None)
        start_membership(user, agency, "schools", day=earned.date(), actor_id=user, at=at)
        return one.code

    code = world.write(live_here)

    assert seen_codes(administrator(agency), user) == ({code} if sees else set())


@pytest.mark.usefixtures("context")
def test_what_is_shared_is_seen_until_it_is_taken_back(world: World, moved: tuple[int, int, int, str, str]) -> None:
    user, _old, new, spring, autumn = moved
    share = world.write(lambda: record_shares.share(user, new, None, day=TODAY, now=NOW)).id
    assert seen_codes(administrator(new), user) == {spring, autumn}
    db.session.rollback()

    world.write(lambda: record_shares.take_back(user, share, now=NOW))

    assert seen_codes(administrator(new), user) == {autumn}


@pytest.mark.usefixtures("context")
def test_sharing_ends_with_the_place(world: World, moved: tuple[int, int, int, str, str]) -> None:
    user, _old, new, _spring, autumn = moved
    world.write(lambda: record_shares.share(user, new, None, day=TODAY, now=NOW))
    place = world.read(lambda: db.session.query(Membership.id).filter_by(agency_id=new).scalar())

    world.write(lambda: end_membership(place, day=TODAY, actor_id=None))

    assert seen_codes(administrator(new), user) == {autumn}


@pytest.mark.usefixtures("context")
def test_sharing_lets_an_agency_look_and_not_revoke(world: World, moved: tuple[int, int, int, str, str]) -> None:
    user, _old, new, _spring, autumn = moved

    world.write(lambda: record_shares.share(user, new, None, day=TODAY, now=NOW))

    assert seen_codes(administrator(new), user, Permission.REVOKE_CERTIFICATES) == {autumn}


@pytest.mark.usefixtures("context")
def test_nothing_is_shared_with_an_agency_where_one_does_not_work(
    world: World, moved: tuple[int, int, int, str, str]
) -> None:
    user, old, _new, _spring, _autumn = moved

    with pytest.raises(NotFound):
        world.write(lambda: record_shares.share(user, old, None, day=TODAY, now=NOW))


@pytest.mark.usefixtures("context")
def test_a_record_holds_only_days_of_ones_agency_unless_all_is_shared(
    world: World, moved: tuple[int, int, int, str, str]
) -> None:
    user, _old, new, _spring, _autumn = moved
    assert reach_of(administrator(new), user, TODAY).spans == ((date(2026, 6, 1), date.max),)
    db.session.rollback()

    world.write(lambda: record_shares.share(user, new, None, day=TODAY, now=NOW))

    assert reach_of(administrator(new), user, TODAY).spans == ()


@pytest.mark.usefixtures("context")
def test_what_was_earned_elsewhere_is_done_for_who_assigns_it_and_still_not_shown(
    world: World, moved: tuple[int, int, int, str, str]
) -> None:
    user, old, new, _spring, _autumn = moved
    course = add_course(world, "assigned")

    def earn() -> str:
        made = award(
            user, course, valid_from=datetime(2026, 3, 1, tzinfo=UTC), expires_at=datetime(2027, 3, 1, tzinfo=UTC)
        )
        made.agency_id = old
        return made.code

    code, boss, as_of = world.write(earn), administrator(new), AsOf(NOW, TODAY, "UTC")
    draft = Draft(new, course, None, "people", None, None, 1, frozenset({user}))

    def names() -> tuple[str, ...]:
        with looking_as(sight_of(boss)):
            return touched_by(boss, draft, f"/{new}/", as_of).names

    def states() -> list[tuple[str, date | None, bool]]:
        with looking_as(sight_of(boss)):
            on_page = people_of(boss, number, as_of)[1]
            of_person = assigned_to(user, as_of, viewer=boss)
            told = {(one.state, one.held_until, one.is_elsewhere) for one in (*on_page, *of_person)}
            assert len(on_page) == len(of_person) == len(told) == 1
            return list(told)

    before = world.read(names)
    began = NOW - timedelta(days=30)
    number = world.write(lambda: make_assignment(draft, day=began.date(), now=began, actor_id=user)).id

    assert before == ()
    assert world.read(states) == [("held", None, True)]
    assert [one.held_until for one in world.read(lambda: assigned_to(user, as_of))] == [date(2027, 2, 28)]
    assert code not in world.read(lambda: seen_codes(boss, user))
    world.write(lambda: record_shares.share(user, new, None, day=TODAY, now=NOW))
    assert world.read(states) == [("held", date(2027, 2, 28), False)]


@pytest.mark.usefixtures("context")
def test_of_two_certificates_the_assigner_is_told_the_end_of_the_one_that_it_sees(
    world: World, moved: tuple[int, int, int, str, str]
) -> None:
    user, old, new, _spring, _autumn = moved
    course, moments = add_course(world, "assigned"), [datetime(2026, month, 1, tzinfo=UTC) for month in (3, 9)]

    def earn() -> None:
        for cycle, (moment, agency) in enumerate(zip(moments, (old, new), strict=True), 1):
            made = award(
                user, course, valid_from=moment, expires_at=datetime(2029 - cycle, 3, 1, tzinfo=UTC), cycle=cycle
            )
            made.agency_id = agency

    world.write(earn)
    boss, as_of = administrator(new), AsOf(NOW, TODAY, "UTC")
    draft = Draft(new, course, None, "people", None, None, 1, frozenset({user}))
    began = NOW - timedelta(days=30)
    world.write(lambda: make_assignment(draft, day=began.date(), now=began, actor_id=user))

    def until(viewer: Viewer) -> list[date | None]:
        with looking_as(sight_of(viewer)):
            return [one.held_until for one in assigned_to(user, as_of, viewer=viewer)]

    assert world.read(lambda: until(boss)) == [date(2027, 2, 28)]


def test_both_sides_read_what_is_seen(world: World, moved: tuple[int, int, int, str, str]) -> None:
    user, _old, new, spring, _autumn = moved
    admin = world.user(agency=new)
    world.grant(admin, "agency-administrator", new)

    own, theirs = world.client_of(user), world.client_of(admin)
    page = own.get("/account/sharing").text
    before = theirs.get(f"/people/{user}").text
    shared = send(own, "/account/sharing", {"agency": str(new), "code": spring})

    assert shared.status_code == 303
    assert "It sees 1 certificate of yours." in page
    assert "how you stand with what is assigned to you there" in page
    assert spring in page
    assert f"/certificates/{spring}" not in before
    assert "What they earned before, after or elsewhere is not shown." in before
    assert f"/certificates/{spring}" in theirs.get(f"/people/{user}").text


def test_only_the_holder_reads_the_whole_license_number_on_a_certificate(
    world: World, moved: tuple[int, int, int, str, str]
) -> None:
    user, _old, new, _spring, autumn = moved
    admin = world.user(agency=new)
    world.grant(admin, "agency-administrator", new)

    def print_license() -> str:
        one = db.session.scalars(select(Certificate).where(Certificate.code == autumn)).one()
        license = LicenseFacts("nursing", "Board of Nursing", "MO", "RN-7654321")
        one.code = new_code()
        one.facts = replace(SAMPLE, code=one.code, completed_on=one.completed_on, license=license).to_json()
        return one.code

    code = world.write(print_license)

    assert "RN-7654321" in world.client_of(user).get(f"/certificates/{code}").text
    seen_by_others = world.client_of(admin).get(f"/certificates/{code}").text
    assert "RN-7654321" not in seen_by_others
    assert "•••321" in seen_by_others
