"""Settings: read once, refused with a plain word where they cannot be used, unsafe ones refused in production."""

from __future__ import annotations

import pytest

from lms.settings import SettingsError, read_settings

SAFE = {
    "LMS_ENV": "production",
    "LMS_SECRET_KEY": "x" * 32,
    "LMS_SITE_URL": "https://training.example",
    "LMS_TRUSTED_HOSTS": "training.example",
}


def test_production_starts_on_safe_settings() -> None:
    assert read_settings(environ=SAFE).is_production


def test_a_second_factor_is_required_in_production_and_by_choice_in_development() -> None:
    assert read_settings(environ=SAFE).require_second_factor
    assert not read_settings(environ={}).require_second_factor
    assert read_settings(environ={"LMS_REQUIRE_SECOND_FACTOR": "on"}).require_second_factor


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("LMS_SECRET_KEY", "short", "LMS_SECRET_KEY"),
        ("LMS_DEMO", "true", "LMS_DEMO"),
        ("LMS_REQUIRE_SECOND_FACTOR", "off", "LMS_REQUIRE_SECOND_FACTOR"),
        ("LMS_SITE_URL", "http://training.example", "https"),
        ("LMS_TRUSTED_HOSTS", "", "LMS_TRUSTED_HOSTS"),
        ("LMS_TRUSTED_HOSTS", " , ", "LMS_TRUSTED_HOSTS"),
    ],
)
def test_production_refuses_what_is_only_safe_on_one_machine(name: str, value: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        read_settings(environ={**SAFE, name: value})


@pytest.mark.parametrize(
    ("name", "value"), [("LMS_PORT", "eighty"), ("LMS_OPEN_REGISTRATION", "perhaps"), ("LMS_ENV", "prodution")]
)
def test_a_value_that_cannot_be_meant_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings(environ={name: value})


@pytest.mark.parametrize(
    "name", ["LMS_SIGN_IN_LIMIT", "LMS_SIGN_IN_LIMIT_PER_ADDRESS", "LMS_VERIFY_LIMIT", "LMS_VERIFY_LIMIT_IN_ALL"]
)
@pytest.mark.parametrize("value", ["", "10", "ten per minute", "10 per fortnight"])
def test_a_limit_that_cannot_be_read_is_refused_instead_of_limiting_nothing(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read_settings(environ={name: value})


@pytest.mark.parametrize("value", ["", "Mars/Olympus", "../etc/passwd", "America"])
def test_a_time_zone_that_does_not_exist_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="LMS_TIME_ZONE"):
        read_settings(environ={"LMS_TIME_ZONE": value})


def test_a_site_without_a_language_is_refused() -> None:
    with pytest.raises(SettingsError, match="LMS_LANGUAGES"):
        read_settings(environ={"LMS_LANGUAGES": " , "})


def test_a_language_that_the_interface_does_not_speak_is_refused() -> None:
    with pytest.raises(SettingsError, match="LMS_LANGUAGES names fr"):
        read_settings(environ={"LMS_LANGUAGES": "en,fr"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("LMS_PORT", "99999"),
        ("LMS_WEB_WORKERS", "0"),
        ("LMS_WEB_THREADS", "-1"),
        ("LMS_SESSION_HOURS", "0"),
        ("LMS_SESSION_IDLE_MINUTES", "-5"),
        ("LMS_MAX_REQUEST_BYTES", "0"),
        ("LMS_MAIL_TIMEOUT_SECONDS", "0"),
        ("LMS_RETENTION_YEARS", "-1"),
    ],
)
def test_a_number_with_which_nothing_would_work_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=f"{name} must be at least"):
        read_settings(environ={name: value})


@pytest.mark.parametrize("value", ["", "training.example", "ftp://training.example", "https://"])
def test_an_address_of_the_site_that_no_mail_could_carry_is_refused(value: str) -> None:
    with pytest.raises(SettingsError, match="LMS_SITE_URL"):
        read_settings(environ={"LMS_SITE_URL": value})


def test_a_setting_that_does_not_exist_is_refused() -> None:
    with pytest.raises(SettingsError, match="colour"):
        read_settings({"colour": "blue"}, environ={})


def test_port_alone_is_honored_and_reaches_the_addresses_in_mails() -> None:
    settings = read_settings(environ={"PORT": "8123"})

    assert settings.port == 8123
    assert settings.site_url == "http://127.0.0.1:8123"
