"""Roles in one place: all over one's agencies, filtered; another last day; what each role may do."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from lms.access import POLICY, Permission
from lms.clock import local_day, utc_now
from lms.database import db
from lms.people import roles
from lms.people.models import AuditEvent, RoleGrant
from lms.people.viewer import Grant, Viewer
from tests.support.days import site_day
from tests.support.visits import send
from tests.support.world import World


class Desk:
    """An agency with one below and one beside; who administers it; people with roles there."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.above, self.beside = world.agency("Oak District"), world.agency("Elm Hospital")
        self.below = world.agency("Oak School", parent=self.above)
        self.admin, self.state = world.user("Ada Min", agency=self.above), world.user("Sam State")
        self.ann, self.zoe = world.user("Ann Lee", agency=self.below), world.user("Zoe Other", agency=self.beside)
        world.grant(self.state, "state-administrator")
        world.grant(self.admin, "agency-administrator", self.above)
        self.viewer = Viewer(self.admin, "Ada Min", None, "en", grants=(self.grant_over("agency-administrator"),))

    def grant_over(self, role: str) -> Grant:
        return Grant(role, self.above, f"/{self.above}/")

    def give(self, user: int, agency: int, days: int | None = None) -> int:
        until = utc_now() + timedelta(days=days) if days is not None else None
        step = lambda: roles.grant_role(self.viewer, user, "coordinator", agency, until=until).id  # noqa: E731
        return self.world.write(step)

    def names(self, query: str = "", who: int | None = None) -> list[str]:
        """Who stands in the first table, and in what role."""
        page = self.world.client_of(who or self.admin).get(f"/people/roles?{query}")
        assert page.status_code == 200
        table = page.text.partition('id="table-caption"')[2].partition("</table>")[0]
        rows = (" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in table.split("<tr>")[2:])
        return list(rows)

    def grant(self, number: int) -> RoleGrant:
        return self.world.read(lambda: db.session.get_one(RoleGrant, number))


@pytest.fixture
def desk(world: World) -> Desk:
    return Desk(world)


def test_all_roles_over_ones_agencies_are_listed_with_who_gave_them_and_until_when(desk: Desk) -> None:
    desk.give(desk.ann, desk.below, 40)

    rows = desk.names()

    assert len(rows) == 2
    assert rows[0].startswith("Ann Lee Coordinator of teams Oak School")
    assert "by Ada Min" in rows[0]
    assert "Sam State" not in str(rows)


def test_who_holds_a_role_here_and_works_elsewhere_is_listed_without_a_way_to_their_page(desk: Desk) -> None:
    grant = desk.give(desk.zoe, desk.below)
    client = desk.world.client_of(desk.admin)

    page = client.get("/people/roles").text
    taken = send(client, f"/people/{desk.zoe}/roles/{grant}/revoke", page="/account")

    assert "Zoe Other" in page
    assert f'href="/people/{desk.zoe}"' not in page
    assert (taken.status_code, taken.headers["Location"]) == (303, "/people/roles")
    assert desk.grant(grant).revoked_at is not None


def test_a_role_over_another_agency_is_not_there(desk: Desk) -> None:
    desk.world.grant(desk.zoe, "agency-administrator", desk.beside)
    (number,) = desk.world.read(lambda: db.session.scalars(select(RoleGrant.id).filter_by(user_id=desk.zoe)).all())
    client = desk.world.client_of(desk.admin)

    assert "Zoe" not in str(desk.names())
    assert client.get(f"/people/roles?agency={desk.beside}").status_code == 404
    assert client.get(f"/people/{desk.zoe}/roles/{number}/until").status_code == 404
    assert client.get(f"/people/{desk.zoe}/roles/{number}/revoke").status_code == 404
    assert any("Zoe" in row for row in desk.names(who=desk.state))


def test_filters_narrow_by_role_agency_person_and_end(desk: Desk) -> None:
    desk.give(desk.ann, desk.below, 10)
    ended = desk.give(desk.zoe, desk.above, 40)
    desk.world.write(lambda: roles.revoke_role(desk.viewer, ended))

    assert len(desk.names("role=coordinator")) == 1
    assert len(desk.names(f"agency={desk.below}")) == 1
    assert len(desk.names("q=lee+ANN")) == 1
    assert [row[:7] for row in desk.names("ending=soon")] == ["Ann Lee"]
    (past,) = desk.names("ending=ended")
    assert past.startswith("Zoe Other")
    assert past.endswith("by Ada Min"), "who took it back"
    assert len(desk.names("role=%25&ending=x")) == 2


def day_fields(day) -> dict[str, str]:  # type: ignore[no-untyped-def]
    if day is None:
        return {"until-month": "", "until-day": "", "until-year": ""}
    return {"until-month": str(day.month), "until-day": str(day.day), "until-year": str(day.year)}


def test_a_last_day_is_changed_and_taken_away_and_both_are_noted(desk: Desk) -> None:
    number = desk.give(desk.ann, desk.below, 10)
    client, address = desk.world.client_of(desk.admin), f"/people/{desk.ann}/roles/{number}/until"
    zone = desk.world.app.extensions["lms"].settings.time_zone
    day = local_day(utc_now(), zone) + timedelta(days=100)

    assert send(client, address, day_fields(day), page="/account").status_code == 303
    first = desk.grant(number).until
    assert send(client, address, day_fields(None), page="/account").status_code == 303

    assert first is not None
    assert local_day(first - timedelta(seconds=1), zone) == day
    assert desk.grant(number).until is None
    details = desk.world.read(
        lambda: [one.detail["until"] for one in db.session.query(AuditEvent).filter_by(action="role.changed")]
    )
    assert details == [day.isoformat(), None]


def test_a_last_day_that_has_passed_is_refused_beside_its_field(desk: Desk) -> None:
    number = desk.give(desk.ann, desk.below, 10)
    client = desk.world.client_of(desk.admin)

    answer = send(
        client,
        f"/people/{desk.ann}/roles/{number}/until",
        day_fields(site_day() - timedelta(days=9)),
        page="/account",
    )

    assert answer.status_code == 422
    assert "has to lie ahead" in answer.text


def test_the_last_state_administrator_keeps_the_role_for_good(desk: Desk) -> None:
    (number,) = desk.world.read(lambda: db.session.scalars(select(RoleGrant.id).filter_by(user_id=desk.state)).all())
    client = desk.world.client_of(desk.state)

    answer = send(
        client,
        f"/people/{desk.state}/roles/{number}/until",
        day_fields(site_day() + timedelta(days=9)),
        page="/account",
    )

    assert answer.status_code == 422
    assert "last state administrator" in answer.text


def test_who_may_not_give_a_role_may_not_change_its_end(desk: Desk) -> None:
    desk.world.write(
        lambda: db.session.add(RoleGrant(user_id=desk.ann, role="author", agency_id=desk.below, granted_at=utc_now()))
    )
    (number,) = desk.world.read(lambda: db.session.scalars(select(RoleGrant.id).filter_by(user_id=desk.ann)).all())

    answer = send(
        desk.world.client_of(desk.admin), f"/people/{desk.ann}/roles/{number}/until", day_fields(None), page="/account"
    )

    assert answer.status_code == 403


def test_who_is_demoted_in_the_middle_of_a_session_is_refused_at_the_next_request(desk: Desk) -> None:
    """Fault 35."""
    client = desk.world.client_of(desk.admin)
    (number,) = desk.world.read(lambda: db.session.scalars(select(RoleGrant.id).filter_by(user_id=desk.admin)).all())
    before = client.get("/people").status_code

    send(desk.world.client_of(desk.state), f"/people/{desk.admin}/roles/{number}/revoke", page="/account")

    assert before == 200
    assert [client.get(address).status_code for address in ("/people", "/people/roles", "/audit")] == [403] * 3


def test_a_role_that_ends_by_itself_ends_at_that_moment(desk: Desk) -> None:
    client = desk.world.client_of(desk.admin)
    desk.world.write(
        lambda: setattr(
            db.session.scalars(select(RoleGrant).filter_by(user_id=desk.admin)).one(),
            "until",
            utc_now() - timedelta(microseconds=1),
        )
    )

    assert client.get("/people/roles").status_code == 403


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_page_says_of_every_permission_who_has_it(desk: Desk, language: str) -> None:
    page = desk.world.client_of(desk.state).get(f"/people/roles?lang={language}").text
    table = page.partition('id="matrix-caption"')[2].partition("</table>")[0]
    yes = "yes" if language == "en" else "sí"
    rows = [len(re.findall(f">{yes}<", row)) for row in table.split("<tr>")[2:]]

    expected = [
        5 if permission in POLICY["learner"] else sum(permission in held for held in POLICY.values())
        for permission in Permission
    ]
    assert rows == expected
    assert (Permission.SEE_AUDIT.value in table) is (language == "en")


def test_the_list_takes_as_many_statements_for_many_roles_as_for_few(desk: Desk, count_queries) -> None:  # type: ignore[no-untyped-def]
    client = desk.world.client_of(desk.admin)
    client.get("/people/roles")
    count_queries.statements.clear()
    client.get("/people/roles")
    few = count_queries.count
    for _ in range(6):
        desk.give(desk.world.user(agency=desk.below), desk.below)
    count_queries.statements.clear()

    client.get("/people/roles")

    assert count_queries.count == few
