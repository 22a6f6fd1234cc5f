"""Pages of a team's members: the seat that one has, and their leaving."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response
from wtforms.fields import SelectChoice

from lms.clock import utc_now
from lms.cohorts import reach, standing, teams
from lms.cohorts.board import load_board
from lms.errors import Conflict, Invalid
from lms.web.cohorts import Page, award_site, in_own_language, say_on, shown
from lms.web.forms.cohorts import PlaceForm
from lms.web.guards import act, flash_done, settings, signed_in, viewer
from lms.web.seat_choices import seat_choices

blueprint = Blueprint("cohort_members", __name__)


@blueprint.route("/cohorts/<int:cohort_id>/members/<int:member_id>/place", methods=["GET", "POST"])
@signed_in
def place_member(cohort_id: int, member_id: int) -> Page:
    """Move a member to a seat, as its member or alternate, or out of it."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    if teams.has_left_place(cohort, member_id):
        return _to_the_team(cohort_id)
    member = teams.find_member(cohort, member_id)
    loaded = load_board(cohort, utc_now(), settings().time_zone)
    form = PlaceForm(data={"seat_id": member.seat_id or 0, "place": "alternate" if member.is_alternate else "member"})
    form.seat_id.choices = [SelectChoice(0, _("No seat yet")), *seat_choices(loaded, member, in_own_language)]
    if form.validate_on_submit():
        seat_id, is_alternate = form.seat_id.data or None, form.place.data == "alternate"

        def step() -> str | None:
            teams.place_member(cohort, member_id, seat_id, utc_now(), is_alternate=is_alternate, actor_id=person.id)
            return standing.award_if_earned(cohort_id, utc_now(), award_site(), actor_id=person.id)

        try:
            act(step)
        except (Invalid, Conflict) as error:
            say_on(form, error, "seat_id")
        else:
            flash_done(_("The place was changed."))
            return redirect(url_for("cohorts.show_cohort", cohort_id=cohort_id), 303)
    return shown("cohorts/place.html", form, cohort=cohort, line=loaded.people[member.user_id])


def _to_the_team(cohort_id: int) -> Response:
    flash(_("This person was moved or has left since that page was opened. Here is the team as it is now."), "info")
    return redirect(url_for("cohorts.show_cohort", cohort_id=cohort_id), 303)


@blueprint.route("/cohorts/<int:cohort_id>/members/<int:member_id>/remove", methods=["GET", "POST"])
@signed_in
def remove_member(cohort_id: int, member_id: int) -> Page:
    """Ask, then end a person's time in the team."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    if teams.has_left_place(cohort, member_id):
        return _to_the_team(cohort_id)
    member = teams.find_member(cohort, member_id)
    board = url_for("cohorts.show_cohort", cohort_id=cohort_id)
    if request.method == "POST":
        act(lambda: teams.remove_member(cohort, member_id, utc_now(), actor_id=person.id))
        flash_done(_("The person is no longer in the team."))
        return redirect(board, 303)
    return render_template(
        "confirm.html",
        title=_("Remove %(name)s from the team?", name=member.user.name),
        text=_("Their seat becomes empty. Certificates stay theirs, and the team's past is kept."),
        action=url_for("cohort_members.remove_member", cohort_id=cohort_id, member_id=member_id),
        submit_text=_("Remove from the team"),
        cancel_href=board,
    )
