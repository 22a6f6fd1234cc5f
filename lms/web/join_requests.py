"""The one queue of who asks for a place in an agency, whichever way they asked; decided one by one or many at once."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response

from lms.access import Permission, visible_agencies
from lms.clock import utc_now
from lms.errors import N_, Conflict, Invalid
from lms.people import joining
from lms.web.forms.agencies import DecisionForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh_to_send, needs, today, viewer

blueprint = Blueprint("join_requests", __name__)

Page = str | tuple[str, int] | Response


@blueprint.route("/people/requests", methods=["GET", "POST"])
@needs(Permission.MANAGE_PEOPLE)
@fresh_to_send
def decide() -> Page:
    """Who asks for a place, by a code or a work address: approve or refuse, one or many at once."""
    person = viewer()
    agencies = visible_agencies(person, Permission.MANAGE_PEOPLE)
    form = DecisionForm()
    ticked = [int(one) for one in request.form.getlist("request") if one.isascii() and one.isdigit() and len(one) < 19]
    if form.validate_on_submit():
        is_approved, reason = request.form.get("decision") == "approve", form.reason.data or ""
        day = today()
        named = [(one.user.name, one.agency.name) for one in joining.waiting(agencies) if one.id in ticked]
        try:
            if not ticked:
                raise Invalid(N_("Tick at least one person."))
            done = act(
                lambda: joining.decide(
                    ticked, agencies, is_approved=is_approved, reason=reason, actor_id=person.id, day=day, now=utc_now()
                )
            )
        except (Invalid, Conflict) as error:
            add_problem(form, error)
        else:
            flash_done(said(named if len(named) == done else [], done, is_approved=is_approved))
            return redirect(url_for(".decide"), code=303)
    return shown("people/requests.html", form, rows=joining.waiting(agencies), ticked=set(ticked))


def said(named: list[tuple[str, str]], done: int, *, is_approved: bool) -> str:
    """What came of it: by name where it was one person."""
    if not done:
        return str(_("Nothing was left to decide: somebody else did it."))
    if len(named) == 1:
        name, agency = named[0]
        if is_approved:
            return str(_("%(name)s now works at %(agency)s, and was told by mail.", name=name, agency=agency))
        return str(_("%(name)s was refused a place at %(agency)s, and got your reason.", name=name, agency=agency))
    if is_approved:
        return str(
            ngettext(
                "%(num)s person has a place now, and was told by mail.",
                "%(num)s people have a place now, and were told by mail.",
                done,
            )
        )
    return str(
        ngettext(
            "%(num)s person was refused, and got your reason.",
            "%(num)s people were refused, and got your reason.",
            done,
        )
    )
