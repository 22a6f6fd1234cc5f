"""Days as the sites of the tests count them: a site lives in a time zone, and for hours its day is not that of UTC."""

from datetime import date, datetime, timedelta

from lms.clock import local_day, start_of_day, utc_now
from lms.settings import Settings

SITE_ZONE = Settings().time_zone


def site_day() -> date:
    """The day it is now at a site with the default time zone."""
    return local_day(utc_now(), SITE_ZONE)


def noon() -> datetime:
    """The middle of the site's day: so many days on it is still that day there, whatever the clocks change to."""
    return start_of_day(site_day(), SITE_ZONE) + timedelta(hours=12)
