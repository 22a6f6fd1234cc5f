"""What the database promises: reads cannot write, writes are whole, moments carry their zone."""

from datetime import datetime

import pytest
from flask import Flask
from sqlalchemy.exc import DBAPIError, StatementError

from lms.clock import utc_now
from lms.database import db, run_transaction, writing
from lms.people.models import Agency


def an_agency(name: str = "One") -> Agency:
    return Agency(name=name, path="/", kind="other", created_at=utc_now())


def test_a_write_outside_of_a_write_transaction_is_refused(context: Flask) -> None:
    db.session.add(an_agency())

    with pytest.raises(DBAPIError):
        db.session.flush()


def test_a_failed_write_leaves_nothing_behind(context: Flask) -> None:
    with pytest.raises(RuntimeError), writing():
        db.session.add(an_agency())
        db.session.flush()
        raise RuntimeError

    assert db.session.query(Agency).count() == 0


def test_a_row_stays_readable_after_its_commit(context: Flask, count_queries) -> None:
    agency = run_transaction(lambda: db.session.merge(an_agency("Kept")))
    count_queries.statements.clear()

    assert agency.name == "Kept"
    assert count_queries.count == 0


def test_a_moment_without_a_zone_is_refused(context: Flask) -> None:
    with pytest.raises(StatementError), writing():
        db.session.add(Agency(name="One", path="/", kind="other", created_at=datetime(2026, 1, 1)))


def test_what_was_read_before_a_write_is_read_again_inside(context: Flask) -> None:
    agency = run_transaction(lambda: db.session.merge(an_agency("Before")))
    with db.engine.connect() as other:
        other.exec_driver_sql("UPDATE lms_agencies SET name = 'After'")
        other.commit()

    with writing():
        assert agency.name == "After"
