"""Pages for a password: forgotten, set by a link from a mail, changed."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.database import db
from lms.errors import Busy, Conflict, Invalid
from lms.people import accounts
from lms.people.models import User
from lms.people.passwords import (
    MIN_CHARACTERS,
    MIN_WITH_SECOND_FACTOR,
    check_password,
    hash_password,
    is_short,
    verify_password,
)
from lms.people.second_factors import factors_of
from lms.web.forms.accounts import ChangePasswordForm, EmailEntry, NewPasswordForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, public, settings, signed_in, viewer
from lms.web.limits import by_account, by_viewer, limiter, sign_in_limit, sign_in_limit_per_address, was_refused
from lms.web.signing_in import absolute_url, refuse_below_host

blueprint = Blueprint("passwords", __name__)
blueprint.before_request(refuse_below_host)

Page = str | tuple[str, int] | Response


@blueprint.route("/forgot", methods=["GET", "POST"])
@public
@limiter.limit(sign_in_limit_per_address, methods=["POST"])
@limiter.limit(sign_in_limit, key_func=by_account, methods=["POST"])
def ask_for_reset() -> Page:
    """Send a link to set a new password; the answer is the same whether the e-mail is known or not."""
    form = EmailEntry()
    if form.validate_on_submit():
        email, token = form.email.data, secrets.token_urlsafe(32)
        link = absolute_url(url_for("passwords.reset_password", token=token))
        act(lambda: accounts.ask_for_reset(email, token=token, link=link))
        return render_template("accounts/mail_sent.html", kind="reset", minutes=accounts.RESET_MINUTES)
    return shown("accounts/forgot.html", form)


@blueprint.route("/reset/<token>", methods=["GET", "POST"])
@public
@limiter.limit(sign_in_limit_per_address, methods=["POST"], deduct_when=was_refused)
def reset_password(token: str) -> Page:
    """Set a new password by the link of a mail: once, within the hour; every sign-in ends."""
    user = accounts.find_reset(token)
    if user is None:
        return render_template("accounts/link_ended.html", kind="reset"), 404
    least = least_characters(user.id)
    form = NewPasswordForm(least=least)
    if form.validate_on_submit():
        hashed, short = checked_hash(form, user.email, least), is_short(form.password.data)
        if hashed is not None:
            try:
                act(lambda: accounts.use_reset(token, hashed, is_short=short))
            except Conflict:
                return render_template("accounts/link_ended.html", kind="reset"), 409
            flash_done(_("Your password is changed. Sign in with the new one."))
            return redirect(url_for("accounts.sign_in"), code=303)
    return shown("accounts/reset.html", form, user=user)


@blueprint.route("/account/password", methods=["GET", "POST"])
@signed_in
@limiter.limit(sign_in_limit, key_func=by_viewer, methods=["POST"], deduct_when=was_refused)
def change_password() -> Page:
    """A new password, with the present one first; every other sign-in ends."""
    person = viewer()
    user = db.session.get_one(User, person.id)
    if user.password_hash is None:
        return render_template("accounts/no_password.html")
    least = least_characters(user.id)
    form = ChangePasswordForm(least=least)
    if form.validate_on_submit():
        db.session.rollback()
        if not verify_password(user.password_hash, form.current_password.data):
            form.current_password.errors = [_("This is not your present password.")]
        else:
            hashed, short = checked_hash(form, user.email, least), is_short(form.password.data)
            if hashed is not None:
                keep = person.session_id
                act(lambda: accounts.set_password(person.id, hashed, is_short=short, keep_session=keep))
                flash_done(_("Your password is changed, and you are signed out everywhere else."))
                return redirect(url_for("accounts.show_account"), code=303)
    return shown("accounts/password.html", form, user=user)


def least_characters(user_id: int) -> int:
    """How long a password of this person has to be: shorter where a second factor stands beside it."""
    return MIN_WITH_SECOND_FACTOR if factors_of(user_id) else MIN_CHARACTERS


def checked_hash(form: Any, email: str | None, least: int = MIN_CHARACTERS) -> str | None:
    """The hash of the form's new password, or None with the reason beside its field. Outside of any transaction."""
    try:
        check_password(form.password.data, site_name=settings().site_name, email=email, least=least)
        db.session.rollback()
        return hash_password(form.password.data)
    except Invalid as error:
        add_problem(form, error)
    except Busy as error:
        form.form_errors.append(_(error.message))
    return None
