"""Certifications as they are written, in `courses/certifications/*.yaml` or a form: checked, and kept as versions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from lms.certification.models import Certification, CertificationVersion
from lms.certification.requirements import CertificationRule, Needed, Renewal
from lms.courseware.checks.rules import courses_of_row, faults_of
from lms.courseware.data_file import read_mapping
from lms.database import db
from lms.errors import N_, Invalid
from lms.people.audit import note


@dataclass(frozen=True, slots=True)
class PublishedRules:
    """Slugs of certifications by what became of them."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    def __str__(self) -> str:
        """As the command says it: `2 added, 0 changed, 0 unchanged`."""
        return f"{len(self.added)} added, {len(self.changed)} changed, {len(self.unchanged)} unchanged"


def publish_rules(folder: Path, now: datetime) -> PublishedRules:
    """Take every `*.yaml` of a folder as a certification; the same files again change nothing. The caller commits.

    All are checked before the first row is written. Raises Invalid, naming file and fault. A certification whose file
    is gone, or that was changed in the browser since, stays as it is.
    """
    read = [read_rules(path) for path in sorted(folder.glob("*.yaml"))]
    done: dict[str, list[str]] = {"added": [], "changed": [], "unchanged": []}
    for rules in read:
        done[save_rules(rules, now=now, actor_id=None, is_file=True)].append(str(rules["id"]))
    return PublishedRules(**{word: tuple(slugs) for word, slugs in done.items()})


def save_rules(
    rules: Mapping[str, Any], *, now: datetime, actor_id: int | None, reason: str = "", is_file: bool = False
) -> str:
    """Keep checked rules as the current version: `added`, `changed` or `unchanged`. Awards keep the version they came
    from. The caller commits.

    A file only replaces what came from a file: whoever changed the rule in the browser since has the last word.
    """
    slug = str(rules["id"])
    row = db.session.execute(
        select(Certification, CertificationVersion)
        .join(CertificationVersion, CertificationVersion.certification_id == Certification.id)
        .where(Certification.slug == slug, CertificationVersion.is_current)
        .with_for_update()
    ).one_or_none()
    if row is not None:
        present = row[1]
        if present.rules == rules or (is_file and present.published_by_id is not None):
            return "unchanged"
        db.session.execute(
            update(CertificationVersion).where(CertificationVersion.id == present.id).values(is_current=False)
        )
    certification = row[0] if row is not None else _new(slug, now)
    last = db.session.scalar(
        select(func.max(CertificationVersion.number)).where(CertificationVersion.certification_id == certification.id)
    )
    version = CertificationVersion(
        certification_id=certification.id,
        number=(last or 0) + 1,
        rules=dict(rules),
        is_current=True,
        published_at=now,
        published_by_id=actor_id,
        note=reason.strip()[:500],
    )
    db.session.add(version)
    db.session.flush()
    note(
        "certification.changed" if row is not None else "certification.added",
        "certification",
        certification.id,
        actor_id=actor_id,
        reason=reason.strip() or None,
        version=version.number,
    )
    return "changed" if row is not None else "added"


def _new(slug: str, now: datetime) -> Certification:
    certification = Certification(slug=slug, created_at=now)
    db.session.add(certification)
    db.session.flush()
    return certification


def read_rules(path: Path) -> dict[str, Any]:
    """A certification's YAML, checked. Raises Invalid."""
    rules = read_mapping(path, _fault)
    if rules.get("id") != path.stem:
        raise _fault(path.name, "its id is not its file name")
    check_rules(path.name, rules)
    return rules


def rule_of(rules: Mapping[str, Any]) -> CertificationRule:
    """What the decision needs of stored rules, which were checked when they were saved."""
    renewal = rules.get("renewal") or {}
    return CertificationRule(
        slug=str(rules["id"]),
        needed=tuple(
            Needed(courses_of_row(one), int(one.get("count", 1)), one.get("min_percent"))
            for one in rules.get("requires") or ()
        ),
        disciplines=tuple(rules.get("disciplines") or ()),
        cross_modules=int(rules.get("cross_modules", 0)),
        valid_months=rules.get("valid_months"),
        freshness_months=rules.get("freshness_months"),
        renewal=Renewal(
            opens_months=int(renewal.get("opens_months", 3)),
            grace_days=int(renewal.get("grace_days", 60)),
            refresher=tuple(renewal.get("refresher") or ()),
        ),
    )


def courses_of(rules: Mapping[str, Any]) -> tuple[str, ...]:
    """Every course that the rules name."""
    return rule_of(rules).courses


def check_rules(name: str, rules: Mapping[str, Any]) -> None:
    """Raises Invalid for rules that nobody could meet or that mean nothing; `name` is the file or the certification."""
    for fault in faults_of(rules):
        raise _fault(name, fault.text)


def unknown_courses(rules: Mapping[str, Any], known: Collection[str]) -> list[str]:
    """Courses that the rules name and that are not published; a rule may wait for one, and says so."""
    return [course for course in courses_of(rules) if course not in known]


def _fault(name: str, fault: str) -> Invalid:
    return Invalid(N_("The certification %(name)s cannot be taken: %(fault)s."), name=name, fault=fault)
