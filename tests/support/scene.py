"""One scene for the access matrix: agency A with its people and things, agency B beside it, one person of each role."""

from __future__ import annotations

import hashlib
import io
import sqlite3
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from flask import Flask, url_for
from flask.testing import FlaskClient
from sqlalchemy import select, update

from lms import amending, batches, journey, merging, privacy
from lms.answering import right_answers
from lms.assessment.models import Attempt
from lms.assessment.sittings import load_sitting
from lms.certification import credit_bodies, paper_records, record_shares, rule_files, sharing, trainings
from lms.certification.badges import issuing, proof
from lms.certification.badges.addresses import last_part
from lms.certification.credit_models import ApprovedLine, CreditApproval
from lms.certification.models import Certificate, Certification
from lms.certification.training_models import ExternalTraining
from lms.certification.trainings import Claim, Stored
from lms.clock import utc_now
from lms.cohorts import invitations as cohort_invitations
from lms.cohorts import teams, templates
from lms.cohorts.models import Cohort, CohortInvitation, CohortTemplate, Member, Milestone, Seat
from lms.database import db
from lms.importing import asking as importing
from lms.learning import exceptions
from lms.learning.assignments import Draft, make_assignment
from lms.outbox import OutboxMessage, enqueue
from lms.people import accounts, agency_numbers, invitations, joining, licenses
from lms.people.agency_models import AgencyNumber
from lms.people.factor_models import Passkey
from lms.people.invitations import Letter
from lms.people.models import Membership, RoleGrant, UserSession
from lms.people.providers import domains, tokens
from lms.people.providers.models import ExternalIdentity, IdentityProvider
from lms.people.signins import begin_session, load_viewer, token_hash
from lms.people.viewer import Viewer
from tests.support.days import site_day
from tests.support.given_report import give_a_report
from tests.support.world import ACCEPTED, SHIPPED_COURSES, World

ROLES = ("stranger", "learner", "author", "coordinator", "admin_a", "admin_b", "state", "owner")
"""The columns of the table. `owner` is the person of agency A to whom the attempt and the certificate belong."""


SCIM = ("show_user", "replace_user", "patch_user", "delete_user")


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
        def begin() -> str:
            token = begin_session(user, hours=12, agent="test", data=ACCEPTED)
            # The whole matrix may take longer than a proof of who one is counts.
            proven_at = utc_now() + timedelta(hours=6)
            db.session.execute(update(UserSession).where(UserSession.user_id == user).values(proven_at=proven_at))
            return token

        return "s." + self.world.write(begin)

    def client_of(self, role: str) -> FlaskClient:
        """A browser in which this person is signed in; a new one each time, since signing out empties it."""
        client = self.app.test_client()
        if role in self.cookies:
            client.set_cookie("lms", self.cookies[role])
        return client

    def _make_things(self) -> None:
        self.world.publish("tiny")
        self.world.publish("tabletop-exercise")
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
            open_attempt = write(lambda: journey.start_attempt(viewer, "tiny", "final", settings, language="en"))
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
            passkey_id = write(self._make_passkey)
            change_id = write(
                lambda: amending.correct_own_name(certificate.id, "Another Name", "Married", settings, now=utc_now()).id
            )
            training_id = write(self._hand_in)
            entry_id = write(self._enter_paper)
            self.twin = self.world.user("Owner of A", email="owner@home.example", agency=self.below_a)
            gone = self.world.user("Owner of A", email="owner@old.example", agency=self.below_a)
            merge_id = write(lambda: self._put_together(self.twin, gone))
            erasure_id = write(lambda: privacy.ask_erasure(self.twin, utc_now()).id)
            other_id = self.world.user("Other of A", email="other@a.example", agency=self.below_a)
            db.session.rollback()
            batch_id = write(lambda: batches.begin("bulk", {}, asked_by_id=self.owner).id)
            import_id = write(self._upload_list)
            cohort_id = write(self._make_cohort)
            form_id, part_id, action_id = write(lambda: give_a_report(viewer, cohort_id, self.people["coordinator"]))
            write(lambda: setattr(db.session.get_one(Attempt, form_id), "awaits_marking", True))
            write(self._make_certification)
            provider_id, domain_id, token_id = write(self._make_sign_in)
            assignment_id, exception_id, wish_id = write(self._make_assignment)
            number_id = write(lambda: self._number().id)
            share_id = write(lambda: self._share(certificate.id))
            join_code_id, request_id = write(self._make_join_code)
            db.session.rollback()
            self.values = {
                "slug": "tiny",
                **{f"{endpoint}.slug": "first-aid" for endpoint in self._about_certifications()},
                "module_id": "first-steps",
                "scenario_id": "none",
                "facilitating.list_exercises.slug": "tabletop-exercise",
                "facilitating.show_exercise.slug": "tabletop-exercise",
                "facilitating.show_exercise.module_id": "scenario-a",
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
                "giving.give_answers.attempt_id": form_id,
                "marking.mark.attempt_id": form_id,
                "part_id": part_id,
                "action_id": action_id,
                "member_id": self._first(select(Member.id)),
                "milestone_id": self._first(select(Milestone.id)),
                "seat_id": self._first(
                    select(Seat.id).where(Seat.id.not_in(select(Member.seat_id).where(Member.seat_id.is_not(None))))
                ),
                "cohort_invitations.withdraw_invitation.invitation_id": self._first(select(CohortInvitation.id)),
                "cohort_invitations.join_by_link.token": "not-a-token",
                "license_id": license_id,
                "passkey_id": passkey_id,
                "identity_id": self._first(select(ExternalIdentity.id)),
                "account_email.take_address.token": "not-a-token",
                "month_soon": str((utc_now() + timedelta(days=60)).month),
                "year_soon": str((utc_now() + timedelta(days=60)).year),
                "number_id": number_id,
                "code_id": join_code_id,
                "share_id": share_id,
                "elsewhere.credit_training.training_id": credited_id,
                "approval_id": approval_id,
                "body_slug": "missouri-post",
                "message_id": self._first(select(OutboxMessage.id)),
                "batch_id": batch_id,
                "merge_id": merge_id,
                "erasure_id": erasure_id,
                "other_id": other_id,
                "policies.show_policy.name": "terms",
                "import_id": import_id,
                "change_id": change_id,
                "training_id": training_id,
                "entry_id": entry_id,
                "provider_id": provider_id,
                "domain_id": domain_id,
                "request_id": request_id,
                "token_id": token_id,
                "domains.confirm.token": "domain-token",
                "scim.show_schema.schema_id": "none",
                "scim.miss_group.group_id": "1",
                **{f"scim.{name}.user_id": str(self.owner) for name in SCIM},
                "assignment_id": assignment_id,
                "exception_id": exception_id,
                "assignment_exceptions.decide.request_id": wish_id,
                "name": "none.zip",
                "number": 1,
                "path": "none.png",
            }
            db.session.remove()

    def _put_together(self, kept: int, gone: int) -> int:
        state = load_viewer(self.people["state"])
        assert state is not None
        now = utc_now()
        return merging.merge_accounts(state, kept, gone, "One person", now=now, today=now.date()).id

    def _make_join_code(self) -> tuple[int, int]:
        settings, now = self.app.extensions["lms"].settings, utc_now()
        code = joining.make_code(
            self.below_a,
            discipline="schools",
            needs_approval=True,
            most_uses=5,
            expires_at=now + timedelta(days=7),
            secret_key=settings.secret_key,
            actor_id=self.people["admin_a"],
            now=now,
        )
        text = joining.shown_code(code, settings.secret_key)
        assert text is not None
        asked = joining.ask(text, self.owner, "housing", day=now.date(), now=now)
        return code.id, asked.id

    def _number(self) -> AgencyNumber:
        return agency_numbers.add_number(
            self.below_a,
            kind="ccn",
            label="",
            value="260001",
            started_on=date(2026, 1, 1),
            actor_id=self.people["admin_a"],
        )

    def _share(self, certificate_id: int) -> int:
        made = record_shares.share(self.owner, self.below_a, certificate_id, day=site_day(), now=utc_now())
        db.session.flush()
        return made.id

    def _pass(self, viewer: Viewer, module: str) -> None:
        settings = self.app.extensions["lms"].settings
        attempt = self.world.write(lambda: journey.start_attempt(viewer, "tiny", module, settings, language="en"))
        db.session.rollback()  # what this context had read is older than the attempt
        values = right_answers(load_sitting(viewer.id, attempt))
        self.world.write(lambda: journey.submit_attempt(viewer, attempt, values, module, settings, language="en"))

    def _make_passkey(self) -> int:
        parts = {"credential_id": b"id", "user_handle": b"handle", "public_key": b"key", "sign_count": 0}
        passkey = Passkey(user_id=self.owner, name="OWNER-OF-A", transports=[], added_at=utc_now(), **parts)
        db.session.add(passkey)
        db.session.flush()
        return passkey.id

    def _make_certification(self) -> None:
        rules = {"id": "first-aid", "title": {"en": "First responder"}, "requires": [{"course": "tiny"}]}
        rule_files.save_rules(rules, now=utc_now(), actor_id=None)

    def _make_assignment(self) -> tuple[int, int, int]:
        """First aid for everybody of agency A; the owner has more time, and asks for still more."""
        now = utc_now()
        number = db.session.scalars(select(Certification.id).where(Certification.slug == "first-aid")).one()
        draft = Draft(self.agency_a, None, number, "everybody", None, None, 30)
        admin = self.people["admin_a"]
        made = make_assignment(draft, day=now.date() - timedelta(days=2), now=now, actor_id=admin)
        later, wished = now.date() + timedelta(days=60), now.date() + timedelta(days=90)
        given = exceptions.give_exception(made, self.owner, "extension", later, "ill", now=now, actor_id=admin)
        asked = exceptions.ask_for_time(made.id, self.owner, wished, "still ill", due_on=later, day=now.date(), now=now)
        return made.id, given.id, asked.id

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

    def _upload_list(self) -> int:
        """A list of people of agency A that waits to be confirmed."""
        files = self.app.extensions["lms"].files
        with io.BytesIO(b"Name,E-mail\nNew of A,new-of-a@a.example\n") as handle:
            values = importing.begin_import(
                importing.Upload(handle, "OWNER-OF-A.csv"),
                self.agency_a,
                asked_by_id=self.people["admin_a"],
                files=files,
            )
        row = importing.keep_import(values)
        row.state, row.counts = "checked", {"read": 1, "left_out": {}, "create": 1}
        return row.id

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

    def _make_sign_in(self) -> tuple[int, int, int]:
        """A provider, a mail domain and a token, of the school of A. Nobody answers there."""
        now = utc_now()
        common = {"agency_id": self.below_a, "created_at": now, "discipline_words": {}, "enabled_at": now}
        provider = IdentityProvider(
            **common, name="Account of A", kind="oidc", issuer="http://127.0.0.1:9", client_id="x", is_required=False
        )
        domain = domains.add_domain(self.below_a, "school-a.example", actor_id=self.people["admin_a"])
        domain.verified_at, domain.verified_by = now, "dns"
        domain.mail_token_hash, domain.mail_expires_at = token_hash("domain-token"), now + timedelta(days=1)
        identity = ExternalIdentity(user_id=self.owner, issuer=provider.issuer, subject="owner-of-a", created_at=now)
        db.session.add_all([provider, identity])
        tokens.make_token(self.below_a, name="Directory of A", discipline="schools", actor_id=self.owner)
        db.session.flush()
        return provider.id, domain.id, tokens.list_tokens(self.below_a)[0].id

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
