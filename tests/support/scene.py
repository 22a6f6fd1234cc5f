"""One scene for the access matrix: agency A with its people and things, agency B beside it, one person of each role."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import select

from lms import amending, batches, journey
from lms.answering import right_answers
from lms.assessment.sittings import load_sitting
from lms.certification import credit_bodies, paper_records, rule_files, sharing, trainings
from lms.certification.badges import issuing, proof
from lms.certification.badges.addresses import last_part
from lms.certification.credit_models import ApprovedLine, CreditApproval
from lms.certification.models import Certificate, ExternalTraining
from lms.certification.trainings import Claim, Stored
from lms.clock import utc_now
from lms.cohorts import invitations as cohort_invitations
from lms.cohorts import teams, templates
from lms.cohorts.models import Cohort, CohortInvitation, CohortTemplate, Member, Milestone, Seat
from lms.database import db
from lms.outbox import OutboxMessage, enqueue
from lms.people import accounts, invitations, licenses
from lms.people.invitations import Letter
from lms.people.models import Membership, RoleGrant, UserSession
from lms.people.signins import begin_session, load_viewer
from lms.people.viewer import Viewer
from tests.support.world import SHIPPED_COURSES, World

ROLES = ("stranger", "learner", "author", "coordinator", "admin_a", "admin_b", "state", "owner")
"""The columns of the table. `owner` is the person of agency A to whom the attempt and the certificate belong."""


class Scene:
    """Everything belongs to agency A; `values` are what addresses are built with, by argument or endpoint.argument."""

    names_of_a = (
        "Owner of A",
        "owner@a.example",
        "School of A",
        "Agency A",
        "Team of A",
        "invited@a.example",
        "OWNER-OF-A",
    )
    """What somebody of agency B must never read on any page behind a sign-in."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.world = world = World(app)
        self.agency_a = world.agency("Agency A", kind="district")
        self.below_a = world.agency("School of A", parent=self.agency_a, kind="school")
        self.agency_b = world.agency("Agency B", kind="hospital")
        self.owner = world.user("Owner of A", email="owner@a.example", agency=self.below_a, discipline="schools")
        self.people: dict[str, int] = {
            "learner": world.user("Learner of A", agency=self.agency_a),
            "author": self._person("author", None),
            "coordinator": self._person("coordinator", self.agency_a),
            "admin_a": self._person("agency-administrator", self.agency_a),
            "admin_b": self._person("agency-administrator", self.agency_b, at=self.agency_b),
            "state": self._person("state-administrator", None, at=None),
            "owner": self.owner,
        }
        world.grant(self.people["author"], "author", self.agency_a)
        world.grant(self.owner, "coordinator", self.below_a)
        self.cookies = {role: self._cookie(user) for role, user in self.people.items()}
        self.values: dict[str, Any] = {}
        self._make_things()

    def _person(self, role: str, over: int | None, at: int | None = -1) -> int:
        where = self.agency_a if at == -1 else at
        user = self.world.user(f"The {role}", agency=where)
        if role != "author":
            self.world.grant(user, role, over)
        return user

    def _cookie(self, user: int) -> str:
        return "s." + self.world.write(lambda: begin_session(user, hours=12, agent="test"))

    def client_of(self, role: str) -> FlaskClient:
        """A browser in which this person is signed in; a new one each time, since signing out empties it."""
        client = self.app.test_client()
        if role in self.cookies:
            client.set_cookie("lms", self.cookies[role])
        return client

    def _make_things(self) -> None:
        self.world.publish("tiny")
        settings = self.app.extensions["lms"].settings
        with self.app.app_context():
            viewer = load_viewer(self.owner)
            assert viewer is not None
            write = self.world.write
            write(lambda: journey.enroll(viewer, "tiny"))
            write(lambda: journey.complete_module(viewer, "tiny", "first-steps", settings))
            write(lambda: journey.complete_module(viewer, "tiny", "second-steps", settings))
            for module in ("second-steps", "final"):
                self._pass(viewer, module)
            open_attempt = write(lambda: journey.start_attempt(viewer, "tiny", "final", language="en"))
            db.session.rollback()
            certificate = db.session.scalars(select(Certificate)).one()
            link = write(
                lambda: sharing.create_link(
                    db.session.get_one(Certificate, certificate.id),
                    secret_key=settings.secret_key,
                    actor_id=self.owner,
                    now=utc_now(),
                )
            )
            db.session.rollback()
            links = sharing.open_links(certificate.id, settings.secret_key)
            token = issuing.token_of(certificate.id, settings)
            db.session.rollback()
            write(self._make_letters)
            license_id, credited_id, approval_id = write(self._make_credit)
            change_id = write(
                lambda: amending.correct_own_name(certificate.id, "Another Name", "Married", settings, now=utc_now()).id
            )
            training_id = write(self._hand_in)
            entry_id = write(self._enter_paper)
            batch_id = write(lambda: batches.begin("bulk", {}, asked_by_id=self.owner).id)
            cohort_id = write(self._make_cohort)
            write(self._make_certification)
            db.session.rollback()
            self.values = {
                "slug": "tiny",
                **{f"{endpoint}.slug": "first-aid" for endpoint in self._about_certifications()},
                "module_id": "first-steps",
                "assessment.start_attempt.module_id": "final",
                "attempt_id": open_attempt,
                "question_id": "t-single",
                "code": certificate.code,
                "link_id": links[0].id,
                "share": link,
                "agency_id": self.below_a,
                "other_agency_id": self.agency_a,
                "user_id": self.owner,
                "membership_id": self._first(select(Membership.id).where(Membership.user_id == self.owner)),
                "grant_id": self._first(select(RoleGrant.id).where(RoleGrant.user_id == self.owner)),
                "session_id": self._first(select(UserSession.id).where(UserSession.user_id == self.owner)),
                "invitation_id": 1,
                "joining.accept.token": "invitation-token",
                "passwords.reset_password.token": "reset-token",
                "shared_certificates.show_shared.token": link,
                "kid": proof.badge_key(settings.secret_key).kid,
                "key": last_part(proof.claims_of(token)["credentialSubject"]["achievement"]["id"]),
                "cohort_id": cohort_id,
                "member_id": self._first(select(Member.id)),
                "milestone_id": self._first(select(Milestone.id)),
                "seat_id": self._first(
                    select(Seat.id).where(Seat.id.not_in(select(Member.seat_id).where(Member.seat_id.is_not(None))))
                ),
                "cohort_invitations.withdraw_invitation.invitation_id": self._first(select(CohortInvitation.id)),
                "cohort_invitations.join_by_link.token": "not-a-token",
                "license_id": license_id,
                "elsewhere.credit_training.training_id": credited_id,
                "approval_id": approval_id,
                "body_slug": "missouri-post",
                "message_id": self._first(select(OutboxMessage.id)),
                "batch_id": batch_id,
                "change_id": change_id,
                "training_id": training_id,
                "entry_id": entry_id,
                "name": "none.zip",
                "number": 1,
                "path": "none.png",
            }
            db.session.remove()

    def _pass(self, viewer: Viewer, module: str) -> None:
        settings = self.app.extensions["lms"].settings
        attempt = self.world.write(lambda: journey.start_attempt(viewer, "tiny", module, language="en"))
        db.session.rollback()  # what this context had read is older than the attempt
        values = right_answers(load_sitting(viewer.id, attempt))
        self.world.write(lambda: journey.submit_attempt(viewer, attempt, values, module, settings, language="en"))

    def _make_certification(self) -> None:
        rules = {"id": "first-aid", "title": {"en": "First responder"}, "requires": [{"course": "tiny"}]}
        rule_files.save_rules(rules, now=utc_now(), actor_id=None)

    def _about_certifications(self) -> list[str]:
        rooms = ("certifications.", "certification_edit.")
        return [rule.endpoint for rule in self.app.url_map.iter_rules() if rule.endpoint.startswith(rooms)]

    def _first(self, query: Any) -> int:
        found = db.session.scalar(query.order_by(query.selected_columns[0]).limit(1))
        assert found is not None, str(query)
        return int(found)

    def _make_letters(self) -> None:
        invitations.invite(
            email="invited@a.example",
            name="Invited",
            agency_id=self.below_a,
            discipline="schools",
            invited_by_id=self.people["admin_a"],
            day=date(2026, 1, 1),
            letter=Letter("invitation-token", "http://localhost/invitations/invitation-token", "en"),
        )
        accounts.ask_for_reset("owner@a.example", token="reset-token", link="http://localhost/reset/reset-token")
        enqueue("mail", "dead-letter", {"to": "x@a.example", "template": "none"})
        db.session.flush()
        message = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).first()
        assert message is not None
        message.failed_at = utc_now()

    def _make_credit(self) -> tuple[int, int, int]:
        """A license and a training elsewhere of the owner, and an approval of the tiny course."""
        now = utc_now()
        credit_bodies.publish_bodies(SHIPPED_COURSES / "credit-bodies", now)
        credit_bodies.publish_mandates(SHIPPED_COURSES / "mandates", now)
        license = licenses.add_license(
            self.owner,
            board="missouri-post",
            state="MO",
            number="OWNER-OF-A-4471",
            expires_on=None,
            is_printed=False,
            boards=("missouri-post",),
            now=now,
        )
        training = ExternalTraining(
            user_id=self.owner,
            title="Elsewhere",
            provider="Somebody",
            completed_on=date(2026, 1, 2),
            contact_minutes=60,
            state="approved",
            submitted_at=now,
            entered_by_id=self.owner,
            decided_at=now,
            decided_by_id=self.people["state"],
            decided_reason="seen",
        )
        approval = CreditApproval(
            body_id=credit_bodies.load_bodies(["missouri-post"])["missouri-post"].id,
            course_id=db.session.scalars(select(Certificate.course_id)).first(),
            type="clee",
            approval_number="CN-1",
            provider_number="",
            statement="",
            valid_from=date(2026, 1, 1),
            entered_by_id=self.people["state"],
            entered_at=now,
        )
        db.session.add_all([training, approval])
        db.session.flush()
        db.session.add(ApprovedLine(approval_id=approval.id, category="legal-studies", minutes=10))
        return license.id, training.id, approval.id

    def _hand_in(self) -> int:
        content = b"paper"
        self.app.extensions["lms"].files.write("evidence/scene.pdf", content)
        evidence = Stored("evidence/scene.pdf", "paper.pdf", "application/pdf", hashlib.sha256(content).hexdigest())
        claim = Claim("Done elsewhere", "Academy", date(2026, 1, 2), 60)
        return trainings.hand_in(self.owner, claim, evidence, today=date(2026, 1, 3), now=utc_now()).id

    def _enter_paper(self) -> int:
        claim = Claim("On paper", "Academy", date(2026, 1, 2), 60)
        line = paper_records.Line(1, "", "", "", "", "", "")
        checked = [paper_records.Checked(line, "match", "", self.owner, "", claim)]
        entry, _people = paper_records.enter(checked, actor_id=self.people["admin_a"], now=utc_now())
        return entry.id

    def _make_cohort(self) -> int:
        templates.publish_templates(SHIPPED_COURSES / "cohorts")
        template = db.session.scalars(select(CohortTemplate).order_by(CohortTemplate.id)).first()
        assert template is not None
        cohort = teams.create_cohort(
            template,
            name="Team of A",
            agency_id=self.agency_a,
            coordinator_id=self.people["coordinator"],
            starts_on=date(2026, 1, 1),
            ready_by=date(2026, 1, 1) + timedelta(days=400),
            now=utc_now(),
        )
        viewer = load_viewer(self.owner)
        assert viewer is not None
        teams.add_member(db.session.get_one(Cohort, cohort.id), viewer, utc_now())
        cohort_invitations.make_code(cohort, utc_now(), max_uses=3, days=7, actor_id=self.people["coordinator"])
        return cohort.id

    def address(self, endpoint: str) -> str:
        """The address of an endpoint with A's ids in it."""
        rule = next(rule for rule in self.app.url_map.iter_rules() if rule.endpoint == endpoint)
        arguments = {name: self.values.get(f"{endpoint}.{name}", self.values.get(name)) for name in rule.arguments}
        missing = [name for name, value in arguments.items() if value is None]
        assert not missing, f"tests/support/scene.py has no value for {missing} of {endpoint}"
        with self.app.test_request_context():
            return url_for(endpoint, **arguments)

    def call(self, role: str, endpoint: str, method: str, body: Mapping[str, Any]) -> int:
        """The status that this person gets."""
        for limiter in self.app.extensions.get("limiter") or ():
            limiter.reset()
        values = {
            key: self.values.get(value, value) if isinstance(value, str) else value for key, value in body.items()
        }
        answer = self.client_of(role).open(self.address(endpoint), method=method, data=values)
        answer.close()
        return answer.status_code


class Snapshot:
    """The database as it was, put back after a call that may have changed it (SQLite)."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._kept = sqlite3.connect(":memory:", check_same_thread=False)
        self._copy(is_back=False)

    def restore(self) -> None:
        self._copy(is_back=True)

    def _copy(self, *, is_back: bool) -> None:
        with self.app.app_context():
            db.session.remove()
            connection = db.engine.raw_connection()
            try:
                live = connection.driver_connection
                assert isinstance(live, sqlite3.Connection)
                live.execute("PRAGMA query_only=OFF")
                (self._kept if is_back else live).backup(live if is_back else self._kept)
            finally:
                connection.close()
