"""SAML 2.0: our metadata, where answers are posted to, and the pages that set a provider up."""

from __future__ import annotations

import base64
import binascii

from flask import Blueprint, redirect, request, session, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people.models import Agency
from lms.people.providers import saml, setting_up, sign_ins
from lms.people.providers.claims import read_claims
from lms.people.providers.models import IdentityProvider
from lms.people.providers.problems import ProviderProblem
from lms.people.providers.sign_ins import Found, Way
from lms.wall.sight import SYSTEM, looking_as
from lms.web.agency_choices import find_agency
from lms.web.forms.providers import SamlForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, needs, public, takes_files, viewer
from lms.web.limits import limiter, sign_in_limit_per_address
from lms.web.provider_arrivals import open_arrival, problem_page, refused, settle
from lms.web.providers import common_of, fill_disciplines
from lms.web.saml_way import saml_site
from lms.web.signing_in import ARRIVAL, absolute_url, refuse_below_host

blueprint = Blueprint("saml", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.MANAGE_AGENCIES
MOST_METADATA = 500_000


@blueprint.get("/saml/metadata")
@public
def show_metadata() -> Page:
    """Our metadata, for providers to read; what is at this address is also our entity id."""
    refuse_below_host()
    if not saml.is_installed():
        return problem_page(ProviderProblem(saml.NOT_INSTALLED))
    return Response(saml.own_metadata(saml_site()), mimetype="application/samlmetadata+xml")


@blueprint.post("/saml/answers")
@public
@limiter.limit(sign_in_limit_per_address, deduct_when=lambda answer: answer.status_code == 403)
def take_answer() -> Page:
    """A provider's answer, posted by the browser from there: checked, and taken once. It comes without our cookie, so
    that the next page, which has it, asks whether this browser began it."""
    refuse_below_host()
    way: Way | None = None
    try:
        encoded = request.form.get("SAMLResponse", "")
        request_id = _request_id(encoded)
        way = act(lambda: sign_ins.take_answer(request_id, None, "saml"))
        found, used = _check(way, encoded, request_id)
        known, provider_id = way.id, way.provider_id

        def step() -> str:
            sign_ins.use_assertion(provider_id, used.id, used.ends_at)
            return sign_ins.keep_found(known, found)

        ticket = act(step)
    except (ProviderProblem, Conflict) as problem:
        return refused(way, problem, is_here=False)
    return redirect(url_for(".finish", ticket=ticket), code=303)


def _request_id(encoded: str) -> str:
    """Raises ProviderProblem for what is no answer at all."""
    if not saml.is_installed():
        raise ProviderProblem(saml.NOT_INSTALLED)
    from lms.people.providers.saml_shape import request_id_in  # needs the extra

    try:
        text = base64.b64decode(encoded).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise ProviderProblem(saml.BAD_ANSWER, reason="base64") from None
    found = request_id_in(text)
    if not found:
        raise ProviderProblem(saml.BAD_ANSWER, reason="InResponseTo")
    return found


def _check(way: Way, encoded: str, request_id: str) -> tuple[Found, saml.Assertion]:
    with looking_as(SYSTEM):
        provider = sign_ins.find_provider(way.provider_id)
    metadata, entity_id = provider.metadata_text or "", provider.issuer
    subject, agency, discipline = provider.subject_claim, provider.agency_claim, provider.discipline_claim
    db.session.rollback()
    assertion = saml.check_answer(saml_site(), metadata, entity_id, encoded, request_id)
    found = read_claims(assertion.claims, subject_claim=subject, agency_claim=agency, discipline_claim=discipline)
    return found, assertion


@blueprint.get("/sign-in/saml")
@public
@limiter.limit(sign_in_limit_per_address, deduct_when=lambda answer: answer.status_code == 403)
def finish() -> Page:
    """With the ticket of a checked answer, in the browser that began: signed in, or asked the first questions."""
    refuse_below_host()
    session[ARRIVAL] = request.args.get("ticket", "")
    row = open_arrival()
    if row is None:
        session.pop(ARRIVAL, None)
        return problem_page(ProviderProblem(sign_ins.OVER))
    return settle(row)


@blueprint.route("/agencies/<int:agency_id>/sign-in/saml", methods=["GET", "POST"])
@needs(OVER)
@fresh
@takes_files(MOST_METADATA * 2)
def add_saml(agency_id: int) -> Page:
    """A provider of SAML, by its metadata; switched off at first."""
    agency = find_agency(viewer(), OVER, agency_id)
    return _save(SamlForm(subject_claim="NameID"), agency, None)


@blueprint.route("/agencies/<int:agency_id>/sign-in/<int:provider_id>/saml", methods=["GET", "POST"])
@needs(OVER)
@fresh
@takes_files(MOST_METADATA * 2)
def change_saml(agency_id: int, provider_id: int) -> Page:
    """Change a provider of SAML, or give it new metadata."""
    agency = find_agency(viewer(), OVER, agency_id)
    provider = setting_up.get_provider(agency_id, provider_id)
    if provider.kind != "saml":
        raise NotFound(N_("There is nothing here that you may see."))
    words = "\n".join(f"{theirs} = {ours}" for theirs, ours in provider.discipline_words.items())
    return _save(SamlForm(obj=provider, data={"discipline_words": words}), agency, provider)


def _save(form: SamlForm, agency: Agency, provider: IdentityProvider | None) -> Page:
    fill_disciplines(form)
    if form.validate_on_submit():
        common, actor_id, known_id = common_of(form), viewer().id, provider.id if provider else None
        before = provider.metadata_text or "" if provider else ""
        try:
            metadata = _metadata(form) or before
            if not metadata.strip():
                raise Invalid(N_("Choose the file or paste the text."), "metadata_file")
            db.session.rollback()
            entity_id = saml.read_metadata(saml_site(), metadata)
            saved = act(
                lambda: setting_up.save_saml(agency.id, known_id, common, entity_id, metadata, actor_id=actor_id)
            )
        except (Invalid, ProviderProblem) as error:
            add_problem(form, error, "metadata_file")
        else:
            flash_done(_("Saved. Check it on this page, then switch it on."))
            shown_at = url_for("providers.show_provider", agency_id=agency.id, provider_id=saved.id)
            return redirect(shown_at, code=303)
    return shown(
        "agencies/saml_form.html",
        form,
        agency=agency,
        provider=provider,
        is_installed=saml.is_installed(),
        metadata_address=absolute_url(url_for(".show_metadata")),
        answers_address=absolute_url(url_for(".take_answer")),
    )


def _metadata(form: SamlForm) -> str:
    """Of the file, else of the text box. Raises Invalid."""
    file = form.metadata_file.data
    content = file.read(MOST_METADATA + 1) if file else (form.metadata_xml.data or "").encode()
    if len(content) > MOST_METADATA:
        raise Invalid(saml.TOO_LARGE, "metadata_file")
    try:
        return str(content.decode("utf-8-sig")).strip()
    except UnicodeDecodeError:
        raise Invalid(saml.NOT_TEXT, "metadata_file") from None
