"""The seats of a team as choices for one of its members: what is taken or does not fit cannot be chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _
from wtforms.fields import SelectChoice

from lms.cohorts.board import CohortBoard
from lms.cohorts.models import Member
from lms.people.signins import load_viewer
from lms.web.guards import today
from lms.web.words import discipline_name


def seat_choices(
    loaded: CohortBoard, member: Member, in_own_language: Callable[[Mapping[str, Any]], str]
) -> list[SelectChoice]:
    """Every seat; those that are taken or of another discipline say so and cannot be chosen."""
    sitter = load_viewer(member.user_id, today=today())
    choices = []
    for one in loaded.board.seats:
        seat = loaded.seats[one.seat.id]
        others = [person for person in one.people if person.user_id != member.user_id]
        taken = {person.is_alternate for person in others}
        why, is_closed = "", True
        if seat.discipline not in (sitter.disciplines if sitter else ()):
            why = _("another discipline")
        elif taken == {True, False}:
            why = _("taken")
        else:
            why, is_closed = _("taken, free for an alternate") if False in taken else "", False
        text = f"{in_own_language(seat.title)} ({discipline_name(seat.discipline)})"
        closed = {"disabled": True} if is_closed and seat.id != member.seat_id else {}
        choices.append(SelectChoice(seat.id, f"{text}: {why}" if why else text, closed))
    return choices
