"""Factories for records: agencies, people with places and roles, published courses. Each call commits."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import date
from functools import cache
from pathlib import Path
from typing import TypeVar

from flask import Flask
from flask.testing import FlaskClient

from lms.catalog.models import CourseVersion
from lms.clock import utc_now
from lms.database import db, writing
from lms.people import policies, signins
from lms.people.models import Agency, Membership, RoleGrant, User
from lms.people.passwords import hash_password
from lms.wall.sight import SYSTEM, looking_as

T = TypeVar("T")
ACCEPTED = {"policies": policies.in_force().stamp}
"""What a session notes once its person has accepted the policies in force."""

TEST_COURSES = Path(__file__).parents[1] / "courses"
SHIPPED_COURSES = Path(__file__).parents[2] / "courses"


@cache
def _hashed(password: str) -> str:
    return hash_password(password)


class World:
    """Returns ids, so that nothing hangs on a session that is over."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._numbers = itertools.count(1)

    def write(self, step: Callable[[], T]) -> T:
        """Run a step in a write transaction of its own, in an application context."""
        with self.app.app_context(), writing():
            return step()

    def read(self, step: Callable[[], T]) -> T:
        """Look with everything in sight, from any thread."""
        with self.app.app_context(), looking_as(SYSTEM):
            return step()

    def agency(
        self, name: str = "", *, parent: int | None = None, kind: str = "other", county: str | None = None
    ) -> int:
        number = next(self._numbers)

        def make() -> int:
            above = db.session.get_one(Agency, parent).path if parent else "/"
            agency = Agency(
                name=name or f"Agency {number}",
                parent_id=parent,
                kind=kind,
                code=f"A-{number}",
                county_fips=county,
                path="",
                created_at=utc_now(),
            )
            db.session.add(agency)
            db.session.flush()
            agency.path = f"{above}{agency.id}/"
            return agency.id

        return self.write(make)

    def user(
        self,
        name: str = "",
        *,
        email: str | None = None,
        agency: int | None = None,
        discipline: str = "healthcare",
        language: str = "en",
    ) -> int:
        number = next(self._numbers)

        def make() -> int:
            user = User(
                name=name or f"Person {number}",
                email=email or f"person{number}@test.example",
                email_verified_at=utc_now(),
                language=language,
                created_at=utc_now(),
            )
            db.session.add(user)
            db.session.flush()
            policies.accept_by_itself(user.id, policies.in_force(), language, utc_now())
            if agency is not None:
                db.session.add(
                    Membership(user_id=user.id, agency_id=agency, discipline=discipline, started_on=date(2020, 1, 1))
                )
            return user.id

        return self.write(make)

    def set_password(self, user: int, password: str) -> None:
        """Hash it with the costs of production; the same password costs one hash in a whole run."""
        hashed = _hashed(password)
        self.write(lambda: setattr(db.session.get_one(User, user), "password_hash", hashed))

    def grant(self, user: int, role: str, agency: int | None = None) -> None:
        self.write(lambda: db.session.add(RoleGrant(user_id=user, role=role, agency_id=agency, granted_at=utc_now())))

    def sign_in(self, client: FlaskClient, user: int) -> FlaskClient:
        """Sign a person in by a session of their own; form tokens still count (see `token`)."""
        token = self.write(lambda: signins.begin_session(user, hours=12, agent="test", data=ACCEPTED))
        client.set_cookie("lms", f"s.{token}")
        return client

    def client_of(self, user: int) -> FlaskClient:
        return self.sign_in(self.app.test_client(), user)

    def publish(self, course_id: str = "tiny", *, change: str | None = None) -> int:
        """Publish a course of tests/courses or courses/; returns the id of the version."""
        from lms.courseware.folder import load_folder

        folder = TEST_COURSES / course_id
        files = load_folder(folder if folder.is_dir() else SHIPPED_COURSES / course_id)
        return self.publish_files(files, change=change)

    def publish_files(self, files: dict[str, bytes], *, change: str | None = None) -> int:
        from lms.catalog.publish import publish_course

        def step() -> CourseVersion:
            return publish_course(files, change=change, published_by_id=None, now=utc_now()).version

        return self.write(step).id


def form_token(client: FlaskClient, address: str) -> str:
    """The form token of the page at an address, as a browser would send it back."""
    page = client.get(address).get_data(as_text=True)
    _, _, rest = page.partition('name="csrf_token"')
    _, _, rest = rest.partition('value="')
    return rest.partition('"')[0]
