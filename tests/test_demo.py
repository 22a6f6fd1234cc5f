"""The demo: everybody who is said to be certified has really passed, on either database."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select

from lms.certification.models import Certificate
from lms.database import db
from lms.demo import CERTIFIED, CORE_COURSE, make_demo
from lms.errors import Conflict
from lms.people.models import User
from lms.publishing import publish_data, publish_folder
from tests.support.world import SHIPPED_COURSES


def test_the_demo_has_its_certified_people_and_is_made_once(context: Flask) -> None:
    publish_folder(SHIPPED_COURSES / CORE_COURSE)
    publish_data(SHIPPED_COURSES)
    settings, said = context.extensions["lms"].settings, list[str]()

    make_demo(settings, said.append)

    holders = select(User.email).join(Certificate, Certificate.user_id == User.id).where(Certificate.kind == "course")
    assert sorted(db.session.scalars(holders)) == sorted(CERTIFIED)
    assert len(said) == 2
    with pytest.raises(Conflict, match="people in this database already"):
        make_demo(settings, said.append)


def test_without_the_course_that_it_is_about_there_is_no_demo_and_nobody(context: Flask) -> None:
    with pytest.raises(Conflict, match="needs the shipped courses"):
        make_demo(context.extensions["lms"].settings, print)

    assert db.session.scalar(select(func.count()).select_from(User)) == 0
