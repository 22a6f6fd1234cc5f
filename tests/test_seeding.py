"""Synthetic data: whole, legitimate, the same each time, and never in production."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, func, select

from lms.assessment.models import Attempt
from lms.certification.codes import normalize_code
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.database import db, writing
from lms.errors import Conflict
from lms.learning.models import Enrollment
from lms.people.models import Agency, Membership, User
from lms.seeding import seed
from lms.settings import Settings
from tests.support.databases import empty
from tests.support.world import World


def site(app: Flask) -> Settings:
    found: Settings = app.extensions["lms"].settings
    return found


def quiet(text: str) -> None:
    """Nobody listens."""


def numbers() -> list[int]:
    models: list[Any] = [Agency, User, Membership, Enrollment, Attempt, Certificate]
    return [db.session.scalar(select(func.count()).select_from(model)) or 0 for model in models]


def test_synthetic_people_have_records_that_the_tables_accept_and_the_program_reads(
    context: Flask, world: World
) -> None:
    world.publish("tiny")

    seed(site(context), 40, quiet)

    agencies, people, places, enrollments, attempts, certificates = numbers()
    assert (agencies, people) == (4, 40)
    assert places >= 40
    assert enrollments > 80
    assert attempts > certificates > 40
    one = db.session.scalars(select(Certificate).limit(1)).one()
    assert normalize_code(one.code) == one.code
    assert CertificateFacts.from_json(one.facts).code == one.code
    assert db.session.scalars(select(User.password_hash).distinct()).all() == [None]


def test_the_same_number_of_learners_gives_the_same_people(context: Flask, world: World, owner_engine: Engine) -> None:
    world.publish("tiny")
    seed(site(context), 25, quiet)
    first = (numbers(), db.session.scalars(select(User.name).order_by(User.id)).all())
    db.session.remove()
    empty(owner_engine)
    world.publish("tiny")

    seed(site(context), 25, quiet)

    assert numbers() == first[0]
    assert [name.rsplit(" ", 1)[0] for name in db.session.scalars(select(User.name).order_by(User.id))] == [
        name.rsplit(" ", 1)[0] for name in first[1]
    ]


def test_a_second_seed_adds_to_the_first_and_numbering_goes_on(context: Flask, world: World) -> None:
    world.publish("tiny")
    seed(site(context), 10, quiet)

    seed(site(context), 10, quiet)
    with writing():
        db.session.add(Agency(name="Next", path="/", kind="other", created_at=site_moment()))

    assert numbers()[1] == 20


def site_moment() -> Any:
    return db.session.scalar(select(func.max(User.created_at)))


def test_synthetic_people_are_refused_in_production_and_without_a_course(context: Flask) -> None:
    with pytest.raises(Conflict):
        seed(replace(site(context), env="production"), 1, quiet)
    with pytest.raises(Conflict):
        seed(site(context), 1, quiet)

    assert numbers() == [0] * 6
