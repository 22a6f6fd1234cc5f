"""Pages that change where a person works: a further place, the end of one, an account switched off or on."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission, Viewer, scope, visible_agencies
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.people import disabling, invited_places, memberships
from lms.people.models import Agency, Membership
from lms.people.roster import is_wholly_within
from lms.web.agency_choices import agency_choices, choices_to_make, find_agency, number_in
from lms.web.forms.people import EndPlaceForm, MovePlaceForm, PlaceForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, needs, today, viewer
from lms.web.people import find_person
from lms.web.words import discipline_name

blueprint = Blueprint("places", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.MANAGE_PEOPLE


@blueprint.route("/people/<int:user_id>/places", methods=["GET", "POST"])
@needs(OVER)
def add_place(user_id: int) -> Page:
    """A further place of a person, in an agency in scope."""
    person = viewer()
    user = find_person(person, user_id, OVER)
    chosen = find_agency(person, OVER, number_in("agency")) if request.args.get("agency") else None
    form = PlaceForm(agency_id=chosen.id if chosen else None, started_on=today())
    form.agency_id.choices = choices_to_make(agency_choices(person, OVER, chosen))
    form.discipline.choices = choices_to_make([(code, discipline_name(code)) for code in DISCIPLINES])
    day = form.started_on.data
    if form.validate_on_submit() and day is not None:
        agency = find_agency(person, OVER, form.agency_id.data)
        discipline = form.discipline.data
        try:
            now = today()
            act(
                lambda: memberships.start_membership(
                    user_id, agency.id, discipline, day=day, actor_id=person.id, recorded_on=now
                )
            )
        except (Invalid, Conflict) as error:
            add_problem(form, error)
        else:
            flash_done(_("%(name)s has a place at %(agency)s.", name=user.name, agency=agency.name))
            return redirect(url_for("people.show_person", user_id=user_id), code=303)
    return shown("people/place.html", form, user=user)


@blueprint.route("/people/<int:user_id>/places/<int:membership_id>/move", methods=["GET", "POST"])
@needs(OVER)
def move_place(user_id: int, membership_id: int) -> Page:
    """One form for who changes agencies: the place ends on the day on which the new one begins."""
    person = viewer()
    membership, agency = find_place(person, user_id, membership_id)
    user = find_person(person, user_id, OVER)
    form = MovePlaceForm(discipline=membership.discipline, started_on=today())
    form.agency_id.choices = choices_to_make(agency_choices(person, OVER, agency))
    form.discipline.choices = choices_to_make([(code, discipline_name(code)) for code in DISCIPLINES])
    day = form.started_on.data
    if form.validate_on_submit() and day is not None:
        to = find_agency(person, OVER, form.agency_id.data)
        discipline = form.discipline.data
        try:
            act(
                lambda: memberships.move_membership(
                    membership_id, agency_id=to.id, discipline=discipline, day=day, actor_id=person.id
                )
            )
        except (Invalid, Conflict) as error:
            add_problem(form, error)
        else:
            flash_done(_("%(name)s works at %(agency)s from that day on.", name=user.name, agency=to.name))
            return redirect(url_for("people.show_person", user_id=user_id), code=303)
    invited = [one.email for one, _place in invited_places.invitations_into([membership])]
    return shown("people/move.html", form, user=user, membership=membership, agency=agency, invited=invited)


@blueprint.route("/people/<int:user_id>/places/<int:membership_id>/end", methods=["GET", "POST"])
@needs(OVER)
def end_place(user_id: int, membership_id: int) -> Page:
    """End a place on a day; records stay."""
    person = viewer()
    membership, agency = find_place(person, user_id, membership_id)
    user = find_person(person, user_id, OVER)
    form = EndPlaceForm(day=today())
    day = form.day.data
    if form.validate_on_submit() and day is not None:
        try:
            act(lambda: memberships.end_membership(membership_id, day=day, actor_id=person.id))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("The place at %(agency)s ends.", agency=agency.name))
            return redirect(url_for("people.show_people"), code=303)
    return shown(
        "confirm.html",
        form,
        title=_("End the place of %(name)s?", name=user.name),
        text=_(
            "The account and everything earned stay with the person. Your agency goes on seeing what was earned here, "
            "and not what comes after."
        ),
        facts=[
            (_("Agency"), agency.name),
            (_("Discipline"), discipline_name(membership.discipline)),
            *((_("Open invitation"), text) for text in _what_becomes_of_invitations(membership)),
        ],
        action=url_for("places.end_place", user_id=user_id, membership_id=membership_id),
        submit_text=_("End the place"),
        cancel_href=url_for("people.show_person", user_id=user_id),
    )


def _what_becomes_of_invitations(place: Membership) -> list[str]:
    """What the page says of each open invitation into a place that ends."""
    other = invited_places.other_places([place]).get(place.user_id)
    leads_on = None if other is None else db.session.get(Agency, other[0])
    return [
        _("The invitation to %(email)s leads to %(agency)s from then on.", email=one.email, agency=leads_on.name)
        if leads_on is not None and one.for_user_id == place.user_id
        else _(
            "The invitation to %(email)s ends with the place: nobody comes in by it after that day.", email=one.email
        )
        for one, _place in invited_places.invitations_into([place])
    ]


def find_place(person: Viewer, user_id: int, membership_id: int) -> tuple[Membership, Agency]:
    """A place of that person in an agency in scope. Raises NotFound."""
    membership = db.session.get(Membership, membership_id)
    if membership is None or membership.user_id != user_id:
        raise NotFound(N_("There is nothing here that you may see."))
    return membership, find_agency(person, OVER, membership.agency_id)


@blueprint.route("/people/<int:user_id>/disable", methods=["GET", "POST"])
@needs(OVER)
@fresh
def disable_account(user_id: int) -> Page:
    """Switch an account off, after a page that says what that means."""
    person = viewer()
    user = find_person(person, user_id, OVER)
    if request.method == "POST":
        may = manages_wholly(person, user_id)
        act(lambda: disabling.disable_account(person, user_id, may_manage_all=may))
        flash_done(_("The account of %(name)s is switched off.", name=user.name))
        return redirect(url_for("people.show_person", user_id=user_id), code=303)
    return render_template(
        "confirm.html",
        title=_("Switch off the account of %(name)s?", name=user.name),
        text=_("The person is signed out at once and cannot sign in. Certificates stay valid, and you can undo this."),
        action=url_for("places.disable_account", user_id=user_id),
        submit_text=_("Switch off"),
        cancel_href=url_for("people.show_person", user_id=user_id),
    )


@blueprint.post("/people/<int:user_id>/enable")
@needs(OVER)
@fresh
def enable_account(user_id: int) -> Response:
    """Switch an account on again."""
    person = viewer()
    user = find_person(person, user_id, OVER)
    may = manages_wholly(person, user_id)
    act(lambda: disabling.enable_account(person, user_id, may_manage_all=may))
    flash_done(_("The account of %(name)s is in use again.", name=user.name))
    return redirect(url_for("people.show_person", user_id=user_id), code=303)


def manages_wholly(person: Viewer, user_id: int) -> bool:
    """Whether every place that somebody holds is in the viewer's scope."""
    return scope(person, OVER) is None or is_wholly_within(user_id, visible_agencies(person, OVER), today())
