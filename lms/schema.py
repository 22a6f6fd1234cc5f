"""All tables together, and the migrations that bring a database to them."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection

import lms.assessment.models
import lms.catalog.models
import lms.certification.models
import lms.cohorts.models
import lms.learning.models
import lms.outbox
import lms.people.models  # noqa: F401 - importing them fills Model.metadata
from lms.database import VERSION_TABLE, Model, prepare_engine
from lms.resources import data_folder
from lms.wall.role import grant_to_application

__all__ = ["VERSION_TABLE", "downgrade", "head_revision", "metadata", "present_revision", "upgrade"]

metadata = Model.metadata


def alembic_config(url: str = "") -> Config:
    """Alembic's settings for a database address; there is no alembic.ini."""
    config = Config()
    config.set_main_option("script_location", str(data_folder("migrations")).replace("%", "%%"))
    config.set_main_option("file_template", "%%(year)d_%%(month).2d_%%(day).2d_%%(slug)s")
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config


def upgrade(url: str, revision: str = "head", *, application_url: str | None = None) -> str | None:
    """Bring the database at `url` to a revision; commits. On PostgreSQL, gives the role of `application_url` what the
    application needs, in the same transaction; returns that role, None where there is none of its own."""
    engine = create_engine(url, connect_args={"isolation_level": None} if url.startswith("sqlite") else {})
    prepare_engine(engine)
    with engine.begin() as connection:
        config = alembic_config(url)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        role = grant_to_application(connection, application_url) if application_url is not None else None
    engine.dispose()
    return role


def downgrade(url: str, revision: str) -> None:
    """Take the database at `url` back to a revision; commits."""
    engine = create_engine(url, connect_args={"isolation_level": None} if url.startswith("sqlite") else {})
    prepare_engine(engine)
    with engine.begin() as connection:
        config = alembic_config(url)
        config.attributes["connection"] = connection
        command.downgrade(config, revision)
    engine.dispose()


def head_revision() -> str | None:
    return ScriptDirectory.from_config(alembic_config()).get_current_head()


def present_revision(connection: Connection) -> str | None:
    """The revision a database is at, None for an empty one."""
    return MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE}).get_current_revision()
