"""What the access matrix sends with a change, so that ids inside a form are tried too, not only those in addresses.

A text that is a name among the scene's values stands for that value; the form is empty where nothing stands here.
"""

from __future__ import annotations

from typing import Any

DAY = {"started_on-month": "1", "started_on-day": "2", "started_on-year": "2026"}

LATER = {"until_on-month": "12", "until_on-day": "30", "until_on-year": "2099"}

DUE = {"due_on-month": "3", "due_on-day": "1", "due_on-year": "2027"}

RECORD = {
    **{"since-month": "1", "since-day": "2", "since-year": "2026"},
    **{"until-month": "1", "until-day": "3", "until-year": "2026"},
    **{"purpose": "court", "reason": "Request 12", "sure": "1"},
}

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("account_email.ask_for_change", "POST"): {"email": "new@a.example"},
    ("account_passkeys.rename_passkey", "POST"): {"name": "Renamed"},
    ("person_factors.reset_factors", "POST"): {"reason": "x"},
    ("accounts.show_account", "POST"): {"name": "Changed", "certificate_name": "", "language": "en"},
    ("merging.merge", "POST"): {"kept": "user_id", "reason": "One person", "is_sure": "y"},
    ("merging.undo", "POST"): {"reason": "Two people"},
    ("giving.give_answers", "POST"): {"cohort_id": "cohort_id", "answers": "tt-form-worked"},
    ("after_action.add_action", "POST"): {"step": "Hang it up", "owner": "Somebody", **DUE},
    ("after_action.change_action", "POST"): {"step": "Hang it up", "owner": "Somebody", **DUE},
    ("printing.ask_print", "POST"): {"is_key": "1"},
    ("places.move_place", "POST"): {"agency_id": "other_agency_id", "discipline": "schools", **DAY},
    ("privacy.decide", "POST"): {"decision": "approve", "reason": ""},
    ("agencies.add_agency", "POST"): {"name": "New", "kind": "school", "parent_id": "agency_id", "county_fips": ""},
    ("agencies.change_agency", "POST"): {"name": "Renamed", "kind": "school", "county_fips": "29019"},
    ("agency_numbers.add_number", "POST"): {
        "kind": "nces-district",
        "value": "2912345",
        "started_on-month": "1",
        "started_on-day": "2",
        "started_on-year": "2026",
    },
    ("join_requests.decide", "POST"): {"request": "request_id", "decision": "approve", "reason": ""},
    ("join_codes.make_code", "POST"): {
        "discipline": "schools",
        "most_uses": "5",
        "last_day-month": "month_soon",
        "last_day-day": "1",
        "last_day-year": "year_soon",
    },
    ("staff.change_many", "POST"): {"person": "user_id", "which": "ticked", "action": "end", "confirmed": "1"},
    ("sharing.share", "POST"): {"agency": "agency_id"},
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
    ("domains.add_domain", "POST"): {"domain": "other-a.example"},
    ("domains.send_mail", "POST"): {"mailbox": "postmaster"},
    ("domains.show_domain", "POST"): {"joining": "approval"},
    ("provisioning.list_tokens", "POST"): {"name": "New", "discipline": "schools"},
    ("assignment_changes.change", "POST"): {"seen": "1", "due_days": "40", "reason": "x"},
    ("assignment_changes.end", "POST"): {"reason": "x"},
    ("assignment_exceptions.decide", "POST"): {"decision": "refuse", "reason": "x"},
    ("assignment_exceptions.extend", "POST"): {**LATER, "reason": "x"},
    ("assignment_exceptions.undo", "POST"): {"reason": "x"},
    ("assignment_exceptions.waive", "POST"): {**LATER, "reason": "x"},
    ("assignments.add_assignment", "POST"): {
        "what": "course:1",
        "agency_id": "agency_id",
        "audience": "everybody",
        "due_days": "30",
        "step": "save",
    },
    ("places.add_place", "POST"): {"agency_id": "other_agency_id", "discipline": "housing", **DAY},
    ("places.end_place", "POST"): {"day-month": "1", "day-day": "2", "day-year": "2026"},
    ("training_paper.undo_entry", "POST"): {"reason": "x"},
    ("training_queue.decide", "POST"): {"decision": "refuse", "reason": "x"},
    ("records.make_own_record", "POST"): RECORD,
    ("records.make_record", "POST"): RECORD,
    ("roles.grant_role", "POST"): {"role": "agency-administrator", "agency_id": "agency_id"},
}
