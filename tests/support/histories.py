"""Random histories of one person, as rows: for the promises that merging and erasing make of every history."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import select

from lms.assessment.models import Attempt, Response
from lms.catalog.models import Course, CourseVersion
from lms.certification.badges.models import Badge
from lms.certification.change_models import CertificateChange
from lms.certification.credit_models import CreditApproval, CreditBody, CreditLine
from lms.certification.document_models import IssuedDocument
from lms.certification.models import Certificate, Certification, CertificationVersion, Evidence, ShareLink
from lms.certification.share_models import RecordShare
from lms.certification.training_models import ExternalTraining
from lms.cohorts.models import Cohort, CohortTemplate, Member, Seat
from lms.cohorts.report_models import GivenPart, TeamAction, TeamReport
from lms.database import db
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import Agency, License, Membership, RoleGrant, User, UserSession
from lms.people.person_models import PasswordReset, PolicyAcceptance
from lms.people.providers.models import ExternalIdentity

BEGIN = datetime(2019, 1, 2, 15, tzinfo=UTC)
Pick = Callable[[int, int], int]
"""A number between two, both counted: hypothesis or a fixed one decides."""

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ground:
    """What all people share, by ids."""

    agencies: list[int]
    courses: list[tuple[int, int]]
    certifications: list[tuple[int, int]]
    approvals: list[int]
    teams: list[int]


def lay_ground(coordinator: int) -> Ground:
    """Agencies, courses, certifications, approvals and teams. In the caller's transaction."""
    agencies, courses, certifications, approvals, teams = [], [], [], [], []
    for _ in range(2):
        number = next(_numbers)
        agency = Agency(name=f"Ground {number}", kind="other", code=f"G-{number}", path="", created_at=BEGIN)
        db.session.add(agency)
        db.session.flush()
        agency.path = f"/{agency.id}/"
        agencies.append(agency.id)
        course = Course(slug=f"ground-{number}", created_at=BEGIN)
        certification = Certification(slug=f"rule-{number}", created_at=BEGIN)
        body = CreditBody(slug=f"body-{number}", facts={}, updated_at=BEGIN)
        db.session.add_all([course, certification, body])
        db.session.flush()
        version = CourseVersion(
            course_id=course.id, number=1, content_hash="0" * 64, change="first", is_current=True, code="G", facts={},
            contact_minutes=60, valid_months=24, published_at=BEGIN,
        )  # fmt: skip
        rule = CertificationVersion(
            certification_id=certification.id, number=1, rules={}, is_current=True, published_at=BEGIN, note=""
        )
        approval = CreditApproval(
            body_id=body.id, course_id=course.id, type="hours", approval_number="A-1", provider_number="",
            statement="", valid_from=BEGIN.date(), entered_by_id=coordinator, entered_at=BEGIN,
        )  # fmt: skip
        template = CohortTemplate(slug=f"team-{number}", rules={}, updated_at=BEGIN)
        db.session.add_all([version, rule, approval, template])
        db.session.flush()
        cohort = Cohort(
            name=f"Team {number}", template_id=template.id, rules={}, agency_id=agency.id, coordinator_id=coordinator,
            starts_on=BEGIN.date(), created_at=BEGIN,
        )  # fmt: skip
        db.session.add(cohort)
        db.session.flush()
        db.session.add(TeamReport(cohort_id=cohort.id, number=1, begun_at=BEGIN))
        db.session.flush()
        courses.append((course.id, version.id))
        certifications.append((certification.id, rule.id))
        approvals.append(approval.id)
        teams.append(cohort.id)
    return Ground(agencies, courses, certifications, approvals, teams)


class History:
    """Makes the rows of one person, each part as often as `pick` says."""

    def __init__(self, ground: Ground, pick: Pick) -> None:
        self.ground, self.pick = ground, pick
        number = next(_numbers)
        self.user = User(
            name=f"Holder {number}", email=f"holder{number}@test.example", created_at=BEGIN, language="en",
            certificate_name=None, password_hash="x",
        )  # fmt: skip
        db.session.add(self.user)
        db.session.flush()
        self.id = self.user.id
        self.licenses: list[License] = []
        self.certificates: list[Certificate] = []
        self.trainings: list[ExternalTraining] = []

    def add(self, row: Any) -> Any:
        db.session.add(row)
        db.session.flush()
        return row

    def make(self) -> int:
        for part in (self.places, self.account, self.hold_licenses, self.train, self.learn, self.certify, self.sit):
            part()
        return self.id

    def places(self) -> None:
        for agency in self.ground.agencies:
            ended = False
            for _ in range(self.pick(0, 2)):
                start = date(2023, 1, 1) + timedelta(days=self.pick(0, 1500))
                is_open = not ended and self.pick(0, 1) == 1
                ended = ended or is_open
                self.add(
                    Membership(
                        user_id=self.id, agency_id=agency, discipline="schools", started_on=start,
                        ended_on=None if is_open else start + timedelta(days=self.pick(0, 300)),
                    )
                )  # fmt: skip

    def account(self) -> None:
        for agency in self.ground.agencies[: self.pick(0, 2)]:
            self.add(RecordShare(user_id=self.id, agency_id=agency, certificate_id=None, shared_at=BEGIN))
        token = secrets.token_hex(32)
        for number in range(self.pick(0, 2)):
            self.add(ExternalIdentity(user_id=self.id, issuer="host", subject=f"{token}{number}", created_at=BEGIN))
            self.add(RoleGrant(user_id=self.id, role="author", agency_id=self.ground.agencies[0], granted_at=BEGIN))
            self.add(
                UserSession(
                    user_id=self.id, token_hash=secrets.token_hex(32), data={}, created_at=BEGIN, last_seen_at=BEGIN,
                    expires_at=BEGIN, agent="test",
                )
            )  # fmt: skip
            self.add(
                PasswordReset(
                    user_id=self.id, token_hash=secrets.token_hex(32), created_at=BEGIN, expires_at=BEGIN
                )
            )  # fmt: skip
            self.add(
                PolicyAcceptance(
                    user_id=self.id, policy="terms", version=str(number), text_hash="0" * 64, language="en",
                    accepted_at=BEGIN,
                )
            )  # fmt: skip

    def hold_licenses(self) -> None:
        for number in range(self.pick(0, 2)):
            is_ended = self.pick(0, 3) == 0
            self.licenses.append(
                self.add(
                    License(
                        user_id=self.id,
                        board="missouri-post",
                        state="MO",
                        number=f"L-{number}",
                        added_at=BEGIN,
                        ended_at=BEGIN if is_ended else None,
                        is_printed=not is_ended and not any(one.is_printed for one in self.licenses),
                    )
                )
            )

    def train(self) -> None:
        for number in range(self.pick(0, 2)):
            self.trainings.append(
                self.add(
                    ExternalTraining(
                        user_id=self.id,
                        title=f"Elsewhere {number}",
                        provider="Academy",
                        completed_on=BEGIN.date(),
                        contact_minutes=60,
                        state="approved",
                        submitted_at=BEGIN,
                        entered_by_id=self.id,
                        decided_at=BEGIN,
                        decided_by_id=self.id,
                        decided_reason=f"Seen by {self.user.name}",
                        note=f"The note of {self.user.name}",
                        evidence_name=f"evidence/{self.id}-{number}.pdf",
                        evidence_title="mine.pdf",
                        evidence_type="application/pdf",
                        evidence_hash="0" * 64,
                    )
                )
            )

    def learn(self) -> None:
        for course, version in self.ground.courses:
            cycles = self.pick(0, 3)
            earlier: int | None = None
            at = BEGIN + timedelta(days=self.pick(0, 400))
            for cycle in range(1, cycles + 1):
                is_open = cycle == cycles and self.pick(0, 1) == 1
                enrollment = self.add(
                    Enrollment(
                        user_id=self.id, course_id=course, version_id=version, cycle=cycle, enrolled_at=at,
                        completed_at=None if is_open else at + timedelta(days=2),
                        renews_id=earlier if self.pick(0, 1) else None,
                    )
                )  # fmt: skip
                earlier = enrollment.id
                for module in range(self.pick(0, 2)):
                    self.add(
                        ModuleProgress(
                            enrollment_id=enrollment.id, module_id=f"m{module}", opened_at=at, last_seen_at=at,
                            completed_at=None if is_open else at,
                        )
                    )  # fmt: skip
                attempt = self.attempt(enrollment.id, version, at, is_open)
                if not is_open and self.pick(0, 3):
                    self.award(course, version, attempt, cycle, at)
                at += timedelta(days=self.pick(200, 500))

    def attempt(self, enrollment: int, version: int, at: datetime, is_open: bool) -> int:
        attempt = self.add(
            Attempt(
                enrollment_id=enrollment, version_id=version, module_id="final", role="final", number=1,
                language="en", drawn=[{"question": "q"}], secret="s", started_at=at,
                submitted_at=None if is_open else at, passed=None if is_open else True,
                receipt=None if is_open else secrets.token_hex(10), score_percent=None if is_open else 90,
            )
        )  # fmt: skip
        for number in range(self.pick(0, 2)):
            self.add(
                Response(
                    attempt_id=attempt.id,
                    question_id=f"q{number}",
                    sequence=1,
                    value=f"I am {self.user.name}",
                    saved_at=at,
                )
            )
        return attempt.id

    def award(self, course: int, version: int, attempt: int, cycle: int, at: datetime) -> None:
        made = self.certificate(
            kind="course", course_id=course, version_id=version, attempt_id=attempt, attempt_passed=True, cycle=cycle,
            issued_at=at, completed_on=at.date(), valid_from=at, expires_at=at + timedelta(days=700),
        )  # fmt: skip
        if self.licenses and self.pick(0, 1):
            self.add(
                CreditLine(
                    certificate_id=made.id, approval_id=self.ground.approvals[0], license_id=self.licenses[0].id,
                    body="body", type="hours", category=None, minutes=60, hours="1.00", approval_number="A-1",
                )
            )  # fmt: skip
        if self.pick(0, 2) == 0:
            self.replace(made)

    def replace(self, old: Certificate) -> None:
        """Corrected: a new row stands in its place."""
        values = {one.name: getattr(old, one.name) for one in Certificate.__table__.columns if one.name != "id"}
        old.superseded_by_id = old.id  # out of the way of the index, until there is one to point to
        db.session.flush()
        new = self.certificate(**{**values, "code": self.code()})
        old.superseded_by_id = new.id
        self.add(
            CertificateChange(
                certificate_id=old.id, kind="rename", state="done", reason=f"{self.user.name} married", before={"name": self.user.name},
                after={"name": self.user.name}, actor_id=self.id, at=BEGIN, undo_until=BEGIN, new_certificate_id=new.id,
            )
        )  # fmt: skip

    def code(self) -> str:
        return secrets.token_hex(7)

    def certificate(self, **values: Any) -> Certificate:
        facts = {
            "code": "", "kind": values["kind"], "printed_name": self.user.name, "title": "Something", "language": "en",
            "completed_on": "2024-01-02", "site_url": "http://localhost", "issuer_name": "I", "provider_name": "P",
            "license": {"board": "b", "board_name": "B", "state": "MO", "number": f"{self.user.name}-L"},
        }  # fmt: skip
        made = Certificate(
            **{
                "code": self.code(),
                "facts": facts,
                "language": "en",
                "is_name_hidden": False,
                "user_id": self.id,
                **values,
            }
        )
        self.add(made)
        self.certificates.append(made)
        for agency in self.ground.agencies[: self.pick(0, 1)]:
            self.add(RecordShare(user_id=self.id, agency_id=agency, certificate_id=made.id, shared_at=BEGIN))
        if self.pick(0, 1):
            self.add(ShareLink(certificate_id=made.id, token_hash=secrets.token_hex(32), created_at=BEGIN))
            made.document_name, made.document_hash = f"certificates/{made.code}.pdf", secrets.token_hex(32)
            self.add(
                IssuedDocument(
                    certificate_id=made.id, sha256=made.document_hash, stored_name=made.document_name, drawn_at=BEGIN
                )
            )
            self.add(
                Badge(
                    certificate_id=made.id, subject_id="urn:uuid:0", status_list=1,
                    status_index=secrets.randbelow(131_072), named_token=self.user.name, issued_at=BEGIN,
                )
            )  # fmt: skip
        return made

    def certify(self) -> None:
        for certification, rule in self.ground.certifications:
            at = BEGIN + timedelta(days=self.pick(0, 400))
            for cycle in range(1, self.pick(0, 2) + 1):
                sources = [one for one in self.certificates if one.kind == "course"][:2]
                training = self.trainings[0] if self.trainings else None
                if not sources and training is None:
                    return
                made = self.certificate(
                    kind="certification", certification_id=certification, certification_version_id=rule, cycle=cycle,
                    evidence_certificate_id=sources[0].id if sources else None,
                    evidence_training_id=None if sources else training.id,  # type: ignore[union-attr]
                    issued_at=at, completed_on=at.date(), valid_from=at, expires_at=None,
                )  # fmt: skip
                for source in sources:
                    self.add(Evidence(certificate_id=made.id, source_certificate_id=source.id))
                if training is not None:
                    self.add(Evidence(certificate_id=made.id, source_training_id=training.id))
                at += timedelta(days=300)

    def sit(self) -> None:
        for cohort in self.ground.teams:
            if self.pick(0, 1):
                self.add(Member(cohort_id=cohort, user_id=self.id, joined_at=BEGIN, left_at=BEGIN))
            kind = self.pick(0, 2)
            if kind:
                seat = self.seat(cohort) if kind == 2 else None
                self.add(Member(cohort_id=cohort, seat_id=seat, user_id=self.id, joined_at=BEGIN))
                self.report(cohort)

    def report(self, cohort: int) -> None:
        """Something given to the team's report, and an action that is this person's."""
        report = db.session.scalars(select(TeamReport).where(TeamReport.cohort_id == cohort)).one()
        if self.pick(0, 1):
            answer = {"question": "q", "kind": "action", "prompt": "Action", "text": f"I am {self.user.name}"}
            self.add(
                GivenPart(
                    report_id=report.id, user_id=self.id, slug="s", module_id="form", team="Team", language="en",
                    answers=[answer], receipt=secrets.token_hex(10), given_at=BEGIN,
                )
            )  # fmt: skip
        if self.pick(0, 1):
            self.add(
                TeamAction(
                    report_id=report.id, seen="", cause=f"{self.user.name} was away", step="Call", due_on=BEGIN.date(),
                    owner=f"{self.user.name}, Agency", made_by_id=report.cohort.coordinator_id, made_at=BEGIN,
                )
            )  # fmt: skip

    def seat(self, cohort: int) -> int:
        """A seat that nobody has sat in."""
        number = next(_numbers)
        values = {"position": number, "key": f"s{number}", "discipline": "schools", "title": {}, "is_required": True}
        return self.add(Seat(cohort_id=cohort, **values)).id

    @staticmethod
    def course_certificate(ground: Ground, user: int, *, ends: datetime) -> str:
        """The code of one more certificate of a course, whose end is known."""
        made = History.__new__(History)
        made.ground, made.pick, made.user, made.id = (
            ground,
            lambda least, most: least,
            db.session.get_one(User, user),
            user,
        )
        made.licenses, made.certificates, made.trainings = [], [], []
        course, version = ground.courses[0]
        at = datetime(2026, 1, 2, 15, tzinfo=UTC)
        enrollment = made.add(
            Enrollment(user_id=user, course_id=course, version_id=version, cycle=9, enrolled_at=at, completed_at=at)
        )
        attempt = made.attempt(enrollment.id, version, at, False)
        return made.certificate(
            kind="course",
            course_id=course,
            version_id=version,
            attempt_id=attempt,
            attempt_passed=True,
            cycle=9,
            issued_at=at,
            completed_on=at.date(),
            valid_from=at,
            expires_at=ends,
        ).code

    @staticmethod
    def evidence(user: int, name: str) -> None:
        """A training handed in with a file."""
        db.session.add(
            ExternalTraining(
                user_id=user,
                title="Elsewhere",
                provider="Academy",
                completed_on=BEGIN.date(),
                contact_minutes=60,
                state="submitted",
                submitted_at=BEGIN,
                entered_by_id=user,
                evidence_name=name,
                evidence_title="mine.pdf",
                evidence_type="application/pdf",
                evidence_hash="0" * 64,
            )
        )
