"""Pages for another e-mail address of one's own account."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.errors import Conflict, Invalid
from lms.people import email_changes
from lms.web.forms.accounts import EmailEntry
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, signed_in, viewer
from lms.web.limits import by_viewer, limiter, sign_in_limit
from lms.web.signing_in import absolute_url, refuse_below_host

blueprint = Blueprint("account_email", __name__)
blueprint.before_request(refuse_below_host)

Page = str | tuple[str, int] | Response


@blueprint.route("/account/email", methods=["GET", "POST"])
@signed_in
@fresh
@limiter.limit(sign_in_limit, key_func=by_viewer, methods=["POST"])
def ask_for_change() -> Page:
    """Mail a link to the new address; the answer is the same whether it has an account or not."""
    person, form = viewer(), EmailEntry()
    if form.validate_on_submit():
        email, known = form.email.data, absolute_url(url_for("accounts.sign_in"))

        def link_of(token: str) -> str:
            return absolute_url(url_for("account_email.take_address", token=token))

        try:
            act(lambda: email_changes.ask(person, email, link_of=link_of, sign_in_link=known))
        except Invalid as error:
            add_problem(form, error)
        else:
            return render_template("accounts/mail_sent.html", kind="email", minutes=email_changes.LINK_MINUTES)
    return shown("accounts/email.html", form, present=person.email)


@blueprint.route("/account/email/<token>", methods=["GET", "POST"])
@signed_in
def take_address(token: str) -> Page:
    """Follow the link: asked once more, since mail scanners open links too; then the address counts."""
    person = viewer()
    email = email_changes.find_new_address(person, token)
    if email is None:
        return render_template("accounts/link_ended.html", kind="email"), 404
    if request.method == "POST":
        try:
            act(lambda: email_changes.change(person, token))
        except Conflict:
            return render_template("accounts/link_ended.html", kind="email"), 409
        flash_done(_("Your e-mail address is changed."))
        return redirect(url_for("accounts.show_account"), code=303)
    return render_template(
        "confirm.html",
        title=_("Use this e-mail address from now on?"),
        text=_("You sign in with it, and our mails go there. You are signed out everywhere else."),
        facts=[(_("New address"), email), (_("Present address"), person.email or _("none"))],
        action=url_for("account_email.take_address", token=token),
        submit_text=_("Use this address"),
        cancel_href=url_for("accounts.show_account"),
        danger=False,
    )
