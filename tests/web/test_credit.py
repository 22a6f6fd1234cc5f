"""Pages of licenses and credit: what the holder sees whole others see masked; credit from file to certificate."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select, update

from lms.app import create_app
from lms.catalog.models import CourseVersion
from lms.certification import approving
from lms.certification.credit_bodies import publish_bodies, publish_mandates
from lms.certification.credit_models import ApprovedLine, CreditBody, Mandate
from lms.certification.facts import AwardSite, CertificateFacts
from lms.certification.models import Certificate
from lms.certification.wording import credit_text
from lms.clock import utc_now
from lms.database import db
from lms.learning.models import Enrollment
from lms.people import licenses
from lms.people.models import Agency, AuditEvent
from lms.reporting.roster import COLUMNS
from tests.certification.conftest import SITE, Learners
from tests.support.days import site_day
from tests.support.world import SHIPPED_COURSES, World, form_token

NUMBER = "=P-2019-4471"
TODAY = site_day()


class Post:
    """Missouri POST approved the tiny course; officers with a license complete it today."""

    def __init__(self, world: World) -> None:
        self.world, self.learners = world, Learners(world)
        self.agency = self.learners.agency
        self.state = world.user("State")
        world.grant(self.state, "state-administrator")
        self.admin = world.user("Admin", agency=self.agency)
        world.grant(self.admin, "agency-administrator", self.agency)
        world.write(lambda: publish_bodies(SHIPPED_COURSES / "credit-bodies", utc_now()))
        world.write(lambda: publish_mandates(SHIPPED_COURSES / "mandates", utc_now()))
        world.write(lambda: setattr(db.session.get_one(Agency, self.agency), "ori", "MO0480000"))

    def approve(self) -> int:
        course = self.world.read(lambda: db.session.get_one(CourseVersion, self.learners.version).course_id)
        return self.world.write(
            lambda: approving.enter_approval(
                body="missouri-post",
                course_id=course,
                type="clee",
                approval_number="CN-77",
                provider_number="P-1",
                statement="",
                valid_from=date(2026, 1, 1),
                valid_until=None,
                minutes={"legal-studies": 10, "implicit-bias": 5},
                site=SITE,
                actor_id=self.state,
                now=utc_now(),
            )
        )

    def license(self, user: int, *, printed: bool = False) -> None:
        self.world.write(
            lambda: licenses.add_license(
                user,
                board="missouri-post",
                state="MO",
                number=NUMBER,
                expires_on=None,
                is_printed=printed,
                boards=("missouri-post",),
                now=utc_now(),
            )
        )

    def officer(self, name: str = "Olga Officer", *, agency: int | None = None) -> tuple[int, str]:
        user = self.world.user(name, agency=agency or self.agency, discipline="law-enforcement")
        self.license(user)
        enrollment = self.learners.enroll(user, completed=("first-steps", "second-steps"))
        code = self.learners.award(
            enrollment,
            self.learners.attempt(enrollment),
            now=utc_now(),
            site=AwardSite("http://localhost", "Site", "America/Chicago", "Provider"),
        )
        assert code is not None
        return user, code


@pytest.fixture
def post(world: World) -> Post:
    return Post(world)


def text(client: FlaskClient, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    return answer.get_data(as_text=True)


def roster(client: FlaskClient, query: str = "") -> list[list[str]]:
    content = client.get(f"/reports/clee.csv{query}").get_data().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content)))


def test_a_license_is_entered_changed_and_ended_without_javascript(post: Post) -> None:
    user = post.world.user(agency=post.agency)
    client = post.world.client_of(user)
    entered = {"board": "missouri-post", "state": "mo", "number": "77", "is_printed": "y"}

    token = form_token(client, "/account/licenses/new")
    client.post("/account/licenses/new", data={**entered, "csrf_token": token})
    (license,) = post.world.read(lambda: list(licenses.list_licenses(user)))
    address = f"/account/licenses/{license.id}"
    client.post(address, data={**entered, "number": "78", "csrf_token": form_token(client, address)})

    assert "78" in text(client, "/account/licenses")
    client.post(f"{address}/end", data={"csrf_token": form_token(client, f"{address}/end")})
    assert post.world.read(lambda: list(licenses.list_licenses(user))) == []


def test_a_license_of_another_state_than_its_boards_is_refused_beside_its_field(post: Post) -> None:
    user = post.world.user(agency=post.agency)
    client = post.world.client_of(user)
    entered = {"board": "missouri-post", "number": "77", "csrf_token": form_token(client, "/account/licenses/new")}

    elsewhere = client.post("/account/licenses/new", data={**entered, "state": "XX"})
    in_full = client.post("/account/licenses/new", data={**entered, "state": "Missouri"})
    nowhere_else = client.post("/account/licenses/new", data={**entered, "board": "ancc", "state": "KS"})

    assert (elsewhere.status_code, in_full.status_code, nowhere_else.status_code) == (422, 422, 303)
    assert "This board gives licenses of MO only." in elsewhere.get_data(as_text=True)
    assert "Enter the two letters of the state" in in_full.get_data(as_text=True)


def test_an_administrator_sees_three_characters_of_a_license(post: Post) -> None:
    user = post.world.user(agency=post.agency)
    post.license(user)

    page = text(post.world.client_of(post.admin), f"/people/{user}")

    assert "•••471" in page
    assert NUMBER not in page


def test_a_certificate_shows_its_credit_and_the_transcript_adds_it_up(post: Post) -> None:
    post.approve()
    user, code = post.officer()
    client = post.world.client_of(user)

    assert "approval CN-77" in text(client, f"/certificates/{code}")
    page = text(client, "/transcript")
    assert "CLEE: Legal studies" in page
    assert "0.16" in page


@pytest.mark.parametrize(("change", "counts"), [({"revoked_at": utc_now(), "revoked_reason": "no"}, False), ({}, True)])
def test_the_year_counts_what_stands(post: Post, change: dict[str, object], counts: bool) -> None:
    post.approve()
    user, code = post.officer()
    post.learners.change(code, **change)

    page = text(post.world.client_of(user), "/transcript/clee")

    assert ("0.16" in page) is counts
    assert "24.00" in page


def test_a_year_that_is_none_is_not_found(post: Post) -> None:
    client = post.world.client_of(post.world.user())

    for year in ("x", "1", "99999", "-1", str(TODAY.year + 1), "²"):
        assert client.get(f"/transcript/clee?year={year}").status_code == 404
    assert client.get(f"/transcript/clee?year={TODAY.year - 1}").status_code == 200


def test_why_not_yet_says_whose_credit_waits_for_a_license(post: Post) -> None:
    post.approve()
    user = post.world.user(agency=post.agency)
    post.learners.enroll(user)
    client = post.world.client_of(user)

    assert "Missouri POST approved this course for credit" in text(client, "/certificates")
    post.license(user)
    assert "approved this course for credit" not in text(client, "/certificates")


def test_whether_a_course_counts_is_answered_by_license_and_discipline(post: Post) -> None:
    officer = post.world.user(agency=post.agency, discipline="law-enforcement")
    nurse = post.world.user(agency=post.agency)
    post.approve()

    assert 'data-answer="needs-license"' in text(post.world.client_of(officer), "/courses/tiny/counts")
    post.license(officer)
    assert 'data-answer="yes"' in text(post.world.client_of(officer), "/courses/tiny/counts")
    page = text(post.world.client_of(nurse), "/courses/tiny/counts")
    assert "does not require continuing education to renew an RN" in page
    assert 'data-answer="yes"' not in page


def test_who_works_nowhere_reads_that_their_discipline_is_not_known(post: Post) -> None:
    stranger = post.world.user("Nora New")

    page = post.world.client_of(stranger).get("/courses/tiny/counts").get_data(as_text=True)

    assert "Your discipline is not known here: it comes with your place in an agency." in page
    assert "What follows is for MO." in page


def test_whoever_completed_before_an_approval_is_told_that_their_certificate_lacks_it(post: Post) -> None:
    user, code = post.officer()
    client = post.world.client_of(user)
    post.approve()

    page = text(client, "/courses/tiny/counts")

    assert "Your certificate does not carry this credit" in page
    assert f'href="/certificates/{code}"' in page
    assert "if you complete the course while the approval holds" not in page


def test_whoever_completed_under_an_approval_reads_that_their_certificate_carries_it(post: Post) -> None:
    post.approve()
    user, _ = post.officer()

    page = text(post.world.client_of(user), "/courses/tiny/counts")

    assert "Your certificate carries this credit" in page
    assert "does not carry" not in page


@pytest.mark.parametrize("is_approved_before", [True, False])
def test_who_took_again_only_what_had_changed_is_told_of_the_certificate_of_the_whole(
    post: Post, is_approved_before: bool
) -> None:
    if is_approved_before:
        post.approve()
    user, code = post.officer()
    renewed = post.learners.enroll(user, completed=("first-steps", "second-steps"), cycle=2)

    def renews() -> None:
        first = db.session.scalars(select(Enrollment.id).where(Enrollment.user_id == user, Enrollment.cycle == 1)).one()
        db.session.get_one(Enrollment, renewed).renews_id = first

    post.world.write(renews)
    part = post.learners.award(renewed, post.learners.attempt(renewed), now=utc_now())
    if not is_approved_before:
        post.approve()

    page = text(post.world.client_of(user), "/courses/tiny/counts")

    assert part is not None
    assert ("Your certificate carries this credit" in page) is is_approved_before
    assert f'href="/certificates/{code}"' in page
    assert part not in page, "no credit is ever added to it"


def test_hours_of_a_topic_are_never_shown_as_if_they_came_on_top(post: Post) -> None:
    post.approve()
    user, code = post.officer()
    client = post.world.client_of(user)

    for address in ("/courses/tiny/counts", f"/certificates/{code}", f"/verify/{code}"):
        page = " ".join(text(client, address).split()).lower()
        assert re.search(r"of these hours 0\.\d\d are on the topic implicit bias", page), address
    transcript = PdfReader(io.BytesIO(client.get("/transcript.pdf").data)).pages[0].extract_text()
    assert "implicit bias (inside an area)" in " ".join(transcript.split())


def test_credit_that_was_approved_too_late_is_added_by_a_corrected_certificate(post: Post) -> None:
    _, code = post.officer()
    number = post.approve()
    client = post.world.client_of(post.admin)
    address = f"/certificates/{code}/reissue"
    entries = {"place": "", "adds_credit": "y", "reason": "The board answered late"}

    token = form_token(client, address)
    shown = client.post(address, data={**entries, "csrf_token": token}).get_data(as_text=True)
    client.post(address, data={**entries, "csrf_token": token, "sure": "1"})
    (new,) = post.world.read(
        lambda: db.session.scalars(select(Certificate).where(Certificate.superseded_by_id.is_(None))).all()
    )
    again = client.post(f"/certificates/{new.code}/reissue", data={**entries, "csrf_token": token}).get_data(
        as_text=True
    )

    assert "Approved for 0." in shown
    assert [line["minutes"] for line in new.facts["credit"]] == [10, 5]
    assert new.facts["credit"][0]["approval_number"] == "CN-77"
    assert "No approval that is entered gives more credit" in again
    assert [row[0] for row in roster(client)[1:]] == ["Olga Officer"]
    looked = post.world.read(lambda: approving.look_at_all(SITE))
    assert [(one.approval.id, one.certificates) for one in looked] == [(number, 1)]


def test_credit_stays_countable_when_the_name_is_corrected(post: Post) -> None:
    number = post.approve()
    _, code = post.officer()
    client = post.world.client_of(post.admin)
    address = f"/certificates/{code}/rename"
    entries = {"name": "Olga O. Officer", "reason": "So written", "sure": "1"}

    client.post(address, data={**entries, "csrf_token": form_token(client, address)})

    assert [row[0] for row in roster(client)[1:]] == ["Olga Officer"]
    looked = post.world.read(lambda: approving.look_at_all(SITE))
    assert [(one.approval.id, one.certificates) for one in looked] == [(number, 1)]


def test_the_course_page_names_an_approval_only_while_it_holds(post: Post) -> None:
    client = post.world.client_of(post.world.user())

    assert "No credit is approved." in text(client, "/courses/tiny")
    number = post.approve()
    assert "Missouri POST: 10 minutes of credit approved." in text(client, "/courses/tiny")
    post.world.write(lambda: approving.end_approval(number, date(2026, 1, 2), actor_id=post.state))
    assert "No credit is approved." in text(client, "/courses/tiny")


def test_every_running_server_shows_changed_facts_of_a_body_and_an_approval_at_the_next_look(
    post: Post, database_url: str, tmp_path: Path
) -> None:
    course = post.approve()
    other = create_app(
        {"database_url": database_url, "instance_path": str(tmp_path), "secret_key": "s" * 40, "demo": True}
    )
    servers = [post.world.app.test_client(), other.test_client()]
    pages = [text(server, "/courses/tiny") for server in servers]
    assert all("Missouri POST: 10 minutes of credit approved. For people whom it licensed." in page for page in pages)

    def change() -> None:
        body = db.session.scalars(select(CreditBody).where(CreditBody.slug == "missouri-post")).one()
        body.facts = {**body.facts, "short_name": {"en": "POST of Missouri"}, "needs_license": False}
        db.session.execute(
            update(ApprovedLine)
            .where(ApprovedLine.approval_id == course, ApprovedLine.category == "legal-studies")
            .values(minutes=12)
        )

    post.world.write(change)
    pages = [text(server, "/courses/tiny") for server in servers]

    assert all("POST of Missouri: 12 minutes of credit approved." in page for page in pages)
    assert not any("For people whom it licensed." in page for page in pages)
    with other.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_mandate_that_changed_is_answered_as_it_is_now_by_every_running_server(
    post: Post, database_url: str, tmp_path: Path
) -> None:
    other = World(
        create_app({"database_url": database_url, "instance_path": str(tmp_path), "secret_key": "s" * 40, "demo": True})
    )
    officer = post.world.user("Olga", agency=post.agency, discipline="law-enforcement")
    servers = [post.world.client_of(officer), other.client_of(officer)]
    for server in servers:
        assert "The rule of 2027" not in text(server, "/courses/tiny/counts")

    def change() -> None:
        for row in db.session.scalars(select(Mandate).where(Mandate.slug == "missouri-peace-officers-clee")):
            row.facts = {**row.facts, "title": {"en": "The rule of 2027"}}

    post.world.write(change)

    for server in servers:
        assert "The rule of 2027" in text(server, "/courses/tiny/counts")
    with other.app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_an_approval_is_entered_in_the_browser_and_refused_with_what_is_lacking(post: Post) -> None:
    client = post.world.client_of(post.state)
    course = post.world.read(lambda: db.session.get_one(CourseVersion, post.learners.version).course_id)
    address = "/credit/new/missouri-post"
    entered = {
        "course_id": str(course),
        "type": "clee",
        "minutes-legal-studies": "10",
        "valid_from-month": "1",
        "valid_from-day": "1",
        "valid_from-year": "2026",
        "csrf_token": form_token(client, address),
    }

    refused = client.post(address, data=entered)
    done = client.post(address, data={**entered, "approval_number": "CN-5"})

    assert refused.status_code == 422
    assert "The number of the approval is missing." in refused.get_data(as_text=True)
    assert done.status_code == 303
    page = text(client, "/credit")
    assert "CN-5" in page
    assert "issue them anew" in page


def test_the_roster_holds_the_hours_by_area_and_whole_numbers_that_no_spreadsheet_runs(post: Post) -> None:
    post.approve()
    _, code = post.officer()

    head, line = roster(post.world.client_of(post.admin))

    found = dict(zip(head, line, strict=True))
    assert found["Legal name"] == "Olga Officer"
    assert found["POST license number"] == f"'{NUMBER}"
    assert found["ORI"] == "MO0480000"
    assert (found["Hours: Legal studies"], found["Hours: Implicit bias"], found["Hours: total"]) == (
        "0.16",
        "0.08",
        "0.16",
    )
    assert (found["Course control number"], found["Provider number"]) == ("CN-77", "P-1")
    assert (found["Computer-Based Training"], found["Pass or fail"]) == ("yes", "pass")
    assert found["Certificate code"] == code


def test_the_roster_names_a_course_as_the_board_knows_it_whatever_language_it_was_taken_in(post: Post) -> None:
    post.approve()
    user = post.world.user("Olga Officer", agency=post.agency, discipline="law-enforcement", language="es")
    post.license(user)
    enrollment = post.learners.enroll(user, completed=("first-steps", "second-steps"))
    code = post.learners.award(enrollment, post.learners.attempt(enrollment, language="es"), now=utc_now())
    assert code is not None

    head, line = roster(post.world.client_of(post.admin))

    printed = CertificateFacts.from_json(post.learners.row(code).facts)
    assert printed.language == "es"
    assert dict(zip(head, line, strict=True))["Course title"] == "A tiny course" != printed.title


def test_the_roster_keeps_to_the_viewers_agencies_days_and_columns(post: Post) -> None:
    post.approve()
    other = post.world.agency("Elsewhere")
    post.officer("Another", agency=other)
    _, revoked = post.officer("Revoked")
    post.learners.change(revoked, revoked_at=utc_now(), revoked_reason="no")
    post.officer()
    client = post.world.client_of(post.admin)

    assert roster(client, "?columns=name&columns=nonsense") == [["Legal name"], ["Olga Officer"]]
    assert len(roster(client, "?until=2026-01-01&columns=name")) == 1
    assert sorted(line[0] for line in roster(post.world.client_of(post.state), "?columns=name")[1:]) == [
        "Another",
        "Olga Officer",
    ]


def test_a_topic_is_told_as_a_part_of_its_hours_and_never_beside_them(post: Post) -> None:
    post.approve()
    user, code = post.officer()

    facts = post.world.read(lambda: CertificateFacts.from_json(db.session.scalars(select(Certificate.facts)).one()))
    page = " ".join(text(post.world.client_of(user), f"/verify/{code}").split())

    assert [(line.category, line.is_within) for line in facts.credit] == [
        ("legal-studies", False),
        ("implicit-bias", True),
    ]
    assert [credit_text(line, "en") for line in facts.credit] == [
        "Approved for 0.16 hours (CLEE, legal studies) by Missouri Peace Officer Standards and Training (POST) Program,"
        " approval number CN-77.",
        "Of these hours 0.08 are on the topic implicit bias.",
    ]
    assert "Of these hours 0.08 are on the topic Implicit bias" in page
    assert page.count("approval CN-77") == 1


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("since=2026-12-01&until=2026-01-01&columns=name", "The last day lies before the first."),
        ("since=soon&until=2026-01-01&columns=name", "Not a valid date value."),
        ("since=2026-01-01&until=2026-12-01", "Choose at least one column."),
        ("since=2026-01-01&until=2026-12-01&columns=nonsense", "Choose at least one column."),
    ],
)
def test_a_roster_that_was_asked_for_wrongly_is_no_file_with_every_license_number(
    post: Post, query: str, sentence: str
) -> None:
    post.approve()
    post.officer()
    client = post.world.client_of(post.admin)

    answer = client.get(f"/reports/clee.csv?{query}")

    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert sentence in answer.get_data(as_text=True)
    assert rosters_noted(post) == []


def test_taking_a_roster_is_noted(post: Post) -> None:
    assert rosters_noted(post) == []

    post.world.client_of(post.admin).get("/reports/clee.csv?since=2026-01-01&until=2026-12-31&columns=name").get_data()

    assert rosters_noted(post) == [(post.admin, {"since": "2026-01-01", "until": "2026-12-31"})]


def rosters_noted(post: Post) -> list[tuple[int | None, dict[str, object]]]:
    return post.world.read(
        lambda: [
            (event.actor_id, event.detail)
            for event in db.session.scalars(select(AuditEvent).where(AuditEvent.action == "roster.exported"))
        ]
    )


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ("?since=yesterday", "Not a valid date value."),
        ("?since=yesterday&lang=es", "No es una fecha válida."),
        ("?since=2026-05-01&until=2026-04-01", "The last day lies before the first."),
    ],
)
def test_a_roster_of_days_that_are_none_is_refused_instead_of_made_of_others(
    post: Post, query: str, problem: str
) -> None:
    answer = post.world.client_of(post.admin).get(f"/reports/clee.csv{query}")

    assert (answer.status_code, answer.mimetype) == (422, "text/html")
    assert problem in answer.text
    assert rosters_noted(post) == []


def test_somebody_without_credit_is_not_on_the_roster(post: Post) -> None:
    post.approve()
    post.learners.certified(now=utc_now())

    assert len(roster(post.world.client_of(post.admin))) == 1


def test_every_column_can_be_chosen(post: Post) -> None:
    page = text(post.world.client_of(post.admin), "/reports/clee")

    assert all(f'value="{name}"' in page for name in COLUMNS)


def test_the_packet_is_a_tagged_pdf_made_from_the_course_for_authors_only(post: Post) -> None:
    author, learner = post.world.user(), post.world.user()
    post.world.grant(author, "author")
    post.world.publish("understanding-trafficking")

    answer = post.world.client_of(author).get("/courses/understanding-trafficking/packet.pdf")

    reader = PdfReader(io.BytesIO(answer.get_data()))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]  # type: ignore[index]
    said = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    for wanted in (
        "1.00 hours (60 minutes)",
        "State Missouri's rule for children",
        "Final quiz: 12 questions, drawn anew for each attempt from 27; 80 percent must be reached",
        "(suggested; not approved)",
        "Missouri Child Welfare Manual: legal requirements of mandated reporters, https://dssmanuals.mo.gov/",
        "No accreditation is claimed.",
    ):
        assert wanted in said, wanted
    assert post.world.client_of(learner).get("/courses/tiny/packet.pdf").status_code == 403
    address, about = "/courses/understanding-trafficking/packet.pdf", "/courses/understanding-trafficking/counts"
    assert [address in text(post.world.client_of(one), about) for one in (author, learner)] == [True, False]
