"""Answers of a form given to one's team: what is offered and to whom, the button, the receipt, and taking it back."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Viewer
from lms.assessment.sittings import Sitting, load_responses, load_sitting
from lms.clock import utc_now
from lms.cohorts import giving
from lms.cohorts.debrief import FEWEST
from lms.cohorts.giving import offered_answers, own_parts, receivers_of
from lms.errors import N_, Conflict, Invalid
from lms.web.cohorts import Page, say_on
from lms.web.forms.after_action import GiveForm
from lms.web.guards import act, flash_done, language, signed_in, viewer

blueprint = Blueprint("giving", __name__)


@blueprint.route("/attempts/<int:attempt_id>/give", methods=["GET", "POST"])
@signed_in
def give_answers(attempt_id: int) -> Page:
    """Every answer that may be given, to be ticked; the team and who reads it there; and one button that gives."""
    person, code = viewer(), language()
    sitting = load_sitting(person.id, attempt_id)
    offered = offered_answers(sitting, load_responses(attempt_id), code)
    if not offered:
        raise Conflict(
            N_("There is nothing here to give to a team: only what you wrote or rated in a form can be given.")
        )
    receivers = receivers_of(person.id, sitting.slug)
    open_to = [one for one in receivers if not one.is_closed]
    form = GiveForm(data={"cohort_id": open_to[0].cohort_id if len(open_to) == 1 else None, "answers": []})
    form.cohort_id.choices = [
        (one.cohort_id, _("%(team)s. Its coordinator: %(name)s", team=one.name, name=one.coordinator))
        for one in open_to
    ]
    form.answers.choices = [(one.question_id, one.prompt) for one in offered]
    if form.validate_on_submit():
        cohort_id, chosen = form.cohort_id.data, form.answers.data or []

        def step() -> tuple[str, str]:
            part = giving.give_answers(
                load_sitting(person.id, attempt_id),
                offered,
                chosen,
                cohort_id,
                user_id=person.id,
                language=sitting.module(code).language,
                now=utc_now(),
            )
            return part.team, part.receipt

        try:
            team, receipt = act(step)
        except Invalid as error:
            say_on(form, error)
        else:
            flash_done(_("Given to the coordinator of “%(team)s”. Receipt %(receipt)s.", team=team, receipt=receipt))
            return redirect(url_for("assessment.show_attempt", attempt_id=attempt_id), 303)
    page = render_template(
        "cohorts/give.html",
        form=form,
        sitting=sitting,
        module=sitting.module(code),
        course_title=sitting.course.text(code).title,
        offered=offered,
        open_to=open_to,
        closed=[one for one in receivers if one.is_closed],
        parts=own_parts(person.id, module=(sitting.slug, sitting.attempt.module_id)),
        fewest=FEWEST,
    )
    return (page, 422) if form.errors else page


@blueprint.post("/given/<int:part_id>/take-back")
@signed_in
def take_back(part_id: int) -> Response:
    """Take back what one gave to a team, until the team's report is closed."""
    person = viewer()

    def step() -> tuple[str, str, str]:
        part = giving.take_back(person.id, part_id)
        return part.team, part.slug, part.module_id

    team, slug, module_id = act(step)
    flash_done(_("“%(team)s” does not have your answers any more.", team=team))
    return redirect(url_for("learning.show_module", slug=slug, module_id=module_id), 303)


def giving_of(person: Viewer, sitting: Sitting) -> dict[str, Any] | None:
    """For the result page of a form: what was given out of it, and whether there is something to give and to whom."""
    if not sitting.module(language()).is_form:
        return None
    has_offers = bool(offered_answers(sitting, load_responses(sitting.attempt.id), language()))
    return {
        "parts": own_parts(person.id, module=(sitting.slug, sitting.attempt.module_id)),
        "give_id": sitting.attempt.id if has_offers and receivers_of(person.id, sitting.slug) else None,
        "submitted_at": sitting.attempt.submitted_at,
    }


def giving_at_form(person: Viewer, slug: str, module_id: str, last_id: int | None) -> dict[str, Any]:
    """For the form's own page: what was given out of it, and the way to the last answers."""
    return {
        "parts": own_parts(person.id, module=(slug, module_id)),
        "give_id": last_id if last_id is not None and receivers_of(person.id, slug) else None,
        "submitted_at": None,
    }
