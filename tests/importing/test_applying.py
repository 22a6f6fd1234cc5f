"""Applying: people, places, ids, courses, teams and invitations; once, whatever dies or runs beside it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from lms.clock import utc_now
from lms.cohorts import teams, templates
from lms.cohorts.models import CohortInvitation, CohortTemplate, Member, Seat
from lms.database import db
from lms.importing import applying, inviting, removing
from lms.importing.applying import apply_piece
from lms.learning.models import Enrollment
from lms.outbox import OutboxMessage
from lms.people.importing.models import Import, ImportRow, StaffRecord
from lms.people.models import AuditEvent, Invitation, Membership, User
from tests.importing.conftest import Place
from tests.support.importing import Importer
from tests.support.visits import mails
from tests.support.world import SHIPPED_COURSES

HEAD = "Name,E-mail,Staff id,Agency,Job,Hire date\n"
TWO = HEAD + "Ann Lee,a@a.example,1,Oak School,Teacher,8/12/2019\nBo Kim,b@a.example,2,Elm School,Nurse,\n"


def import_now(importer: Importer, text: str, **options: Any) -> str:
    importer.upload(text)
    importer.check()
    return importer.confirm(**options)


def all_of(place: Place, query: Any) -> list[Any]:
    return place.importer.world.read(lambda: list(db.session.scalars(query)))


def user_of(place: Place, name: str) -> User:
    (found,) = all_of(place, select(User).where(User.name == name))
    return found


def test_people_come_without_a_password_and_with_their_places(place: Place) -> None:
    import_now(place.importer, TWO)

    ann = user_of(place, "Ann Lee")
    (spot,) = all_of(place, select(Membership).where(Membership.user_id == ann.id))
    (record,) = all_of(place, select(StaffRecord).where(StaffRecord.user_id == ann.id))
    assert (ann.email, ann.password_hash, ann.email_verified_at) == ("a@a.example", None, None)
    assert (spot.agency_id, spot.discipline, spot.started_on) == (place.oak, "schools", date(2019, 8, 12))
    assert (record.agency_id, record.number) == (place.district, "1")
    assert all_of(place, select(AuditEvent.action).where(AuditEvent.subject_id == ann.id, AuditEvent.subject_kind == "user")) == [
        "membership.started"
    ]  # fmt: skip


def test_the_same_file_twice_changes_nothing(place: Place) -> None:
    import_now(place.importer, TWO)
    before = place.importer.people()

    page = import_now(place.importer, TWO, invite="")

    assert place.importer.outcomes() == ["unchanged", "unchanged"]
    assert "nothing was changed" in page
    assert place.importer.people() == before


def test_nobody_gets_a_mail_unless_that_is_ticked(place: Place) -> None:
    import_now(place.importer, TWO)

    assert mails(place.importer.world) == []


def test_mails_are_spread_over_minutes(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inviting, "A_MINUTE", 2)
    monkeypatch.setattr(applying, "ROWS", 2)
    lines = "".join(f"P{n} Lee{n},p{n}@a.example,{n},Oak School,Teacher,\n" for n in range(5))

    with time_machine.travel("2026-12-01T10:00:00Z", tick=False):
        place.importer.again()
        import_now(place.importer, HEAD + lines, invite="y")

    due = all_of(place, select(OutboxMessage.due_at).where(OutboxMessage.kind == "mail").order_by(OutboxMessage.id))
    assert [one.minute for one in due] == [0, 0, 1, 1, 2]


def test_whoever_has_an_account_or_an_open_invitation_gets_no_mail(place: Place) -> None:
    place.importer.world.user("Ann Lee", email="a@a.example", agency=place.oak, discipline="schools")
    import_now(place.importer, TWO, invite="y")

    import_now(place.importer, TWO + "Bo Kim,b@a.example,2,Oak School,Nurse,\n", invite="y")

    assert [mail["to"] for mail in mails(place.importer.world)] == ["b@a.example"]


def test_somebody_without_an_address_can_be_invited_later(place: Place) -> None:
    import_now(place.importer, HEAD + "Ann Lee,,1,Oak School,Teacher,\n", invite="y")
    assert mails(place.importer.world) == []

    import_now(place.importer, HEAD + "Ann Lee,a@a.example,1,Oak School,Teacher,\n", invite="y")

    assert [mail["to"] for mail in mails(place.importer.world)] == ["a@a.example"]
    assert user_of(place, "Ann Lee").email == "a@a.example"


def test_people_are_enrolled_before_they_have_an_account(place: Place) -> None:
    world = place.importer.world
    world.publish("tiny")
    known = world.user("Bo Kim", email="b@a.example", agency=place.elm, discipline="healthcare")

    import_now(place.importer, TWO, course_id="1")
    import_now(place.importer, TWO, course_id="1")

    assert set(all_of(place, select(Enrollment.user_id))) == {user_of(place, "Ann Lee").id, known}
    assert world.read(lambda: db.session.scalar(select(func.count(Enrollment.id)))) == 2


@pytest.fixture
def team(place: Place) -> int:
    def make() -> int:
        templates.publish_templates(SHIPPED_COURSES / "cohorts")
        template = db.session.scalars(select(CohortTemplate).order_by(CohortTemplate.id)).first()
        assert template is not None
        return teams.create_cohort(
            template, name="River Team", agency_id=place.district, coordinator_id=place.importer.admin,
            starts_on=date(2026, 1, 1), ready_by=None, now=utc_now(),
        ).id  # fmt: skip

    return place.importer.world.write(make)


def test_new_people_are_seated_and_those_with_an_account_are_asked(place: Place, team: int) -> None:
    place.importer.world.user("Bo Kim", email="b@a.example", agency=place.elm, discipline="healthcare")

    import_now(place.importer, TWO, cohort_id=str(team))
    import_now(place.importer, TWO, cohort_id=str(team))

    ann = user_of(place, "Ann Lee").id
    seats = all_of(place, select(Seat.discipline).join(Member, Member.seat_id == Seat.id).where(Member.user_id == ann))
    assert seats == ["schools"]
    assert all_of(place, select(Member.user_id)) == [ann]
    assert all_of(place, select(CohortInvitation.email)) == ["b@a.example"]


def test_a_team_that_is_full_is_named_in_the_result(place: Place, team: int) -> None:
    lines = "".join(f"P{n} Lee{n},p{n}@a.example,{n},Oak School,Teacher,\n" for n in range(40))

    page = import_now(place.importer, HEAD + lines, cohort_id=str(team))

    assert "This team is full" in page
    assert place.importer.row().state == "applied"


def test_a_team_that_one_does_not_lead_cannot_be_chosen(place: Place, team: int) -> None:
    world = place.importer.world
    other = Importer(world, place.hospital)
    other.upload("Name,E-mail,Job\nCy Dee,c@h.example,Nurse\n")
    other.check()

    assert other.post("confirm", {"language": "en", "course_id": "", "cohort_id": str(team)}) == 422
    assert other.row().state == "checked"


def test_places_of_people_who_are_not_in_the_file_end_only_when_that_is_ticked(place: Place) -> None:
    world = place.importer.world
    gone = world.user("Gone Person", email="g@a.example", agency=place.oak, discipline="schools")
    far = world.user("Far Person", email="f@h.example", agency=place.hospital)
    import_now(place.importer, TWO)
    untouched = all_of(place, select(Membership.ended_on).where(Membership.user_id == gone))

    place.importer.upload(TWO)
    place.importer.check()
    assert "Gone Person" in place.importer.page("/confirm")
    place.importer.confirm(end_missing="y")

    ended = {row.user_id for row in all_of(place, select(Membership).where(Membership.ended_on.is_not(None)))}
    assert untouched == [None]
    assert ended == {gone}
    assert far not in ended


def test_people_whose_row_has_a_problem_are_not_missing(place: Place) -> None:
    world = place.importer.world
    world.user("Ann Lee", email="a@a.example", agency=place.oak, discipline="schools")

    place.importer.upload(HEAD + "Ann Lee,a@a.example,1,Nowhere,Teacher,\nBo Kim,b@a.example,2,Elm School,Nurse,\n")
    place.importer.check()

    assert "Ann Lee" not in place.importer.page("/confirm")


@pytest.mark.parametrize(
    "row",
    ["Ann Lee,ann@@a.example,,Oak School,Teacher,\n", "Lee, Ann\0,a@a.example,,Oak School,Teacher,\n",
     "Ann\ufffd Lee,a@a.example,,Oak School,Teacher,\n"],
    ids=["address", "name", "letters"],
)  # fmt: skip
def test_people_whom_a_row_can_still_be_seen_to_mean_keep_their_places(place: Place, row: str) -> None:
    import_now(place.importer, TWO)
    fields = row.rsplit(",", 5)
    place.importer.upload(HEAD + ",".join([f'"{fields[0]}"', *fields[1:]]))
    place.importer.check()

    place.importer.confirm(end_missing="y")

    assert place.importer.outcomes() == ["problem"]
    assert "Ann Lee" in place.importer.people()
    assert "Bo Kim" not in place.importer.people()


def test_another_list_of_missing_people_than_the_one_shown_ends_nothing(place: Place) -> None:
    place.importer.upload(TWO)
    place.importer.check()
    place.importer.page("/confirm")
    place.importer.world.user("New Person", email="n@a.example", agency=place.oak)

    status = place.importer.post(
        "confirm", {"language": "en", "course_id": "", "cohort_id": "", "end_missing": "y", "end_count": "0", "end_up_to": "0"}
    )  # fmt: skip

    assert status == 422
    assert place.importer.row().state == "checked"


def steps(place: Place, count: int) -> Callable[[], None]:
    importer = place.importer
    runtime, import_id = importer.world.app.extensions["lms"], importer.id

    def run() -> None:
        cursor: dict[str, Any] = {}
        for _ in range(count):
            apply_piece(import_id, cursor, runtime)  # the worker was killed before it could say so
            piece = apply_piece(import_id, cursor, runtime)
            cursor = dict(piece.cursor)

    return run


def test_a_kill_in_the_middle_of_applying_doubles_nothing(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "ROWS", 2)
    importer = place.importer
    importer.upload(HEAD + "".join(f"P{n} Lee{n},p{n}@a.example,{n},Oak School,Teacher,\n" for n in range(5)))
    importer.check()
    importer.world.write(lambda: start(db.session.get_one(Import, importer.id)))

    importer.world.read(steps(place, 3))

    assert importer.row().state == "applied"
    assert len(importer.people()) == 6
    assert len(all_of(place, select(Invitation.id))) == 5
    assert all_of(place, select(func.count(Membership.id)).where(Membership.agency_id == place.oak)) == [5]


def start(row: Import) -> None:
    row.state, row.options = "applying", {"invite": True, "language": "en"}


def test_two_administrators_who_import_the_same_list_make_each_person_once(place: Place) -> None:
    world = place.importer.world
    second = Importer(world, place.oak)
    text = "Name,E-mail,Staff id,Job\nAnn Lee,a@a.example,1,Teacher\nCy Dee,,3,Teacher\n"
    for importer in (place.importer, second):
        importer.upload(text)
        importer.check(default_agency=str(place.oak))
    assert place.importer.outcomes() == second.outcomes() == ["create", "create"]

    place.importer.confirm(invite="y")
    second.confirm(invite="y")

    assert len(all_of(place, select(User.id).where(User.name.in_(["Ann Lee", "Cy Dee"])))) == 2
    assert len(all_of(place, select(Membership.id).where(Membership.agency_id == place.oak))) == 3
    assert [mail["to"] for mail in mails(world)] == ["a@a.example"]


def test_an_import_is_confirmed_once(place: Place) -> None:
    place.importer.upload(TWO)
    place.importer.check()
    values = {"language": "en", "course_id": "", "cohort_id": ""}

    assert place.importer.post("confirm", values) == 303
    assert place.importer.post("confirm", values) == 409
    assert place.importer.post("match", {"column-0": "name"}) == 409


def test_somebody_who_was_switched_off_since_the_check_is_named(place: Place) -> None:
    world = place.importer.world
    user = world.user("Ann Lee", email="a@a.example", agency=place.oak, discipline="schools")
    place.importer.upload(TWO)
    place.importer.check()
    world.write(lambda: setattr(db.session.get_one(User, user), "disabled_at", utc_now()))

    page = place.importer.confirm()

    assert "has changed since the check" in page
    assert len(all_of(place, select(ImportRow.id).where(ImportRow.applied_at.is_not(None)))) == 1


def test_an_address_that_somebody_of_another_name_got_since_the_check_gives_them_nothing(place: Place) -> None:
    place.importer.upload(TWO)
    place.importer.check()
    other = place.importer.world.user("Zoe Quinn", email="a@a.example", agency=place.elm, discipline="schools")

    page = place.importer.confirm()

    assert "somebody of another name has the e-mail" in page
    assert all_of(place, select(Membership.agency_id).where(Membership.user_id == other)) == [place.elm]
    assert "Bo Kim" in place.importer.people()


def test_the_same_staff_id_in_two_districts_of_a_state_are_two_people(place: Place) -> None:
    world = place.importer.world
    state = world.agency("State", kind="state")
    first = world.agency("First District", parent=state, kind="district")
    second = world.agency("Second District", parent=state, kind="district")
    boss = Importer(world, state, role="state-administrator")

    import_now(boss, "Name,Staff id,Agency,Job\nAnn Lee,1,First District,Teacher\nBo Kim,1,Second District,Teacher\n")

    assert {(row.agency_id, row.number) for row in all_of(place, select(StaffRecord))} == {(first, "1"), (second, "1")}


def test_file_and_rows_are_removed_after_seven_days_and_people_stay(place: Place) -> None:
    with time_machine.travel("2026-12-01T10:00:00Z", tick=False):
        place.importer.again()
        import_now(place.importer, TWO)
    stored = place.importer.row().stored or ""
    files = place.importer.files
    assert files.read(stored) is not None

    with time_machine.travel("2026-12-08T09:59:00Z", tick=False):
        early = place.importer.world.read(lambda: removing.remove_old(files, utc_now()))
    with time_machine.travel("2026-12-08T10:01:00Z", tick=False):
        place.importer.again()
        late = place.importer.world.read(lambda: removing.remove_old(files, utc_now()))

    assert (early, late) == (0, 1)
    assert files.read(stored) is None
    assert place.importer.rows() == []
    assert "Ann Lee" in place.importer.people()
    with time_machine.travel("2026-12-08T10:02:00Z", tick=False):
        assert "The file is gone" in place.importer.page()


def test_the_page_to_confirm_counts_the_rows_that_give_something_new(place: Place) -> None:
    import_now(place.importer, TWO)
    place.importer.upload(TWO.replace("Elm School", "Oak School") + "Cy Day,c@a.example,3,Oak School,Teacher,\n")
    place.importer.check()

    page = place.importer.page("/confirm")

    assert "1 row gives something new" in page
    assert "1 new person" in page
    assert "1 row changes nothing." in page
