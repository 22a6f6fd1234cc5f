"""How an agency's certificates look: choose, see the logo, see a sample."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.certification import branding, designs, store
from lms.certification.branding import Look
from lms.certification.facts import AwardSite, CertificateFacts
from lms.certification.issuing import from_site
from lms.certification.logos import MOST_BYTES, clean_logo
from lms.certification.pack_drawing import lint_in_child
from lms.certification.packs import MOST_ZIP, VALUES
from lms.database import db
from lms.errors import N_, Invalid, NotFound
from lms.people.models import Agency
from lms.web.agency_choices import find_agency
from lms.web.certificate_files import pdf_response
from lms.web.forms.branding import BrandingForm
from lms.web.forms.refusals import add_problem
from lms.web.guards import act, flash_done, language, needs, settings, today, viewer

blueprint = Blueprint("branding", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.MANAGE_BRANDING


@blueprint.route("/agencies/<int:agency_id>/certificate", methods=["GET", "POST"])
@needs(OVER)
def show_branding(agency_id: int) -> Page:
    """How the agency's certificates look from now on; those that were issued stay as they are. `sample` sends a PDF of
    what was entered, and saves nothing."""
    person = viewer()
    agency = find_agency(person, OVER, agency_id)
    present = branding.look_of(agency_id)
    form = _form(present)
    if form.validate_on_submit():
        try:
            look = _look(form, present, agency.name)
            if "sample" in request.form:
                return _sample_pdf(branding.look_for(agency_id) if look == Look() else look, agency.name)
            act(lambda: branding.save_look(agency_id, look, actor_id=person.id))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("Saved. Certificates that are awarded from now on look like this."))
            return redirect(url_for(".show_branding", agency_id=agency_id), code=303)
    return _page(agency, form, present)


@blueprint.get("/agencies/<int:agency_id>/certificate/logo.png")
@needs(OVER)
def fetch_logo(agency_id: int) -> Response:
    """The logo as it is printed."""
    find_agency(viewer(), OVER, agency_id)
    look = branding.look_for(agency_id)
    db.session.rollback()
    content = current_app.extensions["lms"].files.read(store.logo_name(look.logo)) if look.logo else None
    if content is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return Response(content, mimetype="image/png", headers={"Cache-Control": "private, no-cache"})


def _sample_pdf(look: Look, agency_name: str) -> Response:
    """A certificate of nobody in a look, saved or not: unsigned, with a code that stands for nothing."""
    # Here for the reason that lms/certification/store.py gives.
    from lms.certification.documents import draw_orders

    facts = _sample(look, agency_name)
    db.session.rollback()  # no transaction is held open while it is drawn
    (content,) = draw_orders([store.order_of(facts, current_app.extensions["lms"].files)])
    return pdf_response(content, "sample.pdf")


def _form(present: Look) -> BrandingForm:
    first, second = (*present.signatories, None, None)[:2]
    form = BrandingForm(
        design=present.design,
        first_name=first.name if first else "",
        first_title=first.title if first else "",
        second_name=second.name if second else "",
        second_title=second.title if second else "",
        statement=present.statement,
    )
    form.design.choices = [("", _("As for the agency above, or the usual one"))]
    if present.pack:
        form.design.choices.append((designs.PACK + present.pack, _("The agency's own design")))
    form.design.choices += [(name, _(title)) for name, title in designs.choices().items()]
    return form


def _look(form: BrandingForm, present: Look, agency_name: str) -> Look:
    """What was entered; a new logo is stored under its hash. Raises Invalid."""
    pairs = (
        (form.first_name.data or "", form.first_title.data or ""),
        (form.second_name.data or "", form.second_title.data or ""),
    )
    look = replace(
        present,
        design=form.design.data or "",
        signatories=branding.cleaned_signatories(pairs),
        statement=" ".join((form.statement.data or "").split()),
    )
    upload = request.files.get("logo")
    content = upload.read(MOST_BYTES + 1) if upload else b""
    db.session.rollback()  # no transaction is held open while pictures are painted and designs tried
    if content:
        cleaned, digest = clean_logo(content)
        current_app.extensions["lms"].files.write(store.logo_name(digest), cleaned)
        look = replace(look, logo=digest)
    elif form.remove_logo.data:
        look = replace(look, logo="")
    return _with_pack(look, agency_name)


def _with_pack(look: Look, agency_name: str) -> Look:
    """With the design that was uploaded, if one was and it is good. Raises Invalid with the reasons."""
    upload = request.files.get("pack")
    content = upload.read(MOST_ZIP + 1) if upload else b""
    if not content:
        return look
    if len(content) > MOST_ZIP:
        raise Invalid(N_("The zip file is too large: at most 1 MB."), field="pack")
    lint_in_child(branding.samples_of(_sample(look, agency_name)), content)
    digest = hashlib.sha256(content).hexdigest()
    current_app.extensions["lms"].files.write(store.pack_name(digest), content)
    return replace(look, pack=digest, design=designs.PACK + digest)


def _sample(look: Look, agency_name: str) -> CertificateFacts:
    site = {**from_site(AwardSite.from_settings(settings())), "code": branding.SAMPLE_CODE}
    return branding.sample_facts(look, agency_name, language(), today(), site)


def _page(agency: Agency, form: BrandingForm, present: Look) -> Page:
    inherited = branding.look_for(agency.id)
    page = render_template(
        "certification/branding.html",
        agency=agency,
        form=form,
        present=present,
        has_logo=bool(inherited.logo),
        values=VALUES,
    )
    return (page, 422) if form.errors else page
