"""Links away from a certificate: to a page of one's own elsewhere, and to where it is renewed."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import url_for

from lms.certification.facts import CertificateFacts
from lms.certification.standing import Status
from lms.reporting.inquiry import EXPIRING_DAYS
from lms.web.guards import today


def profile_link(facts: CertificateFacts) -> str:
    """Where a person adds the certificate to their page at LinkedIn. A plain link: nothing is sent before it is
    followed, and it holds only what the public page says, without the name."""
    values: dict[str, object] = {
        "startTask": "CERTIFICATION_NAME",
        "name": facts.title,
        "organizationName": facts.provider_name,
        "issueYear": facts.completed_on.year,
        "issueMonth": facts.completed_on.month,
        "certUrl": facts.verify_url,
        "certId": facts.code,
    }
    if facts.valid_until is not None:
        values |= {"expirationYear": facts.valid_until.year, "expirationMonth": facts.valid_until.month}
    return f"https://www.linkedin.com/profile/add?{urlencode(values)}"


def renew_link(facts: CertificateFacts, status: Status) -> str | None:
    """The page on which a course's certificate is renewed, from when it expires soon on; None before, and where it
    was revoked or replaced."""
    if facts.kind != "course" or facts.valid_until is None or status not in ("valid", "expired"):
        return None
    if (facts.valid_until - today()).days >= EXPIRING_DAYS:
        return None
    return url_for("catalog.show_course", slug=facts.course_slug)
