"""Pages of invitations: invite into an agency, see what is open, send again, withdraw."""

from __future__ import annotations

import secrets

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission, Viewer, visible_agencies
from lms.clock import utc_now
from lms.courseware.course import DISCIPLINES
from lms.courseware.names import LANGUAGES
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people import invitations
from lms.people.invitations import Letter
from lms.people.models import Agency, Invitation
from lms.web.agency_choices import agency_choices, choices_to_make, find_agency, number_in
from lms.web.forms.people import InvitationForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, language, needs, settings, today, viewer
from lms.web.signing_in import absolute_url
from lms.web.words import discipline_name

blueprint = Blueprint("invitations", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.MANAGE_PEOPLE


@blueprint.route("/people/invite", methods=["GET", "POST"])
@needs(OVER)
def invite() -> Page:
    """Invite one person into an agency by mail."""
    person = viewer()
    chosen = find_agency(person, OVER, number_in("agency")) if request.args.get("agency") else None
    form = InvitationForm(agency_id=chosen.id if chosen else None, language=language())
    form.agency_id.choices = choices_to_make(agency_choices(person, OVER, chosen))
    form.discipline.choices = choices_to_make([(code, discipline_name(code)) for code in DISCIPLINES])
    form.language.choices = [(code, LANGUAGES.get(code, code)) for code in settings().language_list]
    if form.validate_on_submit():
        agency = find_agency(person, OVER, form.agency_id.data)
        email, name, discipline = form.email.data, form.name.data or "", form.discipline.data
        letter, day = new_letter(form.language.data), today()
        try:
            act(
                lambda: invitations.invite(
                    email=email,
                    name=name,
                    agency_id=agency.id,
                    discipline=discipline,
                    invited_by_id=person.id,
                    day=day,
                    letter=letter,
                )
            )
        except (Invalid, Conflict) as error:
            add_problem(form, error, "email")
        else:
            flash_done(_("The invitation to %(email)s is on its way.", email=email))
            return redirect(url_for("invitations.list_invitations"), code=303)
    return shown("people/invite.html", form)


@blueprint.get("/people/invitations")
@needs(OVER)
def list_invitations() -> str:
    """Invitations into agencies in scope that nobody accepted yet."""
    found = invitations.open_invitations(visible_agencies(viewer(), OVER))
    ids = {one.agency_id for one in found if one.agency_id}
    agencies = {one.id: one for one in db.session.query(Agency).filter(Agency.id.in_(ids))}
    return render_template("people/invitations.html", invitations=found, agencies=agencies, now=utc_now())


@blueprint.post("/people/invitations/<int:invitation_id>/resend")
@needs(OVER)
def resend(invitation_id: int) -> Response:
    """A new link, 14 more days; the link sent before ends."""
    person = viewer()
    invitation = find_open(person, invitation_id)
    letter = new_letter(language())
    act(lambda: invitations.resend(invitation_id, actor_id=person.id, letter=letter))
    flash_done(_("The invitation to %(email)s is on its way again.", email=invitation.email))
    return redirect(url_for("invitations.list_invitations"), code=303)


@blueprint.post("/people/invitations/<int:invitation_id>/withdraw")
@needs(OVER)
def withdraw(invitation_id: int) -> Response:
    """Make the link useless."""
    person = viewer()
    invitation = find_open(person, invitation_id)
    act(lambda: invitations.withdraw(invitation_id, actor_id=person.id))
    flash_done(_("The invitation to %(email)s is withdrawn.", email=invitation.email))
    return redirect(url_for("invitations.list_invitations"), code=303)


def find_open(person: Viewer, invitation_id: int) -> Invitation:
    """An invitation into an agency in scope. Raises NotFound."""
    invitation = db.session.get(Invitation, invitation_id)
    if invitation is None or invitation.agency_id is None:
        raise NotFound(N_("There is nothing here that you may see."))
    find_agency(person, OVER, invitation.agency_id)
    return invitation


def new_letter(code: str) -> Letter:
    """A new secret, and its link in a mail in that language."""
    token = secrets.token_urlsafe(32)
    return Letter(token, absolute_url(url_for("joining.accept", token=token)), code)
