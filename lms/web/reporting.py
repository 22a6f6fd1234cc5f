"""Reports: who is certified, whose certificate expires, who is in progress; on the page and as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, render_template, request, stream_with_context, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission, Viewer, allows
from lms.catalog.facts import title_of
from lms.catalog.versions import current_versions
from lms.certification.validity import last_day_of
from lms.clock import local_day, utc_now
from lms.database import db
from lms.errors import N_, NotFound
from lms.people.models import Agency
from lms.reporting.at_a_glance import figures_at_a_glance
from lms.reporting.choices import county_choices
from lms.reporting.exports import Cell, csv_chunks
from lms.reporting.inquiry import Filters, Inquiry, inquire
from lms.reporting.measures import Row, load_overview, stream_rows
from lms.reporting.people_lists import (
    Key,
    PeopleList,
    PersonLine,
    list_expiring,
    list_in_progress,
    load_page,
    stream_people,
)
from lms.web.agency_choices import discipline_choices, filter_choices
from lms.web.forms.reporting import ReportFilters
from lms.web.guards import fresh, language, needs, settings, viewer
from lms.web.home import HomeSection, home_section
from lms.web.words import discipline_name

blueprint = Blueprint("reporting", __name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
MOST_ID = 2**63 - 1
FILTER_NAMES = ("agency", "discipline", "county", "course")


@home_section
def figures_at_home(person: Viewer) -> HomeSection | None:
    """On the home page: the figures of the viewer's agencies that ask for something, and the ways to mend them."""
    if not allows(person, Permission.SEE_REPORTS):
        return None
    now, zone = utc_now(), settings().time_zone
    total = figures_at_a_glance(inquire(person, Filters(), now, local_day(now, zone), zone))
    if total is None:
        return None
    values = {"total": total, "as_of": now, "may_import": allows(person, Permission.MANAGE_PEOPLE)}
    return HomeSection("reporting/_home.html", values, order=8)


@blueprint.get("/reports")
@needs(Permission.SEE_REPORTS)
def show_overview() -> str:
    """The figures of the viewer's agencies, by agency and discipline, with their totals."""
    inquiry = asked()
    after = whole_number("after")
    overview = load_overview(inquiry, after_agency_id=after)
    following = overview.next_agency_id
    return render_template(
        "reporting/overview.html",
        inquiry=inquiry,
        overview=overview,
        form=filter_form(inquiry),
        chosen=kept(),
        next_href=url_for(".show_overview", after=following, **kept()) if following else None,
        first_href=url_for(".show_overview", **kept()) if after else None,
    )


@blueprint.get("/reports/expiring")
@needs(Permission.SEE_REPORTS)
def show_expiring() -> str:
    """Whose certificate expires within 60 days, the next one first."""
    inquiry = asked()
    return people_page("reporting/expiring.html", "show_expiring", inquiry, list_expiring(inquiry))


@blueprint.get("/reports/in-progress")
@needs(Permission.SEE_REPORTS)
def show_in_progress() -> str:
    """Who is enrolled and has not completed, whoever has rested longest first."""
    inquiry = asked()
    return people_page("reporting/in_progress.html", "show_in_progress", inquiry, list_in_progress(inquiry))


@blueprint.get("/reports/certified.csv")
@needs(Permission.SEE_REPORTS)
def export_overview() -> Response:
    """The table of the overview, every agency, with the same totals."""
    inquiry = asked()
    head = [_("Agency"), _("Discipline"), _("People"), _("Certified"), _("Certified, percent")]
    head += [_("Expiring within 60 days"), _("In progress"), _("Idle for 30 days or more"), _("Overdue")]
    head += [_("As of")]
    return csv_response("certified", inquiry, head, (row_cells(row, inquiry) for row in stream_rows(inquiry)))


@blueprint.get("/reports/expiring.csv")
@needs(Permission.SEE_REPORTS)
@fresh
def export_expiring() -> Response:
    """Everybody whose certificate expires within 60 days."""
    inquiry = asked()
    head = [_("Name"), _("Agency"), _("Discipline"), _("Course"), _("Valid through"), _("As of")]
    zone = settings().time_zone
    lines = stream_people(list_expiring(inquiry))
    cells = people_cells(inquiry, lines, lambda line: last_day_of(line.at, zone).isoformat())
    return csv_response("expiring", inquiry, head, cells)


@blueprint.get("/reports/in-progress.csv")
@needs(Permission.SEE_REPORTS)
@fresh
def export_in_progress() -> Response:
    """Everybody who is enrolled and has not completed."""
    inquiry = asked()
    head = [_("Name"), _("Agency"), _("Discipline"), _("Course"), _("Last active at"), _("As of")]
    lines = stream_people(list_in_progress(inquiry))
    return csv_response(
        "in-progress", inquiry, head, people_cells(inquiry, lines, lambda line: line.at.isoformat(timespec="seconds"))
    )


def asked() -> Inquiry:
    """The inquiry of this request. Raises NotFound for whatever the viewer may not ask about."""
    filters = Filters(whole_number("agency"), entry("discipline"), entry("county"), entry("course"))
    now = utc_now()
    zone = settings().time_zone
    return inquire(viewer(), filters, now, local_day(now, zone), zone)


def entry(name: str) -> str | None:
    return request.args.get(name, "").strip()[:64] or None


def whole_number(name: str) -> int | None:
    """An id of the address. Raises NotFound for what can be no id."""
    text = entry(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal()) or int(text) > MOST_ID:
        raise NotFound(N_("There is nothing here that you may see."))
    return int(text)


def kept() -> dict[str, Any]:
    """The filters of this request, for links."""
    return {name: value for name in FILTER_NAMES if (value := entry(name)) is not None}


def filter_form(inquiry: Inquiry) -> ReportFilters:
    """The filter bar, with the choices of this viewer."""
    form = ReportFilters(request.args)
    chosen = db.session.get(Agency, inquiry.filters.agency_id) if inquiry.filters.agency_id is not None else None
    form.agency.choices = filter_choices(inquiry.viewer, Permission.SEE_REPORTS, chosen)
    form.discipline.choices = discipline_choices()
    form.county.choices = [("", _("All counties")), *county_choices(inquiry.viewer)]
    courses = [(version.slug, title_of(version.facts, language())) for version in current_versions()]
    form.course.choices = [("", _("All courses")), *courses]
    return form


def course_titles() -> dict[int, str]:
    return {version.course_id: title_of(version.facts, language()) for version in current_versions()}


def people_page(template: str, endpoint: str, inquiry: Inquiry, people: PeopleList) -> str:
    """A list of people by name, one page of it."""
    lines, following = load_page(people, after=read_key())
    return render_template(
        template,
        inquiry=inquiry,
        lines=lines,
        titles=course_titles(),
        form=filter_form(inquiry),
        chosen=kept(),
        next_href=url_for(f".{endpoint}", after=written_key(following), **kept()) if following else None,
        first_href=url_for(f".{endpoint}", **kept()) if entry("after") else None,
    )


def written_key(key: Key) -> str:
    return f"{(key[0] - EPOCH) // MICROSECOND}-{key[1]}"


def read_key() -> Key | None:
    """Where the page before ended. Raises NotFound for a key that no page gave."""
    text = entry("after")
    if text is None:
        return None
    at, _dash, number = text.partition("-")
    if not (at.isdecimal() and number.isdecimal()) or len(at) > 17 or int(number) > MOST_ID:
        raise NotFound(N_("There is nothing here that you may see."))
    return EPOCH + int(at) * MICROSECOND, int(number)


def row_cells(row: Row, inquiry: Inquiry) -> list[Cell]:
    figures = row.figures
    return [
        row.agency_name if row.agency_name is not None else _("All agencies"),
        discipline_name(row.discipline) if row.discipline is not None else _("All disciplines"),
        figures.people,
        figures.certified,
        figures.share_percent,
        figures.expiring,
        figures.in_progress,
        figures.idle,
        figures.overdue,
        inquiry.as_of.isoformat(timespec="seconds"),
    ]


def people_cells(
    inquiry: Inquiry, lines: Iterable[PersonLine], when: Callable[[PersonLine], str]
) -> Iterator[list[Cell]]:
    titles = course_titles()
    as_of = inquiry.as_of.isoformat(timespec="seconds")
    for line in lines:
        title = titles.get(line.course_id, _("A course that is no longer offered"))
        yield [line.name, line.agency_name, discipline_name(line.discipline), title, when(line), as_of]


def csv_response(name: str, inquiry: Inquiry, head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Response:
    """The file, sent while it is read, so that a million rows need no more memory than a hundred."""
    response = Response(stream_with_context(csv_chunks(head, rows)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{inquiry.day.isoformat()}.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response
