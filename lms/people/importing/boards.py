"""Boards out of what staff lists call licenses, in English and Spanish: `RN`, `MO Board of Nursing`, `POST`; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lms.people.importing.professions import key_of
from lms.people.importing.states import NAMES

LEAVE_OUT = "none"
"""Said of a word: licenses of this kind are none that the site knows, and stay out."""

SAME = {
    word: one
    for one, words in (
        ("nursing", "rn lpn lvn aprn np cna nurse nurses nursing enfermera enfermeras enfermero enfermeros enfermeria"),
        ("educator", "educator educators education teacher teachers teaching docente docentes maestra maestro educador "
                     "educadora educacion"),
        ("peace", "peace police officer officers leo deputy sheriff policia policial oficial agente orden"),
    )
    for word in words.split()
}  # fmt: skip
"""Words for one profession, each by the word that stands for all."""

NOISE = frozenset(
    word
    for words in (
        "of the for and y de del la el los las en un una to by on in al board boards junta juntas consejo state estado",
        "dept department departamento license licenses licensure licensed licence lic licencia licencias number no num",
        "nbr nro numero numeros id certificate certificates certification certified cert certificado certificacion",
        "credential credentials registered registrada registrado practical vocational advanced practice professional",
        "profesional type tipo matricula active activa unrestricted multistate compact single",
    )
    for word in words.split()
)
"""Words that say nothing of which board is meant."""


@dataclass(frozen=True, slots=True)
class Board:
    """A board or credit body, as far as a list may name it."""

    slug: str
    state: str
    """Two letters; empty for a body of no state."""
    names: tuple[str, ...]
    """Everything it is called, in every language, and what its license is called."""

    def words(self) -> frozenset[str]:
        own = [word for name, code in NAMES.items() if code == self.state for word in name.split()]
        return frozenset().union(*(words_of(name) for name in self.names), own, [self.state.lower()])

    def is_called(self, key: str) -> bool:
        return any(key_of(name) == key for name in (self.slug, *self.names))


@dataclass(frozen=True, slots=True)
class BoardBook:
    """The boards that the site knows, by id."""

    boards: Mapping[str, Board] = field(default_factory=dict)
    found: dict[tuple[str, str], str | None] = field(default_factory=dict, compare=False)
    """What was found already: a list says the same few words in all its rows, and a book lasts for a piece of it."""

    def find(self, text: str, state: str) -> str | None:
        """The one board that a text can mean, beside a state or without one; None where it may be several or none."""
        if (text, state) not in self.found:
            self.found[text, state] = self._find(text, state)
        return self.found[text, state]

    def _find(self, text: str, state: str) -> str | None:
        called = [one for one in self.boards.values() if one.is_called(key_of(text))]
        found = _of_state(called, state) or _of_state(self._alike(text), state)
        return found[0].slug if len(found) == 1 else None

    def _alike(self, text: str) -> list[Board]:
        words = words_of(text)
        # A body of no state is found by its names alone: a nurse's license is a state's, whoever gives credit for it.
        return [one for one in self.boards.values() if words and one.state and words <= one.words()]


def words_of(text: str) -> frozenset[str]:
    """The words of a text that may tell a board."""
    return frozenset(SAME.get(word, word) for word in key_of(text).split() if word not in NOISE)


def word_key(text: str, state: str) -> str:
    """Under which a word is remembered: `rn mi` beside a state, since each state has its own board for it."""
    return key_of(f"{text} {state}" if state else text)


def _of_state(boards: list[Board], state: str) -> list[Board]:
    return [one for one in boards if not state or one.state in (state, "")]
