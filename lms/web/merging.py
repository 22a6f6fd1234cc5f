"""Pages for two accounts of one person: find them, compare, put them together with a reason, and undo it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms import alike, merging, unmerging
from lms.access import visible_agencies
from lms.clock import local_day, utc_now
from lms.database import db
from lms.errors import N_, Invalid
from lms.people.models import User
from lms.people.roster import addresses_of, places_of
from lms.wall.sight import SYSTEM, looking_as
from lms.web.forms.people import MergeForm, OtherPersonForm, ReasonForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, needs, settings, today, viewer

blueprint = Blueprint("merging", __name__)

Page = str | tuple[str, int] | Response
OVER = merging.OVER

COUNT_NAMES = {
    "places": N_("Places"),
    "roles": N_("Roles"),
    "courses": N_("Courses begun"),
    "modules_read": N_("Modules opened"),
    "attempts": N_("Attempts"),
    "answers": N_("Answers"),
    "certificates": N_("Certificates"),
    "credit": N_("Lines of credit"),
    "changes_of_certificates": N_("Changes of certificates"),
    "what_certifications_rest_on": N_("Evidence of certifications"),
    "pdfs": N_("PDFs issued"),
    "badges": N_("Badges"),
    "links_to_certificates": N_("Links to certificates"),
    "training_done_elsewhere": N_("Training done elsewhere"),
    "teams": N_("Places in teams"),
    "teams_you_coordinate": N_("Teams coordinated"),
    "licenses": N_("Licenses"),
    "sign_ins": N_("Sign-ins"),
    "known_elsewhere_as": N_("Sign-ins by another system"),
    "what_you_did": N_("Entries in the audit"),
    "long_work": N_("Work in the background"),
    "invitations_accepted": N_("Invitations accepted"),
}
"""What is counted, in this order. What stays with each account (policies, links to set a password) is not."""

TWICE = {
    "places": N_(
        "Both work at the same agency in the same discipline. The place of the account that stays goes on; the other "
        "one ends today."
    ),
    "licenses": N_(
        "Both have the same license. The one of the account that stays goes on; the other one ends, and credit that "
        "went by it stays."
    ),
    "courses": N_("Both took the same course. Their cycles become one row, in the order in which they were completed."),
    "teams": N_("Both are in the same team. Who has a seat stays in it; the other place in the team ends today."),
}
WHYS = {
    "name": N_("the same name"),
    "email": N_("the same e-mail address before the @"),
    "license": N_("the same license"),
}


@blueprint.get("/people/duplicates")
@needs(OVER)
def list_duplicates() -> str:
    """People in the viewer's agencies who may have two accounts."""
    pairs = alike.likely_duplicates(viewer())
    addresses = addresses_of([one.id for pair in pairs for one in pair.people])
    return render_template("people/duplicates.html", pairs=pairs, addresses=addresses, whys=WHYS)


@blueprint.get("/people/<int:user_id>/same")
@needs(OVER)
def find_other(user_id: int) -> str:
    """Is this the same person as …? Likely ones, and a search."""
    person = viewer()
    user = merging.find_for(person, user_id)
    form = OtherPersonForm(request.args)
    found = alike.search_others(person, user_id, form.q.data or "") if form.validate() else []
    likely = alike.alike_to(person, user)
    people = {one.id: one for one in (*found, *likely)}
    return render_template(
        "people/same.html",
        user=user,
        form=form,
        found=found,
        likely=[] if form.q.data else likely,
        places=places_of(list(people), visible_agencies(person, OVER)),
        addresses=addresses_of([user_id, *people]),
    )


@blueprint.route("/people/<int:user_id>/same/<int:other_id>", methods=["GET", "POST"])
@needs(OVER)
@fresh
def merge(user_id: int, other_id: int) -> Page:
    """Both side by side, what there is of each and of both together; which stays, why, and then it is done."""
    person = viewer()
    form = MergeForm()
    one, other = merging.find_for(person, user_id), merging.find_for(person, other_id)
    addresses = addresses_of([user_id, other_id])
    form.kept.choices = [
        (str(each.id), f"{letter}: {choice_text(each, addresses)}") for letter, each in (("A", one), ("B", other))
    ]
    is_other = form.kept.data == str(other_id) or (form.kept.data is None and one.disabled_at is not None)
    kept_id, gone_id = (other_id, user_id) if is_other else (user_id, other_id)
    comparison = merging.compare(person, kept_id, gone_id, today())
    if form.validate_on_submit():
        reason = form.reason.data or ""
        try:
            act(lambda: merging.merge_accounts(person, kept_id, gone_id, reason, now=utc_now(), today=today()))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("The two accounts are one now."))
            return redirect(url_for("people.show_person", user_id=kept_id), code=303)
    pairs = {each.name: (each.gone, each.kept) if is_other else (each.kept, each.gone) for each in comparison.counts}
    return shown(
        "people/merge.html",
        form,
        one=one,
        other=other,
        counts=in_order(pairs),
        both=comparison.twice,
        places=places_of([user_id, other_id], visible_agencies(person, OVER)),
        addresses=addresses,
        twice=TWICE,
        days=merging.UNDO_DAYS,
    )


def in_order(counts: Mapping[str, Sequence[int]]) -> list[tuple[str, int, int]]:
    """Name and numbers of both, for the table."""
    return [(name, counts[key][0], counts[key][1]) for key, name in COUNT_NAMES.items() if key in counts]


def choice_text(user: User, addresses: Mapping[int, str]) -> str:
    return f"{user.name} · {addresses[user.id]}" if user.id in addresses else user.name


@blueprint.get("/people/merges/<int:merge_id>")
@needs(OVER)
def show_merge(merge_id: int) -> str:
    """What was put together, by whom, why, and until when it can be undone."""
    row = unmerging.find_merge(viewer(), merge_id)
    with looking_as(SYSTEM):  # the account that went has no place any more: nobody but the state would see it
        kept, gone = db.session.get_one(User, row.kept_id), db.session.get_one(User, row.gone_id)
        who = db.session.get_one(User, row.merged_by_id).name
        addresses = addresses_of([kept.id, gone.id])
    return render_template(
        "people/merged.html",
        merge=row,
        kept=kept,
        kept_text=choice_text(kept, addresses),
        gone_text=choice_text(gone, addresses),
        who=who,
        counts=in_order(row.counts),
        why_not=unmerging.why_not_undo(row, utc_now()),
    )


@blueprint.route("/people/merges/<int:merge_id>/undo", methods=["GET", "POST"])
@needs(OVER)
@fresh
def undo(merge_id: int) -> Page:
    """Part the accounts again, with a reason."""
    person = viewer()
    row = unmerging.find_merge(person, merge_id)
    with looking_as(SYSTEM):
        gone = choice_text(db.session.get_one(User, row.gone_id), addresses_of([row.gone_id]))
    form = ReasonForm()
    if form.validate_on_submit():
        reason = form.reason.data or ""
        try:
            left = act(lambda: unmerging.undo_merge(person, merge_id, reason, now=utc_now(), today=today()))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("They are two accounts again."))
            if left:
                flash_done(_("Some things stayed with the account that stayed, since something newer rests on them."))
            return redirect(url_for("people.show_person", user_id=row.kept_id), code=303)
    until = format_date(local_day(row.undo_until, settings().time_zone), "long")
    return shown(
        "confirm.html",
        form,
        title=_("Part these accounts again?"),
        text=_(
            "Each takes back what it had. What came since stays with the account that stayed. The other account can "
            "sign in again."
        ),
        facts=[(_("Account that comes back"), gone), (_("Possible until"), until)],
        action=url_for(".undo", merge_id=merge_id),
        submit_text=_("Part them"),
        cancel_href=url_for(".show_merge", merge_id=merge_id),
    )
