"""A coordinator edits a team: what changes, what is refused in words, what is kept, and two at once."""

from __future__ import annotations

from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from lms.clock import utc_now
from lms.cohorts import editing, teams
from lms.cohorts.models import Cohort, Member, Seat
from lms.database import db
from lms.errors import Conflict, Invalid
from lms.outbox import OutboxMessage
from lms.people.models import AuditEvent, User
from tests.cohorts.conftest import ZONE, Teams
from tests.support.pages import text_of
from tests.support.world import form_token


def entries(client: FlaskClient, cohort: int) -> dict[str, str]:
    """What the form of the team holds when the page is opened."""
    address = f"/cohorts/{cohort}/edit"
    return entries_of(client.get(address).get_data(as_text=True), {"csrf_token": form_token(client, address)})


def entries_of(html: str, former: dict[str, str]) -> dict[str, str]:
    """The same with the mark that this page carries."""
    _, _, rest = html.partition('name="seen"')
    _, _, rest = rest.partition('value="')
    return {**former, "seen": rest.partition('"')[0]}


def day(value: date | None) -> dict[str, str]:
    if value is None:
        return {"ready_by-month": "", "ready_by-day": "", "ready_by-year": ""}
    return {
        "ready_by-month": str(value.month),
        "ready_by-day": str(value.day),
        "ready_by-year": str(value.year),
    }


def save(small: Teams, client: FlaskClient, cohort: int, before: dict[str, str], **changed: str) -> TestResponse:
    email = small.world.read(lambda: db.session.get_one(User, small.coordinator).email)
    values = {
        "name": "County team",
        "agency_id": str(small.agency),
        "coordinator_email": email or "",
        **day(date(2030, 3, 1)),
        **before,
        **changed,
    }
    return client.post(f"/cohorts/{cohort}/edit", data=values)


def events(small: Teams, action: str) -> list[AuditEvent]:
    return small.world.read(lambda: list(db.session.scalars(select(AuditEvent).where(AuditEvent.action == action))))


def leader(small: Teams, agency: int | None = None, language: str = "en") -> tuple[int, str]:
    user = small.world.user("Second Lead", email="lead@test.example", language=language)
    small.world.grant(user, "coordinator", agency or small.agency)
    return user, "lead@test.example"


def test_a_team_is_renamed_and_gets_another_day_with_former_and_new_in_the_audit(small: Teams) -> None:
    cohort = small.cohort()
    client = small.world.client_of(small.coordinator)

    answer = save(small, client, cohort, entries(client, cohort), name="River team", **day(date(2031, 1, 2)))

    assert answer.status_code == 303
    page = text_of(client.get(f"/cohorts/{cohort}"))
    assert "River team" in page
    assert "January 2, 2031" in page
    (event,) = events(small, "cohort.changed")
    assert event.detail == {
        "changes": {"name": ["County team", "River team"], "ready_by": ["2030-03-01", "2031-01-02"]}
    }
    assert (event.actor_id, event.subject_id) == (small.coordinator, cohort)


def test_saving_without_a_change_notes_nothing(small: Teams) -> None:
    cohort = small.cohort()
    client = small.world.client_of(small.coordinator)

    answer = save(small, client, cohort, entries(client, cohort))

    assert answer.status_code == 303
    assert events(small, "cohort.changed") == []


def test_a_team_is_handed_over_to_somebody_who_may_lead_it_and_they_are_told(small: Teams) -> None:
    cohort = small.cohort()
    user, email = leader(small, language="es")
    client = small.world.client_of(small.coordinator)

    answer = save(small, client, cohort, entries(client, cohort), coordinator_email=" Lead@Test.example ")

    assert answer.status_code == 303
    assert small.world.read(lambda: db.session.get_one(Cohort, cohort).coordinator_id) == user
    (message,) = small.world.read(lambda: list(db.session.scalars(select(OutboxMessage))))
    assert (message.payload["to_user_id"], message.payload["template"], message.payload["language"]) == (
        user,
        "team-handed-over",
        "es",
    )
    assert events(small, "cohort.changed")[0].detail["changes"] == {"coordinator_id": [small.coordinator, user]}
    assert email == "lead@test.example"


@pytest.mark.parametrize("who", ["nobody@test.example", "teacher@test.example"])
def test_a_handover_to_nobody_or_to_somebody_without_the_role_is_refused_in_the_same_words(
    small: Teams, who: str
) -> None:
    cohort = small.cohort()
    small.world.user("Teacher", email="teacher@test.example", agency=small.agency)
    client = small.world.client_of(small.coordinator)

    answer = save(small, client, cohort, entries(client, cohort), coordinator_email=who, name="Kept name")

    assert answer.status_code == 422
    assert "Nobody with this address may lead teams of County." in text_of(answer)
    assert 'value="Kept name"' in answer.get_data(as_text=True)
    assert small.world.read(lambda: db.session.get_one(Cohort, cohort).coordinator_id) == small.coordinator


def test_another_agency_must_be_one_that_editor_and_coordinator_lead(small: Teams) -> None:
    cohort = small.cohort()
    below = small.world.agency("School of the county", parent=small.agency)
    foreign = small.world.agency("Elsewhere")
    client = small.world.client_of(small.coordinator)

    refused = save(small, client, cohort, entries(client, cohort), agency_id=str(foreign))
    taken = save(small, client, cohort, entries(client, cohort), agency_id=str(below))

    assert (refused.status_code, taken.status_code) == (422, 303)
    assert small.world.read(lambda: db.session.get_one(Cohort, cohort).agency_id) == below
    assert {one.agency_id for one in events(small, "cohort.changed")} == {small.agency, below}


def test_whoever_gives_the_team_away_for_good_is_led_to_the_list(small: Teams) -> None:
    cohort = small.cohort()
    elsewhere = small.world.agency("Elsewhere")
    leader(small, elsewhere)
    state = small.world.user("State")
    small.world.grant(state, "state-administrator")
    client = small.world.client_of(state)

    moved = save(
        small,
        client,
        cohort,
        entries(client, cohort),
        agency_id=str(elsewhere),
        coordinator_email="lead@test.example",
    )

    assert moved.location.endswith(f"/cohorts/{cohort}")
    assert small.world.client_of(small.coordinator).get(f"/cohorts/{cohort}").status_code == 404


def test_the_second_of_two_coordinators_is_told_and_keeps_what_they_entered(small: Teams) -> None:
    cohort = small.cohort()
    user, _ = leader(small)
    first, second = small.world.client_of(small.coordinator), small.world.client_of(user)
    seen_first, seen_second = entries(first, cohort), entries(second, cohort)

    saved = save(small, first, cohort, seen_first, name="Name of the first")
    refused = save(small, second, cohort, seen_second, name="Name of the second")

    assert (saved.status_code, refused.status_code) == (303, 409)
    html = refused.get_data(as_text=True)
    assert "Somebody else changed this team while you were editing it." in text_of(refused)
    assert 'value="Name of the second"' in html
    assert "Name of the first" in html
    assert small.world.read(lambda: db.session.get_one(Cohort, cohort).name) == "Name of the first"

    again = save(small, second, cohort, entries_of(html, seen_second), name="Name of the second")

    assert again.status_code == 303
    assert small.world.read(lambda: db.session.get_one(Cohort, cohort).name) == "Name of the second"


def test_a_seat_is_added_with_titles_and_is_missing_on_the_board_at_once(small: Teams) -> None:
    cohort = small.cohort()
    client = small.world.client_of(small.coordinator)

    answer = client.post(
        f"/cohorts/{cohort}/seats/new",
        data={
            **entries(client, cohort),
            "discipline": "housing",
            "title_en": "Shelter",
            "title_es": "Refugio",
            "is_required": "y",
        },
    )

    assert answer.status_code == 303
    assert "Needs 1 certified person in Housing" in text_of(client.get(f"/cohorts/{cohort}"))
    assert "Refugio" in text_of(client.get(f"/cohorts/{cohort}?lang=es"))
    (event,) = events(small, "cohort.seat-added")
    assert (event.detail["title"], event.detail["is_required"]) == ({"en": "Shelter", "es": "Refugio"}, True)


def test_a_seat_added_meanwhile_is_a_conflict_and_the_entries_stay(small: Teams) -> None:
    cohort = small.cohort()
    user, _ = leader(small)
    first, second = small.world.client_of(small.coordinator), small.world.client_of(user)
    one, other = entries(first, cohort), entries(second, cohort)
    first.post(f"/cohorts/{cohort}/seats/new", data={**one, "discipline": "housing", "title_en": "Shelter"})

    answer = second.post(f"/cohorts/{cohort}/seats/new", data={**other, "discipline": "housing", "title_en": "Refuge"})

    assert answer.status_code == 409
    assert 'value="Refuge"' in answer.get_data(as_text=True)
    assert len(small.board(cohort).seats) == 5


def test_an_empty_seat_is_removed_and_its_row_stays(small: Teams) -> None:
    cohort = small.cohort()
    seat = next(iter(small.board(cohort).seats))
    client = small.world.client_of(small.coordinator)
    address = f"/cohorts/{cohort}/seats/{seat}/remove"

    answer = client.post(address, data={"csrf_token": form_token(client, address)})
    again = client.post(address, data={"csrf_token": form_token(client, f"/cohorts/{cohort}/edit")})

    assert (answer.status_code, again.status_code) == (303, 409)
    assert seat not in small.board(cohort).seats
    assert small.world.read(lambda: db.session.get_one(Seat, seat).removed_at) is not None
    assert [one.detail["seat_id"] for one in events(small, "cohort.seat-removed")] == [seat]


def test_nobody_is_seated_in_a_removed_seat(small: Teams) -> None:
    cohort = small.cohort()
    seat = next(key for key, one in small.board(cohort).seats.items() if one.discipline == "schools")
    small.do(cohort, lambda row: editing.remove_seat(row, seat, utc_now(), ZONE, actor_id=small.coordinator))

    small.join(cohort, small.person("schools"))

    (member,) = small.members(cohort)
    assert member.seat_id is None


def test_a_taken_seat_is_not_removed(small: Teams) -> None:
    cohort = small.cohort()
    small.join(cohort, small.person("schools"))
    (member,) = small.members(cohort)

    with pytest.raises(Conflict, match="Somebody sits in this seat"):
        small.do(
            cohort,
            lambda row: editing.remove_seat(row, member.seat_id or 0, utc_now(), ZONE, actor_id=small.coordinator),
        )


def test_a_required_seat_that_the_standing_certificate_names_is_not_removed(small: Teams) -> None:
    cohort = small.cohort()
    for user in small.people(cohort):
        small.certify(user)
    first = small.members(cohort)[0]
    small.do(cohort, lambda row: teams.remove_member(row, first.id, utc_now(), actor_id=small.coordinator))

    with pytest.raises(Conflict, match="certificate stands on this seat"):
        small.do(
            cohort,
            lambda row: editing.remove_seat(row, first.seat_id or 0, utc_now(), ZONE, actor_id=small.coordinator),
        )


def test_the_last_required_seat_stays(small: Teams) -> None:
    cohort = small.cohort()
    *others, last = small.board(cohort).seats

    def remove(seat: int) -> None:
        small.do(cohort, lambda row: editing.remove_seat(row, seat, utc_now(), ZONE, actor_id=small.coordinator))

    for seat in others:
        remove(seat)
    with pytest.raises(Conflict, match="last required seat"):
        remove(last)


def test_removing_the_one_empty_seat_issues_the_certificate_that_waited_for_it(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)
    for user in people[1:]:
        small.certify(user)
    teacher = small.members(cohort)[0]
    client = small.world.client_of(small.coordinator)
    small.world.write(lambda: setattr(db.session.get_one(Member, teacher.id), "seat_id", None))
    address = f"/cohorts/{cohort}/seats/{teacher.seat_id}/remove"

    client.post(address, data={"csrf_token": form_token(client, address)})

    assert small.board(cohort).board.standing == "certified"


def test_a_seat_asks_for_a_known_discipline_and_an_english_title(small: Teams) -> None:
    cohort = small.cohort()

    def add(discipline: str, title: dict[str, str]) -> None:
        def step(row: Cohort) -> object:
            return editing.add_seat(
                row,
                discipline=discipline,
                title=title,
                is_required=False,
                seen=editing.state_of(row),
                actor_id=small.coordinator,
            )

        small.do(cohort, step)

    with pytest.raises(Invalid):
        add("plumbing", {"en": "Pipes"})
    with pytest.raises(Invalid):
        add("housing", {"en": " ", "es": "Refugio"})


def test_a_member_may_not_edit(small: Teams) -> None:
    cohort = small.cohort()
    people = small.people(cohort)

    answer = small.world.client_of(people[0]).get(f"/cohorts/{cohort}/edit")

    assert answer.status_code == 403
