"""Pages of the codes of an agency: make one, print its poster, close it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import segno
from flask import Blueprint, redirect, render_template, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from markupsafe import Markup
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.clock import start_of_day, utc_now
from lms.courseware.course import DISCIPLINES
from lms.errors import Conflict, Invalid
from lms.people import joining
from lms.web.agency_choices import find_agency
from lms.web.forms.agencies import JoinCodeForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, fresh, needs, settings, today, viewer
from lms.web.language import format_last_day
from lms.web.signing_in import absolute_url
from lms.web.words import discipline_name

blueprint = Blueprint("join_codes", __name__)

OVER = Permission.MANAGE_PEOPLE
Page = str | tuple[str, int] | Response


@blueprint.get("/agencies/<int:agency_id>/codes")
@needs(OVER)
def list_codes(agency_id: int) -> str:
    """The codes by which people ask to join an agency."""
    agency = find_agency(viewer(), OVER, agency_id)
    now = utc_now()
    codes = [(one, joining.is_open(one, now)) for one in joining.codes_of(agency_id)]
    return render_template("agencies/codes.html", agency=agency, codes=codes)


@blueprint.route("/agencies/<int:agency_id>/codes/new", methods=["GET", "POST"])
@needs(OVER)
@fresh
def make_code(agency_id: int) -> Page:
    """Make a code; the next page is its poster."""
    person = viewer()
    agency = find_agency(person, OVER, agency_id)
    form = JoinCodeForm(last_day=today() + timedelta(days=30))
    form.discipline.choices = [("", _("Each person chooses")), *((one, discipline_name(one)) for one in DISCIPLINES)]
    last_day = form.last_day.data
    if form.validate_on_submit() and last_day is not None:
        site = settings()
        values: dict[str, Any] = {
            "discipline": form.discipline.data or None,
            "needs_approval": bool(form.needs_approval.data),
            "most_uses": form.most_uses.data or 0,
            "expires_at": start_of_day(last_day + timedelta(days=1), site.time_zone),
        }
        try:
            made = act(
                lambda: joining.make_code(
                    agency_id, **values, secret_key=site.secret_key, actor_id=person.id, now=utc_now()
                )
            )
        except (Invalid, Conflict) as error:
            add_problem(form, error)
        else:
            flash_done(_("The code is made. Print this page and put it up."))
            return redirect(url_for(".show_poster", agency_id=agency_id, code_id=made.id), code=303)
    return shown("agencies/code_new.html", form, agency=agency)


@blueprint.get("/agencies/<int:agency_id>/codes/<int:code_id>/poster")
@needs(OVER)
def show_poster(agency_id: int, code_id: int) -> str:
    """A page to print: what to do, in English and Spanish, with the code as text and as a QR code."""
    agency = find_agency(viewer(), OVER, agency_id)
    code = joining.get_code(agency_id, code_id)
    text = joining.shown_code(code, settings().secret_key)
    address = absolute_url(url_for("join.join"))
    return render_template(
        "agencies/poster.html",
        agency=agency,
        code=code,
        text=text,
        address=address,
        image=qr_of(f"{address}?code={text}") if text else None,
        parts=[(language, poster_words(language, code.expires_at)) for language in settings().language_list],
        is_open=joining.is_open(code, utc_now()),
    )


def poster_words(language: str, expires_at: datetime) -> list[str]:
    """The steps on a poster in one language."""
    with force_locale(language):
        return [
            str(_("Join your agency’s training")),
            str(_("Scan the picture with your phone, or open this address:")),
            str(_("Enter this code:")),
            str(_("Sign in, or enter your e-mail address to make an account. It takes two minutes.")),
            str(_("The code works until %(day)s.", day=format_last_day(expires_at, settings().time_zone))),
        ]


def qr_of(address: str) -> Markup:
    """A QR code as a drawing in the page."""
    drawing = segno.make(address, error="m", micro=False).svg_inline(scale=6, border=4, light="#fff", omitsize=False)
    return Markup(drawing)  # noqa: S704 - made here, of an address that is made here


@blueprint.post("/agencies/<int:agency_id>/codes/<int:code_id>/close")
@needs(OVER)
def close_code(agency_id: int, code_id: int) -> Response:
    """Close a code: from now on nobody gets in by it."""
    person = viewer()
    find_agency(person, OVER, agency_id)
    act(lambda: joining.close_code(agency_id, code_id, actor_id=person.id, now=utc_now()))
    flash_done(_("The code is closed."))
    return redirect(url_for(".list_codes", agency_id=agency_id), code=303)
