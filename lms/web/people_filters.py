"""The filter bar of the staff list: what can be asked for, in words, and whom an address means."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from flask import request, url_for
from flask_babel import gettext as _

from lms.access import Permission, Viewer, scope
from lms.catalog.facts import title_of
from lms.catalog.versions import current_versions
from lms.certification.assignments import HELD, OVERDUE, WAIVED
from lms.certification.certifying import current_rules
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_
from lms.people.finding import STATUSES, UNINVITED, UNPLACED
from lms.people.models import ROLES, Agency
from lms.people.roster import BY_LAST_NAME, BY_NAME
from lms.reporting.staff_choices import STANDINGS, Choice
from lms.reporting.staff_standings import CERTIFIED, COMPLETED, ELSEWHERE, IN_PROGRESS, NOT_BEGUN, Standing
from lms.web.agency_choices import discipline_choices, filter_choices, find_agency, number_of
from lms.web.forms.people import RosterFilters
from lms.web.guards import language, settings
from lms.web.language import format_day
from lms.web.navigation import page_url

NAMES = ("q", "agency", "discipline", "status", "role", "course", "standing")
"""What an address of the list may say, but for a license's number: a search by that is noted."""

OF_CERTIFICATION = "certification:"
"""What the filter's value of a certification begins with; that of a course is its slug."""

STATUS_NAMES = {
    "current": N_("People who work here now"),
    OVERDUE: N_("People with overdue training"),
    "past": N_("People who have left"),
    "disabled": N_("Accounts that are switched off"),
    "never-seen": N_("People who have never signed in"),
    UNINVITED: N_("People not invited yet"),
    UNPLACED: N_("People without an agency"),
}
CHANGES = {
    "end": N_("End their places"),
    "move": N_("Move them to another agency"),
    "enroll": N_("Enroll them in a course"),
    "invite": N_("Invite them by mail"),
    "disable": N_("Switch their accounts off"),
}
"""What can be done to many at once (`lms.web.staff`)."""
STANDING_NAMES = {
    "holds": N_("Certified in it"),
    "lacks": N_("Not certified in it"),
    "expiring": N_("Certificate of it ends within 60 days"),
}
ROLE_NAMES = {
    "state-administrator": N_("State administrator"),
    "agency-administrator": N_("Agency administrator"),
    "author": N_("Author of courses"),
    "coordinator": N_("Coordinator of teams"),
}


ROW_TAGS = {
    CERTIFIED: (N_("Certified"), "ok"),
    HELD: (N_("Held"), "ok"),
    ELSEWHERE: (N_("Has it from elsewhere"), "ok"),
    COMPLETED: (N_("Completed"), "ok"),
    WAIVED: (N_("Waived"), ""),
    OVERDUE: (N_("Overdue"), "error"),
    IN_PROGRESS: (N_("In progress"), "info"),
    NOT_BEGUN: (N_("Not begun"), ""),
}
"""How a person stands with what the list is about, with the kind of the tag."""


def standing_words(one: Standing) -> list[str]:
    """What is said beside the tag: until when, due when, begun, what has ended."""
    said = [(one.until, _("through %(day)s")), (one.due_on, _("due on %(day)s"))]
    if one.state == OVERDUE:
        said[1] = (one.due_on, _("was due on %(day)s"))
    words = [str(text) % {"day": _short(day)} for day, text in said if day is not None]
    if one.is_begun and one.state in (OVERDUE, WAIVED):
        words.append(str(_("in progress")))
    if one.ended_on is not None:
        words.append(str(_("certificate ended on %(day)s", day=_short(one.ended_on))))
    return words


def _short(day: date) -> str:
    return format_day(day, ZoneInfo(settings().time_zone), "medium")


ORDER_NAMES = {BY_LAST_NAME: N_("Last name"), BY_NAME: N_("Name as it is written")}


def order_in(values: Mapping[str, str]) -> str:
    """What the list is in order by: the last name, as a roster, unless an address says otherwise."""
    return BY_NAME if values.get("sort") == BY_NAME else BY_LAST_NAME


def order_links(order: str) -> list[tuple[str, str | None]]:
    """The orders by name, each with a link to the first page in it; the present one without."""
    return [
        (str(_(text)), None if key == order else page_url(sort=key, after=None, before=None))
        for key, text in ORDER_NAMES.items()
    ]


def role_words(role: str) -> str:
    return str(_(ROLE_NAMES[role]))


def export_address() -> str:
    """The staff list as a file, with the filters of this page."""
    values: dict[str, Any] = {name: request.args[name] for name in NAMES if name in request.args}
    return url_for("import_files.export_staff", **values)


def statuses_for(person: Viewer) -> list[str]:
    """Those whom the list can show to somebody; people without an agency only to who sees everybody."""
    shown = ["current", OVERDUE, *STATUSES[1:]]
    return [*shown, UNPLACED] if scope(person, Permission.SEE_PEOPLE) is None else shown


def choice_in(person: Viewer, values: Mapping[str, str]) -> Choice:
    """Whom the values of a filter bar mean; what is no such value means nothing."""
    status, agency = values.get("status", ""), values.get("agency", "")
    about = values.get("course", "")
    slug = about.removeprefix(OF_CERTIFICATION)
    one_of = {
        "discipline": DISCIPLINES,
        "role": ROLES,
        "standing": STANDINGS,
        "course": tuple(one.slug for one in current_versions()) if about else (),
    }
    found = {name: values.get(name, "") if values.get(name, "") in known else None for name, known in one_of.items()}
    return Choice(
        search=values.get("q", "")[:200],
        agency_id=find_agency(person, Permission.SEE_PEOPLE, number_of(agency)).id if agency else None,
        discipline=found["discipline"],
        status=status if status in statuses_for(person) else "current",
        role=found["role"],
        course_slug=found["course"],
        certification_slug=slug if slug != about and current_rules(slug) else None,
        standing=found["standing"],
    )


def subjects() -> dict[str, str]:
    """What the list can be about, by the value of the filter: courses that are offered, certifications in use."""
    courses = {one.slug: title_of(one.facts, language()) for one in current_versions()}
    rules = {
        OF_CERTIFICATION + one.rule.slug: str(_("Certification: %(title)s", title=one.title(language())))
        for one in current_rules()
    }
    return courses | rules


def filters(person: Viewer, choice: Choice, number: str = "") -> RosterFilters:
    form = RosterFilters(
        formdata=None,
        q=choice.search,
        agency=str(choice.agency_id or ""),
        discipline=choice.discipline or "",
        status=choice.status,
        role=choice.role or "",
        course=choice.course_slug
        or (OF_CERTIFICATION + choice.certification_slug if choice.certification_slug else ""),
        standing=choice.standing or "",
        license=number,
    )
    agency = db.session.get(Agency, choice.agency_id) if choice.agency_id else None
    form.agency.choices = filter_choices(person, Permission.SEE_PEOPLE, agency)
    form.discipline.choices = discipline_choices()
    form.status.choices = [(status, _(STATUS_NAMES[status])) for status in statuses_for(person)]
    form.role.choices = [("", _("Any role or none")), *((role, role_words(role)) for role in ROLES)]
    form.course.choices = [("", _("Any course or certification")), *subjects().items()]
    form.standing.choices = [("", _("Whatever they hold")), *((key, _(text)) for key, text in STANDING_NAMES.items())]
    return form
