"""A team's certificate: who may read it whole, and what the public sees of it."""

from __future__ import annotations

import json

from sqlalchemy import select

from lms.database import db
from lms.people.models import User
from tests.cohorts.conftest import Teams


def certified_team(small: Teams) -> tuple[list[int], str]:
    """Everybody of a certified team, and the code of its certificate."""
    cohort = small.cohort()
    people = small.people(cohort)
    codes = [filled.certificate_code for user in people for filled in small.certify(user)]
    code = codes[-1]
    assert code is not None
    return people, code


def test_a_teams_people_read_its_certificate_and_nobody_else_who_has_the_code(small: Teams) -> None:
    world = small.world
    members, code = certified_team(small)
    own_admin, other_admin, author = world.user(), world.user(), world.user()
    world.grant(own_admin, "agency-administrator", small.agency)
    world.grant(other_admin, "agency-administrator", world.agency("Elsewhere"))
    world.grant(author, "author")
    askers = {
        "member": members[0],
        "coordinator": small.coordinator,
        "own administrator": own_admin,
        "other administrator": other_admin,
        "author": author,
        "outsider": small.person("schools"),
    }

    statuses = {who: world.client_of(user).get(f"/certificates/{code}").status_code for who, user in askers.items()}

    assert statuses == {
        "member": 200,
        "coordinator": 200,
        "own administrator": 200,
        "other administrator": 404,
        "author": 404,
        "outsider": 404,
    }


def test_the_public_sees_seats_and_agencies_of_a_team_and_no_person(small: Teams) -> None:
    cohort = small.cohort()
    members = [small.person(discipline, f"Person {discipline}") for discipline in ("schools", "healthcare")]
    members += [
        small.person(discipline, f"Person {discipline}") for discipline in ("law-enforcement", "victim-services")
    ]
    for user in members:
        small.join(cohort, user)
    code = [filled.certificate_code for user in members for filled in small.certify(user)][-1]
    stranger = small.world.app.test_client()

    page = stranger.get(f"/verify/{code}").text
    twin = stranger.get(f"/verify/{code}.json").text

    assert "County team" in page
    assert "School" in page
    assert "Person " not in page + twin


def test_a_teams_badge_names_the_team_and_none_of_its_people(small: Teams) -> None:
    members, code = certified_team(small)
    client = small.world.client_of(members[0])

    found = client.get(f"/certificates/{code}/badge.json").get_json()
    outsider = small.world.client_of(small.person("schools")).get(f"/certificates/{code}/badge.json")

    assert found["credentialSubject"]["identifier"][0]["identityHash"] == "County team"
    assert found["credentialSubject"]["achievement"]["achievementType"] == "Award"
    names = small.world.read(lambda: list(db.session.scalars(select(User.name).where(User.id.in_(members)))))
    assert names
    assert not [name for name in names if name in json.dumps(found, ensure_ascii=False)]
    assert "small=1" in client.get(f"/certificates/{code}").text
    assert outsider.status_code == 404
