"""What follows when an award or record is changed by hand, or revoked: seats counted, holders told.

Beside the journey, which tells what follows from learning. Each function runs whole inside the caller's one
transaction, and commits nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select

from lms import journey, outbox
from lms.certification import changing, name_requests, paper_records, trainings
from lms.certification.change_models import CertificateChange
from lms.certification.change_plans import Plan
from lms.certification.facts import AwardSite
from lms.certification.models import Certificate
from lms.certification.paper_records import Line
from lms.certification.training_models import ExternalTraining, TrainingEntry
from lms.clock import utc_now
from lms.cohorts import standing as cohorts
from lms.cohorts.lookup import team_of
from lms.database import db
from lms.errors import N_, Conflict
from lms.people.audit import note
from lms.people.models import User
from lms.settings import Settings


def change_certificate(
    certificate_id: int,
    planned: Callable[[Certificate], Plan],
    reason: str,
    settings: Settings,
    *,
    actor_id: int,
    now: datetime,
) -> CertificateChange:
    """An administrator corrects, renames or extends: planned anew on the locked row, so that nothing moved meanwhile.

    Raises Conflict for one's own certificate, and what planning raises.
    """
    certificate = changing.hold(certificate_id)
    if certificate.user_id == actor_id:
        raise Conflict(N_("Somebody else has to change your own certificate."))
    change = changing.make(certificate, planned(certificate), reason, actor_id=actor_id, now=now)
    _follow(change, certificate, settings, actor_id, now)
    return change


def correct_own_name(
    certificate_id: int, name: str, reason: str, settings: Settings, *, now: datetime
) -> CertificateChange:
    """The holder corrects the printed name: at once, or once an administrator has approved it."""
    certificate = changing.hold(certificate_id)
    change = name_requests.ask(certificate, name, reason, now=now)
    if change.state == "done":
        assert certificate.user_id is not None
        _follow(change, certificate, settings, certificate.user_id, now)
    return change


def decide_name(
    change: CertificateChange, *, approve: bool, reason: str, settings: Settings, actor_id: int, now: datetime
) -> CertificateChange:
    """An administrator approves or refuses the name that a holder wants; the holder is told either way."""
    decided = name_requests.decide(change, approve=approve, reason=reason, actor_id=actor_id, now=now)
    certificate = db.session.get_one(Certificate, decided.certificate_id)
    if decided.state == "done":
        _follow(decided, certificate, settings, actor_id, now)
    else:
        _mail(decided, "refused", db.session.get_one(User, decided.actor_id), certificate.code, certificate.code)
    return decided


def undo_change(
    change: CertificateChange, reason: str, settings: Settings, *, actor_id: int, now: datetime
) -> Certificate:
    """A change is taken back: the award stands as before it, and whatever it counts for is counted anew."""
    certificate = changing.undo(change, reason, actor_id=actor_id, now=now)
    _tell(change, "undone", certificate, certificate.code, settings, actor_id, now)
    return certificate


def _follow(change: CertificateChange, old: Certificate, settings: Settings, actor_id: int, now: datetime) -> None:
    assert change.new_certificate_id is not None
    new = db.session.get_one(Certificate, change.new_certificate_id)
    _tell(change, change.kind, new, old.code, settings, actor_id, now)


def _tell(
    change: CertificateChange,
    what: str,
    standing: Certificate,
    code: str,
    settings: Settings,
    actor_id: int,
    now: datetime,
) -> None:
    """Count anew, issue what is earned with it, and tell the holder by a mail that names no subject."""
    site = AwardSite.from_settings(settings)
    holder = count_anew(standing, site, actor_id=actor_id, now=now)
    if standing.user_id is not None:
        journey.award_certifications(standing.user_id, site, now, actor_id=actor_id)
    _mail(change, what, holder, code, standing.code)


def _mail(change: CertificateChange, what: str, holder: User, code: str, new_code: str) -> None:
    outbox.enqueue(
        "mail",
        f"certificate-changed:{change.id}:{what}",
        {
            "to_user_id": holder.id,
            "template": "certificate-changed",
            "language": holder.language,
            "values": {"what": what, "code": code, "new_code": new_code},
        },
    )


def decide_training(
    training: ExternalTraining,
    settings: Settings,
    *,
    approve: bool,
    reason: str,
    actor_id: int,
    now: datetime,
    course_id: int | None = None,
    valid_until: date | None = None,
) -> None:
    """Training done elsewhere is approved or refused: the person is told, and whatever is earned with it is issued."""
    trainings.decide(
        training,
        approve=approve,
        reason=reason,
        actor_id=actor_id,
        now=now,
        course_id=course_id,
        valid_until=valid_until,
    )
    db.session.flush()
    if approve:
        _award_for([training.user_id], settings, actor_id, now)
    _tell_of_training(training, training.state, now)


def undo_training(training: ExternalTraining, reason: str, settings: Settings, *, actor_id: int, now: datetime) -> None:
    """A decision is taken back, and with it whatever was issued from the record: revoked, with the same reason."""
    trainings.undo_decision(training, reason, actor_id=actor_id, now=now)
    _revoke_issued([training.id], reason, settings, actor_id, now)
    _tell_of_training(training, "undone", now)


def enter_paper(
    lines: Sequence[Line], people: Select[Any], settings: Settings, *, actor_id: int, today: date, now: datetime
) -> TrainingEntry:
    """Records from paper: checked anew, entered, and what is earned with them issued."""
    checked = paper_records.check_lines(lines, people, actor_id=actor_id, today=today, hold=True)
    entry, user_ids = paper_records.enter(checked, actor_id=actor_id, now=now)
    _award_for(user_ids, settings, actor_id, now)
    return entry


def undo_paper(entry: TrainingEntry, reason: str, settings: Settings, *, actor_id: int, now: datetime) -> None:
    """A whole entry is taken back, and with it whatever was issued from its records."""
    ids = [training.id for training, _name in paper_records.records_of(entry.id, only_approved=True)]
    paper_records.undo_entry(entry, reason, actor_id=actor_id, now=now)
    _revoke_issued(ids, reason, settings, actor_id, now)


def _award_for(user_ids: Iterable[int], settings: Settings, actor_id: int, now: datetime) -> None:
    site = AwardSite.from_settings(settings)
    for user_id in user_ids:
        journey.award_certifications(user_id, site, now, actor_id=actor_id)


def _revoke_issued(
    training_ids: Collection[int], reason: str, settings: Settings, actor_id: int, now: datetime
) -> None:
    db.session.flush()
    for certificate in trainings.issued_from(training_ids):
        revoke_certificate(certificate, reason, settings, actor_id=actor_id, now=now, with_its_record=True)


def _tell_of_training(training: ExternalTraining, what: str, now: datetime) -> None:
    person = db.session.get_one(User, training.user_id)
    outbox.enqueue(
        "mail",
        f"training-decided:{training.id}:{what}:{now.isoformat()}",
        {
            "to_user_id": person.id,
            "template": "training-decided",
            "language": person.language,
            "values": {"what": what},
        },
    )


def revoke_certificate(
    certificate: Certificate,
    reason: str,
    settings: Settings,
    *,
    actor_id: int,
    now: datetime | None = None,
    with_its_record: bool = False,
) -> None:
    """A certificate stops counting: with its reason and its holder told, and the seats that it filled counted anew.

    `with_its_record`: only because a record that it rested on was taken back, so that the record, once right, earns it.
    """
    now = now or utc_now()
    change = changing.revoke(certificate, reason, actor_id=actor_id, now=now, with_its_record=with_its_record)
    holder = count_anew(certificate, AwardSite.from_settings(settings), actor_id=actor_id, now=now)
    outbox.enqueue(
        "mail",
        f"certificate-revoked:{change.id}",
        {
            "to_user_id": holder.id,
            "template": "certificate-revoked",
            "language": holder.language,
            "values": {"code": certificate.code},
        },
    )


def count_anew(certificate: Certificate, site: AwardSite, *, actor_id: int, now: datetime) -> User:
    """A certificate stands otherwise than before: every team that it counts for is counted anew. Who is to be told:
    its holder, of a team's the coordinator."""
    db.session.flush()
    if certificate.user_id is not None:
        holder_id = certificate.user_id
        touched = cohorts.refresh_cohorts_of(holder_id, now, site)
    else:
        team = team_of(certificate)
        assert team is not None, "a certificate without a holder is a team's"
        holder_id = team.coordinator_id
        touched = [cohorts.refresh_cohort(team.id, now, site)]
    for one in touched:
        note(
            "cohort.counted",
            "cohort",
            one.cohort_id,
            actor_id=actor_id,
            agency_id=one.agency_id,
            certificate_id=certificate.id,
            standing=one.standing,
            certified_seats=one.certified_seats,
            required_seats=one.required_seats,
        )
    return db.session.get_one(User, holder_id)
