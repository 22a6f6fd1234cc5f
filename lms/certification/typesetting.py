"""Setting texts for a document: each in fonts that have its letters, in the direction it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from lms.certification import typefaces
from lms.certification.typefaces import SANS


@dataclass(frozen=True, slots=True)
class Set:
    """A text as it is put on the page: `family` is empty where the sheet's own font prints all of it."""

    text: str
    family: str = ""
    direction: str = "ltr"
    faces: tuple[str, ...] = ()


@dataclass(slots=True)
class Setter:
    """Sets texts in the fonts that have their letters, and remembers which fonts the document needs."""

    faces: set[str] = field(default_factory=set)

    def set(self, text: str, first: str = SANS) -> Set:
        shown = typefaces.printable(text)
        faces = typefaces.faces_of(shown, first)
        self.faces.update(faces)
        family = "" if faces == (first,) else ", ".join(f'"{typefaces.family(face)}"' for face in faces)
        return Set(shown, family, typefaces.direction(shown), faces)
