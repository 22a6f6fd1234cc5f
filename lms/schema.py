"""All tables together, and the migrations that bring a database to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event
from sqlalchemy.engine import Connection

import lms.assessment.models
import lms.batches
import lms.catalog.models
import lms.certification.models
import lms.cohorts.models
import lms.keys
import lms.learning.models
import lms.outbox
import lms.people.models  # noqa: F401 - importing them fills Model.metadata
from lms.database import Model, prepare_engine
from lms.resources import data_folder

VERSION_TABLE = "lms_alembic_version"
metadata = Model.metadata


def alembic_config(url: str = "") -> Config:
    """Alembic's settings for a database address; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(data_folder("migrations")).replace("%", "%%"))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head") -> None:
    """Bring the database at `url` to a revision; commits."""
    _migrate(url, lambda config: command.upgrade(config, revision))


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to a revision; commits."""
    _migrate(url, lambda config: command.downgrade(config, revision))


def _migrate(url: str, step: Callable[[Config], None]) -> None:
    """Run a step in one transaction, whole or not at all.

    SQLite changes a table by copying it and dropping the old one, which other tables point to: the pointers are not
    watched meanwhile, and looked through before the commit. Raises RuntimeError where one leads nowhere.
    """
    is_sqlite = url.startswith("sqlite")
    engine = create_engine(url, connect_args={"isolation_level": None} if is_sqlite else {})
    prepare_engine(engine)
    if is_sqlite:
        event.listen(engine, "connect", _leave_pointers_alone)
    try:
        with engine.begin() as connection:
            config = alembic_config(url)
            config.attributes["connection"] = connection
            step(config)
            lost = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall() if is_sqlite else ()
            if lost:
                raise RuntimeError(
                    f"the migration would leave {len(lost)} rows that point to nothing; nothing was changed"
                )
    finally:
        engine.dispose()


def _leave_pointers_alone(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")


def head_revision() -> str | None:
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def present_revision(connection: Connection) -> str | None:
    """The revision a database is at, None for an empty one."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
