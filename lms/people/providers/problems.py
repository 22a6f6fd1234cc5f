"""What can go wrong between us and a provider, as sentences that its administrator can act on."""

from __future__ import annotations

from lms.errors import LmsError


class ProviderProblem(LmsError):
    """A provider could not be asked, or said what cannot be believed; nobody is signed in."""

    status = 403


class UnknownKey(ProviderProblem):
    """Signed with a key that is not among those last fetched: they may have been changed."""
