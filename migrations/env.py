"""Alembic's entry: migrates the database of the settings; only tables with our prefix."""

from __future__ import annotations

from alembic import context
from sqlalchemy import create_engine

from lms.database import TABLE_PREFIX, Model, UtcDateTime, prepare_engine
from lms.schema import VERSION_TABLE


def include_name(name: str | None, kind: str, parents: object) -> bool:
    return kind != "table" or (name or "").startswith(TABLE_PREFIX)


def render_item(kind: str, item: object, autogen_context: object) -> str | bool:
    """A migration must not change its meaning when our own column type does: it names the plain one."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


def run() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        migrate(connection)
        return
    engine = create_engine(context.config.get_main_option("sqlalchemy.url"))
    prepare_engine(engine)
    with engine.begin() as fresh:
        migrate(fresh)


def migrate(connection: object) -> None:
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        version_table=VERSION_TABLE,
        include_name=include_name,
        render_as_batch=True,
        render_item=render_item,
        compare_type=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
