"""Pages where an agency's administrators set up how its people sign in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import Conflict, Invalid, LmsError
from lms.people.models import Agency
from lms.people.providers import arriving, domains, oidc, saml, setting_up
from lms.people.providers.models import IdentityProvider
from lms.people.providers.problems import ProviderProblem
from lms.people.providers.setting_up import Common, Registration
from lms.web.agency_choices import find_agency
from lms.web.forms.providers import OidcForm, ProviderForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, needs, settings, viewer
from lms.web.limits import by_viewer, limiter
from lms.web.oidc import redirect_address
from lms.web.saml_way import saml_site
from lms.web.signing_in import absolute_url
from lms.web.words import discipline_name

blueprint = Blueprint("providers", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.MANAGE_AGENCIES
ASKING = "30 per 10 minutes"
"""How often one person may have us ask some address: enough to set a provider up, too little to search a network."""


@blueprint.get("/agencies/<int:agency_id>/sign-in")
@needs(OVER)
def show_sign_in(agency_id: int) -> str:
    """How the agency's people sign in: providers, domains, provisioning."""
    agency = find_agency(viewer(), OVER, agency_id)
    return render_template(
        "agencies/sign_in.html",
        agency=agency,
        providers=setting_up.list_providers(agency_id),
        domains=domains.list_domains(agency_id),
    )


@blueprint.route("/agencies/<int:agency_id>/sign-in/oidc", methods=["GET", "POST"])
@needs(OVER)
@fresh
@limiter.limit(ASKING, key_func=by_viewer, methods=["POST"])
def add_oidc(agency_id: int) -> Page:
    """A provider of OpenID Connect: asked what it says of itself, and kept, switched off."""
    agency = find_agency(viewer(), OVER, agency_id)
    form = OidcForm(scopes="openid profile email", subject_claim="sub")
    return _save_oidc(form, agency, None)


@blueprint.route("/agencies/<int:agency_id>/sign-in/<int:provider_id>/edit", methods=["GET", "POST"])
@needs(OVER)
@fresh
@limiter.limit(ASKING, key_func=by_viewer, methods=["POST"])
def change_oidc(agency_id: int, provider_id: int) -> Page:
    """Change a provider of OpenID Connect; its secret stays unless another one is entered."""
    agency = find_agency(viewer(), OVER, agency_id)
    provider = setting_up.get_provider(agency_id, provider_id)
    words = "\n".join(f"{theirs} = {ours}" for theirs, ours in provider.discipline_words.items())
    if provider.kind == "saml":
        return redirect(url_for("saml.change_saml", agency_id=agency_id, provider_id=provider_id), code=303)
    form = OidcForm(obj=provider, data={"discipline_words": words})
    return _save_oidc(form, agency, provider)


def _save_oidc(form: OidcForm, agency: Agency, provider: IdentityProvider | None) -> Page:
    fill_disciplines(form)
    if provider is not None and provider.sealed_secret is not None:
        form.secret.description = _("Kept sealed and never shown again. Leave it empty to keep the one that is there.")
    if form.validate_on_submit():
        entered = Registration(
            (form.issuer.data or "").strip(),
            (form.client_id.data or "").strip(),
            form.secret.data or "",
            " ".join((form.scopes.data or "").split()),
        )
        common, actor_id, known_id = common_of(form), viewer().id, provider.id if provider else None
        secret_key = settings().secret_key
        try:
            db.session.rollback()  # the provider may take its time: no transaction waits for it
            fetched = oidc.discover(entered.issuer, settings())
            saved = act(
                lambda: setting_up.save_oidc(
                    agency.id, known_id, common, entered, fetched, secret_key=secret_key, actor_id=actor_id
                )
            )
        except (Invalid, ProviderProblem) as error:
            add_problem(form, error, "issuer")
        else:
            flash_done(_("Saved. Check it on this page, then switch it on."))
            return redirect(url_for(".show_provider", agency_id=agency.id, provider_id=saved.id), code=303)
    return shown("agencies/provider_form.html", form, agency=agency, provider=provider, redirect=redirect_address())


def fill_disciplines(form: ProviderForm) -> None:
    form.discipline.choices = [("", _("Ask everybody once")), *((code, discipline_name(code)) for code in DISCIPLINES)]
    words = ", ".join(f"{code} ({discipline_name(code)})" for code in DISCIPLINES)
    form.discipline_words.description = _(
        "A line each, such as “Registered Nurse = healthcare”. Right of the sign stands one of these words: %(words)s.",
        words=words,
    )


def common_of(form: ProviderForm) -> Common:
    return Common(
        name=form.name.data or "",
        subject_claim=form.subject_claim.data or "",
        agency_claim=form.agency_claim.data or "",
        discipline_claim=form.discipline_claim.data or "",
        discipline_words=form.discipline_words.data or "",
        discipline=form.discipline.data or "",
        needs_domain=bool(form.needs_domain.data),
    )


@blueprint.get("/agencies/<int:agency_id>/sign-in/<int:provider_id>")
@needs(OVER)
def show_provider(agency_id: int, provider_id: int) -> str:
    """One provider: what to register with it, how it stands, why the latest sign-in failed."""
    return _provider_page(agency_id, provider_id)


@blueprint.post("/agencies/<int:agency_id>/sign-in/<int:provider_id>/test")
@needs(OVER)
@limiter.limit(ASKING, key_func=by_viewer)
def test_provider(agency_id: int, provider_id: int) -> Page:
    """Ask the provider now, and say in plain words what is wrong."""
    find_agency(viewer(), OVER, agency_id)
    provider = setting_up.get_provider(agency_id, provider_id)
    if provider.kind == "saml":
        return _provider_page(agency_id, provider_id, is_tested=True, problem=_saml_problem(provider))
    issuer = provider.issuer
    db.session.rollback()
    try:
        fetched = oidc.discover(issuer, settings())
    except ProviderProblem as problem:
        return _provider_page(agency_id, provider_id, is_tested=True, problem=problem)
    act(lambda: setting_up.keep_fetched(provider_id, fetched))
    return _provider_page(agency_id, provider_id, is_tested=True)


def _saml_problem(provider: IdentityProvider) -> ProviderProblem | None:
    metadata = provider.metadata_text or ""
    db.session.rollback()
    try:
        saml.read_metadata(saml_site(), metadata)
    except ProviderProblem as problem:
        return problem
    return None


def _provider_page(
    agency_id: int, provider_id: int, *, is_tested: bool = False, problem: LmsError | None = None
) -> str:
    agency = find_agency(viewer(), OVER, agency_id)
    provider = setting_up.get_provider(agency_id, provider_id)
    last: dict[str, Any] = provider.last_problem or {}
    return render_template(
        "agencies/provider.html",
        agency=agency,
        provider=provider,
        redirect=redirect_address(),
        metadata_address=absolute_url(url_for("saml.show_metadata")),
        answers_address=absolute_url(url_for("saml.take_answer")),
        is_tested=is_tested,
        problem=_(problem.message, **problem.values) if problem else "",
        last_problem=_(last["message"], **last["values"]) if last else "",
        has_domain=any(one.verified_at for one in domains.list_domains(agency_id)),
        needs_domain=arriving.needs_own_domain(provider),
    )


@blueprint.post("/agencies/<int:agency_id>/sign-in/<int:provider_id>/switch")
@needs(OVER)
@fresh
def switch_provider(agency_id: int, provider_id: int) -> Response:
    """Let people sign in with it, or no more."""
    person, is_on = viewer(), request.form.get("on") == "1"
    find_agency(person, OVER, agency_id)
    act(lambda: setting_up.switch(agency_id, provider_id, is_on=is_on, actor_id=person.id))
    flash_done(_("People can sign in with it now.") if is_on else _("It is switched off."))
    return redirect(url_for(".show_provider", agency_id=agency_id, provider_id=provider_id), code=303)


@blueprint.route("/agencies/<int:agency_id>/sign-in/<int:provider_id>/require", methods=["GET", "POST"])
@needs(OVER)
@fresh
def require_provider(agency_id: int, provider_id: int) -> Page:
    """Refuse passwords to the agency's people, after a page that says what that means and what the way back is."""
    person = viewer()
    agency = find_agency(person, OVER, agency_id)
    provider = setting_up.get_provider(agency_id, provider_id)
    back = url_for(".show_provider", agency_id=agency_id, provider_id=provider_id)
    if request.method == "POST":
        wanted = request.form.get("off") != "1"
        try:
            act(lambda: setting_up.require_it(agency_id, provider_id, is_required=wanted, actor_id=person.id))
        except Conflict as error:
            return _provider_page(agency_id, provider_id, is_tested=True, problem=error), 409
        flash_done(_("It is required now.") if wanted else _("Passwords are taken again."))
        return redirect(back, code=303)
    try:
        setting_up.refuse_untried(provider)
    except Conflict as error:
        return _provider_page(agency_id, provider_id, is_tested=True, problem=error), 409
    return render_template(
        "confirm.html",
        title=_("Require %(provider)s?", provider=provider.name),
        text=_(
            "People who work at %(agency)s, or below it, can no longer sign in with a password. Agency administrators "
            "and state administrators still can: that is the way back if the provider fails, and they can end this "
            "rule.",
            agency=agency.name,
        ),
        action=url_for(".require_provider", agency_id=agency_id, provider_id=provider_id),
        submit_text=_("Require it"),
        cancel_href=back,
    )
