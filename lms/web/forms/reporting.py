"""The filter bar of reports; it is sent by GET, so a filtered report has an address of its own."""

from __future__ import annotations

from flask_babel import gettext
from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import DateField, SelectField, SelectMultipleField, ValidationError

from lms.web.forms.fields import agency_filter, day_filter, discipline_filter


class ReportFilters(FlaskForm):
    """Empty means all that the viewer may see."""

    class Meta:
        csrf = False

    agency = agency_filter()
    discipline = discipline_filter()
    county = SelectField(_("County"), validate_choice=False)
    course = SelectField(_("Course"), validate_choice=False)


class RosterFilters(FlaskForm):
    """The days, both counted, and the columns of a roster."""

    class Meta:
        csrf = False

    since = day_filter(_("From"))
    until = day_filter(_("Until"))
    columns = SelectMultipleField(_("Columns"), validate_choice=False)

    def validate_until(self, field: DateField) -> None:
        if self.since.data is not None and field.data is not None and field.data < self.since.data:
            raise ValidationError(gettext("The last day lies before the first."))

    def validate_columns(self, field: SelectMultipleField) -> None:
        known = {name for name, _label in field.choices or ()}
        if not known.intersection(field.data or ()):
            raise ValidationError(gettext("Choose at least one column."))
