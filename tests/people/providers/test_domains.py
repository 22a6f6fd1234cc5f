"""Mail domains: which are taken, how they are proven, and who joins by them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import dns.message
import dns.rrset
import pytest
from dns.resolver import Resolver
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.database import db
from lms.errors import Conflict, Invalid
from lms.people.agency_models import JoinRequest
from lms.people.models import Membership
from lms.people.providers import domains, joining
from lms.people.providers.models import EmailDomain
from tests.support.visits import PASSWORD, link_in, mails, send
from tests.support.world import World


@pytest.fixture
def agency(world: World) -> int:
    return world.agency("Cedar County")


@pytest.fixture
def chief(world: World, agency: int) -> FlaskClient:
    user = world.user("Chief", agency=agency)
    world.grant(user, "agency-administrator", agency)
    return world.client_of(user)


def domain_of(world: World, agency: int, name: str = "cedar.example", *, joining: str = "", proven: bool = True) -> int:
    actor = world.user()

    def step() -> int:
        row = domains.add_domain(agency, name, actor_id=actor)
        if proven:
            domains.confirm_by_dns(agency, row.id, actor_id=actor)
        if joining:
            domains.change_joining(agency, row.id, joining, actor_id=actor)
        return row.id

    return world.write(step)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" Cedar.Example ", "cedar.example"),
        ("@cedar.example", "cedar.example"),
        ("cedar.example.", "cedar.example"),
        ("español.example", "xn--espaol-zwa.example"),
    ],
)
def test_a_domain_is_kept_as_it_is_compared(typed: str, kept: str) -> None:
    assert domains.clean_domain(typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "cedar", "a b.example", "-a.example", "a@b.example", "10.0.0.1", "a..example", "x" * 300, "a_b.example"],
)
def test_what_is_no_domain_is_refused(typed: str) -> None:
    with pytest.raises(Invalid):
        domains.clean_domain(typed)


@pytest.mark.parametrize(
    ("said", "domain"),
    [
        ("Ana@Cedar.Example", "cedar.example"),
        ("ana", ""),
        ("", ""),
        (None, ""),
        ("eve@x.example@cedar.example", ""),
        ("ana\nBcc: eve@cedar.example", ""),
        ("Eve <eve@x.example>, ana@cedar.example", ""),
        ("@cedar.example", ""),
    ],
)
def test_only_what_is_one_address_has_a_domain(said: str | None, domain: str) -> None:
    assert domains.domain_of(said) == domain


@pytest.mark.parametrize("name", sorted(domains.PUBLIC_DOMAINS))
def test_domains_of_everybody_are_refused(name: str) -> None:
    with pytest.raises(Invalid, match="Anybody"):
        domains.clean_domain(name.upper())


@pytest.fixture
def name_server() -> Iterator[tuple[Resolver, dict[str, str]]]:
    """A name server on loopback that knows the TXT records a test gives it, and a resolver that asks it."""
    records: dict[str, str] = {}
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            data, sender = server.recvfrom(2048)
            if data == b"stop":
                return
            question = dns.message.from_wire(data)
            answer = dns.message.make_response(question)
            name = question.question[0].name
            text = records.get(name.to_text(omit_final_dot=True))
            if text is None:
                answer.set_rcode(3)
            else:
                answer.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", text))
            server.sendto(answer.to_wire(), sender)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    resolver = Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], server.getsockname()[1]
    yield resolver, records
    server.sendto(b"stop", server.getsockname())
    thread.join()
    server.close()


@pytest.mark.parametrize("name", ["cedar.example", "_crosstrain.cedar.example"])
def test_a_record_of_the_domain_proves_it(name_server: tuple[Resolver, dict[str, str]], name: str) -> None:
    resolver, records = name_server
    records[name] = f'"{domains.DNS_PREFIX}" "abc"'

    assert domains.dns_says("cedar.example", "abc", resolver)


def test_no_record_another_text_or_another_domain_prove_nothing(name_server: tuple[Resolver, dict[str, str]]) -> None:
    resolver, records = name_server
    records["cedar.example"] = f'"{domains.DNS_PREFIX}other"'
    records["other.example"] = f'"{domains.DNS_PREFIX}abc"'

    assert not domains.dns_says("cedar.example", "abc", resolver)
    assert not domains.dns_says("unknown.example", "abc", resolver)


def test_a_mailed_link_proves_a_domain_once_it_is_confirmed(
    chief: FlaskClient, client: FlaskClient, world: World, agency: int
) -> None:
    number = domain_of(world, agency, proven=False)
    send(chief, f"/agencies/{agency}/sign-in/domains/{number}/mail", {"mailbox": "postmaster"}, page="/home")
    (mail,) = mails(world)

    client.get(link_in(mail))
    opened = world.read(lambda: db.session.get_one(EmailDomain, number).verified_at)
    send(client, link_in(mail))

    row = world.read(lambda: db.session.get_one(EmailDomain, number))
    assert mail["to"] == "postmaster@cedar.example"
    assert opened is None
    assert row.verified_by == "mail"
    assert client.get(link_in(mail)).status_code == 404


def test_no_mail_goes_to_another_mailbox(chief: FlaskClient, world: World, agency: int) -> None:
    number = domain_of(world, agency, proven=False)

    answer = send(chief, f"/agencies/{agency}/sign-in/domains/{number}/mail", {"mailbox": "chief"}, page="/home")

    assert answer.status_code == 422
    assert mails(world) == []


def test_a_domain_is_proven_for_one_agency_at_a_time(world: World, agency: int) -> None:
    domain_of(world, agency)

    with pytest.raises(Conflict):
        domain_of(world, world.agency("Another"))


def test_a_domain_that_was_given_up_can_be_proven_by_another(world: World, agency: int) -> None:
    number = domain_of(world, agency)
    actor = world.user()
    world.write(lambda: domains.remove_domain(agency, number, actor_id=actor))

    assert domain_of(world, world.agency("Another")) != number


def register(client: FlaskClient, world: World, email: str) -> str:
    """Ask to register; the link of the mail, or nothing where none was sent."""
    before = len(mails(world))
    send(client, "/register", {"email": email}, page="/register")
    new = mails(world)[before:]
    return link_in(new[0]) if new else ""


def set_up(client: FlaskClient, link: str, **more: str) -> int:
    values = {"name": "Ana Ruiz", "password": PASSWORD, "password_again": PASSWORD, "language": "en", **more}
    return send(client, link, values, page=link).status_code


def test_people_of_the_domain_join_at_once_where_the_agency_says_so(
    client: FlaskClient, world: World, agency: int
) -> None:
    domain_of(world, agency, joining="at-once")

    status = set_up(client, register(client, world, "ana@cedar.example"), discipline="schools")

    place = world.read(lambda: db.session.scalars(select(Membership)).one())
    assert status == 303
    assert (place.agency_id, place.discipline) == (agency, "schools")


def test_without_a_discipline_nobody_joins(client: FlaskClient, world: World, agency: int) -> None:
    domain_of(world, agency, joining="at-once")

    assert set_up(client, register(client, world, "ana@cedar.example")) == 422
    assert world.read(lambda: db.session.scalars(select(Membership)).all()) == []


@pytest.mark.parametrize("decision", ["approve", "refuse"])
def test_an_administrator_decides_where_the_agency_wants_that(
    chief: FlaskClient, client: FlaskClient, world: World, agency: int, decision: str
) -> None:
    domain_of(world, agency, joining="approval")
    set_up(client, register(client, world, "ana@cedar.example"), discipline="schools")
    asked = world.read(lambda: db.session.scalars(select(JoinRequest)).one())
    before = world.read(lambda: db.session.scalars(select(Membership).where(Membership.user_id == asked.user_id)).all())

    page = chief.get("/people/requests").text
    send(chief, "/people/requests", {"request": str(asked.id), "decision": decision, "reason": "We looked"})

    after = world.read(lambda: db.session.scalars(select(Membership).where(Membership.user_id == asked.user_id)).all())
    assert "Ana Ruiz" in page
    assert (len(before), len(after)) == (0, 1 if decision == "approve" else 0)
    assert mails(world)[-1]["template"] == "join-decided"


def test_an_address_of_no_domain_gets_no_mail_and_the_same_page(client: FlaskClient, world: World, agency: int) -> None:
    domain_of(world, agency, joining="at-once")

    known = send(client, "/register", {"email": "ana@cedar.example"}, page="/register").text
    unknown = send(client, "/register", {"email": "ana@other.example"}, page="/register").text

    assert known == unknown
    assert [mail["to"] for mail in mails(world)] == ["ana@cedar.example"]


def test_a_domain_that_is_not_proven_lets_nobody_join(client: FlaskClient, world: World, agency: int) -> None:
    domain_of(world, agency, proven=False)

    assert world.read(lambda: joining.joinable("ana@cedar.example")) is None
    assert "by invitation" in client.get("/register").text


def test_an_administrator_of_another_agency_decides_nothing(
    app: Flask, client: FlaskClient, world: World, agency: int
) -> None:
    domain_of(world, agency, joining="approval")
    set_up(client, register(client, world, "ana@cedar.example"), discipline="schools")
    stranger = world.user("Other chief")
    world.grant(stranger, "agency-administrator", world.agency("Another"))
    asked = world.read(lambda: db.session.scalars(select(JoinRequest)).one()).id

    other = world.client_of(stranger)

    page = other.get("/people/requests").text
    send(other, "/people/requests", {"request": str(asked), "decision": "approve", "reason": ""})

    assert "Ana Ruiz" not in page
    assert world.read(lambda: db.session.get_one(JoinRequest, asked).state) == "waiting"


def test_a_record_that_is_not_there_yet_is_said_on_the_page_of_the_domain(
    world: World, agency: int, chief: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(domains, "dns_says", lambda name, text: False)
    address = f"/agencies/{agency}/sign-in/domains/{domain_of(world, agency, proven=False)}"

    answer = send(chief, f"{address}/look", page="/account")

    assert (answer.status_code, answer.headers["Location"]) == (303, address)
    assert "There is no such record at cedar.example yet" in chief.get(address).text
