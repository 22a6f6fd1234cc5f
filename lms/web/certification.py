"""One's certificates: the list, each with its PDF and its share links, the transcript; and revoking one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms import amending
from lms.access import Permission, Viewer
from lms.certification import reach, sharing
from lms.certification.badges import issuing
from lms.certification.change_plans import resting_on
from lms.certification.credit_bodies import Body, load_bodies
from lms.certification.facts import AwardSite, CertificateFacts, LicenseFacts
from lms.certification.reasons import why_not_yet
from lms.certification.reminders import MARKS
from lms.certification.standing import status_of
from lms.certification.transcript import Line, Transcript, line_of, load_transcript, load_whole_transcript
from lms.certification.verification import code_in_place_of, masked_number, revoked_evidence, standing_with
from lms.certification.wording import suggested_text
from lms.clock import local_day, utc_now
from lms.cohorts.lookup import find_team_standing
from lms.database import db
from lms.errors import N_, NotFound
from lms.people import audit
from lms.reporting.inquiry import EXPIRING_DAYS
from lms.web.certificate_files import (
    GIVEN_OUT_NO_MORE,
    canonical,
    document_of,
    find_given_out,
    find_own,
    find_readable,
    pdf_response,
)
from lms.web.certificate_links import profile_link, renew_link
from lms.web.certifications import in_reach
from lms.web.errors import send_to_sign_in
from lms.web.forms.certification import RevokeForm
from lms.web.guards import act, flash_done, language, needs, public, settings, signed_in, today, viewer
from lms.web.home import HomeSection, home_section

blueprint = Blueprint("certification", __name__)

Page = str | Response | tuple[str, int]

STATUS_TAGS = {
    "valid": (N_("Valid"), "ok"),
    "expired": (N_("Expired"), "warn"),
    "revoked": (N_("Revoked"), "error"),
    "superseded": (N_("Replaced"), "warn"),
    "not-yet": (N_("Not yet valid"), "info"),
    "lapsed": (N_("Lapsed"), "error"),
}
MISSING_WORDS = {
    "no-quiz": N_("This course has no quiz that can be passed, so it gives no certificate."),
    "not-completed": N_("Complete the module"),
    "not-passed": N_("Pass the quiz"),
}


@home_section
def home_certificates(person: Viewer) -> HomeSection | None:
    """How many certificates one holds, the hours, and what expires soon."""
    transcript = load_transcript(person.id, utc_now())
    valid = [line for line in transcript.lines if line.status == "valid"]
    if not transcript.lines:
        return None
    today = local_day(transcript.as_of, settings().time_zone)
    soon = [
        line
        for line in valid
        if line.facts.valid_until is not None and (line.facts.valid_until - today).days < EXPIRING_DAYS
    ]
    values = {"transcript": transcript, "valid": valid, "soon": soon}
    return HomeSection("certification/_home.html", values, order=20)


@blueprint.get("/certificates")
@signed_in
def list_certificates() -> str:
    """What one holds, the newest first, and why there is no certificate yet for what one has begun."""
    transcript = load_transcript(viewer().id, utc_now())
    return render_template(
        "certification/list.html",
        transcript=transcript,
        ending=ending_codes(transcript.lines, today()),
        not_yet=why_not_yet(viewer().id, language(), today()),
        in_reach=in_reach(viewer().id),
        status_tags=STATUS_TAGS,
        missing_words=MISSING_WORDS,
    )


def ending_codes(lines: Iterable[Line], day: date) -> set[str]:
    """Codes of what ends within the longest reminder, or has ended, and that no later award of the same renews."""
    found, seen = set(), set()
    for line in lines:
        subject = (line.facts.course_slug, line.facts.certification_slug)
        if line.status not in ("valid", "expired") or subject in seen or not any(subject):
            continue
        seen.add(subject)
        end = line.facts.valid_until
        if end is not None and (end - day).days <= MARKS[0]:
            found.add(line.code)
    return found


def masked_license(facts: CertificateFacts) -> LicenseFacts | None:
    """The license on a certificate as everybody but its holder reads it."""
    return replace(facts.license, number=masked_number(facts.license.number)) if facts.license else None


@blueprint.get("/certificates/<code>")
@signed_in
def show_certificate(code: str) -> Page:
    """One certificate: what it says, its PDF and badge, and for its holder who else may see it."""
    person, certificate = viewer(), find_readable(code)
    is_own = reach.is_holder(person, certificate)
    now = utc_now()
    team_standing = find_team_standing(certificate, now, settings().time_zone)
    line = line_of(certificate, now)
    line = replace(line, status=standing_with(line.status, team_standing))
    may_change = reach.reaches(person, Permission.REVOKE_CERTIFICATES, certificate, today())
    stands = line.status not in ("revoked", "superseded")
    return render_template(
        "certification/certificate.html",
        line=line,
        facts=line.facts,
        team_standing=team_standing,
        in_its_place=code_in_place_of(certificate),
        revoked_evidence=revoked_evidence(line.facts),
        credit=[suggested_text(credit, language()) for credit in line.facts.suggested_credit],
        bodies=load_bodies({one.body for one in line.facts.credit}) if line.facts.credit else {},
        tag=STATUS_TAGS[line.status],
        license=line.facts.license if is_own else masked_license(line.facts),
        is_own=is_own,
        has_document=(has_document := line.counts and line.status not in GIVEN_OUT_NO_MORE),
        has_badge=has_document and issuing.has_badge(certificate.id),
        profile_url=profile_link(line.facts) if is_own else None,
        renew_url=renew_link(line.facts, line.status) if is_own else None,
        site_url=settings().site_url.rstrip("/"),
        links=sharing.open_links(certificate.id, settings().secret_key) if is_own else [],
        can_revoke=may_change and stands,
        can_change=may_change and stands and not is_own,
        can_rename=is_own and stands,
    )


@blueprint.get("/certificates/<code>.pdf")
@public
def fetch_document(code: str) -> Response:
    """The PDF: for its holder, their administrator, a team's members, or who has a share link. Drawn at first view."""
    certificate = find_given_out(code)
    if certificate is None:
        return send_to_sign_in()
    document = document_of(certificate)
    return pdf_response(document.content, f"certificate-{certificate.code}.pdf", document.hash)


@blueprint.post("/certificates/<code>/links")
@signed_in
def create_link(code: str) -> Response:
    """A link by which anybody sees the certificate, its PDF and its badge."""
    person, certificate = viewer(), find_own(code)
    act(lambda: sharing.create_link(certificate, secret_key=settings().secret_key, actor_id=person.id, now=utc_now()))
    flash_done(
        _("The link is ready. Whoever has it sees the certificate, its PDF and its badge until you take it back.")
    )
    return redirect(url_for(".show_certificate", code=certificate.code, _anchor="sharing"), code=303)


@blueprint.post("/certificates/<code>/links/<int:link_id>/revoke")
@signed_in
def revoke_link(code: str, link_id: int) -> Response:
    """Take a link back."""
    person, certificate = viewer(), find_own(code)
    act(lambda: sharing.take_back(certificate, link_id, actor_id=person.id, now=utc_now()))
    flash_done(_("The link no longer works."))
    return redirect(url_for(".show_certificate", code=certificate.code, _anchor="sharing"), code=303)


@blueprint.post("/certificates/<code>/name")
@signed_in
def change_name_display(code: str) -> Response:
    """Hide one's name on the verification page, or show it again."""
    person, certificate = viewer(), find_own(code)
    is_hidden = request.form.get("hide") == "1"

    def hide() -> None:
        certificate.is_name_hidden = is_hidden
        action = "certificate.name-hidden" if is_hidden else "certificate.name-shown"
        audit.note(action, "certificate", certificate.id, actor_id=person.id)

    act(hide)
    hidden_text = _("Your name is hidden. Whoever checks the code must type it to learn whether it matches.")
    flash_done(hidden_text if is_hidden else _("Your name is shown to whoever checks the code."))
    return redirect(url_for(".show_certificate", code=certificate.code, _anchor="name"), code=303)


@blueprint.route("/certificates/<code>/revoke", methods=["GET", "POST"])
@needs(Permission.REVOKE_CERTIFICATES)
def revoke_certificate(code: str) -> Page:
    """Ask for the reason, then revoke."""
    person, certificate = viewer(), reach.find_certificate(canonical(code))
    if not reach.reaches(person, Permission.REVOKE_CERTIFICATES, certificate, today()):
        raise NotFound(N_("There is nothing here that you may see."))
    form, resting = RevokeForm(), resting_on(certificate)
    named = ", ".join(f"{one.facts['title']} ({one.code})" for one in resting)
    if form.validate_on_submit():
        act(lambda: amending.revoke_certificate(certificate, form.reason.data or "", settings(), actor_id=person.id))
        flash_done(_("The certificate is revoked. Whoever checks its code sees that from now on."))
        if named:
            flash_done(_("This rests on it and still stands: %(certificates)s", certificates=named))
        return redirect(url_for("certificate_changes.show_changes", code=certificate.code), code=303)
    facts, fallen = CertificateFacts.from_json(certificate.facts), STATUS_TAGS["revoked"][0]
    page = render_template(
        "confirm.html",
        title=_("Revoke this certificate?"),
        text=_(
            "From now on it does not count, and whoever checks its code sees that it was revoked. "
            "You can undo this for 7 days."
        ),
        facts=[
            (_("Name"), facts.printed_name),
            (_("Certificate"), facts.title),
            (_("Code"), certificate.code),
            (_("Standing before"), _(STATUS_TAGS[status_of(certificate, utc_now())][0])),
            (_("Standing after"), _(fallen)),
            *([(_("Rests on it, and stands until it is revoked too"), named)] if named else []),
        ],
        form=form,
        action=url_for(".revoke_certificate", code=certificate.code),
        submit_text=_("Revoke the certificate"),
        cancel_href=url_for("certificate_changes.show_changes", code=certificate.code),
    )
    return (page, 422) if form.errors else page


@blueprint.get("/transcript")
@signed_in
def show_transcript() -> str:
    """All that one holds, with hours and standing, and the hours of each year."""
    person, transcript = viewer(), whole_transcript()
    return render_template(
        "certification/transcript.html",
        transcript=transcript,
        totals=transcript.credit,
        bodies=bodies_of(transcript),
        is_officer=any(place.discipline == "law-enforcement" for place in person.places),
        provider_name=settings().provider_name,
        status_tags=STATUS_TAGS,
    )


def bodies_of(transcript: Transcript) -> dict[str, Body]:
    """The bodies whose credit is on it; most people's has none, and asks for none."""
    slugs = {total.body for total in transcript.credit}
    return load_bodies(slugs) if slugs else {}


def whole_transcript() -> Transcript:
    """The viewer's own, with training done elsewhere."""
    return load_whole_transcript(viewer().id, utc_now(), language=language(), time_zone=settings().time_zone)


@blueprint.get("/transcript.pdf")
@signed_in
def fetch_transcript() -> Response:
    """The transcript as of now, as PDF."""
    # Here for the reason that lms/certification/store.py gives.
    from lms.certification.transcript_document import draw_transcript

    transcript, chosen = whole_transcript(), language()
    bodies = bodies_of(transcript)
    db.session.rollback()  # no transaction is held open while it is drawn
    content = draw_transcript(transcript, language=chosen, site=AwardSite.from_settings(settings()), bodies=bodies)
    return pdf_response(content, "transcript.pdf")
