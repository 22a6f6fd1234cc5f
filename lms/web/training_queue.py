"""Training done elsewhere, for who decides on it: the queue, one record with its evidence, decision and undo."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _

from lms import amending
from lms.certification import training_lists, trainings
from lms.certification.facts import CertificateFacts
from lms.certification.models import Certificate
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, Invalid, Overtaken
from lms.people.models import User
from lms.web.agency_choices import number_in
from lms.web.forms.changes import ReasonForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.forms.training import DecideTrainingForm
from lms.web.guards import act, flash_done, needs, settings, viewer
from lms.web.texts import translate
from lms.web.training import OVER, STATE_TAGS, Page, course_choices, course_titles, people_of

blueprint = Blueprint("training_queue", __name__)

PAGE_SIZE = 50


@blueprint.get("/training/queue")
@needs(OVER)
def list_queue() -> str:
    """What waits for a decision in the viewer's agencies, or what was decided."""
    state = request.args.get("state", "submitted")
    state = state if state in ("submitted", "approved", "refused") else "submitted"
    rows = training_lists.queue_of(people_of(viewer()), state, before=number_in("after"), limit=PAGE_SIZE + 1)
    more = rows[PAGE_SIZE - 1][0].id if len(rows) > PAGE_SIZE else None
    return render_template(
        "training/queue.html",
        rows=rows[:PAGE_SIZE],
        state=state,
        state_tags=STATE_TAGS,
        titles=course_titles(),
        next_href=url_for(".list_queue", state=state, after=more) if more else None,
    )


@blueprint.route("/training/<int:training_id>", methods=["GET", "POST"])
@needs(OVER)
def decide(training_id: int) -> Page:
    """One record with its evidence: approve it as a course or as hours, or refuse it, with a reason."""
    person = viewer()
    training = training_lists.find_among(training_id, people_of(person))
    form = DecideTrainingForm(course_id=training.course_id)
    form.course_id.choices = course_choices(_("Only the hours"))
    if training.state == "submitted" and form.validate_on_submit():
        is_yes, course_id, until = form.decision.data == "approve", form.course_id.data, form.valid_until.data
        reason, now = form.reason.data or "", utc_now()
        try:
            act(
                lambda: amending.decide_training(
                    training,
                    settings(),
                    approve=is_yes,
                    reason=reason,
                    actor_id=person.id,
                    now=now,
                    course_id=course_id,
                    valid_until=until,
                )
            )
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("Approved. It can be undone for 7 days.") if is_yes else _("Refused, with your reason."))
            return redirect(url_for(".list_queue"), code=303)
    elif request.method == "POST" and training.state != "submitted":
        raise Overtaken(N_("Somebody has decided this already, or it was withdrawn."))
    return shown(
        "training/decide.html",
        form,
        training=training,
        said=translate,
        name=db.session.get_one(User, training.user_id).name,
        entered_by=name_of(training.entered_by_id),
        decided_by=name_of(training.decided_by_id),
        tag=STATE_TAGS[training.state],
        titles=course_titles(),
        is_own=training.user_id == person.id,
        can_undo=trainings.why_not_undo(training, utc_now()) is None and training.user_id != person.id,
    )


@blueprint.route("/training/<int:training_id>/undo", methods=["GET", "POST"])
@needs(OVER)
def undo(training_id: int) -> Page:
    """Undo a decision, after a page that names what was issued from it and would be revoked."""
    person = viewer()
    training = training_lists.find_among(training_id, people_of(person))
    form = ReasonForm()
    if form.validate_on_submit():
        reason, now = form.reason.data or "", utc_now()
        act(lambda: amending.undo_training(training, reason, settings(), actor_id=person.id, now=now))
        flash_done(_("The decision is undone."))
        return redirect(url_for(".list_queue"), code=303)
    if (problem := trainings.why_not_undo(training, utc_now())) is not None:
        raise Conflict(problem)
    return shown(
        "confirm.html",
        form,
        title=_("Undo this decision?"),
        text=undo_text(issued := trainings.issued_from([training.id])),
        facts=[(_("Training"), training.title), (_("Decided as"), _(STATE_TAGS[training.state][0])), *named(issued)],
        action=url_for(".undo", training_id=training_id),
        submit_text=_("Undo the decision"),
        cancel_href=url_for(".decide", training_id=training_id),
    )


def undo_text(issued: list[Certificate]) -> str:
    """What happens besides: certificates that rest on it are revoked."""
    if not issued:
        return str(_("No certificate was issued from it."))
    return str(
        _("The certificates below were issued from it. They are revoked with your reason, and their holders told.")
    )


def named(issued: list[Certificate]) -> list[tuple[str, str]]:
    """Certificates by what they say, for a page that asks."""
    facts = [CertificateFacts.from_json(one.facts) for one in issued]
    return [(_("Is revoked"), f"{one.printed_name}: {one.title} ({one.code})") for one in facts]


def name_of(user_id: int | None) -> str | None:
    """A person's name, as far as the viewer may see it."""
    user = db.session.get(User, user_id) if user_id is not None else None
    return user.name if user is not None else None
