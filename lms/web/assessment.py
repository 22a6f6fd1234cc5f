"""Attempts: starting a quiz, saving answers one by one or all at once, submitting, and the result that teaches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from flask import Blueprint, flash, g, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from lms import journey
from lms.assessment import attempts
from lms.assessment.answers import readable
from lms.assessment.before import percent_before
from lms.assessment.earlier import attempts_left, earlier_attempts, may_start_at
from lms.assessment.results import (
    Shown,
    Told,
    empty_questions,
    gives_feedback_at_once,
    shown_questions,
    told_questions,
)
from lms.assessment.sittings import Sitting, load_responses, load_sitting
from lms.certification.certifying import earned_with
from lms.clock import utc_now
from lms.courseware.course import Question
from lms.courseware.notes import is_in, keep_notes
from lms.courseware.questions import question_type
from lms.courseware.questions.pairs import Pairing
from lms.errors import N_, Invalid
from lms.journey import Submission
from lms.learning.progress import load_standing
from lms.web.entries import Values, read_entries
from lms.web.errors import wants_json
from lms.web.giving import giving_of
from lms.web.guards import act, flash_done, language, settings, signed_in, viewer
from lms.web.navigation import stands_at
from lms.web.reader import notes_for, placed
from lms.web.times import saved_text

blueprint = Blueprint("assessment", __name__)

ATTEMPT = "/attempts/<int:attempt_id>"

OWN_FIELDS = ("csrf_token", "idempotency_key", "submit_anyway", "sequence", "lang")


@blueprint.post("/learn/<slug>/<module_id>/attempts")
@signed_in
def start_attempt(slug: str, module_id: str) -> Response:
    """Begin the module's quiz, or go on with the attempt that is open."""
    person, site, code = viewer(), settings(), language()
    attempt_id = act(lambda: journey.start_attempt(person, slug, module_id, site, language=code))
    return redirect(url_for("assessment.show_attempt", attempt_id=attempt_id), code=303)


@blueprint.get(ATTEMPT)
@signed_in
def show_attempt(attempt_id: int) -> str:
    """The questions with what was saved; once submitted, the result."""
    sitting = load_sitting(viewer().id, attempt_id)
    if sitting.attempt.submitted_at is not None:
        return _result(sitting)
    kept = g.get("kept_entries")
    entered = (
        readable(sitting.attempt.secret, sitting.marked_questions, {name: kept.getlist(name) for name in kept})
        if kept
        else None
    )
    return _questions(sitting, entered)


@blueprint.put(f"{ATTEMPT}/responses/<question_id>")
@signed_in
def save_response(attempt_id: int, question_id: str) -> Response:
    """One answer from the script: the highest sequence wins, an older arrival changes nothing and says so."""
    person = viewer()
    values, more = read_entries()
    sequence = _sequence(more.get("sequence", values.get("sequence", [""])[0]))
    saved = act(lambda: attempts.save_response(person.id, attempt_id, question_id, values, sequence, utc_now()))
    answer: Response = jsonify(
        stored=saved.is_stored,
        sequence=saved.sequence,
        saved_at=saved.saved_at.isoformat(),
        text=saved_text(saved.saved_at),
        seen=saved.mark,
    )
    return answer


def _sequence(given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int | str) or not str(given).isascii():
        raise BadRequest("The sequence has to be a whole number.")
    try:
        return int(given)
    except ValueError:
        raise BadRequest("The sequence has to be a whole number.") from None


@blueprint.post(f"{ATTEMPT}/responses")
@signed_in
def save_responses(attempt_id: int) -> Response | tuple[str, int]:
    """The Save button: every answer of the page, without script."""
    person, code = viewer(), language()
    values, _more = read_entries()
    try:
        act(lambda: attempts.save_responses(person.id, attempt_id, values, code, utc_now()))
    except Invalid as problem:
        return _refused(attempt_id, values, problem)
    if wants_json():
        answer: Response = jsonify(saved_at=utc_now().isoformat(), text=saved_text(utc_now()))
        return answer
    if (typed := _no_number(attempt_id)) is not None:
        return _questions(load_sitting(person.id, attempt_id), None, typed), 422
    flash_done(saved_text(utc_now()))
    return redirect(url_for("assessment.show_attempt", attempt_id=attempt_id), code=303)


def _no_number(attempt_id: int) -> Invalid | None:
    """What was typed where a number is asked for and is none. It is saved all the same, and is to be put right."""
    sitting, responses = load_sitting(viewer().id, attempt_id), load_responses(attempt_id)
    for question in sitting.questions(language()).values():
        given = responses[question.id].value if question.id in responses else None
        if question.type == "numeric" and given and not question_type("numeric").is_complete(question, given):
            return Invalid(N_("“%(text)s” is no number. Write digits, such as 12."), question.id, **given)
    return None


@blueprint.post(f"{ATTEMPT}/submit")
@signed_in
def submit_attempt(attempt_id: int) -> Response | str | tuple[str, int]:
    """Hand in, once. A page with empty questions is asked about first; a script's submit is taken as it is."""
    person, site, code = viewer(), settings(), language()
    values, more = read_entries()
    key = str(more.get("idempotency_key") or request.headers.get("Idempotency-Key", ""))
    may_be_empty = wants_json() or bool(more.get("submit_anyway"))
    try:
        submission = act(
            lambda: journey.submit_attempt(
                person, attempt_id, values, key, site, may_be_empty=may_be_empty, language=code
            )
        )
    except Invalid as problem:
        return _refused(attempt_id, values, problem)
    if wants_json():
        return _receipt(submission)
    if submission.outcome.kind == "unanswered":
        return _ask_about_empty(submission, values, key)
    if submission.outcome.kind == "earlier":
        flash(
            _("This quiz had been submitted before. Here is that result; what you sent just now was not added."), "info"
        )
    _tell_of_seats(submission)
    return redirect(url_for("assessment.show_attempt", attempt_id=attempt_id), code=303)


def _tell_of_seats(submission: Submission) -> None:
    """What the certificate just earned did for one's teams: nothing is said of a team that does not ask for it."""
    for filled in submission.filled_cohorts:
        if filled.is_filled_by(submission.outcome.sitting.slug):
            flash_done(
                _(
                    "Your certificate counts for “%(team)s”: %(certified)s of %(required)s seats are certified.",
                    team=filled.cohort_name,
                    certified=filled.certified_seats,
                    required=filled.required_seats,
                )
            )
            if filled.certificate_code:
                flash_done(_("With it the team has earned its certificate."))
        elif filled.certificate_code:
            flash_done(_("With your certificate the team “%(team)s” has earned its own.", team=filled.cohort_name))


def _receipt(submission: Submission) -> Response:
    attempt = submission.outcome.sitting.attempt
    answer: Response = jsonify(
        receipt=attempt.receipt,
        score_percent=attempt.score_percent,
        passed=attempt.passed,
        awaits_marking=attempt.awaits_marking,
        submitted_at=attempt.submitted_at.isoformat() if attempt.submitted_at else None,
        is_repeat=submission.outcome.kind != "submitted",
        certificate_code=submission.certificate_code,
        result=url_for("assessment.show_attempt", attempt_id=attempt.id),
    )
    return answer


def _ask_about_empty(submission: Submission, values: Values, key: str) -> str:
    """What is empty, and two ways on. The answers are saved, and stand in the form once more."""
    sitting = submission.outcome.sitting
    stands_at(url_for("assessment.show_attempt", attempt_id=sitting.attempt.id))
    entries = [(name, text) for name, given in values.items() if name not in OWN_FIELDS for text in given]
    return render_template(
        "assessment/unanswered.html",
        attempt=sitting.attempt,
        module=sitting.module(language()),
        empty=empty_questions(sitting, submission.outcome.unanswered, language()),
        entries=entries,
        key=key,
    )


def _questions(sitting: Sitting, entered: dict[str, Any] | None = None, problem: Invalid | None = None) -> str:
    attempt, module = sitting.attempt, sitting.module(language())
    responses = load_responses(attempt.id)
    shown = shown_questions(sitting, responses, language(), entered)
    saved = [response.saved_at for response in responses.values()]
    return render_template(
        "assessment/attempt.html",
        sitting=sitting,
        attempt=attempt,
        module=module,
        course_title=sitting.course.text(language()).title,
        shown=shown,
        saved_at=max(saved, default=None),
        saved_text=saved_text(max(saved)) if saved else "",
        key=attempts.new_key(),
        has_feedback=gives_feedback_at_once(sitting),
        notes=_notes(sitting, _texts_to_answer(shown)),
        problem=problem,
        page_form="answers",
    )


def _texts_to_answer(shown: list[Shown]) -> Iterator[str]:
    for one in shown:
        yield from _texts_asked(one.question)
        if one.feedback is not None:
            yield from _texts_explained(one.question)


def _texts_told(told: list[Told]) -> Iterator[str]:
    for one in told:
        yield from _texts_asked(one.question)
        yield from _texts_explained(one.question)


def _texts_asked(question: Question) -> Iterator[str]:
    yield question.prompt_html + question.body_html + question.hint_html
    rights = question.payload.rights if isinstance(question.payload, Pairing) else ()
    yield from (option.html for option in (*question.options, *rights))


def _texts_explained(question: Question) -> Iterator[str]:
    yield question.explanation_html
    yield from (option.feedback_html for option in question.options)


def _notes(sitting: Sitting, texts: Iterable[str]) -> str:
    """The sources to which a text on the page refers; not those of explanations to come, nor the facilitator's."""
    shown = "".join(texts)
    notes = keep_notes(sitting.module(language()).notes_html, lambda places: any(is_in(one, shown) for one in places))
    return notes_for(placed(notes, sitting.slug, 0), shown)


def _refused(attempt_id: int, values: Values, problem: Invalid) -> tuple[str, int]:
    """The page again with all that was entered, and what is wrong with it; nothing was submitted."""
    if wants_json():
        raise problem
    sitting = load_sitting(viewer().id, attempt_id)
    return _questions(sitting, readable(sitting.attempt.secret, sitting.marked_questions, values), problem), 422


def _result(sitting: Sitting) -> str:
    attempt, code = sitting.attempt, language()
    told = told_questions(sitting, load_responses(attempt.id), code)
    standing = load_standing(viewer().id, sitting.slug)
    earlier = earlier_attempts(attempt.enrollment_id, attempt.module_id)
    certificate, also_earned = earned_with(
        attempt.enrollment_id, attempt.marked_at or attempt.submitted_at or utc_now()
    )
    return render_template(
        "assessment/result.html",
        sitting=sitting,
        attempt=attempt,
        module=sitting.module(code),
        course_title=sitting.course.text(code).title,
        before=percent_before(sitting),
        told=told,
        reread=list({module.id: module for one in told for module in one.reread}.values()),
        is_explained=sitting.quiz.feedback != "never",
        awaits_trainer=any(one.is_awaiting for one in told),
        standing=standing,
        earlier=earlier,
        left=attempts_left(sitting.quiz, earlier),
        free_at=may_start_at(sitting.quiz, earlier, utc_now()),
        certificate=certificate,
        also_earned=also_earned,
        notes=_notes(sitting, _texts_told(told) if sitting.quiz.feedback != "never" else ()),
        giving=giving_of(viewer(), sitting),
    )
