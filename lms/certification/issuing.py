"""Writing an award down: its frozen facts with a fresh code and its days, its row, and the note in the audit."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from lms.certification.branding import branded
from lms.certification.codes import new_code
from lms.certification.facts import AwardSite, CertificateFacts
from lms.certification.models import Certificate
from lms.certification.validity import expiry_of, last_valid_day
from lms.clock import local_day
from lms.database import db
from lms.people import audit
from lms.people.memberships import holds_on
from lms.people.models import Agency, Membership, User


def hold_people(user_ids: Collection[int]) -> None:
    """What these people hold and may earn is changed by nobody else until the end of the transaction: nothing is issued
    on evidence that is being taken back, and nothing twice.

    No key update (PostgreSQL): what another transaction of a person noted holds the row too, and must not wait for this
    one while this one waits for it.
    """
    db.session.execute(select(User.id).where(User.id.in_(user_ids)).order_by(User.id).with_for_update(key_share=True))


def place_on(user_id: int, day: date, disciplines: Sequence[str] = ()) -> tuple[Agency, str] | None:
    """The agency and discipline under which somebody earns something on a day; None without a membership.

    Of several memberships, one in a discipline that the course is for, then the oldest.
    """
    rows = db.session.execute(
        select(Agency, Membership.discipline)
        .join(Membership, Membership.agency_id == Agency.id)
        .where(
            Membership.user_id == user_id,
            holds_on(day),
        )
        .order_by(Membership.started_on, Membership.id)
    ).all()
    places = [(agency, discipline) for agency, discipline in rows]
    return next((place for place in places if place[1] in disciplines), places[0] if places else None)


def dated(now: datetime, valid_months: int | None, site: AwardSite) -> dict[str, Any]:
    """The days of an award earned at `now`: completed on, and valid until."""
    completed_on = local_day(now, site.time_zone)
    return {"completed_on": completed_on, "valid_until": last_valid_day(completed_on, valid_months)}


def from_site(site: AwardSite) -> dict[str, Any]:
    """A fresh code, and what the settings say of who issues."""
    return {
        "code": new_code(),
        "site_url": site.site_url.rstrip("/"),
        "issuer_name": site.site_name,
        "provider_name": site.provider_name,
        "provider_address": site.provider_address,
        "provider_numbers": site.provider_numbers,
        "accreditation_statement": site.accreditation_statement,
        "signatory_name": site.signatory_name,
        "signatory_title": site.signatory_title,
        "second_signatory_name": site.second_signatory_name,
        "second_signatory_title": site.second_signatory_title,
    }


def insert_certificate(facts: CertificateFacts, now: datetime, site: AwardSite, **columns: Any) -> Certificate:
    """The row of an award, out of its facts in the look of its agency. The caller commits."""
    facts = branded(facts, columns.get("agency_id"))
    certificate = Certificate(
        code=facts.code,
        kind=facts.kind,
        facts=facts.to_json(),
        language=facts.language,
        issued_at=now,
        completed_on=facts.completed_on,
        valid_from=now,
        expires_at=expiry_of(facts.valid_until, site.time_zone),
        **columns,
    )
    db.session.add(certificate)
    db.session.flush()
    return certificate


def note_issue(certificate: Certificate, actor_id: int | None, **detail: Any) -> None:
    """Note in the audit that an award was issued."""
    audit.note(
        "certificate.issued",
        "certificate",
        certificate.id,
        actor_id=actor_id,
        agency_id=certificate.agency_id,
        cycle=certificate.cycle,
        **detail,
    )
