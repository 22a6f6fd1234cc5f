"""What people know before a course, after it and later, on the page and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from flask import Blueprint, render_template
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from lms.access import Permission
from lms.courseware.course import BOOSTER_DAYS
from lms.reporting.exports import Cell
from lms.reporting.inquiry import Inquiry
from lms.reporting.retention import FEWEST_PEOPLE, MANY_PEOPLE, SMALL_GROUP_STEP, load_comparisons
from lms.web.guards import needs
from lms.web.reporting import asked, course_titles, csv_response, filter_form, kept

blueprint = Blueprint("retention", __name__)


@blueprint.get("/reports/retention")
@needs(Permission.SEE_REPORTS)
def show_retention() -> str:
    """Before and after each course, and 90 and 180 days later."""
    inquiry, titles = asked(), course_titles()
    courses = groupby(load_comparisons(inquiry), key=lambda row: row.course_id)
    return render_template(
        "reporting/retention.html",
        inquiry=inquiry,
        courses=[(titles[course_id], list(lines)) for course_id, lines in courses],
        when=when,
        fewest=FEWEST_PEOPLE,
        many=MANY_PEOPLE,
        step=SMALL_GROUP_STEP,
        form=filter_form(inquiry),
        chosen=kept(),
    )


@blueprint.get("/reports/retention.csv")
@needs(Permission.SEE_REPORTS)
def export_retention() -> Response:
    """The same as a file."""
    inquiry = asked()
    head = [_("Course"), _("When"), _("People"), _("Before, percent"), _("Then, percent"), _("Change, points")]
    return csv_response("retention", inquiry, [*head, _("As of")], _cells(inquiry))


def _cells(inquiry: Inquiry) -> Iterator[list[Cell]]:
    titles, as_of = course_titles(), inquiry.as_of.isoformat(timespec="seconds")
    for row in load_comparisons(inquiry):
        few = row.before_percent is None
        people = _("fewer than %(count)s", count=FEWEST_PEOPLE) if few else row.people
        percents: list[Cell] = ["", "", ""] if few else [row.before_percent, row.then_percent, row.change]
        yield [titles[row.course_id], when(row.role), people, *percents, as_of]


def when(role: str) -> str:
    """The later time of a comparison, in words."""
    if role in BOOSTER_DAYS:
        return str(_("%(days)s days after it", days=BOOSTER_DAYS[role]))
    return str(_("After the course"))
