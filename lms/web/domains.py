"""Pages of an agency's e-mail domains: add, prove, let people join by them."""

from __future__ import annotations

import secrets

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.database import db
from lms.errors import N_, Invalid
from lms.people.models import Agency
from lms.people.providers import domains
from lms.people.providers.models import EmailDomain
from lms.web.agency_choices import find_agency
from lms.web.forms.providers import DomainForm, JoiningForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, language, needs, public, viewer
from lms.web.limits import by_viewer, limiter, sign_in_limit_per_address
from lms.web.signing_in import absolute_url, refuse_below_host

blueprint = Blueprint("domains", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.MANAGE_AGENCIES
ASKING = "30 per 10 minutes"
JOINING = {
    "no": N_("Join nothing"),
    "approval": N_("Join once one of us has approved it"),
    "at-once": N_("Join at once"),
}


@blueprint.route("/agencies/<int:agency_id>/sign-in/domains/new", methods=["GET", "POST"])
@needs(OVER)
@fresh
def add_domain(agency_id: int) -> Page:
    """A mail domain that the agency says is its own."""
    person = viewer()
    agency = find_agency(person, OVER, agency_id)
    form = DomainForm()
    if form.validate_on_submit():
        name = form.domain.data or ""
        try:
            row = act(lambda: domains.add_domain(agency_id, name, actor_id=person.id))
        except Invalid as error:
            add_problem(form, error)
        else:
            return redirect(url_for(".show_domain", agency_id=agency_id, domain_id=row.id), code=303)
    return shown("agencies/domain_form.html", form, agency=agency)


@blueprint.get("/agencies/<int:agency_id>/sign-in/domains/<int:domain_id>")
@needs(OVER)
def show_domain(agency_id: int, domain_id: int) -> Page:
    """One domain: how to prove it, and who joins by it."""
    agency = find_agency(viewer(), OVER, agency_id)
    return _domain_page(agency, domains.get_domain(agency_id, domain_id))


@blueprint.post("/agencies/<int:agency_id>/sign-in/domains/<int:domain_id>")
@needs(OVER)
@fresh
def change_joining(agency_id: int, domain_id: int) -> Page:
    """Let people who register with an address of the domain join, or not."""
    person = viewer()
    agency = find_agency(person, OVER, agency_id)
    row = domains.get_domain(agency_id, domain_id)
    form = _joining_form(row)
    if not form.validate_on_submit():
        return _domain_page(agency, row, form)
    chosen = form.joining.data or "no"
    act(lambda: domains.change_joining(agency_id, domain_id, chosen, actor_id=person.id))
    flash_done(_("Saved."))
    return redirect(url_for(".show_domain", agency_id=agency_id, domain_id=domain_id), code=303)


def _joining_form(row: EmailDomain) -> JoiningForm:
    form = JoiningForm(joining=row.joining)
    form.joining.choices = [(code, _(name)) for code, name in JOINING.items()]
    return form


def _domain_page(agency: Agency, row: EmailDomain, form: JoiningForm | None = None) -> Page:
    values = {"record": domains.DNS_PREFIX + row.dns_text, "mailboxes": domains.MAILBOXES[:2], "row": row}
    return shown("agencies/domain.html", form or _joining_form(row), agency=agency, **values)


@blueprint.post("/agencies/<int:agency_id>/sign-in/domains/<int:domain_id>/look")
@needs(OVER)
@limiter.limit(ASKING, key_func=by_viewer)
def look_up(agency_id: int, domain_id: int) -> Response:
    """Look whether the domain's TXT record is there."""
    person = viewer()
    find_agency(person, OVER, agency_id)
    row = domains.get_domain(agency_id, domain_id)
    name, text, is_done = row.domain, row.dns_text, row.verified_at is not None
    db.session.rollback()  # the domain name system may take its time
    if not is_done and not domains.dns_says(name, text):
        flash(
            _(
                "There is no such record at %(domain)s yet. New records can take an hour until they are seen.",
                domain=name,
            ),
            "warn",
        )
    else:
        act(lambda: domains.confirm_by_dns(agency_id, domain_id, actor_id=person.id))
        flash_done(_("%(domain)s is confirmed.", domain=name))
    return redirect(url_for(".show_domain", agency_id=agency_id, domain_id=domain_id), code=303)


@blueprint.post("/agencies/<int:agency_id>/sign-in/domains/<int:domain_id>/mail")
@needs(OVER)
@limiter.limit("10 per hour", key_func=by_viewer)
def send_mail(agency_id: int, domain_id: int) -> Response:
    """Mail a link to who runs the domain."""
    person, token, mailbox, spoken = viewer(), secrets.token_urlsafe(32), request.form.get("mailbox", ""), language()
    find_agency(person, OVER, agency_id)
    domains.get_domain(agency_id, domain_id)
    link = absolute_url(url_for(".confirm", token=token))
    address = act(
        lambda: domains.send_proof(domain_id, mailbox, token=token, link=link, language=spoken, actor_id=person.id)
    )
    flash_done(_("A mail is on its way to %(address)s.", address=address))
    return redirect(url_for(".show_domain", agency_id=agency_id, domain_id=domain_id), code=303)


@blueprint.route("/agencies/<int:agency_id>/sign-in/domains/<int:domain_id>/remove", methods=["GET", "POST"])
@needs(OVER)
@fresh
def remove_domain(agency_id: int, domain_id: int) -> Page:
    """Give a domain up, after a page that says what that means."""
    person = viewer()
    find_agency(person, OVER, agency_id)
    row = domains.get_domain(agency_id, domain_id)
    if request.method == "POST":
        act(lambda: domains.remove_domain(agency_id, domain_id, actor_id=person.id))
        flash_done(_("The domain is removed."))
        return redirect(url_for("providers.show_sign_in", agency_id=agency_id), code=303)
    return render_template(
        "confirm.html",
        title=_("Remove %(domain)s?", domain=row.domain),
        text=_("Its addresses say nothing of your agency any more. People who joined by it keep their place."),
        action=url_for(".remove_domain", agency_id=agency_id, domain_id=domain_id),
        submit_text=_("Remove"),
        cancel_href=url_for(".show_domain", agency_id=agency_id, domain_id=domain_id),
    )


@blueprint.route("/domains/<token>", methods=["GET", "POST"])
@public
@limiter.limit(sign_in_limit_per_address, methods=["POST"])
def confirm(token: str) -> Page:
    """Who runs a domain confirms whose it is, by the link of a mail; opening it alone does nothing."""
    refuse_below_host()
    row = domains.find_by_mail(token)
    if row is None:
        return render_template("accounts/link_ended.html", kind="domain"), 404
    if request.method == "POST":
        name = row.domain
        act(lambda: domains.confirm_by_mail(token))
        return render_template("agencies/domain_confirmed.html", domain=name)
    return render_template("agencies/domain_confirm.html", row=row, token=token)
