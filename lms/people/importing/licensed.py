"""The license that a row of a staff list names, or what is wrong with it; pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from lms.errors import N_
from lms.people.importing import columns as c
from lms.people.importing.boards import LEAVE_OUT, BoardBook, word_key, words_of
from lms.people.importing.days import read_day
from lms.people.importing.states import read_state
from lms.people.importing.troubles import NOTHING, Trouble
from lms.people.names import clean_name, fold, license_key

if TYPE_CHECKING:
    from lms.people.importing.entries import Plan

LONGEST_NUMBER = 64
MASKED = ("•", "***")
PENDING = frozenset({"pending", "pendiente", "in process", "en tramite", "applied", "exempt", "not required"})
WITHOUT_NUMBER = N_("Comes in without a license: there is no number of it in this row.")
LEFT_OUT = N_("Comes in without the license, which is of no board that is known here.")

Cell = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Licensed:
    """A license as a row says it. `expires_on` None: the row says nothing of it."""

    board: str
    state: str
    number: str
    expires_on: date | None = None

    @property
    def kind(self) -> tuple[str, str]:
        return self.board, self.state

    @property
    def key(self) -> tuple[str, str, str]:
        return self.board, self.state, license_key(self.number)


@dataclass(frozen=True, slots=True)
class Held:
    """A license that somebody has, not ended."""

    id: int
    board: str
    state: str
    number: str
    expires_on: date | None

    @property
    def kind(self) -> tuple[str, str]:
        return self.board, self.state


@dataclass(frozen=True, slots=True)
class LicenseRead:
    """A license with its trouble, a word that is not known, or what is to be said of a row that comes in without it."""

    license: Licensed | None = None
    trouble: Trouble | None = None
    unknown: tuple[str, str] | None = None
    remark: Trouble | None = None


def read_license(cell: Cell, plan: Plan, boards: BoardBook) -> LicenseRead:
    """What a row says of a license; nothing where it gives no number."""
    number = clean_name(cell(c.LICENSE_NUMBER))
    if fold(number) in NOTHING or fold(number) in PENDING:
        board = cell(c.LICENSE_BOARD)
        is_named = bool(board) and fold(board) not in NOTHING
        return LicenseRead(remark=Trouble(WITHOUT_NUMBER) if is_named or cell(c.LICENSE_EXPIRY) else None)
    written = cell(c.LICENSE_STATE)
    state = "" if fold(written) in NOTHING else read_state(written)
    if state is None:
        message = N_("“%(text)s” is no state. Write its two letters, such as MO.")
        return LicenseRead(trouble=Trouble(message, {"text": written[:80]}))
    slug, trouble, unknown = _board(cell(c.LICENSE_BOARD), state, plan, boards)
    if slug == LEAVE_OUT:
        return LicenseRead(remark=Trouble(LEFT_OUT))
    trouble = trouble or _trouble_of_number(number)
    expires_on, wrong_day = _expires_on(cell(c.LICENSE_EXPIRY))
    if slug is not None:
        state, wrong_state = _state_of(slug, state, boards)
        trouble = trouble or wrong_state
    trouble = trouble or wrong_day
    if trouble or slug is None:
        return LicenseRead(trouble=trouble, unknown=unknown)
    return LicenseRead(Licensed(slug, state, number, expires_on))


def hint_of(header: str) -> str:
    """What a column's header says of the board: `RN License #` does, `License No` does not."""
    return header if words_of(header) else ""


def _board(
    text: str, state: str, plan: Plan, boards: BoardBook
) -> tuple[str | None, Trouble | None, tuple[str, str] | None]:
    if fold(text) in NOTHING:
        if plan.default_board in boards.boards:
            return plan.default_board, None, None
        text = plan.board_hint
    if not text:
        message = N_("There is a license number without its board. Fill it in, or choose one board for the whole file.")
        return None, Trouble(message), None
    for key in (word_key(text, state), word_key(text, "")):
        chosen = plan.boards.get(key)
        if chosen == LEAVE_OUT or chosen in boards.boards:
            return chosen, None, None
    found = boards.find(text, state)
    if found is not None:
        return found, None, None
    said = f"{text} {state}".strip()
    message = N_("It is not known which board gave the license “%(text)s”. Match it to one.")
    return None, Trouble(message, {"text": said[:80]}), (c.LICENSE_BOARD, said)


def _state_of(slug: str, state: str, boards: BoardBook) -> tuple[str, Trouble | None]:
    own = boards.boards[slug].state
    if not state and not own:
        message = N_("There is no state of the license in this row. Write its two letters, such as MO.")
        return state, Trouble(message)
    if state and own and state != own:
        return state, Trouble(N_("This board gives licenses of %(state)s only."), {"state": own})
    return state or own, None


def _trouble_of_number(number: str) -> Trouble | None:
    if any(sign in number for sign in MASKED):
        return Trouble(N_("This license number is masked. Write the whole number, or leave it empty."))
    if len(number) > LONGEST_NUMBER:
        message = N_("This license number is too long: at most %(most)s characters fit.")
        return Trouble(message, {"most": LONGEST_NUMBER})
    if not license_key(number):
        return Trouble(N_("There is no number in the column of license numbers, only signs. Correct it."))
    return None


def _expires_on(text: str) -> tuple[date | None, Trouble | None]:
    if fold(text) in NOTHING:
        return None, None
    try:
        return read_day(text), None
    except (ValueError, OverflowError):
        message = N_("“%(text)s” is no last day of a license that can be read. Write it as 2026-03-14 or 3/14/2026.")
        return None, Trouble(message, {"text": text[:80]})
