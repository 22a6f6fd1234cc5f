"""Policies that people accept, as Markdown files with a version: terms of use, privacy notice; who accepted which."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import yaml
from sqlalchemy import select

from lms.courseware.markdown import render
from lms.database import db, insert_into
from lms.errors import N_, Overtaken
from lms.people.audit import note
from lms.people.person_models import POLICIES, PolicyAcceptance
from lms.resources import data_folder
from lms.settings import SettingsError

FENCE = "---\n"


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy in one language, as it is shown."""

    name: str
    language: str
    title: str
    version: str
    on: date
    html: str
    text_hash: str


@dataclass(frozen=True, slots=True)
class InForce:
    """The policies in force, by name and language; English stands in for a language without a text of its own."""

    texts: Mapping[tuple[str, str], Policy]

    def find(self, name: str, language: str) -> Policy | None:
        return self.texts.get((name, language)) or self.texts.get((name, "en"))

    @property
    def versions(self) -> dict[str, str]:
        return {name: self.texts[name, "en"].version for name in POLICIES}

    @property
    def hashes(self) -> set[tuple[str, str]]:
        """Name and SHA-256 of every text in force: whoever accepted one of a name, in whichever language, has it."""
        return {(name, policy.text_hash) for (name, _language), policy in self.texts.items()}

    @property
    def stamp(self) -> str:
        """All of them as one text: what a session notes once it is known that its person has accepted them."""
        return hashlib.sha256(repr(sorted(self.hashes)).encode()).hexdigest()[:16]


@cache
def in_force(folder: str = "") -> InForce:
    """The policies of a folder (`LMS_POLICIES`), or the shipped ones; read once. Raises SettingsError."""
    place = Path(folder) if folder else data_folder("templates") / "policies"
    texts: dict[tuple[str, str], Policy] = {}
    for name in POLICIES:
        for path in sorted(place.glob(f"{name}.*.md")):
            policy = _read(name, path)
            texts[name, policy.language] = policy
        if (name, "en") not in texts:
            raise SettingsError(
                f"LMS_POLICIES: {place} has no {name}.en.md. The folder needs both terms.en.md and privacy.en.md."
            )
        versions = {one.version for (of, _language), one in texts.items() if of == name}
        if len(versions) > 1:
            raise SettingsError(f"LMS_POLICIES: the languages of {name} have different versions.")
    return InForce(texts)


def _read(name: str, path: Path) -> Policy:
    content = path.read_bytes()
    _empty, fence, rest = content.decode("utf-8").partition(FENCE)
    head, fence_again, text = rest.partition(FENCE)
    try:
        if not fence or not fence_again:
            raise ValueError("no head between two lines of ---")
        facts = yaml.safe_load(head)
        title, version, on = str(facts["title"]), str(facts["version"]), facts["date"]
        if not isinstance(on, date) or not 0 < len(version) <= 32:
            raise ValueError("date or version")
    except (yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise SettingsError(f"LMS_POLICIES: {path.name} needs title, version and date in its head ({error}).") from None
    language = path.name.split(".")[1]
    return Policy(name, language, title, version, on, render(text, language), hashlib.sha256(content).hexdigest())


def accepted_texts(user_id: int) -> set[tuple[str, str]]:
    """Policy and SHA-256 of every text that a person has accepted."""
    rows = db.session.execute(
        select(PolicyAcceptance.policy, PolicyAcceptance.text_hash).where(PolicyAcceptance.user_id == user_id)
    )
    return {(row[0], row[1]) for row in rows}


def to_accept(user_id: int, policies: InForce) -> list[str]:
    """Names of the policies in force of which a person has accepted no text yet: a version that they accepted with
    other words, such as the shipped ones before a site's own, is another text."""
    accepted = accepted_texts(user_id)
    have = {name for name, _text_hash in accepted & policies.hashes}
    return [name for name in policies.versions if name not in have]


def acceptances_of(user_id: int) -> list[PolicyAcceptance]:
    """What a person accepted, the newest first."""
    return list(
        db.session.scalars(
            select(PolicyAcceptance)
            .where(PolicyAcceptance.user_id == user_id)
            .order_by(PolicyAcceptance.accepted_at.desc(), PolicyAcceptance.id.desc())
        )
    )


def accept(user_id: int, shown: Mapping[str, str], policies: InForce, language: str, now: datetime) -> None:
    """Note that a person accepted the texts they were shown (`shown`: SHA-256 by name). The caller commits.

    Raises Overtaken where another text has come into force since the page was shown.
    """
    for name in to_accept(user_id, policies):
        policy = policies.find(name, language)
        if policy is None or shown.get(name) != policy.text_hash:
            raise Overtaken(N_("A text has changed since you opened this page. Read it and accept once more."))
        _keep(user_id, policy, now)
        note("policy.accepted", "user", user_id, actor_id=user_id, policy=name, version=policy.version)


def accept_by_itself(user_id: int, policies: InForce, language: str, now: datetime) -> None:
    """For accounts that a program makes, such as demo accounts. The caller commits."""
    for name in policies.versions:
        policy = policies.find(name, language)
        assert policy is not None
        _keep(user_id, policy, now, is_by_itself=True)


def _keep(user_id: int, policy: Policy, now: datetime, *, is_by_itself: bool = False) -> None:
    """Twice makes one."""
    db.session.execute(
        insert_into(PolicyAcceptance)
        .values(
            user_id=user_id,
            policy=policy.name,
            version=policy.version,
            text_hash=policy.text_hash,
            language=policy.language,
            accepted_at=now,
            is_by_itself=is_by_itself,
        )
        .on_conflict_do_nothing()
    )
