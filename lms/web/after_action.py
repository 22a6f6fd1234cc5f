"""A team's after-action report: the list of actions, what members gave (for the coordinator alone), closing it."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Viewer
from lms.clock import utc_now
from lms.cohorts import after_action, reach
from lms.cohorts.after_action import ASKED_ACTIONS, ActionText, drafted
from lms.cohorts.debrief import FEWEST
from lms.cohorts.given import find_given_action, load_given
from lms.cohorts.giving import Answer, newest_report, own_parts
from lms.cohorts.models import Cohort
from lms.cohorts.report_models import GivenPart, TeamAction
from lms.errors import N_, Conflict, Invalid, NotFound
from lms.web.cohorts import Page, say_on, shown
from lms.web.forms.after_action import ActionForm
from lms.web.guards import act, flash_done, signed_in, today, viewer
from lms.web.report_card import coordinates

blueprint = Blueprint("after_action", __name__)

REPORT = "/cohorts/<int:cohort_id>/report"


@blueprint.get(REPORT)
@signed_in
def show_report(cohort_id: int) -> str:
    """The team's actions; for its coordinator also what members gave; for a member what they gave themselves."""
    person = viewer()
    cohort = reach.find_cohort(person, cohort_id)
    reports = after_action.list_reports(cohort_id)
    report = reports[0] if reports else None
    actions = after_action.list_actions(one.id for one in reports)
    own = actions.get(report.id, []) if report else []
    leads = reach.may_lead(person, cohort)
    may_change = leads and cohort.archived_at is None
    return render_template(
        "cohorts/report.html",
        cohort=cohort,
        report=report,
        earlier=reports[1:],
        actions=own,
        earlier_actions=actions,
        given=load_given(report, own) if report and coordinates(person, cohort) else None,
        coordinates=coordinates(person, cohort),
        parts=own_parts(person.id, cohort_id=cohort_id),
        leads=leads,
        may_change=may_change,
        may_add=may_change and (report is None or report.closed_at is None),
        today=today(),
        asked=ASKED_ACTIONS,
        fewest=FEWEST,
    )


@blueprint.route(f"{REPORT}/actions/new", methods=["GET", "POST"])
@signed_in
def add_action(cohort_id: int) -> Page:
    """One more action, empty or filled from a given answer (`part` and `question` in the address)."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    found = _given_answer(person, cohort)
    form = ActionForm(obj=drafted(found[1].text) if found else ActionText())
    del form.done_on
    if form.validate_on_submit():
        source = (found[0].id, found[1].question_id) if found else None
        typed = _typed(form)

        def step() -> TeamAction:
            return after_action.add_action(
                cohort, typed, source=source, actor_id=person.id, today=today(), now=utc_now()
            )

        try:
            act(step)
        except (Invalid, Conflict) as error:
            say_on(form, error)
        else:
            flash_done(_("The action is on the team's list."))
            return _to_report(cohort_id)
    return shown("cohorts/action.html", form, cohort=cohort, action=None, given=found)


def _given_answer(person: Viewer, cohort: Cohort) -> tuple[GivenPart, Answer] | None:
    part_id = request.args.get("part", type=int)
    if part_id is None:
        return None
    report = newest_report(cohort.id)
    if report is None or not coordinates(person, cohort):
        raise NotFound(N_("There is nothing here that you may see."))
    return find_given_action(report, part_id, request.args.get("question", ""))


def _typed(form: ActionForm) -> ActionText:
    return ActionText(
        form.seen.data or "",
        form.cause.data or "",
        form.step.data or "",
        form.owner.data or "",
        form.due_on.data,
        form.done_on.data if "done_on" in form else None,
    )


@blueprint.route(f"{REPORT}/actions/<int:action_id>", methods=["GET", "POST"])
@signed_in
def change_action(cohort_id: int, action_id: int) -> Page:
    """Change an action of the list, or say on which day it was done."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    action = after_action.find_action(cohort, action_id)
    form = ActionForm(obj=action)
    if form.validate_on_submit():
        typed = _typed(form)
        try:
            act(lambda: after_action.change_action(cohort, action_id, typed, actor_id=person.id, today=today()))
        except Invalid as error:
            say_on(form, error)
        else:
            flash_done(_("The action was changed."))
            return _to_report(cohort_id)
    return shown("cohorts/action.html", form, cohort=cohort, action=action, given=None)


@blueprint.route(f"{REPORT}/actions/<int:action_id>/remove", methods=["GET", "POST"])
@signed_in
def remove_action(cohort_id: int, action_id: int) -> Page:
    """Ask, then take an action off the list."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    action = after_action.find_action(cohort, action_id)
    if request.method == "POST":
        act(lambda: after_action.remove_action(cohort, action_id, actor_id=person.id))
        flash_done(_("The action is no longer on the list."))
        return _to_report(cohort_id)
    return render_template(
        "confirm.html",
        title=_("Take this action off the list?"),
        text=_("It is deleted. If it was done, say on which day instead: then it stays for the review."),
        facts=[(_("What will be done"), action.step), (_("Owner"), action.owner)],
        action=url_for("after_action.remove_action", cohort_id=cohort_id, action_id=action_id),
        submit_text=_("Take it off the list"),
        cancel_href=url_for("after_action.show_report", cohort_id=cohort_id),
    )


@blueprint.route(f"{REPORT}/close", methods=["GET", "POST"])
@signed_in
def close_report(cohort_id: int) -> Page:
    """Ask, then close the report: from then on nothing is given to it or taken back."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    if request.method == "POST":
        act(lambda: after_action.close_report(cohort, actor_id=person.id, now=utc_now()))
        flash_done(_("The report is closed."))
        return _to_report(cohort_id)
    return render_template(
        "confirm.html",
        title=_("Close this report?"),
        text=_(
            "From then on nothing can be given to it or taken back, and no action is added or removed. Actions can "
            "still be changed and marked as done. It cannot be opened again."
        ),
        facts=[(_("Team"), cohort.name)],
        action=url_for("after_action.close_report", cohort_id=cohort_id),
        submit_text=_("Close the report"),
        cancel_href=url_for("after_action.show_report", cohort_id=cohort_id),
    )


@blueprint.route(f"{REPORT}/next", methods=["GET", "POST"])
@signed_in
def begin_next_report(cohort_id: int) -> Page:
    """Ask, then begin the report of the next exercise; what was given to the one before is deleted."""
    person = viewer()
    cohort = reach.find_led_cohort(person, cohort_id, is_open=True)
    if request.method == "POST":
        act(lambda: after_action.begin_next_report(cohort, actor_id=person.id, now=utc_now()))
        flash_done(_("The next report is open. Members can give to it."))
        return _to_report(cohort_id)
    return render_template(
        "confirm.html",
        title=_("Begin the report of the next exercise?"),
        text=_("What members gave to the report before is deleted for good. Its actions stay on this page."),
        facts=[(_("Team"), cohort.name)],
        action=url_for("after_action.begin_next_report", cohort_id=cohort_id),
        submit_text=_("Begin the next report"),
        cancel_href=url_for("after_action.show_report", cohort_id=cohort_id),
    )


def _to_report(cohort_id: int) -> Response:
    return redirect(url_for("after_action.show_report", cohort_id=cohort_id), 303)
