"""Pages of credit for training done elsewhere: which body gave it, so that it counts in somebody's year."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import Select
from werkzeug.wrappers import Response

from lms.access import Permission, Viewer, present_users
from lms.certification import elsewhere
from lms.certification.credit_bodies import Body, load_bodies
from lms.errors import Invalid
from lms.web.agency_choices import number_in
from lms.web.forms.credit import TrainingCreditForm
from lms.web.forms.refusals import add_problem, shown
from lms.web.guards import act, flash_done, language, needs, today, viewer
from lms.web.navigation import page_url

blueprint = Blueprint("elsewhere", __name__)

Page = str | tuple[str, int] | Response

OVER = Permission.MANAGE_CREDIT

PAGE_SIZE = 50


@blueprint.get("/credit/trainings")
@needs(OVER)
def list_trainings() -> str:
    """Approved training done elsewhere of the people in reach: without a body that gave credit, or with one."""
    has_body = request.args.get("body") == "with"
    rows = elsewhere.approved_trainings(
        people_in_reach(viewer()), has_body=has_body, after=number_in("after"), limit=PAGE_SIZE + 1
    )
    more = rows[PAGE_SIZE - 1].training.id if len(rows) > PAGE_SIZE else None
    address = url_for(".list_trainings", body="with" if has_body else None)
    return render_template(
        "credit/trainings.html",
        rows=rows[:PAGE_SIZE],
        bodies=load_bodies(),
        has_body=has_body,
        first_href=address if request.args.get("after") else None,
        next_href=page_url(after=more) if more else None,
    )


@blueprint.route("/credit/trainings/<int:training_id>", methods=["GET", "POST"])
@needs(OVER)
def credit_training(training_id: int) -> Page:
    """Say which body gave credit for it, in which area and topic, by which provider."""
    person, bodies = viewer(), load_bodies()
    people = people_in_reach(person)
    row = elsewhere.find_training(training_id, people)
    training = row.training
    form = TrainingCreditForm(
        body=training.credit_body or "",
        category=training.credit_category or "",
        topic=training.credit_topic or "",
        provider_number=training.credit_provider_number or "",
    )
    giving = [one for one in bodies.values() if one.gives_credit]
    form.body.choices = [("", _("none")), *((one.slug, one.short_name(language())) for one in giving)]
    form.category.choices = words_of(giving, "categories")
    form.topic.choices = words_of(giving, "topics")
    if form.validate_on_submit():
        values = {name: form[name].data or "" for name in ("body", "category", "topic", "provider_number")}
        try:
            act(lambda: elsewhere.set_credit(training_id, people, **values, actor_id=person.id))
        except Invalid as error:
            add_problem(form, error)
        else:
            flash_done(_("The credit of this training is kept."))
            return redirect(url_for(".list_trainings"), code=303)
    return shown("credit/training.html", form, row=row)


def people_in_reach(person: Viewer) -> Select[Any]:
    """Ids of the people whose training the viewer may credit: who has a place in their agencies today."""
    return present_users(person, OVER, today())


def words_of(bodies: list[Body], kind: str) -> list[tuple[str, str]]:
    """The areas or topics of all bodies, each with its body."""
    found = {
        word: f"{body.short_name(language())}: {body.word(word, language())}"
        for body in bodies
        for word in body.ids(kind)
    }
    return [("", _("none")), *found.items()]
