"""`lms doctor`: looks at everything the program needs and says in plain words what is missing."""

from __future__ import annotations

import os
import smtplib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy import create_engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from lms.certification.approving import look_at_all
from lms.certification.facts import AwardSite
from lms.clock import local_day, utc_now
from lms.people.audit_models import AuditWaiting
from lms.resources import data_folder
from lms.schema import head_revision, present_revision
from lms.settings import Settings
from lms.wall.role import find_gap

MOST_MINUTES_UNSEALED = 10


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    what: str
    is_ok: bool
    detail: str


def examine(settings: Settings) -> list[Finding]:
    """All findings; nothing is changed."""
    looks: tuple[tuple[str, Callable[[Settings], str]], ...] = (
        ("Python", look_at_python),
        ("instance folder", look_at_instance),
        ("templates, courses, migrations", look_at_data),
        ("PDF library", look_at_pdf),
        ("database", look_at_database),
        ("second wall", look_at_wall),
        ("seal of the audit", look_at_seal),
        ("credit on certificates", look_at_credit),
        ("mail", look_at_mail),
        ("queue", look_at_queue),
        ("limits of tries", look_at_limits),
        ("time zone", look_at_zone),
        ("secret key", look_at_secret),
    )
    findings = []
    for what, look in looks:
        try:
            findings.append(Finding(what, True, look(settings)))
        except (OSError, ValueError, LookupError, SQLAlchemyError, smtplib.SMTPException, RedisError) as error:
            findings.append(Finding(what, False, str(error).splitlines()[0] if str(error) else type(error).__name__))
    return findings


def look_at_python(settings: Settings) -> str:
    return ".".join(map(str, sys.version_info[:3]))


def look_at_instance(settings: Settings) -> str:
    settings.instance.mkdir(parents=True, exist_ok=True)
    if not os.access(settings.instance, os.W_OK):
        raise OSError(f"{settings.instance} cannot be written")
    return str(settings.instance)


def look_at_data(settings: Settings) -> str:
    for name in ("templates", "courses", "migrations"):
        data_folder(name)
    return "found"


def look_at_pdf(settings: Settings) -> str:
    try:
        import weasyprint  # here, because a missing Pango shows only when it is loaded, and must be a finding
    except OSError as error:
        raise OSError(f"Pango is missing; on Debian: apt-get install libpangoft2-1.0-0 ({error})") from None
    return f"WeasyPrint {weasyprint.__version__}"


def look_at_database(settings: Settings) -> str:
    engine = create_engine(settings.database)
    try:
        with engine.connect() as connection:
            present, head = present_revision(connection), head_revision()
    finally:
        engine.dispose()
    if present != head:
        raise OSError(f"it is at {present or 'nothing'}, the program needs {head}: run lms db upgrade")
    return f"{engine.dialect.name}, up to date"


def look_at_wall(settings: Settings) -> str:
    """Whether the database itself keeps people of other agencies from view; in development it need not."""
    engine = create_engine(settings.database)
    try:
        with engine.connect() as connection:
            gap = find_gap(connection)
    finally:
        engine.dispose()
    if engine.dialect.name != "postgresql":
        if settings.is_production:
            return "SQLite has none: only the queries' own filters keep agencies apart"
        return "SQLite has none"
    if gap is not None and settings.is_production:
        raise OSError(gap)
    return f"does not hold here: {gap}" if gap is not None else "holds"


def look_at_seal(settings: Settings) -> str:
    """Whether the worker keeps up with sealing the audit: it does so every few seconds."""
    engine = create_engine(settings.database)
    try:
        with engine.connect() as connection:
            count: int = connection.execute(select(func.count()).select_from(AuditWaiting)).scalar_one()
            since: datetime | None = connection.execute(select(func.min(AuditWaiting.at))).scalar()
    finally:
        engine.dispose()
    if since is None:
        return "nothing waits"
    minutes = int((utc_now() - since).total_seconds() // 60)
    if minutes >= MOST_MINUTES_UNSEALED:
        raise OSError(f"{count} events wait, the oldest for {minutes} minutes: does the worker run?")
    return f"{count} events wait, the oldest for less than {MOST_MINUTES_UNSEALED} minutes"


def look_at_credit(settings: Settings) -> str:
    """Whether certificates would say all that the bodies ask for whose approvals are entered, with these settings."""
    engine = create_engine(settings.database)
    today = local_day(utc_now(), settings.time_zone)
    try:
        with engine.connect() as connection:
            looked = look_at_all(AwardSite.from_settings(settings), connection.execute)
    finally:
        engine.dispose()
    current = [one for one in looked if one.approval.holds_on(today)]
    for one in current:
        if one.lacks:
            lacks = " ".join(lack.advice for lack in one.lacks)
            raise ValueError(f"{one.course.code} for {one.approval.body.short_name('en')} lacks: {lacks}")
    return f"{len(current)} approvals, nothing is missing" if current else "no approval is entered"


def look_at_mail(settings: Settings) -> str:
    if not settings.mail_url:
        if settings.is_production:
            raise OSError("LMS_MAIL_URL is not set, so mail goes to a folder and reaches nobody")
        return "goes to a folder of the instance"
    url = urlsplit(settings.mail_url)
    maker = smtplib.SMTP_SSL if url.scheme == "smtps" else smtplib.SMTP
    port = url.port or (465 if url.scheme == "smtps" else 25)
    with maker(url.hostname or "localhost", port, timeout=settings.mail_timeout_seconds) as server:
        server.noop()
    return f"{url.hostname}:{port} answers"


def look_at_queue(settings: Settings) -> str:
    if not settings.redis_url:
        return "a file of the instance"
    Redis.from_url(settings.redis_url, socket_connect_timeout=3).ping()
    return "Redis answers"


def look_at_limits(settings: Settings) -> str:
    """Who counts failed sign-ins: with several processes that each count for themselves a guesser has as many tries."""
    if settings.redis_url:
        return f"counted in Redis for all {settings.web_workers} web processes"
    if settings.web_workers == 1:
        return "counted in the one web process"
    return f"counted by each of {settings.web_workers} web processes for itself; LMS_REDIS_URL counts them together"


def look_at_zone(settings: Settings) -> str:
    return str(ZoneInfo(settings.time_zone))


def look_at_secret(settings: Settings) -> str:
    if settings.secret_key and len(settings.secret_key) < 32:
        raise ValueError("LMS_SECRET_KEY is shorter than 32 characters")
    return "set" if settings.secret_key else "made by itself for this machine"
