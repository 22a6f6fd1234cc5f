"""The few kinds of error that have a sentence for the person at the screen."""


class LmsError(Exception):
    """An error whose message is a sentence for the person at the screen. Anything else that is raised is a bug."""

    status = 400

    def __init__(self, message: str, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values


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
