"""Fields and rules that WTForms does not have, and the filters that several lists share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _
from wtforms import DateField, Field, Form, IntegerField, SelectField
from wtforms.validators import Optional, ValidationError


@dataclass(frozen=True, slots=True)
class DayParts:
    """What stands in the three boxes, as typed."""

    month: str = ""
    day: str = ""
    year: str = ""


class AtMost:
    """Refuses a longer text with a sentence. Unlike WTForms' `Length` it gives the input no `maxlength`, with which a
    browser cuts what is pasted without a word."""

    def __init__(self, most: int) -> None:
        self.most = most

    def __call__(self, form: Form, field: Field) -> None:
        """Raises ValidationError, a stop for the rules after it."""
        count = len(field.data or "")
        if count > self.most:
            raise ValidationError(
                _("This is too long: %(count)s characters. At most %(most)s fit.", count=count, most=self.most)
            )


class WholeField(IntegerField):
    """A whole number within bounds. What is typed comes back as it was typed, with one sentence on what is wanted."""

    def __init__(self, label: Any = None, *, least: int, most: int, **options: Any) -> None:
        super().__init__(label, **options)
        self.least, self.most = least, most

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read it. Raises ValueError, which WTForms shows beside the field."""
        text = valuelist[0].strip() if valuelist else ""
        if not valuelist:
            return
        self.data = None
        if not text:
            return
        is_number = text.isascii() and text.isdecimal() and len(text) <= 9
        if not is_number or not self.least <= int(text) <= self.most:
            raise ValueError(_("Enter a whole number from %(least)s to %(most)s.", least=self.least, most=self.most))
        self.data = int(text)


def agency_filter() -> SelectField:
    """The agency whose people or things a list shows, with all below it. Every filter bar: search, agency, discipline,
    county, course, kind, days; in this order, under these names."""
    return SelectField(_("Agency"), validate_choice=False)


def discipline_filter() -> SelectField:
    return SelectField(_("Discipline"), validate_choice=False)


def day_filter(label: str) -> DateField:
    """A day to filter by: the browser's own date box, 2027-03-09 in the address. Days to be kept take `DayField`."""
    return DateField(label, validators=[Optional()])


YEARS = range(1900, 2200)
"""Years that make sense here; others are slips of the finger, and break time zones at the ends of the calendar."""


class DayField(Field):
    """A day as three inputs, `<name>-month`, `<name>-day`, `<name>-year`; `data` is a date or None.

    The macro `f.date_field` draws it. Three empty boxes are no day; anything else must be one.
    """

    parts = DayParts()
    data: date | None
    process_errors: list[Any]

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        """Read the three boxes if any of them was sent, else the default or the object's day."""
        names = [f"{self.name}-{part}" for part in ("month", "day", "year")]
        was_sent = formdata is not None and any(name in formdata for name in names)
        if not was_sent:
            arguments: Mapping[str, Any] = {} if data is None else {"data": data}
            super().process(None, **arguments)
            if isinstance(self.data, date):
                self.parts = DayParts(str(self.data.month), str(self.data.day), str(self.data.year))
            return
        self.process_errors = []
        self.parts = DayParts(*(str(formdata.get(name, "")).strip() for name in names))
        self.raw_data = [part for part in (self.parts.month, self.parts.day, self.parts.year) if part]
        self.data = self._read()

    def _read(self) -> date | None:
        if not self.raw_data:
            return None
        try:
            day = date(int(self.parts.year), int(self.parts.month), int(self.parts.day))
            if day.year not in YEARS:
                raise ValueError("a year that nobody here means")
            return day
        except (ValueError, OverflowError):
            self.process_errors.append(_("Enter a day that is in the calendar, such as March 9, 2027."))
            return None
