"""Asking a provider over the network: https only, never at an address inside our own, bounded in size and time."""

from __future__ import annotations

import ipaddress
import json
import socket
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

from lms.errors import N_
from lms.people.providers.problems import ProviderProblem
from lms.settings import Settings

MOST_BYTES = 512 * 1024
"""Of an answer, unpacked. Discovery and keys of the large providers stay under 20 kB."""

TIMEOUT = (4, 6)
"""Seconds to connect, and to wait for the next byte."""

MOST_SECONDS = 12
"""Of a whole answer, however slowly it drips."""

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

NOT_PUBLIC = N_("This address lies inside a private network. Identity providers have to be reachable from outside.")
NOT_HTTPS = N_("The address of an identity provider has to begin with https://.")
SILENT = N_("The identity provider does not answer at %(host)s. Check the address, and that it can be reached.")
NOT_READABLE = N_("What the identity provider answers at %(host)s cannot be read as JSON.")
TOO_LARGE = N_("The identity provider at %(host)s answers too much or too slowly.")
STATUS = N_("The identity provider answers %(status)s at %(address)s, where 200 is expected.")


def check_address(address: str, settings: Settings) -> str:
    """The address, if it may be asked. Raises ProviderProblem: no https (http on loopback in development), a user name
    in it, or a host that leads inside our own network."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ProviderProblem(NOT_HTTPS) from None
    is_local = not settings.is_production and _is_loopback(host)
    if not host or parts.username or parts.scheme not in (("https", "http") if is_local else ("https",)):
        raise ProviderProblem(NOT_HTTPS)
    for found in _resolve(host, port or 443):
        _refuse_private(found, settings)
    return address


def fetch_json(
    address: str, settings: Settings, *, headers: Mapping[str, str] | None = None, what: str = ""
) -> dict[str, Any]:
    """A JSON object from a provider. Raises ProviderProblem."""
    check_address(address, settings)
    host = urlsplit(address).hostname or ""
    try:
        with requests.Session() as session:
            prepare(session, settings)
            asked = {"Accept": "application/json", **(headers or {})}
            answer = session.get(address, headers=asked, allow_redirects=False)
    except requests.RequestException:
        raise ProviderProblem(SILENT, host=host) from None
    if answer.status_code != 200:
        raise ProviderProblem(STATUS, status=answer.status_code, address=address)
    try:
        found = json.loads(answer.content)
    except (ValueError, RecursionError):
        raise ProviderProblem(NOT_READABLE, host=host) from None
    if not isinstance(found, dict):
        raise ProviderProblem(NOT_READABLE, host=host)
    return found


def prepare(session: requests.Session, settings: Settings) -> None:
    """Let a session ask providers and nothing else: no proxies or passwords of the environment, guarded connections."""
    session.trust_env = False
    for scheme in ("https://", "http://"):
        session.mount(scheme, GuardedAdapter(settings))


class GuardedAdapter(HTTPAdapter):
    """Looks at the address that a connection really has, and reads no more than MOST_BYTES in MOST_SECONDS."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__(max_retries=0)

    def init_poolmanager(self, *given: Any, **options: Any) -> None:
        super().init_poolmanager(*given, **options)
        self.poolmanager.pool_classes_by_scheme = _guarded_pools(self._settings)

    def send(self, request: requests.PreparedRequest, *given: Any, **options: Any) -> requests.Response:
        """Raises RequestException also for an answer that is too large or too slow."""
        options.update(stream=True, timeout=TIMEOUT)
        began = time.monotonic()
        check_address(str(request.url), self._settings)
        answer = super().send(request, **options)
        body = b""
        try:
            for piece in answer.iter_content(16 * 1024):
                body += piece
                if len(body) > MOST_BYTES or time.monotonic() - began > MOST_SECONDS:
                    host = urlsplit(str(request.url)).hostname or ""
                    raise ProviderProblem(TOO_LARGE, host=host)
        finally:
            answer.close()
        answer._content = body
        return answer


def _guarded_pools(settings: Settings) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections refuse a private peer after connecting: a name may lead elsewhere by then (rebinding)."""

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            return _checked_peer(super()._new_conn(), settings)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            return _checked_peer(super()._new_conn(), settings)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _checked_peer(connection: socket.socket, settings: Settings) -> socket.socket:
    try:
        _refuse_private(connection.getpeername()[0], settings)
    except ProviderProblem:
        connection.close()
        raise
    return connection


def _resolve(host: str, port: int) -> set[str]:
    try:
        return {str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        raise ProviderProblem(SILENT, host=host) from None


def _refuse_private(found: str, settings: Settings) -> None:
    address = ipaddress.ip_address(found.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        address = _carried(address) or address
    if (
        settings.is_production
        and not settings.provider_private_addresses
        and (address.is_multicast or not address.is_global)
    ):
        raise ProviderProblem(NOT_PUBLIC)


def _carried(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The address of IPv4 that one of IPv6 stands for: mapped, compatible, 6to4, Teredo's client, or NAT64's."""
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    is_compatible = int(address) >> 32 == 0 and int(address) > 1
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if is_compatible or address in NAT64 else None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
