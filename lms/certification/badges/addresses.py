"""The public addresses of badges, all on the issuer's own origin: they stand in signed credentials for ever."""

from __future__ import annotations


def issuer_url(site: str) -> str:
    return f"{site}/badges/issuer"


def key_url(site: str, kid: str) -> str:
    return f"{site}/badges/keys/{kid}"


def status_url(site: str, number: int) -> str:
    return f"{site}/badges/status/{number}"


def achievement_url(site: str, key: str) -> str:
    return f"{site}/badges/achievements/{key}"


def image_url(site: str, key: str) -> str:
    return f"{achievement_url(site, key)}.png"


def credential_id(site: str, code: str) -> str:
    """A credential's identity: the page where anybody sees how the certificate stands."""
    return f"{site}/verify/{code}"


def last_part(address: str) -> str:
    """What of such an address names the thing. The site may have moved since it was signed."""
    return address.rstrip("/").rpartition("/")[2]
