"""What the access matrix sends with a change, so that ids inside a form are tried too, not only those in addresses.

A text that is a name among the scene's values stands for that value; the form is empty where nothing stands here.
"""

from __future__ import annotations

from typing import Any

DAY = {"started_on-month": "1", "started_on-day": "2", "started_on-year": "2026"}

RECORD = {
    **{"since-month": "1", "since-day": "2", "since-year": "2026"},
    **{"until-month": "1", "until-day": "3", "until-year": "2026"},
    **{"purpose": "court", "reason": "Request 12", "sure": "1"},
}

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("accounts.show_account", "POST"): {"name": "Changed", "certificate_name": "", "language": "en"},
    ("agencies.add_agency", "POST"): {"name": "New", "kind": "school", "parent_id": "agency_id", "county_fips": ""},
    ("agencies.change_agency", "POST"): {"name": "Renamed", "kind": "school", "county_fips": "29019"},
    ("agencies.move_agency", "POST"): {"parent_id": "other_agency_id"},
    ("assessment.save_response", "PUT"): {"sequence": "1"},
    ("certification_edit.archive", "POST"): {"reason": "Replaced"},
    ("credit.end_approval", "POST"): {"last_day-month": "1", "last_day-day": "2", "last_day-year": "2026"},
    ("elsewhere.credit_training", "POST"): {"body": "missouri-post", "category": "legal-studies", "topic": ""},
    ("licenses.add_license", "POST"): {"board": "missouri-post", "state": "MO", "number": "1"},
    ("licenses.change_license", "POST"): {"board": "missouri-post", "state": "MO", "number": "2"},
    ("bundles.ask_certificates", "POST"): {"agency": "agency_id", "what": ""},
    ("certificate_changes.decide_name", "POST"): {"decision": "refuse", "reason": "x"},
    ("certificate_changes.undo_change", "POST"): {"reason": "x"},
    ("certificate_corrections.rename_certificate", "POST"): {"name": "Changed", "reason": "x", "sure": "1"},
    ("invitations.invite", "POST"): {
        "email": "new@a.example",
        "agency_id": "agency_id",
        "discipline": "schools",
        "language": "en",
    },
    ("places.add_place", "POST"): {"agency_id": "other_agency_id", "discipline": "housing", **DAY},
    ("places.end_place", "POST"): {"day-month": "1", "day-day": "2", "day-year": "2026"},
    ("training_paper.undo_entry", "POST"): {"reason": "x"},
    ("training_queue.decide", "POST"): {"decision": "refuse", "reason": "x"},
    ("records.make_own_record", "POST"): RECORD,
    ("records.make_record", "POST"): RECORD,
    ("roles.grant_role", "POST"): {"role": "agency-administrator", "agency_id": "agency_id"},
}
