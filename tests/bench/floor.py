"""The floor: the least that Flask and SQLAlchemy can do under the same server; every figure is a multiple of it."""

from __future__ import annotations

import os

from flask import Flask
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, event, select

metadata = MetaData()
things = Table("things", metadata, Column("id", Integer, primary_key=True), Column("name", String(50)))
ROWS = 1000


def make_engine(path: str) -> Engine:
    """SQLite as the site sets it up: WAL, and one read transaction per request."""
    engine = create_engine(f"sqlite:///{path}")

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: object, record: object) -> None:
        connection.execute("PRAGMA journal_mode=WAL")  # type: ignore[attr-defined]

    return engine


def fill(path: str) -> None:
    engine = make_engine(path)
    metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(things.insert(), [{"id": number, "name": f"Thing {number}"} for number in range(ROWS)])
    engine.dispose()


def create_app() -> Flask:
    app = Flask("floor")
    engine = make_engine(os.environ["BENCH_FLOOR_DATABASE"])

    @app.get("/hello")
    def hello() -> str:
        return "hello"

    @app.get("/select")
    def select_one() -> str:
        with engine.connect() as connection:
            return str(connection.execute(select(things.c.name).where(things.c.id == 500)).scalar_one())

    return app
