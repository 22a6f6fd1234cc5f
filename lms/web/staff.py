"""Pages that change many people of a staff list at once, after a page that names them, and write the list to a file."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms import staff_changes
from lms.access import Permission, Viewer, visible_agencies
from lms.catalog.facts import title_of
from lms.catalog.versions import current_versions
from lms.certification.assignment_rules import AsOf
from lms.clock import utc_now
from lms.errors import N_, Conflict, Invalid
from lms.importing.inviting import A_MINUTE
from lms.people.roster import details_of
from lms.reporting import staff_lists
from lms.reporting.staff_choices import Choice, sample_of, ticked
from lms.staff_changes import ACTIONS, KIND, Change
from lms.web import batches
from lms.web.agency_choices import agency_choices, number_of
from lms.web.forms.people import StaffChangeForm
from lms.web.forms.refusals import add_problem
from lms.web.guards import act, flash_done, fresh, language, needs, settings, today, viewer
from lms.web.people_filters import CHANGES, choice_in

blueprint = Blueprint("staff", __name__)

Page = str | tuple[str, int] | Response


batches.TITLES[KIND] = N_("Change to many people")
batches.TITLES[staff_lists.KIND] = N_("Staff list as a file")
batches.ABOUT[KIND] = lambda batch: str(_(CHANGES[batch.params["action"]]))
batches.BACK[KIND] = batches.BACK[staff_lists.KIND] = (N_("People"), "people.show_people")
batches.DAYS_KEPT[staff_lists.KIND] = staff_lists.DAYS_KEPT
batches.GATES[KIND] = staff_changes.check_reading
batches.GATES[staff_lists.KIND] = staff_lists.check_fetching

CONFIRM_TEXTS = {
    "end": N_("End these places"),
    "move": N_("Move these people"),
    "enroll": N_("Enroll these people"),
    "invite": N_("Send these invitations"),
    "disable": N_("Switch these accounts off"),
}
"""What the button that confirms a change says."""


@blueprint.post("/people/change")
@needs(Permission.MANAGE_PEOPLE)
@fresh
def change_many() -> Page:
    """Name whom it is about and what will happen; once that is confirmed, have the worker do it."""
    person = viewer()
    choice = staff_changes.meant_by(request.form.get("action", ""), posted_choice(person))
    day, as_of = today(), AsOf.at(utc_now(), settings().time_zone)
    count, sample = sample_of(person, choice, as_of)
    form = StaffChangeForm(day=day)
    form.action.choices = [(one, _(CHANGES[one])) for one in ACTIONS]
    form.agency_id.choices = [("", _("Choose")), *agency_choices(person, Permission.MANAGE_PEOPLE)]
    form.course.choices = [
        ("", _("Choose")),
        *((one.slug, title_of(one.facts, language())) for one in current_versions()),
    ]
    is_confirmed = request.form.get("confirmed") == "1"
    if form.validate_on_submit() and is_confirmed:
        change = Change(form.action.data or "", form.day.data or day, form.agency_id.data, form.course.data or None)
        try:
            if not count:
                raise Invalid(N_("Tick at least one person."))
            made = act(lambda: staff_changes.ask(person, choice, change, count).id)
        except (Invalid, Conflict) as error:
            add_problem(form, error)
        else:
            flash_done(_("The work has begun. You may leave this page."))
            return redirect(url_for("batches.show_batch", batch_id=made), code=303)
    page = render_template(
        "people/change.html",
        form=form,
        count=count,
        sample=sample,
        details=details_of([one for one, _name in sample], visible_agencies(person, Permission.MANAGE_PEOPLE), day),
        confirm_text=_(CONFIRM_TEXTS[form.action.data]) if form.action.data in ACTIONS else "",
        query=request.form.get("query", ""),
        which=request.form.get("which", ""),
        ids=choice.only or (),
        action=form.action.data if form.action.data in ACTIONS else "",
        action_names=CHANGES,
        forecast=staff_changes.foresee_invitations(person, choice, as_of) if form.action.data == "invite" else None,
        a_minute=A_MINUTE,
    )
    return (page, 422) if form.errors or not count else page


@blueprint.post("/people/list")
@needs(Permission.SEE_PEOPLE)
@fresh
def write_list() -> Response:
    """Have everybody whom the filters show written into a file."""
    person = viewer()
    choice = filtered_choice(person)
    made = act(lambda: staff_lists.ask_list(person, choice).id)
    flash_done(_("The work has begun. You may leave this page."))
    return redirect(url_for("batches.show_batch", batch_id=made), code=303)


def posted_filters() -> dict[str, str]:
    return dict(parse_qsl(request.form.get("query", "")))


def filtered_choice(person: Viewer) -> Choice:
    """Everybody whom the filters show. Raises Invalid where one was looked up by a license: a choice is kept with the
    work, and numbers of licenses are not."""
    if posted_filters().get("license"):
        raise Invalid(N_("Whom you found by a license’s number you can only tick, one by one."))
    return choice_in(person, posted_filters())


def posted_choice(person: Viewer) -> Choice:
    """Those who are ticked, or everybody whom the filters show."""
    if request.form.get("which") == "all":
        return filtered_choice(person)
    choice = choice_in(person, posted_filters())
    numbers = (number_of(one) for one in request.form.getlist("person")[: staff_changes.MOST_TICKED])
    return ticked(choice, (one for one in numbers if one is not None))
