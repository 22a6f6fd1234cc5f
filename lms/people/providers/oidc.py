"""OpenID Connect with one provider: discovery, the way there, the code for tokens, and an ID token checked whole.

OpenID Connect Core 1.0, 3.1.3.7; RFC 7636 (PKCE); RFC 9207 (the issuer beside the code). No Flask, no transaction: a
provider may take its time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from lms.clock import utc_now
from lms.errors import N_
from lms.people.providers.fetching import SILENT, check_address, fetch_json, prepare
from lms.people.providers.problems import ProviderProblem, UnknownKey
from lms.settings import Settings

ALGORITHMS = ("RS256", "ES256", "PS256")
"""By public keys only: a shared secret (HS256) would let whoever knows ours make tokens, and `none` anybody."""

SKEW_SECONDS = 60
WELL_KNOWN = "/.well-known/openid-configuration"

WRONG_ISSUER = N_("The provider calls itself %(said)s, not %(wanted)s. Enter the address exactly as the provider says.")
NO_ENDPOINT = N_("The provider does not say where people sign in (%(name)s is missing in its discovery document).")
NO_CODE = N_("The provider does not offer the authorization code flow.")
NO_PKCE = N_("The provider does not offer PKCE with S256.")
NO_ALGORITHM = N_("The provider signs with %(algorithms)s only. RS256, ES256 and PS256 are taken.")
NO_KEYS = N_("The provider publishes no key that signatures could be checked with.")
REFUSED_CODE = N_("The provider did not accept our request (%(error)s). Check the client id and the client secret.")
REFUSED_SIGN_IN = N_("The provider did not sign you in (%(error)s).")
NO_TOKEN = N_("The provider's answer holds no ID token. Check that the scopes begin with openid.")
BAD_TOKEN = N_("The provider's ID token cannot be trusted: %(reason)s. Nobody is signed in.")
OTHER_PERSON = N_("The provider's answers speak of two different people. Nobody is signed in.")


@dataclass(frozen=True, slots=True)
class Client:
    """What is registered with a provider, its secret in the clear: never logged, never stored."""

    issuer: str
    client_id: str
    secret: str | None
    scopes: str
    discovery: dict[str, Any]
    redirect: str


def discover(issuer: str, settings: Settings) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a provider says of itself, and its keys, both checked. Raises ProviderProblem."""
    found = fetch_json(issuer.rstrip("/") + WELL_KNOWN, settings)
    if found.get("issuer") != issuer:
        raise ProviderProblem(WRONG_ISSUER, said=str(found.get("issuer"))[:200], wanted=issuer)
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not isinstance(found.get(name), str):
            raise ProviderProblem(NO_ENDPOINT, name=name)
        check_address(found[name], settings)
    _refuse_unfit(found)
    kept = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    more = ("token_endpoint_auth_methods_supported", "authorization_response_iss_parameter_supported")
    return {name: found[name] for name in (*kept, *more) if name in found}, fetch_keys(found, settings)


def _refuse_unfit(found: dict[str, Any]) -> None:
    if "code" not in found.get("response_types_supported", ["code"]):
        raise ProviderProblem(NO_CODE)
    if "S256" not in found.get("code_challenge_methods_supported", ["S256"]):
        raise ProviderProblem(NO_PKCE)
    offered = found.get("id_token_signing_alg_values_supported", ["RS256"])
    if not isinstance(offered, list) or not set(map(str, offered)) & set(ALGORITHMS):
        raise ProviderProblem(NO_ALGORITHM, algorithms=", ".join(map(str, offered))[:200])


def fetch_keys(discovery: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The provider's public keys for signatures. Raises ProviderProblem."""
    found = fetch_json(discovery["jwks_uri"], settings).get("keys")
    keys = [key for key in found if _is_for_signatures(key)] if isinstance(found, list) else []
    if not keys:
        raise ProviderProblem(NO_KEYS)
    return {"keys": keys}


def _is_for_signatures(key: Any) -> bool:
    return (
        isinstance(key, dict) and key.get("kty") in ("RSA", "EC") and key.get("use", "sig") == "sig" and "d" not in key
    )


def authorization_address(client: Client, *, state: str, nonce: str, verifier: str) -> str:
    """Where the browser goes: authorization code with PKCE, state and nonce."""
    with _session(client) as session:
        address, _ = session.create_authorization_url(
            client.discovery["authorization_endpoint"], state=state, nonce=nonce, code_verifier=verifier
        )
    return str(address)


def exchange_code(client: Client, code: str, verifier: str, settings: Settings) -> dict[str, Any]:
    """The tokens for a code. Raises ProviderProblem."""
    endpoint = client.discovery["token_endpoint"]
    try:
        with _session(client) as session:
            prepare(session, settings)
            found = session.fetch_token(
                endpoint, grant_type="authorization_code", code=code, code_verifier=verifier, allow_redirects=False
            )
    except OAuthError as error:
        raise ProviderProblem(REFUSED_CODE, error=str(error.error)[:100]) from None
    except requests.HTTPError as error:
        raise ProviderProblem(REFUSED_CODE, error=str(error.response.status_code)) from None
    except (requests.RequestException, ValueError):
        raise ProviderProblem(SILENT, host=endpoint) from None
    if not isinstance(found, dict) or not isinstance(found.get("id_token"), str):
        raise ProviderProblem(NO_TOKEN)
    return dict(found)


def check_id_token(
    client: Client, token: str, key_set: dict[str, Any], *, nonce: str, access_token: str | None
) -> dict[str, Any]:
    """The claims of an ID token: signature by a published key and one of ALGORITHMS, issuer, audience, authorized
    party, times within SKEW_SECONDS, nonce, and the access token's hash where there is one.

    Raises UnknownKey where the key is not among `key_set`, ProviderProblem for everything else.
    """
    try:
        key_id = jws.extract_compact(token.encode()).protected.get("kid")
        known = {key.get("kid") for key in key_set["keys"]}
        if key_id is not None and key_id not in known:
            raise UnknownKey(BAD_TOKEN, reason="kid")
        read = jwt.decode(token, KeySet.import_key_set(key_set), algorithms=ALGORITHMS)  # type: ignore[arg-type]
        claims = CodeIDToken(
            read.claims,
            read.header,
            options={
                "iss": {"essential": True, "value": client.issuer},
                "sub": {"essential": True},
                "aud": {"essential": True, "value": client.client_id},
                "nonce": {"essential": True, "value": nonce},
            },
            params={"nonce": nonce, "client_id": client.client_id, "access_token": access_token},
        )
        claims.validate(now=int(utc_now().timestamp()), leeway=SKEW_SECONDS)
    except JoseError as error:
        raise ProviderProblem(BAD_TOKEN, reason=str(error)[:100]) from None
    except (ValueError, TypeError, KeyError) as error:
        raise ProviderProblem(BAD_TOKEN, reason=type(error).__name__) from None
    if not isinstance(claims["sub"], str) or not claims["sub"]:
        raise ProviderProblem(BAD_TOKEN, reason="sub")
    return dict(claims)


def fetch_user_info(client: Client, access_token: str | None, subject: str, settings: Settings) -> dict[str, Any]:
    """What else the provider says of the person; {} where it has no such place. Raises ProviderProblem, also where that
    is somebody else (Core 5.3.2: a substituted token)."""
    endpoint = client.discovery.get("userinfo_endpoint")
    if not isinstance(endpoint, str) or not access_token:
        return {}
    found = fetch_json(endpoint, settings, headers={"Authorization": f"Bearer {access_token}"})
    if found.get("sub") != subject:
        raise ProviderProblem(OTHER_PERSON)
    return found


def _session(client: Client) -> Any:
    methods = client.discovery.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    method = "client_secret_basic" if "client_secret_basic" in methods else "client_secret_post"
    return OAuth2Session(
        client.client_id,
        client.secret,
        scope=client.scopes,
        redirect_uri=client.redirect,
        token_endpoint_auth_method=method if client.secret else "none",
        code_challenge_method="S256",
    )
