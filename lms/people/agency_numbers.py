"""Ids by which others know an agency (NCES, CMS, NPI, a state's): dated, of the right form, each one agency's alone."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import select, update

from lms.database import db
from lms.errors import N_, Conflict, Invalid, NotFound, Overtaken
from lms.people.agency_models import NUMBER_KINDS, AgencyNumber
from lms.people.audit import note
from lms.people.models import Agency
from lms.people.names import clean_name

FORMS: Mapping[str, tuple[re.Pattern[str], str]] = {
    "nces-district": (re.compile(r"\d{7}\Z"), N_("A district's NCES id has 7 digits.")),
    "nces-school": (
        re.compile(r"(\d{12}|[A-Z]?\d{7,8})\Z"),
        N_("A school's NCES id has 12 digits, or 8 letters and digits of a private school."),
    ),
    "ccn": (re.compile(r"([0-9A-Z]{6}|[0-9A-Z]{10})\Z"), N_("A CMS certification number has 6 or 10 characters.")),
    "npi": (re.compile(r"[12]\d{9}\Z"), N_("An NPI has 10 digits and begins with 1 or 2.")),
}
"""What an id of a kind looks like, and the sentence for one that does not; NCES and CMS publish these forms."""

WITH_LABEL = ("state", "other")
LONGEST_VALUE = 40
LONGEST_LABEL = 60
NPI_PREFIX = "80840"
"""CMS: the check digit of an NPI is that of the number with this prefix (ISO standard Luhn)."""


def numbers_of(agency_id: int) -> Sequence[AgencyNumber]:
    """All ids of an agency, those in use first."""
    return db.session.scalars(
        select(AgencyNumber)
        .where(AgencyNumber.agency_id == agency_id)
        .order_by(AgencyNumber.ended_on.is_not(None), AgencyNumber.kind, AgencyNumber.id)
    ).all()


def add_number(
    agency_id: int, *, kind: str, label: str, value: str, started_on: date, actor_id: int | None
) -> AgencyNumber:
    """A further id of an agency in use. The caller commits. Raises Invalid, Conflict."""
    agency = db.session.get_one(Agency, agency_id)
    if agency.archived_at is not None:
        raise Conflict(N_("This agency is archived. Bring it back first."))
    if kind not in NUMBER_KINDS:
        raise Invalid(N_("Choose what kind of id it is."), "kind")
    label = checked_label(kind, label)
    value = checked_value(kind, value)
    _refuse_taken(kind, label, value)
    number = AgencyNumber(agency_id=agency_id, kind=kind, label=label, value=value, started_on=started_on)
    db.session.add(number)
    db.session.flush()
    note("agency.number-added", "agency", agency_id, actor_id=actor_id, agency_id=agency_id, kind=kind, value=value)
    return number


def end_number(agency_id: int, number_id: int, *, day: date, actor_id: int | None) -> AgencyNumber:
    """From `day` on the agency no longer has this id. The caller commits. Raises NotFound, Conflict."""
    number = db.session.get(AgencyNumber, number_id)
    if number is None or number.agency_id != agency_id:
        raise NotFound(N_("There is nothing here that you may see."))
    if number.ended_on is not None:
        raise Overtaken(N_("This id has ended already."))
    number.ended_on, number.is_in_use = max(day, number.started_on), False
    note(
        "agency.number-ended",
        "agency",
        agency_id,
        actor_id=actor_id,
        agency_id=agency_id,
        kind=number.kind,
        value=number.value,
    )
    return number


def free_numbers(agency_id: int) -> None:
    """An archived agency keeps its ids, and others may have them. The caller commits."""
    db.session.execute(update(AgencyNumber).where(AgencyNumber.agency_id == agency_id).values(is_in_use=False))


def take_numbers_again(agency_id: int) -> None:
    """An agency that is brought back has its ids again. The caller commits. Raises Conflict where one is another's."""
    for number in numbers_of(agency_id):
        if number.ended_on is None:
            _refuse_taken(number.kind, number.label, number.value)
            number.is_in_use = True


def checked_label(kind: str, label: str) -> str:
    """Whose id it is, where the kind does not say it. Raises Invalid."""
    label = clean_name(label) if kind in WITH_LABEL else ""
    if kind in WITH_LABEL and not 0 < len(label) <= LONGEST_LABEL:
        raise Invalid(N_("Say whose id it is, such as a state or a board, in a few words."), "label")
    return label


def checked_value(kind: str, value: str) -> str:
    """The id as it is kept: capitals, without spaces; dashes only where the kind has no fixed form. Raises Invalid."""
    value = "".join(value.split()).upper()
    if kind in FORMS:
        pattern, sentence = FORMS[kind]
        value = value.replace("-", "")
        if not pattern.match(value):
            raise Invalid(sentence, "value")
    if kind == "npi" and not passes_luhn(NPI_PREFIX + value):
        raise Invalid(N_("A digit of this NPI is wrong: its check digit does not fit."), "value")
    if not 0 < len(value) <= LONGEST_VALUE or not value.isprintable():
        raise Invalid(N_("Enter the id: at most %(most)s characters fit."), "value", most=LONGEST_VALUE)
    return value


def passes_luhn(digits: str) -> bool:
    """Whether the last digit is the check digit of those before it (ISO/IEC 7812-1). Pure."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 else 1)
        total += doubled // 10 + doubled % 10
    return total % 10 == 0


def _refuse_taken(kind: str, label: str, value: str) -> None:
    taken = db.session.scalar(
        select(Agency.name)
        .join(AgencyNumber, AgencyNumber.agency_id == Agency.id)
        .where(
            AgencyNumber.kind == kind, AgencyNumber.label == label, AgencyNumber.value == value, AgencyNumber.is_in_use
        )
    )
    if taken is not None:
        raise Invalid(N_("Another agency has the id %(value)s."), "value", value=value)
