"""Certifications in the browser: what one asks, where one stands, writing and changing a rule, and its versions."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.certification import certifying
from lms.certification.certifying import current_rules
from lms.certification.models import Certification, CertificationVersion
from lms.database import db
from lms.people.models import AuditEvent
from tests.certification.conftest import NOON, SITE, Learners
from tests.certification.test_certifying import save
from tests.support.pages import text_of
from tests.support.visits import send

FORM: dict[str, Any] = {
    "rows": "1",
    "seen": "",
    "slug": "night-watch",
    "title_en": "Night watch",
    "title_es": "Guardia nocturna",
    "disciplines": ["healthcare"],
    "row0-courses": ["tiny"],
    "row0-count": "1",
    "row0-min_percent": "",
    "cross_modules": "0",
    "valid_months": "24",
    "freshness_months": "",
    "opens_months": "3",
    "grace_days": "60",
    "reason": "The board asked for it.",
}


@pytest.fixture
def editor(learners: Learners) -> FlaskClient:
    user = learners.world.user("Edna Editor")
    learners.world.grant(user, "state-administrator")
    return learners.world.client_of(user)


def post(client: FlaskClient, address: str, **entries: Any) -> TestResponse:
    return send(client, address, {**FORM, **entries}, page="/certifications")


def numbers(learners: Learners) -> list[int]:
    return learners.world.read(lambda: sorted(db.session.scalars(select(CertificationVersion.number))))


# --- for everybody --------------------------------------------------------------------------------------------------


def test_the_page_says_what_it_asks_and_what_one_lacks_with_the_way_to_it(learners: Learners) -> None:
    save(learners.world)
    client = learners.world.client_of(learners.world.user(agency=learners.agency))

    page = client.get("/certifications/first-aid")

    assert "Pass the course “A tiny course”." in text_of(page)
    assert "It is valid for 24 months." in text_of(page)
    assert "It can be renewed from 3 months before its end to 60 days after it." in text_of(page)
    assert "missing Pass the course A tiny course" in text_of(page)
    assert '<a href="/courses/tiny">A tiny course</a>' in page.text


def test_without_days_of_grace_nothing_is_said_of_renewals_after_the_end(learners: Learners) -> None:
    save(learners.world, renewal={"opens_months": 3, "grace_days": 0})
    client = learners.world.client_of(learners.world.user(agency=learners.agency))

    page = text_of(client.get("/certifications/first-aid"))

    assert "It can be renewed from 3 months before its end to its last day." in page
    assert "A renewal counts from the end." in page
    assert "after it" not in page


def test_a_holder_sees_until_when_and_when_to_renew(learners: Learners) -> None:
    save(learners.world, valid_months=36)
    user, _code = learners.certified()
    learners.world.write(lambda: certifying.award_due(user, NOON, SITE))

    page = text_of(learners.world.client_of(user).get("/certifications/first-aid"))

    assert "Held Valid through March 14, 2029" in page
    assert "You can renew it from December 14, 2028 to May 13, 2029." in page
    assert "met Pass the course “A tiny course”" in page


def test_the_same_words_stand_on_the_page_on_the_list_and_for_the_administrator(learners: Learners) -> None:
    save(learners.world, requires=[{"course": "tiny", "min_percent": 90}])
    user, enrollment = learners.enrolled(completed=("first-steps", "second-steps"))
    learners.award(enrollment, learners.attempt(enrollment, score=85))
    admin = learners.world.user("Ada Admin", agency=learners.agency)
    learners.world.grant(admin, "agency-administrator", learners.agency)
    words = "It needs 90 percent or more. Pass it again: A tiny course"

    own = learners.world.client_of(user)
    pages = [own.get("/certifications/first-aid"), own.get("/certificates")]
    pages.append(learners.world.client_of(admin).get(f"/people/{user}"))

    assert [words in text_of(page) for page in pages] == [True, True, True]


def test_an_administrator_of_another_agency_sees_nothing_of_it(learners: Learners) -> None:
    save(learners.world)
    user, _ = learners.enrolled()
    other = learners.world.agency("Elsewhere")
    admin = learners.world.user("Other Admin", agency=other)
    learners.world.grant(admin, "agency-administrator", other)

    assert learners.world.client_of(admin).get(f"/people/{user}").status_code == 404


def test_of_who_has_left_the_administrator_is_not_told_what_is_missing(learners: Learners) -> None:
    save(learners.world)
    user, _ = learners.enrolled()
    admin = learners.world.user("Ada Admin", agency=learners.agency)
    learners.world.grant(admin, "agency-administrator", learners.agency)
    learners.world.write(
        lambda: db.session.execute(
            db.text("UPDATE lms_memberships SET ended_on = '2021-01-01' WHERE user_id = :user"), {"user": user}
        )
    )

    assert "Why not yet?" not in learners.world.client_of(admin).get(f"/people/{user}").text


def test_a_certification_for_another_discipline_is_not_in_reach(learners: Learners) -> None:
    save(learners.world, disciplines=["schools"])
    user, _ = learners.enrolled()
    client = learners.world.client_of(user)

    assert "First responder" not in client.get("/certificates").text
    assert "For people who work in: Schools" in text_of(client.get("/certifications/first-aid"))


# --- writing one ----------------------------------------------------------------------------------------------------


def test_a_new_one_is_checked_then_saved(learners: Learners, editor: FlaskClient) -> None:
    checked = post(editor, "/certifications/new")
    before = numbers(learners)
    saved = post(editor, "/certifications/new", step="save")

    assert "is valid through" in text_of(checked)
    assert "Who finishes on February 29, 2028 is valid through February 28, 2030; renewal from November 28, 2029" in (
        text_of(checked)
    )
    assert before == []
    assert (saved.status_code, saved.location) == (303, "/certifications/night-watch")
    rule = learners.world.read(lambda: current_rules()[0].rule)
    assert (rule.slug, rule.courses, rule.valid_months, rule.disciplines) == (
        "night-watch",
        ("tiny",),
        24,
        ("healthcare",),
    )


def test_the_check_tells_whom_the_change_touches(learners: Learners, editor: FlaskClient) -> None:
    """One holds it, one would need ninety percent, one would newly qualify with a certificate that is not for them."""
    save(learners.world, disciplines=["healthcare"])
    holder, _ = learners.certified("Hilda Holder")
    learners.world.write(lambda: certifying.award_due(holder, NOON, SITE))
    _waiting, enrollment = learners.enrolled("Wanda Way", completed=("first-steps", "second-steps"))
    learners.award(enrollment, learners.attempt(enrollment, score=85))
    newly = learners.world.user("Nell New", agency=learners.agency, discipline="schools")
    enrollment = learners.enroll(newly, completed=("first-steps", "second-steps"))
    learners.award(enrollment, learners.attempt(enrollment))

    page = text_of(
        post(
            editor,
            "/certifications/first-aid/edit",
            seen="1",
            disciplines=["schools", "healthcare"],
            opens_months="6",
            **{"row0-min_percent": "90"},
        )
    )

    assert "1 person holds it now." in page
    assert "Newly qualify: 1" in page
    assert "Nell New" in page
    assert "Are on their way and would need something more: 1" in page
    assert "Wanda Way It needs 90 percent or more" in page
    assert "Hold it and may renew it on other days than before: 1" in page
    assert numbers(learners) == [1]


def test_an_author_is_told_counts_and_no_names(learners: Learners) -> None:
    save(learners.world)
    learners.certified("Hilda Holder")
    author = learners.world.user("Arthur Author")
    learners.world.grant(author, "author")

    page = text_of(post(learners.world.client_of(author), "/certifications/new"))

    assert "Newly qualify: 1" in page
    assert "People of other agencies are counted and not named." in page
    assert "Hilda" not in page


def test_of_too_many_people_only_counts_are_told(
    learners: Learners, editor: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lms.certification import previewing

    monkeypatch.setattr(previewing, "MOST_PEOPLE", 1)
    learners.certified("One")
    learners.certified("Two")

    page = text_of(post(editor, "/certifications/new"))

    assert "In all 2 people hold it or any of its courses." in page
    assert "Newly qualify" not in page


def test_a_change_makes_a_version_with_its_reason_and_the_old_one_stays(
    learners: Learners, editor: FlaskClient
) -> None:
    save(learners.world)

    post(editor, "/certifications/first-aid/edit", seen="1", valid_months="12", step="save")
    page = text_of(editor.get("/certifications/first-aid/history"))

    assert numbers(learners) == [1, 2]
    assert "Edna Editor" in page
    assert "The board asked for it." in page
    assert "Says now" in page
    assert "It is valid for 12 months." in page
    assert "Said before" in page
    assert "It is valid for 24 months." in page


def test_without_a_reason_nothing_is_saved_and_the_entries_are_there(learners: Learners, editor: FlaskClient) -> None:
    answer = post(editor, "/certifications/new", step="save", reason=" ")

    assert answer.status_code == 422
    assert 'name="title_en" value="Night watch"' in answer.text
    assert "Say why." in answer.text
    assert numbers(learners) == []


def test_two_editors_the_second_sees_what_the_first_saved(learners: Learners, editor: FlaskClient) -> None:
    save(learners.world)
    post(editor, "/certifications/first-aid/edit", seen="1", valid_months="12", step="save")

    answer = post(editor, "/certifications/first-aid/edit", seen="1", valid_months="18", step="save")

    assert answer.status_code == 409
    assert 'value="18"' in answer.text
    assert "It is valid for 12 months." in text_of(answer)
    assert 'name="seen" value="2"' in answer.text
    assert numbers(learners) == [1, 2]


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"title_en": ""}, "Give it a title."),
        ({"slug": "No Way"}, "Use 3 to 40 small letters"),
        ({"slug": "new"}, "This id cannot be used"),
        ({"slug": "first-aid", "step": "save"}, "There is a certification with this id already."),
        ({"row0-courses": []}, "Choose at least one course"),
        ({"row0-count": "2"}, "No more courses can be asked than are chosen: 1."),
        ({"row0-min_percent": "101"}, "Enter a whole number from 1 to 100."),
        ({"valid_months": "two years"}, "Enter a whole number from 1 to 240."),
        ({"opens_months": "36"}, "at most 24 months"),
        ({"grace_days": "-1"}, "Enter a whole number from 0 to 1000."),
        ({"disciplines": ["plumbing"]}, "not a valid choice"),
    ],
)
def test_what_cannot_be_taken_is_said_and_the_entries_stay(
    learners: Learners, editor: FlaskClient, entries: dict[str, Any], words: str
) -> None:
    save(learners.world)

    answer = post(editor, "/certifications/new", **entries, title_es="Turno de noche")

    assert answer.status_code == 422
    assert words in text_of(answer).replace("&#39;", "'")
    assert 'value="Turno de noche"' in answer.text
    assert "There is a problem" in answer.text
    assert numbers(learners) == [1]


def test_requirements_come_and_go_without_scripts_and_keep_what_was_typed(
    learners: Learners, editor: FlaskClient
) -> None:
    more = {
        "rows": "2",
        "row0-min_percent": "wrong",
        "row1-courses": ["tiny"],
        "row1-count": "1",
        "row1-min_percent": "77",
    }

    added = post(editor, "/certifications/new", **more, step="add")
    removed = post(editor, "/certifications/new", **more, step="remove-0")

    assert "Requirement 3" in added.text
    assert 'value="wrong"' in added.text
    assert "Requirement 2" not in removed.text
    assert 'name="row0-min_percent" type="number" value="77"' in removed.text
    assert numbers(learners) == []


def test_an_id_that_is_taken_is_said_before_anything_is_checked(learners: Learners, editor: FlaskClient) -> None:
    save(learners.world)

    answer = post(editor, "/certifications/new", slug="first-aid")

    assert answer.status_code == 422
    assert "There is a certification with this id already." in answer.text


def test_back_from_the_check_the_reason_that_was_typed_comes_along(learners: Learners, editor: FlaskClient) -> None:
    back = post(editor, "/certifications/new", step="back", reason="The council asked for it")
    again = post(editor, "/certifications/new", reason="The council asked for it")

    assert 'name="reason" value="The council asked for it"' in back.text
    assert "The council asked for it</textarea>" in again.text


def test_a_change_of_the_spanish_title_alone_stands_in_the_check_and_in_the_versions(
    learners: Learners, editor: FlaskClient
) -> None:
    save(learners.world)
    slug, entries = "first-aid", {"title_es": "Primeros auxilios del equipo", "seen": "1"}

    checked = post(editor, f"/certifications/{slug}/edit", **entries)
    saved = post(editor, f"/certifications/{slug}/edit", step="save", reason="Spanish title", **entries)

    words = "Title (Español): Primeros auxilios del equipo"
    assert words in text_of(checked)
    assert saved.status_code == 303
    assert words in text_of(editor.get(f"/certifications/{slug}/history"))


def test_back_from_the_check_brings_the_entries_back(learners: Learners, editor: FlaskClient) -> None:
    answer = post(editor, "/certifications/new", step="back")

    assert answer.status_code == 200
    assert 'value="Guardia nocturna"' in answer.text


def test_an_archived_one_is_not_awarded_until_it_is_brought_back(learners: Learners, editor: FlaskClient) -> None:
    save(learners.world)
    user, _ = learners.certified()

    send(editor, "/certifications/first-aid/archive", {"reason": "Replaced"}, page="/certifications")
    refused = editor.get("/certifications/first-aid/edit").status_code
    archived = learners.world.write(lambda: certifying.award_due(user, NOON, SITE))
    send(editor, "/certifications/first-aid/restore", page="/certifications")
    restored = learners.world.write(lambda: len(certifying.award_due(user, NOON, SITE)))

    assert (refused, archived, restored) == (409, [], 1)
    reasons = learners.world.read(
        lambda: db.session.scalars(select(AuditEvent.reason).where(AuditEvent.action == "certification.archived")).all()
    )
    assert reasons == ["Replaced"]


def test_the_preview_costs_as_many_statements_for_eight_as_for_one(
    learners: Learners, editor: FlaskClient, count_queries: Any
) -> None:
    learners.certified("First")
    post(editor, "/certifications/new")
    count_queries.statements.clear()
    post(editor, "/certifications/new")
    one = count_queries.count
    for number in range(7):
        learners.certified(f"More {number}")

    count_queries.statements.clear()
    post(editor, "/certifications/new")

    assert count_queries.count == one


def test_what_was_saved_as_it_stands_makes_no_version(learners: Learners, editor: FlaskClient) -> None:
    save(learners.world)
    entries = {"title_en": "First responder", "title_es": "Primera respuesta", "disciplines": []}

    checked = post(editor, "/certifications/first-aid/edit", seen="1", **entries)
    post(editor, "/certifications/first-aid/edit", seen="1", **entries, step="save")

    assert "nothing would change" in checked.text
    assert numbers(learners) == [1]
    assert learners.world.read(lambda: db.session.query(Certification).filter_by(archived_at=None).count()) == 1
