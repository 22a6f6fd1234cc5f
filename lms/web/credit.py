"""Pages of credit: what bodies approved, entering an approval, ending one, and what certificates would lack."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.certification import approving
from lms.certification.approving import Lacking
from lms.certification.credit_bodies import Body, load_bodies
from lms.certification.facts import AwardSite
from lms.clock import utc_now
from lms.errors import N_, Invalid, NotFound
from lms.web.agency_choices import choices_to_make
from lms.web.forms.credit import ApprovalForm, EndApprovalForm, approval_form, field_name
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, language, needs, settings, today, viewer

blueprint = Blueprint("credit", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.MANAGE_CREDIT


@blueprint.app_template_filter()
def credit_word(name: str, body: Body) -> str:
    """The name of a type, area or topic of a body."""
    return body.word(name, language())


@blueprint.get("/credit")
@needs(OVER)
def list_approvals() -> str:
    """What bodies approved, what certificates with it would lack, and the bodies that are known."""
    return render_template(
        "credit/index.html",
        rows=approving.look_at_all(AwardSite.from_settings(settings())),
        bodies=load_bodies(),
        courses=list(approving.courses_to_approve().values()),
        today=today(),
    )


@dataclass(frozen=True, slots=True)
class AreaField:
    """An area of the body and its field in the form."""

    field: object
    is_topic: bool


@blueprint.route("/credit/new/<body_slug>", methods=["GET", "POST"])
@needs(OVER)
def enter_approval(body_slug: str) -> Page:
    """Enter what this body approved; refused where its certificate would lack what the body asks for."""
    person, body = viewer(), find_body(body_slug)
    areas = approving.approved_areas(body, language())
    form = approval_form([(area, name or _("Minutes")) for area, name, _is_topic in areas])
    courses = approving.courses_to_approve().values()
    form.course_id.choices = choices_to_make([(one.id, f"{one.code} {one.title(language())}") for one in courses])
    form.type.choices = [(one, body.word(one, language())) for one in body.ids("types")]
    if form.validate_on_submit():
        minutes = form.minutes([area for area, _name, _is_topic in areas])
        try:
            act(lambda: save(form, body, minutes, person.id))
        except Lacking as error:
            add_lacks(form, error)
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("The approval is entered. Certificates that are earned from its first day on carry it."))
            return redirect(url_for(".list_approvals"), code=303)
    fields = [AreaField(form[field_name(area)], is_topic) for area, _name, is_topic in areas]
    return shown("credit/form.html", form, body=body, fields=fields)


@blueprint.route("/credit/<int:approval_id>/end", methods=["GET", "POST"])
@needs(OVER)
def end_approval(approval_id: int) -> Page:
    """Give an approval its last day."""
    person, approval = viewer(), approving.find_approval(approval_id)
    form = EndApprovalForm(last_day=today())
    if form.validate_on_submit():
        last_day = form.last_day.data
        assert last_day is not None
        try:
            act(lambda: approving.end_approval(approval_id, last_day, actor_id=person.id))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("The approval ends. Certificates that carry it stay as printed."))
            return redirect(url_for(".list_approvals"), code=303)
    return shown("credit/end.html", form, approval=approval)


def find_body(slug: str) -> Body:
    """A body that gives credit. Raises NotFound."""
    body = load_bodies([slug]).get(slug)
    if body is None or not body.gives_credit:
        raise NotFound(N_("There is nothing here that you may see."))
    return body


def save(form: ApprovalForm, body: Body, minutes: dict[str | None, int], actor_id: int) -> int:
    assert form.course_id.data is not None
    assert form.valid_from.data is not None
    return approving.enter_approval(
        body=body.slug,
        course_id=form.course_id.data,
        type=form.type.data,
        approval_number=form.approval_number.data or "",
        provider_number=form.provider_number.data or "",
        statement=form.statement.data or "",
        valid_from=form.valid_from.data,
        valid_until=form.valid_until.data,
        minutes=minutes,
        site=AwardSite.from_settings(settings()),
        actor_id=actor_id,
        now=utc_now(),
    )


LACK_FIELDS = {
    "approval-number": "approval_number",
    "approver-statement": "statement",
    "approved-provider-is-licensed": "provider_number",
}
"""Where in the form each lack can be mended; the others are said above it."""


def add_lacks(form: ApprovalForm, error: Lacking) -> None:
    """Say each thing that a certificate would lack, beside the field that mends it."""
    form.form_errors.append(_(error.message))
    for lack in error.lacks:
        name, text = LACK_FIELDS.get(lack.element), _(lack.advice)
        if name is None:
            form.form_errors.append(text)
        else:
            form[name].errors = [*form[name].errors, text]
