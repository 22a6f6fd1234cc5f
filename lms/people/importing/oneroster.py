"""The zip of OneRoster 1.1 or 1.2 as a staff list: orgs.csv, users.csv and, in 1.2, roles.csv; no database.

Columns by 1EdTech's "OneRoster CSV Format Specification". Passwords are never read; students and relatives are counted
and left out.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lms.errors import N_, Invalid
from lms.people.names import fold

HEAD = ("Given name", "Family name", "Middle name", "E-mail", "Staff id", "Agency", "Role", "Start date")
NO_STAFF = frozenset({"student", "parent", "guardian", "relative"})
GONE = frozenset({"tobedeleted", "inactive"})
STUDENT, INACTIVE, WITHOUT_ROLE = "student", "inactive", "without-role"

Row = tuple[int, list[str] | str]
Role = tuple[str, str, str]
"""Role, id of its org, and begin date."""


@dataclass(frozen=True, slots=True)
class Roster:
    version: str
    rows: Iterator[Row]
    aliases: Mapping[str, tuple[str, ...]]


def open_roster(archive: zipfile.ZipFile) -> Roster:
    """The staff in the archive. Raises Invalid where a file that must be there is not."""
    members = {name.rpartition("/")[2]: name for name in archive.namelist()}
    if "orgs.csv" not in members or "users.csv" not in members:
        raise Invalid(N_("In a OneRoster zip there must be orgs.csv and users.csv."), "file")
    orgs = {row.get("sourcedid", ""): row for _line, row in _lines(archive, members["orgs.csv"])}
    has_roles = "roles.csv" in members
    roles = _roles(archive, members["roles.csv"]) if has_roles else None
    aliases = {
        fold(row.get("name", "")): tuple(filter(None, (row.get("identifier", ""), key))) for key, row in orgs.items()
    }
    return Roster("1.2" if has_roles else "1.1", _people(archive, members["users.csv"], orgs, roles), aliases)


def _lines(archive: zipfile.ZipFile, name: str) -> Iterator[tuple[int, dict[str, str]]]:
    """Rows by the names of their columns in lower case."""
    with archive.open(name) as content:
        text = io.TextIOWrapper(content, encoding="utf-8-sig", errors="replace", newline="")
        reader = csv.reader(text)
        head = [cell.strip().lower() for cell in next(reader, [])]
        if "sourcedid" not in head:
            raise Invalid(N_("%(name)s in this zip has no column sourcedId."), "file", name=name)
        try:
            for row in reader:
                if any(row):
                    yield reader.line_num, dict(zip(head, (cell.strip() for cell in row), strict=False))
        except csv.Error as error:
            raise Invalid(N_("%(name)s in this zip cannot be read."), "file", name=name) from error


def _roles(archive: zipfile.ZipFile, name: str) -> dict[str, list[Role]]:
    """The roles of each person that are not over, those of staff only; for everybody else an empty list."""
    found: dict[str, list[Role]] = {}
    for _line, row in _lines(archive, name):
        if row.get("status", "").lower() in GONE:
            continue
        held = found.setdefault(row.get("usersourcedid", ""), [])
        if row.get("role", "").lower() not in NO_STAFF:
            held.append((row.get("role", ""), row.get("orgsourcedid", ""), row.get("begindate", "")))
    return found


def _people(
    archive: zipfile.ZipFile, name: str, orgs: Mapping[str, Mapping[str, str]], roles: Mapping[str, list[Role]] | None
) -> Iterator[Row]:
    for line, row in _lines(archive, name):
        if row.get("status", "").lower() in GONE:
            yield line, INACTIVE
            continue
        held = _roles_in(row) if roles is None else roles.get(row.get("sourcedid", ""))
        if held is None:
            yield line, WITHOUT_ROLE
        elif not held:
            yield line, STUDENT
        for role, org, begins in held or ():
            agency = orgs[org].get("name", "") if org in orgs else org
            number = row.get("identifier") or row.get("sourcedid", "")
            yield (
                line,
                [
                    row.get("givenname", ""), row.get("familyname", ""), row.get("middlename", ""),
                    row.get("email", ""), number, agency, role, begins,
                ],
            )  # fmt: skip


def _roles_in(row: Mapping[str, str]) -> list[Role] | None:
    """Of 1.1: one role at each of the orgs; empty for students and relatives."""
    role = row.get("role", "")
    if not role:
        return None
    if role.lower() in NO_STAFF:
        return []
    return [(role, org.strip(), "") for org in row.get("orgsourcedids", "").split(",") if org.strip()] or [
        (role, "", "")
    ]
