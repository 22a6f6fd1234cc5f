"""All tables together, and the migrations that bring a database to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, func, select
from sqlalchemy.engine import Connection

import lms.assessment.models
import lms.batches
import lms.catalog.models
import lms.certification.badges.models
import lms.certification.change_models
import lms.certification.credit_models
import lms.certification.document_models
import lms.certification.models
import lms.certification.share_models
import lms.certification.training_models
import lms.cohorts.models
import lms.cohorts.report_models
import lms.keys
import lms.learning.assignment_models
import lms.learning.models
import lms.outbox
import lms.people.agency_models
import lms.people.audit_models
import lms.people.factor_models
import lms.people.importing.models
import lms.people.models
import lms.people.notices
import lms.people.person_models
import lms.people.providers.models  # noqa: F401 - importing them fills Model.metadata
from lms.database import TABLE_PREFIX, VERSION_TABLE, Model, prepare_engine
from lms.resources import data_folder
from lms.settings import with_driver
from lms.wall.role import grant_to_application

__all__ = ["VERSION_TABLE", "downgrade", "head_revision", "metadata", "present_revision", "upgrade"]

metadata = Model.metadata
T = TypeVar("T")

WAIT_SECONDS = 600
"""How long a migration waits on SQLite for another one to end: much longer than a request may."""

MIGRATION_LOCK = 0x6C6D735F6D696772
"""The number of PostgreSQL's advisory lock that a migration holds: `lms_migr` in letters."""


def alembic_config(url: str = "") -> Config:
    """Alembic's settings for a database address; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(data_folder("migrations")).replace("%", "%%"))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head", *, application_url: str | None = None) -> str | None:
    """Bring the database at `url` to a revision; commits. Two that start at once go one after the other.

    On PostgreSQL, gives the role of `application_url` what the application needs, in the same transaction; returns that
    role, None where there is none of its own.
    """

    def step(config: Config, connection: Connection) -> str | None:
        command.upgrade(config, revision)
        return grant_to_application(connection, application_url) if application_url is not None else None

    return _migrate(url, step)


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to a revision; commits."""
    _migrate(url, lambda config, connection: command.downgrade(config, revision))


def _migrate(url: str, step: Callable[[Config, Connection], T]) -> T:
    """Run a step in one transaction, whole or not at all.

    SQLite changes a table by copying it and dropping the old one, which other tables point to: the pointers are not
    watched meanwhile, and looked through before the commit. Raises RuntimeError where one leads nowhere.
    """
    url = with_driver(url)
    is_sqlite = url.startswith("sqlite")
    engine = create_engine(url, connect_args={"isolation_level": None, "timeout": WAIT_SECONDS} if is_sqlite else {})
    prepare_engine(engine)
    if is_sqlite:
        event.listen(engine, "connect", _leave_pointers_alone)
    try:
        with engine.begin() as connection:
            if not is_sqlite:
                connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            config = alembic_config(url)
            config.attributes["connection"] = connection
            done = step(config, connection)
            if is_sqlite:
                _refuse_lost_pointers(connection)
            return done
    finally:
        engine.dispose()


def _leave_pointers_alone(connection: Any, record: Any) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")


def _refuse_lost_pointers(connection: Connection) -> None:
    # Of our tables: in the database of a host application, its own are none of a migration's business.
    found = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    lost = [row for row in found if row[0].startswith(TABLE_PREFIX)]
    if lost:
        raise RuntimeError(f"the migration would leave {len(lost)} rows that point to nothing; nothing was changed")


def head_revision() -> str | None:
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def present_revision(connection: Connection) -> str | None:
    """The revision a database is at, None for an empty one."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
