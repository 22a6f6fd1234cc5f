"""The few kinds of error that have a sentence for the person at the screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence marked for translation, with its values; as a value of an error it is translated with it.

    `str` of it is English.
    """

    message: str
    values: Mapping[str, object] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.values if self.values else self.message

    def to_json(self) -> dict[str, Any]:
        values = {name: one.to_json() if isinstance(one, Sentence) else str(one) for name, one in self.values.items()}
        return {"message": self.message, "values": values}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Sentence:
        values = {name: cls.from_json(one) if isinstance(one, dict) else one for name, one in stored["values"].items()}
        return cls(stored["message"], values)


class Sentences(tuple[Sentence, ...]):
    """Several sentences as one value of an error, said one after the other."""

    __slots__ = ()

    def __str__(self) -> str:
        return " ".join(map(str, self))


class LmsError(Exception):
    """An error whose message is a sentence for the person at the screen. Anything else that is raised is a bug."""

    status = 400

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values

    def __str__(self) -> str:
        """In English, for consoles and logs; the web translates `message` and fills it in itself."""
        return self.message % self.values if self.values else self.message


class NotFound(LmsError):
    """There is no such thing, or none that this person may know of."""

    status = 404


class NotAllowed(LmsError):
    """The person is known and may see this, but may not do this."""

    status = 403


class Conflict(LmsError):
    """A rule or the state of things stands against it; nothing was changed."""

    status = 409


class Overtaken(Conflict):
    """Somebody, perhaps oneself in another window, has done or changed it meanwhile; nothing was changed now."""


class Invalid(LmsError):
    """What was entered cannot be taken; `field` names where, if it is known."""

    status = 422

    def __init__(self, message: str, field: str | None = None, **values: object) -> None:
        super().__init__(message, **values)
        self.field = field


class Busy(LmsError):
    """Too many ask for the same at once; nothing was changed, and trying again in a moment works."""

    status = 503


def N_(message: str) -> str:
    """Marks a sentence for translation; the web translates it when it is shown."""
    return message
