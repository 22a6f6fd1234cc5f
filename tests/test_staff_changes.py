"""Staff lists: found by what they hold, changed many at once with the rights of then, written into a file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import event, select

from lms import staff_changes
from lms.batches import MOST_RUNNING, Batch
from lms.certification.assignments import AsOf
from lms.clock import utc_now
from lms.database import db
from lms.errors import Conflict
from lms.jobs import deliver_due
from lms.learning.assignments import Draft, make_assignment
from lms.learning.models import Enrollment
from lms.people.models import Membership, RoleGrant, User
from lms.people.signins import load_viewer
from lms.reporting import staff_lists
from lms.reporting.staff_choices import Choice, sample_of
from lms.staff_changes import Change
from tests.reporting.records import add_course, award
from tests.support.days import site_day
from tests.support.visits import send
from tests.support.world import World


class Staff:
    """Two agencies, an administrator of the first, and people."""

    def __init__(self, app: Flask, world: World) -> None:
        self.app, self.world = app, world
        self.mine = world.agency("Mine")
        self.below = world.agency("Below", parent=self.mine)
        self.other = world.agency("Other")
        self.admin = world.user("Zed Admin", email="zed@test.example", agency=self.mine)
        world.grant(self.admin, "agency-administrator", self.mine)

    def people(self, count: int, agency: int | None = None) -> list[int]:
        return [self.world.user(f"Person {number:03}", agency=agency or self.mine) for number in range(count)]

    def ask(self, choice: Choice, change: Change) -> int:
        def step() -> int:
            viewer = load_viewer(self.admin)
            assert viewer is not None
            return staff_changes.ask(viewer, choice, change, 0).id

        return self.world.write(step)

    def run(self, batch_id: int) -> Batch:
        deliver_due(self.app)
        return self.world.read(lambda: db.session.get_one(Batch, batch_id))

    def places(self, user: int) -> list[tuple[int, bool]]:
        query = select(Membership.agency_id, Membership.ended_on).where(Membership.user_id == user)
        rows = self.world.read(lambda: db.session.execute(query.order_by(Membership.id)).all())
        return [(agency, ended is None) for agency, ended in rows]


@pytest.fixture
def staff(app: Flask, world: World) -> Staff:
    return Staff(app, world)


def change(action: str, **more: object) -> Change:
    return Change(action, site_day(), **more)  # type: ignore[arg-type]


def test_whoever_is_ticked_moves_and_everybody_else_stays(staff: Staff) -> None:
    one, two = staff.people(2)

    batch = staff.run(staff.ask(Choice(only=(one,)), change("move", agency_id=staff.below)))

    assert (batch.state, batch.done) == ("finished", 1)
    assert staff.places(one) == [(staff.mine, False), (staff.below, True)]
    assert staff.places(two) == [(staff.mine, True)]


def test_all_whom_the_filters_show_are_changed_over_more_than_one_piece(staff: Staff) -> None:
    people = staff.people(staff_changes.PEOPLE_PER_PIECE + 3)
    elsewhere = staff.people(1, staff.other)[0]

    batch = staff.run(staff.ask(Choice(search="person"), change("end")))

    assert batch.done == len(people)
    assert {staff.places(one)[0] for one in people} == {(staff.mine, False)}
    assert staff.places(elsewhere) == [(staff.other, True)]


def test_somebody_of_another_agency_is_never_changed_by_naming_them(staff: Staff) -> None:
    foreign = staff.people(1, staff.other)[0]

    batch = staff.run(staff.ask(Choice(only=(foreign,)), change("end")))

    assert (batch.done, batch.problems) == (0, [])
    assert staff.places(foreign) == [(staff.other, True)]


def test_nobody_has_more_changes_under_way_than_a_few(staff: Staff) -> None:
    people = staff.people(MOST_RUNNING + 1)
    for one in people[:-1]:
        staff.ask(Choice(only=(one,)), change("end"))

    with pytest.raises(Conflict, match="enough of this under way"):
        staff.ask(Choice(only=(people[-1],)), change("end"))

    deliver_due(staff.app)
    assert staff.run(staff.ask(Choice(only=(people[-1],)), change("end"))).done == 1


@pytest.mark.parametrize("action", ["end", "move"])
def test_who_also_works_for_another_agency_keeps_the_place_there(staff: Staff, action: str) -> None:
    (one,) = staff.people(1, staff.other)
    staff.world.write(
        lambda: db.session.add(
            Membership(
                user_id=one, agency_id=staff.mine, discipline="schools", started_on=site_day() - timedelta(days=9)
            )
        )
    )

    batch = staff.run(staff.ask(Choice(only=(one,)), change(action, agency_id=staff.below)))

    assert batch.done == 1
    assert staff.places(one)[:2] == [(staff.other, True), (staff.mine, False)]


def test_who_lost_the_role_before_it_runs_changes_nobody(staff: Staff) -> None:
    one = staff.people(1)[0]
    batch_id = staff.ask(Choice(only=(one,)), change("end"))

    def lose() -> None:
        db.session.scalars(select(RoleGrant)).one().revoked_at = utc_now()

    staff.world.write(lose)

    assert staff.run(batch_id).cause == staff_changes.GONE
    assert staff.places(one) == [(staff.mine, True)]


def test_who_cannot_be_changed_is_named_with_the_reason(staff: Staff) -> None:
    one = staff.people(1)[0]
    staff.world.write(
        lambda: db.session.add(
            Membership(user_id=one, agency_id=staff.other, discipline="schools", started_on=site_day())
        )
    )

    batch = staff.run(staff.ask(Choice(only=(one, staff.admin)), change("disable")))

    assert batch.done == 0
    assert [line["item"] for line in batch.problems] == ["Zed Admin", "Person 000"]
    assert "You cannot switch your own account off." in batch.problems[0]["reason"]


def test_many_are_enrolled_in_a_course_and_twice_is_once(staff: Staff) -> None:
    people = staff.people(3)
    add_course(staff.world, "for-all")

    for _ in range(2):
        batch = staff.run(staff.ask(Choice(only=tuple(people)), change("enroll", course_slug="for-all")))
        assert batch.done == 3

    enrolled = staff.world.read(lambda: list(db.session.scalars(select(Enrollment.user_id))))
    assert sorted(enrolled) == people


def test_a_piece_that_runs_again_after_a_kill_changes_nothing_twice(staff: Staff) -> None:
    one = staff.people(1)[0]
    batch_id = staff.ask(Choice(only=(one,), status="never-seen"), change("move", agency_id=staff.below))
    runtime = staff.app.extensions["lms"]

    for _ in range(2):
        with staff.app.app_context():
            batch = db.session.get_one(Batch, batch_id)
            db.session.expunge(batch)
            db.session.rollback()
            staff_changes.change_piece(batch, runtime)

    assert staff.places(one) == [(staff.mine, False), (staff.below, True)]


@pytest.mark.parametrize(
    ("standing", "found"),
    [("holds", {"Holds", "Soon", "Renewed"}), ("lacks", {"Lacks", "Zed Admin"}), ("expiring", {"Soon"})],
)
def test_people_are_found_by_what_they_hold(staff: Staff, standing: str, found: set[str]) -> None:
    course = add_course(staff.world, "wanted")
    holds, soon, renewed, _lacks = (
        staff.world.user(name, agency=staff.mine) for name in ("Holds", "Soon", "Renewed", "Lacks")
    )
    now = datetime.now(UTC)

    def step() -> None:
        award(holds, course, valid_from=now - timedelta(days=9), expires_at=now + timedelta(days=300))
        for one in (soon, renewed):
            award(one, course, valid_from=now - timedelta(days=9), expires_at=now + timedelta(days=30))
        award(renewed, course, cycle=2, valid_from=now - timedelta(days=1), expires_at=now + timedelta(days=700))

    staff.world.write(step)

    def names() -> set[str]:
        viewer = load_viewer(staff.admin)
        assert viewer is not None
        choice = Choice(course_slug="wanted", standing=standing)
        return {name for _id, name in sample_of(viewer, choice, AsOf(now, now.date(), "UTC"))[1]}

    assert staff.world.read(names) == found


def test_the_page_asks_names_them_and_begins_only_when_confirmed(staff: Staff) -> None:
    one, _two = staff.people(2)
    client = staff.world.client_of(staff.admin)
    posted = {"person": str(one), "which": "ticked", "action": "end", "query": "q=person"}

    page = client.get("/people?q=person").text
    asked = send(client, "/people/change", posted, page="/people")
    before = staff.places(one)
    confirmed = send(client, "/people/change", {**posted, "confirmed": "1"}, page="/people")
    staff.run(1)
    end = client.get("/batches/1").text

    assert "Mine · " in asked.text
    assert "End these places" in asked.text
    assert "For whom it was done" in end
    assert "Person 000" in end
    assert "Person 001" not in end
    assert 'class="btn alt" href="/people"' in end
    assert "All 2 people that these filters show" in page
    assert asked.status_code == 200
    assert "This is about 1 person:" in asked.text
    assert before == [(staff.mine, True)]
    assert confirmed.status_code == 303
    assert staff.places(one) == [(staff.mine, False)]


def test_the_list_as_a_file_holds_who_is_in_scope_and_no_formulas(staff: Staff) -> None:
    staff.world.user("=HYPERLINK(1)", agency=staff.mine)
    staff.world.user("Foreign", agency=staff.other)
    client = staff.world.client_of(staff.admin)

    asked = send(client, "/people/list", {"query": ""}, page="/people")
    deliver_due(staff.app)
    name = staff.world.read(lambda: db.session.scalars(select(Batch)).one().result["files"][0]["name"])
    text = client.get(f"{asked.headers['Location']}/files/{name}").get_data(as_text=True)

    assert "'=HYPERLINK(1)" in text
    assert "Zed Admin" in text
    assert "Foreign" not in text


def test_a_page_asks_as_many_queries_of_a_long_list_as_of_a_short_one(app: Flask, staff: Staff) -> None:
    client = staff.world.client_of(staff.admin)
    addresses = (
        "/people",
        "/people?q=person",
        "/people?status=never-seen&discipline=healthcare",
        "/people?role=author",
    )

    def counts() -> list[int]:
        found = []
        for address in addresses:
            seen: list[str] = []

            def note(connection: object, cursor: object, statement: str, *rest: object, seen: list[str] = seen) -> None:
                seen.append(statement)

            with app.app_context():
                engine = db.engine
            event.listen(engine, "before_cursor_execute", note)
            client.get(address)
            event.remove(engine, "before_cursor_execute", note)
            found.append(len(seen))
        return found

    staff.people(3)
    client.get("/people")
    few = counts()
    staff.people(120)

    assert counts() == few


def test_whom_a_license_found_is_changed_by_its_tick_and_never_with_all(staff: Staff) -> None:
    one, two = staff.people(2)
    client = staff.world.client_of(staff.admin)
    posted = {"person": str(one), "which": "all", "action": "end", "query": "license=RN-1", "confirmed": "1"}

    page = client.get("/people?license=RN-1").text
    refused = send(client, "/people/change", posted, page="/people")
    listed = send(client, "/people/list", {"query": "license=RN-1"}, page="/people")
    taken = send(client, "/people/change", {**posted, "which": "ticked"}, page="/people")
    staff.run(1)

    assert "that these filters show" not in page
    assert "This list to read" not in page
    assert (refused.status_code, listed.status_code, taken.status_code) == (422, 422, 303)
    assert staff.places(one) == [(staff.mine, False)]
    assert staff.places(two) == [(staff.mine, True)]


def test_whoever_is_overdue_can_be_chosen_all_at_once(staff: Staff) -> None:
    one, two = staff.people(2)
    now, course = utc_now(), add_course(staff.world, "asked")
    for person, days in ((one, -2), (two, 5)):
        due = now.date() + timedelta(days=days)
        draft = Draft(staff.mine, course, None, "people", None, due, 30, frozenset({person}))
        began = now - timedelta(days=9)
        staff.world.write(
            lambda draft=draft, began=began: make_assignment(draft, day=began.date(), now=began, actor_id=staff.admin)
        )

    page = staff.world.client_of(staff.admin).get("/people?status=overdue").text
    staff.run(staff.ask(Choice(status="overdue"), change("end")))

    assert "Person 000" in page
    assert "Person 001" not in page
    assert staff.places(one) == [(staff.mine, False)]
    assert staff.places(two) == [(staff.mine, True)]


def test_the_file_tells_the_day_of_the_sites_zone_on_which_somebody_was_last_here(staff: Staff) -> None:
    (one,) = staff.people(1)
    late_in_the_evening = datetime(2026, 11, 24, 3, tzinfo=UTC)
    staff.world.write(lambda: setattr(db.session.get_one(User, one), "last_seen_at", late_in_the_evening))
    client = staff.world.client_of(staff.admin)

    asked = send(client, "/people/list", {"query": ""}, page="/people")
    deliver_due(staff.app)
    name = staff.world.read(lambda: db.session.scalars(select(Batch)).one().result["files"][0]["name"])
    lines = client.get(f"{asked.headers['Location']}/files/{name}").text.splitlines()

    assert [line.rpartition(",")[2] for line in lines if line.startswith("Person 000")] == ["2026-11-23"]


def test_old_files_go_after_their_time(staff: Staff) -> None:
    client = staff.world.client_of(staff.admin)
    send(client, "/people/list", {"query": ""}, page="/people")
    deliver_due(staff.app)
    files = staff.app.extensions["lms"].files

    with staff.app.app_context():
        soon = staff_lists.remove_old(files, utc_now() + timedelta(days=staff_lists.DAYS_KEPT - 1))
        late = staff_lists.remove_old(files, utc_now() + timedelta(days=staff_lists.DAYS_KEPT + 1))

    assert (soon, late) == (0, 1)


def test_nobody_fetches_the_list_who_sees_fewer_people_by_now(staff: Staff) -> None:
    client = staff.world.client_of(staff.admin)
    asked = send(client, "/people/list", {"query": ""}, page="/people")
    deliver_due(staff.app)
    name = staff.world.read(lambda: db.session.scalars(select(Batch)).one().result["files"][0]["name"])
    before = client.get(f"{asked.headers['Location']}/files/{name}").status_code

    staff.world.write(lambda: setattr(db.session.scalars(select(RoleGrant)).one(), "agency_id", staff.below))

    assert before == 200
    assert client.get(f"{asked.headers['Location']}/files/{name}").status_code == 403


def test_nobody_fetches_the_list_who_may_not_see_people_any_more(staff: Staff) -> None:
    client = staff.world.client_of(staff.admin)
    asked = send(client, "/people/list", {"query": ""}, page="/people")
    deliver_due(staff.app)
    name = staff.world.read(lambda: db.session.scalars(select(Batch)).one().result["files"][0]["name"])

    staff.world.write(lambda: setattr(db.session.scalars(select(RoleGrant)).one(), "revoked_at", utc_now()))

    assert client.get(f"{asked.headers['Location']}/files/{name}").status_code == 403
