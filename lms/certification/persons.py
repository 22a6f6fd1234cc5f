"""What becomes of one person's certificates: two accounts put together or parted again, erasing, stubs that verify."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, or_, select, update

from lms.certification.badges.models import Badge
from lms.certification.change_models import CertificateChange
from lms.certification.claims import CLAIMS
from lms.certification.document_models import IssuedDocument
from lms.certification.models import Certificate, Evidence
from lms.certification.record_shares import merge_shares, undo_shares
from lms.certification.training_models import ExternalTraining
from lms.database import db
from lms.files import FileStore
from lms.people.persons import Erasing, Merging, PersonRoom, Unmerging, erase_claims, move_claims
from lms.people.sealing import blank_reasons_about

OUT_OF_THE_WAY = 1_000_000

NO_WORDS = "-"
"""In the place of a reason that was erased, where a rule of the table wants one."""


def merge_person(merging: Merging) -> None:
    """No certificate changes but in whose it is, and in its cycle where both have the course or certification.

    Cycles of courses follow the enrollments; those of a certification are numbered by when each began. One that was
    replaced keeps the number of what stands in its place.
    """
    both = (merging.kept_id, merging.gone_id)
    rows = db.session.scalars(select(Certificate).where(Certificate.user_id.in_(both)).order_by(Certificate.id)).all()
    numbers = {**_by_enrollment(merging, rows), **_by_beginning(rows)}
    changes = sorted((one for one in rows if numbers.get(one.id, one.cycle) != one.cycle), key=lambda one: -one.cycle)
    for row in changes:
        _set_cycle(row.id, OUT_OF_THE_WAY + row.id)
        merging.note("lms_certificates", [row.id], "cycle", row.cycle, numbers[row.id])
    move_claims(merging, CLAIMS)
    merge_shares(merging)
    for row in changes:
        _set_cycle(row.id, numbers[row.id])


def _by_enrollment(merging: Merging, rows: Sequence[Certificate]) -> dict[int, int]:
    found = {}
    for row in rows:
        assert row.user_id is not None
        if row.course_id is not None and (row.user_id, row.course_id, row.cycle) in merging.cycles:
            found[row.id] = merging.cycles[row.user_id, row.course_id, row.cycle]
    return found


def _by_beginning(rows: Sequence[Certificate]) -> dict[int, int]:
    """Cycles of certifications that both hold; those of one person keep their order, since they began one by one."""
    begun: dict[int, dict[tuple[Any, int], datetime]] = {}
    for row in rows:
        if row.kind == "certification" and row.certification_id is not None:
            of_one = begun.setdefault(row.certification_id, {})
            key = (row.user_id, row.cycle)
            of_one[key] = min(of_one.get(key, row.valid_from), row.valid_from)
    found = {}
    for number, cycles in begun.items():
        if len({user for user, _cycle in cycles}) == 2:
            order = merged_order(cycles)
            for row in rows:
                if row.kind == "certification" and row.certification_id == number:
                    found[row.id] = order[row.user_id, row.cycle]
    return found


def merged_order(cycles: dict[tuple[Any, int], datetime]) -> dict[tuple[Any, int], int]:
    """New numbers for the cycles of two people, by when each began; each person's keep their own order."""
    waiting: dict[Any, list[int]] = {}
    for user, cycle in sorted(cycles, key=lambda key: key[1]):
        waiting.setdefault(user, []).append(cycle)
    found: dict[tuple[Any, int], int] = {}
    while any(waiting.values()):
        user = min((one for one, left in waiting.items() if left), key=lambda one: (cycles[one, waiting[one][0]], one))
        found[user, waiting[user].pop(0)] = len(found) + 1
    return found


def _set_cycle(certificate_id: int, cycle: int) -> None:
    db.session.execute(
        update(Certificate)
        .where(Certificate.id == certificate_id)
        .values(cycle=cycle)
        .execution_options(synchronize_session=False)
    )


def undo_merge(undoing: Unmerging) -> None:
    """What was issued since stays with who stays, unless all that it rests on, or what it replaced, goes back."""
    going = set(undoing.moved("lms_certificates", "user_id"))
    cycles = {
        one.row_id: one.before
        for one in undoing.moves
        if (one.table_name, one.column_name) == ("lms_certificates", "cycle")
    }
    going_trainings = set(undoing.moved("lms_external_trainings", "user_id"))
    later = db.session.scalars(
        select(Certificate)
        .where(Certificate.user_id == undoing.kept_id, Certificate.issued_at >= undoing.merged_at)
        .order_by(Certificate.id)
    ).all()
    for row in later:
        if row.id in going:
            continue
        replaced = _replaced_by(row.id, going)
        if replaced is not None or _rests_on(row, going, going_trainings):
            going.add(row.id)
            cycle = row.cycle if replaced is None else cycles.setdefault(row.id, cycles.get(replaced, row.cycle))
            undoing.following.append(("lms_certificates", row.id, {"user_id": undoing.gone_id, "cycle": cycle}))
    undo_shares(undoing, going)
    numbered = undoing.moved("lms_certificates", "cycle")
    for row in db.session.scalars(select(Certificate).where(Certificate.id.in_(numbered))).all():
        if row.course_id in undoing.courses and row.id not in going:
            undoing.staying.add(("lms_certificates", row.id))


def _replaced_by(certificate_id: int, going: set[int]) -> int | None:
    """The one of these in whose place a certificate stands."""
    found = select(Certificate.id).where(Certificate.superseded_by_id == certificate_id)
    return next((one for one in db.session.scalars(found) if one in going), None)


def _rests_on(row: Certificate, going: set[int], going_trainings: set[int]) -> bool:
    """Whether all evidence goes back. Where some stays, the certification stays and names that as its first."""
    if row.kind != "certification":
        return False
    sources = db.session.execute(
        select(Evidence.source_certificate_id, Evidence.source_training_id)
        .where(Evidence.certificate_id == row.id)
        .order_by(Evidence.id)
    ).all()
    left = [one for one in sources if one[0] not in going and one[1] not in going_trainings]
    if not left:
        return True
    if row.evidence_certificate_id in going or row.evidence_training_id in going_trainings:
        row.evidence_certificate_id, row.evidence_training_id = left[0][0], left[0][1]
        db.session.flush()
    return False


def erase_person(erasing: Erasing) -> None:
    """At once: certificates become stubs that verify, everything else goes. Finally: the stubs go, too."""
    certificates = db.session.scalars(select(Certificate).where(Certificate.user_id == erasing.user_id)).all()
    ids = [one.id for one in certificates]
    _erase_badges(ids, erasing)
    blank_reasons_about("certificate", ids)
    trainings = select(ExternalTraining.id).where(ExternalTraining.user_id == erasing.user_id)
    blank_reasons_about("training", db.session.scalars(trainings).all())
    erase_claims(erasing, CLAIMS)
    if erasing.is_final:
        _delete_all(certificates)
        db.session.execute(delete(ExternalTraining).where(ExternalTraining.user_id == erasing.user_id))
        return
    _erase_files(certificates, erasing)
    _erase_changes(ids)
    _erase_trainings(erasing)
    for one in certificates:
        # A new value, not a changed one: the column sees only that.
        name = one.facts.get("printed_name", "") if erasing.keeps_name else ""
        one.facts = {**one.facts, "printed_name": name, "license": None}
        one.erased_at = one.erased_at or erasing.now
        if one.revoked_reason is not None:
            one.revoked_reason = NO_WORDS
        if one.attempt_id is not None:
            erasing.attempts_kept.append(one.attempt_id)
    db.session.flush()


def _erase_badges(ids: list[int], erasing: Erasing) -> None:
    values: dict[str, Any] = {"named_token": None, "nameless_token": None, "erased_at": erasing.now, "subject_id": ""}
    if erasing.is_final:
        values["certificate_id"] = None
    db.session.execute(update(Badge).where(Badge.certificate_id.in_(ids)).values(values))


def _erase_files(certificates: Sequence[Certificate], erasing: Erasing) -> None:
    ids = [one.id for one in certificates]
    for document in db.session.scalars(select(IssuedDocument).where(IssuedDocument.certificate_id.in_(ids))).all():
        erasing.files_to_delete.append(document.stored_name)
        document.stored_name = ""
    for one in certificates:
        if one.document_name:
            erasing.files_to_delete.append(one.document_name)
        one.document_name = one.document_hash = None


def _erase_changes(ids: list[int]) -> None:
    about = or_(CertificateChange.certificate_id.in_(ids), CertificateChange.new_certificate_id.in_(ids))
    db.session.execute(delete(CertificateChange).where(about, CertificateChange.state == "waiting"))
    for one in db.session.scalars(select(CertificateChange).where(about)).all():
        one.reason, one.before, one.after = NO_WORDS, {}, {}
        one.decided_reason = NO_WORDS if one.decided_reason is not None else None
        one.undone_reason = NO_WORDS if one.undone_reason is not None else None


def _erase_trainings(erasing: Erasing) -> None:
    rested_on = set(
        db.session.scalars(
            select(Evidence.source_training_id)
            .join(Certificate, Certificate.id == Evidence.certificate_id)
            .where(Certificate.user_id == erasing.user_id, Evidence.source_training_id.is_not(None))
        )
    ) | set(
        db.session.scalars(
            select(Certificate.evidence_training_id).where(
                Certificate.user_id == erasing.user_id, Certificate.evidence_training_id.is_not(None)
            )
        )
    )
    for one in db.session.scalars(select(ExternalTraining).where(ExternalTraining.user_id == erasing.user_id)).all():
        if one.evidence_name:
            erasing.files_to_delete.append(one.evidence_name)
        if one.id not in rested_on:
            db.session.delete(one)
            continue
        one.note, one.score_percent = "", None
        one.evidence_name = one.evidence_title = one.evidence_type = one.evidence_hash = None
        one.decided_reason = NO_WORDS if one.decided_reason is not None else None


def _delete_all(certificates: Sequence[Certificate]) -> None:
    """What nothing points to any more goes first: a replaced one before what stands in its place, a certification
    before what it rests on."""
    left = {one.id: {one.superseded_by_id, one.evidence_certificate_id} - {None} for one in certificates}
    while left:
        pointed_at = {target for targets in left.values() for target in targets}
        free = [one for one in left if one not in pointed_at]
        assert free, "certificates point at each other in a circle"
        db.session.execute(
            delete(Certificate).where(Certificate.id.in_(free)).execution_options(synchronize_session=False)
        )
        left = {one: targets for one, targets in left.items() if one not in free}


def retention_ends(user_id: int, years: int) -> datetime | None:
    """When the last certificate of a person has been over for so many years; None where there is none.

    One without an end counts from the day of its award. All stubs stay until then: they rest on each other.
    """
    rows = db.session.execute(
        select(Certificate.expires_at, Certificate.issued_at).where(Certificate.user_id == user_id)
    ).all()
    ends = [years_after(expires_at or issued_at, years) for expires_at, issued_at in rows]
    return max(ends, default=None)


def years_after(moment: datetime, years: int) -> datetime:
    """29 February becomes 28 February where the year has none."""
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:
        return moment.replace(year=moment.year + years, day=28)


def files_of(user_id: int, files: FileStore) -> list[tuple[str, str]]:
    """Evidence that the person handed in: name in the zip, name in the file store."""
    rows = db.session.scalars(
        select(ExternalTraining).where(ExternalTraining.user_id == user_id, ExternalTraining.evidence_name.is_not(None))
    )
    return [
        (f"evidence/{one.id}-{one.evidence_title or 'file'}", one.evidence_name) for one in rows if one.evidence_name
    ]


ROOM = PersonRoom(
    "certification",
    CLAIMS,
    merge_person,
    erase_person,
    untouched={"lms_approved_lines": "lines of what a board approved; nothing of a person"},
    undo=undo_merge,
    files_of=files_of,
)
