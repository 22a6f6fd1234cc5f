"""The filter bar of reports; it is sent by GET, so a filtered report has an address of its own."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField, SelectMultipleField

from lms.web.forms.fields import agency_filter, day_filter, discipline_filter


class ReportFilters(FlaskForm):
    """Empty means all that the viewer may see."""

    class Meta:
        csrf = False

    agency = agency_filter()
    discipline = discipline_filter()
    county = SelectField(_l("County"), validate_choice=False)
    course = SelectField(_l("Course"), validate_choice=False)


class RosterFilters(FlaskForm):
    """The days, both counted, and the columns of a roster."""

    class Meta:
        csrf = False

    since = day_filter(_l("From"))
    until = day_filter(_l("Until"))
    columns = SelectMultipleField(_l("Columns"), validate_choice=False)
