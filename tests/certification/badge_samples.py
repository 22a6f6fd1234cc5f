"""Badges to try: a certification's facts with evidence, and the awards that credentials are made of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from lms.certification.badges import linked_proof
from lms.certification.badges.credential import Award
from lms.certification.facts import CreditLineFacts, EvidenceFacts, LicenseFacts
from tests.certification.conftest import SAMPLE

VENDOR = Path(linked_proof.__file__).with_name("contexts")
SITE_URL = "https://training.example.gov"
BEGUN = datetime(2026, 3, 14, 17, 0, tzinfo=UTC)

CERTIFIED = replace(
    SAMPLE,
    kind="certification",
    course_slug="",
    course_code="",
    version_number=None,
    certification_slug="first-responder",
    rule_version=2,
    objectives=(),
    evidence=(
        EvidenceFacts("Understanding trafficking", date(2026, 1, 5), code="7K0M-Q4XT-0003"),
        EvidenceFacts("A day with the task force", date(2025, 12, 1), provider="Cole County"),
    ),
    credit=(
        CreditLineFacts("missouri-post", "Missouri POST", "clee", "legal-studies", 60, "1.00", approval_number="P-77"),
    ),
    license=LicenseFacts("mo-nursing", "Missouri State Board of Nursing", "MO", "2019012345"),
)


def award(**changes: Any) -> Award:
    values: dict[str, Any] = {
        "facts": SAMPLE,
        "site": SITE_URL,
        "subject_id": "urn:uuid:6f0c8f3e-0d3e-4f4e-9a39-0f8c2b9a2f10",
        "status_list": 1,
        "status_index": 4711,
        "valid_from": BEGUN,
        "expires_at": datetime(2028, 3, 15, 5, 0, tzinfo=UTC),
        "awarded_at": BEGUN,
        "shows_name": True,
    }
    return Award(**{**values, **changes})
