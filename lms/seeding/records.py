"""What is made up: agencies, learners, enrollments, attempts and certificates that satisfy every constraint."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from lms.assessment.models import Attempt
from lms.catalog.facts import core_modules
from lms.catalog.versions import CurrentVersion
from lms.certification.codes import RANDOM_SYMBOLS, check_symbol
from lms.certification.facts import AwardSite, CertificateFacts
from lms.certification.models import Certificate
from lms.certification.validity import expiry_of, last_valid_day
from lms.clock import local_day
from lms.courseware.course import DISCIPLINES
from lms.learning.models import Enrollment, ModuleProgress
from lms.people.models import Agency, Membership, User
from lms.people.names import search_text
from lms.people.spoken_codes import ALPHABET
from lms.seeding.batch import Seed

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
    modules = [module["id"] for module in core_modules(version.facts)]
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
