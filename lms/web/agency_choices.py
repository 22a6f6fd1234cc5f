"""Agencies to choose from in a form or filter: those in scope, as a tree; names of their kinds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _
from sqlalchemy import case, func, or_, select

from lms.access import Permission, Viewer, require_over, scope, within
from lms.courseware.course import DISCIPLINES
from lms.database import db
from lms.errors import N_, NotFound
from lms.people.models import Agency
from lms.people.names import fold
from lms.web.words import discipline_name

MOST_CHOICES = 300
"""A longer list cannot be read; then only the top and what lies around the agencies in question is offered."""

KINDS = {
    "state": N_("State"),
    "district": N_("School district"),
    "school": N_("School"),
    "hospital": N_("Hospital"),
    "clinic": N_("Clinic"),
    "police": N_("Police department"),
    "sheriff": N_("Sheriff's office"),
    "advocacy": N_("Advocacy organization"),
    "other": N_("Other"),
}


@dataclass(frozen=True, slots=True)
class Branch:
    """An agency in a tree that is shown: `depth` counts from the top of what is shown."""

    id: int
    name: str
    kind: str
    path: str
    depth: int
    is_archived: bool


def kind_name(kind: str) -> str:
    return str(_(KINDS[kind])) if kind in KINDS else kind


def find_agency(viewer: Viewer, permission: Permission, agency_id: int | None) -> Agency:
    """The agency, in scope. Raises NotFound for one that is not there and for one that is another's alike."""
    agency = db.session.get(Agency, agency_id) if agency_id else None
    if agency is None:
        raise NotFound(N_("There is nothing here that you may see."))
    require_over(viewer, permission, agency.path)
    return agency


def as_tree(agencies: Sequence[Agency]) -> list[Branch]:
    """In the order of a tree, brothers by name; agencies whose parent is not among them stand at the top."""
    known = {agency.id: agency for agency in agencies}
    below: dict[int | None, list[Agency]] = {}
    for agency in sorted(agencies, key=lambda one: (fold(one.name), one.id)):
        below.setdefault(agency.parent_id if agency.parent_id in known else None, []).append(agency)
    branches: list[Branch] = []
    waiting = [(agency, 0) for agency in reversed(below.get(None, []))]
    while waiting:
        agency, depth = waiting.pop()
        branches.append(Branch(agency.id, agency.name, agency.kind, agency.path, depth, agency.archived_at is not None))
        waiting += [(one, depth + 1) for one in reversed(below.get(agency.id, []))]
    return branches


def agency_choices(viewer: Viewer, permission: Permission, *near: Agency | None) -> list[tuple[int, str]]:
    """Id and indented name of the agencies in use and in scope. Two queries at most.

    Of too many: those at the top of the scope, and of each agency in `near` it, those above, below and beside them.
    """
    in_scope = select(Agency).where(within(viewer, permission), Agency.archived_at.is_(None))
    agencies = list(db.session.scalars(in_scope.order_by(Agency.path).limit(MOST_CHOICES + 1)))
    if len(agencies) > MOST_CHOICES:
        paths = scope(viewer, permission)
        line = {int(part) for agency in near if agency is not None for part in agency.path.strip("/").split("/")}
        first = or_(Agency.parent_id.is_(None) if paths is None else Agency.path.in_(paths), Agency.id.in_(line))
        around = in_scope.where(or_(first, Agency.parent_id.in_(line)))
        nearest = around.order_by(case((first, 0), else_=1), func.length(Agency.path).desc(), Agency.id)
        agencies = list(db.session.scalars(nearest.limit(MOST_CHOICES)))
    return [(branch.id, "\u2003" * branch.depth + branch.name) for branch in as_tree(agencies)]


def choices_to_make(choices: list[Any]) -> list[Any]:
    """With "Choose" before them, where there is more than one: nothing weighty is chosen by itself."""
    return choices if len(choices) <= 1 else [("", _("Choose")), *choices]


def filter_choices(viewer: Viewer, permission: Permission, chosen: Agency | None = None) -> list[tuple[str, str]]:
    """The same for every filter bar, with all of them first."""
    agencies = agency_choices(viewer, permission, chosen)
    return [("", _("All agencies")), *((str(number), name) for number, name in agencies)]


def discipline_choices() -> list[tuple[str, str]]:
    """Disciplines for a filter bar, with all of them first."""
    return [("", _("All disciplines")), *((code, discipline_name(code)) for code in DISCIPLINES)]


def number_of(text: str) -> int | None:
    """An id out of a text; None where it is none that a row could have."""
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 19 else None


def number_in(name: str) -> int | None:
    """An id out of the query; None where there is none that a row could have."""
    return number_of(request.args.get(name, ""))
