"""What merging promises of every history: nothing lost, no certificate changed, and undone it is as it was."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from lms import merging, unmerging
from lms.certification.models import Certificate
from lms.clock import utc_now
from lms.database import db, dialect_name, writing
from lms.learning.models import Enrollment
from lms.people.persons import is_of, table_of
from lms.people.signins import load_viewer
from lms.people.viewer import Viewer
from lms.person_rooms import FIRSTS
from tests.support.histories import Ground, History, lay_ground
from tests.support.world import World

MAY_CHANGE = {
    "lms_memberships": {"ended_on"},
    "lms_licenses": {"ended_at", "is_printed"},
    "lms_enrollments": {"cycle"},
    "lms_certificates": {"cycle"},
    "lms_cohort_members": {"left_at"},
    "lms_user_sessions": {"ended_at"},
    "lms_record_shares": {"ended_at"},
}
"""Beside whose it is: what a rule of merging may write."""

STAYING = {"lms_users", "lms_password_resets", "lms_policy_acceptances", "lms_merges", "lms_merge_moves"}
EXAMPLES = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))

Rows = dict[str, dict[int, dict[str, Any]]]


@pytest.fixture
def ground(world: World) -> Iterator[tuple[Ground, Viewer]]:
    state = world.user("State")
    world.grant(state, "state-administrator")
    laid = world.write(lambda: lay_ground(state))
    viewer = world.read(lambda: load_viewer(state))
    assert viewer is not None
    return laid, viewer


def rows_of(*users: int) -> Rows:
    """Every row that leads to these people, by table and id."""
    found: Rows = {}
    for name, claim in FIRSTS.items():
        table = table_of(name)
        for user in users:
            rows = db.session.execute(select(table).where(is_of(claim, FIRSTS, user))).mappings()
            found.setdefault(name, {}).update({row["id"]: dict(row) for row in rows})
    db.session.rollback()
    return found


def make_two(ground: Ground, seed: int) -> tuple[int, int]:
    pick = Random(seed).randint
    with writing():
        return History(ground, pick).make(), History(ground, pick).make()


def merge(viewer: Viewer, kept: int, gone: int, now: Any) -> int:
    with writing():
        return merging.merge_accounts(viewer, kept, gone, "One person", now=now, today=now.date()).id


@EXAMPLES
@given(seed=st.integers(0, 2**32))
def test_every_record_of_either_belongs_to_the_one_who_stays_and_undoing_gives_all_of_it_back(
    ground: tuple[Ground, Viewer], app: Flask, seed: int
) -> None:
    laid, viewer = ground
    with app.app_context():
        kept, gone = make_two(laid, seed)
        before, now = {kept: rows_of(kept), gone: rows_of(gone)}, utc_now()
        both = rows_of(kept, gone)

        number = merge(viewer, kept, gone, now)

        after = rows_of(kept)
        for table, rows in both.items():
            if table in STAYING:
                continue
            assert set(rows) <= set(after[table]), f"{table}: a row was lost"
            for key, row in rows.items():
                now_is = after[table][key]
                changed = {name for name in row if row[name] != now_is[name]}
                people = {name for name in changed if row[name] == gone and now_is[name] == kept}
                assert changed - people <= MAY_CHANGE.get(table, set()), f"{table}: {changed}"
        assert_totals(both, after)
        assert_cycles(kept)
        assert_no_dangling()

        with writing():
            left = unmerging.undo_merge(viewer, number, "Two people", now=now + timedelta(days=29), today=now.date())

        assert left == 0
        for user in (kept, gone):
            assert as_before(rows_of(user)) == as_before(before[user])
        assert_no_dangling()


def as_before(rows: Rows) -> Rows:
    """Without what stays told of it: the merge itself, and that sign-ins ended for good."""
    return {
        table: {key: {name: value for name, value in row.items() if name != "ended_at" or table != "lms_user_sessions"}
                for key, row in found.items()}
        for table, found in rows.items()
        if table not in ("lms_merges", "lms_merge_moves", "lms_audit_events")
    }  # fmt: skip


def assert_totals(before: Rows, after: Rows) -> None:
    """What both had in force is in force once; what one of them had, still is."""

    def in_force(rows: Rows, table: str, end: str, *key: str) -> set[Any]:
        found = [tuple(row[one] for one in key) for row in rows[table].values() if row[end] is None]
        return set(found)

    for table, end, *key in (
        ("lms_memberships", "ended_on", "agency_id", "discipline"),
        ("lms_licenses", "ended_at", "board", "state", "number"),
        ("lms_cohort_members", "left_at", "cohort_id"),
        ("lms_record_shares", "ended_at", "agency_id", "certificate_id"),
    ):
        assert in_force(after, table, end, *key) == in_force(before, table, end, *key)
        left = [row for row in after[table].values() if row[end] is None]
        assert len(left) == len(in_force(after, table, end, *key)), f"{table}: twice in force"
    seats = {row["seat_id"] for row in after["lms_cohort_members"].values() if row["left_at"] is None}
    for cohort in {row["cohort_id"] for row in before["lms_cohort_members"].values()}:
        sat = [row["seat_id"] for row in before["lms_cohort_members"].values()
               if row["left_at"] is None and row["cohort_id"] == cohort and row["seat_id"]]  # fmt: skip
        assert not sat or seats & set(sat), "a seat of the team was given up for none"


def assert_cycles(user: int) -> None:
    """Cycles of a course are 1, 2, 3 …; a certificate has its enrollment's; a finished course does not begin anew."""
    for course in set(db.session.scalars(select(Enrollment.course_id).where(Enrollment.user_id == user))):
        rows = db.session.scalars(
            select(Enrollment)
            .where(Enrollment.user_id == user, Enrollment.course_id == course)
            .order_by(Enrollment.cycle)
        ).all()
        assert [row.cycle for row in rows] == list(range(1, len(rows) + 1))
        by_id = {row.id: row.cycle for row in rows}
        assert all(by_id[row.renews_id] < row.cycle for row in rows if row.renews_id)
        attempts = db.session.execute(
            text(
                "SELECT c.cycle, a.enrollment_id FROM lms_certificates c JOIN lms_attempts a ON a.id = c.attempt_id"
                " WHERE c.user_id = :user AND c.course_id = :course"
            ),
            {"user": user, "course": course},
        ).all()
        assert all(cycle == by_id[enrollment] for cycle, enrollment in attempts)
    standing = db.session.execute(
        select(Certificate.certification_id, Certificate.cycle).where(
            Certificate.user_id == user, Certificate.kind == "certification", Certificate.superseded_by_id.is_(None)
        )
    ).all()
    assert len(set(standing)) == len(standing)
    db.session.rollback()


def assert_no_dangling() -> None:
    if dialect_name() == "sqlite":
        assert db.session.execute(text("PRAGMA foreign_key_check")).all() == []
        db.session.rollback()
