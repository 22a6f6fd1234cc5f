"""The language of a request, dates and numbers in it, and a switch that never loses what was entered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from decimal import Decimal
from functools import cache
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime, get_month_names
from babel.numbers import format_decimal, format_percent
from flask import Flask, flash, g, request, session
from flask_babel import Babel, get_locale, ngettext
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from lms.certification.validity import last_day_of
from lms.courseware.names import LANGUAGES
from lms.errors import N_
from lms.resources import LOCALES
from lms.settings import Settings
from lms.web import navigation
from lms.web.guards import language, maybe_viewer, settings
from lms.web.texts import current_catalog, translate

USUAL_NOTICE = N_("Training for public staff")
"""The setting `site_notice` as it comes, so that the catalog has it."""

KEPT_BYTES = {True: 60_000, False: 2_000}
"""Most that is kept over a switch, signed in (in the database) or not (in a cookie of 4 KB)."""


@dataclass(frozen=True, slots=True)
class Choice:
    """A language to switch to. `url` opens this page in it; `keep_url` takes a form's entries along."""

    code: str
    name: str
    url: str
    keep_url: str


@cache
def direction_of(code: str) -> str:
    return Locale.parse(locale_of(code)).text_direction


def choose_language(offered: tuple[str, ...]) -> str:
    """?lang=, else what was chosen before, else the person's own, else what the browser asks for."""
    asked = request.args.get("lang")
    if asked in offered:
        if session.get("language") != asked:
            session["language"] = asked
        return str(asked)
    chosen = session.get("language")
    if chosen in offered:
        return str(chosen)
    person = maybe_viewer()
    if person is not None and person.language in offered:
        return person.language
    return request.accept_languages.best_match(offered) or offered[0]


def locale_of(code: str) -> str:
    return LOCALES.get(code, code)


def format_day(value: date | datetime | None, zone: tzinfo, style: str = "long") -> str:
    """A day, or the local day of a moment; nothing for None."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        value = value.astimezone(zone).date()
    return format_date(value, style, locale=get_locale() or "en_US")


def format_last_day(ends_at: datetime | None, time_zone: str, style: str = "long") -> str:
    """The last day on which something that ends at a moment still counts; nothing for None."""
    if ends_at is None:
        return ""
    return format_date(last_day_of(ends_at, time_zone), style, locale=get_locale() or "en_US")


def format_moment(value: datetime | None, zone: tzinfo) -> str:
    """A local day with its time and the zone's short name; nothing for None."""
    if value is None:
        return ""
    locale = get_locale() or Locale.parse("en_US")
    local = value.astimezone(zone)
    day = format_date(local.date(), "long", locale=locale)
    return f"{day}, {format_datetime(local, 'h:mm a', locale=locale)} {local.tzname()}"


def format_number(value: int | float | Decimal | None) -> str:
    return "" if value is None else format_decimal(value, locale=get_locale() or "en_US")


def format_share(value: float | None) -> str:
    """A share between 0 and 1 as whole percent, rounded down: 79.9 % is not 80 %."""
    return "" if value is None else format_percent(int(value * 100) / 100, locale=get_locale() or "en_US")


def format_minutes(value: int | None) -> str:
    """Minutes as people say them: 45 minutes, 1 hour 20 minutes."""
    if value is None:
        return ""
    hours, minutes = divmod(value, 60)
    parts = []
    if hours:
        parts.append(ngettext("%(num)s hour", "%(num)s hours", hours))
    if minutes or not hours:
        parts.append(ngettext("%(num)s minute", "%(num)s minutes", minutes))
    return " ".join(parts)


def month_names() -> list[tuple[int, str]]:
    names = get_month_names("wide", locale=get_locale() or "en_US")
    return [(number, names[number]) for number in range(1, 13)]


def keep_entries(path: str) -> None:
    """Hold what this request's form carries for the page at `path`; never passwords, never more than fits."""
    skipped = {"csrf_token", "lang", "to"}
    entries = [
        [key, value]
        for key, value in request.form.items(multi=True)
        if key not in skipped and "password" not in key.lower()
    ]
    if sum(len(key) + len(value) + 8 for key, value in entries) <= KEPT_BYTES[maybe_viewer() is not None]:
        session["kept"] = {"path": path, "entries": entries}
    else:
        flash(_("What you had entered was too long to be kept. Your browser's Back button brings it back."), "warn")


def kept(field: Any) -> Any:
    """A form's field, filled with what was entered before the language was switched."""
    entries: MultiDict[str, str] | None = g.get("kept_entries")
    if entries is not None and field.type != "PasswordField":
        field.process(entries)
    return field


def kept_text(name: str, otherwise: str = "") -> str:
    """The same for an input that is no field of a form."""
    entries: MultiDict[str, str] | None = g.get("kept_entries")
    return otherwise if entries is None else entries.get(name, otherwise)


def entries_came_back() -> bool:
    """Whether this page shows again what a person had entered: it was refused, or the language was switched."""
    return request.method == "POST" or g.get("kept_entries") is not None


def _take_kept_entries() -> None:
    found = session.get("kept")
    if found and request.method == "GET" and found.get("path") == request.path:
        g.kept_entries = MultiDict([(key, value) for key, value in found.get("entries", [])])
        del session["kept"]


def language_choices() -> list[Choice]:
    """The other languages of this page."""
    choices = []
    to = navigation.page_url(lang=None)
    for code in settings().language_list:
        if code == language():
            continue
        keep_url = f"{request.script_root}/language?{urlencode({'lang': code, 'to': to})}"
        choices.append(Choice(code, LANGUAGES.get(code, code), navigation.page_url(lang=code), keep_url))
    return choices


def install(app: Flask, settings: Settings) -> None:
    """Choose the language before each request; give templates the filters and the switch."""
    offered = settings.language_list
    zone = ZoneInfo(settings.time_zone)
    Babel(
        app,
        default_locale=locale_of(offered[0]),
        locale_selector=lambda: locale_of(g.get("language", offered[0])),
        timezone_selector=lambda: settings.time_zone,
    )

    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=translate,
        ngettext=lambda one, many, number: current_catalog().ungettext(one, many, number),
        newstyle=True,
    )

    @app.before_request
    def set_language() -> None:
        g.language = choose_language(offered)
        _take_kept_entries()

    @app.context_processor
    def language_values() -> dict[str, object]:
        code = g.get("language", offered[0])
        return {
            "language": code,
            "text_direction": direction_of(code),
        }

    filters: dict[str, Any] = {
        "day": lambda value, style="long": format_day(value, zone, style),
        "last_day": lambda value, style="long": format_last_day(value, settings.time_zone, style),
        "moment": lambda value: format_moment(value, zone),
        "number": format_number,
        "share": format_share,
        "minutes": format_minutes,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(
        kept=kept,
        language_choices=language_choices,
        site_notice=lambda: translate(settings.site_notice) if settings.site_notice else "",
        kept_text=kept_text,
        entries_came_back=entries_came_back,
        month_names=month_names,
        printed_address=lambda: settings.site_url.rstrip("/") + request.path,
        exit_url=settings.exit_url,
        site_name=settings.site_name,
    )
