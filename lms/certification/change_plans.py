"""What may be changed on an award and what would differ then: planned and shown before anything is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import or_, select

from lms.certification.branding import rebranded
from lms.certification.change_models import CertificateChange
from lms.certification.credit import Granted, missing_on, with_credit
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate, Evidence
from lms.certification.part_renewals import is_part_renewal, parts_after
from lms.certification.standing import stands
from lms.certification.training_models import ExternalTraining
from lms.certification.validity import expiry_of
from lms.certification.wording import credit_text
from lms.clock import add_months, local_day
from lms.database import db
from lms.errors import N_, Conflict, Invalid
from lms.people.names import checked_name, has_letters

MOST_EXTENSION_MONTHS = 12
"""Beyond the end that the award was issued with, however many extensions follow each other."""


@dataclass(frozen=True, slots=True)
class Correction:
    """What a reissue prints differently; None leaves as it was. `credit` names the lines that stay, by place.

    `adds_credit`: also what is approved now for the day of completion and was entered too late to be printed.
    """

    agency_id: int | None = None
    agency_name: str | None = None
    discipline: str | None = None
    credit: Sequence[int] | None = None
    adds_credit: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """A change that may be made, before it is: what the new row says and what differs, for the page that asks."""

    kind: str
    facts: CertificateFacts
    columns: Mapping[str, Any]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    granted: Granted = field(default_factory=Granted)
    """The credit that the new row brings beside what stays."""


def plan_reissue(certificate: Certificate, correction: Correction) -> Plan:
    """Agency, discipline or credit corrected. Raises Invalid where nothing differs, Conflict where it has fallen."""
    refuse_fallen(certificate)
    facts = CertificateFacts.from_json(certificate.facts)
    changed, columns = facts, dict[str, Any]()
    if correction.agency_name is not None:
        changed = replace(changed, agency_name=correction.agency_name)
        if correction.agency_id != certificate.agency_id:
            changed = rebranded(changed, correction.agency_id, certificate.version_id)
        columns["agency_id"] = correction.agency_id
    if correction.discipline is not None:
        columns["discipline"] = correction.discipline
    if correction.credit is not None:
        kept = [line for place, line in enumerate(facts.credit) if place in correction.credit]
        # A topic is a part of its area's hours: it goes with them.
        areas = {(line.body, line.type, line.approval_number) for line in kept if not line.is_within}
        kept = [line for line in kept if not line.is_within or (line.body, line.type, line.approval_number) in areas]
        changed = replace(changed, credit=tuple(kept))
    granted = Granted()
    if correction.adds_credit:
        granted = _late_credit(certificate, facts)
        changed = with_credit(changed, granted)
    before, after = dict[str, Any](), dict[str, Any]()
    if changed.agency_name != facts.agency_name:
        before["agency"], after["agency"] = facts.agency_name, changed.agency_name
    if columns.get("discipline", certificate.discipline) != certificate.discipline:
        before["discipline"], after["discipline"] = certificate.discipline, columns["discipline"]
    if changed.credit != facts.credit:
        before["credit"], after["credit"] = _credit(facts), _credit(changed)
    if not before:
        raise Invalid(N_("Nothing on the certificate would change. Choose what is to be corrected."))
    return Plan("reissue", changed, columns, before, after, granted)


def _late_credit(certificate: Certificate, facts: CertificateFacts) -> Granted:
    """Raises Invalid where no approval gives any: a part that was taken again brings no approved credit either."""
    granted = Granted() if is_part_renewal(certificate) else missing_on(certificate, facts)
    if not granted.approvals:
        raise Invalid(
            N_("No approval that is entered gives more credit for the day of completion and the holder's licenses."),
            "adds_credit",
        )
    return granted


def plan_rename(certificate: Certificate, name: str) -> Plan:
    """Another printed name. Raises Invalid for none and for the same, Conflict where it does not stand."""
    refuse_fallen(certificate)
    facts, name = CertificateFacts.from_json(certificate.facts), checked_name(name)
    if not has_letters(name):
        raise Invalid(N_("Type the name as it should be printed."), "name")
    if name == facts.printed_name:
        raise Invalid(N_("The certificate carries exactly this name already."), "name")
    changed = replace(facts, printed_name=name)
    return Plan("rename", changed, {}, {"name": facts.printed_name}, {"name": name})


def plan_extend(certificate: Certificate, valid_until: date, now: datetime, time_zone: str) -> Plan:
    """A later last day. Raises Invalid for a day that is not later, past, or too late; Conflict as `plan_reissue`."""
    refuse_fallen(certificate)
    facts = CertificateFacts.from_json(certificate.facts)
    end = facts.valid_until
    if end is None:
        raise Conflict(N_("This certificate does not end, so there is nothing to extend."))
    if valid_until <= end:
        raise Invalid(N_("The new last day must be later than the present one."), "valid_until")
    if valid_until < local_day(now, time_zone):
        raise Invalid(N_("The new last day is in the past."), "valid_until")
    latest = latest_extension(certificate)
    if latest is not None and valid_until > latest:
        raise Invalid(
            N_("A certificate can be extended by at most %(months)s months, here to %(day)s."),
            "valid_until",
            months=MOST_EXTENSION_MONTHS,
            day=latest,
        )
    changed = replace(facts, valid_until=valid_until)
    columns = {"expires_at": expiry_of(valid_until, time_zone)}
    days = {"valid_until": end.isoformat()}, {"valid_until": valid_until.isoformat()}
    return Plan("extend", changed, columns, *days)


def latest_extension(certificate: Certificate) -> date | None:
    """The last day to which a certificate may be extended, from the end that the first of its line was issued with."""
    first = db.session.get_one(Certificate, min(line_of_rows(certificate.id)))
    end = CertificateFacts.from_json(first.facts).valid_until
    return None if end is None else add_months(end, MOST_EXTENSION_MONTHS)


def line_of_rows(certificate_id: int) -> set[int]:
    """The ids of all rows that one award has had: itself and whatever replaced it or was replaced by it."""
    known: set[int] = set()
    found = {certificate_id}
    while found - known:
        known |= found
        rows = db.session.execute(
            select(CertificateChange.certificate_id, CertificateChange.new_certificate_id).where(
                or_(CertificateChange.certificate_id.in_(known), CertificateChange.new_certificate_id.in_(known))
            )
        )
        found = {number for pair in rows for number in pair if number is not None}
    return known


def resting_on(certificate: Certificate) -> list[Certificate]:
    """What stands and rests on this certificate (or on one in its line): certifications issued on it, and certificates
    for which only what had changed since was taken again. Nothing revokes them with it: other evidence may do as
    well."""
    resting = select(Evidence.certificate_id).where(Evidence.source_certificate_id.in_(line_of_rows(certificate.id)))
    query = select(Certificate).where(Certificate.id.in_(resting), stands()).order_by(Certificate.id)
    return [*parts_after(certificate), *db.session.scalars(query)]


def has_fallen_evidence(certificate: Certificate) -> bool:
    """Whether anything that a certification rests on was revoked since, or is not approved any more."""
    sources = db.session.execute(
        select(Evidence.source_certificate_id, ExternalTraining.state)
        .outerjoin(ExternalTraining, ExternalTraining.id == Evidence.source_training_id)
        .where(Evidence.certificate_id == certificate.id)
    ).all()
    return any(state != "approved" if number is None else not _stands_in_its_line(number) for number, state in sources)


def _stands_in_its_line(certificate_id: int) -> bool:
    standing = select(Certificate.id).where(Certificate.id.in_(line_of_rows(certificate_id)), stands()).limit(1)
    return db.session.scalar(standing) is not None


def refuse_fallen(certificate: Certificate) -> None:
    """Raises Conflict for an award that was revoked or replaced: only one that stands is changed."""
    if certificate.revoked_at is not None:
        raise Conflict(N_("This certificate was revoked. Undo that first."))
    if certificate.superseded_by_id is not None:
        raise Conflict(N_("This certificate was replaced. Change the one that stands in its place."))


def _credit(facts: CertificateFacts) -> str:
    """Credit in the sentences that are printed."""
    return " ".join(credit_text(line, facts.language) for line in facts.credit)
