"""What every kind of page weighs with an empty cache: compressed, with stylesheet, font, scripts and icon."""

from __future__ import annotations

import re
from dataclasses import dataclass

import brotli
import pytest
from flask.testing import FlaskClient

from lms.catalog.versions import course_of
from lms.clock import utc_now
from lms.cohorts import teams
from lms.cohorts.models import Cohort
from lms.database import db
from lms.learning.models import Enrollment, ModuleProgress
from lms.learning.progress import load_standing
from lms.people.signins import load_viewer
from lms.web.packing import QUALITY, WINDOW_BITS
from tests.cohorts.conftest import DISCIPLINES, Teams
from tests.support.pages import form_of, page_of, right_values
from tests.support.scene import Scene
from tests.support.world import SHIPPED_COURSES, World

pytestmark = pytest.mark.sqlite_only

KIB = 1024
LEARNERS_PAGE, ADMIN_PAGE, STYLES, SCRIPTS, DRAWING = 45 * KIB, 80 * KIB, 8 * KIB, 3 * KIB, 12 * KIB
LEARNERS_PAGES = ("/home", "/catalog", "/certificates", "/transcript", "/cohorts", "/account")
BROWSER = {"Accept-Encoding": "gzip, deflate, br"}
NAMED = re.compile(r'(?:href|src)="(/static/[^"]+)"')
DRAWINGS = re.compile(r"<svg\b.*?</svg>", re.DOTALL)


@dataclass(frozen=True)
class Weight:
    """A page with the files that it names, in bytes on the wire."""

    files: dict[str, int]
    html: str

    def of(self, ending: str) -> int:
        return sum(size for name, size in self.files.items() if name.endswith(ending))

    @property
    def total(self) -> int:
        return sum(self.files.values())


def weigh(client: FlaskClient, address: str) -> Weight:
    page = client.get(address, headers=BROWSER)
    assert page.status_code == 200, address
    assert page.headers.get("Content-Encoding") == "br", address
    files, html = {address: len(page.data)}, brotli.decompress(page.data).decode()
    for name in sorted(set(NAMED.findall(html))):
        files[name] = len(client.get(name, headers=BROWSER).data)
    return Weight(files, html)


def check(client: FlaskClient, address: str, most: int = LEARNERS_PAGE) -> None:
    weight = weigh(client, address)

    assert weight.total <= most, weight.files
    assert len(weight.files) <= 6, weight.files
    assert weight.of(".css") <= STYLES
    assert weight.of(".js") <= SCRIPTS
    for drawing in DRAWINGS.findall(weight.html):
        assert len(brotli.compress(drawing.encode(), quality=QUALITY, lgwin=WINDOW_BITS)) <= DRAWING


def longest_modules() -> list[tuple[str, str, str]]:
    """Of each language the longest module that ships: course, module, language."""
    found = []
    for language in ("en", "es"):
        path = max(SHIPPED_COURSES.glob(f"*/{language}/[0-9]*.md"), key=lambda one: one.stat().st_size)
        found.append((path.parents[1].name, path.name, language))
    return found


def reader_of(world: World, slug: str, language: str = "en") -> tuple[FlaskClient, list[str]]:
    """Somebody who has completed every module of a course but its last quiz, and the modules' ids."""
    version = world.publish(slug)
    user = world.user(agency=world.agency(), language=language)

    def step() -> list[str]:
        now, standing = utc_now(), load_standing(user, slug)
        enrollment = Enrollment(user_id=user, course_id=standing.course_id, version_id=version, enrolled_at=now)
        db.session.add(enrollment)
        db.session.flush()
        modules = [entry.id for entry in course_of(version).modules]
        for module in modules[:-1]:
            moments = dict.fromkeys(("opened_at", "last_seen_at", "read_at", "completed_at"), now)
            db.session.add(ModuleProgress(enrollment_id=enrollment.id, module_id=module, **moments))
        return modules

    modules = world.write(step)
    return world.client_of(user), modules


@pytest.mark.parametrize(("slug", "file", "language"), longest_modules())
def test_the_longest_module_of_each_language_is_a_light_page(world: World, slug: str, file: str, language: str) -> None:
    client, modules = reader_of(world, slug, language)
    module = next(one for one in modules if file.removesuffix(".md").endswith(one))

    check(client, f"/learn/{slug}/{module}")

    assert f'<html lang="{language}"' in client.get(f"/learn/{slug}/{module}").text


def test_a_shipped_course_its_final_quiz_and_its_result_are_light_pages(world: World) -> None:
    slug = "understanding-trafficking"
    client, modules = reader_of(world, slug)
    check(client, f"/courses/{slug}")
    check(client, f"/courses/{slug}/glossary")
    assert "final" in modules
    check(client, f"/learn/{slug}/final")
    start = form_of(page_of(client, f"/learn/{slug}/final"), "/attempts")
    address = client.post(start.action, data=start.fields).headers["Location"]

    check(client, address)
    form = form_of(page_of(client, address), "/submit")
    client.post(f"{address}/submit", data={**form.fields, **right_values(world, address)})

    assert "data-receipt" in page_of(client, address)
    check(client, address)


def test_what_a_learner_holds_is_shown_on_light_pages(world: World) -> None:
    scene = Scene(world.app)
    scene.world.publish("understanding-trafficking")
    client = scene.client_of("owner")

    for address in (*LEARNERS_PAGES, f"/certificates/{scene.values['code']}", f"/verify/{scene.values['code']}"):
        check(client, address)


@pytest.fixture
def team(world: World, tmp_path) -> tuple[Teams, int]:  # type: ignore[no-untyped-def]
    """A team of fifteen, the most that any template takes."""
    teams_ = Teams(world, tmp_path)
    cohort = teams_.cohort()
    for number in range(15):
        user = teams_.person(DISCIPLINES[number % 4], f"Member {number} of the team")
        viewer = world.read(lambda user=user: load_viewer(user))  # type: ignore[misc]
        world.write(lambda viewer=viewer: teams.add_member(db.session.get_one(Cohort, cohort), viewer, utc_now()))  # type: ignore[misc]
    return teams_, cohort


def test_the_board_of_a_full_team_is_a_light_page(team: tuple[Teams, int]) -> None:
    teams_, cohort = team

    check(teams_.world.client_of(teams_.coordinator), f"/cohorts/{cohort}")


@pytest.mark.parametrize(
    "address",
    ["/", "/help", "/sign-in", "/verify", "/privacy", "/accessibility", "/catalog", "/resources", "/glossary"],
)
def test_what_a_stranger_sees_are_light_pages(client: FlaskClient, address: str) -> None:
    check(client, address)


def test_an_administrators_pages_stay_below_80_kb(world: World) -> None:
    scene = Scene(world.app)
    for number in range(60):
        scene.world.user(f"Person {number} of many", agency=scene.below_a)
    for _number in range(40):
        scene.world.agency(parent=scene.agency_a)
    client = scene.client_of("state")

    for address in (
        "/reports",
        "/reports/expiring",
        "/people",
        "/people/invitations",
        "/agencies",
        "/audit",
        "/outbox",
    ):
        check(client, address, ADMIN_PAGE)
