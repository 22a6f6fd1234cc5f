"""Forms around agencies: an outside id, a code to join, asking to join, deciding on who asked, sharing with one."""

from __future__ import annotations

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, EmailField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Email, InputRequired

from lms.people.joining import MOST_USES
from lms.web.forms.fields import AtMost, DayField, WholeField
from lms.web.forms.people import number_or_none


class AgencyListForm(FlaskForm):
    """A list of agencies, and what they lie below. Parent 0: the top."""

    parent_id = SelectField(
        _("Below"),
        description=_(
            "Rows that name no agency above go below this one. The list may name it and all agencies below it, no "
            "others."
        ),
        coerce=number_or_none,
        validators=[InputRequired(_("Choose the agency above them."))],
    )
    file = FileField(
        _("The list"),
        description=_(
            "A CSV file or an Excel workbook (.xlsx, .xls) of at most 5,000 agencies and 5 MB. Its first row names "
            "the columns."
        ),
    )


class NumberForm(FlaskForm):
    """An id by which somebody else knows the agency."""

    kind = SelectField(_("Kind of id"), validators=[InputRequired(_("Choose what kind of id it is."))])
    label = StringField(
        _("Whose id"),
        description=_("Only for a state's id or another one: the state or board, such as MO DESE."),
        validators=[AtMost(60)],
        render_kw={"autocomplete": "off"},
    )
    value = StringField(
        _("The id"),
        validators=[InputRequired(_("Enter the id.")), AtMost(60)],
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )
    started_on = DayField(_("Since"), validators=[InputRequired(_("Say from which day on."))])


class JoinCodeForm(FlaskForm):
    """A code that is posted at an agency."""

    discipline = SelectField(
        _("Discipline"), description=_("Proposed to whoever joins; they may choose another."), validators=[]
    )
    needs_approval = BooleanField(
        _("I approve each person before they join"),
        description=_("Without it, whoever has the code is in your agency at once."),
        default=True,
    )
    most_uses = WholeField(_("How many people may use it"), least=1, most=MOST_USES, default=50)
    last_day = DayField(_("Last day"), validators=[InputRequired(_("Say on which day the code ends."))])


class JoinForm(FlaskForm):
    """The code of a poster. With `agency` the person has seen which agency it is, and confirms."""

    code = StringField(
        _("Code of your agency"),
        description=_("Eight letters and numbers, such as 7K3M-9QXA. Capitals and dashes do not matter."),
        validators=[InputRequired(_("Enter the code that you were given.")), AtMost(40)],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    agency = HiddenField()
    discipline = SelectField(_("Your discipline"), validate_choice=False)


class NewcomerForm(FlaskForm):
    """Somebody without an account who has a code."""

    code = StringField(
        _("Code of your agency"),
        description=_("Eight letters and numbers, such as 7K3M-9QXA. Capitals and dashes do not matter."),
        validators=[InputRequired(_("Enter the code that you were given.")), AtMost(40)],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )
    email = EmailField(
        _("E-mail address"),
        validators=[
            InputRequired(_("Enter an e-mail address.")),
            Email(_("Enter a whole e-mail address, such as name@example.org.")),
            AtMost(320),
        ],
        render_kw={"autocomplete": "email", "autocapitalize": "none", "spellcheck": "false"},
    )


class DecisionForm(FlaskForm):
    """Approve or refuse everybody who is ticked."""

    reason = TextAreaField(
        _("Reason"), description=_("Needed for a refusal. The person reads it."), validators=[AtMost(1000)]
    )
