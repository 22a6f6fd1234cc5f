"""Changing what a certification asks: finding it, its versions, a new one on top of the one seen, archiving."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from lms.certification.certifying import CurrentRule
from lms.certification.models import Certification, CertificationVersion
from lms.certification.rule_files import check_rules, rule_of, save_rules
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.people.audit import note
from lms.people.models import User
from lms.wall.sight import SYSTEM, looking_as


@dataclass(frozen=True, slots=True)
class Found:
    """A certification with its current rule; `archived_at` None while it is in use."""

    current: CurrentRule
    archived_at: datetime | None


@dataclass(frozen=True, slots=True)
class PastVersion:
    """One state of the rule: who made it (None: a file), when and why."""

    number: int
    rules: Mapping[str, Any]
    published_at: datetime
    by_name: str | None
    note: str


def find_certification(slug: str) -> Found:
    """A certification, archived or not. Raises NotFound."""
    found = next(iter(all_certifications(slug)), None)
    if found is None:
        raise NotFound(N_("There is no such certification."))
    return found


def all_certifications(slug: str | None = None) -> list[Found]:
    """Every certification with its current rule, archived ones too, by slug; one query."""
    query = (
        select(Certification, CertificationVersion)
        .join(CertificationVersion, CertificationVersion.certification_id == Certification.id)
        .where(CertificationVersion.is_current)
        .order_by(Certification.slug)
    )
    if slug is not None:
        query = query.where(Certification.slug == slug)
    return [
        Found(CurrentRule(one.id, version.id, version.number, version.rules, rule_of(version.rules)), one.archived_at)
        for one, version in db.session.execute(query)
    ]


def versions_of(certification_id: int) -> list[PastVersion]:
    """All states of the rule, the newest first. Who changed a rule is named to whoever may change rules, wherever that
    person works: hence the look past the second wall."""
    with looking_as(SYSTEM):
        rows = db.session.execute(
            select(CertificationVersion, User.name)
            .outerjoin(User, User.id == CertificationVersion.published_by_id)
            .where(CertificationVersion.certification_id == certification_id)
            .order_by(CertificationVersion.number.desc())
        ).all()
    return [PastVersion(one.number, one.rules, one.published_at, name, one.note) for one, name in rows]


def add_certification(rules: Mapping[str, Any], *, reason: str, actor_id: int, now: datetime) -> None:
    """A new certification. Raises Invalid, Conflict where its id is taken. The caller commits."""
    slug = str(rules["id"])
    check_rules(slug, rules)
    _refuse_without_reason(reason)
    if db.session.scalar(select(Certification.id).where(Certification.slug == slug)) is not None:
        raise Invalid(N_("There is a certification with this id already."), field="slug")
    save_rules(rules, now=now, actor_id=actor_id, reason=reason)


def change_certification(rules: Mapping[str, Any], *, seen: int, reason: str, actor_id: int, now: datetime) -> str:
    """A new version on top of version `seen`: `changed`, or `unchanged` where it says the same. The caller commits.

    Raises Conflict where somebody else changed or archived it meanwhile, Invalid, NotFound.
    """
    slug = str(rules["id"])
    check_rules(slug, rules)
    _refuse_without_reason(reason)
    _hold(slug)
    found = find_certification(slug)
    if found.archived_at is not None:
        raise Conflict(N_("This certification is archived. Bring it back first."))
    if found.current.number != seen:
        raise Overtaken(
            N_("Somebody else changed this certification while you were editing it. Nothing of yours was saved yet.")
        )
    if is_same(found.current.rules, rules):
        return "unchanged"
    return save_rules(rules, now=now, actor_id=actor_id, reason=reason)


def archive_certification(slug: str, reason: str, *, actor_id: int, now: datetime) -> None:
    """From now on it is not awarded any more; what was awarded stands. Raises Conflict, Invalid. The caller commits."""
    _refuse_without_reason(reason)
    row = _hold(slug)
    if row.archived_at is not None:
        raise Overtaken(N_("This certification is archived already."))
    row.archived_at = now
    note("certification.archived", "certification", row.id, actor_id=actor_id, reason=reason.strip())


def restore_certification(slug: str, *, actor_id: int) -> None:
    """It is awarded again. Raises Conflict where it is in use. The caller commits."""
    row = _hold(slug)
    if row.archived_at is None:
        raise Overtaken(N_("This certification is in use already."))
    row.archived_at = None
    note("certification.restored", "certification", row.id, actor_id=actor_id)


def is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two rules say the same, however they are written: a file leaves out what a form fills in."""
    words = ("title", "description", "code")
    return rule_of(one) == rule_of(other) and all((one.get(key) or "") == (other.get(key) or "") for key in words)


def _hold(slug: str) -> Certification:
    row = db.session.scalar(select(Certification).where(Certification.slug == slug).with_for_update())
    if row is None:
        raise NotFound(N_("There is no such certification."))
    return row


def _refuse_without_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid(N_("Say why."), field="reason")
