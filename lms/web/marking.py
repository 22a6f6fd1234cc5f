"""Written answers, for trainers: what waits, one attempt with its answers and their lists, and the marks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Select

from lms import journey
from lms.access import Permission, Viewer, present_users
from lms.assessment import by_hand
from lms.assessment.sittings import load_responses
from lms.errors import Overtaken
from lms.wall.sight import SYSTEM, looking_as
from lms.web.agency_choices import number_in
from lms.web.forms.marking import fields_of, found_in, is_whole, marking_form
from lms.web.forms.refusals import shown
from lms.web.guards import act, flash_done, language, needs, settings, today, viewer
from lms.web.texts import translate
from lms.web.training import Page

blueprint = Blueprint("marking", __name__)

OVER = Permission.MARK_ANSWERS
PAGE_SIZE = 50


def people_of(person: Viewer) -> Select[Any]:
    """Whose answers the viewer marks: of who has a place in their agencies today."""
    return present_users(person, OVER, today())


@blueprint.get("/studio/marking")
@needs(OVER)
def list_answers() -> str:
    """Quizzes with written answers that wait, or that were marked; nobody is named."""
    is_marked, person = request.args.get("state") == "marked", viewer()
    with looking_as(SYSTEM):  # answers without names: the people who wrote them are in nobody's sight here
        rows = by_hand.attempts_to_mark(
            people_of(person), person.id, is_marked=is_marked, beyond=number_in("after"), limit=PAGE_SIZE + 1
        )
    more = rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None
    state = "marked" if is_marked else None
    return render_template(
        "assessment/marking.html",
        rows=rows[:PAGE_SIZE],
        is_marked=is_marked,
        lang=language(),
        first_href=url_for(".list_answers", state=state) if request.args.get("after") else None,
        next_href=url_for(".list_answers", state=state, after=more) if more else None,
    )


@blueprint.route("/studio/marking/<int:attempt_id>", methods=["GET", "POST"])
@needs(OVER)
def mark(attempt_id: int) -> Page:
    """One attempt: each written answer with the list of its question, to tick what it does."""
    person = viewer()
    with looking_as(SYSTEM):  # as above
        sitting = by_hand.load_to_mark(attempt_id, people_of(person), person.id)
        written_in = sitting.attempt.language
        answers = by_hand.written_answers(sitting, load_responses(attempt_id), written_in)
    attempt, problem = sitting.attempt, by_hand.why_not_again(sitting.attempt)
    form = marking_form(answers, by_hand.seen_of(attempt))
    if request.method == "POST" and problem is not None:
        raise Overtaken(problem)
    if request.method == "POST" and form.seen.data != by_hand.seen_of(attempt):
        # Whoever was slower keeps what they typed, and may change the marks now, with a reason.
        form.form_errors.append(translate(by_hand.MEANWHILE))
        form.seen.data = by_hand.seen_of(attempt)
    elif form.validate_on_submit() and is_whole(form, answers):
        found, site, seen = found_in(form, answers), settings(), form.seen.data or ""
        reason = form["reason"].data if "reason" in form else None
        act(lambda: journey.mark_answers(person, attempt_id, found, site, seen=seen, reason=reason))
        flash_done(_("Marked. Whoever wrote it is told by mail."))
        return redirect(url_for(".list_answers"), code=303)
    return shown(
        "assessment/mark.html",
        form,
        attempt=attempt,
        answers=[(one, *fields_of(form, number)) for number, one in enumerate(answers, 1)],
        course=sitting.course.text(language()),
        module=sitting.module(written_in),
        written_in=written_in,
        is_fixed=problem is not None,
        is_foreign=written_in != language(),
        is_told=sitting.quiz.feedback != "never",
    )
