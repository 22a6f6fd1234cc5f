"""Pages of one's own sign-ins at providers: remove one."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.errors import Conflict
from lms.people.providers import linked
from lms.web.guards import act, flash_done, fresh, signed_in, today, viewer
from lms.web.signing_in import refuse_below_host
from lms.web.texts import said_by

blueprint = Blueprint("account_providers", __name__)
blueprint.before_request(refuse_below_host)


@blueprint.route("/account/security/sign-ins/<int:identity_id>/remove", methods=["GET", "POST"])
@signed_in
@fresh
def remove_sign_in(identity_id: int) -> str | tuple[str, int] | Response:
    """Remove a sign-in at a provider, after a page that says what that means."""
    person, day = viewer(), today()
    found = linked.get_sign_in(person.id, identity_id)
    title = _("Remove the sign-in with %(provider)s?", provider=found.provider)
    if request.method == "POST":
        try:
            act(lambda: linked.remove_sign_in(person, identity_id, day=day))
        except Conflict as error:
            return render_template("accounts/not_removed.html", title=title, reason=said_by(error)), 409
        flash_done(_("It is removed, and you are signed out everywhere else."))
        return redirect(url_for("account_security.show_security"), code=303)
    facts = [(_("Your name there"), found.known_as)] if found.known_as else []
    return render_template(
        "confirm.html",
        title=title,
        text=_(
            "It will no longer lead into your account. Your account there, your place at the agency and your records "
            "stay. We tell you by mail. If you sign in with it again, it may be linked anew; that, too, we tell you."
        ),
        facts=facts,
        action=url_for(".remove_sign_in", identity_id=identity_id),
        submit_text=_("Remove"),
        cancel_href=url_for("account_security.show_security"),
    )
