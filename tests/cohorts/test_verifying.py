"""What everybody is told of a team's certificate: the same day everywhere, and the truth about its seats."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from lms.certification.awards import revoke
from lms.certification.models import Certificate
from lms.clock import utc_now
from lms.cohorts import standing
from lms.database import db
from tests.cohorts.conftest import SITE, Teams
from tests.conftest import QueryCount
from tests.support.pages import text_of

JANUARY = datetime(2028, 1, 3, 18, tzinfo=UTC)
LAST = date(2028, 2, 20)
"""The nurse's certificate ends; with 30 days of grace, over 29 February and a change of the clocks, on March 21."""


def certified_team(small: Teams, *, nurse_until: date | None = None) -> tuple[int, list[int], str]:
    """A team with its certificate, its people, and the code."""
    cohort = small.cohort()
    people = small.people(cohort)
    for user in people:
        small.certify(user, days=900, valid_until=nurse_until if user == people[1] else None)
    return cohort, people, small.board(cohort).certificates[0].code


@pytest.mark.parametrize(
    ("awarded_at", "said"),
    [
        (datetime(2028, 2, 29, 18, tzinfo=UTC), "February 28, 2029"),
        (datetime(2027, 3, 12, 18, tzinfo=UTC), "March 12, 2028"),
        (datetime(2027, 11, 5, 18, tzinfo=UTC), "November 5, 2028"),
        (datetime(2027, 6, 2, 3, tzinfo=UTC), "June 1, 2028"),
    ],
)
def test_board_certificate_document_and_verification_name_the_same_day(
    small: Teams, awarded_at: datetime, said: str
) -> None:
    with time_machine.travel(awarded_at, tick=False):
        cohort, _, code = certified_team(small)
        client = small.world.client_of(small.coordinator)

        board = text_of(client.get(f"/cohorts/{cohort}"))
        certificate = text_of(client.get(f"/certificates/{code}"))
        page = text_of(client.get(f"/verify/{code}"))
        told = client.get(f"/verify/{code}.json").get_json()

    facts = small.world.read(
        lambda: db.session.scalars(select(Certificate.facts).where(Certificate.code == code)).one()
    )
    assert f"valid until {said}" in board
    assert f"Valid through {said}" in certificate
    assert f"Valid through {said}" in page
    day = datetime.strptime(said, "%B %d, %Y").date().isoformat()
    assert (told["valid_until"], facts["valid_until"]) == (day, day)


@pytest.mark.parametrize("last", [date(2028, 2, 29), date(2028, 3, 12)])
def test_the_board_names_the_last_day_of_a_member_s_certificate(small: Teams, last: date) -> None:
    with time_machine.travel(JANUARY, tick=False):
        cohort, _, _ = certified_team(small, nurse_until=last)
        page = text_of(small.world.client_of(small.coordinator).get(f"/cohorts/{cohort}"))

    said = f"{last:%B} {last.day}, {last.year}"
    assert f"Holds it until {said}" in page


def test_a_team_at_risk_is_still_valid_and_says_until_when(small: Teams) -> None:
    with time_machine.travel(JANUARY, tick=False) as time:
        cohort, _people, code = certified_team(small, nurse_until=LAST)
        time.move_to(datetime(2028, 3, 22, 4, 59, tzinfo=UTC))  # the last minute of March 21 in Chicago
        client = small.world.client_of(small.coordinator)
        html = client.get(f"/verify/{code}")
        told = client.get(f"/verify/{code}.json").get_json()
        board = text_of(client.get(f"/cohorts/{cohort}"))

    page = text_of(html)
    assert 'data-status="valid"' in html.get_data(as_text=True)
    assert "The seat “Health care” was certified through February 20, 2028 and is not now." in page
    assert "counts only through March 21, 2028" in page
    assert told["status"] == "valid"
    assert told["team_standing"] == {
        "standing": "at-risk",
        "seats": ["Health care"],
        "certified_through": "2028-02-20",
        "stands_through": "2028-03-21",
    }
    assert "The team stays certified through March 21, 2028." in board


def test_a_team_that_lapsed_with_a_seat_says_so_since_when_and_why_and_names_no_person(small: Teams) -> None:
    with time_machine.travel(JANUARY, tick=False) as time:
        cohort, _people, code = certified_team(small, nurse_until=LAST)
        time.move_to(datetime(2028, 3, 22, 5, 1, tzinfo=UTC))
        client = small.world.app.test_client()
        html = client.get(f"/verify/{code}").get_data(as_text=True)
        page = text_of(client.get(f"/verify/{code}"))
        told = client.get(f"/verify/{code}.json").get_json()
        spanish = text_of(client.get(f"/verify/{code}?lang=es"))
        own = small.world.client_of(small.coordinator).get(f"/certificates/{code}").get_data(as_text=True)
        names = [one.name for one in small.board(cohort).people.values()]

    assert 'data-status="lapsed"' in html
    assert "The team's standing has lapsed" in page.replace("&#39;", "'")
    assert "The seat “Health care” was certified through February 20, 2028" in page
    assert "counted through March 21, 2028" in page
    assert "This certificate is valid" not in page
    assert (told["status"], told["team_standing"]["standing"]) == ("lapsed", "lapsed")
    assert "«Salud»" in spanish
    assert 'data-status="lapsed"' in own
    assert len(names) == 4
    assert not [name for name in names if re.search(rf"{re.escape(name)}\b", page + str(told))]


@pytest.mark.parametrize(
    ("nurse_until", "day", "tag", "is_given"),
    [
        (LAST, datetime(2028, 3, 22, 4, 59, tzinfo=UTC), None, True),  # the last minute of grace
        (LAST, datetime(2028, 3, 22, 5, 1, tzinfo=UTC), "Lapsed", False),
        (date(2028, 12, 20), datetime(2029, 6, 1, 18, tzinfo=UTC), "Expired", True),
    ],
)
def test_a_team_that_does_not_stand_is_offered_no_pdf_on_its_page_and_is_told_so(
    small: Teams, nurse_until: date, day: datetime, tag: str | None, is_given: bool
) -> None:
    with time_machine.travel(JANUARY, tick=False) as time:
        cohort, _people, code = certified_team(small, nurse_until=nurse_until)
        time.move_to(day)
        client = small.world.client_of(small.coordinator)
        board, own = client.get(f"/cohorts/{cohort}").text, client.get(f"/certificates/{code}").text
        answer = client.get(f"/certificates/{code}.pdf").status_code

    assert (f"/certificates/{code}.pdf" in board, "does not count any more" in board) == (tag is None, tag is not None)
    assert tag is None or f">{tag}</span>" in board
    assert (f"/certificates/{code}.pdf" in own, "PDF is not given out any more" in own) == (is_given, not is_given)
    assert answer == (200 if is_given else 409)


def test_a_team_whose_certificate_was_revoked_is_offered_no_pdf(small: Teams) -> None:
    with time_machine.travel(JANUARY, tick=False):
        cohort, _people, code = certified_team(small, nurse_until=LAST)

        def take_back() -> None:
            row = db.session.scalars(select(Certificate).where(Certificate.code == code)).one()
            revoke(row, "A slip", small.coordinator, utc_now())

        small.world.write(take_back)
        board = small.world.client_of(small.coordinator).get(f"/cohorts/{cohort}").text

    assert f"/certificates/{code}.pdf" not in board
    assert "does not count any more" in board


def test_a_seat_that_is_certified_again_in_grace_restores_the_team(small: Teams) -> None:
    with time_machine.travel(JANUARY, tick=False) as time:
        _cohort, people, code = certified_team(small, nurse_until=LAST)
        time.move_to(datetime(2028, 3, 10, 18, tzinfo=UTC))
        small.certify(people[1], cycle=2)
        time.move_to(datetime(2028, 6, 1, 18, tzinfo=UTC))
        told = small.world.app.test_client().get(f"/verify/{code}.json").get_json()

    assert (told["status"], told["team_standing"]) == ("valid", None)


def test_after_grace_only_a_new_certificate_stands(small: Teams) -> None:
    with time_machine.travel(JANUARY, tick=False) as time:
        cohort, people, code = certified_team(small, nurse_until=LAST)
        time.move_to(datetime(2028, 4, 10, 18, tzinfo=UTC))
        (filled,) = small.certify(people[1], cycle=2)
        client = small.world.app.test_client()
        old = client.get(f"/verify/{code}.json").get_json()
        new = client.get(f"/verify/{filled.certificate_code}.json").get_json()
        board = small.board(cohort)

    assert (old["status"], new["status"]) == ("lapsed", "valid")
    assert [one.cycle for one in board.certificates] == [2, 1]
    assert board.board.standing == "certified"


def test_a_certificate_that_lapsed_before_it_expired_says_lapsed_for_good(small: Teams) -> None:
    with time_machine.travel(JANUARY, tick=False) as time:
        _, _, code = certified_team(small, nurse_until=LAST)
        time.move_to(datetime(2029, 6, 1, 18, tzinfo=UTC))
        told = small.world.app.test_client().get(f"/verify/{code}.json").get_json()

    assert told["status"] == "lapsed"


def test_a_certificate_that_expired_before_its_grace_was_over_says_expired(small: Teams) -> None:
    with time_machine.travel(JANUARY, tick=False) as time:
        _, _, code = certified_team(small, nurse_until=date(2028, 12, 20))
        time.move_to(datetime(2029, 6, 1, 18, tzinfo=UTC))
        told = small.world.app.test_client().get(f"/verify/{code}.json").get_json()

    assert (told["status"], told["team_standing"]) == ("expired", None)


def test_a_member_who_leaves_and_is_replaced_in_grace_costs_the_team_nothing(small: Teams) -> None:
    from lms.cohorts import teams

    with time_machine.travel(JANUARY, tick=False) as time:
        cohort, _people, code = certified_team(small)
        member = small.members(cohort)[1].id
        small.do(cohort, lambda row: teams.remove_member(row, member, utc_now(), actor_id=small.coordinator))
        time.move_to(JANUARY + timedelta(days=20))
        successor = small.person("healthcare")
        small.certify(successor)
        small.join(cohort, successor)
        small.world.write(lambda: standing.award_if_earned(cohort, utc_now(), SITE))
        time.move_to(JANUARY + timedelta(days=90))
        told = small.world.app.test_client().get(f"/verify/{code}.json").get_json()

    assert (told["status"], told["team_standing"]) == ("valid", None)
    assert len(small.board(cohort).certificates) == 1


def test_looking_up_a_team_costs_a_handful_of_queries(small: Teams, count_queries: QueryCount) -> None:
    _, _, code = certified_team(small)
    client = small.world.app.test_client()
    client.get(f"/verify/{code}")
    count_queries.statements.clear()

    client.get(f"/verify/{code}")

    assert count_queries.count <= 6
