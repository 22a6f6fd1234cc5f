"""What an administrator does about somebody's sign-in: reset a second factor that was lost, end every sign-in."""

from __future__ import annotations

from flask import Blueprint, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.errors import Conflict, Invalid, NotAllowed
from lms.people import second_factors
from lms.web.forms.refusals import add_problem, shown
from lms.web.forms.security import ResetFactorForm
from lms.web.guards import act, flash_done, fresh, needs, viewer
from lms.web.people import find_person
from lms.web.places import manages_wholly

blueprint = Blueprint("person_factors", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.MANAGE_PEOPLE


@blueprint.route("/people/<int:user_id>/second-factor/reset", methods=["GET", "POST"])
@needs(OVER)
@fresh
def reset_factors(user_id: int) -> Page:
    """Take the second factors of somebody who lost theirs, with a reason; the person is told by mail."""
    person = viewer()
    user = find_person(person, user_id, OVER)
    form = ResetFactorForm()
    if form.validate_on_submit():
        reason, may = form.reason.data, manages_wholly(person, user_id)
        try:
            act(lambda: second_factors.reset_factors(person, user_id, reason, may_manage_all=may))
        except (Invalid, Conflict, NotAllowed) as error:
            add_problem(form, error)
        else:
            flash_done(_("The second factor of %(name)s is reset.", name=user.name))
            return redirect(url_for("people.show_person", user_id=user_id), code=303)
    return shown(
        "confirm.html",
        form,
        title=_("Reset the second factor of %(name)s?", name=user.name),
        text=_(
            "The app, passkeys and recovery codes end, and so does every sign-in. The password alone counts "
            "again until a new factor is set up. Make sure that it is this person who asks: see them, "
            "or call a number that you know."
        ),
        action=url_for("person_factors.reset_factors", user_id=user_id),
        submit_text=_("Reset"),
        cancel_href=url_for("people.show_person", user_id=user_id),
    )


@blueprint.post("/people/<int:user_id>/sign-ins/end")
@needs(OVER)
@fresh
def end_sign_ins(user_id: int) -> Response:
    """End every sign-in of a person, for instance when a device was lost; they can sign in again."""
    person = viewer()
    user = find_person(person, user_id, OVER)
    may = manages_wholly(person, user_id)
    act(lambda: second_factors.end_sign_ins(person, user_id, may_manage_all=may))
    flash_done(_("%(name)s is signed out everywhere.", name=user.name))
    return redirect(url_for("people.show_person", user_id=user_id), code=303)
