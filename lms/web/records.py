"""Having a training record made: of a person in one's agencies, and one's own. Ask, look once more, then wait."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import format_date
from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from lms.access import Permission, Viewer
from lms.batches import Batch
from lms.database import db
from lms.errors import N_, Conflict, Invalid
from lms.people.models import User
from lms.records import asking, collecting
from lms.records.asking import Asked
from lms.records.reach import Reach, reach_of
from lms.web import batches
from lms.web.forms.records import PURPOSE_NAMES, RecordForm
from lms.web.forms.refusals import add_problem
from lms.web.guards import act, fresh, language, needs, settings, signed_in, today, viewer

blueprint = Blueprint("records", __name__)

Page = str | Response | tuple[str, int]


def check_reach(batch: Batch, person: Viewer) -> None:
    """Whoever asked must still reach the person, and these days, when they fetch it. Raises NotFound or Invalid."""
    asking.check(Asked.from_json(batch.params), person, today())


def name_of(user_id: int) -> str:
    """The person's name; nothing, should whoever looks not see them any more."""
    return db.session.scalar(select(User.name).where(User.id == user_id)) or ""


batches.TITLES[asking.KIND] = N_("Training record")
batches.DAYS_KEPT[asking.KIND] = asking.DAYS_KEPT
batches.ABOUT[asking.KIND] = lambda batch: name_of(Asked.from_json(batch.params).user_id)
batches.GATES[asking.KIND] = check_reach


@blueprint.route("/people/<int:user_id>/record", methods=["GET", "POST"])
@needs(Permission.MAKE_RECORDS)
@fresh
def make_record(user_id: int) -> Page:
    """Ask for the record of a person in one's agencies: days and reason, then what will be in it, then it is made."""
    reach_of(viewer(), user_id, today())
    return asked_page(user_id)


@blueprint.route("/account/record", methods=["GET", "POST"])
@signed_in
@fresh
def make_own_record() -> Page:
    """Ask for one's own record."""
    return asked_page(viewer().id)


def asked_page(user_id: int) -> Page:
    person = viewer()
    form = RecordForm()
    form.offer()
    if not form.validate_on_submit():
        return form_page(form, user_id)
    assert form.since.data is not None
    assert form.until.data is not None
    asked = Asked(
        user_id=user_id,
        since=form.since.data,
        until=form.until.data,
        purpose=form.purpose.data,
        reason=(form.reason.data or "").strip(),
        language=language(),
        is_own=user_id == person.id,
    )
    try:
        if request.form.get("sure") == "1":
            batch_id = act(lambda: asking.ask(asked, person, today()).id)
            return redirect(url_for("batches.show_batch", batch_id=batch_id), code=303)
        reach = asking.check(asked, person, today())
    except (Invalid, Conflict) as problem:
        add_problem(form, problem)
        return form_page(form, user_id)
    return sure_page(asked, reach)


def form_page(form: RecordForm, user_id: int) -> Page:
    user = db.session.get_one(User, user_id)
    is_own = user_id == viewer().id
    page = render_template(
        "records/ask.html",
        form=form,
        user=user,
        is_own=is_own,
        kept_days=asking.DAYS_KEPT,
        made=asking.asked_before(user_id, asked_by_id=viewer().id),
        state_tags=batches.STATE_TAGS,
    )
    return (page, 422) if form.errors else page


def sure_page(asked: Asked, reach: Reach) -> Page:
    """What will be in it; nothing is made or noted yet."""
    user = db.session.get_one(User, asked.user_id)
    counts = collecting.counts(asked, reach, settings())
    facts = [
        (_("Person"), user.name),
        (_("From"), format_date(asked.since, "long")),
        (_("To"), format_date(asked.until, "long")),
        (_("What it is for"), _(PURPOSE_NAMES[asked.purpose])),
        (_("Reason"), asked.reason or "–"),
        (_("Modules opened or completed"), str(counts["modules"])),
        (_("Attempts, with each question and answer"), str(counts["attempts"])),
        (_("Certificates"), str(counts["certificates"])),
        (_("Training done elsewhere"), str(counts["trainings"])),
    ]
    hidden = {"purpose": asked.purpose, "reason": asked.reason, "sure": "1"}
    for name, day in (("since", asked.since), ("until", asked.until)):
        hidden |= {f"{name}-month": str(day.month), f"{name}-day": str(day.day), f"{name}-year": str(day.year)}
    return render_template(
        "confirm.html",
        title=_("Have this record made?"),
        text=_(
            "It also holds the text of the courses as published, the PDFs of the certificates and the audit trail of "
            "these days. Private reflections, and what was said in surveys, are not in it. That you have it made, and "
            "why, is noted in the audit."
        ),
        facts=facts,
        action=request.path if not request.script_root else request.script_root + request.path,
        submit_text=_("Make the record"),
        cancel_href=url_for(".make_own_record") if asked.is_own else url_for(".make_record", user_id=asked.user_id),
        danger=False,
        hidden=hidden,
    )
