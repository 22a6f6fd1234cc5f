"""Every setting once: its name, type, default and meaning. Read from the environment as `LMS_…`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from limits import parse_many

TRUE_WORDS = {"1", "true", "yes", "on"}
ENVIRONMENTS = ("development", "production")
FALSE_WORDS = {"0", "false", "no", "off", ""}
ENDLESS = 2**31
BOUNDS = (
    ("port", 1, 65_535),
    ("web_workers", 1, 512),
    ("web_threads", 1, 512),
    ("session_hours", 1, ENDLESS),
    ("session_idle_minutes", 1, ENDLESS),
    ("mail_timeout_seconds", 1, ENDLESS),
    ("max_request_bytes", 1, ENDLESS),
    ("trusted_proxies", 0, 100),
    ("retention_years", 0, 1000),
)
"""The numbers between which a setting can mean something: (name, least, most)."""


class SettingsError(ValueError):
    """A setting that cannot be used; the message says which and why."""


def setting(default: Any, meaning: str) -> Any:
    """A field of `Settings` with its default and what it means, in one sentence for README."""
    return dataclass_field(default=default, metadata={"meaning": meaning})


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. The environment variable of `database_url` is `LMS_DATABASE_URL`, and so on."""

    env: str = setting("development", "`production` refuses to start on defaults that are only safe on one machine.")
    secret_key: str = setting("", "Signs cookies and opaque answer ids; at least 32 characters in production.")
    database_url: str = setting("", "SQLAlchemy address; SQLite in the instance folder when empty.")
    migration_database_url: str = setting(
        "", "The tables' owner, for migrations and backups; `database_url` when empty."
    )
    instance_path: str = setting("instance", "Folder for the SQLite files, mail and stored documents.")
    site_name: str = setting("Crosstrain", "Name in the header and on certificates' verification pages.")
    site_notice: str = setting("Training for public staff", "Short line in the top strip of each page.")
    site_url: str = setting("http://127.0.0.1:8000", "Public https address, printed in QR codes and mails.")
    trusted_hosts: str = setting("", "Host names that are answered, comma-separated; any in development when empty.")
    trusted_proxies: int = setting(0, "Number of reverse proxies whose X-Forwarded headers are believed.")
    time_zone: str = setting("America/Chicago", "Zone in which days begin and end (IANA name).")
    home_state: str = setting("MO", "Two letters of the state whose mandates concern everybody here.")
    languages: str = setting("en,es", "Interface languages, the first is the default.")
    courses: str = setting("", "Course folders to publish, comma-separated; the shipped curriculum when empty.")
    exit_url: str = setting("https://www.weather.gov/", "Neutral page that quick exit leads to.")
    provider_name: str = setting("Crosstrain training center", "Legal name of the provider, printed on certificates.")
    provider_address: str = setting("", "Address or web address of the provider, printed on certificates.")
    provider_numbers: str = setting("", "Provider numbers, printed on certificates as written.")
    accreditation_statement: str = setting("", "Printed on certificates; `No accreditation is claimed` when empty.")
    signatory_name: str = setting("", "Who signs certificates; the line is left out when empty.")
    signatory_title: str = setting("", "Title of who signs certificates.")
    second_signatory_name: str = setting("", "A second person who signs certificates, e.g. the lead instructor.")
    second_signatory_title: str = setting("", "Title of the second person who signs certificates.")
    signing_pkcs12: str = setting("", "PKCS#12 file that signs documents; the site's own authority when empty.")
    signing_pkcs12_password: str = setting("", "Password of the PKCS#12 file.")
    signing_timestamp_url: str = setting("", "RFC 3161 timestamp server for signatures; none when empty.")
    open_registration: bool = setting(False, "Whether anyone may register without an invitation.")
    require_second_factor: bool = setting(
        False, "Administrators and authors must have a second factor; on in production, which refuses to do without."
    )
    provider_list: bool = setting(
        True, "Whether the sign-in page names the agencies that sign in with a provider of their own."
    )
    provider_private_addresses: bool = setting(
        False, "Whether agencies' identity providers may lie at private network addresses in production."
    )
    session_hours: int = setting(12, "A sign-in lasts so many hours at most.")
    session_idle_minutes: int = setting(120, "A sign-in ends after so many minutes without a request.")
    mail_url: str = setting("", "smtp://user:password@host:587 (smtps:// too); mail goes to a folder when empty.")
    mail_from: str = setting("training@localhost", "Sender address of mails.")
    mail_timeout_seconds: int = setting(10, "A mail server that is silent for longer is tried again later.")
    redis_url: str = setting("", "Queue and rate limits in Redis; files of the instance folder when empty.")
    files_url: str = setting(
        "", "File store (fsspec), e.g. `s3://bucket/folder` with the extra `s3`; a folder of the instance when empty."
    )
    max_request_bytes: int = setting(2_000_000, "Larger request bodies are refused with 413.")
    sign_in_limit: str = setting("10 per 5 minutes", "Failed sign-in tries per account.")
    sign_in_limit_per_address: str = setting("100 per 5 minutes", "Failed sign-in tries per network address.")
    verify_limit: str = setting("30 per minute", "Certificate look-ups per address.")
    verify_limit_in_all: str = setting("1200 per minute", "Certificate look-ups from everywhere together.")
    web_workers: int = setting(2, "Web processes of `lms serve`.")
    web_threads: int = setting(4, "Threads of each web process.")
    host: str = setting("127.0.0.1", "Address that `lms serve` listens on.")
    port: int = setting(8000, "Port that `lms run` and `lms serve` listen on; `lms run --port` goes before it.")
    retention_years: int = setting(
        7, "So many years after its end a certificate of an erased person still verifies, as a stub; then it goes."
    )
    erasure_keeps_name: bool = setting(
        False, "Whether the stub of an erased person's certificate keeps the printed name, where a law asks for that."
    )
    policies: str = setting(
        "", "Folder with your own `terms.en.md` and `privacy.en.md` (both), and so on; the shipped ones when empty."
    )
    demo: bool = setting(False, "Demo accounts may sign in; only on a loopback address, refused in production.")
    host_roles: str = setting("", "As a plug-in: the host's roles that mean ours, `chief=agency-administrator@KC-GEN`.")
    host_home_url: str = setting("/", "As a plug-in: the host's page to go back to.")
    log_level: str = setting("INFO", "Level of the structured log on standard error.")

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def instance(self) -> Path:
        return Path(self.instance_path).absolute()

    @property
    def database(self) -> str:
        """The SQLAlchemy address in use."""
        url = self.database_url or f"sqlite:///{self.instance / 'crosstrain.sqlite'}"
        return with_driver(url)

    @property
    def owner_database(self) -> str:
        """The address of the tables' owner, who alone changes their shape; the application's if it is the only one."""
        return with_driver(self.migration_database_url) if self.migration_database_url else self.database

    @property
    def language_list(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.languages.split(",") if part.strip())

    @property
    def course_roots(self) -> tuple[Path, ...]:
        """The folders that LMS_COURSES names; none where the shipped curriculum is meant."""
        return tuple(Path(part.strip()) for part in self.courses.split(",") if part.strip())

    @property
    def host_list(self) -> tuple[str, ...]:
        return tuple(part.strip() for part in self.trusted_hosts.split(",") if part.strip())

    @property
    def is_https(self) -> bool:
        return urlsplit(self.site_url).scheme == "https"


def with_driver(url: str) -> str:
    """A database address with the driver that is installed: PostgreSQL is always spoken to through psycopg."""
    name, separator, rest = url.partition("://")
    return f"postgresql+psycopg{separator}{rest}" if name in ("postgresql", "postgres") else url


def variable_name(field_name: str) -> str:
    return f"LMS_{field_name.upper()}"


def translated_languages() -> tuple[str, ...]:
    """English, in which the texts are written, and every language that has a catalog."""
    return ("en", *sorted(path.name for path in (Path(__file__).parent / "translations").iterdir() if path.is_dir()))


def _convert(name: str, kind: Any, text: str) -> Any:
    if kind in (bool, "bool"):
        word = text.strip().lower()
        if word not in TRUE_WORDS | FALSE_WORDS:
            raise SettingsError(f"{name} must be true or false, not {text!r}.")
        return word in TRUE_WORDS
    if kind in (int, "int"):
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{name} must be a whole number, not {text!r}.") from None
    return text


def read_settings(overrides: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings out of the environment; `overrides` (by field name) win. Raises SettingsError on a bad value.

    `PORT` is honoured beside `LMS_PORT`. In production: no default secret key, no demo, https only.
    """
    environ = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    for item in fields(Settings):
        name = variable_name(item.name)
        if name in environ:
            values[item.name] = _convert(name, item.type, environ[name])
    if "PORT" in environ and "LMS_PORT" not in environ:
        values["port"] = _convert("PORT", int, environ["PORT"])
    if "port" in values and "LMS_SITE_URL" not in environ:
        values["site_url"] = f"http://127.0.0.1:{values['port']}"
    values.update(overrides or {})
    unknown = set(values) - {item.name for item in fields(Settings)}
    if unknown:
        raise SettingsError(f"There is no setting called {', '.join(sorted(unknown))}.")
    values.setdefault("require_second_factor", values.get("env") == "production")
    settings = Settings(**values)
    _refuse_unusable(settings)
    if settings.is_production:
        _refuse_unsafe_production(settings)
    return settings


def _refuse_unusable(settings: Settings) -> None:
    if settings.env not in ENVIRONMENTS:
        raise SettingsError(f"LMS_ENV must be one of {', '.join(ENVIRONMENTS)}, not {settings.env!r}.")
    if len(settings.home_state) != 2 or not settings.home_state.isascii() or not settings.home_state.isupper():
        raise SettingsError(f"LMS_HOME_STATE must be two capital letters such as MO, not {settings.home_state!r}.")
    if not settings.language_list:
        raise SettingsError("LMS_LANGUAGES must name at least one language.")
    strange = [code for code in settings.language_list if code not in translated_languages()]
    if strange:
        raise SettingsError(
            f"LMS_LANGUAGES names {', '.join(strange)}; the interface speaks {', '.join(translated_languages())}."
        )
    for name, least, most in BOUNDS:
        if not least <= getattr(settings, name) <= most:
            upper = f" and at most {most}" if most < ENDLESS else ""
            raise SettingsError(
                f"{variable_name(name)} must be at least {least}{upper}, not {getattr(settings, name)}."
            )
    site = urlsplit(settings.site_url)
    if site.scheme not in ("http", "https") or not site.hostname:
        raise SettingsError(
            f"LMS_SITE_URL must be a whole address such as http://127.0.0.1:8000, not {settings.site_url!r}."
        )
    try:
        ZoneInfo(settings.time_zone)
    except (ValueError, OSError, ZoneInfoNotFoundError):
        raise SettingsError(
            f"LMS_TIME_ZONE must be a zone such as America/Chicago, not {settings.time_zone!r}."
        ) from None
    for name in ("sign_in_limit", "sign_in_limit_per_address", "verify_limit", "verify_limit_in_all"):
        # Flask-Limiter only logs a limit that it cannot read, and then limits nothing.
        try:
            parse_many(getattr(settings, name))
        except ValueError:
            raise SettingsError(f"{variable_name(name)} must read like “10 per 5 minutes”.") from None


def _refuse_unsafe_production(settings: Settings) -> None:
    if len(settings.secret_key) < 32:
        raise SettingsError("LMS_SECRET_KEY must be set to at least 32 random characters in production.")
    if not settings.require_second_factor:
        raise SettingsError("LMS_REQUIRE_SECOND_FACTOR must be on in production: a stolen password opens too much.")
    if settings.demo:
        raise SettingsError("LMS_DEMO must be off in production: demo accounts have a public password.")
    if not settings.is_https:
        raise SettingsError("LMS_SITE_URL must be an https address in production.")
    if not settings.host_list:
        raise SettingsError("LMS_TRUSTED_HOSTS must name the hosts that are answered in production.")
