"""The form of a certification's rule, with as many requirements as are wanted; and the reason for archiving one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask_babel import lazy_gettext as _
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Field, Form, HiddenField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, InputRequired, NoneOf, Optional, Regexp, ValidationError

from lms.courseware.checks.rules import LONGEST_TITLE, MOST_DAYS, MOST_MONTHS, RESERVED_IDS, RULE_DISCIPLINES
from lms.web.forms.fields import AtMost, WholeField
from lms.web.words import discipline_name

MOST_ROWS = 12


class NeededForm(Form):
    """One requirement: a course, or so many of several."""

    courses = SelectMultipleField(
        _("Courses"), description=_("One course, or several of which a number is enough."), validate_choice=True
    )
    count = WholeField(
        _("How many of them"), least=1, most=50, default=1, validators=[InputRequired(_("Say how many of them."))]
    )
    min_percent = WholeField(
        _("Least score in percent"),
        least=1,
        most=100,
        description=_("Empty: the pass mark of each course is enough."),
        validators=[Optional()],
    )

    def validate(self, extra_validators: Any = None) -> bool:
        """A number of courses, and no more asked than are named."""
        is_valid = super().validate(extra_validators)
        named = len(self.courses.data or ())
        if not named and not self.courses.errors:
            self.courses.errors = [_("Choose at least one course, or remove this requirement.")]
            return False
        if named and self.count.data is not None and not self.count.errors and self.count.data > named:
            self.count.errors = [_("No more courses can be asked than are chosen: %(count)s.", count=named)]
            return False
        return bool(is_valid)


class RuleForm(FlaskForm):
    """A certification. `seen` is the version that the form was filled from, `rows` the number of requirements."""

    seen = HiddenField()
    rows = HiddenField(default="1")
    slug = StringField(
        _("Id"),
        description=_("Small letters, digits and hyphens, such as school-staff. It never changes."),
        validators=[
            InputRequired(_("Give it an id.")),
            Regexp(r"[a-z0-9-]{3,40}\Z", message=_("Use 3 to 40 small letters, digits and hyphens.")),
            NoneOf(sorted(RESERVED_IDS), message=_("This id cannot be used. Choose another.")),
        ],
    )
    title_en = StringField(
        _("Title in English"),
        description=_("It is printed on the certificate."),
        validators=[InputRequired(_("Give it a title.")), AtMost(LONGEST_TITLE)],
    )
    title_es = StringField(
        _("Title in Spanish"),
        description=_("Empty: the English title is used."),
        validators=[Optional(), AtMost(LONGEST_TITLE)],
    )
    code = StringField(_("Code"), description=_("For example CERT-SCH."), validators=[Optional(), AtMost(32)])
    description_en = TextAreaField(_("Description in English"), validators=[Optional(), AtMost(1000)])
    description_es = TextAreaField(_("Description in Spanish"), validators=[Optional(), AtMost(1000)])
    disciplines = SelectMultipleField(
        _("Whom it is for"), description=_("None chosen: for everybody."), validators=[Optional()]
    )
    cross_modules = WholeField(
        _("Modules of other disciplines"),
        least=0,
        most=100,
        default=0,
        description=_("So many modules that are made for other disciplines than the person's own."),
        validators=[InputRequired(_("Enter a number; 0 asks for none."))],
    )
    valid_months = WholeField(
        _("Valid for how many months"),
        least=1,
        most=MOST_MONTHS,
        description=_("Empty: it does not end."),
        validators=[Optional()],
    )
    freshness_months = WholeField(
        _("Only what was completed within so many months counts"),
        least=1,
        most=MOST_MONTHS,
        description=_("Empty: whatever is valid on the day counts, however old."),
        validators=[Optional()],
    )
    opens_months = WholeField(
        _("Renewal opens how many months before the end"),
        least=0,
        most=MOST_MONTHS,
        default=3,
        validators=[InputRequired(_("Enter a number of months."))],
    )
    grace_days = WholeField(
        _("Renewal stays open for how many days after the end"),
        least=0,
        most=MOST_DAYS,
        default=60,
        description=_("Nobody is certified in these days; who renews in them need not begin anew."),
        validators=[InputRequired(_("Enter a number of days."))],
    )
    refresher = SelectMultipleField(
        _("Courses that are enough to renew it"),
        description=_("None chosen: all that it asks is completed again."),
        validators=[Optional()],
    )
    reason = TextAreaField(
        _("Reason for the change"),
        description=_("It stays with this version, for everybody who may change certifications."),
        validators=[Optional(), AtMost(500)],
    )

    def validate_opens_months(self, field: Field) -> None:
        """Raises ValidationError where the window would open before the award."""
        months = self.valid_months.data
        if months is not None and field.data is not None and field.data > months:
            raise ValidationError(
                _("It cannot open before the certificate begins: at most %(most)s months.", most=months)
            )


class Editor:
    """The whole form: the rule and its requirements, read from what was sent or filled from a stored rule."""

    def __init__(
        self,
        courses: Mapping[str, str],
        *,
        entries: MultiDict[str, str] | None = None,
        rules: Mapping[str, Any] | None = None,
        number: int = 0,
        is_new: bool = False,
    ) -> None:
        values = {} if rules is None else {**_values_of(rules), "seen": str(number)}
        self.rule = RuleForm(entries, data=values)
        if not is_new:
            del self.rule.slug
        stored = list(rules.get("requires") or ()) if rules is not None else [{}]
        count = len(stored) if entries is None else _number_of_rows(entries)
        self.rows = [
            NeededForm(entries, prefix=f"row{at}-", data=_row_of(stored[at]) if at < len(stored) else None)
            for at in range(count)
        ]
        self.rule.rows.data = str(count)
        choices = [SelectChoice(slug, title) for slug, title in courses.items()]
        self.rule.refresher.choices = choices
        self.rule.disciplines.choices = [SelectChoice(one, discipline_name(one)) for one in RULE_DISCIPLINES]
        for at, row in enumerate(self.rows, 1):
            row.courses.choices = choices
            for field in row:
                field.label.text = _("Requirement %(number)s: %(label)s", number=at, label=field.label.text)

    def validate(self) -> bool:
        """Whether all of it can be used; each part says what is wrong with it."""
        return all([self.rule.validate(), *(row.validate() for row in self.rows)])

    # What `f.error_summary` asks of a form.

    @property
    def errors(self) -> dict[str | None, Sequence[str]]:
        found: dict[str | None, Sequence[str]] = dict(self.rule.errors)
        for row in self.rows:
            found.update({field.name: field.errors for field in row if field.errors})
        return found

    def __iter__(self) -> Iterator[Field]:
        yield from self.rule
        for row in self.rows:
            yield from row

    def __contains__(self, name: str) -> bool:
        return any(field.name == name for field in self)

    def __getitem__(self, name: str) -> Field:
        return next(field for field in self if field.name == name)

    @property
    def form_errors(self) -> list[str]:
        found: list[str] = self.rule.form_errors
        return found

    def rules(self, slug: str, before: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The rule as it is stored; texts in languages that the form does not show stay as they were."""
        form, old = self.rule, before or {}
        rules: dict[str, Any] = {
            "id": slug,
            "title": _texts(old.get("title"), form.title_en.data, form.title_es.data),
            "description": _texts(old.get("description"), form.description_en.data, form.description_es.data),
            "disciplines": list(form.disciplines.data or ()),
            "requires": [_needed_of(row) for row in self.rows],
            "cross_modules": form.cross_modules.data,
            "valid_months": form.valid_months.data,
            "freshness_months": form.freshness_months.data,
            "renewal": {
                "opens_months": form.opens_months.data,
                "grace_days": form.grace_days.data,
                "refresher": list(form.refresher.data or ()),
            },
        }
        if (form.code.data or "").strip():
            rules["code"] = form.code.data.strip()
        return rules


class ReasonForm(FlaskForm):
    """Why a certification is not awarded any more."""

    reason = TextAreaField(_("Reason"), validators=[DataRequired(_("Say why.")), AtMost(500)])


def with_row_added(entries: MultiDict[str, str]) -> MultiDict[str, str]:
    """The same entries with one more requirement, empty; no more than there may be."""
    found = entries.copy()
    found["rows"] = str(min(_number_of_rows(entries) + 1, MOST_ROWS))
    return found


def with_row_removed(entries: MultiDict[str, str], at: int) -> MultiDict[str, str]:
    """The same entries without the requirement at a place (from 0); those behind it move up. The last one stays."""
    count = _number_of_rows(entries)
    if not 0 <= at < count or count == 1:
        return entries
    moved = [number for number in range(count) if number != at]
    pairs = [(key, value) for key, value in entries.items(multi=True) if not _is_of_row(key, range(count))]
    for new, old in enumerate(moved):
        begin = f"row{old}-"
        pairs += [
            (f"row{new}-{key[len(begin) :]}", value)
            for key, value in entries.items(multi=True)
            if key.startswith(begin)
        ]
    found = MultiDict(pairs)
    found["rows"] = str(count - 1)
    return found


def _is_of_row(key: str, numbers: Iterable[int]) -> bool:
    return any(key.startswith(f"row{number}-") for number in numbers)


def _number_of_rows(entries: Mapping[str, str]) -> int:
    text = str(entries.get("rows", "1"))
    return min(max(int(text), 1), MOST_ROWS) if text.isascii() and text.isdecimal() and len(text) < 4 else 1


def _texts(before: Any, english: str | None, spanish: str | None) -> dict[str, str]:
    texts = {**(before or {}), "en": (english or "").strip(), "es": (spanish or "").strip()}
    return {language: text for language, text in texts.items() if text}


def _needed_of(row: NeededForm) -> dict[str, Any]:
    courses = list(row.courses.data or ())
    needed: dict[str, Any] = {"course": courses[0]} if len(courses) == 1 else {"one_of": courses}
    if len(courses) > 1:
        needed["count"] = row.count.data
    if row.min_percent.data is not None:
        needed["min_percent"] = row.min_percent.data
    return needed


def _row_of(needed: Mapping[str, Any]) -> dict[str, Any]:
    courses = list(needed.get("one_of") or [one for one in [needed.get("course")] if one])
    return {"courses": courses, "count": needed.get("count", 1), "min_percent": needed.get("min_percent")}


def _values_of(rules: Mapping[str, Any]) -> dict[str, Any]:
    titles, texts, renewal = rules["title"], rules.get("description") or {}, rules.get("renewal") or {}
    return {
        "slug": rules["id"],
        "title_en": titles.get("en", ""),
        "title_es": titles.get("es", ""),
        "code": rules.get("code", ""),
        "description_en": texts.get("en", ""),
        "description_es": texts.get("es", ""),
        "disciplines": list(rules.get("disciplines") or ()),
        "cross_modules": rules.get("cross_modules", 0),
        "valid_months": rules.get("valid_months"),
        "freshness_months": rules.get("freshness_months"),
        "opens_months": renewal.get("opens_months", 3),
        "grace_days": renewal.get("grace_days", 60),
        "refresher": list(renewal.get("refresher") or ()),
    }
