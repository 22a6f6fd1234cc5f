"""More time or a waiver for one person, the queue of those who ask for it, and taking either back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import select

from lms import assigning
from lms.access import Viewer
from lms.certification import assigned, assignment_lists, assignment_requests
from lms.certification.assigned import OVER, Assigned
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.learning.assignment_models import AssignmentException, ExtensionRequest
from lms.people.models import User
from lms.web.assignments import Page, as_of
from lms.web.forms.assignments import ExtensionForm, WaiverForm
from lms.web.forms.changes import DecideForm, ReasonForm
from lms.web.forms.refusals import add_problem
from lms.web.guards import act, flash_done, language, needs, today, viewer

blueprint = Blueprint("assignment_exceptions", __name__)


def in_reach(person: Viewer) -> Any:
    """Ids of the people who have a place in the viewer's scope today."""
    return assigned.people_here(assigned.here_for(person, OVER, today()))


@blueprint.route("/assignments/<int:assignment_id>/people/<int:user_id>/extend", methods=["GET", "POST"])
@needs(OVER)
def extend(assignment_id: int, user_id: int) -> Page:
    """A later due day for one person, with a reason."""
    person, moment = viewer(), as_of()
    one = assigning.find_for(person, assignment_id, user_id, moment)
    form = ExtensionForm()

    def step() -> Any:
        assert form.until_on.data is not None
        return assigning.extend(person, assignment_id, user_id, form.until_on.data, form.reason.data or "", moment)

    return _given(form, one, step, _("More time for %(name)s", name=_name(user_id)), _("Give more time"))


@blueprint.route("/assignments/<int:assignment_id>/people/<int:user_id>/waive", methods=["GET", "POST"])
@needs(OVER)
def waive(assignment_id: int, user_id: int) -> Page:
    """Somebody may go without, through a day or for good, with a reason."""
    person, moment = viewer(), as_of()
    one = assigning.find_for(person, assignment_id, user_id, moment)
    form = WaiverForm()

    def step() -> Any:
        return assigning.waive(person, assignment_id, user_id, form.until_on.data, form.reason.data or "", moment)

    return _given(form, one, step, _("Waive it for %(name)s", name=_name(user_id)), _("Waive"))


def _given(form: Any, one: Assigned, step: Callable[[], Any], title: str, submit_text: str) -> Page:
    back = url_for("assignments.show_assignment", assignment_id=one.assignment_id)
    twins = assigning.twins_of(one, as_of(), viewer())
    if form.validate_on_submit():
        try:
            act(step)
        except (Invalid, Conflict) as error:
            add_problem(form, error)
        else:
            flash_done(_("Saved. The person is told by mail, and it can be undone."))
            return redirect(back, code=303)
    page = render_template(
        "confirm.html",
        title=title,
        text=_("The person sees the reason. It can be undone, and stays in the history."),
        facts=[
            (_("Assigned"), one.title(language())),
            (_("Due"), format_date(one.due_on, "long")),
            *((_("Also assigned by %(agency)s", agency=twin.agency_name), _twin_words(twin)) for twin in twins),
        ],
        form=form,
        danger=False,
        action=request.script_root + request.path,
        submit_text=submit_text,
        cancel_href=back,
    )
    return (page, 422) if form.errors else page


def _twin_words(twin: Assigned) -> str:
    return str(_("due on %(day)s. That stays: it is an assignment of its own.", day=format_date(twin.due_on, "long")))


def _name(user_id: int) -> str:
    return db.session.get_one(User, user_id).name


@blueprint.route("/assignments/exceptions/<int:exception_id>/undo", methods=["GET", "POST"])
@needs(OVER)
def undo(exception_id: int) -> Page:
    """Take an extension or a waiver back."""
    person, found = viewer(), _find_exception(exception_id)
    form = ReasonForm()
    back = url_for("assignments.show_assignment", assignment_id=found.assignment_id)
    if form.validate_on_submit():
        reason = form.reason.data or ""
        act(lambda: assigning.undo(exception_id, reason, as_of(), actor_id=person.id))
        flash_done(_("It is taken back. The person is told by mail."))
        return redirect(back, code=303)
    if found.ended_at is not None:
        raise Overtaken(N_("This was undone already."))
    page = render_template(
        "confirm.html",
        title=_("Take back the extension?") if found.kind == "extension" else _("Take back the waiver?"),
        text=_("From now on the due day of the assignment counts again, as if it had not been given."),
        facts=[(_("Name"), found.user.name), (_("Reason"), found.reason)],
        form=form,
        action=url_for(".undo", exception_id=exception_id),
        submit_text=_("Take back"),
        cancel_href=back,
    )
    return (page, 422) if form.errors else page


def _find_exception(exception_id: int) -> AssignmentException:
    found = db.session.scalars(
        select(AssignmentException).where(
            AssignmentException.id == exception_id, AssignmentException.user_id.in_(in_reach(viewer()))
        )
    ).one_or_none()
    if found is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return found


@blueprint.get("/assignments/requests")
@needs(OVER)
def list_requests() -> str:
    """Who asks for more time, in the viewer's agencies."""
    person = viewer()
    waiting = assignment_requests.waiting_requests(in_reach(person), person.id, as_of())
    rows = list(db.session.scalars(waiting.limit(200)))
    names = select(User.id, User.name).where(User.id.in_([one.user_id for one in rows]))
    return render_template(
        "assignments/requests.html",
        rows=rows,
        names=dict(db.session.execute(names).all()),
        titles=assignment_lists.titles_of([one.assignment for one in rows]),
    )


@blueprint.route("/assignments/requests/<int:request_id>", methods=["GET", "POST"])
@needs(OVER)
def decide(request_id: int) -> Page:
    """Grant the wished day or refuse it, with a reason that the person reads."""
    person, moment = viewer(), as_of()
    asked = _find_request(request_id)
    form = DecideForm()
    if form.validate_on_submit():
        is_yes, reason = form.decision.data == "approve", form.reason.data or ""
        try:
            act(lambda: assigning.decide(person, request_id, is_granted=is_yes, reason=reason, as_of=moment))
        except Overtaken:
            raise
        except (Invalid, Conflict) as error:
            add_problem(form, error, "decision")
        else:
            flash_done(_("Decided. The person is told by mail."))
            return redirect(url_for(".list_requests"), code=303)
    elif asked.decided_at is not None:
        raise Overtaken(N_("Somebody has decided this already, or it was withdrawn."))
    one = assigning.find_for(person, asked.assignment_id, asked.user_id, moment)
    page = render_template(
        "assignments/decide.html", form=form, asked=asked, one=one, is_own=asked.user_id == person.id
    )
    return (page, 422) if form.errors else page


def _find_request(request_id: int) -> ExtensionRequest:
    found = db.session.scalars(
        select(ExtensionRequest).where(
            ExtensionRequest.id == request_id, ExtensionRequest.user_id.in_(in_reach(viewer()))
        )
    ).one_or_none()
    if found is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return found
