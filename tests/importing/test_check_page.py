"""The pages of an import as an administrator meets them: nothing is chosen in silence, nothing is lost, all ways lead on."""

from __future__ import annotations

import re

from sqlalchemy import select

from lms.people.importing.models import StaffRecord
from lms.people.models import Invitation, Membership, User
from tests.importing.conftest import Place
from tests.importing.test_applying import HEAD, all_of, import_now, user_of
from tests.support.visits import PASSWORD, link_in, mails, send

UNKNOWN = HEAD + "Ann Lee,a@a.example,1,Oak Schol,Teacher,\nBo Kim,b@a.example,2,Elm School,Teacher,\n"


def test_while_words_are_unknown_keeping_them_is_the_first_button(place: Place) -> None:
    place.importer.upload(UNKNOWN)

    page = place.importer.check()

    assert re.search(r'<button class="btn" type="submit">\s*Keep this and check again', page)
    assert re.search(r'class="btn alt"[^>]*>[^<]*(<svg.*?</svg>)?\s*Go on to confirm', page, re.S)


def test_a_school_that_is_missing_is_added_from_the_check_and_the_way_leads_back(place: Place) -> None:
    place.importer.upload(HEAD + "Ann Lee,a@a.example,1,Pine Academy,Teacher,\n")
    page = place.importer.check()

    (address,) = re.findall(r'href="(/agencies/new\?[^"]*)"', page)
    address = address.replace("&amp;", "&")
    form = place.importer.client.get(address).get_data(as_text=True)
    values = {"name": "pine academy", "kind": "school", "parent_id": place.district, "county_fips": "", "code": ""}
    answer = send(place.importer.client, address, values, page=address)

    assert 'value="pine academy"' in form
    assert answer.headers["Location"] == f"/people/import/{place.importer.id}"
    place.importer.post("values")
    place.importer.work()
    assert place.importer.counts()["create"] == 1


def test_what_was_said_of_words_is_known_for_the_next_file_with_other_columns(place: Place) -> None:
    place.importer.upload(UNKNOWN)
    page = place.importer.check()
    (name,) = re.findall(r'<select name="(agency-\d+)"', page)
    place.importer.post("values", {name: str(place.oak)})
    place.importer.work()

    place.importer.upload("Line in the file,Problem," + HEAD + "3,x,Cy Ode,c@a.example,3,Oak Schol,Teacher,\n")
    place.importer.check()

    assert place.importer.outcomes() == ["create"]


def test_the_check_can_be_read_in_spanish_without_losing_what_was_chosen(place: Place) -> None:
    place.importer.upload(UNKNOWN)
    page = place.importer.check()
    (name,) = re.findall(r'<select name="(agency-\d+)"', page)

    here = f"/people/import/{place.importer.id}"
    send(place.importer.client, f"/language?lang=es&to={here}", {name: str(place.elm)}, page="/people")
    spanish = place.importer.page()

    assert 'lang="es"' in spanish
    assert f'<option value="{place.elm}" selected' in spanish


def test_a_name_without_a_comma_among_many_with_one_is_pointed_out(place: Place) -> None:
    rows = "".join(f'"Last{n}, First{n}",p{n}@a.example,{n},Oak School,Teacher,\n' for n in range(5))
    place.importer.upload(HEAD + rows + "Johnson Deborah,j@a.example,9,Oak School,Teacher,\n")

    page = place.importer.check()

    assert "no comma in them and come in as they stand: 7." in page


def test_names_as_they_are_spoken_are_not_pointed_out(place: Place) -> None:
    place.importer.upload(
        HEAD + 'Ann Lee,a@a.example,1,Oak School,Teacher,\n"Kim, Bo",b@a.example,2,Oak School,Nurse,\n'
    )

    assert "Names without a comma" not in place.importer.check()


def test_invitations_are_ticked_beforehand(place: Place) -> None:
    place.importer.upload(HEAD + "Ann Lee,a@a.example,1,Oak School,Teacher,\n")
    place.importer.check()

    page = place.importer.page("/confirm")

    assert re.search(r'<input[^>]*checked[^>]*name="invite"|<input[^>]*name="invite"[^>]*checked', page)


def test_who_administers_one_agency_finds_it_chosen_for_the_list(place: Place) -> None:
    page = place.importer.client.get("/people/import").get_data(as_text=True)

    assert re.search(rf'<option[^>]*selected[^>]*value="{place.district}"|value="{place.district}" selected', page)


def test_undoing_says_that_mailed_links_end_and_nobody_is_told(place: Place) -> None:
    import_now(place.importer, HEAD + "Ann Lee,a@a.example,1,Oak School,Teacher,\n", invite="y")

    assert "nobody tells them" in place.importer.page("/undo")
    place.importer.undo()
    assert "ended with an import that was undone" in place.importer.client.get("/people/invitations").get_data(
        as_text=True
    )


def test_an_old_confirm_page_leads_back_to_the_import(place: Place) -> None:
    import_now(place.importer, HEAD + "Ann Lee,a@a.example,1,Oak School,Teacher,\n")

    answer = place.importer.client.get(f"/people/import/{place.importer.id}/confirm")

    assert answer.status_code == 409
    assert f'href="/people/import/{place.importer.id}"' in answer.get_data(as_text=True)


def test_somebody_without_an_address_gets_one_on_their_page_and_comes_in(place: Place) -> None:
    import_now(place.importer, HEAD + "Tasha Brown,,77,Oak School,Teacher,\n")
    tasha = user_of(place, "Tasha Brown").id
    page = place.importer.client.get(f"/people/{tasha}").get_data(as_text=True)

    address = f"/people/{tasha}/address"
    assert (
        send(place.importer.client, address, {"email": "T@a.example", "language": "en"}, page=address).status_code
        == 303
    )
    link = link_in(mails(place.importer.world)[-1])
    browser = place.importer.world.app.test_client()
    values = {"name": "Tasha Brown", "password": PASSWORD, "password_again": PASSWORD, "language": "en"}
    assert send(browser, link, values, page=link).status_code == 303

    assert "Staff id at River District" in page
    assert "77" in page
    assert "Add an address and invite" in page
    assert user_of(place, "Tasha Brown").email == "t@a.example"
    assert len(all_of(place, select(Membership.id).where(Membership.user_id == tasha))) == 1
    assert place.importer.client.get(address).status_code == 409


def test_after_a_wrong_address_was_corrected_no_mail_goes_to_the_wrong_one(place: Place) -> None:
    import_now(place.importer, HEAD + "Tasha Brown,wrong@a.example,77,Oak School,Teacher,\n", invite="y")
    address = f"/people/{user_of(place, 'Tasha Brown').id}/address"

    send(place.importer.client, address, {"email": "right@a.example", "language": "en"}, page=address)

    assert [mail["to"] for mail in mails(place.importer.world) if "to" in mail] == ["right@a.example"]


def test_an_address_of_an_account_elsewhere_stays_there_and_nothing_tells_of_it(place: Place) -> None:
    world = place.importer.world
    world.user("Tasha Nurse", email="t@h.example", agency=place.hospital)
    import_now(place.importer, HEAD + "Tasha Brown,,77,Oak School,Teacher,\n")
    tasha = user_of(place, "Tasha Brown").id

    address = f"/people/{tasha}/address"
    answer = send(place.importer.client, address, {"email": "t@h.example", "language": "en"}, page=address)

    assert answer.status_code == 303
    assert all_of(place, select(User.email).where(User.id == tasha)) == [None]
    assert all_of(place, select(StaffRecord.email).where(StaffRecord.user_id == tasha)) == ["t@h.example"]
    assert all_of(place, select(Invitation.for_user_id)) == [tasha]
    assert "t@h.example" in place.importer.client.get(f"/people/{tasha}").get_data(as_text=True)


def test_an_invitation_turns_a_name_with_a_comma_as_an_import_does(place: Place) -> None:
    values = {
        "email": "k@a.example", "name": "Lee, Kim", "agency_id": place.oak, "discipline": "schools", "language": "en",
    }  # fmt: skip
    send(place.importer.client, "/people/invite", values, page="/people/invite")

    assert mails(place.importer.world)[-1]["values"]["name"] == "Kim Lee"


def test_the_link_into_an_archived_agency_says_so_before_anybody_chooses_a_password(place: Place) -> None:
    world = place.importer.world
    import_now(place.importer, HEAD + "Ann Lee,a@a.example,1,Oak School,Teacher,\n", invite="y")
    link = link_in(mails(world)[-1])

    page = place.importer.client.get(f"/agencies/{place.oak}/archive").get_data(as_text=True)
    send(place.importer.client, f"/agencies/{place.oak}/archive", page="/people")
    answer = world.app.test_client().get(link)

    assert re.search(r"Open invitations</dt>\s*<dd>1<", page)
    assert answer.status_code == 409
    assert "is not in use on this site any more" in answer.get_data(as_text=True)
    assert "agency archived" in place.importer.client.get("/people/invitations").get_data(as_text=True)
