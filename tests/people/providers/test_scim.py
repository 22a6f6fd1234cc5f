"""Provisioning by SCIM over HTTP, its answers read by scim2-models as a client would."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from scim2_models import (
    Context,
    EnterpriseUser,
    Error,
    Group,
    ListResponse,
    ResourceType,
    Schema,
    ServiceProviderConfig,
    User,
)
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.clock import utc_now
from lms.database import db
from lms.outbox import OutboxMessage
from lms.people import accounts, disabling
from lms.people.memberships import start_membership
from lms.people.models import AuditEvent, Membership, RoleGrant, UserSession
from lms.people.models import User as Person
from lms.people.providers import provisioning, tokens
from lms.people.providers.models import EmailDomain
from lms.people.signins import load_viewer
from tests.support.days import site_day
from tests.support.world import World

Whole = User[EnterpriseUser]
SCHEMAS = ["urn:ietf:params:scim:schemas:core:2.0:User"]
PATCH = ["urn:ietf:params:scim:api:messages:2.0:PatchOp"]


class Directory:
    """A directory that provisions one agency."""

    def __init__(self, client: FlaskClient, world: World, agency: int) -> None:
        self.client, self.world, self.agency = client, world, agency
        self.token = world.write(
            lambda: tokens.make_token(agency, name="Entra", discipline="healthcare", actor_id=world_actor(world))
        )

    def call(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return self.client.open(
            f"/scim/v2{path}", method=method, json=body, headers=headers, content_type="application/scim+json"
        )

    def add(self, user_name: str = "ana@cedar.example", **more: Any) -> Any:
        answer = self.call("POST", "/Users", {"schemas": SCHEMAS, "userName": user_name, "displayName": "Ana", **more})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return Whole.model_validate(answer.json, scim_ctx=Context.RESOURCE_CREATION_RESPONSE)

    def get(self, user_id: str) -> Any:
        answer = self.call("GET", f"/Users/{user_id}")
        assert answer.status_code == 200
        return Whole.model_validate(answer.json, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)

    def patch(self, user_id: str, *operations: dict[str, Any]) -> TestResponse:
        return self.call("PATCH", f"/Users/{user_id}", {"schemas": PATCH, "Operations": list(operations)})

    def domain(self, name: str = "cedar.example") -> None:
        row = EmailDomain(
            agency_id=self.agency,
            domain=name,
            dns_text="x",
            created_at=utc_now(),
            verified_at=utc_now(),
            verified_by="dns",
            joining="no",
        )
        self.world.write(lambda: db.session.add(row))

    def places(self, user_id: str | int) -> list[tuple[int, str, bool]]:
        rows = self.world.read(
            lambda: db.session.execute(
                select(Membership.agency_id, Membership.discipline, Membership.ended_on)
                .where(Membership.user_id == int(user_id))
                .order_by(Membership.id)
            ).all()
        )
        return [(agency, discipline, ended is None) for agency, discipline, ended in rows]

    def account(self, user_id: str | int) -> Person:
        return self.world.read(lambda: db.session.get_one(Person, int(user_id)))


def world_actor(world: World) -> int:
    return world.user("Administrator")


@pytest.fixture
def directory(client: FlaskClient, world: World) -> Directory:
    return Directory(client, world, world.agency("Cedar Hospital", kind="hospital"))


def problem_of(answer: TestResponse) -> Error:
    return Error.model_validate(answer.json)


def test_a_client_reads_what_this_end_can_do(directory: Directory) -> None:
    config = ServiceProviderConfig.model_validate(directory.call("GET", "/ServiceProviderConfig").json)
    types = ListResponse[ResourceType].model_validate(directory.call("GET", "/ResourceTypes").json)
    schemas = ListResponse[Schema].model_validate(directory.call("GET", "/Schemas").json)

    assert config.patch.supported is True
    assert [one.name for one in types.resources] == ["User"]
    assert len(schemas.resources) == 2


def test_whom_the_directory_adds_has_a_place(directory: Directory) -> None:
    directory.domain()

    added = directory.add(externalId="e-1", emails=[{"value": "Ana@cedar.example", "primary": True}])

    assert (added.user_name, added.active, added.external_id) == ("ana@cedar.example", True, "e-1")
    assert directory.places(added.id) == [(directory.agency, "healthcare", True)]
    assert directory.account(added.id).email == "ana@cedar.example"
    assert directory.get(added.id).display_name == "Ana"


def test_an_address_outside_of_a_proven_domain_is_not_taken_into_the_account(directory: Directory) -> None:
    added = directory.add("ana@elsewhere.example")

    assert directory.account(added.id).email is None


def test_an_account_with_an_address_that_is_not_proven_is_left_alone(directory: Directory, world: World) -> None:
    other = world.user("Somebody else", email="ana@elsewhere.example", agency=world.agency())

    added = directory.add("ana@elsewhere.example")

    assert int(added.id) != other
    assert len(directory.places(other)) == 1


def test_an_account_with_an_address_of_the_agencys_domain_gets_the_place(directory: Directory, world: World) -> None:
    known = world.user("Ana Ruiz", email="ana@cedar.example")
    directory.domain()

    added = directory.add()

    assert int(added.id) == known
    assert directory.account(known).name == "Ana Ruiz"


def test_the_same_user_name_twice_is_a_conflict(directory: Directory) -> None:
    directory.add()

    answer = directory.call("POST", "/Users", {"schemas": SCHEMAS, "userName": "ANA@cedar.example"})

    assert (answer.status_code, problem_of(answer).scim_type) == (409, "uniqueness")


def test_people_are_found_by_user_name_whatever_its_capitals(directory: Directory) -> None:
    added = directory.add()
    directory.add("bo@cedar.example")

    answer = directory.call("GET", '/Users?filter=userName eq "Ana@Cedar.example"')
    found = ListResponse[Whole].model_validate(answer.json, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)

    assert (found.total_results, [one.id for one in found.resources]) == (1, [added.id])


def test_a_list_comes_in_pages(directory: Directory) -> None:
    ids = [directory.add(f"p{number}@cedar.example").id for number in range(5)]

    pages = [directory.call("GET", f"/Users?startIndex={start}&count=2").json for start in (1, 3, 5)]

    assert [one["id"] for page in pages for one in page["Resources"]] == ids
    assert {page["totalResults"] for page in pages} == {5}


@pytest.mark.parametrize("text", ['displayName co "a"', 'userName eq "a" and active eq true', "userName eq", "(("])
def test_a_filter_that_is_not_answered_is_said_so(directory: Directory, text: str) -> None:
    answer = directory.call("GET", f"/Users?filter={text}")

    assert (answer.status_code, problem_of(answer).scim_type) == (400, "invalidFilter")


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "replace", "path": "active", "value": False},
        {"op": "Replace", "path": "active", "value": "False"},  # Microsoft Entra ID
        {"op": "replace", "value": {"active": False}},  # Okta
        {"op": "Replace", "path": "active", "value": [{"value": "False"}]},
        {"op": "Replace", "path": "urn:ietf:params:scim:schemas:core:2.0:User:active", "value": "false"},
    ],
)
def test_every_way_to_say_inactive_ends_the_place(directory: Directory, operation: dict[str, Any]) -> None:
    added = directory.add()

    answer = directory.patch(added.id, operation)

    assert (answer.status_code, answer.json["active"]) == (200, False)
    assert directory.places(added.id) == [(directory.agency, "healthcare", False)]


def test_who_leaves_loses_place_sessions_roles_there_and_the_account_where_nothing_is_left(
    directory: Directory, world: World
) -> None:
    added = directory.add()
    below = world.agency("Ward", parent=directory.agency)
    world.grant(int(added.id), "agency-administrator", below)
    browser = world.client_of(int(added.id))

    directory.patch(added.id, {"op": "replace", "path": "active", "value": False})

    assert browser.get("/home").status_code == 303
    assert directory.account(added.id).disabled_at is not None
    assert world.read(lambda: db.session.scalars(select(RoleGrant.revoked_at)).one()) is not None
    assert world.read(lambda: db.session.scalars(select(UserSession.ended_at)).one()) is not None


def test_who_also_works_elsewhere_keeps_the_account(directory: Directory, world: World) -> None:
    other = world.agency("Another")
    known = world.user("Ana", email="ana@cedar.example", agency=other)
    directory.domain()
    directory.add()

    directory.patch(str(known), {"op": "replace", "path": "active", "value": False})

    assert directory.account(known).disabled_at is None
    assert [place for place in directory.places(known) if place[2]] == [(other, "healthcare", True)]


def test_who_comes_back_has_the_places_and_the_account_again(directory: Directory, world: World) -> None:
    ward = world.agency("Ward", parent=directory.agency)
    known = world.user("Ana", email="ana@cedar.example", agency=ward, discipline="behavioral-health")
    directory.domain()
    directory.patch(str(known), {"op": "replace", "path": "active", "value": False})

    answer = directory.patch(str(known), {"op": "replace", "path": "active", "value": True})

    assert answer.json["active"] is True
    assert directory.account(known).disabled_at is None
    assert directory.places(known)[-1] == (ward, "behavioral-health", True)


def test_an_account_that_an_administrator_switched_off_stays_off(directory: Directory, world: World) -> None:
    added = directory.add()
    world.write(lambda: setattr(db.session.get_one(Person, int(added.id)), "disabled_at", utc_now()))

    directory.patch(added.id, {"op": "replace", "path": "active", "value": False})
    directory.patch(added.id, {"op": "replace", "path": "active", "value": True})

    assert directory.account(added.id).disabled_at is not None


def test_an_account_that_an_administrator_switched_off_after_the_directory_had_stays_off(
    directory: Directory, world: World
) -> None:
    state = world.user("State")
    world.grant(state, "state-administrator")
    added = directory.add()
    directory.patch(added.id, {"op": "replace", "path": "active", "value": False})
    viewer = world.read(lambda: load_viewer(state))
    world.write(lambda: disabling.enable_account(viewer, int(added.id), may_manage_all=True))
    world.write(lambda: disabling.disable_account(viewer, int(added.id), may_manage_all=True))

    directory.patch(added.id, {"op": "replace", "path": "active", "value": True})

    assert directory.account(added.id).disabled_at is not None


@pytest.mark.parametrize("what", ["a role", "a place"])
def test_the_directory_names_no_address_for_who_has_more_than_its_agency(
    directory: Directory, world: World, what: str
) -> None:
    directory.domain()
    added = directory.add()
    other = world.agency("Another")
    if what == "a role":
        world.grant(int(added.id), "state-administrator")
    else:
        day = site_day()
        world.write(lambda: start_membership(int(added.id), other, "schools", day=day, actor_id=None))

    answer = directory.patch(
        added.id, {"op": "replace", "value": {"displayName": "Eve", "emails": [{"value": "eve@cedar.example"}]}}
    )

    account = directory.account(added.id)
    assert answer.status_code == 200
    assert (account.email, account.name) == ("ana@cedar.example", "Ana")


def test_another_address_ends_open_links_is_told_to_both_and_noted(directory: Directory, world: World) -> None:
    directory.domain()
    added = directory.add()
    world.write(lambda: accounts.ask_for_reset("ana@cedar.example", token="t" * 40, link="https://x.example/reset"))

    directory.patch(
        added.id, {"op": "replace", "path": 'emails[type eq "work"].value', "value": "ana.ruiz@cedar.example"}
    )

    told = world.read(
        lambda: [
            one.payload["to"]
            for one in db.session.scalars(select(OutboxMessage))
            if one.payload["template"] == "email-changed"
        ]
    )
    noted = world.read(
        lambda: db.session.scalars(select(AuditEvent.detail).where(AuditEvent.action == "provisioning.changed")).one()
    )
    assert directory.account(added.id).email == "ana.ruiz@cedar.example"
    assert sorted(told) == ["ana.ruiz@cedar.example", "ana@cedar.example"]
    assert noted["fields"] == ["email"]
    assert world.read(lambda: accounts.find_reset("t" * 40)) is None


def test_an_account_that_was_put_together_with_another_is_not_switched_on_again(
    directory: Directory, world: World
) -> None:
    added, kept = directory.add(), world.user("Kept")
    directory.patch(added.id, {"op": "replace", "path": "active", "value": False})
    world.write(lambda: setattr(db.session.get_one(Person, int(added.id)), "merged_into_id", kept))

    directory.patch(added.id, {"op": "replace", "path": "active", "value": True})

    assert directory.account(added.id).disabled_at is not None
    assert [place for place in directory.places(added.id) if place[2]] == []


def test_deleting_ends_the_place_and_keeps_the_account_and_adding_again_brings_back(directory: Directory) -> None:
    added = directory.add()

    gone = directory.call("DELETE", f"/Users/{added.id}")
    seen = directory.call("GET", f"/Users/{added.id}")
    again = directory.add()

    assert (gone.status_code, seen.status_code) == (204, 404)
    assert again.id == added.id
    assert directory.account(added.id).disabled_at is None


def test_replacing_takes_over_name_and_user_name(directory: Directory) -> None:
    added = directory.add()
    body = {"schemas": SCHEMAS, "userName": "ana.r@cedar.example", "name": {"givenName": "Ana", "familyName": "Ruiz"}}

    answer = directory.call("PUT", f"/Users/{added.id}", body)

    assert answer.status_code == 200
    assert (answer.json["userName"], answer.json["displayName"]) == ("ana.r@cedar.example", "Ana Ruiz")
    assert answer.json["active"] is True


def test_the_name_of_an_account_that_was_there_before_is_its_owners(directory: Directory, world: World) -> None:
    known = world.user("Ana Ruiz", agency=directory.agency)

    directory.patch(str(known), {"op": "replace", "path": "displayName", "value": "Somebody"})

    assert directory.account(known).name == "Ana Ruiz"


def test_a_token_sees_only_the_people_of_its_agency(directory: Directory, world: World) -> None:
    own = world.user(agency=world.agency("Ward", parent=directory.agency))
    other = world.user(agency=world.agency("Another hospital"))

    listed = directory.call("GET", "/Users").json
    asked = [directory.call(method, f"/Users/{other}", {}).status_code for method in ("GET", "DELETE")]
    changed = directory.patch(str(other), {"op": "replace", "path": "active", "value": False})

    assert [one["id"] for one in listed["Resources"]] == [str(own)]
    assert asked == [404, 404]
    assert changed.status_code == 404
    assert directory.places(other)[0][2] is True


@pytest.mark.parametrize("token", ["", "wrong", "scim_wrong"])
def test_without_a_token_nothing_is_said(directory: Directory, token: str) -> None:
    answer = directory.call("GET", "/Users", token=token)

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert problem_of(answer).status == 401


@pytest.mark.sqlite_only
def test_who_tries_tokens_is_stopped(directory: Directory) -> None:
    answers = [directory.call("GET", "/Users", token="wrong").status_code for _ in range(61)]

    assert answers == [401] * 60 + [429]


def test_a_revoked_token_opens_nothing(directory: Directory, world: World) -> None:
    actor = world.user()
    token = world.read(lambda: tokens.list_tokens(directory.agency)[0].id)
    world.write(lambda: tokens.revoke_token(directory.agency, token, actor_id=actor))

    assert directory.call("GET", "/Users").status_code == 401


def test_the_list_of_groups_is_empty_so_that_okta_goes_on(directory: Directory) -> None:
    answer = directory.call("GET", "/Groups?startIndex=1&count=100")

    listed = ListResponse[Group].model_validate(answer.json, scim_ctx=Context.RESOURCE_QUERY_RESPONSE)
    assert (answer.status_code, listed.total_results, listed.resources) == (200, 0, [])


def test_no_group_is_made_or_found(directory: Directory) -> None:
    made = directory.call("POST", "/Groups", {"schemas": [Group.__schema__], "displayName": "Nurses"})
    found = [directory.call(method, "/Groups/1", {}) for method in ("GET", "PUT", "PATCH", "DELETE")]

    assert (made.status_code, problem_of(made).status) == (501, 501)
    assert [(one.status_code, problem_of(one).status) for one in found] == [(404, 404)] * 4


def test_neither_of_two_changes_at_once_undoes_the_other(directory: Directory, app: Flask, world: World) -> None:
    user_id = int(directory.add().id)
    at_work, answers = threading.Event(), []

    def rename() -> None:
        at_work.wait()
        second = Directory.__new__(Directory)
        second.client, second.token = app.test_client(), directory.token
        answers.append(second.patch(str(user_id), {"op": "replace", "path": "displayName", "value": "Ana Ruiz"}))

    def deactivate() -> None:
        asker = tokens.find_directory(directory.token)
        assert asker is not None
        person = provisioning.hold_person(asker, user_id, site_day())
        provisioning.change_person(asker, user_id, replace(person.entry, is_active=False), day=site_day())
        at_work.set()
        time.sleep(0.5)  # time for the other to read what is not committed yet

    thread = threading.Thread(target=rename)
    thread.start()
    world.write(deactivate)
    thread.join()

    assert (answers[0].status_code, answers[0].json["active"]) == (200, False)
    assert directory.account(user_id).name == "Ana Ruiz"
    assert directory.account(user_id).disabled_at is not None


@pytest.mark.parametrize(
    "body", [[], {}, {"schemas": SCHEMAS}, {"schemas": SCHEMAS, "userName": 5}, {"schemas": ["x"]}]
)
def test_what_is_no_user_is_refused_with_a_reason(directory: Directory, body: Any) -> None:
    answer = directory.call("POST", "/Users", body)

    assert answer.status_code == 400
    assert problem_of(answer).detail


def test_the_day_of_leaving_is_the_first_without_the_place(directory: Directory, world: World) -> None:
    known = world.user(agency=directory.agency)

    directory.patch(str(known), {"op": "replace", "path": "active", "value": False})

    ended = world.read(lambda: db.session.scalars(select(Membership.ended_on)).one())
    assert isinstance(ended, date)
    assert ended <= site_day()


def test_when_a_token_was_used_is_noted(directory: Directory, world: World, app: Flask) -> None:
    directory.call("GET", "/Users")

    assert world.read(lambda: tokens.list_tokens(directory.agency)[0].last_used_at) is not None
