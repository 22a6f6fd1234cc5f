"""Every part of the pages on one page, in development only: to look at, and for the tests of accessibility."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, flash, render_template, request
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    FileField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import InputRequired

from lms.clock import utc_now
from lms.errors import NotFound
from lms.web.charts import county_shapes
from lms.web.forms.fields import DayField
from lms.web.guards import public, settings

blueprint = Blueprint("styleguide", __name__)

MONTHS = ["Dec", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov"]
TREND = [
    ("Schools", [120, 195, 240, 310, 400, 455, 470, 500, 640, 760, 810, 870]),
    ("Health care", [90, 120, 170, 230, 270, 310, 365, 400, 430, 470, 510, 550]),
    ("Law enforcement", [60, 90, 105, 140, 180, 205, 230, 260, 290, 330, 350, 390]),
    ("Other", [10, 20, 40, None, 70, 85, 100, 110, 130, 150, 165, 180]),
]


class SampleForm(FlaskForm):  # type: ignore[misc]
    """One field of each kind. Nothing is saved."""

    name = StringField("Name", description="As it should stand on a certificate.", validators=[InputRequired()])
    passphrase = PasswordField("Password", validators=[InputRequired()])
    profession = SelectField(
        "Discipline",
        choices=[SelectChoice("schools", "Schools"), SelectChoice("healthcare", "Health care")],
        validate_choice=False,
    )
    about = TextAreaField("What would help you most?", description="Do not name or describe a real person.")
    format = RadioField(
        "Where do you learn best?",
        choices=[SelectChoice("alone", "On my own"), SelectChoice("group", "In a group"), SelectChoice("both", "Both")],
        validators=[InputRequired("Choose one.")],
    )
    days = SelectMultipleField(
        "Which days suit you?", choices=[SelectChoice("mon", "Monday"), SelectChoice("tue", "Tuesday")]
    )
    begins_on = DayField("First day", description="For example March 9, 2027.", default=date(2027, 3, 9))
    roster = FileField("Roster")
    agrees = BooleanField("I have read the privacy page", validators=[InputRequired("Please read it first.")])


def sample_shares() -> dict[str, float | None]:
    """Made-up shares, the same each time, some without a figure."""
    codes = [shape["fips"] for shape in county_shapes()["counties"]]
    return {code: None if n % 17 == 0 else (n * 37 % 100) / 100 for n, code in enumerate(codes)}


@blueprint.route("/styleguide", methods=["GET", "POST"])
@public
def show_styleguide() -> tuple[str, int]:
    """Every macro once. A POST shows the form refused."""
    if settings().env != "development":
        raise NotFound("There is nothing at this address.")
    form = SampleForm()
    if request.method == "POST":
        form.validate()
    else:
        flash("The team was saved.", "ok")
    page = render_template(
        "pages/styleguide.html",
        form=form,
        months=MONTHS,
        trend=TREND,
        shares=sample_shares(),
        now=utc_now(),
    )
    return page, 422 if form.errors else 200
