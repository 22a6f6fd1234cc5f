"""Inviting from the staff list whom an import placed: found by a filter, spread over time, left out with a reason."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lms import staff_changes
from lms.batches import Batch
from lms.clock import utc_now
from lms.database import db
from lms.importing import inviting
from lms.outbox import OutboxMessage
from lms.people import memberships
from lms.people.finding import ANYBODY
from lms.people.importing.models import StaffRecord
from lms.people.models import AuditEvent, Invitation, Membership, User
from lms.people.providers.models import ExternalIdentity
from tests.importing.conftest import Place
from tests.importing.test_applying import HEAD, TWO, all_of, import_now, user_of
from tests.support.visits import link_in, mails, send

UNINVITED = "/people?status=not-invited"


def asked(place: Place, *names: str, **more: str) -> dict[str, Any]:
    """What the list sends: those of these names ticked, or all whom its filters show."""
    ids = [str(user_of(place, name).id) for name in names]
    return {"action": "invite", "which": "ticked" if names else "all", "person": ids, "query": "", **more}


def ask(place: Place, *names: str, **more: str) -> str:
    """The page that says what would happen."""
    return send(place.importer.client, "/people/change", asked(place, *names, **more), page="/people").text


def invite(place: Place, *names: str, **more: str) -> Batch:
    """Confirm, and let the worker do it; the work as it ended."""
    posted = {**asked(place, *names, **more), "confirmed": "1"}
    assert send(place.importer.client, "/people/change", posted, page="/people").status_code == 303
    place.importer.work()
    return place.importer.world.read(lambda: db.session.scalars(select(Batch).order_by(Batch.id.desc())).first())  # type: ignore[return-value]


def left_out(batch: Batch) -> dict[str, str]:
    return {one["item"]: one["reason"] for one in batch.problems}


def to(place: Place) -> list[str]:
    return [mail["to"] for mail in mails(place.importer.world)]


def change_user(place: Place, name: str, **values: Any) -> None:
    user_id = user_of(place, name).id

    def step() -> None:
        user = db.session.get_one(User, user_id)
        for key, value in values.items():
            setattr(user, key, value)

    place.importer.world.write(step)


def run_out(place: Place) -> None:
    """Every invitation is too old by now."""
    place.importer.world.write(
        lambda: [
            setattr(one, "expires_at", utc_now() - timedelta(days=1)) for one in db.session.scalars(select(Invitation))
        ]
    )


def test_who_was_imported_without_a_mail_is_found_and_invited_from_the_list(place: Place) -> None:
    import_now(place.importer, TWO)
    before = place.importer.client.get(UNINVITED).text

    page = ask(place, query="status=not-invited")
    batch = invite(place, query="status=not-invited")

    assert "Ann Lee" in before
    assert "The Administrator" not in before.partition("<table")[2]
    assert "2 invitations go out by mail. They go out over time, 200 a minute; the last one leaves at about " in page
    assert (batch.state, batch.done, batch.problems) == ("finished", 2, [])
    assert sorted(to(place)) == ["a@a.example", "b@a.example"]
    assert "Ann Lee" not in place.importer.client.get(UNINVITED).text


def test_nothing_goes_out_before_the_page_is_confirmed(place: Place) -> None:
    import_now(place.importer, TWO)

    page = ask(place, "Ann Lee")

    assert "This is about 1 person:" in page
    assert "1 invitation goes out by mail." in page
    assert to(place) == []


def test_the_link_leads_into_the_account_that_the_import_made(place: Place) -> None:
    import_now(place.importer, TWO)
    ann = user_of(place, "Ann Lee").id
    invite(place, "Ann Lee")
    (mail,) = mails(place.importer.world)

    page = place.importer.world.app.test_client().get(link_in(mail)).text

    (invitation,) = all_of(place, select(Invitation))
    assert "Oak School" in page
    assert (invitation.for_user_id, invitation.agency_id, invitation.discipline) == (ann, place.oak, "schools")
    assert mail["values"]["agency"] == "Oak School"


def test_who_cannot_be_invited_is_named_with_the_reason_and_counted_before(place: Place) -> None:
    more = "Cy Poe,,3,Oak School,Teacher,\nDi Oh,d@a.example,4,Oak School,Teacher,\n"
    import_now(place.importer, TWO + more)
    ann, bo, di = (user_of(place, name).id for name in ("Ann Lee", "Bo Kim", "Di Oh"))
    (spot,) = all_of(place, select(Membership).where(Membership.user_id == bo))
    change_user(place, "Ann Lee", last_seen_at=utc_now())
    change_user(place, "Di Oh", disabled_at=utc_now())
    place.importer.world.write(lambda: memberships.end_membership(spot.id, day=spot.started_on, actor_id=None))

    page = ask(place, "Ann Lee", "Bo Kim", "Cy Poe", "Di Oh")
    batch = invite(place, "Ann Lee", "Bo Kim", "Cy Poe", "Di Oh")

    assert "No invitation can go out" in page
    assert "This is about 4 people:" in page
    assert "1 person: No e-mail address of this person is known." in page
    assert to(place) == []
    assert batch.done == 0
    assert {name: reason.partition(".")[0] for name, reason in left_out(batch).items()} == {
        "Ann Lee": "This person has an account already",
        "Bo Kim": "This person has no place at your agencies any more",
        "Cy Poe": "No e-mail address of this person is known",
        "Di Oh": "This account is switched off",
    }
    assert {ann, bo, di}.isdisjoint(all_of(place, select(Invitation.for_user_id)))


def test_a_link_that_can_be_used_is_not_doubled_and_one_that_ran_out_is_replaced(place: Place) -> None:
    import_now(place.importer, TWO, invite="y")
    first = invite(place, "Ann Lee")
    run_out(place)
    found = place.importer.client.get(UNINVITED).text

    second = invite(place, "Ann Lee")

    assert (first.done, "went out already" in left_out(first)["Ann Lee"]) == (0, True)
    assert "Ann Lee" in found
    assert second.done == 1
    open_ones = select(func.count()).where(Invitation.withdrawn_at.is_(None), Invitation.email == "a@a.example")
    assert all_of(place, open_ones) == [1]


def test_an_invitation_by_hand_to_the_same_address_counts(place: Place) -> None:
    import_now(place.importer, TWO)
    values = {"email": "a@a.example", "agency_id": place.oak, "discipline": "schools", "language": "en"}
    send(place.importer.client, "/people/invite", values, page="/people/invite")
    assert to(place) == ["a@a.example"]

    batch = invite(place, "Ann Lee")

    assert "went out already" in left_out(batch)["Ann Lee"]
    assert to(place) == ["a@a.example"]


def test_the_mails_are_spread_over_time_also_from_piece_to_piece(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    people = "".join(f"Person {number},p{number}@a.example,{number},Oak School,Teacher,\n" for number in range(5))
    import_now(place.importer, HEAD + people)
    monkeypatch.setattr(inviting, "A_MINUTE", 2)
    monkeypatch.setattr(staff_changes, "PEOPLE_PER_PIECE", 2)

    invite(place, query="status=not-invited")

    dues = all_of(
        place, select(OutboxMessage.due_at).where(OutboxMessage.kind == "mail").order_by(OutboxMessage.due_at)
    )
    minutes = [round((due - dues[0]).total_seconds() / 60) for due in dues]
    assert minutes == [0, 0, 1, 1, 2]


def test_work_that_runs_again_after_a_kill_sends_no_second_mail_and_names_nobody(place: Place) -> None:
    import_now(place.importer, TWO)
    batch = invite(place, "Ann Lee", "Bo Kim")
    runtime = place.importer.world.app.extensions["lms"]

    with place.importer.world.app.app_context():
        again = db.session.get_one(Batch, batch.id)
        db.session.expunge(again)
        db.session.rollback()
        again.cursor = {}
        piece = staff_changes.change_piece(again, runtime)

    assert (piece.done, list(piece.problems)) == (2, [])
    assert len(to(place)) == 2


def test_each_mail_is_in_the_language_of_its_person_and_in_the_audit(place: Place) -> None:
    import_now(place.importer, TWO)
    change_user(place, "Ann Lee", language="es")

    invite(place, "Ann Lee", "Bo Kim")

    notes = all_of(place, select(AuditEvent.agency_id).where(AuditEvent.action == "invitation.sent"))
    assert [mail["language"] for mail in mails(place.importer.world)] == ["es", "en"]
    assert sorted(notes) == sorted([place.oak, place.elm])


def test_an_address_that_is_an_accounts_elsewhere_is_invited_like_any_other(place: Place) -> None:
    world = place.importer.world
    world.user("Anna of elsewhere", email="a@a.example", agency=place.hospital)
    import_now(place.importer, TWO)
    (record,) = all_of(place, select(StaffRecord).where(StaffRecord.email == "a@a.example"))

    batch = invite(place, "Ann Lee")

    assert (batch.done, to(place)) == (1, ["a@a.example"])
    assert all_of(place, select(Invitation.for_user_id)) == [record.user_id]


def test_who_signs_in_at_a_provider_has_an_account(place: Place) -> None:
    import_now(place.importer, TWO)
    ann = user_of(place, "Ann Lee").id
    place.importer.world.write(
        lambda: db.session.add(ExternalIdentity(user_id=ann, issuer="x", subject="ann", created_at=utc_now()))
    )

    page = ask(place, "Ann Lee")
    batch = invite(place, "Ann Lee")

    assert "1 person: This person has an account already." in page
    assert "Ann Lee" in left_out(batch)


def test_another_agencys_people_are_never_invited_nor_its_invitations_told_of(place: Place) -> None:
    world = place.importer.world
    import_now(place.importer, TWO)
    ann = user_of(place, "Ann Lee").id

    def elsewhere() -> None:
        now = utc_now()
        later = now + timedelta(days=9)
        db.session.add(
            Invitation(
                token_hash="x" * 64, email="a@a.example", agency_id=place.hospital, discipline="healthcare",
                created_at=now, expires_at=later, for_user_id=ann,
            )
        )  # fmt: skip
        db.session.add(User(name="Foreign", email="f@a.example", created_at=now))
        db.session.flush()
        foreign = db.session.scalars(select(User.id).where(User.name == "Foreign")).one()
        db.session.add(
            Membership(user_id=foreign, agency_id=place.hospital, discipline="healthcare", started_on=date(2020, 1, 1))
        )

    world.write(elsewhere)

    batch = invite(place, "Ann Lee", "Foreign")

    assert (batch.done, batch.problems) == (1, [])
    assert to(place) == ["a@a.example"]


def test_who_left_for_another_agency_is_not_invited_into_it(place: Place) -> None:
    import_now(place.importer, TWO)
    bo = user_of(place, "Bo Kim").id
    (spot,) = all_of(place, select(Membership).where(Membership.user_id == bo))

    def leave() -> None:
        memberships.end_membership(spot.id, day=spot.started_on, actor_id=None)
        db.session.add(
            Membership(user_id=bo, agency_id=place.hospital, discipline="healthcare", started_on=spot.started_on)
        )

    place.importer.world.write(leave)

    batch = invite(place, "Bo Kim")

    assert (batch.done, list(left_out(batch))) == (0, ["Bo Kim"])
    assert to(place) == []


def test_the_filter_of_whoever_was_ticked_cannot_be_asked_for_in_an_address(place: Place) -> None:
    import_now(place.importer, TWO)
    change_user(place, "Ann Lee", disabled_at=utc_now())

    assert "Ann Lee" not in place.importer.client.get(f"/people?status={ANYBODY}").text


def test_a_mail_that_has_not_gone_out_is_forgotten_where_the_import_is_undone(place: Place) -> None:
    import_now(place.importer, TWO)
    invite(place, "Ann Lee", "Bo Kim")
    assert len(to(place)) == 2

    page = place.importer.undo()

    assert "as it was before." in page
    assert to(place) == []
    assert all_of(place, select(User).where(User.name == "Ann Lee")) == []


def test_the_import_says_where_to_invite_later(place: Place) -> None:
    place.importer.upload(TWO)
    place.importer.check()

    page = place.importer.page("/confirm")

    assert "choose “People not invited yet” in the list of people" in page
    assert "same list again" not in page
