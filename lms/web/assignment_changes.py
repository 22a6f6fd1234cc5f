"""Pages that change or end an assignment, with a reason; what it said before stays in its history."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from lms.access import require_over
from lms.certification import assignment_lists
from lms.certification.assigned import OVER
from lms.clock import utc_now
from lms.database import db
from lms.errors import N_, Conflict, Invalid
from lms.learning.assignment_models import Assignment
from lms.learning.assignments import Draft, change_assignment, draft_of, end_assignment
from lms.people.models import User
from lms.web.assignments import Page, find_assignment, find_people, people_to_name, whom_words
from lms.web.forms.assignments import ChangeForm, EndForm
from lms.web.forms.refusals import add_problem
from lms.web.guards import act, flash_done, language, needs, today, viewer

blueprint = Blueprint("assignment_changes", __name__)


def find_own(assignment_id: int) -> Assignment:
    """One over whose agency the viewer may assign. Raises NotFound, and Conflict for one that has ended."""
    found = find_assignment(assignment_id)
    require_over(viewer(), OVER, found.agency.path)
    if found.ended_at is not None:
        raise Conflict(N_("This assignment has ended already."))
    return found


@blueprint.route("/assignments/<int:assignment_id>/change", methods=["GET", "POST"])
@needs(OVER)
def change(assignment_id: int) -> Page:
    """Other due days, or other people where they are named. What it assigns stays: for that one is ended."""
    person, assignment = viewer(), find_own(assignment_id)
    draft = draft_of(assignment)
    listed = _listed(draft, assignment)
    form = ChangeForm(
        data={
            "seen": assignment.revision,
            "people": "\n".join(listed.values()),
            "due_on": draft.due_on,
            "due_days": draft.due_days,
        }
    )
    if assignment.audience != "people":
        del form.people
    if form.validate_on_submit():
        reason, day, seen = form.reason.data or "", today(), form.seen.data or ""
        try:
            wanted = replace(draft, due_on=form.due_on.data, due_days=form.due_days.data or 0)
            if form.people:
                known = frozenset(find_people(form.people.data or "", assignment.agency))
                wanted = replace(wanted, people=known | (draft.people - listed.keys()))
            number = int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 9 else 0
            act(lambda: change_assignment(assignment_id, wanted, reason, seen=number, day=day, actor_id=person.id))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("The assignment is changed."))
            return redirect(url_for("assignments.show_assignment", assignment_id=assignment_id), code=303)
    page = render_template(
        "assignments/change.html",
        form=form,
        one=assignment,
        whom=whom_words(assignment.audience, assignment.discipline),
        title=title_of(assignment),
        unlisted=len(draft.people - listed.keys()),
    )
    return (page, 422) if form.errors else page


def _listed(draft: Draft, assignment: Assignment) -> dict[int, str]:
    """Addresses of the people who are named and can be named again. The others, who have left, are switched off or have
    no address, stay named: whoever comes back finds it as it was."""
    found = db.session.execute(
        select(User.id, User.email)
        .where(
            User.id.in_(sorted(draft.people)), User.email.is_not(None), User.id.in_(people_to_name(assignment.agency))
        )
        .order_by(User.search_text, User.id)
    )
    return {number: str(address) for number, address in found}


def title_of(assignment: Assignment) -> str:
    """What is assigned, in the language of this request."""
    titles = assignment_lists.titles_of([assignment])[assignment.id]
    return titles.get(language()) or titles.get("en") or _("A course that is no longer offered")


@blueprint.route("/assignments/<int:assignment_id>/end", methods=["GET", "POST"])
@needs(OVER)
def end(assignment_id: int) -> Page:
    """Ask for the reason, then nobody is overdue with it any more."""
    person, assignment = viewer(), find_own(assignment_id)
    form = EndForm()
    if form.validate_on_submit():
        reason, now = form.reason.data or "", utc_now()
        act(lambda: end_assignment(assignment_id, reason, now=now, actor_id=person.id))
        flash_done(_("The assignment has ended. What people completed stays."))
        return redirect(url_for("assignments.show_assignment", assignment_id=assignment_id), code=303)
    page = render_template(
        "confirm.html",
        title=_("End this assignment?"),
        text=_("Nobody is overdue with it any more, and nobody is reminded. What people completed stays theirs."),
        facts=[(_("Assigned"), title_of(assignment)), (_("Agency"), assignment.agency.name)],
        form=form,
        action=url_for(".end", assignment_id=assignment_id),
        submit_text=_("End the assignment"),
        cancel_href=url_for("assignments.show_assignment", assignment_id=assignment_id),
    )
    return (page, 422) if form.errors else page
