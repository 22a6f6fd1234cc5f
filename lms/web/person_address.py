"""The page on which who manages somebody without an account adds their address and invites them."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms.access import Permission, visible_agencies
from lms.courseware.names import LANGUAGES
from lms.database import db
from lms.errors import N_, Conflict, Invalid
from lms.people import addresses
from lms.people.finding import address_of
from lms.people.memberships import holds_on
from lms.people.models import Membership, User
from lms.web.forms.people import AddressForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, needs, settings, today, viewer
from lms.web.invitations import new_letter
from lms.web.people import find_person
from lms.web.places import manages_wholly

blueprint = Blueprint("person_address", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.MANAGE_PEOPLE
NO_PLACE = N_("This person has no place in your agencies today. Add a place first, then invite them.")
ELSEWHERE = N_("This person also works for agencies that you do not administer. Ask the state.")


@blueprint.route("/people/<int:user_id>/address", methods=["GET", "POST"])
@needs(OVER)
@fresh
def invite_person(user_id: int) -> Page:
    """Add the address of an account that nobody has signed in to, and send the invitation there."""
    person = viewer()
    user = find_person(person, user_id, OVER)
    if not addresses.is_unclaimed(user_id):
        raise Conflict(addresses.OWN)
    if not manages_wholly(person, user_id):
        raise Conflict(ELSEWHERE)
    place = db.session.scalars(
        select(Membership)
        .where(
            Membership.user_id == user_id,
            Membership.agency_id.in_(visible_agencies(person, OVER)),
            holds_on(today()),
            Membership.ended_on.is_(None),
        )
        .order_by(Membership.id.desc())
        .limit(1)
    ).one_or_none()
    if place is None:
        raise Conflict(NO_PLACE)
    known = db.session.scalar(select(address_of()).where(User.id == user_id))
    form = AddressForm(email=known or "", language=user.language)
    form.language.choices = [(code, LANGUAGES.get(code, code)) for code in settings().language_list]
    if form.validate_on_submit():
        email, day, letter = form.email.data, today(), new_letter(form.language.data)
        try:
            act(lambda: addresses.invite_person(user_id, email, place, actor_id=person.id, day=day, letter=letter))
        except (Invalid, Conflict) as error:
            add_problem(form, error, "email")
        else:
            flash_done(_("The invitation to %(email)s is on its way.", email=email))
            return redirect(url_for("people.show_person", user_id=user_id), code=303)
    return shown("people/address.html", form, user=user)
