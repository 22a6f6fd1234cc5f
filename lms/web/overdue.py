"""Who is overdue: the list behind the figure of the report, and the same as a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.certification.certifying import current_rules
from lms.errors import N_, NotFound
from lms.reporting.exports import Cell
from lms.reporting.inquiry import Inquiry
from lms.reporting.overdue import Key, OverdueLine, count_overdue, load_overdue, stream_overdue
from lms.web.guards import fresh, language, needs
from lms.web.reporting import MOST_ID, asked, course_titles, csv_response, entry, filter_form, kept
from lms.web.words import discipline_name

blueprint = Blueprint("overdue", __name__)


@blueprint.get("/reports/overdue")
@needs(Permission.SEE_REPORTS)
def show_overdue() -> str:
    """Whose assigned training is overdue, what has been overdue longest first."""
    inquiry = asked()
    lines, following = load_overdue(inquiry, after=read_key())
    after = f"{following[0].isoformat()}.{following[1]}.{following[2]}" if following else None
    return render_template(
        "reporting/overdue.html",
        inquiry=inquiry,
        lines=lines,
        counts=count_overdue(inquiry),
        title_of=title_reader(),
        form=filter_form(inquiry),
        chosen=kept(),
        next_href=url_for(".show_overdue", after=after, **kept()) if after else None,
        first_href=url_for(".show_overdue", **kept()) if entry("after") else None,
    )


@blueprint.get("/reports/overdue.csv")
@needs(Permission.SEE_REPORTS)
@fresh
def export_overdue() -> Response:
    """Everybody whose assigned training is overdue."""
    inquiry = asked()
    head = [_("Name"), _("Agency"), _("Discipline"), _("Assigned"), _("Due"), _("Overdue since"), _("As of")]
    return csv_response("overdue", inquiry, head, cells_of(inquiry))


def cells_of(inquiry: Inquiry) -> Iterator[list[Cell]]:
    title_of, as_of = title_reader(), inquiry.as_of.isoformat(timespec="seconds")
    for line in stream_overdue(inquiry):
        days = [line.due_on.isoformat(), line.overdue_since.isoformat()]
        yield [line.name, line.agency_name, discipline_name(line.discipline), title_of(line), *days, as_of]


def title_reader() -> Callable[[OverdueLine], str]:
    """What a line is about, in the language of this request; two queries for all lines."""
    courses = course_titles()
    rules = {one.certification_id: one.title(language()) for one in current_rules()}

    def title_of(line: OverdueLine) -> str:
        found = courses.get(line.course_id or 0) or rules.get(line.certification_id or 0)
        return found or _("A course that is no longer offered")

    return title_of


def read_key() -> Key | None:
    """Where the page before ended. Raises NotFound for a key that no page gave."""
    text = entry("after")
    if text is None:
        return None
    day, *numbers = text.split(".")
    if len(numbers) != 2 or not all(one.isascii() and one.isdecimal() and int(one) <= MOST_ID for one in numbers):
        raise NotFound(N_("There is nothing here that you may see."))
    try:
        return date.fromisoformat(day), int(numbers[0]), int(numbers[1])
    except ValueError:
        raise NotFound(N_("There is nothing here that you may see.")) from None
