"""Days as the sites of the tests count them: a site lives in a time zone, and for hours its day is not that of UTC."""

from datetime import date

from lms.clock import local_day, utc_now
from lms.settings import Settings

SITE_ZONE = Settings().time_zone


def site_day() -> date:
    """The day it is now at a site with the default time zone."""
    return local_day(utc_now(), SITE_ZONE)
