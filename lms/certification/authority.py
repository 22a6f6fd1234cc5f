"""Certificates (X.509) of our own: a small authority of the site, and under it whoever signs its documents."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lms.errors import N_, Conflict
from lms.keys import NewKey, OpenKey

LIFETIME = timedelta(days=20 * 365 + 5)
"""Longer than records are kept: a document must not outlive what vouches for it."""

SLACK = timedelta(hours=1)
"""Begins a little before now: a reader whose clock is late must not find a signature from before its signer."""

DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
"""id-kp-documentSigning (RFC 9336)."""

MOST_NAME = 40
"""Of the site's name: a common name may hold 64 letters in all (X.520)."""


@dataclass(frozen=True, slots=True)
class SigningMaterial:
    """All that a document is signed with; goes to the processes that draw. DER throughout, the chain from the signer's
    issuer up to its root."""

    kid: str
    certificate: bytes
    chain: tuple[bytes, ...]
    private: bytes = field(repr=False)
    timestamp_url: str = ""


def new_authority(site_name: str, now: datetime) -> NewKey:
    """An authority of the site's own: P-256, twenty years, may certify signers and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(site_name, "document authority")
    certificate = (
        _begin(name, name, key.public_key(), now, now + LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(certifies=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _new_key(certificate, key, ())


def new_signer(site_name: str, authority: OpenKey, now: datetime) -> NewKey:
    """Whoever signs the documents, under the authority; ends with it at the latest."""
    issuer = certificates_in(authority.public_text)[0]
    issuer_key = load_der_private_key(authority.private, None)
    assert isinstance(issuer_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    end = min(now + LIFETIME, issuer.not_valid_after_utc)
    certificate = (
        _begin(_name(site_name, "documents"), issuer.subject, key.public_key(), now, end)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(certifies=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    return _new_key(certificate, key, (issuer,))


def material_of(signer: OpenKey, timestamp_url: str) -> SigningMaterial:
    """What signs, out of a key that `new_signer` made."""
    own, *chain = (one.public_bytes(Encoding.DER) for one in certificates_in(signer.public_text))
    return SigningMaterial(signer.kid, own, tuple(chain), signer.private, timestamp_url)


def read_pkcs12(content: bytes, password: str, timestamp_url: str) -> SigningMaterial:
    """What signs, out of a deployer's PKCS#12 file. Raises Conflict where it cannot be opened or has no key."""
    try:
        opened = pkcs12.load_pkcs12(content, password.encode() or None)
    except ValueError:
        raise Conflict(N_("The signing file (LMS_SIGNING_PKCS12) cannot be opened with its password.")) from None
    if opened.key is None or opened.cert is None:
        raise Conflict(N_("The signing file (LMS_SIGNING_PKCS12) holds no key with its certificate."))
    private = opened.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    own = opened.cert.certificate
    chain = _chain(own, [one.certificate for one in opened.additional_certs])
    return SigningMaterial(
        fingerprint(own),
        own.public_bytes(Encoding.DER),
        tuple(one.public_bytes(Encoding.DER) for one in chain),
        private,
        timestamp_url,
    )


def certificates_in(pem: str) -> list[x509.Certificate]:
    return x509.load_pem_x509_certificates(pem.encode())


def pem_of(material: SigningMaterial) -> str:
    """The certificate and its chain, as text that may be shown."""
    return _pem([x509.load_der_x509_certificate(one) for one in (material.certificate, *material.chain)])


def root_of(pem: str) -> x509.Certificate:
    """The end of a chain: what has to be trusted."""
    return certificates_in(pem)[-1]


def pem_text(certificate: x509.Certificate) -> str:
    return _pem([certificate])


def fingerprint(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def shown_fingerprint(certificate: x509.Certificate) -> str:
    """As Adobe Reader and openssl print it: pairs of capital letters, parted by colons."""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else certificate.subject.rfc4514_string()


def _chain(own: x509.Certificate, others: list[x509.Certificate]) -> list[x509.Certificate]:
    """Issuers from a certificate upwards, as far as they are at hand."""
    chain: list[x509.Certificate] = []
    current = own
    while current.issuer != current.subject:
        above = next((one for one in others if one.subject == current.issuer and one not in chain), None)
        if above is None:
            break
        chain.append(above)
        current = above
    return chain


def _name(site_name: str, role: str) -> x509.Name:
    shown = "".join(letter for letter in site_name if letter.isprintable())[:MOST_NAME].strip() or "Training"
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{shown} {role}")])


def _begin(
    subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, now: datetime, end: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SLACK)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _usage(*, certifies: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certifies,
        content_commitment=not certifies,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certifies,
        crl_sign=certifies,
        encipher_only=False,
        decipher_only=False,
    )


def _new_key(
    certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey, chain: tuple[x509.Certificate, ...]
) -> NewKey:
    private = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return NewKey(fingerprint(certificate), _pem([certificate, *chain]), private)


def _pem(certificates: list[x509.Certificate]) -> str:
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)
