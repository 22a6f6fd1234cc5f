"""`create_app`: settings, database, rooms, web, in that order."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from werkzeug.middleware.proxy_fix import ProxyFix

import lms.schema  # noqa: F401 - every table is known before the first query
from lms.database import db, engine_options, prepare_engine
from lms.files import FileStore
from lms.logs import configure_logs
from lms.resources import data_folder
from lms.secret import local_secret
from lms.settings import Settings, read_settings
from lms.wall.role import refuse_without_wall
from lms.web import install_web

log = logging.getLogger("lms")


@dataclass(slots=True)
class Runtime:
    """What belongs to one running application: `app.extensions["lms"]`."""

    settings: Settings
    files: FileStore
    sign_in_page: Callable[[], Any] | None = None
    ask_again: Callable[[], Any] | None = None


def hold_second_wall(engine: Engine) -> None:
    """Refuse to start, and later refuse any connection, where row-level security would not hold.

    Raises SettingsError. A database that does not answer yet is looked at with the first connection that it gives.
    """
    refuse_without_wall(engine)
    try:
        engine.connect().close()
    except OperationalError as error:
        log.warning("the database does not answer yet: %s", type(error.orig).__name__)


def create_app(settings: Mapping[str, Any] | Settings | None = None) -> Flask:
    """The application. Settings come from the environment; a mapping overrides by field name.

    Raises SettingsError where production would start on unsafe settings.
    """
    chosen = settings if isinstance(settings, Settings) else read_settings(settings)
    chosen.instance.mkdir(parents=True, exist_ok=True)
    if not chosen.secret_key:
        chosen = replace(chosen, secret_key=local_secret(chosen.instance))
    configure_logs(chosen.log_level)
    app = Flask("lms", template_folder=str(data_folder("templates")), static_folder=None)
    app.config.update(
        SQLALCHEMY_DATABASE_URI=chosen.database,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(chosen.database),
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.extensions["lms"] = Runtime(chosen, FileStore(chosen))
    db.init_app(app)
    with app.app_context():
        prepare_engine(db.engine)
        if chosen.is_production:
            hold_second_wall(db.engine)
    if chosen.trusted_proxies:
        count = chosen.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    install_web(app, chosen)
    return app
