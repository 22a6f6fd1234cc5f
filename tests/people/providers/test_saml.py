"""Signing in with a real SAML provider (npm samlp), and every answer that must be refused."""

from __future__ import annotations

import base64
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from html import unescape

import pytest
import requests
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import delete, select, update

from lms import keys
from lms.clock import utc_now
from lms.database import db
from lms.keys import NewKey, OpenKey
from lms.people.models import User
from lms.people.providers import saml, setting_up
from lms.people.providers.models import EmailDomain, ExternalIdentity, ProviderSignIn, UsedAssertion
from lms.people.providers.problems import ProviderProblem
from lms.people.providers.saml import SamlSite
from lms.people.providers.setting_up import Common
from tests.support.providers import Site, Visit, free_port, node_server
from tests.support.visits import send
from tests.support.world import World

ANA = {"id": "ana-1", "displayName": "Ana Ruiz", "emails": [{"value": "ana@cedar.example"}], "name": {}}
BO = {"id": "bo-2", "displayName": "Bo Lind", "emails": [{"value": "bo@cedar.example"}], "name": {}}


@dataclass
class Saml:
    """An agency whose provider of SAML really runs."""

    site: Site
    agency: int
    provider: int
    address: str
    key: NewKey

    def answer(self, visit: Visit) -> str:
        """From our sign-in page to the provider and back, up to the answer that its page would post; as XML."""
        visit.get(f"{self.site.address}/sign-in/agency")
        visit.send(button='name="provider"')
        found = re.search(r'name="SAMLResponse"\s+value="([^"]*)"', visit.text)
        assert found, visit.text
        return base64.b64decode(unescape(found[1])).decode()

    def post(self, visit: Visit, xml: str) -> str:
        return visit.send({"SAMLResponse": base64.b64encode(xml.encode()).decode()})

    def people(self) -> list[str]:
        return list(self.site.world.read(lambda: db.session.scalars(select(User.name)).all()))


def make_saml(site: Site, agency: int, metadata: str) -> int:
    secret_key = site.app.extensions["lms"].settings.secret_key
    with site.app.app_context():
        own = SamlSite(f"{site.address}/saml/metadata", f"{site.address}/saml/answers", saml.saml_key(secret_key))
        entity_id = saml.read_metadata(own, metadata)

    def step() -> int:
        common = Common("County account", "NameID", discipline="schools")
        made = setting_up.save_saml(agency, None, common, entity_id, metadata, actor_id=None)
        setting_up.switch(agency, made.id, is_on=True, actor_id=None)
        row = EmailDomain(agency_id=agency, domain="cedar.example", dns_text="x", created_at=utc_now())
        row.verified_at, row.verified_by = utc_now(), "dns"
        db.session.add(row)
        return made.id

    return site.world.write(step)


@pytest.fixture(scope="module")
def key() -> NewKey:
    if not saml.is_installed():
        pytest.skip("the extra “saml” or xmlsec1 is not installed")
    return saml.new_key()


@pytest.fixture
def federation(site: Site, key: NewKey) -> Iterator[Saml]:
    question = {
        "port": free_port(),
        "answersAt": f"{site.address}/saml/answers",
        "certificate": key.public_text,
        "key": key.private.decode(),
        "people": {"ana": ANA, "bo": BO},
        "user": "ana",
    }
    secret_key = site.app.extensions["lms"].settings.secret_key
    site.world.write(lambda: keys.rotate(saml.KEY_PURPOSE, secret_key, key))
    agency = site.world.agency("Cedar County", kind="district")
    with node_server("saml.mjs", question) as address:
        with urllib.request.urlopen(f"{address}/metadata") as answer:
            metadata = answer.read().decode()
        yield Saml(site, agency, make_saml(site, agency, metadata), address, key)


def test_who_signs_in_at_the_provider_is_signed_in_here(visit: Visit, federation: Saml) -> None:
    page = federation.post(visit, federation.answer(visit))

    assert visit.address.endswith("/home"), page
    identity = federation.site.world.read(lambda: db.session.scalars(select(ExternalIdentity)).one())
    assert federation.people() == ["Ana Ruiz"]
    assert identity.issuer == f"saml:{federation.provider}#NameID"
    assert identity.subject == "ana-1"


@pytest.mark.sqlite_only
def test_the_request_is_signed(visit: Visit, federation: Saml) -> None:
    federation.answer(visit)

    assert "Signature=" in visit.address
    assert "rsa-sha256" in visit.address


def test_an_answer_is_taken_once(visit: Visit, federation: Saml) -> None:
    answer = federation.answer(visit)
    before = visit.page
    federation.post(visit, answer)
    visit.jars.clear()
    visit.page = before

    federation.post(visit, answer)

    assert visit.status == 403
    assert "used already" in visit.text


@pytest.mark.sqlite_only
def test_an_assertion_is_taken_once_even_if_the_request_were_open_again(visit: Visit, federation: Saml) -> None:
    answer = federation.answer(visit)
    before = visit.page
    federation.post(visit, answer)
    federation.site.world.write(
        lambda: db.session.execute(update(ProviderSignIn).values(returned_at=None, ticket_hash=None, used_at=None))
    )
    visit.page = before

    federation.post(visit, answer)

    assert visit.status == 403
    assert federation.site.world.read(lambda: len(db.session.scalars(select(UsedAssertion)).all())) == 1


@pytest.mark.sqlite_only
def test_an_answer_in_another_browser_signs_nobody_in(visit: Visit, federation: Saml) -> None:
    answer = federation.answer(visit)
    visit.jars.clear()

    federation.post(visit, answer)

    assert visit.status == 403
    assert federation.people() == []


@pytest.mark.sqlite_only
def test_an_answer_that_nobody_asked_for_is_refused(visit: Visit, federation: Saml) -> None:
    answer = federation.answer(visit)
    federation.site.world.write(lambda: db.session.execute(delete(ProviderSignIn)))

    federation.post(visit, answer)

    assert visit.status == 403


@dataclass
class Told:
    """An answer that a real provider gave to a request of ours, and all that it is checked against."""

    site: SamlSite
    metadata: str
    entity_id: str
    address: str
    request_id: str = "_request"

    def answer(self) -> str:
        page = requests.get(
            saml.request_address(self.site, self.metadata, self.entity_id, self.request_id), timeout=10
        ).text
        found = re.search(r'name="SAMLResponse"\s+value="([^"]*)"', page)
        assert found
        return base64.b64decode(unescape(found[1])).decode()

    def check(self, xml: str) -> saml.Assertion:
        encoded = base64.b64encode(xml.encode()).decode()
        return saml.check_answer(self.site, self.metadata, self.entity_id, encoded, self.request_id)

    def sign(self, **values: object) -> None:
        requests.post(f"{self.address}/__sign", json=values, timeout=10)


@pytest.fixture(scope="module")
def told(key: NewKey) -> Iterator[Told]:
    answers_at = "https://crosstrain.example/saml/answers"
    question = {
        "port": free_port(),
        "answersAt": answers_at,
        "certificate": key.public_text,
        "key": key.private.decode(),
        "people": {"ana": ANA},
        "user": "ana",
    }
    own = OpenKey(key.kid, key.public_text, key.private, utc_now())
    site = SamlSite("https://crosstrain.example/saml/metadata", answers_at, own)
    with node_server("saml.mjs", question) as address:
        metadata = requests.get(f"{address}/metadata", timeout=10).text
        yield Told(site, metadata, saml.read_metadata(site, metadata), address)


@pytest.fixture(scope="module")
def genuine(told: Told) -> str:
    return told.answer()


def test_what_the_provider_signed_is_believed(told: Told, genuine: str) -> None:
    found = told.check(genuine)

    assert (found.claims["NameID"], found.claims["email"]) == ("ana-1", "ana@cedar.example")


@pytest.mark.parametrize(
    "signs",
    [
        {"response": False},
        {"assertion": False},
        {"response": False, "assertion": False},
        {"algorithm": "rsa-sha1", "digest": "sha1"},
    ],
)
def test_an_answer_that_is_not_signed_twice_and_well_is_refused(told: Told, signs: dict[str, object]) -> None:
    told.sign(**signs)
    answer = told.answer()
    told.sign(response=True, assertion=True, algorithm="rsa-sha256", digest="sha256")

    with pytest.raises(ProviderProblem):
        told.check(answer)


def without(text: str, pattern: str) -> str:
    changed = re.sub(pattern, "", text, count=1, flags=re.S)
    assert changed != text
    return changed


def replaced(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def part(text: str, pattern: str) -> str:
    found = re.search(pattern, text, re.S)
    assert found
    return found[0]


ASSERTION = r"<(?:saml:)?Assertion.*?</(?:saml:)?Assertion>"
SIGNATURE = r"<(?:ds:)?Signature\b.*?</(?:ds:)?Signature>"


def evil_assertion(text: str) -> str:
    """The assertion with another person in it, another id and no signature."""
    assertion = without(part(text, ASSERTION), SIGNATURE)
    own = part(assertion, r'ID="[^"]*"')
    return assertion.replace(own, 'ID="_evil"').replace("ana-1", "bo-2").replace("ana@", "bo@")


def in_two_readings(text: str) -> str:
    """One person where the text is read as UTF-8, the signed one where its declaration of UTF-7 is believed."""

    def hidden(part: str) -> str:
        return f"+{base64.b64encode(part.encode('utf-16-be')).decode().rstrip('=')}-"

    body = re.sub(r"^<\?xml.*?\?>\s*", "", text)
    start = part(body, r"<samlp:Response.*?>")
    signed = body.removeprefix(start).removesuffix("</samlp:Response>")
    forged = re.sub(r"(<(?:SignatureValue|DigestValue|X509Certificate)>)[^<]*", r"\1AAAA", signed)
    forged = forged.replace("ana-1", "bo-2")
    assert "+" not in forged
    head = '<?xml version="1.0" encoding="UTF-7"?>'
    return f"{head}{start}{hidden('<!--')}{forged}{hidden('-->')}{hidden(signed)}</samlp:Response>"


FORGERIES = {
    "another person": lambda text: text.replace("ana-1", "bo-2"),
    "another address": lambda text: text.replace("ana@cedar.example", "bo@cedar.example"),
    "no signature at all": lambda text: without(without(text, SIGNATURE), SIGNATURE),
    "the response's signature taken off": lambda text: without(text, SIGNATURE),
    "a second assertion before the signed one": lambda text: text.replace(
        part(text, ASSERTION), evil_assertion(text) + part(text, ASSERTION)
    ),
    "a second assertion after the signed one": lambda text: text.replace(
        part(text, ASSERTION), part(text, ASSERTION) + evil_assertion(text)
    ),
    "the signed response inside of another one": lambda text: (
        part(text, r"<samlp:Response.*?>").replace('ID="', 'ID="_evil')
        + part(text, r"<(?:saml:)?Issuer.*?</(?:saml:)?Issuer>")
        + part(text, r"<samlp:Status>.*?</samlp:Status>")
        + evil_assertion(text)
        + f"<samlp:Extensions>{text}</samlp:Extensions></samlp:Response>"
    ),
    "the signed assertion moved into the forged one's signature": lambda text: text.replace(
        part(text, ASSERTION),
        evil_assertion(text).replace(
            "</saml:Assertion>", f"<saml:Advice>{part(text, ASSERTION)}</saml:Advice></saml:Assertion>"
        ),
    ),
    "a comment within the name": lambda text: text.replace("ana-1", "ana<!-- -->-1"),
    "a document type": lambda text: '<!DOCTYPE x [<!ENTITY e "bo-2">]>' + text.replace("ana-1", "&e;"),
    "an entity of a file": lambda text: '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + text,
    "cut off": lambda text: text[: len(text) // 2],
    "another request": lambda text: re.sub(r'InResponseTo="[^"]*"', 'InResponseTo="_x"', text, count=1),
    "another destination": lambda text: re.sub(r'Destination="[^"]*"', 'Destination="https://x.example"', text),
}


@pytest.mark.parametrize("how", FORGERIES)
def test_an_answer_that_was_changed_is_refused(told: Told, genuine: str, how: str) -> None:
    forged = FORGERIES[how](genuine)
    assert forged != genuine

    with pytest.raises(ProviderProblem):
        told.check(forged)


def test_a_text_that_would_be_read_in_two_ways_is_refused_by_its_declared_encoding(told: Told, genuine: str) -> None:
    with pytest.raises(ProviderProblem) as refused:
        told.check(in_two_readings(genuine))

    assert refused.value.values == {"reason": "encoding"}


def test_a_declaration_of_utf_8_is_taken(told: Told, genuine: str) -> None:
    found = told.check(f'<?xml version="1.0" encoding="UTF-8"?>{genuine}')

    assert found.claims["NameID"] == "ana-1"


def test_an_answer_signed_with_another_key_is_refused(told: Told, genuine: str, key: NewKey) -> None:
    other = saml.new_key()
    own, others = ("".join(one.public_text.splitlines()[1:-1]) for one in (key, other))
    assert own in told.metadata

    with pytest.raises(ProviderProblem):
        replace(told, metadata=told.metadata.replace(own, others)).check(genuine)


@pytest.mark.parametrize("field", ["entity_id", "request_id"])
def test_an_answer_of_another_provider_or_to_another_request_is_refused(told: Told, genuine: str, field: str) -> None:
    with pytest.raises(ProviderProblem):
        replace(told, **{field: "_other"}).check(genuine)


def test_an_answer_for_another_site_is_refused(told: Told, genuine: str) -> None:
    elsewhere = replace(told.site, entity_id="https://other.example/saml/metadata")

    with pytest.raises(ProviderProblem):
        replace(told, site=elsewhere).check(genuine)


def test_an_answer_that_is_too_old_is_refused(told: Told, genuine: str) -> None:
    with time_machine.travel(utc_now() + timedelta(minutes=7)), pytest.raises(ProviderProblem):
        told.check(genuine)


@pytest.mark.parametrize("text", ["", "<a/>", "x" * 100, "<!DOCTYPE a><a/>", '<EntityDescriptor entityID="x"/>'])
def test_metadata_of_nobody_are_refused_with_a_sentence(told: Told, text: str) -> None:
    with pytest.raises(ProviderProblem):
        saml.read_metadata(told.site, text)


def test_our_metadata_name_where_answers_are_posted(told: Told) -> None:
    page = saml.own_metadata(told.site)

    assert f'Location="{told.site.answers_at}"' in page
    assert 'WantAssertionsSigned="true"' in page
    assert "PRIVATE" not in page


@pytest.mark.sqlite_only
def test_without_the_extra_the_pages_say_so(client: FlaskClient, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    agency = world.agency()
    chief = world.user("Chief", agency=agency)
    world.grant(chief, "agency-administrator", agency)
    monkeypatch.setenv("PATH", "")

    metadata = client.get("/saml/metadata")
    answer = client.post("/saml/answers", data={"SAMLResponse": "x"})
    page = world.client_of(chief).get(f"/agencies/{agency}/sign-in/saml").text

    assert "SAML is not installed on this site" in metadata.text
    assert answer.status_code == 403
    assert "OpenID Connect works without it" in page


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("pasted", "said"),
    [("", "Choose the file or paste the text."), ("<a/>", "do not name exactly one identity provider")],
)
def test_a_form_without_metadata_says_what_is_needed(world: World, pasted: str, said: str) -> None:
    agency = world.agency()
    chief = world.user("Chief", agency=agency)
    world.grant(chief, "agency-administrator", agency)
    client, address = world.client_of(chief), f"/agencies/{agency}/sign-in/saml"
    values = {"name": "Prairie", "discipline": "schools", "subject_claim": "NameID", "metadata_xml": pasted}

    page = client.get(address).text
    answer = send(client, address, values, page=address)

    assert answer.status_code == 422
    assert said in unescape(answer.text)
    assert "Error" not in unescape(answer.text).split(said)[1][:40]
    assert "One of the two is needed." in page


def test_everything_else_is_there_without_the_extra() -> None:
    code = "import sys; sys.modules['saml2'] = sys.modules['defusedxml'] = None; import lms.web; print('there')"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)

    assert done.stdout == "there\n", done.stderr
