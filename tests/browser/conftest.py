"""A site with demo data, served on loopback, and browsers to walk through it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from werkzeug.serving import make_server

from lms.app import create_app
from lms.database import Model, db
from lms.demo import DEMO_PASSWORD, make_demo
from lms.publishing import course_folders, publish_data, publish_folder
from tests.support.world import SHIPPED_COURSES

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 120_000
"""Milliseconds until a page that does not do what it should is given up: no test is about how fast the machine is."""

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker walks all of it: one site, one browser."""
    for item in items:
        if "tests/browser" in str(item.path):
            item.add_marker(pytest.mark.xdist_group("browser"))
            item.add_marker(pytest.mark.browser)


def chromium_path() -> str:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    return found


class Site:
    """The running site: its address and its application."""

    def __init__(self, app: Flask, address: str) -> None:
        self.app, self.address = app, address


@contextmanager
def serving(app: Flask) -> Iterator[Site]:
    """The application behind a real socket, until the block ends."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield Site(app, f"http://127.0.0.1:{server.server_port}")
    server.shutdown()
    thread.join()
    server.server_close()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def serve(folder: Path, **more: object) -> Iterator[Site]:
    """A site with the demo; `more` are further settings."""
    app = create_app(
        {
            "instance_path": str(folder / "instance"),
            "secret_key": "a secret for browser tests, 32 characters or more",
            "demo": True,
            "sign_in_limit": "1000 per minute",
            "sign_in_limit_per_address": "1000 per minute",
            "verify_limit": "1000 per minute",
            **more,
        }
    )
    with app.app_context():
        Model.metadata.create_all(db.engine)
        for course in course_folders(SHIPPED_COURSES):
            publish_folder(course)
        publish_data(SHIPPED_COURSES)
        make_demo(app.extensions["lms"].settings, lambda text: None)
    with serving(app) as site:
        yield site


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """For looking only: tests that change records take `fresh_site`."""
    yield from serve(tmp_path_factory.mktemp("site"))


@pytest.fixture
def fresh_site(tmp_path: Path) -> Iterator[Site]:
    yield from serve(tmp_path)


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    path = chromium_path()
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield started
        started.close()


Walk = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Walk]:
    """A new page: `open_page(site, email=…, javascript=True, width=1280, dark=False, language="en")`."""
    contexts: list[BrowserContext] = []

    def make(
        site: Site,
        *,
        email: str | None = None,
        javascript: bool = True,
        width: int = 1280,
        dark: bool = False,
        language: str = "en",
    ) -> Page:
        context = browser.new_context(
            base_url=site.address,
            java_script_enabled=javascript,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            locale={"en": "en-US", "es": "es-US"}[language],
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        if email:
            sign_in(page, email)
            if language != "en":
                page.goto(f"/home?lang={language}")
        return page

    yield make
    for context in contexts:
        context.close()


def sign_in(page: Page, email: str) -> None:
    page.goto("/sign-in")
    page.locator("input[name=email]").fill(email)
    page.locator("input[name=password]").fill(DEMO_PASSWORD)
    page.locator("main form button[type=submit]").first.click()
    page.wait_for_url("**/home")
