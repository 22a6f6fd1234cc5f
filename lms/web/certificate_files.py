"""One certificate and its file, for whoever may have it: the look-up with its rights, the PDF, and how it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, request
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.certification import reach, sharing, store
from lms.certification.badges import issuing
from lms.certification.codes import normalize_code
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.certification.signers import signing_material
from lms.certification.standing import status_of
from lms.certification.verification import standing_with
from lms.clock import utc_now
from lms.cohorts.lookup import find_team_standing, team_of
from lms.cohorts.reach import find_cohort
from lms.database import db
from lms.errors import N_, Conflict, NotFound
from lms.web.guards import act, maybe_viewer, settings, today, viewer

GIVEN_OUT_NO_MORE = ("revoked", "superseded", "lapsed")
"""Standings in which no PDF and no badge are given out, nor offered."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """What of the row outlives its transaction."""

    id: int
    facts: CertificateFacts
    name: str | None
    hash: str | None


def document_of(certificate: Certificate) -> store.Document:
    """A certificate's PDF: the stored file, or drawn and signed now and stored. No transaction is open meanwhile."""
    row = _Stored(
        certificate.id,
        CertificateFacts.from_json(certificate.facts),
        certificate.document_name,
        certificate.document_hash,
    )
    files = current_app.extensions["lms"].files
    db.session.rollback()
    document = store.stored_document(row.name, row.hash, files)
    if document is not None:
        return document
    signer, carried = signing_material(settings()), issuing.badge_attachment(row.id, settings())
    db.session.rollback()
    drawn = store.draw_document(row.facts, files, signer, [carried] if carried else [])
    if act(lambda: store.record_document(row.id, drawn, row.hash, utc_now())):
        return drawn
    files.delete(drawn.name)  # somebody else's first view was faster: theirs is the one that was issued
    issued = db.session.get_one(Certificate, row.id, populate_existing=True)
    name, digest = issued.document_name, issued.document_hash
    db.session.rollback()
    document = store.stored_document(name, digest, files)
    if document is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return document


def pdf_response(content: bytes, name: str, etag: str | None = None) -> Response:
    """A PDF to keep: private, never in a search engine, not sent again where the browser has it."""
    response = Response(content, mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "private, no-cache"
    response.headers["X-Robots-Tag"] = "noindex"
    if etag is not None:
        response.set_etag(etag)
        response.make_conditional(request.environ)
    return response


def find_given_out(code: str) -> Certificate | None:
    """The certificate whose PDF or badge is asked for, if it stands; None for a stranger who brings no link.

    Raises NotFound for what they may not see, Conflict for one that was revoked or replaced, and for a team's once the
    team has lapsed: the day that its PDF prints is not true any more.
    """
    token = request.args.get("share", "")
    if maybe_viewer() is None and not token:
        return None
    certificate = find_readable(code, token)
    now = utc_now()
    standing = find_team_standing(certificate, now, settings().time_zone)
    if certificate.erased_at is not None or standing_with(status_of(certificate, now), standing) in GIVEN_OUT_NO_MORE:
        raise Conflict(N_("This certificate no longer stands, so its PDF and its badge are not given out any more."))
    return certificate


def canonical(code: str) -> str:
    """The code as it is stored. Raises NotFound for what cannot be one."""
    found = normalize_code(code)
    if found is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return found


def find_readable(code: str, token: str = "") -> Certificate:
    """A certificate that may be seen whole: by its holder, their administrator, a team's people, or with a link."""
    if token and (shared := sharing.find_shared(canonical(code), token)) is not None:
        return shared
    certificate, person = reach.find_certificate(canonical(code)), maybe_viewer()
    if reach.is_holder(person, certificate) or reach.reaches(person, Permission.SEE_PEOPLE, certificate, today()):
        return certificate
    if person is not None and certificate.kind == "team":
        cohort = team_of(certificate)
        if cohort is not None and find_cohort(person, cohort.id):
            return certificate
    raise NotFound(N_("There is nothing here that you may see."))


def find_own(code: str) -> Certificate:
    """One's own certificate. Raises NotFound for anybody else's."""
    certificate = reach.find_certificate(canonical(code))
    if not reach.is_holder(viewer(), certificate):
        raise NotFound(N_("There is nothing here that you may see."))
    return certificate
