"""Pages of an agency's tokens for provisioning: made, shown once, revoked."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.courseware.course import DISCIPLINES
from lms.errors import Invalid
from lms.people.providers import tokens
from lms.web.agency_choices import choices_to_make, find_agency
from lms.web.forms.providers import TokenForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, needs, viewer
from lms.web.shown_once import keep_to_show, take_to_show
from lms.web.signing_in import absolute_url
from lms.web.words import discipline_name

blueprint = Blueprint("provisioning", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.MANAGE_AGENCIES


@blueprint.route("/agencies/<int:agency_id>/sign-in/tokens", methods=["GET", "POST"])
@needs(OVER)
@fresh
def list_tokens(agency_id: int) -> Page:
    """The tokens in use; a new one is shown on the page that follows, and never again."""
    person = viewer()
    agency = find_agency(person, OVER, agency_id)
    form = TokenForm()
    form.discipline.choices = choices_to_make([(code, discipline_name(code)) for code in DISCIPLINES])
    if form.validate_on_submit():
        name, discipline = form.name.data or "", form.discipline.data or ""
        try:
            made = act(lambda: tokens.make_token(agency_id, name=name, discipline=discipline, actor_id=person.id))
        except Invalid as error:
            add_problem(form, error)
        else:
            keep_to_show("token", [str(agency_id), made])
            return redirect(url_for(".list_tokens", agency_id=agency_id), code=303)
    base = absolute_url(url_for("scim.list_users")).removesuffix("/Users")
    known = tokens.list_tokens(agency_id)
    new = token_to_show(agency_id) if request.method == "GET" else ""
    return shown("agencies/tokens.html", form, agency=agency, tokens=known, made=new, base=base)


def token_to_show(agency_id: int) -> str:
    """The token just made for this agency, once."""
    found = take_to_show("token")
    return found[1] if found[:1] == [str(agency_id)] else ""


@blueprint.route("/agencies/<int:agency_id>/sign-in/tokens/<int:token_id>/revoke", methods=["GET", "POST"])
@needs(OVER)
@fresh
def revoke_token(agency_id: int, token_id: int) -> Page:
    """Take a token back, after a page that says what that means."""
    person = viewer()
    find_agency(person, OVER, agency_id)
    back = url_for(".list_tokens", agency_id=agency_id)
    token = tokens.get_token(agency_id, token_id)
    if request.method == "POST":
        act(lambda: tokens.revoke_token(agency_id, token_id, actor_id=person.id))
        flash_done(_("The token opens nothing any more."))
        return redirect(back, code=303)
    return render_template(
        "confirm.html",
        title=_("Revoke “%(name)s”?", name=token.name),
        text=_("The directory that uses it can add nobody and end no place any more. People stay as they are."),
        action=url_for(".revoke_token", agency_id=agency_id, token_id=token_id),
        submit_text=_("Revoke"),
        cancel_href=back,
    )
