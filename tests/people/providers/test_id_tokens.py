"""Which ID tokens are believed: signed as a provider would, with one thing wrong at a time (fault 51)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from lms.people.providers import oidc
from lms.people.providers.oidc import Client
from lms.people.providers.problems import ProviderProblem, UnknownKey

ISSUER = "https://login.cedar.example"
NONCE = "the nonce of this sign-in"
CLIENT = Client(ISSUER, "crosstrain", "secret", "openid", {}, "https://crosstrain.example/sign-in/oidc")
RSA = RSAKey.generate_key(2048, {"use": "sig", "kid": "rsa"})
EC = ECKey.generate_key("P-256", {"use": "sig", "kid": "ec"})
OTHER = RSAKey.generate_key(2048, {"use": "sig", "kid": "rsa"})
KEYS = KeySet([RSA, EC]).as_dict(private=False)


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    whole = {"iss": ISSUER, "sub": "ana", "aud": "crosstrain", "exp": now + 300, "iat": now, "nonce": NONCE, **changed}
    return {name: value for name, value in whole.items() if value is not None}


def signed(key: Any = RSA, algorithm: str = "RS256", kid: str | None = "rsa", **changed: Any) -> str:
    header = {"alg": algorithm, **({"kid": kid} if kid else {})}
    return jwt.encode(header, claims(**changed), key, algorithms=[algorithm])


def check(token: str, *, access_token: str | None = None) -> dict[str, Any]:
    return oidc.check_id_token(CLIENT, token, KEYS, nonce=NONCE, access_token=access_token)


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(RSA, "RS256", "rsa"), (RSA, "PS256", "rsa"), (EC, "ES256", "ec")]
)
def test_a_token_by_a_published_key_is_believed(key: Any, algorithm: str, kid: str) -> None:
    assert check(signed(key, algorithm, kid))["sub"] == "ana"


def test_an_audience_among_others_counts_with_the_authorized_party() -> None:
    assert check(signed(aud=["crosstrain", "other"], azp="crosstrain"))["sub"] == "ana"


def test_clocks_may_differ_by_a_minute() -> None:
    now = int(time.time())

    assert check(signed(exp=now - 30, iat=now - 330))["sub"] == "ana"
    assert check(signed(iat=now + 30))["sub"] == "ana"


def half_hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest[:16]).rstrip(b"=").decode()


def test_the_hash_of_the_access_token_holds() -> None:
    assert check(signed(at_hash=half_hash("token")), access_token="token")["sub"] == "ana"


def from_now(seconds: int) -> int:
    """Seconds since 1970, counted from when a test runs: its file may have been read an hour before."""
    return int(time.time()) + seconds


WRONG: dict[str, Callable[[], str]] = {
    "another audience": lambda: signed(aud="somebody-else"),
    "a list without us": lambda: signed(aud=["a", "b"], azp="a"),
    "several audiences without authorized party": lambda: signed(aud=["crosstrain", "other"]),
    "another authorized party": lambda: signed(aud=["crosstrain", "other"], azp="other"),
    "another authorized party alone": lambda: signed(azp="other"),
    "no audience": lambda: signed(aud=None),
    "another issuer": lambda: signed(iss="https://evil.example"),
    "an issuer with a slash more": lambda: signed(iss=f"{ISSUER}/"),
    "no issuer": lambda: signed(iss=None),
    "another nonce": lambda: signed(nonce="another"),
    "no nonce": lambda: signed(nonce=None),
    "a nonce in a list": lambda: signed(nonce=[NONCE]),
    "too old": lambda: signed(exp=from_now(-3600), iat=from_now(-7200)),
    "no end": lambda: signed(exp=None),
    "an end that is no number": lambda: signed(exp="tomorrow"),
    "from the future": lambda: signed(iat=from_now(3600), exp=from_now(7200)),
    "no beginning": lambda: signed(iat=None),
    "no subject": lambda: signed(sub=None),
    "an empty subject": lambda: signed(sub=""),
    "a subject that is no text": lambda: signed(sub=5),
    "another key of the same name": lambda: signed(OTHER),
    "the client secret as key": lambda: signed(OctKey.import_key("secret" * 8), "HS256"),
    "the public key as secret": lambda: signed_with_public_key(),
    "no algorithm": lambda: unsigned(),
    "a longer hash algorithm": lambda: signed(algorithm="RS512"),
    "a signature cut off": lambda: signed().rpartition(".")[0] + ".",
    "a part missing": lambda: signed().rpartition(".")[0],
    "no token": lambda: "x",
    "nothing": lambda: "",
}


def signed_with_public_key() -> str:
    """What a careless reader takes: the published key as the secret of an HMAC."""
    head = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"rsa"}').rstrip(b"=").decode()
    body = signed().split(".")[1]
    mac = hmac.digest(RSA.as_pem(private=False), f"{head}.{body}".encode(), "sha256")
    return f"{head}.{body}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"


def unsigned() -> str:
    _, body, _ = signed().split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","kid":"rsa"}').rstrip(b"=").decode()
    return f"{none}.{body}."


@pytest.mark.parametrize("what", WRONG)
def test_a_token_with_one_thing_wrong_is_refused(what: str) -> None:
    with pytest.raises(ProviderProblem):
        check(WRONG[what]())


def test_a_token_for_another_access_token_is_refused() -> None:
    with pytest.raises(ProviderProblem):
        check(signed(at_hash=half_hash("other")), access_token="token")


def test_an_unknown_key_is_said_to_be_unknown() -> None:
    with pytest.raises(UnknownKey):
        check(signed(kid="new"))


@given(st.data())
def test_no_changed_letter_of_a_token_is_believed(data: st.DataObject) -> None:
    token = data.draw(st.just(TOKEN))
    at = data.draw(st.integers(0, len(token) - 3))
    letter = data.draw(st.sampled_from("ABCxyz019-_"))
    if token[at] in (".", letter):
        return

    with pytest.raises(ProviderProblem):
        check(token[:at] + letter + token[at + 1 :])


TOKEN = signed(exp=from_now(86400))
