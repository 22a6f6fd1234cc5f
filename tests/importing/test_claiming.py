"""People who have an account elsewhere: nothing is shown of them, and they take the place by accepting."""

from __future__ import annotations

import re
from datetime import date, timedelta
from urllib.parse import quote_plus

from sqlalchemy import select

from lms import privacy
from lms.certification.training_models import ExternalTraining
from lms.clock import utc_now
from lms.database import db
from lms.learning.enrollments import enroll_many
from lms.learning.models import Enrollment
from lms.people.importing.models import StaffRecord
from lms.people.models import Membership, RoleGrant, User
from lms.people.signins import load_viewer
from tests.importing.conftest import Place
from tests.importing.test_applying import HEAD, all_of, import_now, user_of
from tests.support.importing import Importer
from tests.support.visits import PASSWORD, accept_policies, link_in, mails, send
from tests.support.world import World

DAY = date(2026, 12, 1)


def training_of(user: int) -> ExternalTraining:
    """Entered from paper by an administrator."""
    return ExternalTraining(
        user_id=user, title="Basics", provider="State", completed_on=date(2026, 5, 1), contact_minutes=60,
        state="submitted", submitted_at=utc_now(), entered_by_id=user,
    )  # fmt: skip


def erase_now(world: World, user: int) -> None:
    now, settings = utc_now(), world.app.extensions["lms"].settings
    number = world.user("State")
    world.grant(number, "state-administrator")
    state = world.read(lambda: load_viewer(number))
    assert state is not None
    erasure = world.write(lambda: privacy.ask_erasure(user, now).id)
    world.write(lambda: privacy.decide(state, erasure, approve=True, reason="", now=now, today=now.date()))
    world.read(lambda: privacy.work_off(now + timedelta(days=8), settings))


TAKEN = HEAD + "Ann Lee,taken@h.example,1,Oak School,Teacher,\nBo Kim,free@h.example,2,Oak School,Teacher,\n"


def letters(place: Place) -> dict[str, str]:
    return {mail["to"]: link_in(mail) for mail in mails(place.importer.world)}


def without(text: str, *words: str) -> str:
    for word in words:
        text = text.replace(word, "X").replace(quote_plus(word), "X")
    return re.sub(r"\d+", "0", re.sub(r'value="[^"]{20,}"|0 [a-z]+ ago', "", text))


def test_an_account_elsewhere_is_neither_changed_nor_shown(place: Place) -> None:
    world = place.importer.world
    elsewhere = world.user("Ann Nurse Lee", email="taken@h.example", agency=place.hospital)

    page = import_now(place.importer, TAKEN, invite="y")
    listed = place.importer.client.get("/people").get_data(as_text=True)

    assert all_of(place, select(Membership.agency_id).where(Membership.user_id == elsewhere)) == [place.hospital]
    assert "Ann Nurse Lee" not in page + listed
    assert "taken@h.example" in listed
    assert set(letters(place)) == {"taken@h.example", "free@h.example"}


def test_the_pages_of_both_are_alike(place: Place) -> None:
    world = place.importer.world
    world.user("Ann Nurse Lee", email="taken@h.example", agency=place.hospital)
    import_now(place.importer, TAKEN)
    client = place.importer.client

    pages = [client.get(f"/people/{user_of(place, name).id}").get_data(as_text=True) for name in ("Ann Lee", "Bo Kim")]
    import_now(place.importer, TAKEN)

    assert without(pages[0], "Ann Lee", "taken@") == without(pages[1], "Bo Kim", "free@")
    assert place.importer.outcomes() == ["unchanged", "unchanged"]


def test_an_account_elsewhere_takes_place_course_and_staff_id_by_accepting(place: Place) -> None:
    world = place.importer.world
    world.publish("tiny")
    elsewhere = world.user("Ann Nurse Lee", email="taken@h.example", agency=place.hospital)
    world.set_password(elsewhere, PASSWORD)
    import_now(place.importer, TAKEN, invite="y", course_id="1")
    shadow = user_of(place, "Ann Lee").id

    client = world.client_of(elsewhere)
    link = letters(place)["taken@h.example"]
    assert send(client, link, page=link).status_code == 303

    places = all_of(place, select(Membership.agency_id).where(Membership.user_id == elsewhere).order_by(Membership.id))
    assert places == [place.hospital, place.oak]
    assert all_of(place, select(StaffRecord.number).where(StaffRecord.user_id == elsewhere)) == ["1"]
    assert elsewhere in all_of(place, select(Enrollment.user_id))
    assert all_of(place, select(User.disabled_at).where(User.id == shadow)) != [None]
    import_now(place.importer, TAKEN)
    assert place.importer.outcomes() == ["unchanged", "unchanged"]


def test_somebody_new_sets_the_password_on_the_row_that_was_imported(place: Place) -> None:
    world = place.importer.world
    world.publish("tiny")
    import_now(place.importer, TAKEN, invite="y", course_id="1")
    row = user_of(place, "Bo Kim").id

    client = world.app.test_client()
    link = letters(place)["free@h.example"]
    page = client.get(link).get_data(as_text=True)
    answer = send(
        client, link, {"name": "Bo Kim", "password": PASSWORD, "password_again": PASSWORD, "language": "en"}, page=link
    )

    bo = user_of(place, "Bo Kim")
    assert "Bo Kim" in page
    assert (answer.status_code, bo.id) == (303, row)
    assert bo.password_hash
    assert bo.email_verified_at
    assert all_of(place, select(Membership.id).where(Membership.user_id == row, Membership.ended_on.is_(None))) != []
    accept_policies(client)
    assert client.get("/home").status_code == 200


def test_one_person_imported_by_two_agencies_is_one_in_the_end(place: Place) -> None:
    world = place.importer.world
    other = Importer(world, place.hospital)
    import_now(place.importer, TAKEN, invite="y")
    import_now(other, "Name,E-mail,Job\nBo Kim,free@h.example,Nurse\n", invite="y")
    links = [link_in(mail) for mail in mails(world) if mail["to"] == "free@h.example"]
    client = world.app.test_client()

    send(
        client,
        links[1],
        {"name": "Bo Kim", "password": PASSWORD, "password_again": PASSWORD, "language": "en"},
        page=links[1],
    )

    active = all_of(place, select(User).where(User.name == "Bo Kim", User.disabled_at.is_(None)))
    (bo,) = active
    held = all_of(place, select(Membership.agency_id).where(Membership.user_id == bo.id))
    assert bo.password_hash
    assert set(held) == {place.oak, place.hospital}


def test_open_registration_of_an_imported_address_leads_to_the_same_row(place: Place) -> None:
    world = place.importer.world
    import_now(place.importer, TAKEN)
    from lms.people import invitations
    from lms.people.invitations import Letter

    world.write(
        lambda: invitations.register("free@h.example", letter=Letter("t", "http://x/t", "en"), sign_in_link="x")
    )
    user_id = world.write(
        lambda: invitations.accept_as_new("t", name="Bo Kim", password_hash="x", language="en", day=DAY)
    )

    assert [mail["template"] for mail in mails(world)] == ["verify-email"]
    assert user_of(place, "Bo Kim").id == user_id
    assert world.read(lambda: db.session.get_one(User, user_id).password_hash) == "x"


def test_the_pages_that_put_two_accounts_together_tell_nothing_of_an_account_elsewhere(place: Place) -> None:
    world = place.importer.world
    world.user("Ann Nurse Lee", email="taken@h.example", agency=place.hospital)
    import_now(
        place.importer,
        TAKEN + "Ann Lee,ann@h.example,3,Elm School,Teacher,\nBo Kim,bo@h.example,4,Elm School,Teacher,\n",
    )
    client = place.importer.client
    pairs = {
        name: [user.id for user in all_of(place, select(User).where(User.name == name).order_by(User.id))]
        for name in ("Ann Lee", "Bo Kim")
    }

    pages = [
        "".join(
            client.get(address).get_data(as_text=True)
            for address in (f"/people/{one}/same", f"/people/{one}/same/{other}", f"/people/{other}/same")
        )
        for one, other in pairs.values()
    ]
    listed = client.get("/people/duplicates").get_data(as_text=True)

    assert without(pages[0], "Ann Lee", "Ann+Lee", "taken@", "ann@") == without(
        pages[1], "Bo Kim", "Bo+Kim", "free@", "bo@"
    )
    assert "taken@h.example" in pages[0]
    assert "taken@h.example" in listed
    assert "free@h.example" in listed


def accept(place: Place, user: int) -> int:
    link = letters(place)["taken@h.example"]
    return send(place.importer.world.client_of(user), link, page=link).status_code


def test_whatever_was_entered_for_somebody_before_they_accepted_is_theirs_afterwards(place: Place) -> None:
    world = place.importer.world
    elsewhere = world.user("Ann Nurse Lee", email="taken@h.example", agency=place.hospital)
    world.set_password(elsewhere, PASSWORD)
    import_now(place.importer, TAKEN, invite="y")
    shadow = user_of(place, "Ann Lee").id
    world.grant(shadow, "coordinator", place.oak)
    world.write(lambda: db.session.add(training_of(shadow)))

    assert accept(place, elsewhere) == 303

    assert all_of(place, select(RoleGrant.user_id).where(RoleGrant.role == "coordinator")) == [elsewhere]
    assert all_of(place, select(ExternalTraining.user_id)) == [elsewhere]
    assert all_of(place, select(User.merged_into_id).where(User.id == shadow)) == [elsewhere]


def test_a_course_that_somebody_is_in_already_is_not_begun_once_more_by_accepting(place: Place) -> None:
    world = place.importer.world
    world.publish("tiny")
    elsewhere = world.user("Ann Nurse Lee", email="taken@h.example", agency=place.hospital)
    world.set_password(elsewhere, PASSWORD)
    import_now(place.importer, TAKEN, invite="y", course_id="1")
    world.write(lambda: enroll_many([elsewhere], 1, utc_now()))

    accept(place, elsewhere)

    assert all_of(place, select(Enrollment.cycle).where(Enrollment.user_id == elsewhere)) == [1]


def test_an_account_that_signs_in_by_now_is_not_taken_over_with_somebody_elses_invitation(place: Place) -> None:
    world = place.importer.world
    elsewhere = world.user("Ann Nurse Lee", email="taken@h.example", agency=place.hospital)
    world.set_password(elsewhere, PASSWORD)
    import_now(place.importer, TAKEN, invite="y")
    own = user_of(place, "Ann Lee").id
    world.write(lambda: setattr(db.session.get_one(User, own), "last_seen_at", utc_now()))

    accept(place, elsewhere)

    assert all_of(place, select(User.disabled_at).where(User.id == own)) == [None]
    assert all_of(place, select(Membership.agency_id).where(Membership.user_id == own)) == [place.oak]


def test_who_was_taken_in_is_erased_with_the_account(place: Place) -> None:
    world = place.importer.world
    elsewhere = world.user("Ann Nurse Lee", email="taken@h.example", agency=place.hospital)
    world.set_password(elsewhere, PASSWORD)
    import_now(place.importer, TAKEN, invite="y")
    shadow = user_of(place, "Ann Lee").id
    accept(place, elsewhere)

    erase_now(world, elsewhere)

    assert all_of(place, select(User.name).where(User.id == shadow)) == [f"Erased person {shadow}"]
