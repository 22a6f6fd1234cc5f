"""The wall against the query layer, over random agencies, people, roles and teams: neither shows what the other hides."""

from __future__ import annotations

import itertools
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms.access import SEEING_PEOPLE, Permission, Viewer, scope, sight_of, visible_users
from lms.assessment.models import Attempt, Response
from lms.certification.models import Certificate, ShareLink
from lms.cohorts.models import Cohort, CohortTemplate, Member
from lms.database import db
from lms.learning.models import Enrollment
from lms.people.models import Agency, Invitation, Membership, RoleGrant, User, UserSession
from lms.people.person_models import PasswordReset
from lms.people.signins import load_viewer
from lms.wall.sight import VERIFICATION, looking_as
from tests.reporting.records import add_course, award
from tests.support.world import World

pytestmark = pytest.mark.postgresql_only

AT = datetime(2026, 1, 1, tzinfo=UTC)
SEEDS = range(4)


@dataclass(slots=True)
class Scene:
    """What there is, as plain values to compute by hand what somebody may see."""

    world: World
    people: list[int] = field(default_factory=list)
    paths: dict[int, str] = field(default_factory=dict)
    places: dict[int, set[int]] = field(default_factory=dict)
    """Agencies of each person, present and past."""
    present: dict[int, set[int]] = field(default_factory=dict)
    """Those where each person worked on the day of their certificate."""
    awarded: dict[int, int | None] = field(default_factory=dict)
    """Under which agency."""
    teams: list[tuple[int, int, set[int], set[int]]] = field(default_factory=list)
    """Agency, coordinator, present members, those who left."""


def make_scene(world: World, seed: int) -> Scene:
    chance, scene = random.Random(seed), Scene(world)
    agencies: list[int] = []
    for _ in range(8):
        parent = chance.choice([None, *agencies])
        agencies.append(world.agency(parent=parent))
    scene.people = [world.user() for _ in range(14)]
    course = add_course(world, f"course-{seed}")

    def fill() -> None:
        scene.paths = {row.id: row.path for row in db.session.execute(select(Agency.id, Agency.path))}
        for person in scene.people:
            scene.places[person] = set(chance.sample(agencies, chance.choice([0, 1, 1, 2])))
            for agency in scene.places[person]:
                ended = chance.choice([None, None, date(2021, 1, 1)])
                if ended is None:
                    scene.present.setdefault(person, set()).add(agency)
                db.session.add(
                    Membership(
                        user_id=person, agency_id=agency, discipline="schools",
                        started_on=date(2020, 1, 1), ended_on=ended,
                    )
                )  # fmt: skip
            held = award(person, course, valid_from=AT, expires_at=None)
            held.agency_id = scene.awarded[person] = next(iter(scene.places[person]), None)
            db.session.add(ShareLink(certificate_id=held.id, token_hash=f"{person}", created_at=AT))
            db.session.add(PasswordReset(user_id=person, token_hash=f"{person}", created_at=AT, expires_at=AT))
            moments = {"created_at": AT, "last_seen_at": AT, "expires_at": AT}
            db.session.add(UserSession(user_id=person, token_hash=f"s{person}", data={}, **moments))
        for attempt in db.session.scalars(select(Attempt.id)).all():
            db.session.add(Response(attempt_id=attempt, question_id="q", sequence=1, value=1, saved_at=AT))
        roles = ["agency-administrator", "agency-administrator", "coordinator", "author", "state-administrator"]
        for role in roles:
            over = None if role == "state-administrator" else chance.choice(agencies)
            db.session.add(RoleGrant(user_id=chance.choice(scene.people), role=role, agency_id=over, granted_at=AT))
        template = CohortTemplate(slug="t", rules={}, updated_at=AT)
        db.session.add(template)
        db.session.flush()
        for number in range(3):
            make_team(scene, chance, template.id, chance.choice(agencies), number)

    world.write(fill)
    return scene


def make_team(scene: Scene, chance: random.Random, template: int, agency: int, number: int) -> None:
    coordinator = chance.choice(scene.people)
    team = Cohort(
        name=f"Team {number}", template_id=template, rules={}, agency_id=agency, coordinator_id=coordinator,
        starts_on=date(2026, 1, 1), created_at=AT,
    )  # fmt: skip
    db.session.add(team)
    db.session.flush()
    present, left = set(chance.sample(scene.people, 3)), set(chance.sample(scene.people, 1))
    for user, left_at in itertools.chain(((one, None) for one in present), ((one, AT) for one in left)):
        db.session.add(Member(cohort_id=team.id, user_id=user, joined_at=AT, left_at=left_at))
    scene.teams.append((agency, coordinator, present, left))


def reaches(scene: Scene, viewer: Viewer, permissions: tuple[Permission, ...], agency: int) -> bool:
    for permission in permissions:
        paths = scope(viewer, permission)
        if paths is None or any(scene.paths[agency].startswith(path) for path in paths):
            return True
    return False


def is_everywhere(viewer: Viewer) -> bool:
    return any(scope(viewer, permission) is None for permission in SEEING_PEOPLE)


def held_in_scope(scene: Scene, viewer: Viewer) -> set[int]:
    """Whose certificate is seen: one's own, and of whoever completed it at an agency in scope, or under one."""
    if is_everywhere(viewer):
        return set(scene.people)
    return {viewer.id} | {
        person
        for person in scene.people
        if any(
            reaches(scene, viewer, SEEING_PEOPLE, agency)
            for agency in {*scene.present.get(person, ()), scene.awarded[person]} - {None}
        )
    }


def in_scope(scene: Scene, viewer: Viewer) -> set[int]:
    """Oneself, and whoever has or had a place in scope."""
    if is_everywhere(viewer):
        return set(scene.people)
    return {viewer.id} | {
        person
        for person in scene.people
        if any(reaches(scene, viewer, SEEING_PEOPLE, agency) for agency in scene.places[person])
    }


def teammates(scene: Scene, viewer: Viewer) -> set[int]:
    """Whoever is on the board of a team that the viewer sits in, coordinates or leads."""
    found: set[int] = set()
    for agency, coordinator, present, left in scene.teams:
        leads = reaches(scene, viewer, (Permission.LEAD_COHORTS,), agency)
        if leads or viewer.id == coordinator or viewer.id in present:
            found |= {coordinator} | present | left
    return found


def owners(statement: Any) -> set[int]:
    return set(db.session.scalars(statement))


@pytest.mark.parametrize("seed", SEEDS)
def test_unfiltered_queries_show_a_viewer_only_their_scope_themselves_and_their_teams(
    context: Flask, world: World, seed: int
) -> None:
    scene = make_scene(world, seed)

    for person in scene.people:
        viewer = load_viewer(person)
        assert viewer is not None
        scoped, mates = in_scope(scene, viewer), teammates(scene, viewer)
        with looking_as(sight_of(viewer)):
            assert owners(select(User.id)) == scoped | mates
            assert owners(select(Certificate.user_id)) == held_in_scope(scene, viewer) | mates
            assert owners(select(Member.user_id)) >= owners(select(Member.user_id).where(Member.user_id == person))
            assert owners(select(Member.user_id)) <= scoped | mates
            assert owners(select(Enrollment.user_id)) == scoped
            assert owners(select(Membership.user_id)) == {one for one in scoped if scene.places[one]}
            own = select(Enrollment.user_id).join(Attempt, Attempt.enrollment_id == Enrollment.id)
            assert owners(own) == scoped
            assert len(owners(select(Attempt.id))) == len(owners(select(Response.attempt_id))) == len(scoped)
            assert owners(select(RoleGrant.user_id)) <= scoped
            assert owners(select(UserSession.user_id)) == {person}
            assert len(owners(select(ShareLink.id))) == 1
            assert owners(select(PasswordReset.user_id)) == set()
            assert owners(select(Invitation.id)) == set()
        db.session.rollback()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_wall_hides_nobody_whom_the_query_layer_shows(context: Flask, world: World, seed: int) -> None:
    scene = make_scene(world, seed)

    for person in scene.people:
        viewer = load_viewer(person)
        for permission in SEEING_PEOPLE:
            filtered = select(User.id).where(User.id.in_(visible_users(viewer, permission)))
            everything = owners(filtered)
            with looking_as(sight_of(viewer)):
                assert owners(filtered) == everything


def test_who_checks_a_certificate_sees_certificates_and_no_people(context: Flask, world: World) -> None:
    scene = make_scene(world, 1)

    with looking_as(VERIFICATION):
        assert owners(select(Certificate.user_id)) == set(scene.people)
        assert owners(select(User.id)) == owners(select(Enrollment.id)) == owners(select(Cohort.id)) == set()
