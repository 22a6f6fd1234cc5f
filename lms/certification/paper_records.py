"""Records from paper, many at a time: read from a pasted table or a CSV, checked line by line, entered, and undone."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select

from lms.catalog.models import Course, CourseVersion
from lms.certification import trainings
from lms.certification.issuing import hold_people
from lms.certification.training_models import ExternalTraining, TrainingEntry
from lms.certification.trainings import Claim
from lms.database import db
from lms.errors import N_, Conflict, Invalid, LmsError, NotFound, Overtaken
from lms.people import audit
from lms.people.models import User
from lms.people.names import clean_email, fold

MOST_LINES = 500
"""So many are entered at once: all of it is one transaction."""

MOST_CHARACTERS = 200_000
COLUMNS = 6
HEADS = frozenset({"name", "person", "email", "e-mail", "e-mail address", "nombre", "persona", "correo"})
"""A first cell by which a line is known for a head."""

ASKED_TOGETHER = 100
REASON = N_("Entered from paper")


@dataclass(frozen=True, slots=True)
class Line:
    """One line as it was typed."""

    number: int
    person: str
    title: str
    provider: str
    day: str
    minutes: str
    course: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What would become of a line. `outcome`: match (it is entered), ambiguous, unknown, duplicate, or faulty."""

    line: Line
    outcome: str
    problem: str = ""
    user_id: int | None = None
    name: str = ""
    claim: Claim | None = None


def read_lines(text: str) -> list[Line]:
    """The lines of a table: columns parted by tabs, semicolons or commas, with or without a head.

    Raises Invalid for none, too many, or what is no table.
    """
    text = text.lstrip("\ufeff").strip()
    if len(text) > MOST_CHARACTERS:
        raise Invalid(N_("This is too much at once. Enter it in several parts."), "lines")
    # A spreadsheet copies tabs into every line; one alone is a slip within a table of commas.
    mark = "\t" if text.count("\t") >= len(text.splitlines()) else max(",;", key=text.count)
    numbered = list(_rows(text, mark))
    if numbered and numbered[0][1][0].lower() in HEADS:
        numbered = numbered[1:]
    if not numbered:
        raise Invalid(N_("Paste at least one line, or choose a file."), "lines")
    if len(numbered) > MOST_LINES:
        raise Invalid(N_("At most %(most)s lines fit at once. Enter them in several parts."), "lines", most=MOST_LINES)
    return [Line(number, *(row + [""] * COLUMNS)[:COLUMNS]) for number, row in numbered]


def _rows(text: str, mark: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that hold something, each with the number of its (first) line.

    Strict: a quotation mark that nothing closes would take the lines below it into its cell.
    """
    reader = csv.reader(text.splitlines(), delimiter=mark, skipinitialspace=True, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            row = [cell.strip() for cell in next(reader)]
        except StopIteration:
            return
        except csv.Error:
            raise Invalid(
                N_("Line %(number)s cannot be read. Look at its quotation marks."), "lines", number=number
            ) from None
        if any(row):
            yield number, row


def check_lines(
    lines: Sequence[Line], people: Select[Any], *, actor_id: int, today: date, hold: bool = False
) -> list[Checked]:
    """What would become of each line, for the people that the viewer may enter records of.

    `hold`: until the end of the transaction nobody else enters records of the same people, so that no record is entered
    twice by two who do so at once.
    """
    found = _find_people([line.person for line in lines], people)
    courses = _courses()
    checked = [
        _check(line, found.get(_key(line.person), ()), courses, actor_id=actor_id, today=today) for line in lines
    ]
    user_ids = sorted({one.user_id for one in checked if one.user_id is not None})
    if hold:
        hold_people(user_ids)
    known = trainings.marks_of(user_ids) if user_ids else set()
    for place, one in enumerate(checked):
        if one.outcome != "match" or one.claim is None or one.user_id is None:
            continue
        mark = trainings.mark_of(one.user_id, one.claim)
        if mark in known:
            problem = N_("This record is there already.")
            checked[place] = Checked(one.line, "duplicate", problem, one.user_id, one.name)
        known.add(mark)
    return checked


def enter(checked: Sequence[Checked], *, actor_id: int, now: datetime) -> tuple[TrainingEntry, list[int]]:
    """Enter the lines that match, approved by whoever enters them; the entry, and whose records there are.

    The caller commits. Raises Conflict where none matches.
    """
    good = [one for one in checked if one.outcome == "match"]
    if not good:
        raise Conflict(N_("None of these lines can be entered."))
    entry = TrainingEntry(
        entered_by_id=actor_id, entered_at=now, records=len(good), undo_until=now + timedelta(days=trainings.UNDO_DAYS)
    )
    db.session.add(entry)
    db.session.flush()
    for one in good:
        assert one.user_id is not None
        assert one.claim is not None
        trainings.add(
            one.user_id, one.claim, entered_by_id=actor_id, now=now, state="approved", entry_id=entry.id,
            decided_at=now, decided_by_id=actor_id, decided_reason=REASON,
        )  # fmt: skip
    audit.note("training-entry.made", "training-entry", entry.id, actor_id=actor_id, records=len(good))
    return entry, sorted({one.user_id for one in good if one.user_id is not None})


def records_of(entry_id: int, *, only_approved: bool = False) -> list[tuple[ExternalTraining, str]]:
    """The records of an entry with the names of their people."""
    query = (
        select(ExternalTraining, User.name)
        .join(User, User.id == ExternalTraining.user_id)
        .where(ExternalTraining.entry_id == entry_id)
        .order_by(ExternalTraining.id)
    )
    if only_approved:
        query = query.where(ExternalTraining.state == "approved")
    return [(training, name) for training, name in db.session.execute(query)]


def undo_entry(entry: TrainingEntry, reason: str, *, actor_id: int, now: datetime) -> None:
    """Take back every record of an entry that still counts. The caller commits, and takes back what was issued from
    them. Raises Invalid without a reason, Conflict where it is too late or was undone."""
    reason = reason.strip()
    if not reason:
        raise Invalid(N_("Say why."), "reason")
    db.session.refresh(entry, with_for_update=True)
    if entry.undone_at is not None:
        raise Overtaken(N_("This entry was undone already."))
    if now >= entry.undo_until:
        raise Conflict(N_("An entry can be undone for 7 days."))
    records = [training for training, _name in records_of(entry.id, only_approved=True)]
    hold_people({training.user_id for training in records})
    for training in records:
        trainings.take_back(training, reason, actor_id=actor_id, now=now)
    entry.undone_at, entry.undone_by_id, entry.undone_reason = now, actor_id, reason
    audit.note("training-entry.undone", "training-entry", entry.id, actor_id=actor_id, reason=reason)


def find_entry(entry_id: int, actor_id: int) -> TrainingEntry:
    """An entry of the person who made it. Raises NotFound for anybody else's."""
    entry = db.session.get(TrainingEntry, entry_id)
    if entry is None or entry.entered_by_id != actor_id:
        raise NotFound(N_("There is nothing here that you may see."))
    return entry


def entries_of(actor_id: int) -> list[TrainingEntry]:
    """What somebody entered, the newest first."""
    return list(
        db.session.scalars(
            select(TrainingEntry)
            .where(TrainingEntry.entered_by_id == actor_id)
            .order_by(TrainingEntry.id.desc())
            .limit(50)
        )
    )


def _check(
    line: Line, people: Sequence[tuple[int, str]], courses: Mapping[str, int], *, actor_id: int, today: date
) -> Checked:
    if not (line.title or line.provider or line.day):
        return Checked(line, "faulty", N_("Only one column was found. Part the columns of every line in the same way."))
    if not people:
        return Checked(line, "unknown", N_("Nobody by this name or address works in your agencies today."))
    if len(people) > 1:
        return Checked(line, "ambiguous", N_("Several people have this name. Use the e-mail address."))
    user_id, name = people[0]
    if user_id == actor_id:
        return Checked(line, "faulty", N_("Somebody else has to enter your own training."), user_id, name)
    day, minutes = _day(line.day), _minutes(line.minutes)
    course_id = courses.get(line.course.lower()) if line.course else None
    if day is None:
        return Checked(line, "faulty", N_("Write the day as 2026-03-14 or 3/14/2026."), user_id, name)
    if line.course and course_id is None:
        return Checked(line, "faulty", N_("There is no such course."), user_id, name)
    try:
        claim = trainings.checked(Claim(line.title, line.provider, day, minutes, course_id), today)
    except LmsError as error:
        return Checked(line, "faulty", error.message, user_id, name)
    return Checked(line, "match", "", user_id, name, claim)


def _find_people(typed: Sequence[str], people: Select[Any]) -> dict[str, list[tuple[int, str]]]:
    """For each text the people that it names: by address, or by the whole name, whatever its accents and capitals."""
    keys = sorted({_key(text) for text in typed if text})
    found: dict[str, list[tuple[int, str]]] = {}
    for start in range(0, len(keys), ASKED_TOGETHER):
        some = keys[start : start + ASKED_TOGETHER]
        names = [key for key in some if "@" not in key]
        wanted: list[ColumnElement[bool]] = [User.email.in_([key for key in some if "@" in key])]
        wanted += [User.search_text.startswith(name, autoescape=True) for name in names]
        rows = db.session.execute(
            select(User.id, User.name, User.email).where(or_(*wanted), User.id.in_(people), User.disabled_at.is_(None))
        )
        for user_id, name, email in rows:
            for key in {fold(name), clean_email(email or "")}:
                found.setdefault(key, []).append((user_id, name))
    return found


def _key(text: str) -> str:
    return clean_email(text) if "@" in text else fold(text)


def _courses() -> dict[str, int]:
    """Courses by slug and by code, in small letters."""
    rows = db.session.execute(
        select(Course.id, Course.slug, CourseVersion.code)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .where(CourseVersion.is_current)
    )
    return {key.lower(): number for number, slug, code in rows for key in (slug, code) if key}


def _day(text: str) -> date | None:
    for form in ("%Y-%m-%d", "%m/%d/%Y"):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def _minutes(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 9 else 0
