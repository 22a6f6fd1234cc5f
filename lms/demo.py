"""Demo data: a state with districts, hospitals and police departments in real counties, and a team one nurse short."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from lms import journey
from lms.answering import right_answers
from lms.assessment.sittings import load_sitting
from lms.catalog.models import Course
from lms.catalog.versions import course_of, find_course
from lms.clock import local_day, utc_now
from lms.cohorts import teams
from lms.cohorts.models import CohortTemplate
from lms.database import db, run_transaction
from lms.errors import N_, Conflict
from lms.learning.assignments import Draft, make_assignment
from lms.learning.progress import load_standing
from lms.people import policies
from lms.people.models import Agency, Membership, RoleGrant, User
from lms.people.passwords import hash_password
from lms.people.signins import load_viewer
from lms.settings import Settings

DEMO_PASSWORD = "training-demo-only"  # noqa: S105 - public on purpose, and refused away from loopback
CORE_COURSE = "understanding-trafficking"
TEAM_TEMPLATE = "demo-team"


@dataclass(frozen=True, slots=True)
class DemoAgency:
    key: str
    name: str
    kind: str
    county_fips: str | None
    above: str | None


AGENCIES = (
    DemoAgency("MO", "Missouri Training Center (demo)", "state", None, None),
    DemoAgency("SD-BOONE", "Cedar Prairie School District (demo)", "district", "29019", "MO"),
    DemoAgency("SCH-CEDAR", "Cedar Prairie Middle School (demo)", "school", "29019", "SD-BOONE"),
    DemoAgency("SCH-OAK", "Oak Hollow High School (demo)", "school", "29019", "SD-BOONE"),
    DemoAgency("SD-GREENE", "Ozark Ridge School District (demo)", "district", "29077", "MO"),
    DemoAgency("HOSP-BOONE", "Two Rivers Hospital (demo)", "hospital", "29019", "MO"),
    DemoAgency("HOSP-JACKSON", "West Bluff Medical Center (demo)", "hospital", "29095", "MO"),
    DemoAgency("PD-BOONE", "Cedar Prairie Police Department (demo)", "police", "29019", "MO"),
    DemoAgency("SO-GREENE", "Ozark Ridge Sheriff's Office (demo)", "sheriff", "29077", "MO"),
    DemoAgency("ADV-BOONE", "Lantern House Advocates (demo)", "advocacy", "29019", "MO"),
)


@dataclass(frozen=True, slots=True)
class DemoPerson:
    email: str
    name: str
    what: str
    agency: str
    discipline: str
    role: str | None = None
    role_over: str | None = None
    language: str = "en"


DEMO_PEOPLE = (
    DemoPerson(
        "state.admin@demo.example", "Robin Ellis", N_("state administrator"), "MO", "other", "state-administrator"
    ),
    DemoPerson(
        "agency.admin@demo.example",
        "Dana Whitfield",
        N_("administrator of the demo school district"),
        "SD-BOONE",
        "schools",
        "agency-administrator",
        "SD-BOONE",
    ),
    DemoPerson("trainer@demo.example", "Sam Okafor", N_("author of courses"), "MO", "other", "author"),
    DemoPerson(
        "coordinator@demo.example",
        "Jo Marsh",
        N_("coordinator of a team"),
        "ADV-BOONE",
        "victim-services",
        "coordinator",
        "MO",
    ),
    DemoPerson("teacher@demo.example", "Ana Ruiz", N_("teacher"), "SCH-CEDAR", "schools", language="es"),
    DemoPerson("nurse@demo.example", "Maya Tran", N_("nurse"), "HOSP-BOONE", "healthcare"),
    DemoPerson("officer@demo.example", "Chris Bell", N_("police officer"), "PD-BOONE", "law-enforcement"),
    DemoPerson("advocate@demo.example", "Noor Haddad", N_("advocate"), "ADV-BOONE", "victim-services"),
)
OTHERS = (
    DemoPerson("lee.park@demo.example", "Lee Park", "", "SCH-OAK", "schools"),
    DemoPerson("pat.kim@demo.example", "Pat Kim", "", "SCH-OAK", "schools"),
    DemoPerson("ivy.stone@demo.example", "Ivy Stone", "", "SD-GREENE", "schools"),
    DemoPerson("tom.reyes@demo.example", "Tom Reyes", "", "HOSP-JACKSON", "healthcare"),
    DemoPerson("kim.vo@demo.example", "Kim Vo", "", "SO-GREENE", "law-enforcement"),
)
CERTIFIED = ("teacher@demo.example", "officer@demo.example", "advocate@demo.example", "lee.park@demo.example")
"""They have really passed: every certificate of the demo has an attempt behind it."""

STARTED = ("tom.reyes@demo.example", "kim.vo@demo.example")


def make_demo(settings: Settings, say: Callable[[str], None]) -> None:
    """Make the demo, whole or not at all: whoever stops the first start finds it made at the next. Commits. Raises
    Conflict where there are people already, or none of the courses that it is about."""
    if db.session.scalar(select(func.count()).select_from(User)):
        raise Conflict("There are people in this database already; demo data is only made in an empty one.")
    has_team = db.session.scalar(select(CohortTemplate.id).where(CohortTemplate.slug == TEAM_TEMPLATE))
    if not has_team or CORE_COURSE not in {each.slug for each in db.session.scalars(select(Course))}:
        raise Conflict("There is no demo here: it needs the shipped courses, and LMS_COURSES names others.")
    hashed = hash_password(DEMO_PASSWORD)

    def make_all() -> int:
        agencies = make_agencies()
        people = make_people(agencies, hashed, settings)
        make_team(agencies, people, settings)
        assign_course(agencies, people, settings)
        for email in CERTIFIED:
            take_course(people[email], settings, finishes=True)
        for email in STARTED:
            take_course(people[email], settings, finishes=False)
        return len(people)

    count = run_transaction(make_all)
    say(f"  demo: {len(AGENCIES)} agencies, {count} people")
    say(f"  demo: {len(CERTIFIED)} certified, a team that waits for its nurse")


def make_agencies() -> dict[str, int]:
    made: dict[str, Agency] = {}
    for one in AGENCIES:
        above = made[one.above] if one.above else None
        agency = Agency(
            name=one.name,
            kind=one.kind,
            code=one.key,
            county_fips=one.county_fips,
            parent_id=above.id if above else None,
            path="",
            created_at=utc_now(),
        )
        db.session.add(agency)
        db.session.flush()
        agency.path = f"{above.path if above else '/'}{agency.id}/"
        made[one.key] = agency
    return {key: agency.id for key, agency in made.items()}


def make_people(agencies: dict[str, int], hashed: str, settings: Settings) -> dict[str, int]:
    now = utc_now()
    ids = {}
    for one in (*DEMO_PEOPLE, *OTHERS):
        user = User(
            name=one.name,
            email=one.email,
            email_verified_at=now,
            password_hash=hashed,
            language=one.language,
            created_at=now,
            is_demo=True,
        )
        db.session.add(user)
        db.session.flush()
        ids[one.email] = user.id
        policies.accept_by_itself(user.id, policies.in_force(settings.policies), one.language, now)
        db.session.add(
            Membership(
                user_id=user.id,
                agency_id=agencies[one.agency],
                discipline=one.discipline,
                started_on=(now - timedelta(days=400)).date(),
            )
        )
        if one.role:
            over = agencies[one.role_over] if one.role_over else None
            db.session.add(RoleGrant(user_id=user.id, role=one.role, agency_id=over, granted_at=now))
    return ids


def make_team(agencies: dict[str, int], people: dict[str, int], settings: Settings) -> None:
    """The team's seats are taken; what it waits for is the nurse's certificate."""
    template = db.session.scalars(select(CohortTemplate).where(CohortTemplate.slug == TEAM_TEMPLATE)).one()
    today = local_day(utc_now(), settings.time_zone)
    cohort = teams.create_cohort(
        template,
        name="Cedar County response team (demo)",
        agency_id=agencies["MO"],
        coordinator_id=people["coordinator@demo.example"],
        starts_on=today,
        ready_by=today + timedelta(days=97),
        now=utc_now(),
    )
    for email in ("teacher@demo.example", "nurse@demo.example", "officer@demo.example", "advocate@demo.example"):
        member = load_viewer(people[email])
        assert member is not None
        teams.add_member(cohort, member, utc_now(), actor_id=cohort.coordinator_id)


def assign_course(agencies: dict[str, int], people: dict[str, int], settings: Settings) -> None:
    """The school district assigned the course for everyone 45 days ago, with 30 days: who did not finish is overdue."""
    now = utc_now()
    draft = Draft(
        agency_id=agencies["SD-BOONE"],
        course_id=find_course(CORE_COURSE)[0].id,
        certification_id=None,
        audience="everybody",
        discipline=None,
        due_on=None,
        due_days=30,
    )
    day = local_day(now, settings.time_zone) - timedelta(days=45)
    make_assignment(draft, day=day, now=now - timedelta(days=45), actor_id=people["state.admin@demo.example"])


def take_course(user_id: int, settings: Settings, *, finishes: bool) -> None:
    """Go the learner's own way through the core course, with right answers."""
    viewer = load_viewer(user_id)
    assert viewer is not None
    journey.enroll(viewer, CORE_COURSE)
    standing = load_standing(user_id, CORE_COURSE)
    course = course_of(standing.version_id, standing.content_hash)
    for number, entry in enumerate(course.core_modules):
        module = course.module(entry.id, viewer.language)
        assert module is not None
        if not finishes and number >= 2:
            return
        if module.kind == "survey" or (module.quiz and module.quiz.role in ("pre", "post")):
            continue
        if module.kind != "quiz":
            journey.complete_module(viewer, CORE_COURSE, entry.id, settings)
        if module.quiz is not None and module.questions:
            attempt_id = journey.start_attempt(viewer, CORE_COURSE, entry.id, settings, language=viewer.language)
            values = right_answers(load_sitting(user_id, attempt_id))
            key = f"demo-{attempt_id}"
            journey.submit_attempt(viewer, attempt_id, values, key, settings, language=viewer.language)
