"""All tables together, and the migrations that bring a database to them."""

from __future__ import annotations

from collections.abc import Callable

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, func, select
from sqlalchemy.engine import Connection

import lms.assessment.models
import lms.catalog.models
import lms.certification.models
import lms.cohorts.models
import lms.learning.models
import lms.outbox
import lms.people.models  # noqa: F401 - importing them fills Model.metadata
from lms.database import BUSY_SECONDS, Model, prepare_engine
from lms.resources import data_folder
from lms.settings import with_driver

VERSION_TABLE = "lms_alembic_version"
metadata = Model.metadata

MIGRATION_LOCK = 0x6C6D735F6D696772
"""The number of PostgreSQL's advisory lock that a migration holds: `lms_migr` in letters."""


def alembic_config(url: str = "") -> Config:
    """Alembic's settings for a database address; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(data_folder("migrations")).replace("%", "%%"))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to a revision; commits. Two that start at once go one after the other."""
    _migrate(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to a revision; commits."""
    _migrate(url, lambda config: command.downgrade(config, revision))


def _migrate(url: str, step: Callable[[Config], None]) -> None:
    url = with_driver(url)
    is_sqlite = url.startswith("sqlite")
    engine = create_engine(url, connect_args={"isolation_level": None, "timeout": BUSY_SECONDS} if is_sqlite else {})
    prepare_engine(engine)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            config = alembic_config(url)
            config.attributes["connection"] = connection
            step(config)
    finally:
        engine.dispose()


def head_revision() -> str | None:
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def present_revision(connection: Connection) -> str | None:
    """The revision a database is at, None for an empty one."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
