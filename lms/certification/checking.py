"""Checking a PDF that somebody brings: whether these bytes were issued here, and what its signature says, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding

from lms.certification.examining import examine_strange
from lms.certification.issued import find_issued
from lms.certification.signers import trusted_roots
from lms.database import db
from lms.errors import N_

if TYPE_CHECKING:
    from lms.certification.signatures import Examination

ISSUED = {
    "genuine": N_("Exactly this PDF file was issued here. Nothing in it was changed."),
    "unsigned": N_(
        "Exactly this PDF file was issued here, before certificates were signed. Nothing in it was changed."
    ),
}
ISSUED_OTHERWISE = N_("Exactly this PDF file was issued here, but its signature can no longer be checked on this site.")

STRANGE = {
    "too-large": N_("The file is larger than any certificate that is issued here."),
    "not-pdf": N_("This is not a PDF file."),
    "encrypted": N_("The file is protected with a password. Certificates that are issued here never are."),
    "unreadable": N_("The file cannot be read as a PDF. It is damaged, or not what its name says."),
    "unsigned": N_(
        "The file carries no signature. Certificates that are issued here are signed; a transcript is not: check the"
        " codes that are printed on it."
    ),
    "changed": N_(
        "The file carries a signature that does not fit it: it was changed after it was signed, or made to look signed."
        " Do not rely on it."
    ),
    "foreign": N_("The file is signed, but not by this site."),
    "genuine": N_(
        "The signature is this site's and intact, but the site has no record of this file. Check the code that is"
        " printed on it."
    ),
}
NOT_A_CERTIFICATE = ("too-large", "not-pdf", "encrypted", "unreadable")
NOT_OURS = ("changed", "foreign", "genuine")
"""What can be told from a signature. Of any other file only this is known: that it shows nothing."""


@dataclass(frozen=True, slots=True)
class FileCheck:
    """What is known of a file. `code`: of the certificate for which exactly these bytes were issued; None: they were
    not issued here."""

    code: str | None
    examination: Examination

    @property
    def sentence(self) -> str:
        """What to say of the file, to be translated."""
        if self.code is not None:
            return ISSUED.get(self.examination.state, ISSUED_OTHERWISE)
        return STRANGE[self.examination.state]

    @property
    def heading(self) -> str:
        """Over the sentence, for a file of which these bytes were not issued; to be translated."""
        if self.examination.state in NOT_OURS:
            return N_("This file was not issued here")
        return N_("This file cannot be confirmed")

    @property
    def is_readable(self) -> bool:
        return self.examination.state not in NOT_A_CERTIFICATE


def check_file(content: bytes) -> FileCheck:
    """Check a file's bytes and its signature. Nothing that a stranger's file says is believed or repeated.

    Takes a second or two for a file that was not issued here. Raises Busy where many are being checked.
    """
    found = find_issued(content)
    code = found.code if found is not None else None
    roots = [root.public_bytes(Encoding.DER) for root in trusted_roots()]
    db.session.rollback()  # no transaction is held open while the file is read
    if code is None:
        return FileCheck(None, examine_strange(content, roots))
    # Here, and not above: what reads signatures takes 30 MB, and few processes ever do.
    from lms.certification.signatures import examine

    return FileCheck(code, examine(content, roots))
