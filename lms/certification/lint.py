"""Whether a certificate says all that a body asks of one (`certificate_requires`): facts in, what is lacking out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lms.certification.facts import ONLINE_SELF_PACED, CertificateFacts, CreditLineFacts
from lms.certification.wording import ENGLISH, WORDS
from lms.errors import N_

ONLINE_WORDS = "Computer-Based Training"
"""The phrase of 11 CSR 90-4.100; in every language it stands in English on the certificate."""

LICENSED_WORDS = "approved provider"
"""Only who holds a provider license of the body may say so of themselves."""


@dataclass(frozen=True, slots=True)
class Lack:
    """One thing that a certificate of a body lacks: its element, and how to mend it."""

    element: str
    advice: str


def lint(facts: CertificateFacts, credit: Iterable[CreditLineFacts], required: Iterable[str]) -> list[Lack]:
    """What a certificate with these facts lacks for a body, whose own lines are `credit`. Empty: nothing."""
    lines = tuple(credit)
    return [Lack(element, ADVICE[element]) for element in required if not LOOKS[element](facts, lines)]


def _says_online(facts: CertificateFacts, lines: tuple[CreditLineFacts, ...]) -> bool:
    if facts.modality != ONLINE_SELF_PACED:
        return True
    words = WORDS.get(facts.language, ENGLISH)
    return ONLINE_WORDS in f"{words[ONLINE_SELF_PACED]} {words[f'{ONLINE_SELF_PACED}-detail']}"


def _is_licensed_if_said(facts: CertificateFacts, lines: tuple[CreditLineFacts, ...]) -> bool:
    said = [facts.accreditation_statement, facts.statement, facts.provider_numbers, facts.provider_name]
    said += [line.statement for line in lines]
    is_said = any(LICENSED_WORDS in " ".join(text.lower().split()) for text in said)
    return not is_said or all(line.provider_number.strip() for line in lines)


Look = Callable[[CertificateFacts, tuple[CreditLineFacts, ...]], bool]

LOOKS: Mapping[str, Look] = {
    "participant": lambda facts, lines: bool(facts.printed_name.strip()),
    "title": lambda facts, lines: bool(facts.title.strip()),
    "date": lambda facts, lines: facts.completed_on is not None,
    "provider-name": lambda facts, lines: bool(facts.provider_name.strip()),
    "provider-address": lambda facts, lines: bool(facts.provider_address.strip()),
    "contact-hours": lambda facts, lines: bool(facts.contact_minutes),
    "approval-number": lambda facts, lines: all(line.approval_number.strip() for line in lines),
    "approver-statement": lambda facts, lines: all(line.statement.strip() for line in lines),
    "no-logos": lambda facts, lines: not facts.logo,
    "computer-based-training": _says_online,
    "approved-provider-is-licensed": _is_licensed_if_said,
}
"""Whether each element is there. An online address stands for the provider's street address as well."""

ADVICE: Mapping[str, str] = {
    "participant": N_("The name of the participant is missing."),
    "title": N_("The title of the course is missing."),
    "date": N_("The day of completion is missing."),
    "provider-name": N_("The name of the provider is missing: set LMS_PROVIDER_NAME."),
    "provider-address": N_("The address of the provider is missing (a web address will do): set LMS_PROVIDER_ADDRESS."),
    "contact-hours": N_("The contact hours are missing: the course claims none."),
    "approval-number": N_("The number of the approval is missing."),
    "approver-statement": N_("The statement of the approver is missing, in the words that it prescribed."),
    "no-logos": N_("No logo may stand on it: take the agency's logo off."),
    "computer-based-training": N_("The words “Computer-Based Training” are missing."),
    "approved-provider-is-licensed": N_(
        "The words “Approved Provider” stand on it, but no provider number is entered: enter it, or take the words out."
    ),
}
"""How each is said, where it is lacking."""
