"""Badges over HTTP: a certificate's own, and what any verifier needs: keys, issuer, achievements, the status lists."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from flask import Blueprint, request
from werkzeug.wrappers import Response

from lms import keys
from lms.certification.badges import issuing, linked_proof, proof
from lms.certification.badges.addresses import key_url
from lms.certification.badges.credential import CONTEXTS, profile
from lms.certification.badges.status import list_claims
from lms.certification.facts import CertificateFacts
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, NotFound
from lms.web.certificate_files import find_given_out
from lms.web.errors import send_to_sign_in
from lms.web.guards import public, settings
from lms.web.limits import limiter

blueprint = Blueprint("badges", __name__)

JWT, JSON, PNG = "application/vc+jwt", "application/json", "image/png"
JSON_LD = "application/ld+json"

FOR_MINUTES, FOR_A_DAY = "public, max-age=300", "public, max-age=86400"

LIMIT_OF_LISTS = "600 per minute"
"""Status lists and pictures per address: verifiers ask often, and each answer costs a signature or a drawing."""


@blueprint.get("/certificates/<code>/badge.jwt")
@public
def fetch_token(code: str) -> Response:
    """The badge as signed credential (Open Badges 3.0, VC-JWT); for whoever may fetch the PDF. Signed at first view."""
    return _badge(code, "jwt")


@blueprint.get("/certificates/<code>/badge.json")
@public
def fetch_credential(code: str) -> Response:
    """The same credential as JSON, with a proof of its own (Data Integrity, eddsa-rdfc-2022) in place of the JWT's."""
    return _badge(code, "json")


@blueprint.get("/certificates/<code>/badge.png")
@public
def fetch_picture(code: str) -> Response:
    """The badge as a picture with the signed credential in it; `?small=1` the picture alone, for a page."""
    if "small" in request.args:
        return _small_picture(code)
    return _badge(code, "png")


@blueprint.get("/.well-known/jwks.json")
@public
def show_keys() -> Response:
    """The public keys of badges, retired ones too: what they signed stays good."""
    rows = keys.all_keys(proof.PURPOSE)
    found = {"keys": [proof.public_jwk(row.kid, row.public_text, _site()) for row in rows]}
    return _open(json.dumps(found).encode(), JSON, FOR_MINUTES)


@blueprint.get("/badges/keys/<kid>")
@public
def show_key(kid: str) -> Response:
    """One public key, in use or retired: a JWK, or a Multikey of the proofs in JSON. What it signed names it."""
    row = keys.find_by_kid(kid)
    if row is None or row.purpose not in (proof.PURPOSE, linked_proof.PURPOSE):
        raise NotFound(N_("There is no such key."))
    show = proof.public_jwk if row.purpose == proof.PURPOSE else linked_proof.public_multikey
    return _open(json.dumps(show(row.kid, row.public_text, _site())).encode(), JSON, FOR_A_DAY)


@blueprint.get("/badges/issuer")
@public
def show_issuer() -> Response:
    """Who issues the badges, as an Open Badges profile, with the keys whose proofs in JSON count."""
    listed = [key_url(_site(), row.kid) for row in keys.all_keys(linked_proof.PURPOSE)]
    contexts = [*CONTEXTS, linked_proof.ASSERTION_CONTEXT]
    found = {"@context": contexts, **profile(_site(), settings().provider_name), "assertionMethod": listed}
    return _open(json.dumps(found, ensure_ascii=False).encode(), JSON_LD, FOR_MINUTES)


@blueprint.get("/badges/achievements/<key>")
@public
def show_achievement(key: str) -> Response:
    """What a badge was issued for: criteria, objectives, language. Never who earned it."""
    found = {"@context": list(CONTEXTS), **_achievement(key)}
    return _open(json.dumps(found, ensure_ascii=False).encode(), JSON_LD, FOR_A_DAY)


@blueprint.get("/badges/achievements/<key>.png")
@public
@limiter.limit(LIMIT_OF_LISTS)
def show_picture(key: str) -> Response:
    """The picture of an achievement, without anybody's credential."""
    # Here, for what it loads: see the module.
    from lms.certification.badges.image import picture

    found = _achievement(key)
    is_team = found["achievementType"] == "Award"
    return _open(picture(found["name"], found["creator"]["name"], is_team=is_team), PNG, FOR_A_DAY)


@blueprint.get("/badges/status/<int:number>")
@public
@limiter.limit(LIMIT_OF_LISTS)
def show_status(number: int) -> Response:
    """A Bitstring Status List, signed: which badges were revoked or replaced, by their random places."""
    indices = issuing.withdrawn_indices(number)
    if indices is None:
        raise NotFound(N_("There is no such list."))
    key = proof.badge_key(settings().secret_key)
    token = proof.sign(list_claims(_site(), number, indices, utc_now()), key, _site())
    return _open(token.encode(), JWT, FOR_MINUTES)


def _badge(code: str, kind: str) -> Response:
    certificate = find_given_out(code)
    if certificate is None:
        return send_to_sign_in()
    facts = CertificateFacts.from_json(certificate.facts)
    token = issuing.token_of(certificate.id, settings())
    content, mimetype = _formed(token, kind, facts)
    response = Response(content, mimetype=mimetype)
    shown = "inline" if kind == "png" and "download" not in request.args else "attachment"
    response.headers["Content-Disposition"] = f'{shown}; filename="badge-{facts.code}.{kind}"'
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    return _conditional(response, content)


def _small_picture(code: str) -> Response:
    """What a page shows beside its links: a few kilobytes, and nothing is signed for it."""
    from lms.certification.badges.image import SMALL, picture

    certificate = find_given_out(code)
    if certificate is None:
        return send_to_sign_in()
    facts = CertificateFacts.from_json(certificate.facts)
    content = picture(facts.title, facts.provider_name, is_team=facts.team is not None, size=SMALL)
    response = Response(content, mimetype=PNG)
    response.headers["Cache-Control"] = "private, no-cache"
    return _conditional(response, content)


def _formed(token: str, kind: str, facts: CertificateFacts) -> tuple[bytes, str]:
    if kind == "jwt":
        return token.encode(), JWT
    if kind == "json":
        db.session.rollback()  # making the first key is a transaction of its own
        key = linked_proof.proof_key(settings().secret_key)
        credential = linked_proof.credential_in(proof.claims_of(token))
        proven = linked_proof.with_proof(credential, key, _site(), utc_now())
        return json.dumps(proven, ensure_ascii=False, indent=2).encode(), JSON
    from lms.certification.badges.image import baked, picture

    drawn = picture(facts.title, facts.provider_name, is_team=facts.team is not None)
    return baked(drawn, token), PNG


def _achievement(key: str) -> dict[str, Any]:
    found = issuing.find_achievement(key)
    if found is None:
        raise NotFound(N_("There is no such achievement."))
    return found.definition


def _open(content: bytes, mimetype: str, cached: str) -> Response:
    """An answer for everybody: verifiers may ask from any page, and caches may keep it."""
    response = Response(content, mimetype=mimetype)
    response.headers["Cache-Control"] = cached
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return _conditional(response, content)


def _conditional(response: Response, content: bytes) -> Response:
    response.set_etag(hashlib.sha256(content).hexdigest())
    response.make_conditional(request.environ)
    return response


def _site() -> str:
    return settings().site_url.rstrip("/")
