"""What the files of credit bodies and mandates must say: values in, faults out, for the checker and for publishing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from lms.courseware.course import DISCIPLINES
from lms.courseware.facts import SLUG

CERTIFICATE_ELEMENTS = (
    "participant",
    "title",
    "date",
    "provider-name",
    "provider-address",
    "contact-hours",
    "approval-number",
    "approver-statement",
    "no-logos",
    "computer-based-training",
    "approved-provider-is-licensed",
)
"""What a body may ask of a certificate (`certificate_requires`); `lms/certification/lint.py` looks for each."""

STATUSES = ("required", "none")
CONFIDENCES = ("H", "M", "L")

_BODY_KEYS = frozenset(
    [
        "id",
        "name",
        "short_name",
        "license_name",
        "state",
        "disciplines",
        "minutes_per_hour",
        "gives_credit",
        "needs_license",
        "types",
        "categories",
        "topics",
        "certificate_requires",
        "source",
        "checked_on",
    ]
)
_MANDATE_KEYS = frozenset(
    [
        "id",
        "state",
        "disciplines",
        "boards",
        "body",
        "title",
        "says",
        "status",
        "how_often",
        "hours",
        "year",
        "source",
        "checked_on",
        "effective_from",
        "effective_until",
        "confidence",
    ]
)
_YEAR_KEYS = frozenset(["areas", "topics", "approved_provider_hours", "cure_by"])


def body_faults(values: Mapping[str, Any]) -> Iterator[str]:
    """Whatever keeps a credit body from being used."""
    yield from _unknown(values, _BODY_KEYS)
    if not _is_slug(values.get("id")):
        yield "`id` must be small letters, digits and dashes."
    for key in ("name", "short_name", "license_name"):
        yield from _text(values, key)
    yield from _source(values)
    minutes = values.get("minutes_per_hour")
    if not _is_whole(minutes, 1, 60):
        yield "`minutes_per_hour` must be a whole number from 1 to 60: how many minutes this body calls an hour."
    for key in ("gives_credit", "needs_license"):
        if not isinstance(values.get(key), bool):
            yield f"`{key}` must be true or false."
    if "state" in values and not _is_state(values["state"]):
        yield "`state` must be two capital letters."
    yield from _disciplines(values)
    if not values.get("types"):
        yield "`types` needs at least one entry."
    for key in ("types", "categories", "topics"):
        yield from _named(values, key)
    elements = values.get("certificate_requires") or []
    if not isinstance(elements, list) or not set(map(str, elements)) <= set(CERTIFICATE_ELEMENTS):
        yield f"`certificate_requires` knows {', '.join(CERTIFICATE_ELEMENTS)}."


def mandate_faults(values: Any) -> Iterator[str]:
    """Whatever keeps one entry of `mandates` from being used."""
    if not isinstance(values, Mapping):
        yield "an entry of `mandates` must be a mapping."
        return
    yield from _unknown(values, _MANDATE_KEYS)
    if not _is_slug(values.get("id")):
        yield "`id` must be small letters, digits and dashes."
    if not _is_state(values.get("state")):
        yield "`state` must be two capital letters."
    for key in ("title", "says", "how_often"):
        yield from _text(values, key)
    yield from _source(values)
    yield from _disciplines(values)
    if values.get("status") not in STATUSES:
        yield f"`status` must be one of {', '.join(STATUSES)}."
    if values.get("confidence") not in CONFIDENCES:
        yield f"`confidence` must be one of {', '.join(CONFIDENCES)}."
    if values.get("hours") is not None and not _is_hours(values["hours"]):
        yield "`hours` must be a number, or null where none was found."
    boards = values.get("boards") or []
    if not isinstance(boards, list) or not all(map(_is_slug, boards)):
        yield "`boards` must be a list of ids of credit bodies."
    if values.get("body") is not None and not _is_slug(values["body"]):
        yield "`body` must be the id of a credit body."
    yield from _span(values)
    if values.get("year") is not None:
        yield from _year(values["year"])
        if not values.get("hours") or not values.get("body"):
            yield "an entry with `year` needs `hours` and `body`."


def _year(year: Any) -> Iterator[str]:
    if not isinstance(year, Mapping):
        yield "`year` must be a mapping."
        return
    yield from _unknown(year, _YEAR_KEYS)
    for key, name in (("areas", "category"), ("topics", "topic")):
        items = year.get(key) or []
        if not isinstance(items, list):
            yield f"`year.{key}` must be a list."
            continue
        for item in items:
            if not isinstance(item, Mapping) or not _is_slug(item.get(name)) or not _is_hours(item.get("hours")):
                yield f"each entry of `year.{key}` needs `{name}` and `hours`."
    if year.get("approved_provider_hours") is not None and not _is_hours(year["approved_provider_hours"]):
        yield "`year.approved_provider_hours` must be a number."
    cure = year.get("cure_by")
    if cure is None:
        return
    try:
        date(2025, int(cure["month"]), int(cure["day"]))  # no leap year: the day must be in every year
    except (TypeError, KeyError, ValueError):
        yield "`year.cure_by` needs a `month` and a `day` of the year after."


def _span(values: Mapping[str, Any]) -> Iterator[str]:
    days = [values.get(key) for key in ("effective_from", "effective_until")]
    if not all(day is None or _is_day(day) for day in days):
        yield "`effective_from` and `effective_until` must be days."
    elif days[0] is not None and days[1] is not None and days[1] < days[0]:
        yield "`effective_until` is before `effective_from`."


def _unknown(values: Mapping[str, Any], known: frozenset[str]) -> Iterator[str]:
    unknown = sorted(set(map(str, values)) - known)
    if unknown:
        yield f"keys that mean nothing: {', '.join(unknown)}."


def _text(values: Mapping[str, Any], key: str) -> Iterator[str]:
    """In English at least, and in text only."""
    texts = values.get(key)
    if not isinstance(texts, Mapping) or not all(isinstance(text, str) and text.strip() for text in texts.values()):
        yield f"`{key}` must be texts by language."
    elif "en" not in texts:
        yield f"`{key}` needs an English text (en)."


def _source(values: Mapping[str, Any]) -> Iterator[str]:
    source = values.get("source")
    if not isinstance(source, str) or not source.startswith(("https://", "http://")):
        yield "`source` must be the address of the page that says so."
    if not _is_day(values.get("checked_on")):
        yield "`checked_on` must be the day on which the source was read."


def _disciplines(values: Mapping[str, Any]) -> Iterator[str]:
    found = values.get("disciplines")
    if not isinstance(found, list) or not found or not set(map(str, found)) <= set(DISCIPLINES):
        yield f"`disciplines` must be out of {', '.join(DISCIPLINES)}."


def _named(values: Mapping[str, Any], key: str) -> Iterator[str]:
    items = values.get(key) or []
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        yield f"`{key}` must be a list of entries with `id` and `name`."
        return
    ids = [item.get("id") for item in items]
    if not all(map(_is_slug, ids)) or len(set(ids)) != len(ids):
        yield f"each entry of `{key}` needs an `id` of its own."
    for item in items:
        yield from _text(item, "name")


def _is_slug(value: Any) -> bool:
    return isinstance(value, str) and SLUG.match(value) is not None


def _is_state(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 2 and value.isascii() and value.isupper()


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_hours(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 1000


def _is_day(value: Any) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)
