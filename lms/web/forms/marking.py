"""The form of who marks: for each written answer the lines that it meets, or that it meets none, and a comment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, HiddenField, SelectMultipleField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired

from lms.assessment.by_hand import MOST_CHARACTERS, Found, Written
from lms.web.forms.fields import AtMost

LONGEST_REASON = 1000


class MarkingForm(FlaskForm):
    """Fields of its own for each answer are added by `marking_form`."""

    seen = HiddenField()


def marking_form(answers: Sequence[Written], seen: str) -> MarkingForm:
    """The form for these answers, filled with what was found before; whoever marks again says why."""

    class Filled(MarkingForm):
        pass

    if seen:
        Filled.reason = TextAreaField(
            _("Why the marks change"),
            description=_("It is kept in the audit, with what the answers were worth before."),
            validators=[DataRequired(_("Say why.")), AtMost(LONGEST_REASON)],
        )
    values: dict[str, Any] = {"seen": seen}
    for number, written in enumerate(answers, 1):
        options = [SelectChoice(option.id, option.text or option.source) for option in written.question.options]
        before = written.marked
        for name, field in _fields(number, options).items():
            setattr(Filled, name, field)
        if before is not None:
            values |= {f"met{number}": before.met, f"none{number}": not before.met, f"comment{number}": before.comment}
    return Filled(data=values)


def _fields(number: int, options: Sequence[SelectChoice]) -> dict[str, Any]:
    return {
        f"met{number}": SelectMultipleField(_("What the answer does"), choices=options),
        f"none{number}": BooleanField(_("None of these")),
        f"comment{number}": TextAreaField(
            _("A word to whoever wrote it"),
            description=_("They read it beside their answer. You are not named, and you do not see who they are."),
            validators=[AtMost(MOST_CHARACTERS)],
        ),
    }


def fields_of(form: MarkingForm, number: int) -> tuple[Field, Field, Field]:
    """The fields of the answer with that number."""
    return form[f"met{number}"], form[f"none{number}"], form[f"comment{number}"]


def is_whole(form: MarkingForm, answers: Sequence[Written]) -> bool:
    """Whether every answer has its mark: lines that it meets, or that it meets none, not both."""
    is_good = True
    for number in range(1, len(answers) + 1):
        met, none, _comment = fields_of(form, number)
        if bool(met.data) == bool(none.data):
            text = (
                _("Either some of these or none.") if none.data else _("Say what the answer does, or “None of these”.")
            )
            met.errors, is_good = [*met.errors, text], False
    return is_good


def found_in(form: MarkingForm, answers: Sequence[Written]) -> Mapping[str, Found]:
    """What the form says, by question."""
    return dict(_found(form, answers))


def _found(form: MarkingForm, answers: Sequence[Written]) -> Iterator[tuple[str, Found]]:
    for number, written in enumerate(answers, 1):
        met, _none, comment = fields_of(form, number)
        yield written.question.id, Found(met.data or (), comment.data or "")
