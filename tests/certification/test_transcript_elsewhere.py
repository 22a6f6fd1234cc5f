"""Training done elsewhere on the transcript: a part of its own, counted once, told apart from what was earned here."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader
from sqlalchemy import select

from lms.certification.facts import CreditLineFacts, hours_of
from lms.certification.training_models import ExternalTraining
from lms.certification.transcript import Line, Transcript
from lms.certification.transcript_document import draw_transcript
from lms.certification.transcript_elsewhere import ElsewhereCredit, ElsewhereLine, load_elsewhere
from lms.database import db
from lms.people.models import Membership
from tests.certification.conftest import SITE, Learners
from tests.certification.test_certifying import save
from tests.certification.test_documents import SAMPLE
from tests.certification.test_trainings import Office
from tests.support.days import site_day
from tests.support.pages import text_of
from tests.support.visits import send
from tests.support.world import World
from tests.web.test_credit import Post

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTES = st.integers(0, 60_000)
DAYS = st.dates(date(2020, 1, 1), date(2026, 12, 31))


@pytest.fixture
def office(learners: Learners) -> Office:
    return Office(learners)


@pytest.fixture
def post(world: World) -> Post:
    return Post(world)


def earned(minutes: int, day: date) -> Line:
    return Line(1, "7K0M", replace(SAMPLE, contact_minutes=minutes, completed_on=day), "valid", None, None, False)


def done(minutes: int, day: date) -> ElsewhereLine:
    return ElsewhereLine("Search and seizure", "State academy", day, minutes, ("Boone County",))


def pdf_text(content: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).split())


# --- the sums -------------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(MINUTES, DAYS), max_size=6), st.lists(st.tuples(MINUTES, DAYS), max_size=6))
def test_every_minute_is_in_one_year_once_and_on_its_own_side(
    here: list[tuple[int, date]], elsewhere: list[tuple[int, date]]
) -> None:
    whole = Transcript("A", tuple(earned(*one) for one in here), NOW, tuple(done(*one) for one in elsewhere))

    assert sum(year.minutes for year in whole.years) == whole.all.minutes == sum(minutes for minutes, _ in here)
    assert (
        sum(year.minutes_elsewhere for year in whole.years)
        == whole.all.minutes_elsewhere
        == sum(minutes for minutes, _ in elsewhere)
    )
    assert whole.all.hours_together == hours_of(whole.all.minutes + whole.all.minutes_elsewhere)
    assert (whole.all.certificates, whole.all.trainings) == (len(here), len(elsewhere))


def test_credit_of_a_body_is_one_total_with_both_sides_apart() -> None:
    line = CreditLineFacts("post", "POST", "clee", "legal", 60, "1.20")
    here = replace(earned(60, date(2026, 2, 1)), facts=replace(SAMPLE, completed_on=date(2026, 2, 1), credit=(line,)))
    elsewhere = replace(done(120, date(2026, 3, 1)), credit=(ElsewhereCredit("post", "POST", "clee", "legal", 240),))

    (total,) = Transcript("A", (here,), NOW, (elsewhere,)).credit

    assert (total.certificates, total.hours) == (1, "1.20")
    assert (total.trainings, total.hours_elsewhere, total.hours_together) == (1, "2.40", "3.60")


def test_credit_of_other_areas_and_years_is_not_added_together() -> None:
    legal = ElsewhereCredit("post", "POST", "clee", "legal", 100)
    lines = (
        replace(done(60, date(2026, 3, 1)), credit=(legal, replace(legal, category=None))),
        replace(done(60, date(2025, 3, 1)), credit=(legal,)),
    )

    found = Transcript("A", (), NOW, lines).credit

    assert [(one.year, one.category, one.hours_elsewhere) for one in found] == [
        (2026, None, "1.00"),
        (2026, "legal", "1.00"),
        (2025, "legal", "1.00"),
    ]


# --- from the records -----------------------------------------------------------------------------------------------


def test_a_certification_that_rests_on_it_adds_its_hours_no_second_time(office: Office) -> None:
    save(office.world)
    office.hand_in()
    office.decide(course_id=office.course_id())
    assert [one.facts["contact_minutes"] for one in office.certifications()] == [60]

    page = text_of(office.own.get("/transcript"))

    assert "Total 1 0.00 1 1.00 1.00" in page


def test_an_undone_approval_leaves_the_transcript(office: Office) -> None:
    office.hand_in()
    office.decide()
    assert "Academy" in office.own.get("/transcript").text

    send(office.office, f"/training/{office.training().id}/undo", {"reason": "Another person's paper"})

    assert "Academy" not in office.own.get("/transcript").text


def test_it_names_the_agency_of_the_day_of_approval_though_the_person_has_left(office: Office) -> None:
    office.hand_in()
    office.decide()
    elsewhere = office.world.agency("Another county")

    def move() -> None:
        place = db.session.scalars(select(Membership).where(Membership.user_id == office.person)).one()
        place.ended_on = site_day() + timedelta(days=2)
        db.session.add(
            Membership(user_id=office.person, agency_id=elsewhere, discipline="schools", started_on=place.ended_on)
        )

    office.world.write(move)

    (line,) = office.world.read(lambda: load_elsewhere(office.person, "en", "America/Chicago"))

    assert line.agencies == ("General Hospital",)


def test_without_a_place_on_that_day_whoever_runs_the_site_approved_it() -> None:
    assert replace(done(60, date(2026, 1, 1)), agencies=()).approved_by("The center") == "The center"
    assert done(60, date(2026, 1, 1)).approved_by("The center") == "Boone County"


def test_what_another_person_did_is_not_on_it(office: Office) -> None:
    office.hand_in()
    office.decide()

    assert office.world.read(lambda: load_elsewhere(office.administrator, "en", "America/Chicago")) == ()


def test_its_credit_counts_in_the_bodys_own_hours_in_the_area_and_the_topic(post: Post) -> None:
    user = post.world.user("Olga", agency=post.agency)
    post.world.write(
        lambda: db.session.add(
            ExternalTraining(
                user_id=user, title="Stops", provider="Academy", completed_on=date(2026, 3, 1), contact_minutes=100,
                state="approved", submitted_at=NOW, entered_by_id=post.admin, decided_at=NOW,
                decided_by_id=post.admin, decided_reason="Seen", credit_body="missouri-post",
                credit_category="legal-studies", credit_topic="racial-profiling",
            )
        )
    )  # fmt: skip

    page = text_of(post.world.client_of(user).get("/transcript"))

    assert "CLEE: Legal studies 0 0.00 1 1.66 1.66" in page
    assert "(inside an area) 0 0.00 1 1.66 1.66" in page


# --- on paper -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", ("Training done elsewhere", "Who gave it", "Approved by", "Hours earned here", "Hours done elsewhere")),
        ("es", ("Capacitación externa", "Quién la impartió", "Aprobada por", "Horas obtenidas", "Horas externas")),
    ],
)
def test_the_paper_shows_it_as_a_part_of_its_own(language: str, words: tuple[str, ...]) -> None:
    whole = Transcript("Nora", (earned(90, date(2026, 2, 1)),), NOW, (done(120, date(2026, 3, 1)),))

    text = pdf_text(draw_transcript(whole, language=language, site=SITE))

    for part in (*words, "Search and seizure", "State academy", "Boone County", "1 1.50 1 2.00 3.50"):
        assert part in text


def test_the_paper_of_somebody_trained_only_elsewhere_has_sums_too() -> None:
    text = pdf_text(
        draw_transcript(Transcript("Nora", (), NOW, (done(120, date(2026, 3, 1)),)), language="en", site=SITE)
    )

    assert "No certificate has been awarded so far." in text
    assert "2026 0 0.00 1 2.00 2.00" in text


def test_the_paper_says_nothing_of_elsewhere_where_there_was_nothing() -> None:
    text = pdf_text(draw_transcript(Transcript("Nora", (earned(90, date(2026, 2, 1)),), NOW), language="en", site=SITE))

    assert "elsewhere" not in text
