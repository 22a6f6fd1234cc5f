"""Credit bodies and mandates out of their files: read, checked, kept as rows; and found again as frozen values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lms.certification.credit_models import CreditBody, Mandate
from lms.courseware.credit_files import body_faults, mandate_faults
from lms.courseware.data_file import read_mapping
from lms.database import db
from lms.errors import N_, Invalid

Texts = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Body:
    """A credit body as everything else sees it."""

    id: int
    slug: str
    facts: Mapping[str, Any]

    def name(self, language: str) -> str:
        return in_language(self.facts["name"], language)

    def short_name(self, language: str) -> str:
        return in_language(self.facts["short_name"], language)

    def license_name(self, language: str) -> str:
        return in_language(self.facts["license_name"], language)

    @property
    def state(self) -> str:
        """Two letters; empty for a body of no state."""
        return str(self.facts.get("state") or "")

    @property
    def minutes_per_hour(self) -> int:
        return int(self.facts["minutes_per_hour"])

    @property
    def needs_license(self) -> bool:
        return bool(self.facts["needs_license"])

    @property
    def gives_credit(self) -> bool:
        return bool(self.facts["gives_credit"])

    @property
    def checked_on(self) -> date:
        return date.fromisoformat(self.facts["checked_on"])

    @property
    def certificate_requires(self) -> tuple[str, ...]:
        return tuple(self.facts.get("certificate_requires") or ())

    def ids(self, kind: str) -> tuple[str, ...]:
        """Ids of its `types`, `categories` or `topics`."""
        return tuple(item["id"] for item in self.facts.get(kind) or ())

    def is_topic(self, category: str | None) -> bool:
        """Whether minutes of it lie inside those of an area, so that they add nothing to the total."""
        return category in self.ids("topics")

    def word(self, name: str | None, language: str) -> str:
        """The name of a type, an area or a topic; the id as words where the body has no name for it."""
        for kind in ("types", "categories", "topics"):
            for item in self.facts.get(kind) or ():
                if item["id"] == name:
                    return in_language(item["name"], language)
        return (name or "").replace("-", " ")


@dataclass(frozen=True, slots=True)
class Rule:
    """A mandate as everything else sees it."""

    slug: str
    state: str
    facts: Mapping[str, Any]

    def text(self, key: str, language: str) -> str:
        return in_language(self.facts[key], language)

    @property
    def body(self) -> str:
        return str(self.facts.get("body") or "")

    @property
    def boards(self) -> tuple[str, ...]:
        return tuple(self.facts.get("boards") or ())

    @property
    def checked_on(self) -> date:
        return date.fromisoformat(self.facts["checked_on"])

    def holds_on(self, day: date) -> bool:
        """Whether it is in force, as far as its days are known; both belong to it."""
        begins, ends = self.facts.get("effective_from"), self.facts.get("effective_until")
        return (begins is None or date.fromisoformat(begins) <= day) and (
            ends is None or day <= date.fromisoformat(ends)
        )


@dataclass(slots=True)
class Published:
    """Slugs by what became of them."""

    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """As the command says it: `2 added, 0 changed, 0 unchanged`."""
        return f"{len(self.added)} added, {len(self.changed)} changed, {len(self.unchanged)} unchanged"


def publish_bodies(folder: Path, now: datetime) -> Published:
    """Take every `*.yaml` of a folder as a credit body; the same files again change nothing. The caller commits.

    All are checked before the first row is written. Raises Invalid. A body whose file is gone stays: approvals lean
    on it.
    """
    read = [_read_body(path) for path in sorted(folder.glob("*.yaml"))]
    known = {one.slug: one for one in db.session.scalars(select(CreditBody))}
    return _save(read, known, now, lambda facts: CreditBody(slug=facts["id"], facts=facts, updated_at=now))


def publish_mandates(folder: Path, now: datetime) -> Published:
    """The same for every entry of `mandates` in the files of a folder. An entry that is gone stays as well: give it an
    `effective_until` instead. Raises Invalid, also for an id that two files have."""
    read = [entry for path in sorted(folder.glob("*.yaml")) for entry in _read_mandates(path)]
    slugs = [entry["id"] for entry in read]
    for slug in slugs:
        if slugs.count(slug) > 1:
            raise _fault(slug, "its id stands twice.")
    known = {one.slug: one for one in db.session.scalars(select(Mandate))}
    done = _save(
        read, known, now, lambda facts: Mandate(slug=facts["id"], state=facts["state"], facts=facts, updated_at=now)
    )
    for row in known.values():
        row.state = row.facts["state"]
    return done


def _save(
    read: Iterable[dict[str, Any]], known: Mapping[str, Any], now: datetime, make: Callable[[dict[str, Any]], Any]
) -> Published:
    done = Published()
    for facts in read:
        row = known.get(facts["id"])
        if row is None:
            db.session.add(make(facts))
            done.added.append(facts["id"])
        elif row.facts != facts:
            row.facts, row.updated_at = facts, now
            done.changed.append(facts["id"])
        else:
            done.unchanged.append(facts["id"])
    db.session.flush()
    return done


def load_bodies(slugs: Iterable[str] | None = None) -> dict[str, Body]:
    """Credit bodies by id, in the order of their ids; one query."""
    query = select(CreditBody.id, CreditBody.slug, CreditBody.facts).order_by(CreditBody.slug)
    if slugs is not None:
        query = query.where(CreditBody.slug.in_(list(slugs)))
    return {row.slug: Body(*row) for row in db.session.execute(query)}


def load_rules(states: Iterable[str], day: date) -> list[Rule]:
    """The mandates of states that are in force on a day, by id; one query."""
    rows = db.session.execute(
        select(Mandate.slug, Mandate.state, Mandate.facts).where(Mandate.state.in_(list(states))).order_by(Mandate.slug)
    )
    return [rule for row in rows if (rule := Rule(*row)).holds_on(day)]


def find_year_rule(body: str, day: date) -> Rule | None:
    """The mandate that says how many hours of a body's areas each calendar year needs; None where none is known."""
    rows = db.session.execute(select(Mandate.slug, Mandate.state, Mandate.facts).order_by(Mandate.slug))
    rules = [Rule(*row) for row in rows if row.facts.get("body") == body and row.facts.get("year")]
    return next((rule for rule in rules if rule.holds_on(day)), None)


def in_language(texts: Texts, language: str) -> str:
    return texts.get(language) or texts["en"]


def _read_body(path: Path) -> dict[str, Any]:
    facts = _read(path)
    _refuse_faults(path.name, body_faults(facts))
    if facts["id"] != path.stem:
        raise _fault(path.name, "its id is not its file name.")
    body: dict[str, Any] = _plain(facts)
    return body


def _read_mandates(path: Path) -> list[dict[str, Any]]:
    entries = _read(path).get("mandates")
    if not isinstance(entries, list) or not entries:
        raise _fault(path.name, "`mandates` must be a list with at least one entry.")
    for entry in entries:
        _refuse_faults(path.name, mandate_faults(entry))
    return [_plain(entry) for entry in entries]


def _read(path: Path) -> dict[str, Any]:
    return read_mapping(path, lambda name, why: _fault(name, f"{why}."))


def _refuse_faults(name: str, faults: Iterator[str]) -> None:
    for fault in faults:
        raise _fault(name, fault)


def _plain(value: Any) -> Any:
    """The same with days as ISO text, as JSON keeps them."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if isinstance(value, date) else value


def _fault(name: str, fault: str) -> Invalid:
    return Invalid(N_("%(name)s cannot be taken: %(fault)s"), name=name, fault=fault)
