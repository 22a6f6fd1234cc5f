"""When an answer was saved, as the page says it: “Saved 10:42 AM”, in the site's zone and the person's language."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from flask_babel import get_locale
from flask_babel import gettext as _

from lms.clock import local_day, utc_now
from lms.web.guards import settings


def saved_text(moment: datetime) -> str:
    """The time of day; with the day before it where that is not today."""
    zone = settings().time_zone
    locale = get_locale() or "en_US"
    time = format_time(moment.astimezone(ZoneInfo(zone)), "short", locale=locale)
    day = local_day(moment, zone)
    if day == local_day(utc_now(), zone):
        return str(_("Saved %(time)s", time=time))
    return str(_("Saved %(day)s, %(time)s", day=format_date(day, "medium", locale=locale), time=time))
