"""Synthetic agencies, people and records for load tests, by bulk: the same ones for the same number of learners.

Every row satisfies every constraint of the tables. What is left out, so that a million learners take minutes: the
questions drawn and the answers given (an attempt is only its result), the objectives on certificates, audit events,
and, after the first 20,000 learners, progress in modules other than the one that was opened last.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Table, func, insert, select, text

from lms.assessment.models import Attempt
from lms.catalog.versions import CurrentVersion, current_versions
from lms.certification.codes import ALPHABET, RANDOM_SYMBOLS, check_symbol
from lms.certification.facts import AwardSite, CertificateFacts
from lms.certification.models import Certificate
from lms.certification.validity import expiry_of, last_valid_day
from lms.clock import local_day, utc_now
from lms.courseware.course import DISCIPLINES
from lms.database import db, writing
from lms.errors import N_, Conflict, Invalid
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import Agency, Membership, User
from lms.people.names import search_text
from lms.settings import Settings

LEARNERS_PER_AGENCY = 500
LEARNERS_PER_BATCH = 2_000
"""One transaction each: what was made stays if the next one is stopped, and other writers get in between."""

FULL_PROGRESS_LEARNERS = 20_000
SPREAD = 0x5DEECE66D5DEEC
"""Odd, so that it maps different numbers to different codes (modulo a power of two)."""

COUNTIES = ("29019", "29047", "29077", "29095", "29097", "29183", "29189", "29510")
KINDS = {"district": "schools", "hospital": "healthcare", "police": "law-enforcement", "advocacy": "victim-services"}
FIRST_NAMES = ("Ana", "Ben", "Chidi", "Dana", "Elena", "Farid", "Grace", "Hoa", "Iris", "José", "Kim", "Lena", "Mateo")
LAST_NAMES = (
    "Adams",
    "Begay",
    "Chen",
    "Díaz",
    "Evans",
    "Fofana",
    "García",
    "Hill",
    "Ivanova",
    "Jones",
    "Khan",
    "Núñez",
)

Rows = dict[Any, list[dict[str, Any]]]


@dataclass(slots=True)
class Seed:
    """What all batches share. `next_ids` numbers rows here, so that one row may refer to another before it is sent."""

    now: datetime
    site: AwardSite
    versions: list[CurrentVersion]
    chance: random.Random
    next_ids: dict[Any, int]
    agencies: list[tuple[int, str, str]] = field(default_factory=list)
    rows: Rows = field(default_factory=dict)

    def add(self, model: Any, **values: Any) -> int:
        """Note down a row; returns its id."""
        number = self.next_ids[model]
        self.next_ids[model] = number + 1
        self.rows.setdefault(model, []).append({"id": number, **values})
        return number

    def ago(self, least_days: float, most_days: float) -> datetime:
        return self.now - timedelta(days=self.chance.uniform(least_days, most_days))


MODELS = (Agency, User, Membership, Enrollment, ModuleProgress, Attempt, Certificate)
"""In the order in which they refer to each other."""


def seed(settings: Settings, learners: int, say: Callable[[str], None]) -> None:
    """Make so many learners with all that hangs on them; nobody of them can sign in. Commits batch by batch.

    Raises Conflict in production and where no course is published, Invalid for a number that makes no sense.
    """
    if settings.is_production:
        raise Conflict(N_("Synthetic people do not belong in a production database."))
    if learners < 1:
        raise Invalid(N_("Say how many learners to make: 1 or more."), field="learners")
    versions = [version for version in current_versions() if final_module(version) is not None]
    if not versions:
        raise Conflict(N_("Publish a course with a final quiz first: lms publish."))
    now = utc_now()
    chance = random.Random(learners)  # noqa: S311 - data, not secrets
    state = Seed(now, AwardSite.from_settings(settings), versions, chance, next_ids())
    make_agencies(state, max(4, learners // LEARNERS_PER_AGENCY))
    send(state)
    for start in range(0, learners, LEARNERS_PER_BATCH):
        for number in range(start, min(start + LEARNERS_PER_BATCH, learners)):
            make_learner(state, is_full=number < FULL_PROGRESS_LEARNERS)
        send(state)
        say(f"{min(start + LEARNERS_PER_BATCH, learners):,} of {learners:,} learners")
    with writing():
        settle_tables()


def next_ids() -> dict[Any, int]:
    return {model: (db.session.scalar(select(func.max(model.id))) or 0) + 1 for model in MODELS}


def final_module(version: CurrentVersion) -> str | None:
    """The module whose passed quiz earns the certificate."""
    finals = (module["id"] for module in version.facts["modules"] if module["quiz_role"] == "final")
    return next(finals, None)


def make_agencies(state: Seed, count: int) -> None:
    """A state with agencies of four kinds in eight counties, two levels deep."""
    root = _agency(state, None, "/", "Synthetic state", "state", None)
    parents: list[tuple[int, str, str]] = []
    for number in range(1, count):
        kind = tuple(KINDS)[number % len(KINDS)]
        county = state.chance.choice(COUNTIES)
        above = state.chance.choice(parents) if parents and number % 3 == 0 else (root, f"/{root}/", "")
        made = _agency(state, above[0], above[1], f"Synthetic {kind} {number}", kind, county)
        entry = (made, f"{above[1]}{made}/", kind)
        if above[0] == root:
            parents.append(entry)
        state.agencies.append(entry)


def _agency(state: Seed, parent: int | None, above: str, name: str, kind: str, county: str | None) -> int:
    number = state.next_ids[Agency]
    return state.add(
        Agency,
        parent_id=parent,
        path=f"{above}{number}/",
        name=name,
        kind=kind,
        code=f"SEED-{number}",
        county_fips=county,
        created_at=state.now - timedelta(days=1500),
        archived_at=None,
    )


def make_learner(state: Seed, *, is_full: bool) -> None:
    """One person with a place (every twentieth with two) and two to six enrollments, four on average."""
    chance = state.chance
    number = state.next_ids[User]
    name = f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)} {number}"
    created = state.ago(1000, 1400)
    state.add(
        User, name=name, email=f"learner{number}@seed.example", email_verified_at=created, password_hash=None,
        certificate_name=None, language="es" if number % 10 == 0 else "en", created_at=created, last_seen_at=None,
        disabled_at=None, is_demo=False, search_text=search_text(name, f"learner{number}@seed.example"),
    )  # fmt: skip
    # Squared: the first agencies become far larger than the last, as in life.
    places = [state.agencies[int(chance.random() ** 2 * len(state.agencies))]]
    if number % 20 == 0:
        places.append(chance.choice([entry for entry in state.agencies[:50] if entry != places[0]] or places))
    for place in dict.fromkeys(places):
        discipline = KINDS[place[2]] if chance.random() < 0.9 else chance.choice(DISCIPLINES)
        state.add(
            Membership, user_id=number, agency_id=place[0], discipline=discipline, started_on=created.date(),
            ended_on=None,
        )  # fmt: skip
    shift = chance.randrange(len(state.versions))
    enrollments = chance.randint(2, 6)
    for index in range(enrollments):
        version = state.versions[(index + shift) % len(state.versions)]
        make_enrollment(
            state,
            (number, name, places[0][0]),
            version,
            cycle=index // len(state.versions) + 1,
            is_last=index >= enrollments - len(state.versions),
            is_full=is_full,
        )


def make_enrollment(
    state: Seed, person: tuple[int, str, int], version: CurrentVersion, *, cycle: int, is_last: bool, is_full: bool
) -> None:
    """One enrollment: the last of a course may be in progress, those before it are completed and certified."""
    is_completed = not is_last or state.chance.random() < 0.7
    age = max(0, 3 - cycle) * 250
    completed_at = state.ago(age + 1, age + 240) if is_completed else None
    enrolled_at = completed_at - timedelta(days=9) if completed_at else state.ago(2, 120)
    enrollment = state.add(
        Enrollment, user_id=person[0], course_id=version.course_id, version_id=version.version_id, cycle=cycle,
        enrolled_at=enrolled_at, completed_at=completed_at,
    )  # fmt: skip
    final = final_module(version) or ""
    modules = [module["id"] for module in version.facts["modules"]]
    seen_at = completed_at or enrolled_at + (state.now - enrolled_at) * state.chance.random()
    kept = modules if is_completed else modules[:1]
    for module in kept if is_full else kept[-1:]:
        state.add(
            ModuleProgress, enrollment_id=enrollment, module_id=module, opened_at=enrolled_at, last_seen_at=seen_at,
            read_at=completed_at, completed_at=completed_at,
        )  # fmt: skip
    if completed_at is None:
        return
    tries = 2 if state.chance.random() < 0.8 else 1
    attempts = [_attempt(state, enrollment, version, final, number, number == tries, completed_at, tries)
                for number in range(1, tries + 1)]  # fmt: skip
    _certificate(state, person, version, attempts[-1], cycle, completed_at)


def _attempt(
    state: Seed,
    enrollment: int,
    version: CurrentVersion,
    module: str,
    number: int,
    passed: bool,
    at: datetime,
    tries: int,
) -> int:
    submitted_at = at - timedelta(days=tries - number)
    marks = [entry["pass_mark"] for entry in version.facts["modules"] if entry["id"] == module]
    score = state.chance.randint(80, 100) if passed else state.chance.randint(30, 79)
    return state.add(
        Attempt, enrollment_id=enrollment, version_id=version.version_id, module_id=module, role="final",
        number=number, language="en", pass_mark=marks[0], drawn=[], secret=f"seed-{state.next_ids[Attempt]}",
        started_at=submitted_at - timedelta(minutes=12), submitted_at=submitted_at, idempotency_key=None,
        body_hash=None, receipt=f"SEED{state.next_ids[Attempt]:012d}", points=str(score), points_possible="100",
        score_percent=score, passed=passed,
    )  # fmt: skip


def _certificate(
    state: Seed, person: tuple[int, str, int], version: CurrentVersion, attempt: int, cycle: int, at: datetime
) -> None:
    zone = state.site.time_zone
    completed_on = local_day(at, zone)
    valid_until = last_valid_day(completed_on, version.valid_months)
    code = code_of(state.next_ids[Certificate])
    facts = facts_template(state.site, version) | {
        "code": code,
        "printed_name": person[1],
        "completed_on": completed_on.isoformat(),
        "valid_until": valid_until.isoformat() if valid_until else None,
    }
    state.add(
        Certificate, code=code, kind="course", user_id=person[0], agency_id=person[2], discipline=None,
        course_id=version.course_id, version_id=version.version_id, attempt_id=attempt, attempt_passed=True,
        cycle=cycle, facts=facts, language="en", issued_at=at, completed_on=completed_on, valid_from=at,
        expires_at=expiry_of(valid_until, zone), revoked_at=None, revoked_reason=None, superseded_by_id=None,
        is_name_hidden=False, document_name=None, document_hash=None,
    )  # fmt: skip


_templates: dict[tuple[int, AwardSite], dict[str, Any]] = {}


def facts_template(site: AwardSite, version: CurrentVersion) -> dict[str, Any]:
    """What all seeded certificates of a version say; made once, for it is asked for millions of times."""
    key = (version.version_id, site)
    if key not in _templates:
        facts = CertificateFacts(
            code="", kind="course", printed_name="", title=version.facts["titles"]["en"], language="en",
            completed_on=version.published_at.date(), site_url=site.site_url, issuer_name=site.site_name,
            provider_name=site.provider_name, course_slug=version.slug, course_code=version.code,
            version_number=version.number, content_hash=version.content_hash, contact_minutes=version.contact_minutes,
        )  # fmt: skip
        _templates[key] = facts.to_json()
    return _templates[key]


def code_of(number: int) -> str:
    """A code with a right check symbol, different for each number, and the same on every run."""
    spread = number * SPREAD % 2**55
    body = "".join(ALPHABET[spread >> (5 * place) & 31] for place in range(RANDOM_SYMBOLS))
    symbols = body + check_symbol(body)
    return "-".join(symbols[start : start + 4] for start in (0, 4, 8))


def send(state: Seed) -> None:
    """Write what was noted down in one transaction: COPY on PostgreSQL, executemany on SQLite."""
    with writing():
        connection = db.session.connection()
        write = partial(_copy, connection) if connection.dialect.name == "postgresql" else partial(_insert, connection)
        for model in MODELS:
            rows = state.rows.pop(model, [])
            if rows:
                write(model.__table__, rows)


def _insert(connection: Any, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    connection.execute(insert(table), rows)


def _copy(connection: Any, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """By way of a table of this transaction: PostgreSQL refuses COPY into one with row-level security."""
    names = tuple(rows[0])
    with connection.connection.driver_connection.cursor() as cursor:
        columns = ", ".join(f'"{name}"' for name in names)
        select = f"SELECT {columns} FROM"
        cursor.execute(f"CREATE TEMPORARY TABLE seeded ON COMMIT DROP AS {select} {table.name} LIMIT 0")
        with cursor.copy(f"COPY seeded ({columns}) FROM STDIN") as copy:
            for values in _plain_values(rows, names):
                copy.write_row(values)
        cursor.execute(f"INSERT INTO {table.name} ({columns}) {select} seeded")
        cursor.execute("DROP TABLE seeded")


def _plain_values(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> Iterator[list[Any]]:
    for row in rows:
        values = (row[name] for name in names)
        yield [json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value for value in values]


def settle_tables() -> None:
    """Let numbering go on after the rows that were numbered here, and the planner know how many there are."""
    if db.session.get_bind().dialect.name == "postgresql":
        for model in MODELS:
            name = model.__tablename__
            db.session.execute(
                text(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name}))")  # noqa: S608
            )
    db.session.execute(text("ANALYZE"))
