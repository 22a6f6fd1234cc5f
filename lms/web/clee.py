"""Missouri's continuing law enforcement education: one's own year, and the roster that an agency sends to POST."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from flask import Blueprint, render_template, request, stream_with_context, url_for
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.certification.credit_bodies import Body, Rule, find_year_rule, load_bodies
from lms.certification.yearly import load_year
from lms.clock import utc_now
from lms.errors import N_, NotFound
from lms.people.audit import note
from lms.reporting.exports import Cell, csv_chunks
from lms.reporting.roster import COLUMNS, Roster, column_head, roster_rows
from lms.web.forms.reporting import RosterFilters
from lms.web.guards import act, fresh, needs, signed_in, today, viewer

blueprint = Blueprint("clee", __name__)

BODY = "missouri-post"
FIRST_YEAR = 2000


@blueprint.get("/transcript/clee")
@signed_in
def show_year() -> str:
    """One's calendar year: hours by core area, what is missing, and how long is left."""
    person, day = viewer(), today()
    year = asked_year(day)
    rule, body = rule_and_body(date(year, 12, 31))
    return render_template(
        "credit/year.html",
        rule=rule,
        body=body,
        hours=load_year(person.id, rule, body, year, now=utc_now(), today=day),
        this_year=day.year,
    )


def asked_year(day: date) -> int:
    """The year of the address, else this one. Raises NotFound for what is no year of a transcript."""
    text = request.args.get("year", "").strip() or str(day.year)
    if not (text.isascii() and text.isdecimal()) or not FIRST_YEAR <= int(text[:5]) <= day.year:
        raise NotFound(N_("There is nothing here that you may see."))
    return int(text)


def rule_and_body(day: date) -> tuple[Rule, Body]:
    """The rule that counts a year, and its body. Raises NotFound where their files were not published."""
    rule, body = find_year_rule(BODY, day), load_bodies([BODY]).get(BODY)
    if rule is None or body is None:
        raise NotFound(N_("The rule of this year is not on file here."))
    return rule, body


@blueprint.get("/reports/clee")
@needs(Permission.SEE_REPORTS)
def choose_roster() -> str:
    """Choose the days and columns of the roster for POST."""
    body = posts_body()
    return roster_page(roster_form(body))


def roster_page(form: RosterFilters) -> str:
    return render_template("credit/roster.html", form=form, file_address=url_for(".export_roster"))


@blueprint.get("/reports/clee.csv")
@needs(Permission.SEE_REPORTS)
@fresh
def export_roster() -> Response | tuple[str, int]:
    """The roster for POST: who completed what, with hours by core area, in the viewer's agencies."""
    person, body = viewer(), posts_body()
    form = roster_form(body)
    if not form.validate():  # better none than one of other days: it goes to a board
        return roster_page(form), 422
    since, until = form.since.data, form.until.data
    chosen = [name for name in COLUMNS if name in form.columns.data]
    roster = Roster(person, body, since, until)
    heads = [head for name in chosen for head in column_head(name, body)]
    # It holds whole license numbers: that somebody took them along is noted.
    act(lambda: note("roster.exported", "credit-body", body.id, actor_id=person.id, since=str(since), until=str(until)))
    response = Response(stream_with_context(csv_chunks(heads, cells(roster, chosen))), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="clee-{since}-{until}.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def posts_body() -> Body:
    """Raises NotFound where the body's file was not published."""
    body = load_bodies([BODY]).get(BODY)
    if body is None:
        raise NotFound(N_("The rule of this year is not on file here."))
    return body


def roster_form(body: Body) -> RosterFilters:
    """What is asked for; where nothing is, this year with all columns. What is asked for and cannot be read stays as it
    is: a roster of other days or columns than those that somebody meant holds license numbers that nobody asked for."""
    form = RosterFilters(request.args)
    form.columns.choices = [(name, ", ".join(column_head(name, body))) for name in COLUMNS]
    if not request.args.get("since"):
        form.since.data = date(today().year, 1, 1)
    if not request.args.get("until"):
        form.until.data = today()
    if not request.args:
        form.columns.data = list(COLUMNS)
    return form


def cells(roster: Roster, chosen: list[str]) -> Iterator[list[Cell]]:
    for row in roster_rows(roster):
        yield [cell for name in chosen for cell in row[name]]
