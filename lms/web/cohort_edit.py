"""The page on which a coordinator edits a team: name, day, who runs and leads it, its seats."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from wtforms.fields import SelectChoice

from lms.clock import utc_now
from lms.cohorts import editing, reach, standing, teams
from lms.cohorts.board import load_board
from lms.cohorts.models import Cohort
from lms.courseware.course import DISCIPLINES
from lms.errors import Conflict, Invalid
from lms.web.cohorts import Page, award_site, in_own_language, say_on
from lms.web.forms.cohorts import SeatForm, TeamForm
from lms.web.guards import act, flash_done, settings, signed_in, viewer
from lms.web.words import discipline_name

blueprint = Blueprint("cohort_edit", __name__)


@blueprint.route("/cohorts/<int:cohort_id>/edit", methods=["GET", "POST"])
@signed_in
def edit_cohort(cohort_id: int) -> Page:
    """Rename a team, change its day, hand it over; and see its seats."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    form = _team_form(cohort)
    if not form.validate_on_submit():
        return _page(cohort, form)
    entered = {
        "name": form.name.data or "",
        "ready_by": form.ready_by.data,
        "agency_id": form.agency_id.data,
        "coordinator_email": form.coordinator_email.data or "",
        "seen": form.seen.data or "",
    }

    def step() -> bool:
        is_changed = editing.change_cohort(cohort, **entered, editor=person, now=utc_now())
        standing.award_if_earned(cohort_id, utc_now(), award_site(), actor_id=person.id)
        return is_changed and not reach.is_in_reach(person, cohort_id)

    try:
        is_given_away = act(step)
    except Invalid as error:
        say_on(form, error)
        return _page(reach.find_led_cohort(person, cohort_id), form)
    except Conflict as error:
        return _moved_on(cohort_id, form, error)
    flash_done(_("The team was changed."))
    if is_given_away:
        return redirect(url_for("cohorts.list_cohorts"), 303)
    return redirect(url_for("cohorts.show_cohort", cohort_id=cohort_id), 303)


@blueprint.route("/cohorts/<int:cohort_id>/seats/new", methods=["GET", "POST"])
@signed_in
def add_seat(cohort_id: int) -> Page:
    """One more seat."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    form = _seat_form(cohort)
    if not form.validate_on_submit():
        return _seat_page(cohort, form)
    discipline, seen, is_required = form.discipline.data, form.seen.data or "", bool(form.is_required.data)
    title = {"en": form.title_en.data or "", "es": form.title_es.data or ""}
    try:
        act(
            lambda: editing.add_seat(
                cohort, discipline=discipline, title=title, is_required=is_required, seen=seen, actor_id=person.id
            )
        )
    except Invalid as error:
        say_on(form, error)
        return _seat_page(reach.find_led_cohort(person, cohort_id), form)
    except Conflict as error:
        cohort = reach.find_led_cohort(person, cohort_id)
        form.seen.data = editing.state_of(cohort)
        return _drawn_seat(cohort, form, conflict=_(error.message, **error.values)), 409
    flash_done(_("The seat was added. Invite somebody for it next."))
    return redirect(url_for("cohort_edit.edit_cohort", cohort_id=cohort_id, _anchor="seats"), 303)


@blueprint.route("/cohorts/<int:cohort_id>/seats/<int:seat_id>/remove", methods=["GET", "POST"])
@signed_in
def remove_seat(cohort_id: int, seat_id: int) -> Page:
    """Ask, then take an empty seat out of the team."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    back = url_for("cohort_edit.edit_cohort", cohort_id=cohort_id, _anchor="seats")
    if request.method == "POST":
        zone = settings().time_zone

        def step() -> str | None:
            editing.remove_seat(cohort, seat_id, utc_now(), zone, actor_id=person.id)
            return standing.award_if_earned(cohort_id, utc_now(), award_site(), actor_id=person.id)

        act(step)
        flash_done(_("The seat was removed."))
        return redirect(back, 303)
    seat = teams.find_seat(cohort, seat_id)
    return render_template(
        "confirm.html",
        title=_("Remove this seat?"),
        text=_("Nobody can sit in it any more. What it was in the past is kept."),
        facts=[(_("Seat"), in_own_language(seat.title)), (_("Discipline"), discipline_name(seat.discipline))],
        action=url_for("cohort_edit.remove_seat", cohort_id=cohort_id, seat_id=seat_id),
        submit_text=_("Remove the seat"),
        cancel_href=back,
    )


def _team_form(cohort: Cohort) -> TeamForm:
    values = {
        "seen": editing.state_of(cohort),
        "name": cohort.name,
        "ready_by": cohort.ready_by,
        "agency_id": cohort.agency_id,
        "coordinator_email": cohort.coordinator.email or "",
    }
    form = TeamForm(data=values)
    agencies = {one.id: one.name for one in reach.leading_agencies(viewer())}
    agencies.setdefault(cohort.agency_id, cohort.agency.name)
    form.agency_id.choices = [SelectChoice(key, name) for key, name in agencies.items()]
    return form


def _seat_form(cohort: Cohort) -> SeatForm:
    form = SeatForm(data={"seen": editing.state_of(cohort)})
    form.discipline.choices = [SelectChoice("", _("Choose"))]
    form.discipline.choices += [SelectChoice(code, discipline_name(code)) for code in DISCIPLINES]
    return form


def _seat_page(cohort: Cohort, form: SeatForm) -> Page:
    page = _drawn_seat(cohort, form)
    return (page, 422) if form.errors else page


def _drawn_seat(cohort: Cohort, form: SeatForm, *, conflict: str | None = None) -> str:
    return render_template("cohorts/seat.html", cohort=cohort, form=form, conflict=conflict)


def _moved_on(cohort_id: int, form: TeamForm, error: Conflict) -> Page:
    """The page again with what was entered, what is stored now, and the mark of that: saving again is on purpose."""
    cohort = reach.find_led_cohort(viewer(), cohort_id)
    form.seen.data = editing.state_of(cohort)
    return _drawn(cohort, form, conflict=_(error.message, **error.values)), 409


def _page(cohort: Cohort, form: TeamForm) -> Page:
    page = _drawn(cohort, form)
    return (page, 422) if form.errors else page


def _drawn(cohort: Cohort, form: TeamForm, *, conflict: str | None = None) -> str:
    return render_template(
        "cohorts/edit.html",
        cohort=cohort,
        form=form,
        conflict=conflict,
        loaded=load_board(cohort, utc_now(), settings().time_zone),
    )
