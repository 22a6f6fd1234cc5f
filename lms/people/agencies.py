"""Agencies as a tree: add, rename, move with all below, archive and bring back. Never deleted: records hang on them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy import String, func, literal, select, update

from lms.clock import utc_now
from lms.counties import counties
from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.people.agency_history import keep_arrival, keep_former, keep_return
from lms.people.agency_numbers import free_numbers, take_numbers_again
from lms.people.audit import note
from lms.people.models import AGENCY_KINDS, Agency
from lms.people.names import checked_name, fold

LONGEST_CODE = 64
LONGEST_ORI = 16
LONGEST_PATH = 255
SLIP = timedelta(days=1)
"""Brought back within this time, an agency was archived by mistake: nobody gains new days by it."""


def get_agency(agency_id: int) -> Agency:
    """The agency. Raises NotFound."""
    agency = db.session.get(Agency, agency_id)
    if agency is None:
        raise NotFound(N_("There is nothing here that you may see."))
    return agency


def create_agency(
    *,
    name: str,
    kind: str,
    parent_id: int | None,
    county_fips: str | None = None,
    code: str | None = None,
    ori: str | None = None,
    actor_id: int | None,
) -> Agency:
    """A new agency below `parent_id`, or at the top. The caller commits. Raises Invalid, Conflict."""
    lock_tree()
    parent = get_agency(parent_id) if parent_id is not None else None
    if parent is not None and parent.archived_at is not None:
        raise Conflict(N_("The agency above is archived. Bring it back first."))
    name = _checked_name(name)
    _refuse_twin(name, parent_id)
    agency = Agency(
        name=name,
        kind=_checked_kind(kind),
        parent_id=parent_id,
        county_fips=_checked_county(county_fips),
        code=_free_code(code),
        ori=_checked_ori(ori),
        path="",
        created_at=utc_now(),
    )
    db.session.add(agency)
    db.session.flush()
    agency.path = f"{parent.path if parent else '/'}{agency.id}/"
    if len(agency.path) > LONGEST_PATH:
        raise Invalid(N_("Agencies cannot be nested so deeply."), "parent_id")
    note("agency.added", "agency", agency.id, actor_id=actor_id, agency_id=agency.id, name=name, parent_id=parent_id)
    return agency


def change_agency(
    agency_id: int,
    *,
    name: str,
    kind: str,
    county_fips: str | None,
    code: str | None,
    ori: str | None = None,
    actor_id: int | None,
) -> Agency:
    """Rename an agency or correct what is known of it; what it was before stays in the audit. The caller commits."""
    agency = get_agency(agency_id)
    name = _checked_name(name)
    if fold(name) != fold(agency.name):
        _refuse_twin(name, agency.parent_id, but=agency.id)
    wanted: dict[str, Any] = {
        "name": name,
        "kind": _checked_kind(kind),
        "county_fips": _checked_county(county_fips),
        "code": _free_code(code, but=agency.id),
        "ori": _checked_ori(ori),
    }
    changes = {key: [getattr(agency, key), value] for key, value in wanted.items() if getattr(agency, key) != value}
    if "name" in changes:
        keep_former(agency)
    for key, (_, value) in changes.items():
        setattr(agency, key, value)
    if changes:
        note("agency.changed", "agency", agency.id, actor_id=actor_id, agency_id=agency.id, changes=changes)
    return agency


def move_agency(agency_id: int, parent_id: int | None, *, day: date, actor_id: int | None) -> Agency:
    """Put an agency, with all below it, under another from `day` on, from which what is assigned from there counts for
    its people. The caller commits. Raises Invalid where that makes a loop."""
    lock_tree()
    agency = get_agency(agency_id)
    parent = get_agency(parent_id) if parent_id is not None else None
    if parent is not None and parent.path.startswith(agency.path):
        raise Invalid(N_("An agency cannot be put below itself."), "parent_id")
    if parent is not None and parent.archived_at is not None:
        raise Conflict(N_("The agency above is archived. Bring it back first."))
    if agency.parent_id == parent_id:
        return agency
    _refuse_twin(agency.name, parent_id, but=agency.id)
    old_path, old_parent = agency.path, agency.parent_id
    new_path = f"{parent.path if parent else '/'}{agency.id}/"
    longest = db.session.scalar(select(func.max(func.length(Agency.path))).where(Agency.path.like(f"{old_path}%")))
    if (longest or 0) - len(old_path) + len(new_path) > LONGEST_PATH:
        raise Invalid(N_("Agencies cannot be nested so deeply."), "parent_id")
    keep_former(agency)
    agency.parent_id = parent_id
    db.session.flush()
    db.session.execute(
        update(Agency)
        .where(Agency.path.like(f"{old_path}%"))
        .values(path=literal(new_path, String()) + func.substr(Agency.path, len(old_path) + 1, type_=String()))
    )
    db.session.refresh(agency)
    keep_arrival(agency, old_path, day)
    note("agency.moved", "agency", agency.id, actor_id=actor_id, agency_id=agency.id, parents=[old_parent, parent_id])
    return agency


def archive_agency(agency_id: int, *, actor_id: int | None) -> Agency:
    """Take an agency out of every choice; people and records keep their place in it. The caller commits.

    Raises Conflict while agencies below it are in use.
    """
    lock_tree()
    agency = get_agency(agency_id)
    if agency.archived_at is not None:
        raise Overtaken(N_("This agency is archived already."))
    below = db.session.scalar(
        select(func.count()).where(
            Agency.path.like(f"{agency.path}%"), Agency.id != agency.id, Agency.archived_at.is_(None)
        )
    )
    if below:
        raise Conflict(N_("Agencies below this one are still in use (%(n)s). Archive or move them first."), n=below)
    agency.archived_at = utc_now()
    free_numbers(agency.id)
    note("agency.archived", "agency", agency.id, actor_id=actor_id, agency_id=agency.id)
    return agency


def restore_agency(agency_id: int, *, day: date, actor_id: int | None) -> Agency:
    """Bring an archived agency back. What is assigned counts for its people from `day` on; within a day of the
    archiving that was a slip, and all is as it was. The caller commits. Raises Conflict while the one above is
    archived."""
    lock_tree()
    agency = get_agency(agency_id)
    if agency.archived_at is None:
        raise Overtaken(N_("This agency is in use already."))
    if agency.parent_id is not None and get_agency(agency.parent_id).archived_at is not None:
        raise Conflict(N_("The agency above is archived. Bring it back first."))
    take_numbers_again(agency.id)
    if utc_now() - agency.archived_at >= SLIP:
        keep_return(agency, day)
    agency.archived_at = None
    note("agency.restored", "agency", agency.id, actor_id=actor_id, agency_id=agency.id)
    return agency


def lock_tree() -> None:
    """Let only one transaction at a time change the shape of the tree (PostgreSQL; SQLite has one writer anyway).

    Two moves at once could otherwise make a loop, or leave a new agency with the path its parent had before.
    """
    db.session.execute(select(Agency.id).where(Agency.parent_id.is_(None)).order_by(Agency.id).with_for_update())


def _checked_name(name: str) -> str:
    name = checked_name(name)
    if not name:
        raise Invalid(N_("Give the agency a name."), "name")
    return name


def _checked_kind(kind: str) -> str:
    if kind not in AGENCY_KINDS:
        raise Invalid(N_("Choose what kind of agency it is."), "kind")
    return kind


def _checked_county(fips: str | None) -> str | None:
    if fips and fips not in counties():
        raise Invalid(N_("Choose a county from the list."), "county_fips")
    return fips or None


def _free_code(code: str | None, but: int | None = None) -> str | None:
    code = (code or "").strip() or None
    if code and len(code) > LONGEST_CODE:
        raise Invalid(N_("This code is too long: at most %(most)s characters fit."), "code", most=LONGEST_CODE)
    if code and db.session.scalar(select(Agency.id).where(Agency.code == code, Agency.id != (but or 0))):
        raise Invalid(N_("Another agency has this code."), "code")
    return code


def _checked_ori(ori: str | None) -> str | None:
    ori = (ori or "").strip().upper() or None
    if ori and len(ori) > LONGEST_ORI:
        raise Invalid(N_("This ORI is too long: at most %(most)s characters fit."), "ori", most=LONGEST_ORI)
    return ori


def _refuse_twin(name: str, parent_id: int | None, but: int | None = None) -> None:
    """Two agencies of one name side by side could not be told apart in any list."""
    beside = select(Agency.name).where(Agency.parent_id == parent_id, Agency.id != (but or 0))
    if any(fold(one) == fold(name) for one in db.session.scalars(beside)):
        raise Invalid(N_("There is an agency of this name here already."), "name")
