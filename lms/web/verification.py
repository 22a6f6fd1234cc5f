"""Checking a certificate: by its code, on a page or as JSON; by the name, where it is hidden; by its PDF or badge."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, jsonify, redirect, render_template, request, url_for
from flask import Response as Page
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.certification import authority
from lms.certification.badges.reading import find_badge, is_badge
from lms.certification.checking import check_file
from lms.certification.codes import code_within, normalize_code, why_not_a_code
from lms.certification.credit_bodies import load_bodies
from lms.certification.models import Certificate
from lms.certification.signers import present_root, trusted_roots
from lms.certification.verification import Verification, find_coded, names_match, verification_of
from lms.certification.wording import suggested_text
from lms.clock import utc_now
from lms.cohorts.lookup import find_team_standing
from lms.errors import N_
from lms.web.certification import STATUS_TAGS
from lms.web.guards import language, public, settings
from lms.web.limits import look_ups, look_ups_of_all
from lms.web.navigation import stands_at

blueprint = Blueprint("verification", __name__)

Answer = Response | tuple[str, int]

NO_FILE = N_("Choose the PDF or the badge of a certificate.")

NO_CODE = "no code"
"""Looked up where somebody asks for what can be no code: it is answered like one that is unknown, and takes as long."""


@blueprint.after_request
def keep_out_of_search(response: Response) -> Response:
    """A certificate is found by its code, never by a search."""
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@blueprint.context_processor
def offline_values() -> dict[str, Callable[[], str]]:
    """The fingerprint of the authority, for the pages that show it; empty until something was signed."""

    def known_fingerprint() -> str:
        roots = trusted_roots()
        return authority.shown_fingerprint(roots[0]) if roots else ""

    return {"known_fingerprint": known_fingerprint}


@blueprint.get("/verify")
@public
def show_form() -> Answer:
    """The box for a code; `?code=` leads on to its page."""
    typed = code_within(request.args.get("code", ""))
    if "code" not in request.args or "lang" in request.args:  # a switch of language looks nothing up
        return Page(render_template("certification/verify.html", typed=typed))
    code = normalize_code(typed)
    if code is not None:
        return redirect(url_for(".show_verification", code=code), code=303)
    return _not_a_code(typed)


@blueprint.get("/verify/<code>")
@public
@look_ups_of_all
@look_ups
def show_verification(code: str) -> Answer:
    """What the code stands for, or in clear words that it stands for nothing."""
    found = normalize_code(code)
    verification = look_up(found or NO_CODE)
    if verification is None:
        return _not_issued(code)
    if found != code:
        return redirect(url_for(".show_verification", code=found), code=303)
    return _page(verification)


@blueprint.get("/verify/<code>.json")
@public
@look_ups_of_all
@look_ups
def show_json(code: str) -> Response:
    """The same for programs."""
    verification = look_up(normalize_code(code) or NO_CODE)
    if verification is None:
        response = jsonify(status="unknown", detail=_("No certificate with this code was issued here."))
        response.status_code = 404
        return response
    return jsonify(verification.to_json())


@blueprint.post("/verify/<code>/name")
@public
@look_ups_of_all
@look_ups
def check_name(code: str) -> Answer:
    """Whether a typed name is the hidden one. The answer is the page itself: the name is in no address and no log."""
    verification = look_up(normalize_code(code) or NO_CODE)
    if verification is None:
        return _not_issued(code)
    stands_at(url_for(".show_verification", code=verification.code))
    typed = request.form.get("name", "").strip()
    if not typed:
        return _page(verification, problem=_("Type the name that is printed on the certificate."))
    return _page(verification, typed=typed, matches=names_match(typed, verification.facts.printed_name))


@blueprint.post("/verify/file")
@public
@look_ups_of_all
@look_ups
def check_upload() -> Answer:
    """Whether exactly this PDF was issued here, or signed as a badge. The file is read and forgotten."""
    stands_at(url_for(".show_form"))
    upload = request.files.get("file")
    content = upload.read() if upload else b""
    if not content:
        is_empty = upload is not None and bool(upload.filename)
        problem = _("This file is empty. Choose another one.") if is_empty else _(NO_FILE)
        return render_template("certification/verify.html", typed="", file_problem=problem), 422
    if is_badge(content):
        certificate = find_badge(content)
        if certificate is None:
            return render_template("certification/verify.html", typed="", is_badge_unknown=True), 404
        return _page(verified(certificate), is_badge_known=True)
    checked = check_file(content)  # bytes alone: nothing that the file says of itself is believed
    verification = look_up(checked.code) if checked.code is not None else None
    if verification is None:
        page = render_template(
            "certification/verify.html",
            typed="",
            file_heading=_(checked.heading),
            file_sentence=_(checked.sentence),
        )
        return page, 404 if checked.is_readable else 422
    return _page(verification, checked=checked)


@blueprint.get("/verify/offline")
@public
def explain_offline() -> str:
    """How to check a certificate's PDF without this site."""
    root = present_root(settings())
    return render_template(
        "certification/offline.html",
        fingerprint=authority.shown_fingerprint(root),
        name=authority.common_name(root),
        site_url=settings().site_url.rstrip("/"),
    )


@blueprint.get("/.well-known/crosstrain-ca.pem")
@public
def fetch_authority() -> Response:
    """The public part of every root that documents were signed under, the present one first."""
    present = present_root(settings())
    roots = dict.fromkeys([present, *trusted_roots()])
    return Response("".join(authority.pem_text(root) for root in roots), mimetype="application/x-pem-file")


def look_up(code: str) -> Verification | None:
    """What a stored code stands for now; None where none was issued. A team's stands by its seats too."""
    certificate = find_coded(code)
    return None if certificate is None else verified(certificate)


def verified(certificate: Certificate) -> Verification:
    now = utc_now()
    return verification_of(certificate, now, find_team_standing(certificate, now, settings().time_zone))


def _page(verification: Verification, **values: Any) -> Response:
    facts = verification.facts
    return Page(
        render_template(
            "certification/verification.html",
            found=verification,
            facts=facts,
            tag=STATUS_TAGS[verification.status],
            credit=[suggested_text(line, language()) for line in facts.suggested_credit],
            bodies=load_bodies({line.body for line in facts.credit}) if facts.credit else {},
            **values,
        )
    )


def _not_a_code(typed: str) -> Answer:
    """The form again with what was typed, and what is wrong with it."""
    reason, values = why_not_a_code(typed)
    status = 404 if any(letter.isalnum() for letter in typed) else 422
    return render_template("certification/verify.html", typed=typed, problem=_(reason, **values)), status


def _not_issued(code: str) -> Answer:
    missing = _("No certificate with the code %(code)s was issued here. Compare it with the paper.", code=code)
    return render_template("certification/verify.html", typed=code, missing=missing), 404
