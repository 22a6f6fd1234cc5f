"""The filter bar of reports; it is sent by GET, so a filtered report has an address of its own."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import SelectField


class ReportFilters(FlaskForm):
    """Empty means all that the viewer may see."""

    class Meta:
        csrf = False

    agency = SelectField(_l("Agency"), validate_choice=False)
    discipline = SelectField(_l("Discipline"), validate_choice=False)
    county = SelectField(_l("County"), validate_choice=False)
    course = SelectField(_l("Course"), validate_choice=False)
