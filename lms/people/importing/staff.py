"""Employers, and what their lists say of people: staff ids, and e-mails that belong to nobody's account here."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import select

from lms.database import db
from lms.people.importing.entries import AgencyBook, agency_key
from lms.people.models import Agency


@dataclass(frozen=True, slots=True)
class Subtree:
    """An agency with all below it: those that rows may name, and the employer of each."""

    path: str
    ids: frozenset[int]
    employers: Mapping[int, int]
    book: AgencyBook

    @property
    def employer_ids(self) -> frozenset[int]:
        return frozenset(self.employers.values())


def load_subtree(agency_id: int) -> Subtree:
    """Two queries. Archived agencies take nobody."""
    top = db.session.get_one(Agency, agency_id)
    rows = list(
        db.session.execute(
            select(Agency.id, Agency.path, Agency.name, Agency.code, Agency.ori, Agency.kind)
            .where(Agency.path.like(f"{top.path}%"), Agency.archived_at.is_(None))
            .order_by(Agency.path)
        )
    )
    above = [int(part) for part in top.path.strip("/").split("/")]
    kinds = {row[0]: row[1] for row in db.session.execute(select(Agency.id, Agency.kind).where(Agency.id.in_(above)))}
    kinds |= {row.id: row.kind for row in rows}
    employers = {row.id: employer_on(row.path, kinds) for row in rows}
    names = {row.id: row.name for row in rows}
    return Subtree(top.path, frozenset(names), employers, AgencyBook(_keys(rows), names))


def employer_on(path: str, kinds: Mapping[int, str]) -> int:
    """Whose staff ids hold at an agency: the highest above it that is no state; a state's own are its own."""
    line = [int(part) for part in path.strip("/").split("/")]
    return next((one for one in line if kinds.get(one) != "state"), line[-1])


def _keys(rows: Collection[tuple[int, str, str, str | None, str | None, str]]) -> dict[str, int | None]:
    """What agencies are called, names first, so that a code wins, and `#` with their id; None where two share it."""
    found: dict[str, int | None] = {}
    for number, _path, name, _code, _ori, _kind in rows:
        key = agency_key(name)
        found[key] = number if key not in found else None
    found.update({f"#{row[0]}": row[0] for row in rows})
    for column in (4, 3):
        for row in rows:
            if row[column]:
                found[agency_key(str(row[column]))] = row[0]
    return found
