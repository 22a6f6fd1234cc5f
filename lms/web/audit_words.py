"""How the audit tells of an event in the language of the page: its action, its subject, what else is worth reading."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import format_date
from flask_babel import gettext as _

from lms.errors import N_
from lms.people.audit_words import ACTIONS, SUBJECTS
from lms.people.models import AuditEvent
from lms.web.roles import role_name
from lms.web.words import discipline_name

FIELDS = {
    "name": N_("name"),
    "email": N_("e-mail address"),
    "language": N_("language"),
    "certificate_name": N_("name on certificates"),
    "wants_early_reminders": N_("early reminders"),
    "kind": N_("kind"),
    "code": N_("short code"),
    "county_fips": N_("county"),
    "ori": N_("ORI"),
    "ready_by": N_("ready by"),
    "starts_on": N_("begins on"),
    "coordinator_id": N_("coordinator"),
    "agency_id": N_("agency"),
    "logo": N_("logo"),
}
DAYS = {
    "on": N_("on %(day)s"),
    "met_on": N_("on %(day)s"),
    "last_day": N_("last day %(day)s"),
    "since": N_("from %(day)s"),
    "until": N_("until %(day)s"),
}
CHANGES = {
    "revoke": N_("revoked"),
    "correct": N_("corrected"),
    "reissue": N_("corrected"),
    "extend": N_("extended"),
    "rename": N_("another name"),
}
FACTORS = {"app": N_("authenticator app"), "passkey": N_("passkey")}


def action_name(action: str) -> str:
    """The name of an action; its own code where it has none yet."""
    return str(_(ACTIONS[action])) if action in ACTIONS else action


def subject_kind_name(kind: str) -> str:
    return str(_(SUBJECTS[kind])) if kind in SUBJECTS else kind


def detail_texts(event: AuditEvent) -> list[str]:
    """What else is worth reading: which role, fields or days, what something was called before, the reason."""
    detail, texts = event.detail, []
    if "role" in detail:
        texts.append(role_name(detail["role"]))
    if "discipline" in detail:
        texts.append(discipline_name(detail["discipline"]))
    if event.action.startswith("second-factor.") and detail.get("kind") in FACTORS:
        texts.append(str(_(FACTORS[detail["kind"]])))
    if event.subject_kind == "certificate" and detail.get("kind") in CHANGES:
        texts.append(str(_(CHANGES[detail["kind"]])))
    changes: dict[str, Any] = detail.get("changes") or {}
    texts += [_change(key, *values) for key, values in changes.items() if key in FIELDS]
    texts += [str(_(FIELDS[key])) for key in detail.get("fields") or [] if key in FIELDS]
    if isinstance(detail.get("title"), dict):
        texts.append(str(detail["title"].get("en", "")))
    texts += [_day(key, detail[key]) for key in DAYS if isinstance(detail.get(key), str)]
    return [text for text in (*texts, event.reason) if text]


def _change(key: str, former: Any, new: Any) -> str:
    name = str(_(FIELDS[key]))
    return name if key.endswith("_id") else f"{name}: {former or '–'} → {new or '–'}"


def _day(key: str, text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return ""
    return str(_(DAYS[key], day=format_date(day, "medium")))
