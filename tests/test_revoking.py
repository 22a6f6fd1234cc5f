"""Revoking is a step of the journey: the certificate, the teams that it counted for, the mail and the audit, or none."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from lms import amending
from lms.certification.models import Certificate
from lms.database import db
from lms.errors import Conflict
from lms.mail import write_mail
from lms.outbox import OutboxMessage
from lms.people.models import AuditEvent, User
from lms.settings import Settings
from tests.cohorts.conftest import Teams, small  # noqa: F401 - a fixture
from tests.cohorts.test_pages import send
from tests.support.pages import text_of

REASON = "The answers were not their own."


def settings_of(small: Teams) -> Settings:  # noqa: F811
    found: Settings = small.world.app.extensions["lms"].settings
    return found


def certificate_of(user: int | None) -> Certificate:
    return db.session.scalars(
        select(Certificate).where(Certificate.user_id.is_(None) if user is None else Certificate.user_id == user)
    ).one()


def revoke(small: Teams, user: int | None) -> None:  # noqa: F811
    small.world.write(
        lambda: amending.revoke_certificate(
            certificate_of(user), REASON, settings_of(small), actor_id=small.coordinator
        )
    )


def messages(small: Teams) -> list[OutboxMessage]:  # noqa: F811
    return small.world.read(lambda: list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id))))


def certified(small: Teams) -> tuple[int, list[int]]:  # noqa: F811
    cohort = small.cohort()
    people = small.people(cohort)
    for user in people:
        small.certify(user)
    return cohort, people


def test_a_revoked_certificate_puts_the_holder_s_teams_at_risk_and_the_audit_says_so(small: Teams) -> None:  # noqa: F811
    cohort, people = certified(small)

    revoke(small, people[0])

    assert small.board(cohort).board.standing == "at-risk"
    events = small.world.read(
        lambda: list(
            db.session.scalars(
                select(AuditEvent)
                .where(AuditEvent.action.in_(("certificate.revoked", "cohort.counted")))
                .order_by(AuditEvent.id)
            )
        )
    )
    assert [(one.action, one.actor_id) for one in events] == [
        ("certificate.revoked", small.coordinator),
        ("cohort.counted", small.coordinator),
    ]
    assert events[0].reason == REASON
    assert (events[1].subject_id, events[1].agency_id) == (cohort, small.agency)
    assert (events[1].detail["standing"], events[1].detail["certified_seats"]) == ("at-risk", 3)


def test_the_holder_is_told_once_by_a_mail_that_names_no_subject(small: Teams) -> None:  # noqa: F811
    _, people = certified(small)
    small.world.write(lambda: setattr(db.session.get_one(User, people[0]), "language", "es"))

    revoke(small, people[0])

    (message,) = messages(small)
    assert (message.payload["to_user_id"], message.payload["template"]) == (people[0], "certificate-revoked")
    for language, subject in (
        ("en", "Crosstrain: your training record has changed"),
        ("es", "Crosstrain: su registro de capacitación ha cambiado"),
    ):
        mail = write_mail(
            "certificate-revoked",
            language,
            message.payload["values"],
            to="x@test.example",
            effect_key=message.effect_key,
            settings=settings_of(small),
        )
        assert mail["Subject"] == subject
        assert message.payload["values"]["code"] in mail.get_content()
        assert REASON not in mail.get_content()
    assert message.payload["language"] == "es"


def test_what_is_revoked_already_is_refused_and_leaves_no_second_mail(small: Teams) -> None:  # noqa: F811
    _, people = certified(small)
    revoke(small, people[0])

    with pytest.raises(Conflict):
        revoke(small, people[0])

    assert len(messages(small)) == 1


def test_a_failure_on_the_way_revokes_nothing(small: Teams, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    _, people = certified(small)

    def fail(*_args: object) -> None:
        raise RuntimeError("no mail today")

    monkeypatch.setattr(amending.outbox, "enqueue", fail)
    with pytest.raises(RuntimeError):
        revoke(small, people[0])

    assert small.world.read(lambda: certificate_of(people[0]).revoked_at) is None
    assert messages(small) == []


def test_a_revoked_team_certificate_is_told_to_the_coordinator(small: Teams) -> None:  # noqa: F811
    cohort, _ = certified(small)

    revoke(small, None)

    (message,) = messages(small)
    assert message.payload["to_user_id"] == small.coordinator
    assert small.board(cohort).board.standing == "lapsed"


def test_the_page_takes_the_step(small: Teams) -> None:  # noqa: F811
    cohort, people = certified(small)
    administrator = small.world.user()
    small.world.grant(administrator, "state-administrator")
    client = small.world.client_of(administrator)
    small.world.write(lambda: setattr(certificate_of(people[0]), "facts", small_facts(people[0])))
    code = small.world.read(lambda: certificate_of(people[0]).code)

    answer = send(client, f"/certificates/{code}/revoke", reason=REASON)

    assert answer.status_code == 303
    assert len(messages(small)) == 1
    assert "At risk" in text_of(small.world.client_of(people[1]).get(f"/cohorts/{cohort}"))


def small_facts(user: int) -> dict[str, object]:
    """What the page prints of a certificate that was put straight into the database."""
    row = certificate_of(user)
    return {
        "code": row.code,
        "kind": "course",
        "printed_name": "Somebody",
        "title": "A tiny course",
        "language": "en",
        "completed_on": row.completed_on.isoformat(),
        "site_url": "http://localhost",
        "issuer_name": "Crosstrain",
        "provider_name": "Test provider",
    }
