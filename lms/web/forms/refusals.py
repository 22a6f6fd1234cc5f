"""What a form that was refused says: the reason beside its field, and the page again as 422."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask_wtf import FlaskForm

from lms.errors import LmsError
from lms.web.texts import said_by


def add_problem(form: FlaskForm, error: LmsError, field: str | None = None) -> None:
    """Show what a service refused beside the field it names, else beside `field`, else above the form."""
    text = said_by(error)
    name = getattr(error, "field", None) or field
    if name and name in form:
        form[name].errors = [*form[name].errors, text]
    else:
        form.form_errors.append(text)


def shown(template: str, form: Any, **values: Any) -> str | tuple[str, int]:
    """The page of a form; 422 where it was refused."""
    page = render_template(template, form=form, **values)
    return (page, 422) if form.errors else page
