"""Learners who have done as much of the tiny course as a test needs, and the facts of a certificate to draw."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from lms.assessment.models import Attempt
from lms.catalog.models import CourseVersion
from lms.catalog.versions import course_of
from lms.certification.awards import award_course_certificate
from lms.certification.facts import AwardSite, CertificateFacts, SuggestedLine
from lms.certification.models import Certificate
from lms.database import db
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import User
from tests.support.world import World

SITE = AwardSite("https://training.example.gov", "Crosstrain", "America/Chicago", "Office of Professional Learning")
NOON = datetime(2026, 3, 14, 17, 0, tzinfo=UTC)
"""Noon in Chicago."""

SAMPLE = CertificateFacts(
    code="7K0M-Q4XT-0003",
    kind="course",
    printed_name="Katarzyna Wiśniewska-Łuczak, RN",
    title="Understanding trafficking: the shared foundation for every discipline in the county",
    language="en",
    completed_on=date(2026, 3, 14),
    site_url="https://training.example.gov",
    issuer_name="State Office of Professional Learning",
    provider_name="State Office of Professional Learning",
    provider_address="301 W High Street, Jefferson City, MO 65101",
    provider_numbers="POST 1234; CEP 17452",
    agency_name="Kingdom City General Hospital",
    course_slug="understanding-trafficking",
    course_code="FND-101",
    version_number=3,
    content_hash="ab12cd34" * 8,
    contact_minutes=60,
    pass_mark=80,
    valid_until=date(2028, 3, 14),
    objectives=("Apply act, means and purpose to a short case", "State Missouri's rule for children"),
    suggested_credit=(SuggestedLine("missouri-post", "clee", "legal-studies", 60),),
    signatory_name="María Álvarez-Reyes",
    signatory_title="Director, Professional Learning",
)


class Learners:
    """Puts learners into the tiny course; each call commits and returns ids."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.agency = world.agency("General Hospital")
        self.version = world.publish("tiny")

    def enrolled(self, name: str = "Nora Núñez", *, completed: tuple[str, ...] = (), cycle: int = 1) -> tuple[int, int]:
        """A person in the course, and the enrollment."""
        user = self.world.user(name, agency=self.agency)
        return user, self.enroll(user, completed=completed, cycle=cycle)

    def enroll(self, user: int, *, completed: tuple[str, ...] = (), cycle: int = 1) -> int:
        def step() -> int:
            version = db.session.get_one(CourseVersion, self.version)
            enrollment = Enrollment(
                user_id=user, course_id=version.course_id, version_id=version.id, cycle=cycle, enrolled_at=NOON
            )
            db.session.add(enrollment)
            db.session.flush()
            for module_id in completed:
                db.session.add(
                    ModuleProgress(
                        enrollment_id=enrollment.id,
                        module_id=module_id,
                        opened_at=NOON,
                        last_seen_at=NOON,
                        completed_at=NOON,
                    )
                )
            return enrollment.id

        return self.world.write(step)

    def attempt(
        self, enrollment: int, *, passed: bool | None = True, number: int = 1, language: str = "en", score: int = 100
    ) -> int:
        """A submitted attempt at the final quiz; with `passed` None one that is still open."""

        def step() -> int:
            is_open = passed is None
            attempt = Attempt(
                enrollment_id=enrollment,
                version_id=self.version,
                module_id="final",
                role="final",
                number=number,
                language=language,
                pass_mark=80,
                drawn=[],
                secret="secret",
                started_at=NOON,
                submitted_at=None if is_open else NOON,
                receipt=None if is_open else secrets.token_hex(8),
                score_percent=None if is_open else score,
                passed=passed,
            )
            db.session.add(attempt)
            db.session.flush()
            return attempt.id

        return self.world.write(step)

    def award(
        self, enrollment: int, attempt: int | None, *, now: datetime = NOON, site: AwardSite = SITE
    ) -> str | None:
        """Ask for the certificate; its code, or None."""

        def step() -> str | None:
            row = db.session.get_one(Enrollment, enrollment)
            certificate = award_course_certificate(
                user=db.session.get_one(User, row.user_id),
                enrollment=row,
                attempt=db.session.get_one(Attempt, attempt) if attempt else None,
                version=db.session.get_one(CourseVersion, self.version),
                course=course_of(self.version),
                now=now,
                site=site,
            )
            return certificate.code if certificate else None

        return self.world.write(step)

    def certified(self, name: str = "Nora Núñez", *, now: datetime = NOON, site: AwardSite = SITE) -> tuple[int, str]:
        """A person who has passed, and the code of their certificate."""
        user, enrollment = self.enrolled(name, completed=("first-steps", "second-steps"))
        code = self.award(enrollment, self.attempt(enrollment), now=now, site=site)
        assert code is not None
        return user, code

    def row(self, code: str) -> Certificate:
        return self.world.read(lambda: db.session.scalars(select(Certificate).where(Certificate.code == code)).one())

    def count(self) -> int:
        return self.world.read(lambda: db.session.query(Certificate).count())

    def change(self, code: str, **values: object) -> None:
        def step() -> None:
            certificate = db.session.scalars(select(Certificate).where(Certificate.code == code)).one()
            for name, value in values.items():
                setattr(certificate, name, value)

        self.world.write(step)


@pytest.fixture
def learners(world: World) -> Learners:
    return Learners(world)
