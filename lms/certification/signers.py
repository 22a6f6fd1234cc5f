"""Who signs the site's documents: its own authority, or by setting a deployer's PKCS#12 file; and whom to trust."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509

from lms import keys
from lms.certification import authority
from lms.certification.authority import SigningMaterial
from lms.clock import utc_now
from lms.database import db, run_transaction
from lms.errors import N_, Conflict
from lms.keys import NewKey, OpenKey
from lms.settings import Settings

AUTHORITY = "document-ca"
SIGNER = "document-signer"
FROM_FILE = "document-pkcs12"
"""Certificates out of PKCS#12 files that signed here. Only their public part is kept, so that what they signed can be
told after the file has been replaced."""


def signing_material(settings: Settings) -> SigningMaterial:
    """What signs documents now; the site's own authority and signer are made at the first use.

    May open a write transaction of its own: not for use inside another one. Raises Conflict where the key cannot be
    opened.
    """
    if settings.signing_pkcs12:
        return _from_file(settings)
    signer = keys.key_in_use(
        SIGNER,
        settings.secret_key,
        lambda: authority.new_signer(settings.site_name, open_authority(settings), utc_now()),
    )
    return authority.material_of(signer, settings.signing_timestamp_url)


def open_authority(settings: Settings) -> OpenKey:
    """The site's authority, made at its first use."""
    return keys.key_in_use(
        AUTHORITY, settings.secret_key, lambda: authority.new_authority(settings.site_name, utc_now())
    )


def trusted_roots() -> list[x509.Certificate]:
    """Every root that documents of this site were ever signed under, the newest first, those of files before others.

    A retired one still vouches for what was signed under it.
    """
    texts = [row.public_text for purpose in (FROM_FILE, AUTHORITY) for row in keys.all_keys(purpose)]
    return list(dict.fromkeys(authority.root_of(text) for text in texts))


def present_root(settings: Settings) -> x509.Certificate:
    """The root of what is signed now. It is told also where its private key can no longer be opened."""
    row = keys.find_in_use(FROM_FILE if settings.signing_pkcs12 else AUTHORITY)
    if row is not None:
        return authority.root_of(row.public_text)
    return authority.root_of(authority.pem_of(signing_material(settings)))


def new_signing_key(purpose: str, settings: Settings) -> list[tuple[str, NewKey]]:
    """The keys that take over when one of a purpose is rotated; a new authority brings a new signer.

    Raises Conflict where the authority cannot be opened.
    """
    now = utc_now()
    if purpose == SIGNER:
        return [(SIGNER, authority.new_signer(settings.site_name, open_authority(settings), now))]
    root = authority.new_authority(settings.site_name, now)
    opened = OpenKey(root.kid, root.public_text, root.private, now)
    return [(AUTHORITY, root), (SIGNER, authority.new_signer(settings.site_name, opened, now))]


def _from_file(settings: Settings) -> SigningMaterial:
    try:
        content = Path(settings.signing_pkcs12).read_bytes()
    except OSError:
        raise Conflict(N_("The signing file (LMS_SIGNING_PKCS12) cannot be read.")) from None
    material = authority.read_pkcs12(content, settings.signing_pkcs12_password, settings.signing_timestamp_url)
    known = keys.find_in_use(FROM_FILE)
    db.session.rollback()
    if known is None or known.kid != material.kid:
        run_transaction(lambda: _remember(material, settings.secret_key))
    return material


def _remember(material: SigningMaterial, secret_key: str) -> None:
    """Note the public part of a file's certificate as the one in use. One that comes back is in use again."""
    present, known = keys.find_in_use(FROM_FILE), keys.find_by_kid(material.kid)
    if present is not None and present.kid == material.kid:
        return
    if known is None:
        keys.rotate(FROM_FILE, secret_key, NewKey(material.kid, authority.pem_of(material), b""))
        return
    if present is not None:
        present.retired_at = utc_now()
        db.session.flush()
    known.retired_at = None
